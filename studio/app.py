"""Makes the settings, the document, the jobs, the warm process and the window, and hands them to each other.

Here alone is known who is who: pages get what they need, notices say what happened, and what broke is shown.
"""

import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from core.errors import CoreError
from core.project.store import NOT_WRITABLE
from studio import finding, theme
from studio.adding import Adding
from studio.banking import Banking
from studio.calibrating import Calibrating
from studio.data_sets import DataSets
from studio.display import Display
from studio.document import Document
from studio.exporting import Exporting
from studio.exporting_data import ExportingData
from studio.finding_places import FindingPlaces
from studio.help_commands import HelpCommands
from studio.importing import Importing
from studio.job_deeds import JobDeeds
from studio.job_notices import JobNotices
from studio.jobs import Jobs
from studio.main_window import MainWindow
from studio.merging import Merging
from studio.models_client import ModelsClient
from studio.pages.annotate import AnnotatePage
from studio.pages.data import DataPage
from studio.pages.evaluate import EvaluatePage
from studio.pages.forecast import ForecastPage
from studio.pages.generate import GeneratePage
from studio.pages.projects import ProjectsPage
from studio.pages.training import TrainingPage
from studio.project_commands import ProjectCommands
from studio.reports import Reports
from studio.settings import Look, Settings
from studio.sweeping import Sweeping
from studio.tour import Tour
from studio.undone_elsewhere import UndoneElsewhere
from studio.version import version
from studio.ways import Ways
from studio.widgets.dialogs import BugDialog, SettingsDialog
from studio.widgets.notices import Notice, of_error
from studio.words import say

_SAID_IN_FULL = 3
"""Of so many refused files each gets its own notice; the rest are counted."""


