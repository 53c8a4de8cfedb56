"""What a person does with whole projects: make, open, fill, check, close. Each command is a function of the window."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu

from core import demo
from core.errors import CoreError, NotSavedError
from core.project.check import check
from core.runs import ExtractPoses
from studio.actions import Handlers
from studio.adding import Adding
from studio.document import Document
from studio.importing import Importing
from studio.jobs import Jobs
from studio.main_window import MainWindow
from studio.settings import Settings
from studio.video_files import videos_in
from studio.widgets import parts
from studio.widgets.dialogs import FindingsDialog
from studio.widgets.new_project import NewProjectDialog
from studio.widgets.notices import Notice, of_error
from studio.words import say


class ProjectCommands(QObject):
    """Opens and fills projects; says what was refused."""

    demo_opened = Signal()

    def __init__(
        self,
        document: Document,
        jobs: Jobs,
        adding: Adding,
        importing: Importing,
        settings: Settings,
        window: MainWindow,
    ) -> None:
        super().__init__(window)
        self._document, self._jobs, self._adding, self._importing = document, jobs, adding, importing
        self._settings, self._window = settings, window
        self.recent = QMenu(say("Open recent"), window)
        self.recent.aboutToShow.connect(self._list_recent)
        window.dropped.connect(self.take_dropped)
        self._list_recent()

    def handlers(self) -> Handlers:
        return {
            "new-project": self.new_project,
            "open-project": self.choose_project,
            "open-demo": self.open_demo,
            "add-videos": self.choose_videos,
            "check-project": self.check_project,
            "close-project": self.close_project,
            "extract-poses": self.extract_poses,
        }

    def open(self, folder: Path) -> bool:
        """Open a project and go where the work is: its clips, or the place to add some."""
        try:
            self._document.open(folder)
        except CoreError as error:
            self.refuse(error)
            return False
        self._window.show_page("annotate" if self._document.clip is not None else "data")
        return True

    def create(self, folder: Path, name: str) -> bool:
        """Make a project and open it."""
        try:
            self._document.create(folder, name)
        except CoreError as error:
            self.refuse(error)
            return False
        self._window.show_page("data")
        return True

    def new_project(self, videos: tuple[Path, ...] = ()) -> None:
        """Ask for a name and a place; videos that wait for it are added."""
        dialog = NewProjectDialog(Path.home() / "Posecast", self._window)

        def make(folder: Path, name: str) -> None:
            if self.create(folder, name):
                dialog.close()
                if videos:
                    self._adding.add(videos)

        dialog.wanted.connect(make)
        dialog.show()

    def choose_project(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._window, say("Open a project folder"), str(Path.home()))
        if chosen:
            self.open(Path(chosen))

    def open_demo(self) -> None:
        """The shipped kitchen, in a copy of the person's own."""
        try:
            folder = demo.open_demo()
        except CoreError as error:
            self.refuse(error)
        except OSError as error:
            self.refuse(
                CoreError(
                    say("The demo could not be copied: {strerror}", strerror=error.strerror),
                    hint=say("Free some space."),
                )
            )
        else:
            if self.open(folder):
                self.demo_opened.emit()

    def choose_videos(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self._window, say("Add videos"), str(Path.home()))
        if chosen:
            self._adding.add([Path(each) for each in chosen])

    def close_project(self) -> None:
        self._window.show_page("projects")
        self._document.close_project()

    def check_project(self) -> None:
        """Look for anything wrong or odd; nothing is changed."""
        try:
            findings = check(self._document.folder)
        except CoreError as error:
            self.refuse(error)
            return
        if not findings:
            self._window.notices.show(Notice("Nothing is wrong with this project", icon="check", colour="ok"))
            return
        rows = [(each.severity, each.severity, each.what, each.hint) for each in findings]
        FindingsDialog("What was found in this project", rows, self._window).show()

    def extract_poses(self) -> None:
        """2D poses for every clip that has none."""
        clips = self._document.project.clips.values()
        lacking = tuple(each.id for each in clips if not each.tracks and each.video.path)
        if not lacking:
            self._window.notices.show(Notice("Every clip has its 2D poses", icon="check", colour="ok"))
            return
        spec = ExtractPoses(project=str(self._document.folder), out="", clip_ids=lacking)
        try:
            self._jobs.start(spec, self._jobs.free_name("poses"))
        except CoreError as error:
            self.refuse(error)

    def take_dropped(self, names: list[str]) -> None:
        """A project's folder is opened; anything else is imported, or videos make a new project where none is open."""
        paths = [Path(each) for each in names]
        project = next((each for each in paths if (each / "project.sqlite").is_file()), None)
        if project is not None:
            self.open(project)
        elif self._document.is_open:
            self._importing.take(paths)
        elif videos := videos_in(paths):
            self.new_project(tuple(videos))
        else:
            self.refuse(
                CoreError(say("Neither a project nor a video"), hint=say("Drop videos, or the folder of a project."))
            )

    def refuse(self, error: CoreError) -> None:
        """Say what could not be done, and what to do."""
        self._window.notices.show(self._not_saved(error) if isinstance(error, NotSavedError) else of_error(error))

    def _not_saved(self, error: NotSavedError) -> Notice:
        """What was taken back, what is safe, and the two ways on."""
        title, _, words = str(error).partition(". ")
        notice = replace(of_error(error), title=title, words=words if error.is_disk_full else f"{words} {error.hint}")
        notice = replace(notice, action="Try again", on_action=partial(self._try_again, title))
        if error.is_disk_full:
            free = partial(self._free_space, self._document.folder)
            notice = replace(notice, other_action="Free space", on_other=free)
        return notice

    def _try_again(self, title: str) -> None:
        self._window.notices.withdraw(title)
        if not self._document.try_again() and not self._document.unsaved:
            self._window.notices.show(Notice("Something else was done since", "Make the edit once more."))

    @staticmethod
    def _free_space(folder: Path) -> None:
        """Show the project's folder where files are moved and thrown away."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _list_recent(self) -> None:
        self.recent.clear()
        for each in self._settings.recent:
            self.recent.addAction(parts.literal(f"{each.name}\t{each.folder}"), partial(self.open, each.folder))
        self.recent.menuAction().setEnabled(bool(self._settings.recent))
