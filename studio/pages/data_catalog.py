"""The left of the Data page: the project's clips, its data sets, and the import that runs."""

from functools import partial

from PySide6.QtCore import QPoint, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QInputDialog, QMenu, QToolButton, QVBoxLayout, QWidget

from core.errors import CoreError
from core.importing.recognition import spelled_size
from core.project.annotated_sets import is_annotated
from core.project.items import remove_item, rename_item
from core.runs import ImportData, PrepareData
from studio import theme
from studio.data_sets import Contents, DataSets, Entry
from studio.document import Document
from studio.jobs import DataSpec, Job, Jobs
from studio.widgets import parts
from studio.widgets.catalog_list import CatalogList, CatalogRow
from studio.widgets.clip_states import spoken_length
from studio.widgets.dialogs import FindingsDialog, WordsDialog
from studio.widgets.import_card import ImportCard
from studio.widgets.job_words import grouped
from studio.words import counted, say

CLIPS = ""
"""The id of the clips' row."""
_SHOWN_REASONS = 300
_ICONS = {
    "annotations": "video",
    "motion": "motion",
    "labels": "tag",
    "pose bank": "person",
    "characteristic poses": "diamond",
}


class DataCatalog(QFrame):
    """Says what was chosen; renames and takes out by edits that can be undone."""

    chosen = Signal(str)  # the key of a data set, or CLIPS
    import_wanted = Signal()
    bank_wanted = Signal()

    def __init__(self, document: Document, jobs: Jobs, sets: DataSets) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Catalog"))
        self.setMinimumWidth(theme.px(196))
        self._document, self._jobs, self._sets = document, jobs, sets
        self._chosen = CLIPS
        self._seen: set[str] = set()  # jobs that ran while we watched
        self._put_away: set[str] = set()
        self.list = CatalogList()
        self.list.picked.connect(self._pick)
        self.list.menu_wanted.connect(self._open_menu)
        self.list.rename_wanted.connect(self.rename)
        self.list.remove_wanted.connect(self.take_out)
        self.card = ImportCard()
        self.card.reasons_wanted.connect(self._show_reasons_of_job)
        self.card.go_on_wanted.connect(self._go_on)
        self.card.log_wanted.connect(lambda job: WordsDialog(job.title, "\n".join(job.log), self.window()).show())
        self.card.put_away.connect(self._put_card_away)
        self.add = parts.tool("plus", self.tr("Add to the catalog"))
        self.add_menu = QMenu(self.add)
        self.add_menu.addAction(self.tr("Import data…  Ctrl+I"), self.import_wanted.emit)
        self.add_menu.addAction(self.tr("Build a pose bank…"), self.bank_wanted.emit)
        self.add.setMenu(self.add_menu)
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.import_button = parts.button(self.tr("Import"), "import")
        self.import_button.setToolTip(self.tr("A data set, annotations, poses or videos: a file or a folder  Ctrl+I"))
        self.import_button.clicked.connect(self.import_wanted)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 8, 8, 8)
        box.setSpacing(8)
        head = parts.row(parts.text(self.tr("Catalog"), "title"), None, self.add, margins=(4, 0, 0, 0))
        parts.fill(box, (head, (self.list, 1), self.card, parts.row(self.import_button, None)))
        jobs.listed.connect(self._follow_jobs)
        jobs.moved.connect(self._job_moved)
        jobs.ended.connect(self._job_moved)
        document.opened.connect(self._forget)
        document.became_writable.connect(self.show_now)
        sets.moved.connect(self.show_now)

    # ---- what is shown ----

    @property
    def chosen_key(self) -> str:
        return self._chosen

    def show_now(self) -> None:
        """List what is there now; what was chosen and is gone gives way to the clips."""
        if not self._document.is_open:
            return
        entries = self._sets.entries()
        if self._chosen not in {entry.key for entry in entries}:
            self._pick(CLIPS)
        project = self._document.project
        seconds = sum(clip.video.duration_s for clip in project.clips.values())
        what = "video" if all(clip.video.path for clip in project.clips.values()) else "clip"
        clips = (
            f"{counted(len(project.clips), what)}, {spoken_length(seconds)}" if project.clips else say("no clips yet")
        )
        rows = [CatalogRow(CLIPS, project.name, clips, "video")]
        rows += [_row(entry) for entry in entries]
        self.list.show_rows(rows, self._chosen)
        editing = self._document.read_only_reason is None
        for button in (self.add, self.import_button):
            button.setEnabled(editing)
        self._follow_jobs()

    def choose(self, key: str) -> None:
        """Show this set, or the clips."""
        self._pick(key)
        self.show_now()

    def _pick(self, key: str) -> None:
        if key != self._chosen:
            self._chosen = key
            self.chosen.emit(key)

    def _forget(self) -> None:
        self._put_away.clear()
        self._seen.clear()
        self._pick(CLIPS)
        self.show_now()

    # ---- the running import ----

    def _job_moved(self, job: Job) -> None:
        if isinstance(job.spec, DataSpec):
            self._follow_jobs()

    def _follow_jobs(self, *_: object) -> None:
        wanted = [job for job in self._jobs.jobs() if isinstance(job.spec, DataSpec)]
        live = sorted((job for job in wanted if job.is_live), key=lambda job: job.state == "waiting")
        # What ended before the window was opened is in Jobs; the card is for what was seen to run.
        ended = [job for job in wanted if job.name in self._seen and job.name not in self._put_away]
        job = live[0] if live else ended[0] if ended else None
        if job is not None and job.is_live:
            self._seen.add(job.name)
            self._put_away.discard(job.name)
        turn = self._jobs.line.turn(job.folder) if job is not None else None
        self.card.follow(job, left_out_of(job) if job is not None else 0, turn)

    def _put_card_away(self, job: Job) -> None:
        self._put_away.add(job.name)
        self._follow_jobs()

    def _go_on(self, job: Job) -> None:
        if job.spec is None:
            return
        try:
            self._jobs.start(job.spec, job.name)
        except CoreError as error:
            self._document.refused.emit(error)

    # ---- what can be done with a set ----

    def _open_menu(self, key: str, at: QPoint) -> None:
        menu = self.menu_of(key)
        if menu is not None:
            menu.popup(at)

    def menu_of(self, key: str) -> QMenu | None:
        """What can be done with this row; nothing with the clips."""
        entry = self._entry(key)
        if entry is None:
            return None
        menu = QMenu(self)
        editing = self._document.read_only_reason is None
        contents = entry.contents
        licence = contents.entry.licence if contents is not None else ""
        in_folder = not is_annotated(entry.item)
        left_out = len(contents.left_out) if contents is not None else 0
        rows = (
            (self.tr("Rename…"), partial(self.rename, key), editing),
            (self.tr("Show in folder"), partial(self._show_in_folder, key), in_folder),
            (self.tr("Reasons for what was left out…"), partial(self.show_reasons, key), left_out > 0),
            (self.tr("Licence and source…"), partial(self.show_licence, key), bool(licence) or contents is not None),
            (self.tr("Take out"), partial(self.take_out, key), editing),
        )
        for words, what, is_on in rows:
            if words == self.tr("Take out"):
                menu.addSeparator()
            menu.addAction(words, what).setEnabled(is_on)
        return menu

    def rename(self, key: str) -> None:
        """Ask for another name; what is on the disk keeps its own."""
        entry = self._entry(key)
        if entry is None or self._document.read_only_reason is not None:
            return
        name, is_wanted = QInputDialog.getText(self, self.tr("Rename data set"), self.tr("Name"), text=entry.item.name)
        if is_wanted:
            self.give_name(key, name)

    def give_name(self, key: str, name: str) -> None:
        """Call a set so."""
        entry, name = self._entry(key), name.strip()
        if entry is not None and name and name != entry.item.name:
            renamed = rename_item(self._document.project, entry.item.id, name)
            self._document.edit(renamed, f"Rename {entry.item.name}")

    def take_out(self, key: str) -> None:
        """The project knows the set no more; its files or clips stay, and undo brings it back."""
        entry = self._entry(key)
        if entry is None or self._document.read_only_reason is not None:
            return
        self._document.edit(remove_item(self._document.project, entry.item.id), f"Take out {entry.item.name}")

    def show_reasons(self, key: str) -> None:
        """Which files were left out, and why."""
        entry = self._entry(key)
        if entry is not None and entry.contents is not None:
            show_reasons(entry.contents, entry.item.name, self.window())

    def show_licence(self, key: str) -> None:
        """Under which terms it comes, from where, and how it was taken in."""
        entry = self._entry(key)
        if entry is None or entry.contents is None or entry.contents.problem:
            return
        figures, facts = entry.contents.entry, entry.contents.facts
        licence = figures.licence or say("its makers say nothing that Posecast knows of")
        lines = [say("Format: {format}", format=figures.format)]
        if facts is not None:
            lines.append(say("On the disk: {size_bytes}", size_bytes=spelled_size(figures.size_bytes)))
        lines += [
            say("Fingerprint: {fingerprint}", fingerprint=figures.fingerprint or "–"),
            say("Taken from: {source}", source=figures.source),
            say("Licence: {licence}", licence=licence),
        ]
        if facts is not None:
            kept = say("all of them") if facts.rate_hz is None else say("at most {rate_hz:g}", rate_hz=facts.rate_hz)
            lines += [
                say("Frames a second kept: {kept}", kept=kept),
                *(f"{name}: {value}" for name, value in facts.options.items()),
            ]
        elif entry.item.facts.get("options"):
            lines.append(say("Options: {options}", options=entry.item.facts["options"]))
        by = facts.made_by if facts is not None else entry.item.made.author
        lines.append(
            say("Imported {at}", at=figures.made_at[:16].replace("T", " ")) + (say(" by {by}", by=by) if by else "")
        )
        WordsDialog(entry.item.name, "\n".join(lines), self.window(), mono=False).show()

    def _show_reasons_of_job(self, job: Job) -> None:
        spec = job.spec
        sources = (spec.source,) if isinstance(spec, ImportData) else ()
        if isinstance(spec, PrepareData):
            sources = (spec.source, spec.motion)
        for entry in self._sets.entries():
            contents = entry.contents
            if contents is not None and contents.entry.source in sources and contents.left_out:
                self.show_reasons(entry.key)

    def _show_in_folder(self, key: str) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._sets.folder(key))))

    def _entry(self, key: str) -> Entry | None:
        return next((entry for entry in self._sets.entries() if entry.key == key), None)


