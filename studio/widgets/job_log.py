"""A job's own sentences: followed to their end unless somebody scrolled up, searched, copied."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor, QTextDocument
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from studio import theme
from studio.job import Job
from studio.widgets import parts
from studio.widgets.dialogs import Dialog
from studio.words import say

_PRINTED_LINES = 20


class LogPanel(QFrame):
    """Title, search, copy, and the lines of one job."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Log"))
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName(self.tr("Log"))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setMaximumBlockCount(4000)
        self._text.setMinimumHeight(theme.px(90))
        self._shown: tuple[str, ...] = ()
        self._of: object = None
        self._printed = ""
        self._search: QLineEdit = parts.search(self.tr("Find in the log"))
        self._search.hide()
        self._search.textChanged.connect(self._find_first)
        self._search.returnPressed.connect(self._find_next)
        self._none = parts.text("", "caption")
        self._none.hide()
        look = parts.tool("search", self.tr("Find in the log"))
        look.clicked.connect(self.open_search)
        copy = parts.tool("copy", self.tr("Copy the log"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text.toPlainText()))
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        box.setSpacing(6)
        box.addWidget(parts.row(parts.text(self.tr("Log"), "title"), None, look, copy))
        box.addWidget(parts.row((self._search, 1), self._none, gap=6))
        box.addWidget(self._text, 1)

    def open_search(self) -> None:
        """Show the field to look for something, or put it away."""
        if self._search.isVisible():
            self.back_out()
        else:
            self._search.show()
            self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._search.selectAll()

    def back_out(self) -> bool:
        """Esc: leave the search; whether it was open."""
        was_open = self._search.isVisible()
        self._search.hide()
        self._search.clear()
        return was_open

    def show_job(self, job: Job | None) -> None:
        """What the run has said so far, and what was printed last where the system ended it."""
        lines = tuple(job.log) if job is not None else ()
        if job is not None and job.state == "killed":
            if (job, job.last_at) != self._of:
                self._printed = job.folder.log_tail(_PRINTED_LINES)
            lines += tuple(self._printed.splitlines())
        self._of = (job, job.last_at) if job is not None and job.state == "killed" else None
        if lines == self._shown:
            return
        bar, across = self._text.verticalScrollBar(), self._text.horizontalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        if self._shown and lines[: len(self._shown)] == self._shown:
            self._text.appendPlainText("\n".join(lines[len(self._shown) :]))
        else:
            self._text.setPlainText("\n".join(lines))
        self._shown = lines
        if at_end and not self._search.text():
            self._text.moveCursor(QTextCursor.MoveOperation.End)
            self._text.moveCursor(QTextCursor.MoveOperation.StartOfLine)
            across.setValue(0)

    def _find_first(self) -> None:
        self._text.moveCursor(QTextCursor.MoveOperation.End)
        self._find_next()

    def _find_next(self) -> None:
        """The newest place first, then older ones, then round again."""
        words = self._search.text()
        backwards = QTextDocument.FindFlag.FindBackward
        is_found = bool(words) and self._text.find(words, backwards)
        if words and not is_found:
            self._text.moveCursor(QTextCursor.MoveOperation.End)
            is_found = self._text.find(words, backwards)
        self._none.setText(say("not in it"))
        self._none.setVisible(bool(words) and not is_found)


class LogWindow(Dialog):
    """The log of any job, and what its process printed last."""

    def __init__(self, job: Job, parent: QWidget) -> None:
        super().__init__(job.label, parent, 620)
        self._job = job
        self._log = LogPanel()
        self._log.setMinimumHeight(theme.px(280))
        self.box.addWidget(self._log, 1)
        printed = job.folder.log_tail(_PRINTED_LINES) if job.state != "killed" else ""
        if printed:
            self.box.addWidget(parts.text("Printed last", "strong"))
            lines = parts.text(printed, "mono", wrap=True)
            lines.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.box.addWidget(parts.scroll(lines))
        job.moved.connect(self._follow)
        self._follow()

    def _follow(self, _job: Job | None = None) -> None:
        self._log.show_job(self._job)
