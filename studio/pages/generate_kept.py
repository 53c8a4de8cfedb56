"""The tray of the Generate page: keeps samples, shows kept ones again, goes on from them and makes them again.

It owns the tray, what is kept, and the small pictures, which the cards use too. A kept motion is shown in the view as
it was made. Made again, its question goes back into the page, and what comes is compared with what was kept: the same
recipe, model and machine give the same bits.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPixmap

from core.bodies import library
from core.errors import CoreError
from core.generation_words import command_of
from core.generations import PackedMotion
from core.wording import sentences
from studio.actions import Handlers
from studio.document import Document
from studio.generating import Generating, Shown
from studio.keeping import Keeping, KeptLine
from studio.pages.generate_moving import Form
from studio.pages.generate_pasts import Pasts
from studio.widgets.kept_tray import KeptRow, KeptTray
from studio.widgets.motion_pictures import MotionPictures

_READ_AT_ONCE = 8
"""So many files of kept motions are read before the window is heard again."""


class KeptPart(QObject):
    """The tray and what it does."""

    says = Signal(str)
    asks = Signal(str)
    """A command of the window."""
    changed = Signal()
    """Something was kept or taken out, or a picture came: cards show it."""

    def __init__(
        self,
        document: Document,
        generating: Generating,
        pasts: Pasts,
        form: Callable[[], Form | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._generating, self._pasts, self._form = document, generating, pasts, form
        self.keeping = Keeping(document, self)
        self.pictures = MotionPictures(self)
        self.tray = KeptTray()
        self._left_to_read = 0
        self._wanted = ""  # to be shown as soon as nothing is on its way
        self._again: tuple[str, int] | None = None  # what is being made again: its item, its place among the samples
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.follow)
        self.keeping.changed.connect(self._kept_changed)
        self.keeping.refused.connect(self._refuse)
        self.pictures.came.connect(lambda _: self._kept_changed())
        generating.changed.connect(self._answered)
        generating.chosen_changed.connect(lambda _: self._soon.start())
        generating.models.changed.connect(self._soon.start)
        document.became_writable.connect(self._soon.start)
        tray = self.tray
        tray.chosen.connect(self.show)
        tray.remake_wanted.connect(self.remake)
        tray.go_on_wanted.connect(self.go_on)
        tray.rename_wanted.connect(self.keeping.rename)
        tray.remove_wanted.connect(self.keeping.remove)
        tray.copy_wanted.connect(self.copy_command)
        tray.export_wanted.connect(lambda: self.asks.emit("export"))
        self.follow()

    def commands(self) -> Handlers:
        return {"keep": self.keep, "copy-command": self.copy_command}

    @property
    def is_settled(self) -> bool:
        return self.pictures.is_settled and not (self._soon.isActive() or self._again or self._wanted)

    def close(self) -> None:
        """End what works in the background."""
        self.pictures.close()

    def is_kept(self, shown: Shown) -> bool:
        """Whether this sample is in the tray."""
        return shown.is_whole and bool(self.keeping.find(shown.asked, shown.number))

    def picture_of(self, at: int, shown: Shown) -> QPixmap | None:
        """The picture of a sample for its card; None while it is drawn, or the sample is still on its way."""
        return self._picture(f"sample {at}", shown.sample.motion) if shown.is_whole else None

    def names(self) -> list[tuple[str, str]]:
        """Id and name of every kept motion, newest first."""
        return [(each.id, each.name) for each in self.keeping.items()]

    # ---- what the person does ----

    def keep(self, at: int | None = None) -> None:
        """Keep the chosen sample, or the one at this place."""
        generating = self._generating
        shown = generating.now if at is None else generating.shown[at] if at < len(generating.shown) else None
        if shown is None:
            return
        if not shown.is_whole:
            self.says.emit(self.tr("The sample is still coming; keep it when it is whole."))
            return
        if self._document.read_only_reason is not None:
            self.says.emit(self.tr("Nothing can be kept: the project is open for reading."))
            return
        self.keeping.keep(shown.sample, shown.asked, shown.number, self._body())

    def show(self, key: str) -> None:
        """Show a kept motion in the view."""
        if not self._generating.is_settled:
            self._wanted = key  # the page is asking its first question: this comes after it
            return
        self._wanted = ""
        kept = self.keeping.read(key)
        if kept is not None:
            self._again = None
            self._generating.show_alone(kept.sample, kept.recipe, kept.number)

    def remake(self, key: str) -> None:
        """Put its question back and ask it; whether the same motion came is said."""
        found, kept = self.keeping.remake(key), self.keeping.read(key, quietly=True)
        if found is None:
            return
        recipe, number = found
        question = self._generating.question
        question.set_recipe(recipe)
        if question.recipe.model != recipe.model:
            self.says.emit(self.tr("{model} cannot be asked here.").format(model=recipe.model))
            return
        self._again = (key, number) if kept is not None else None
        self._generating.generate()

    def go_on(self, key: str) -> None:
        """The next question goes on from a kept motion."""
        past = self.keeping.past_of(key)
        if past is not None:
            self._generating.question.change(past=self._pasts.of_motion(past.motion, past.source))

    def copy_command(self) -> None:
        """The command that makes what is shown, as text."""
        shown = self._generating.now
        if shown is None:
            self.says.emit(self.tr("Nothing is shown to copy the command of."))
            return
        try:
            words = command_of(shown.asked, project=self._document.folder, body=self._body())
        except CoreError as error:
            self._refuse(error)
            return
        QGuiApplication.clipboard().setText(words)
        self.says.emit(self.tr("The command is copied: it makes the same motion."))

    # ---- what is shown ----

    def follow(self) -> None:
        """The tray as the project stands, with what is shown marked."""
        self._soon.stop()
        if self._wanted and self._generating.is_settled:
            self.show(self._wanted)
        shown = self._generating.now
        chosen = self.keeping.find(shown.asked, shown.number) if shown is not None and shown.is_whole else ""
        self._left_to_read = _READ_AT_ONCE
        self.tray.show_kept([self._row(each) for each in self.keeping.lines()], chosen)
        editing = self._document.is_open and self._document.read_only_reason is None
        self.tray.show_can(editing=editing, can_export=shown is not None)

    def _row(self, line: KeptLine) -> KeptRow:
        return KeptRow(line.item.id, line.item.name, line.words, line.model, self._picture_of_item(line.item.id))

    def _picture_of_item(self, key: str) -> QPixmap | None:
        if not self.keeping.is_read(key):
            if not self._left_to_read:
                self._soon.start()  # the rest after the window was heard
                return None
            self._left_to_read -= 1
        motion = self.keeping.motion_of(key)
        return self._picture(key, motion) if motion is not None else None

    def _picture(self, key: str, motion: PackedMotion) -> QPixmap | None:
        form = self._form()
        return self.pictures.of(key, motion, self._body(), form.betas if form is not None else ())

    def _body(self) -> str:
        form = self._form()
        return form.body if form is not None else library.DEFAULT_KEY

    def _kept_changed(self) -> None:
        self.follow()
        self.changed.emit()

    def _answered(self) -> None:
        self._soon.start()
        again, generating = self._again, self._generating
        if again is None or generating.is_asking:
            return
        key, number = again
        self._again = None
        kept = self.keeping.read(key, quietly=True)
        if generating.refused is not None or kept is None or number >= len(generating.shown):
            return
        generating.choose(number)
        same = generating.shown[number].sample.motion == kept.sample.motion
        words = self.tr("{name}: made again, the same to the last bit.")
        if not same:
            words = self.tr("{name}: made again, but not the same. Another machine or version rounds otherwise.")
        self.says.emit(words.format(name=kept.item.name))

    def _refuse(self, error: CoreError) -> None:
        self.says.emit(sentences(str(error), error.hint))
