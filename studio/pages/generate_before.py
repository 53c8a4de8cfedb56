"""Two parts of the question for motion: what it goes on from, and the poses it passes through."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QMenu,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core.generations import Anchor, Past
from studio.commands import tip
from studio.generating import Generating
from studio.pages.generate_fields import OwnKeys
from studio.pages.generate_pasts import Kind, Pasts, PoseChoice
from studio.widgets import parts
from studio.widgets.number_field import number_field
from studio.words import say

LONGEST_S = 60.0
_MOST_POSES = 40
"""So many stand in a menu; the others are found by their clip's page."""
_KINDS: tuple[Kind, ...] = ("nothing", "clip", "pose", "result", "kept", "recording")


class GoesOnFrom(QWidget):
    """Nothing, or what was seen before the first new frame."""

    kept_wanted = Signal(str)
    """The end of this kept motion."""

    def __init__(self, generating: Generating, pasts: Pasts) -> None:
        super().__init__()
        self._generating, self._pasts = generating, pasts
        self._question, self._models = generating.question, generating.models
        self._said = ""
        self.kept: list[tuple[str, str]] = []  # id and name of every kept motion
        words = {
            "nothing": self.tr("Nothing"),
            "clip": self.tr("The motion of a clip"),
            "pose": self.tr("A characteristic pose"),
            "result": self.tr("The last result"),
            "kept": self.tr("A kept motion"),
            "recording": self.tr("A recording of a data set"),
        }
        self._kinds = QButtonGroup(self)
        self.past: dict[Kind, QRadioButton] = {}
        for at, kind in enumerate(_KINDS):
            self.past[kind] = choice = QRadioButton(words[kind])
            self._kinds.addButton(choice, at)
        self.past["nothing"].setChecked(True)
        self._kinds.idClicked.connect(lambda at: self._choose_kind(_KINDS[at]))
        self.source = QComboBox()
        self.source.setAccessibleName(self.tr("What it goes on from"))
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.setMinimumContentsLength(8)
        self.source.activated.connect(lambda _: self._fetch())
        self.source.hide()
        self._past_words = parts.text("", "caption", wrap=True)

        self._past_words.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        parts.fill(box, (*self.past.values(), self.source, self._past_words))
        pasts.changed.connect(self._show_sources)
        pasts.came.connect(self._take_past)
        pasts.failed.connect(self._say)

    def show_kept(self, kept: list[tuple[str, str]]) -> None:
        """Which kept motions there are to go on from."""
        self.kept = kept
        self._show_sources()

    @property
    def _can_go_on(self) -> bool:
        about = self._models.about
        return about is None or about.takes_a_past

    def _kind(self) -> Kind:
        return _KINDS[max(0, self._kinds.checkedId())]

    def _choose_kind(self, kind: Kind) -> None:
        self._say("")
        self._pasts.forget()
        self._show_sources()
        if kind == "nothing":
            self._question.change(past=None)
        elif kind == "result" and self._generating.now is not None:
            self._take_past(self._pasts.of_motion(self._generating.now.sample.motion, say("the last result")))
        elif self.source.count():
            self._fetch()

    def _fetch(self) -> None:
        """What is chosen in the list below the kinds."""
        self._say("")
        chosen = self.source.currentData()
        match self._kind():
            case "clip":
                self._pasts.ask_clip(str(chosen))
            case "pose":
                self._pasts.ask_pose(chosen)
            case "recording":
                self._pasts.ask_recording(*chosen)
            case "kept":
                self.kept_wanted.emit(str(chosen))
            case _:
                pass

    def _show_sources(self) -> None:
        """What there is to choose from of the chosen kind."""
        kind = self._kind()
        choices: list[tuple[str, object]] = []
        match kind:
            case "clip":
                choices = [(clip.name, clip.id) for clip in self._pasts.clips()]
            case "pose":
                choices = [(f"{each.name}, {each.words}", each) for each in self._pasts.poses()]
            case "recording":
                choices = [
                    (f"{name}{f': {done}' if done else ''}", (key, name))
                    for key, name, done in self._pasts.recordings()
                ]
            case "kept":
                choices = [(name, key) for key, name in self.kept]
            case _:
                pass
        if choices != [(self.source.itemText(at), self.source.itemData(at)) for at in range(self.source.count())]:
            before = self.source.currentText()
            self.source.clear()
            for title, data in choices:
                self.source.addItem(title, data)
            self.source.setCurrentIndex(max(0, self.source.findText(before)) if choices else -1)
        self.source.setVisible(bool(choices))
        empty = {
            "clip": self.tr("No clip has 2D poses yet. Extract them in Annotate."),
            "pose": self.tr("No characteristic pose yet. Set one in Annotate with C."),
            "recording": self.tr("No recording with a body yet. Import one under Data."),
            "kept": self.tr("Nothing is kept yet."),
        }
        if not choices and kind in empty and self._question.recipe.past is None:
            self._say(empty[kind])
        self.show_past()

    def _take_past(self, past: Past) -> None:
        self._say("")
        self._question.change(past=past)

    def _say(self, words: str) -> None:
        self._said = words
        self.show_past()

    def show_past(self) -> None:
        """What the question goes on from, and what was done to get it."""
        past = self._question.recipe.past
        if past is None and self._kind() == "result" and not self._pasts.is_waiting:
            self.past["nothing"].setChecked(True)
        if past is not None and self._kind() == "nothing":
            self._kinds.button(_KINDS.index(_kind_of(past))).setChecked(True)
            self._show_sources()
            return
        for kind, choice in self.past.items():
            can = self._can_go_on or kind == "nothing"
            choice.setEnabled(can and (kind != "result" or bool(self._generating.shown)))
            choice.setToolTip("" if can else self.tr("This model makes whole motions: it cannot go on from a past."))
        said = self._said
        if self._pasts.is_waiting:
            said = self.tr("Fitting a body to what was seen…")
        elif not said and past is not None:
            seconds = past.motion.frames / past.motion.rate_hz
            said = self.tr("{seconds} s of it").format(seconds=f"{seconds:.1f}")
            if abs(past.motion.rate_hz - 30.0) > 0.01:
                said += self.tr(" at {rate} frames a second: taken at 30").format(rate=f"{past.motion.rate_hz:g}")
        self._past_words.setText(said)
        self._past_words.setVisible(bool(said))


