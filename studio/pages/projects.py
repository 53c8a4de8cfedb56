"""The Projects page: three ways in, a place to drop things, what is ready on this machine, recent projects."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QRectF, QRunnable, Qt, QThreadPool, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPixmap, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

import resources
from core import demo, doctor
from studio import theme
from studio.commands import BY_NAME
from studio.settings import RecentProject, Settings
from studio.widgets import parts
from studio.widgets.painting import Painted
from studio.words import say

_SHOWN_FINDINGS = ("2D poses", "Bodies", "Forecaster", "3D drawing", "Graphics card", "Disk")


class ProjectsPage(QWidget):
    """Where one starts. `asks` names the commands it wants carried out; recent projects open through `open_folder`."""

    asks = Signal(str)

    def __init__(self, settings: Settings, open_folder: Callable[[Path], object]) -> None:
        super().__init__()
        self._settings, self._open = settings, open_folder
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        ways = parts.row(
            (
                self._way(
                    "play", say("Look around with the demo"), _DEMO_WORDS, say("Open the demo kitchen"), "open-demo"
                ),
                1,
            ),
            (self._way("video", say("Start from your videos"), _NEW_WORDS, say("New project"), "new-project"), 1),
            (self._way("folder", say("Go on with a project"), _OPEN_WORDS, say("Open project"), "open-project"), 1),
            gap=10,
        )
        drop = QFrame()
        drop.setObjectName("drop")
        drop.setFixedHeight(theme.px(54))
        across = QHBoxLayout(drop)
        words = parts.text("Drop videos or a project folder anywhere in this window", "label")
        parts.fill(across, (None, parts.glyph("import", 18), words, None))
        self._findings = parts.col(gap=6)
        ready = parts.panel("Ready on this machine", self._findings, None, gap=8, margins=(16, 12, 12, 12))
        self._list = parts.col(gap=2)
        recent = parts.panel("Recent projects", (self._list, 1), gap=6, margins=(16, 12, 12, 12))
        low = parts.row((ready, 1), (recent, 1), gap=10)
        inner = parts.col((_Banner(), 3), ways, drop, low, gap=12)
        inner.setMaximumWidth(theme.px(1240))
        banner = inner.findChild(_Banner)
        has_picture = banner is not None and banner.has_picture
        inner.setMaximumHeight(theme.px(860 if has_picture else 640))
        centred = parts.col(None, (parts.row(None, (inner, 1000), None), 1000), None)
        area = parts.scroll(centred)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 0, 8)
        box.addWidget(area)
        self._look_around()

    def is_settled(self) -> bool:
        return self._pool.activeThreadCount() == 0

    def close_page(self) -> None:
        self._pool.waitForDone()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._list_recent()

    def _way(self, icon: str, title: str, words: str, verb: str, command: str) -> QWidget:
        card = QFrame()
        card.setObjectName("card")
        primary = command == "open-demo"
        go = parts.button(verb, kind="primary" if primary else "", big=True)
        go.clicked.connect(lambda: self.asks.emit(command))
        keys = BY_NAME[command].keys
        box = QVBoxLayout(card)
        box.setContentsMargins(18, 16, 18, 16)
        box.setSpacing(8)
        sentence = parts.text(words, "label", wrap=True)
        sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        sentence.setMinimumHeight(sentence.fontMetrics().lineSpacing() * 3)
        key = (parts.key_of(command),) if keys else (parts.key("Enter"),) if primary else ()
        head = parts.row(parts.glyph(icon, 22, "accent" if primary else "text2"), None)
        parts.fill(box, (head, parts.text(title, "title"), (sentence, 1), 4, parts.row(go, *key, None)))
        if primary:
            self.first_way = card
            go.setDefault(True)
            go.setFocus()
            self.setFocusProxy(go)
        return card

    def _look_around(self) -> None:
        task = _Examine()
        task.told.ready.connect(self._show_findings)
        self._pool.start(task)

    def _show_findings(self, findings: list[doctor.Finding]) -> None:
        layout = self._findings.layout()
        assert layout is not None
        known = {each.what: each for each in findings}
        names = ", ".join(demo.shipped_checkpoints())
        known["Forecaster"] = doctor.Finding(
            say("Forecaster"),
            "ok" if names else "note",
            say("{names}, shipped", names=names) if names else say("None shipped, train one"),
        )
        wrong = [each.what for each in findings if each.state == "problem" and each.what not in _SHOWN_FINDINGS]
        for each in (known[what] for what in (*_SHOWN_FINDINGS, *wrong) if what in known):
            sign, colour = {"ok": ("check", "ok"), "note": ("info", "text3"), "problem": ("warn", "danger")}[each.state]
            words = parts.text(each.says[:1].upper() + each.says[1:], "label")
            words.setMinimumWidth(1)
            words.setToolTip(each.hint)
            why = parts.button("Why?", kind="quiet") if each.state != "ok" and each.hint else None
            line = parts.row(parts.glyph(sign, 15, colour), parts.text(each.what, "strong"), (words, 1), gap=10)
            if why is not None:
                why.clicked.connect(lambda: self.asks.emit("this-machine"))
                why.setToolTip(each.hint)
                line.layout().addWidget(why)  # pyright: ignore[reportOptionalMemberAccess]
            line.setMinimumHeight(theme.px(22))
            layout.addWidget(line)

    def _list_recent(self) -> None:
        layout = self._list.layout()
        assert layout is not None
        while (item := layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for each in self._settings.recent[:5]:
            layout.addWidget(_RecentRow(each, self._open))
        if self._settings.recent:
            layout.addWidget(parts.col(None))
        else:
            words = say("Projects you open are listed here, newest first.")
            layout.addWidget(parts.state_card("folder", "No projects yet", words, colour="text3"))


class _RecentRow(QFrame):
    """A recent project: its name and place, and a button that opens it."""

    def __init__(self, project: RecentProject, open_folder: Callable[[Path], object]) -> None:
        super().__init__()
        is_there = (project.folder / "project.sqlite").is_file()
        name = parts.text(project.name or project.folder.name, "strong")
        name.setMinimumWidth(1)
        place = parts.text("", "caption")
        place.setMinimumWidth(1)
        parts.elide(place, str(project.folder), theme.px(330))
        when = parts.text(_when(project.at) if is_there else "not there now", "caption" if is_there else "warn")
        go = parts.button("Open", kind="quiet")
        go.setAccessibleName(say("Open {name}", name=project.name))
        go.setEnabled(is_there)
        go.clicked.connect(lambda: open_folder(project.folder))
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 3, 0, 3)
        box.setSpacing(10)
        parts.fill(box, (parts.glyph("folder", 16), (parts.col(name, place, gap=0), 1), when, go))


class _Banner(Painted):
    """What Posecast is for, in one sentence, beside a picture that it drew itself."""

    def __init__(self) -> None:
        super().__init__()
        self._pictures = _heroes()
        self.setMinimumHeight(theme.px(120))
        self.setMaximumHeight(theme.px(300) if self._pictures else theme.px(150))
        title = parts.text("See what comes next.", "hero")
        lead = parts.text(_LEAD, "lead", wrap=True)
        lead.setMaximumWidth(theme.px(430))
        self.setAccessibleName(f"{say('See what comes next.')} {say(_LEAD)}")
        box = QVBoxLayout(self)
        box.setContentsMargins(36, 12, 36, 12)
        box.setSpacing(10)
        parts.fill(box, (None, title, lead, None))

    @property
    def has_picture(self) -> bool:
        return bool(self._pictures)

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        picture = self._pictures.get(look.name)
        if picture is None:
            return
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), 12, 12)
        painter.setClipPath(path)
        painter.fillRect(self.rect(), QColor(look.panel))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        width = picture.width() * self.height() / picture.height()
        painter.drawPixmap(QRectF(self.width() - width, 0, width, self.height()), picture, QRectF(picture.rect()))


class _Told(QObject):
    ready = Signal(object)


class _Examine(QRunnable):
    """Looks at the machine; the probe for 3D drawing takes a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.told = _Told()

    def run(self) -> None:
        self.told.ready.emit(doctor.examine())


