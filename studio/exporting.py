"""Exporting what the page in front shows: asks how, starts a run for it, and says when the file is there.

A page that shows people in space has `shown()` (`widgets.shown`). What it shows is written into the run's folder, so
that the run needs nothing of the window; progress and Stop are in Jobs, as of every run. A page with `comparison()`
gives forecasts side by side instead.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from core.comparisons import save
from core.errors import CoreError
from core.rendering.moving import save_shot
from core.run_folder import RunFolder
from core.runs import Done, ExportBodies, ExportComparison, Failed
from core.whole_files import as_file_name, refused
from studio.actions import Handlers
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.main_window import MainWindow
from studio.widgets.comparison_dialog import ComparisonDialog, ComparisonOffer
from studio.widgets.export_data_dialog import ExportDataDialog
from studio.widgets.export_dialog import ExportDialog, Offer
from studio.widgets.notices import Notice, of_error
from studio.widgets.shown import Shown, nothing
from studio.words import say

SHOT = "shot.npz"
_Dialog = TypeVar("_Dialog", ExportDialog, ExportDataDialog, ComparisonDialog)
_NOWHERE = "This page shows nobody in space. Forecast does, and Annotate where bodies are shown."


def kept_files(document: Document) -> tuple[Path, ...]:
    """What no export is written over: the project's own file and the videos of its clips."""
    videos = (document.video_path(clip_id) for clip_id in document.project.clips)
    kept = (document.folder / "project.sqlite", *(each for each in videos if each is not None))
    return tuple(each.resolve() for each in kept)


def opened(dialog: _Dialog, start: Callable[[Any], object]) -> _Dialog:
    """Show a dialog of exports that closes when what it wants has begun, and says why where it has not."""

    def begin(wish: object) -> None:
        try:
            start(wish)
        except CoreError as error:
            dialog.refuse(f"{error}. {error.hint}".replace("..", "."))
        else:
            dialog.close()

    dialog.wanted.connect(begin)
    dialog.show()
    return dialog


class Exporting(QObject):
    """The command, the dialog, the run, and the words at its end."""

    def __init__(
        self,
        document: Document,
        jobs: Jobs,
        window: MainWindow,
        ask_for_data: Callable[[str, tuple[str, ...]], object],
    ) -> None:
        super().__init__(window)
        self._document, self._jobs, self._window, self._ask_for_data = document, jobs, window, ask_for_data
        self._folder: Path | None = None  # where the last one went

    def handlers(self) -> Handlers:
        return {"export": self.export}

    def export(self) -> None:
        """What the page in front has to give: data, where it says which, else what it shows in space."""
        page = self._window.page(self._window.page_name)
        data = getattr(page, "to_export", None)
        compares = getattr(page, "comparison", None)
        compared = compares() if compares is not None else None
        if data is not None:
            self._ask_for_data(*data())
        elif compared is not None:
            self.ask_for_comparison(compared)
        else:
            self.ask()

    def shown(self) -> Shown:
        """What the page in front shows in space, or why there is nothing."""
        page = self._window.page(self._window.page_name)
        offers = getattr(page, "shown", None)
        return nothing(say(_NOWHERE)) if offers is None else offers()

    def ask(self) -> ExportDialog | None:
        """Open the dialog for what is shown now; without anything to show, say why."""
        now = self.shown()
        if now.shot is None:
            self._window.notices.show(Notice("Nothing to export", now.reason, "export"))
            return None
        folder = self._folder or self._document.folder / "exports"
        name = as_file_name(now.name, "posecast")
        dialog = ExportDialog(Offer(now.shot, name, folder, kept_files(self._document)), self._window)
        return opened(dialog, lambda wish: self.start(now, wish))

    def start(self, shown: Shown, wish: ExportBodies) -> Job:
        """Begin the run. CoreError where it cannot be."""
        assert shown.shot is not None
        file = self._made_folder(wish.file)
        name = self._jobs.free_name("export")
        run = RunFolder(self._document.folder / "runs" / name)
        run.write_spec(msgspec.structs.replace(wish, shot=SHOT, out=str(run.path)))  # makes the folder
        save_shot(shown.shot, run.path / SHOT)
        return self._begun(self._jobs.start(msgspec.structs.replace(wish, shot=SHOT), name), file)

    def _made_folder(self, name: str) -> Path:
        """The file, its folder made where that is the project's own for exports."""
        file = Path(name)
        if file.parent == self._document.folder / "exports":
            try:
                file.parent.mkdir(exist_ok=True)
            except OSError as error:
                raise refused(file.parent, error) from error
        return file

    def _begun(self, job: Job, file: Path) -> Job:
        """Say so, and remember where it went."""
        self._folder = file.parent
        words = say("It goes on when this window closes.")
        self._window.notices.show(
            Notice(_exporting(file), words, "export", action="Show", on_action=self._window.toggle_jobs)
        )
        return job

    def ask_for_comparison(self, offer: ComparisonOffer) -> ComparisonDialog:
        """Open the dialog for forecasts side by side."""
        folder = self._folder or self._document.folder / "exports"
        name = as_file_name(offer.name, "posecast")
        offer = replace(offer, name=name, folder=folder, kept=kept_files(self._document))
        return opened(ComparisonDialog(offer, self._window), lambda wish: self.start_comparison(offer, wish))

    def start_comparison(self, offer: ComparisonOffer, wish: ExportComparison) -> Job:
        """Begin the run that draws them. CoreError where it cannot be."""
        name = self._jobs.free_name("export")
        run = RunFolder(self._document.folder / "runs" / name)
        spec = msgspec.structs.replace(wish, project=str(self._document.folder), out=str(run.path))
        file = self._made_folder(spec.file)
        run.write_spec(spec)  # makes the folder
        save([offer.comparison], run.path / spec.forecasts)
        return self._begun(self._jobs.start(spec, name), file)

    def says(self, job: Job) -> Notice | None:
        """What to say of a run that ended; None where it is no export, or was stopped by a person."""
        if not isinstance(job.spec, ExportBodies | ExportComparison):
            return None
        file = Path(job.spec.file)
        self._window.notices.withdraw(_exporting(file))
        match job.ending:
            case Done(summary=summary, outputs=outputs):
                made = Path(outputs[0]) if outputs else file
                words = summary.removeprefix(f"{file.name}: ")
                return Notice(
                    say("{name} is ready", name=made.name), words[:1].upper() + words[1:], "check", "ok",
                    "Show in folder", lambda: show_in_folder(made), stays_ms=15_000,
                )  # fmt: skip
            case Failed(message=message, hint=hint):
                return of_error(CoreError(message, hint=hint))
            case _:
                return None


def show_in_folder(file: Path) -> None:
    """Opens the folder the file lies in, in the system's own way."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))


def _exporting(file: Path) -> str:
    return say("Exporting {name}", name=file.name)