class PosesToPass(QWidget):
    """The poses on the way, each with its time."""

    def __init__(self, generating: Generating, pasts: Pasts, keys: OwnKeys) -> None:
        super().__init__()
        self._question, self._pasts, self._keys = generating.question, pasts, keys
        self._shown: list[tuple[str, float]] | None = None
        self.add_pose = parts.tool("plus", tip("add-pose"))
        self.add_pose.clicked.connect(self.open_poses)
        self._poses = parts.col(gap=6)

        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        title = parts.text(self.tr("Poses to pass through"), "title")
        parts.fill(box, (parts.row(title, None, self.add_pose), self._poses))
        pasts.anchor_came.connect(self._question.add_anchor)

    def open_poses(self) -> None:
        """Which characteristic pose to pass through, half-way through the part that is edited."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        choices = self._pasts.poses()
        for choice in choices[:_MOST_POSES]:
            menu.addAction(f"{choice.name}\t{choice.words}", partial(self.pass_through, choice))
        if not choices:
            menu.addAction(self.tr("No characteristic pose yet. Set one in Annotate with C.")).setEnabled(False)
        menu.popup(self.add_pose.mapToGlobal(self.add_pose.rect().bottomLeft()))

    def pass_through(self, choice: PoseChoice) -> None:
        """This pose, in the middle of the part that is edited."""
        story, at = self._question.recipe.story, self._question.part
        if story:
            before_s = sum(part.seconds for part in story[:at])
            self._pasts.ask_anchor(choice, round(before_s + 0.6 * story[at].seconds, 2))

    def show_poses(self) -> None:
        """The recipe's."""
        recipe = self._question.recipe
        shown = [(each.name, each.at_s) for each in recipe.anchors]
        if shown == self._shown:
            return
        self._shown = shown
        parts.refill(self._poses, [self._pose_card(at, each) for at, each in enumerate(recipe.anchors)])

    def _pose_card(self, at: int, anchor: Anchor) -> QWidget:
        name = parts.text(anchor.name or self.tr("pose"), "strong")
        name.setMinimumWidth(1)
        when = number_field(
            self.tr("When {name} is passed").format(name=anchor.name), anchor.at_s, 0.0, LONGEST_S, "s", decimals=2
        )
        when.valueChanged.connect(lambda seconds: self._question.change_anchor(at, seconds))
        self._keys.keep_for(when)
        out = parts.tool("close", self.tr("Pass through it no more"))
        out.clicked.connect(lambda: self._question.change_anchor(at, None))
        held = parts.row(parts.text(self.tr("held exactly at"), "caption"), when, None, gap=4)
        made = QFrame()
        made.setObjectName("card")
        made.setAccessibleName(f"{anchor.name}, {anchor.at_s:g} s")
        box = QHBoxLayout(made)
        box.setContentsMargins(8, 6, 4, 6)
        box.setSpacing(8)
        parts.fill(box, (parts.glyph("diamond", 14, "accent"), (parts.col(name, held, gap=2), 1), out))
        return made


def _kind_of(past: Past) -> Kind:
    begins: dict[str, Kind] = {"clip:": "clip", "motion:": "recording", "kept:": "kept", "pose of": "pose"}
    found: list[Kind] = [kind for each, kind in begins.items() if past.source.startswith(each)]
    return found[0] if found else "result"