def _heroes() -> dict[str, QPixmap]:
    """The shipped picture, by the theme's name."""
    files = {look: resources.path("pictures", f"hero-{look}.jpg") for look in ("dark", "light")}
    return {look: QPixmap(str(file)) for look, file in files.items() if file.is_file()}


def _when(at: str) -> str:
    """Such as `today 18:20`, `3 Nov`."""
    try:
        moment = datetime.fromisoformat(at).astimezone()
    except ValueError:
        return ""
    days = (datetime.now().astimezone().date() - moment.date()).days
    if days == 0:
        return say("today {moment:%H:%M}", moment=moment)
    if days == 1:
        return "yesterday"
    return f"{moment.day} {moment:%b}" if days < 300 else f"{moment.day} {moment:%b %Y}"


_LEAD = (
    "Mark actions and their characteristic poses, train a forecaster in the background,"
    " and watch its futures as 3D bodies."
)
_DEMO_WORDS = (
    "A simulated kitchen with video, labels, true 3D poses and a trained forecaster. Everything works at once."
    " Nothing is downloaded."
)
_NEW_WORDS = (
    "Make a project in a folder of yours and add mp4, mov, mkv, avi or ts files. The files stay where they are."
)
_OPEN_WORDS = "Open a Posecast folder, or one that a colleague sent you."
