"""The panel that asks for a new run: preset, settings, what there is to learn from, and the button that starts it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QSizePolicy, QVBoxLayout

from core import configs
from core.project.annotations import Project
from studio.widgets import parts
from studio.widgets.config_form import ConfigForm
from studio.widgets.job_words import grouped

_FIRST_PRESET = "forecaster/recommended"


class NewRun(QFrame):
    """A form made from the config; `started` carries a config that is whole and the preset it came from."""

    started = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("New run"))
        self.preset = QComboBox()
        for name in configs.PRESETS:
            self.preset.addItem(name.removeprefix("forecaster/"), name)
        self.preset.setCurrentIndex(self.preset.findData(_FIRST_PRESET))
        self.preset.currentIndexChanged.connect(self._take_preset)
        self.search = parts.search(self.tr("Find a setting"), "Q")
        self.form = ConfigForm(configs.Forecaster)
        self.search.textChanged.connect(self.form.show_found)
        self.form.changed.connect(self._follow)
        self._changes = parts.text("", "link")
        self._reset = parts.button(self.tr("Reset"), kind="quiet")
        self._reset.clicked.connect(self._take_preset)
        self._facts = _Facts()
        self.start = parts.button(self.tr("Start training"), "play", "primary", big=True)
        self.start.setToolTip(self.tr("Start training  Ctrl+Enter"))
        self.start.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.start.clicked.connect(self.begin)
        self._wrong = parts.button("", kind="danger")
        self._wrong.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._wrong.clicked.connect(self._go_to_problem)
        self._why_not = parts.text("", "caption", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        box.setSpacing(8)
        box.addWidget(parts.text(self.tr("New run"), "title"))
        box.addWidget(parts.field(self.tr("Preset"), self.preset, width=104))
        box.addWidget(self.search)
        box.addWidget(parts.scroll(self.form), 1)
        box.addWidget(parts.row(self._changes, None, self._reset))
        box.addWidget(self._facts)
        box.addWidget(self.start)
        box.addWidget(self._wrong)
        box.addWidget(self._why_not)
        self._nothing_to_learn = ""
        self._take_preset()

    def show_project(self, project: Project | None) -> None:
        """What there is to learn from, counted."""
        self._nothing_to_learn = self._facts.show_project(project)
        self._follow()

    def show_config(self, config: configs.Forecaster, preset: str) -> None:
        """Start from another run's settings."""
        if preset in configs.PRESETS:
            self.preset.setCurrentIndex(self.preset.findData(preset))
        self.form.show_config(config)
        self._follow()

    def choose_preset(self, name: str) -> None:
        """Take a preset's values."""
        self.preset.setCurrentIndex(self.preset.findData(name))
        self._take_preset()

    def begin(self) -> None:
        """Start, where everything is in order."""
        config = self.form.config()
        if config is not None and not self._nothing_to_learn:
            self.started.emit(config, self.preset.currentData())

    def find(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Put the cursor where a setting is looked for."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _take_preset(self) -> None:
        self.form.set_preset(configs.preset(self.preset.currentData()))
        self._follow()

    def _follow(self) -> None:
        problems, changes = self.form.problems(), self.form.changes()
        self._changes.setText(_changes_words(len(changes)))
        self._reset.setVisible(bool(problems or changes))
        self._wrong.setVisible(bool(problems))
        if problems:
            titles = ", ".join(field.title for field in problems)
            many = self.tr("One value needs a look: {titles}"), self.tr("These values need a look: {titles}")
            self._wrong.setText(many[len(problems) > 1].format(titles=titles))
            self._wrong.setToolTip(problems[0].problem())
        self._why_not.setText(self._nothing_to_learn)
        self._why_not.setVisible(bool(self._nothing_to_learn))
        self.start.setEnabled(not problems and not self._nothing_to_learn)

    def _go_to_problem(self) -> None:
        problems = self.form.problems()
        if problems:
            self.search.clear()
            problems[0].editor.setFocus(Qt.FocusReason.OtherFocusReason)


class _Facts(QFrame):
    """What the project holds for a forecaster: counted, not guessed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("well")
        self._steps, self._actions, self._clips = (parts.text("", "strong") for _ in range(3))
        self._missing = parts.text("", "caption", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 10, 8)
        box.setSpacing(4)
        for name, value in (
            (self.tr("Steps to learn from"), self._steps),
            (self.tr("Actions"), self._actions),
            (self.tr("Clips with steps"), self._clips),
        ):
            box.addWidget(parts.row(parts.text(name, "label"), None, value))
        box.addWidget(self._missing)

    def show_project(self, project: Project | None) -> str:
        """Count; the answer is why there is nothing to learn, or nothing."""
        clips = list(project.clips.values()) if project is not None else []
        posed = [each for each in clips if each.poses]
        steps = sum(len(each.poses) for each in clips)
        actions = {
            segment.action for clip in posed for segment in clip.segments if clip.pose_of(segment.id) is not None
        }
        without = sum(len(each.segments) - len(each.poses) for each in clips)
        no_tracks = sum(not each.tracks for each in posed)
        self._steps.setText(grouped(steps))
        self._actions.setText(grouped(len(actions)))
        self._clips.setText(f"{grouped(len(posed))} of {grouped(len(clips))}")
        missing = []
        if without > 0:
            missing.append(f"{grouped(without)} {'segment has' if without == 1 else 'segments have'} no pose yet")
        if no_tracks:
            missing.append(f"{grouped(no_tracks)} {'clip has' if no_tracks == 1 else 'clips have'} no 2D poses")
        self._missing.setText(", ".join(missing)[:1].upper() + ", ".join(missing)[1:] + "." if missing else "")
        self._missing.setVisible(bool(missing))
        if steps < 2:
            return self.tr("Mark some actions and their characteristic poses on Annotate first.")
        return ""


def _changes_words(count: int) -> str:
    if not count:
        return ""
    return "1 change to the preset" if count == 1 else f"{count} changes to the preset"