class Studio(QObject):
    """One window and what stands behind it."""

    _broke = Signal(object)  # from whatever thread, to be shown in the window's

    def __init__(self, app: QApplication, settings: Settings) -> None:
        super().__init__()
        self._app, self.settings = app, settings
        self._reading = ""  # what the notice of videos being read says
        self._show_look()
        self.document = Document(settings.name, self)
        self.jobs = Jobs(self)
        self.jobs.clip_name = self._clip_name
        self.models = ModelsClient(self)
        self.display = Display(settings, self)
        self.adding = Adding(self.document, self)
        self.sets = DataSets(self.document, self.jobs, self)
        self.reports = Reports(self.document, self.jobs, self)
        self.window = MainWindow(
            self.document, self.jobs, settings, self._pages(), self._entries, self._typed, version()
        )
        self.importing = Importing(self.document, self.jobs, self.adding, self.window)
        self.banking = Banking(self.document, self.sets, self.importing, self.window)
        self.projects = ProjectCommands(self.document, self.jobs, self.adding, self.importing, settings, self.window)
        self._help = HelpCommands(self.window, settings)
        self.exporting_data = ExportingData(self.document, self.sets, self.window)
        self.exporting = Exporting(self.document, self.jobs, self.window, self.exporting_data.ask)
        self.calibrating = Calibrating(self.document, self.window)
        self.merging = Merging(self.document, self.window)
        self.find = FindingPlaces(self.document, self.window)
        self._ways = Ways(self.window, self.document, self.find)
        self.deeds = JobDeeds(self.jobs, self.window, self._ways.show_run)
        self.sweeping = Sweeping(self.document, self.jobs, self.window)
        self._undone_elsewhere = UndoneElsewhere(self.document, self.window)
        for each in (self.merging, self._undone_elsewhere):
            each.place_wanted.connect(self._ways.go_to)
        self.tour = Tour(self.window, self.document, settings, self.projects.open_demo)
        self.projects.demo_opened.connect(self.tour.offer)
        looks: tuple[Look, ...] = ("dark", "light", "system")
        own = {
            "settings": self._show_settings,
            "overview": self._ways.show_overview,
            "history": self._ways.show_history,
            "quit": self.window.close,
            **self.exporting.handlers(),
            **self.importing.handlers(),
            **self.banking.handlers(),
            **self.sweeping.handlers(),
            **self.find.handlers(),
            **self.merging.handlers(),
            "tour": self.tour.start,
            "forecast-here": self._ways.forecast_with,
            "undo": self.document.undo,
            "redo": self.document.redo,
            **{f"theme-{look}": partial(self.set_look, look) for look in looks},
        }
        handlers = {**self.projects.handlers(), **self._help.handlers(), **self.calibrating.handlers(), **own}
        self.window.make_menus(handlers, {"open-project": self.projects.recent, "mark-end": self._ways.labels})
        self.document.opened.connect(self._opened)
        self.document.closed.connect(partial(self.jobs.watch, None))
        self.document.refused.connect(self.projects.refuse)
        self.document.became_writable.connect(self._say_free)
        self.notices = JobNotices(
            self.document,
            self.jobs,
            settings,
            self.window.notices,
            self.deeds,
            exports=self.exporting.says,
            imports=self.importing.says,
            forecast_with=self._ways.forecast_with,
            generate_with=self._ways.generate_with,
        )
        self.adding.moved.connect(self._say_reading)
        self.adding.ended.connect(self._say_added)
        self.window.closing.connect(self._closing)
        self._broke.connect(self._show_broken, Qt.ConnectionType.QueuedConnection)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._show_look)
        self._show_look()
        self.window.show_page("projects")
        for complaint in settings.complaints:
            self.window.notices.show(Notice("Settings", complaint, "warn", "warn"))

    def _pages(self) -> dict[str, Callable[[], QWidget]]:
        document, jobs = self.document, self.jobs
        return {
            "projects": lambda: ProjectsPage(self.settings, self.projects.open),
            "data": self._data,
            "annotate": self._annotating,
            "train": self._training,
            "evaluate": lambda: EvaluatePage(document, jobs, self.reports),
            "forecast": self._forecasting,
            "generate": lambda: GeneratePage(document, jobs, self.models, self.display, self.sets),
        }

    def _data(self) -> DataPage:
        page = DataPage(self.document, self.jobs, self.adding, self.sets)
        page.overview.place_wanted.connect(self._ways.go_to)
        page.overview.label_wanted.connect(self._ways.show_label)
        page.overview.walk_wanted.connect(self._ways.walk)
        return page

    def _annotating(self) -> AnnotatePage:
        page = AnnotatePage(self.document, self.jobs, self.models, self.display)
        page.labelling.find_wanted.connect(self.find.show)
        return page

    def _training(self) -> TrainingPage:
        page = TrainingPage(self.document, self.jobs, self.sets)
        page.forecast_wanted.connect(self._ways.forecast_with)
        page.generate_wanted.connect(self._ways.generate_with)
        page.deed_wanted.connect(self.deeds.do)
        page.noticed.connect(self.window.notices.show)
        return page

    def _forecasting(self) -> ForecastPage:
        page = ForecastPage(self.document, self.jobs, self.models, self.display)
        page.motion_wanted.connect(self._ways.move)
        return page

    def _entries(self) -> list[finding.Entry]:
        table = self.window.actions_table
        own = finding.entries(self.document, self.jobs, table, self._ways.show_run, self._ways.show_kept)
        return [*finding.reports(self.reports, self._ways.show_report), *own]

    def _typed(self, words: str) -> list[finding.Entry]:
        return finding.typed_path(self.document, words, self.projects.open, self.importing.take)

    def _clip_name(self, clip_id: str) -> str:
        clip = self.document.project.clips.get(clip_id) if self.document.is_open else None
        return clip.name if clip is not None else ""

    # ---- how it looks ----

    def set_look(self, look: Look) -> None:
        """Dark, light, or as the system; kept for the next time."""
        self.settings.look = look
        self.settings.save()
        self._show_look()

    def _show_look(self, *_: object) -> None:
        wanted = self.settings.look
        if wanted == "system":
            is_light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
            wanted = "light" if is_light else "dark"
        theme.apply(self._app, theme.LIGHT if wanted == "light" else theme.DARK, self.settings.text_size)
        if hasattr(self, "window"):
            for look in ("dark", "light", "system"):
                self.window.actions_table.action(f"theme-{look}").setChecked(self.settings.look == look)

    def _show_settings(self) -> None:
        dialog = SettingsDialog(self.settings, self.window)
        dialog.changed.connect(self._settings_changed)
        dialog.keys_wanted.connect(partial(self.window.actions_table.do, "keys"))
        dialog.show()

    def _settings_changed(self) -> None:
        self.document.author = self.settings.name
        self.display.look_again()
        if self.settings.text_size != round(theme.scale() * 100):
            words = say("Text takes its new size at once; a few heights follow when Posecast is opened again.")
            self.window.notices.show(Notice("Text size", words))
        self._show_look()

    # ---- what happened ----

    def _opened(self) -> None:
        document = self.document
        self.settings.remember(document.folder, document.project.name)
        self.settings.save()
        self.jobs.watch(document.folder / "runs")
        if document.read_only_reason is not None:
            reason = document.read_only_reason.rstrip(".")
            words = (
                say("{reason}. To edit it, copy its folder to where you may write, and open the copy.", reason=reason)
                if reason.startswith(NOT_WRITABLE)
                else say("{reason}. Your view follows, and edits as soon as it is free.", reason=reason)
            )
            self.window.notices.show(Notice("Open for reading", words, "lock", "warn", stays_ms=12_000))

    def _say_free(self) -> None:
        self.window.notices.show(Notice("You can edit now", "Nobody else has this project open.", "unlock", "ok"))

    def _say_reading(self, words: str) -> None:
        self.window.notices.withdraw(self._reading)
        self._reading = words
        if words:
            self.window.notices.show(Notice(words, "Listing its frames, once.", "refresh", stays_ms=1500))

    def _say_added(self, added: int, refused: list[CoreError]) -> None:
        for error in refused[:_SAID_IN_FULL]:
            self.window.notices.show(of_error(error))
        if refused and (added or len(refused) > _SAID_IN_FULL):
            words = say("{count} videos are in, {refused} left out", count=added, refused=len(refused))
            if added < 2:
                words = say("1 video is in, {refused} left out", refused=len(refused))
            if not added:
                words = say("No video is in, {refused} left out", refused=len(refused))
            self.window.notices.show(Notice(words))

    def _closing(self) -> None:
        self.adding.wait()
        self.sets.wait()
        self.reports.wait()
        self.importing.wait()
        self.exporting_data.wait()
        self.models.close()
        self.document.close_project()

    # ---- what broke ----

    def catch_bugs(self) -> None:
        """Show what would otherwise end in a terminal nobody looks at; the work goes on."""

        def caught(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
            self._broke.emit(error.with_traceback(at))
            if not issubclass(kind, KeyboardInterrupt | CoreError):
                traceback.print_exception(error)

        sys.excepthook = caught
        threading.excepthook = lambda args: caught(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)

    def _show_broken(self, error: BaseException) -> None:
        """What a person can act on as a notice, the rest as the bug it is."""
        if isinstance(error, KeyboardInterrupt):
            self.window.close()
        elif isinstance(error, CoreError):
            self.window.notices.show(of_error(error))
        else:
            self._show_bug("".join(traceback.format_exception(error)))

    def _show_bug(self, details: str) -> None:
        saved = say("Nothing was lost.")
        if self.document.is_open and (at := self.document.store.last_saved_at) is not None:
            saved = say("Everything up to {at:%H:%M:%S} is safe on disk.", at=at.astimezone())
        BugDialog(f"Posecast {version()}\n{details}", saved, self.window).show()
