"""One card a sample: its number and picture, how likely the model finds it, what may be doubted, and if it is kept.

A click or a number key chooses; the tray sign keeps. Samples keep their cards while others take their places.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from core.generations import Sample
from studio import icons, theme
from studio.commands import tip
from studio.widgets import parts
from studio.widgets.painting import put
from studio.words import say

_HIGH = 58
_PICTURE = 38
_NARROW_PX = 118
"""Below this a card has no room for its sign."""
_NO_PICTURE_PX = 150
"""Below this its words need the room of its picture."""


@dataclass(frozen=True)
class CardFacts:
    """What a card says."""

    number: int  # from 1
    colour: str
    sample: Sample | None = None
    is_whole: bool = True
    is_kept: bool = False

    @property
    def words(self) -> str:
        """How likely, and the doubts."""
        if self.sample is None or not self.is_whole:
            return say("still coming")
        likely = [] if self.sample.likely is None else [say("likely {likely:.2f}", likely=self.sample.likely)]
        off = [say("pose {off:.0f} mm off, blended", off=off) for off in self.sample.anchors_off_mm if off >= 1.0][:1]
        return ", ".join([*likely, *self.sample.doubts, *off]) or say(
            "{frames} frames", frames=self.sample.motion.frames
        )


class SampleCard(QAbstractButton):
    """A sample."""

    keep_wanted = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setAutoExclusive(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(theme.px(_HIGH))
        self.setMinimumWidth(60)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._facts: CardFacts | None = None
        self._picture: QPixmap | None = None
        self.keep = parts.tool("tray", tip("keep"), size=14)
        self.keep.setParent(self)
        self.keep.clicked.connect(self.keep_wanted)

    @property
    def facts(self) -> CardFacts | None:
        return self._facts

    def show_facts(self, facts: CardFacts, picture: QPixmap | None) -> None:
        """This sample; without a picture the one before stays until it comes."""
        self._facts = facts
        if picture is not None:
            self._picture = picture
        name = self.tr("Sample {number}").format(number=facts.number)
        self.setAccessibleName(f"{name}, {facts.words}{', ' + say('kept') if facts.is_kept else ''}")
        self.setToolTip(f"{name}  {facts.number}\n{facts.words}")
        self.keep.setAccessibleName(self.tr("Keep sample {number}").format(number=facts.number))
        self.keep.setEnabled(facts.is_whole)
        self._place_sign()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_sign()

    def _place_sign(self) -> None:
        """What keeps it, at the right; what says that it is kept is painted there."""
        self.keep.move(self.width() - self.keep.width() - 4, 4)
        is_kept = self._facts is not None and self._facts.is_kept
        self.keep.setVisible(self.width() >= theme.px(_NARROW_PX) and not is_kept)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        facts, look = self._facts, theme.now()
        if facts is None:
            return
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        is_on = self.isChecked()
        painter.setPen(QPen(QColor(look.accent if is_on or self.hasFocus() else look.line), 2 if is_on else 1))
        painter.setBrush(QColor(look.hover if self.underMouse() and not is_on else look.raised))
        painter.drawRoundedRect(area, theme.RADIUS["card"], theme.RADIUS["card"])
        x = 8.0
        if self.width() >= theme.px(_NO_PICTURE_PX):
            x += self._paint_picture(painter, look, facts)
        else:
            painter.fillRect(QRectF(6, 8, 4, self.height() - 16), QColor(facts.colour))
            x = 16.0
        if facts.is_kept:
            painter.drawPixmap(self.width() - 24, 10, icons.pixmap("tray", look.ok, 14))
        room = self.width() - x - (36 if self.keep.isVisible() or facts.is_kept else 8)
        title = self.tr("Sample {number}").format(number=facts.number) if room > theme.px(62) else str(facts.number)
        put(painter, x, theme.px(23), title, look.text, 12, 600, width=room)
        put(painter, x, theme.px(43), facts.words, look.text2, 11, width=self.width() - x - 8)

    def _paint_picture(self, painter: QPainter, look: theme.Theme, facts: CardFacts) -> float:
        """With the sample's colour round it; how much room it took."""
        wide, high = theme.px(_PICTURE), self.height() - 14
        frame = QRectF(8, 7, wide, high)
        painter.setPen(QPen(QColor(facts.colour), 1.5))
        painter.setBrush(QColor(look.canvas))
        painter.drawRoundedRect(frame, 5, 5)
        if self._picture is not None:
            inside = frame.adjusted(2, 2, -2, -2)
            size = self._picture.deviceIndependentSize()
            share = min(inside.width() / size.width(), inside.height() / size.height())
            shown = QRectF(0, 0, size.width() * share, size.height() * share)
            shown.moveCenter(inside.center())
            painter.drawPixmap(shown, self._picture, QRectF(self._picture.rect()))
        else:
            sign = icons.pixmap("person", look.text3, 16)
            painter.drawPixmap(int(frame.center().x() - 8), int(frame.center().y() - 8), sign)
        return wide + 10


class SampleCards(QWidget):
    """As many cards as there are samples."""

    chosen = Signal(int)
    keep_wanted = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Samples"))
        self.cards: list[SampleCard] = []
        self._box = QHBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(6)
        self.setFixedHeight(theme.px(_HIGH))

    def show_samples(self, facts: Sequence[CardFacts], pictures: Sequence[QPixmap | None], chosen: int) -> None:
        """These samples, and which one is in front."""
        while len(self.cards) < len(facts):
            self._add(len(self.cards))
        for card in self.cards[len(facts) :]:
            card.hide()
        for at, (each, picture) in enumerate(zip(facts, pictures, strict=True)):
            card = self.cards[at]
            card.show_facts(each, picture)
            card.setChecked(at == chosen)
            card.show()

    def _add(self, at: int) -> None:
        card = SampleCard()
        card.clicked.connect(lambda: self.chosen.emit(at))
        card.keep_wanted.connect(lambda: self.keep_wanted.emit(at))
        card.menu_wanted.connect(lambda place: self.menu_wanted.emit(at, place))
        self.cards.append(card)
        self._box.addWidget(card, 1)
