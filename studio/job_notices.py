"""What is said at the bottom right when a job ends; also, once, of those that ended while no window was open.

Whoever made a kind of job says its end best: imports and exports have their own words (`says`). What went wrong stays
longer and has an action; it is remembered in the top bar until somebody has looked.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer

from core.runs import Done, ExportBodies, ExportComparison, MakeProxy, TrainForecaster, TrainPoseGpt
from studio.document import Document
from studio.forecasters import kept_figures
from studio.job_deeds import JobDeeds
from studio.jobs import DataSpec, Job, Jobs
from studio.settings import Settings
from studio.widgets.job_troubles import Deed, deed_words, trouble_of
from studio.widgets.notices import Notice, Notices
from studio.words import listed, say

Says = Callable[[Job], Notice | None]
_WRONG = ("failed", "killed")
_WRONG_STAYS_MS = 15_000
_NAMED = 3
_SAME_S = 0.01  # settings keep milliseconds


class JobNotices(QObject):
    """Watches the jobs of whatever project is open."""

    def __init__(
        self,
        document: Document,
        jobs: Jobs,
        settings: Settings,
        notices: Notices,
        deeds: JobDeeds,
        *,
        exports: Says,
        imports: Says,
        forecast_with: Callable[[str], None],
        generate_with: Callable[[str], None],
    ) -> None:
        super().__init__(notices)
        self._document, self._jobs, self._settings = document, jobs, settings
        self._notices, self._deeds = notices, deeds
        self._exports, self._imports = exports, imports
        self._forecast_with, self._generate_with = forecast_with, generate_with
        self._said: set[str] = set()  # since the project was opened
        self._until: float | None = None  # what ended later than this was not seen by any window; None: all said
        jobs.ended.connect(self._ended)
        document.opened.connect(self._opened)
        document.closed.connect(self._closed)
        self._settle = QTimer(self, interval=200)
        self._settle.timeout.connect(self._say_what_was_missed)

    # ---- while the window is open ----

    def _ended(self, job: Job) -> None:
        if job.state in _WRONG:
            self._jobs.went_wrong(job)
        self._said.add(job.name)
        if self._until is None:
            self._remember(job.last_at or 0.0)
        notice = self.of(job)
        if notice is not None:
            self._notices.show(notice)

    def of(self, job: Job) -> Notice | None:
        """What to say of a job that ended; None where a person stopped it, or its place says it already."""
        if isinstance(job.spec, ExportBodies | ExportComparison) and job.ending is not None:
            return self._exports(job)
        if isinstance(job.spec, MakeProxy):
            return None  # the clip's picture says it, where it matters
        if isinstance(job.spec, DataSpec) and job.state != "killed":
            return self._imports(job)
        if isinstance(job.ending, Done):
            return self._done(job, job.ending)
        return self._wrong(job) if job.state in _WRONG else None

    def _done(self, job: Job, ending: Done) -> Notice:
        folder = str(job.folder.path)
        has_checkpoint = (job.folder.path / "best.safetensors").is_file()
        if isinstance(job.spec, TrainForecaster):
            kept = kept_figures(job)
            top1 = kept[1].get("top1") if kept is not None else None
            title = (
                say("{name} is done", name=job.label)
                if top1 is None
                else say("{name} is done: top-1 {value}", name=job.label, value=f"{top1:.3f}")
            )
            action = (say("Forecast with it"), lambda: self._forecast_with(folder)) if has_checkpoint else ("", None)
            return Notice(title, ending.summary, "check", "ok", *action)
        if isinstance(job.spec, TrainPoseGpt):
            is_whole = has_checkpoint and bool(job.metrics.get("train/bits"))
            action = (say("Generate with it"), lambda: self._generate_with(folder)) if is_whole else ("", None)
            return Notice(say("{name} is done", name=job.label), ending.summary, "check", "ok", *action)
        return Notice(say("{name} is done", name=job.label), ending.summary, "check", "ok")

    def _wrong(self, job: Job) -> Notice | None:
        trouble = trouble_of(job, with_lines=False)
        if trouble is None:
            return None
        words = trouble.words.removesuffix(say("Last lines of its log below.")).strip()
        notice = Notice(trouble.title, words, "warn", "danger", stays_ms=_WRONG_STAYS_MS)
        deeds = [(deed_words(deed), partial(self._do, job.name, deed)) for deed in trouble.deeds]
        if deeds:
            notice = replace(notice, action=deeds[0][0], on_action=deeds[0][1])
        if len(deeds) > 1:
            notice = replace(notice, other_action=deeds[1][0], on_other=deeds[1][1])
        return notice

    def _do(self, name: str, deed: Deed) -> None:
        job = self._jobs.job(name)
        if job is not None:
            self._jobs.see(name)
            self._deeds.do(job, deed)

    # ---- while none was ----

    def _opened(self) -> None:
        key = str(self._document.folder.resolve())
        self._until = self._settings.heard.get(key, float("inf"))
        self._said.clear()
        self._settle.start()

    def _closed(self) -> None:
        self._settle.stop()
        self._until = None

    def _say_what_was_missed(self) -> None:
        """Once all that was said has been read."""
        if not self._jobs.is_settled() or self._until is None:
            return
        self._settle.stop()
        until, self._until = self._until, None
        ended = [job for job in self._jobs.jobs() if not job.is_live and job.last_at is not None]
        missed = [job for job in ended if (job.last_at or 0.0) > until + _SAME_S and job.name not in self._said]
        self._remember(max((job.last_at or 0.0 for job in ended), default=0.0))
        for job in missed:
            if job.state in _WRONG:
                self._jobs.went_wrong(job)
        said = [(job, notice) for job in missed if (notice := self.of(job)) is not None]
        if len(said) == 1:
            self._notices.show(said[0][1])
        elif said:
            self._notices.show(self._together([job for job, _ in said]))

    def _together(self, jobs: Sequence[Job]) -> Notice:
        """Several that ended meanwhile, in one notice."""
        wrong = [job for job in jobs if job.state in _WRONG]
        done = [job for job in jobs if job.state not in _WRONG]
        sentences = []
        if wrong:
            sentences.append(say("Went wrong: {names}.", names=_names(wrong)))
        if done:
            sentences.append(say("Done: {names}.", names=_names(done)))
        title = say("{count} jobs ended while this project was closed", count=len(jobs))
        look = ("warn", "danger") if wrong else ("check", "ok")
        first = (wrong or done)[0].name
        return Notice(
            title, " ".join(sentences), *look, say("Show"), lambda: self._show(first),
            _WRONG_STAYS_MS if wrong else Notice(title).stays_ms,
        )  # fmt: skip

    def _show(self, name: str) -> None:
        job = self._jobs.job(name)
        if job is not None:
            self._deeds.do(job, "show")

    def _remember(self, at: float) -> None:
        """Everything up to then was said."""
        if self._document.is_open:
            key = str(self._document.folder.resolve())
            self._settings.heard[key] = max(at, self._settings.heard.get(key, 0.0))
            self._settings.save()


def _names(jobs: Sequence[Job]) -> str:
    labels = [job.label for job in jobs[:_NAMED]]
    more = len(jobs) - len(labels)
    return listed([*labels, say("{count} more", count=more)] if more > 0 else labels)
