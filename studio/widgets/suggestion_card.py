"""The card of a suggested characteristic pose: which of how many, where, how strong, why, and the two answers.

It is shown what it shows, and tells what a person answers. Where there is nothing to suggest it says why.
"""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from studio import theme
from studio.commands import tip
from studio.widgets import parts
from studio.words import say

_BAR_PX = 44


@dataclass(frozen=True)
class CardFacts:
    """One suggestion as it is shown; `reasons` in words with 0 … 1."""

    place: int
    count: int
    when: str
    score: float
    reasons: tuple[tuple[str, float], ...]


class SuggestionCard(QFrame):
    """A suggestion, or why there is none."""

    accepted = Signal()
    skipped = Signal()
    shown = Signal()
    """Go to the frame."""
    poses_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("well")
        self.setAccessibleName(say("Suggested pose"))
        self.facts: CardFacts | None = None
        self._title = parts.text("", "strong", wrap=True)
        self._title.setMinimumWidth(1)
        self._when = parts.text("", "caption")
        self._score = parts.text("", "label")
        self._go = parts.tool("right", "Go to this frame")
        self._go.clicked.connect(self.shown)
        self._reasons = parts.col(gap=4)
        self._lines: list[_Line] = []
        self._lines_scale = theme.scale()
        self.accept = parts.button("Accept", "check", "primary")
        self.accept.setToolTip(tip("accept-suggestion"))
        self.accept.clicked.connect(self.accepted)
        self.skip = parts.button("Skip")
        self.skip.setToolTip(tip("skip-suggestion"))
        self.skip.clicked.connect(self.skipped)
        self._answers = parts.row(
            self.accept, parts.key_of("accept-suggestion"), 2, self.skip, parts.key_of("skip-suggestion"), None, gap=6
        )
        self._words = parts.text("", "caption", wrap=True)
        self._words.setMinimumWidth(1)
        self._extract = parts.button("Extract 2D poses")
        self._extract.setToolTip(tip("extract-poses"))
        self._extract.clicked.connect(self.poses_wanted)
        self._head = parts.row((self._title, 1), self._when, self._score, self._go, gap=4)
        self._none = parts.row(self._extract, None)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 8, 8)
        box.setSpacing(6)
        parts.fill(box, (self._head, self._words, self._reasons, self._answers, self._none))

    def show_facts(self, facts: CardFacts, *, editable: bool) -> None:
        """This suggestion."""
        was, self.facts = self.facts, facts
        for each in (self._head, self._reasons, self._answers):
            each.show()
        for each in (self._words, self._none):
            each.hide()
        for button in (self.accept, self.skip):
            button.setEnabled(editable)
        self.show()
        if was == facts:
            return
        self._title.setText(say("Suggestion {place} of {count}", place=facts.place, count=facts.count))
        self._when.setText(facts.when)
        self._score.setText(f"{facts.score:.2f}")
        self._score.setToolTip(say("How likely the pose lies within 0.2 s of this frame, as its reasons say"))
        self._show_reasons(facts.reasons)
        why = "; ".join(f"{words} {value:.2f}" for words, value in facts.reasons)
        self.setAccessibleDescription(f"{self._title.text()}, {facts.when}, {facts.score:.2f}: {why}")

    def _show_reasons(self, reasons: tuple[tuple[str, float], ...]) -> None:
        """In lines that are kept: making widgets anew at each edit takes longer than the edit."""
        layout = self._reasons.layout()
        assert layout is not None
        if self._lines_scale != theme.scale():
            self._lines, self._lines_scale = [], theme.scale()
            parts.refill(self._reasons, [])
        while len(self._lines) < len(reasons):
            self._lines.append(_Line())
            layout.addWidget(self._lines[-1].widget)
        for line, (words, value) in zip(self._lines, reasons, strict=False):
            line.show(words, value)
        for line in self._lines[len(reasons) :]:
            line.widget.hide()

    def show_words(self, words: str, *, can_extract: bool = False) -> None:
        """Why there is nothing to suggest."""
        self.facts = None
        for each in (self._head, self._reasons, self._answers):
            each.hide()
        self._words.setText(words)
        self._words.show()
        self._none.setVisible(can_extract)
        self.setAccessibleDescription(words)
        self.show()

    def come_into_view(self) -> None:
        """Where the panel is too low for all of it, the card is what is looked at."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None and self.isVisible():
            area.ensureWidgetVisible(self, 0, 0)
            area.horizontalScrollBar().setValue(0)  # upwards and downwards, never aside


class Bar(QWidget):
    """How strongly a reason holds, 0 … 1."""

    def __init__(self) -> None:
        super().__init__()
        self._value = 0.0
        self.setFixedWidth(theme.px(_BAR_PX))
        self.setFixedHeight(theme.px(14))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_value(self, value: float) -> None:
        self._value = min(max(value, 0.0), 1.0)
        self.update()

    def paintEvent(self, _: object) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        look, high = theme.now(), theme.px(4)
        groove = QRectF(0, (self.height() - high) / 2, self.width(), high)
        for colour, width in ((look.press, groove.width()), (look.accent, groove.width() * self._value)):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(groove.left(), groove.top(), width, groove.height()), high / 2, high / 2)
        painter.end()


class _Line:
    """A reason: its words, how strongly it holds, and that as a number."""

    def __init__(self) -> None:
        self._name = parts.text("", "label", wrap=True)
        self._name.setMinimumWidth(1)
        self._bar = Bar()
        self._number = parts.text("", "caption")
        self._number.setFixedWidth(self._number.fontMetrics().horizontalAdvance("0.00") + 2)
        self.widget = parts.row((self._name, 1), self._bar, self._number, gap=6)

    def show(self, words: str, value: float) -> None:
        self._name.setText(words)
        self._bar.show_value(value)
        self._number.setText(f"{value:.2f}")
        self.widget.show()
