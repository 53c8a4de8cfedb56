"""The panel that asks for a new run: model, preset, settings, what there is to learn from, and the button that starts.

Above the button stands what the run would take, asked again as the settings change (studio.preflights). Each kind of
model has a form made from its config's type, built when it is first chosen.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QSizePolicy, QStackedWidget, QVBoxLayout

from core import configs
from core.project.annotations import Project
from studio import theme
from studio.commands import tip
from studio.data_sets import Entry
from studio.pages.training_facts import ForecasterFacts, MotionFacts
from studio.preflights import Preflights
from studio.widgets import parts
from studio.widgets.config_form import ConfigForm
from studio.widgets.preflight_card import PreflightCard, device_choices
from studio.words import say

Model = Literal["forecaster", "posegpt"]
MODELS: dict[Model, type[configs.Forecaster | configs.PoseGpt]] = {
    "forecaster": configs.Forecaster,
    "posegpt": configs.PoseGpt,
}
_FIRST_PRESETS: dict[Model, str] = {"forecaster": "forecaster/recommended", "posegpt": "posegpt/small"}
LOW = 640
"""Less height than this has room for the settings or for the facts, not for both."""
_ALONE = {"posegpt-autoencoder": "auto-encoder alone, ", "posegpt-gpt": "GPT alone, "}


class NewRun(QFrame):
    """Forms made from the configs; `started` carries a config that is whole and the preset it came from."""

    started = Signal(object, str)
    model_chosen = Signal()
    sweep_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("New run"))
        self.model: Model = "forecaster"
        self.kinds = parts.segmented(self.tr("Forecaster"), "PoseGPT", on_choice=self._take_kind)
        self.kinds.setToolTip(self.tr("Forecaster: which actions and poses come next. PoseGPT: motion from an action."))
        self.preset = QComboBox()
        self.preset.setMinimumContentsLength(8)
        self.preset.currentIndexChanged.connect(self._take_preset)
        self.search = parts.search(self.tr("Find a setting"), "Q")
        self._forms: dict[Model, ConfigForm] = {}
        self._pages = QStackedWidget()
        self.search.textChanged.connect(lambda words: self.form.show_found(words))
        self._changes = parts.text("", "link")
        self._reset = parts.button(self.tr("Reset"), kind="quiet")
        self._reset.clicked.connect(self._take_preset)
        self.sweep = parts.tool("grid", tip("sweep"))
        self.sweep.clicked.connect(self.sweep_wanted)
        self._facts, self.motion_facts = ForecasterFacts(), MotionFacts()
        self._folder: Path | None = None
        self.preflights = Preflights(self)
        self.preflights.moved.connect(self._show_outlook)
        self.card = PreflightCard()
        self.card.setting_wanted.connect(self._take_setting)
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
        title = parts.text(self.tr("New run"), "title")
        fits = title.sizeHint().width() + self.kinds.sizeHint().width() < theme.px(250)
        if fits:
            box.addWidget(parts.row(title, None, self.kinds))
        else:  # the words of another language may be longer
            parts.fill(box, (title, self.kinds))
        box.addWidget(parts.field(self.tr("Preset"), self.preset, width=104))
        box.addWidget(self.search)
        box.addWidget(self._pages, 1)
        self._changes.setMinimumWidth(1)
        self._changes.setWordWrap(True)
        box.addWidget(parts.row((self._changes, 1), self._reset))
        box.addWidget(self._facts)
        box.addWidget(self.motion_facts)
        box.addWidget(self.card)
        box.addWidget(parts.row((self.start, 1), self.sweep, gap=4))
        box.addWidget(self._wrong)
        box.addWidget(self._why_not)
        self._nothing: dict[Model, str] = {"forecaster": "", "posegpt": ""}
        self._entries: Sequence[Entry] = ()
        self.choose_model("forecaster")

    @property
    def form(self) -> ConfigForm:
        """The form of the chosen model."""
        if self.model not in self._forms:
            made = self._forms[self.model] = ConfigForm(MODELS[self.model])
            made.changed.connect(self._follow)
            self._pages.addWidget(parts.scroll(made))
        return self._forms[self.model]

    # ---- what is asked of it ----

    def show_project(self, project: Project | None, folder: Path | None = None) -> None:
        """What there is to learn from for a forecaster, counted. Its folder is where a run is tried."""
        self._folder = folder
        self._nothing["forecaster"] = self._facts.show_project(project)
        self._follow()

    def show_sets(self, entries: Sequence[Entry]) -> None:
        """What there is to learn from for a motion model."""
        self._entries = entries
        self._follow()

    def show_config(self, config: configs.Config, preset: str) -> None:
        """Start from another run's settings."""
        self.choose_model("posegpt" if isinstance(config, configs.PoseGpt) else "forecaster", preset)
        self.form.show_config(config)
        self._follow()

    def choose_preset(self, name: str) -> None:
        """Take a preset's values."""
        self.choose_model("forecaster" if name.startswith("forecaster/") else "posegpt", name)
        self._take_preset()

    def choose_model(self, model: Model, preset: str = "") -> None:
        """Show the settings of this kind of model."""
        names = [name for name in configs.PRESETS if name.startswith("forecaster/") == (model == "forecaster")]
        if model != self.model or not self.preset.count():
            self.model = model
            self.preset.blockSignals(True)
            self.preset.clear()
            for name in names:
                kind, _, size = name.partition("/")
                if size == "paper" and kind in _ALONE:
                    self.preset.insertSeparator(self.preset.count())
                self.preset.addItem(f"{say(_ALONE.get(kind, ''))}{size}", name)
            self.preset.setCurrentIndex(self.preset.findData(_FIRST_PRESETS[model]))
            self.preset.blockSignals(False)
            self._take_preset()
        if preset in names:
            self.preset.setCurrentIndex(self.preset.findData(preset))
        self.kinds.choose(list(MODELS).index(model))
        form = self.form
        self._pages.setCurrentIndex(list(self._forms).index(model))
        form.show_found(self.search.text())
        self._facts.setVisible(model == "forecaster")
        self.motion_facts.setVisible(model == "posegpt")
        self._follow()
        self.model_chosen.emit()

    def nothing_to_learn(self, model: Model) -> str:
        """Why there is nothing to learn for this kind of model, or nothing."""
        return self._nothing[model]

    def begin(self) -> None:
        """Start, where everything is in order."""
        config = self.form.config()
        if config is not None and self.start.isEnabled():
            self.started.emit(config, self.preset.currentData())

    def find(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Put the cursor where a setting is looked for."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    # ---- how ----

    def _take_kind(self, at: int) -> None:
        self.choose_model(list(MODELS)[at])

    def _take_preset(self) -> None:
        self.form.set_preset(configs.preset(self.preset.currentData()))
        self._follow()

    def _follow(self) -> None:
        problems, changes = self.form.problems(), self.form.changes()
        config = self.form.config()
        of_motion = config if isinstance(config, configs.PoseGpt) else None
        self._nothing["posegpt"] = self.motion_facts.show_sets(self._entries, of_motion)
        self._changes.setText(_changes_words(len(changes)))
        self._reset.setVisible(bool(problems or changes))
        self._wrong.setVisible(bool(problems))
        if problems:
            titles = ", ".join(field.title for field in problems)
            many = self.tr("One value needs a look: {titles}"), self.tr("These values need a look: {titles}")
            self._wrong.setText(many[len(problems) > 1].format(titles=titles))
            self._wrong.setToolTip(problems[0].problem())
        why_not = self._nothing[self.model] or _why_not(of_motion)
        self._why_not.setText(why_not)
        self._why_not.setVisible(bool(why_not))
        self.start.setEnabled(not problems and not why_not)
        self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.preflights.leave()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._facts.show_room(is_low=self.height() < theme.px(LOW))
        self.motion_facts.show_room(is_low=self.height() < theme.px(LOW))

    def _ask(self) -> None:
        """What the run would take; nothing while it could not start, or nobody looks."""
        config = self.form.config()
        if config is None or self._folder is None or self._nothing[self.model]:
            self.card.hide()
            self.preflights.leave()
            return
        self.card.show()
        if self.isVisible():
            facts = self._facts if self.model == "forecaster" else self.motion_facts
            self.preflights.ask(config, self._folder, facts.holds)

    def _show_outlook(self) -> None:
        outlook = self.preflights.outlook
        self.card.show_outlook(outlook)
        if outlook.devices:
            self.form.fields["device"].name_choices(device_choices(outlook.devices))

    def _take_setting(self, words: str) -> None:
        """Take what the card offers, such as a batch that fits."""
        name, _, value = words.partition("=")
        field = self.form.fields[name]
        field.show_value(int(value))
        field.changed.emit()

    def _go_to_problem(self) -> None:
        problems = self.form.problems()
        if problems:
            self.search.clear()
            problems[0].editor.setFocus(Qt.FocusReason.OtherFocusReason)


def _why_not(config: configs.PoseGpt | None) -> str:
    """What settings that fit one by one miss together."""
    if config is None:
        return ""
    if config.stages == "gpt" and not config.autoencoder_run:
        return say("Name the run whose auto-encoder is used: Auto-encoder of, under Run.")
    if config.data.least_frames > config.data.most_frames:
        return say("The shortest window is longer than the longest.")
    return ""


def _changes_words(count: int) -> str:
    if not count:
        return ""
    return say("1 change to the preset") if count == 1 else say("{count} changes to the preset", count=count)
