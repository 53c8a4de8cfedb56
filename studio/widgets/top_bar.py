"""The bar at the top: the mark, the menus, where one is (project and clip), search, undo and redo, and the jobs."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QMenuBar, QSizePolicy, QToolButton, QWidget

from studio import theme
from studio.commands import shown
from studio.commands import tip as command_tip
from studio.document import Document
from studio.jobs import Jobs
from studio.widgets import parts
from studio.widgets.clip_states import clip_state
from studio.widgets.job_troubles import trouble_of
from studio.widgets.job_words import STATE_WORDS, left_words, outlives_words, running_words
from studio.words import say

_MOST_CLIPS = 40
_URGENCY = {"running": 5, "stopping": 4, "pausing": 3, "waiting": 2, "paused": 1}
_LONGEST_LABEL = 28


class TopBar(QWidget):
    """Always there; what it shows follows the document and the jobs."""

    jobs_wanted = Signal()
    all_clips_wanted = Signal()

    def __init__(self, document: Document, jobs: Jobs, undo: QAction, redo: QAction) -> None:
        super().__init__()
        self._document, self._jobs = document, jobs
        self.setObjectName("top")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.px(theme.HEIGHT["top"]))
        self.menus = QMenuBar()
        self.menus.setNativeMenuBar(False)
        self.menus.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.search: QLineEdit = parts.search("Search clips, labels, commands", command="search")
        self._project = parts.text("", "label")
        self._arrow = parts.glyph("right", 12, "text3")
        self._clip = QToolButton()
        self._clip.setProperty("kind", "crumb")
        self._clip.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._clip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._clip.setAccessibleName(say("Choose a clip"))
        self._clip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._clip_menu = QMenu(self._clip)
        self._clip_menu.aboutToShow.connect(self._list_clips)
        self._clip.setMenu(self._clip_menu)
        self._line = parts.hair(vertical=True)
        self._undo, self._redo = parts.tool("undo", "Undo"), parts.tool("redo", "Redo")
        for button, action in ((self._undo, undo), (self._redo, redo)):
            button.clicked.connect(action.trigger)
            action.changed.connect(self._follow_history)
        self._undo_action, self._redo_action = undo, redo
        self._job = parts.button("No jobs", "train", "quiet")
        self._job_icon = "train"
        self._job.clicked.connect(self.jobs_wanted)
        box = QHBoxLayout(self)
        box.setContentsMargins(17, 0, 10, 0)
        box.setSpacing(4)
        trail = (self._line, 6, self._project, self._arrow, self._clip)
        self._second_line = parts.hair(vertical=True)
        tools = (self._undo, self._redo, self._second_line, self._job)
        parts.fill(box, (parts.glyph("forecast", 20, "accent"), 6, self.menus, 6, *trail, None, self.search, 6, *tools))
        for told in (document.opened, document.closed, document.changed, document.clip_chosen):
            told.connect(self.follow)
        self._soon = QTimer(self, singleShot=True, interval=100)
        self._soon.timeout.connect(self._follow_jobs)
        for told in (jobs.listed, jobs.moved, jobs.ended, jobs.line.moved):
            told.connect(self._jobs_moved)
        self.follow()

    def follow(self) -> None:
        """Show what is open and chosen."""
        document = self._document
        is_open, clip = document.is_open, document.clip
        for each in (self._line, self._project, self._arrow, self._clip):
            each.setVisible(is_open)
        if is_open:
            narrow = self.width() < 1400
            parts.elide(self._project, document.project.name, 130 if narrow else 220, Qt.TextElideMode.ElideRight)
            words = clip.name if clip is not None else say("No clip" if document.project.clips else "No clips yet")
            shown = self._clip.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, 150 if narrow else 260)
            self._clip.setText(parts.literal(shown) + "  ▾")
            self._clip.setToolTip(words if shown != words else say("Choose a clip"))
            self._clip.setEnabled(bool(document.project.clips))
        self.search.setEnabled(True)
        self._follow_history()
        self._follow_jobs()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < 1400
        self.search.setFixedWidth(theme.px(190) if narrow else 320)
        self.search.setPlaceholderText(say("Search" if narrow else "Search clips, labels, commands"))
        self.menus.setFixedSize(self.menus.sizeHint())
        if event.oldSize().width() != event.size().width():
            self.follow()

    def _follow_history(self) -> None:
        for button, action in ((self._undo, self._undo_action), (self._redo, self._redo_action)):
            key = shown("undo" if button is self._undo else "redo")
            button.setEnabled(action.isEnabled())
            nothing = say("Nothing to undo" if button is self._undo else "Nothing to redo")
            button.setToolTip(f"{action.iconText()}  {key}" if action.isEnabled() else nothing)

    def _jobs_moved(self, _: object = None) -> None:
        """Many move at once while a project is read."""
        if not self._soon.isActive():
            self._soon.start()

    def _follow_jobs(self) -> None:
        """The most urgent job: what went wrong unseen, then what works, then what waits."""
        self._job.setVisible(self._document.is_open)
        self._second_line.setVisible(self._document.is_open)
        words, tip, icon = self._most_urgent()
        self._job.setText("   ".join(parts.literal(each) for each in words))
        self._job.setToolTip(tip)
        if icon != self._job_icon:
            self._job_icon = icon
            self._job.show_icon(icon)

    def _most_urgent(self) -> tuple[list[str], str, str]:
        """Words, the whole sentence for the tooltip, and the icon."""
        wrong, live = self._jobs.unseen(), self._jobs.live()
        if wrong:
            job = wrong[0]
            words = [_short(job.label), say(STATE_WORDS[job.state][0])]
            trouble = trouble_of(job, with_lines=False)
            return words, f"{trouble.title}. {trouble.words}" if trouble is not None else "", "warn"
        if not live:
            nothing = say("No jobs running" if self._jobs.jobs() else "No jobs")
            return [nothing], command_tip("jobs"), "train"
        job = max(live, key=lambda each: (_URGENCY.get(each.state, 0), each.is_training, each.share() or 0.0))
        turn = self._jobs.line.turn(job.folder)
        words = [_short(job.label)]
        share = job.share()
        if job.state != "running":
            words.append(say(STATE_WORDS[job.state][0]))
        elif share is not None:
            words.append(f"{share:.0%}".replace("%", " %"))
        left = left_words(job.seconds_left())
        if left and self.width() >= 1400:
            words.append(left)
        if len(live) > 1:
            words.append(say("and {count} more", count=len(live) - 1))
        sentence = f"{running_words(job, turn)} {outlives_words(job)}".strip()
        return words, f"{sentence}\n{command_tip('jobs')}", "pause" if job.state == "paused" else "train"

    def _list_clips(self) -> None:
        menu = self._clip_menu
        menu.clear()
        clips = list(self._document.project.clips.values())
        for clip in clips[:_MOST_CLIPS]:
            action = menu.addAction(f"{parts.literal(clip.name)}\t{clip_state(self._document.project, clip).words}")
            action.setCheckable(True)
            action.setChecked(clip.id == self._document.clip_id)
            action.setData(clip.id)
        menu.triggered.connect(self._choose, Qt.ConnectionType.UniqueConnection)
        if len(clips) > _MOST_CLIPS:
            menu.addSeparator()
            menu.addAction(say("All {count} clips", count=len(clips))).setData("")

    def _choose(self, action: QAction) -> None:
        if action.data():
            self._document.choose_clip(action.data())
        else:
            self.all_clips_wanted.emit()


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1].rstrip()}…"