def show_reasons(contents: Contents, name: str, parent: QWidget) -> FindingsDialog:
    """The files that were left out of a set, each with what, where and what to do."""
    out = contents.left_out
    rows = [("warning", line.source, line.left_out, line.hint) for line in out[:_SHOWN_REASONS]]
    if len(out) > _SHOWN_REASONS:
        words = say("and {count} more", count=grouped(len(out) - _SHOWN_REASONS))
        rows.append(("note", words, say("All of them: posecast sets PROJECT --reasons NAME"), ""))
    what = "file" if contents.facts is not None else "part"
    dialog = FindingsDialog(say("Left out of {name}: {what}", name=name, what=counted(len(out), what)), rows, parent)
    dialog.show()
    return dialog


def left_out_of(job: Job) -> int:
    """How many files the job has left out so far."""
    points = job.metrics.get("left out")
    return round(points[-1][1]) if points else 0


def _row(entry: Entry) -> CatalogRow:
    holds = entry.item.facts.get("holds", "")
    icon = _ICONS.get(holds, "data")
    contents = entry.contents
    if contents is None:
        return CatalogRow(entry.key, entry.item.name, say("reading…"), icon)
    if contents.problem:
        return CatalogRow(entry.key, entry.item.name, say("cannot be read"), "warn", "danger")
    return CatalogRow(entry.key, entry.item.name, words_of(contents), icon)


def words_of(contents: Contents) -> str:
    """`604 motions, AMC`, `371 sequences, labels only`, `800 000 poses, 142 MB`."""
    entry, count = contents.entry, contents.entry.recordings
    match entry.holds:
        case "annotations":
            lacking = (
                say("labels only")
                if not entry.with_video
                else say("{with_video} with video", with_video=grouped(entry.with_video))
            )
            clips = say("1 clip") if count == 1 else say("{count} clips", count=grouped(count))
            return clips if entry.with_video == count else f"{clips}, {lacking}"
        case "labels":
            many = say("{count} sequences, labels only", count=grouped(count))
            return say("1 sequence, labels only") if count == 1 else many
        case "pose bank":
            return say(
                "{poses} poses, {size_bytes}", poses=grouped(entry.poses), size_bytes=spelled_size(entry.size_bytes)
            )
        case "characteristic poses":
            return say("characteristic poses, {size_bytes}", size_bytes=spelled_size(entry.size_bytes))
        case _:
            many = say("{count} motions, {form}", count=grouped(count), form=entry.format)
            return say("1 motion, {form}", form=entry.format) if count == 1 else many
