"""The left side of the Generate page: the question, field by field, and the button that asks it.

Every field shows the recipe as it stands and changes it; nothing is kept here but what a person has folded out.
"""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.bodies import library
from studio import theme
from studio.commands import shown, tip
from studio.display import Display
from studio.generating import Generating
from studio.motion_question import FIRST_S, MOST_SAMPLES, MOST_SEED
from studio.pages.generate_before import LONGEST_S, GoesOnFrom, PosesToPass
from studio.pages.generate_fields import ActionField, OwnKeys, SliderField
from studio.pages.generate_moving import SHORTEST_M, TALLEST_M
from studio.pages.generate_pasts import Pasts
from studio.widgets import parts
from studio.widgets.number_field import count_field, number_field
from studio.words import counted, say

_SLIDES_TO_S = 20.0
_STEP_S = 0.1


class QuestionPanel(QFrame):
    """The form above, the button below."""

    generate_wanted = Signal()
    other_seed_wanted = Signal()
    again_switched = Signal(bool)
    body_changed = Signal()
    """Another body, or another height."""

    def __init__(self, generating: Generating, pasts: Pasts, display: Display) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Question"))
        self._generating, self._pasts, self._display = generating, pasts, display
        self._question, self._models = generating.question, generating.models
        self._keys = OwnKeys(self)
        self.height_m: float | None = None
        self._make_fields()
        self.goes_on, self.poses = GoesOnFrom(generating, pasts), PosesToPass(generating, pasts, self._keys)
        self._make_body()
        self._make_foot()
        self._lay_out()
        self._question.changed.connect(self.show_question)
        self._question.shown_otherwise.connect(self.show_question)
        self._models.changed.connect(self.show_models)
        generating.changed.connect(self._show_answer)
        self.show_models()
        self.show_question()

    # ---- parts ----

    def _make_fields(self) -> None:
        question = self._question
        self.action = ActionField()
        self.action.named.connect(question.name_action)
        self._unknown = parts.text("", "warn", wrap=True)
        self._nearest = parts.row(gap=4)
        self._refusal = parts.col(self._unknown, self._nearest, gap=4)
        self.duration = SliderField(self.tr("Duration"), _STEP_S, _SLIDES_TO_S, _STEP_S, unit="s")
        self.duration.set_range(_STEP_S, _SLIDES_TO_S, typed_most=LONGEST_S)
        self.duration.moved.connect(lambda seconds: question.change_part(seconds=round(seconds, 3)))
        self._note = parts.text("", "caption", wrap=True)
        self.samples = SliderField(self.tr("Samples"), 1, MOST_SAMPLES, 1, decimals=0)
        self.samples.moved.connect(lambda count: question.change(samples=round(count)))
        self.temperature = SliderField(self.tr("Temperature"), 0.1, 1.5, 0.05, decimals=2)
        self.temperature.moved.connect(lambda value: question.change(temperature=round(value, 3)))
        self.seed = count_field(self.tr("Seed"), question.recipe.seed, 0, MOST_SEED)
        self.seed.valueChanged.connect(lambda seed: question.change(seed=seed))
        self.dice = parts.tool("dice", tip("another-seed"))
        self.dice.clicked.connect(self.other_seed_wanted)
        self.top_k = count_field(self.tr("Top-k"), 0, 0, 512)
        self.top_k.setSpecialValueText(self.tr("all codes"))
        self.top_k.valueChanged.connect(lambda count: question.change(top_k=count))
        self.top_p = number_field(self.tr("Top-p"), 1.0, 0.05, 1.0, "", decimals=2)
        self.top_p.valueChanged.connect(lambda share: question.change(top_p=round(share, 3)))
        self.feet = QCheckBox(self.tr("Feet on the ground"))
        self.feet.toggled.connect(lambda on: question.change(keep_feet=on))
        self._folded = parts.col(
            parts.field(self.tr("Top-k"), self.top_k, width=82), parts.field(self.tr("Top-p"), self.top_p, width=82),
            self.feet, gap=6,
        )  # fmt: skip
        self._folded.hide()
        self._fold = parts.button(self.tr("Top-k, top-p, feet"), "right", "quiet")
        self._fold.clicked.connect(self._toggle_fold)
        fields = (self.action, self.duration.number, self.samples.number, self.temperature.number, self.seed)
        for field in (*fields, self.top_k, self.top_p):
            self._keys.keep_for(field)

    def _make_body(self) -> None:
        self.body = QComboBox()
        self.body.setAccessibleName(self.tr("Body"))
        self.body.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.body.setMinimumContentsLength(8)
        for each in library.choices():
            title = say("Built-in, {title}", title=each.title) if each.is_built_in else each.title
            self.body.addItem(title, each.key)
        self.body.setCurrentIndex(max(0, self.body.findData(self._display.body)))
        self.body.activated.connect(lambda _: self.body_changed.emit())
        self.height_field = SliderField(self.tr("Height"), SHORTEST_M, TALLEST_M, 0.01, unit="m", decimals=2)
        self.height_field.moved.connect(self._take_height)
        self.model = QComboBox()
        self.model.setAccessibleName(self.tr("Model"))
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model.setMinimumContentsLength(8)
        self.model.setPlaceholderText(self.tr("None yet"))
        self.model.activated.connect(lambda at: self._models.choose(str(self.model.itemData(at))))
        self._takes = parts.text("", "caption", wrap=True)

    def _make_foot(self) -> None:
        self.button = parts.button("", "generate", "primary", big=True)
        self.button.setProperty("align", "left")
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.button.clicked.connect(self.generate_wanted)
        self._time = parts.text("")
        self._time.setObjectName("onprimary")
        self._time.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over = QHBoxLayout(self.button)
        over.setContentsMargins(0, 0, 12, 0)
        parts.fill(over, (None, self._time))
        self.again = QCheckBox(self.tr("Again at every change"))
        self.again.clicked.connect(self.again_switched)

    def _lay_out(self) -> None:
        seed = parts.text(self.tr("Seed"), "label")
        seed.setFixedWidth(theme.px(82))
        seed.setBuddy(self.seed)
        inside = parts.col(
            parts.text(self.tr("Action"), "title"), self.action, self._refusal,
            self.duration, self._note, self.samples, self.temperature, parts.row(seed, (self.seed, 1), self.dice),
            2, parts.hair(), 2,
            parts.text(self.tr("Goes on from"), "title"), self.goes_on,
            2, parts.hair(), 2,
            self.poses,
            2, parts.hair(), 2,
            parts.text(self.tr("Body"), "title"), self.body, self.height_field,
            2, parts.hair(), 2,
            parts.text(self.tr("Model"), "title"), self.model, self._takes,
            parts.row(self._fold, None), self._folded, None,
            gap=6,
        )  # fmt: skip
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 6, 10)
        box.setSpacing(8)
        self._inside = inside
        box.addWidget(parts.scroll(inside), 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 0, 6, 0)
        foot.addWidget(self.button)
        box.addLayout(foot)
        again = parts.row(self.again, None, parts.key_of("generate"), margins=(0, 0, 6, 0))
        box.addWidget(again)

    def least_width(self) -> int:
        """What its words need, in whatever language."""
        bar, wish = 12, max(self._inside.minimumSizeHint().width(), self.again.sizeHint().width() + theme.px(84))
        return min(wish + 18 + bar, theme.px(340))

    # ---- what is shown ----

    def show_question(self) -> None:
        """The recipe as it stands."""
        question = self._question
        recipe, part, about = question.recipe, question.part_now, self._models.about
        if not question.unknown_action:  # what was typed stays until it is understood
            self.action.show_words(" + ".join(part.actions) if part is not None else "")
        self._show_unknown()
        self.duration.show_value(part.seconds if part is not None else FIRST_S)
        self.samples.show_value(recipe.samples)
        self.temperature.show_value(recipe.temperature)
        for field, value in ((self.seed, recipe.seed), (self.top_k, recipe.top_k), (self.top_p, recipe.top_p)):
            field.blockSignals(True)
            field.setValue(value)  # pyright: ignore[reportArgumentType]
            field.blockSignals(False)
        self.feet.blockSignals(True)
        self.feet.setChecked(recipe.keep_feet)
        self.feet.blockSignals(False)
        longest = max((each.seconds for each in recipe.story), default=0.0)
        too_long = about is not None and longest > about.longest_s + 1e-6
        if too_long and about is not None:
            words = self.tr("{asked} s is beyond this model's {longest} s: made in stretches, joined.")
            self._note.setText(words.format(asked=f"{longest:.3g}", longest=f"{about.longest_s:.3g}"))
        self._note.setVisible(too_long)
        self.goes_on.show_past()
        self.poses.show_poses()
        self._show_button()

    def show_models(self) -> None:
        """The models there are, and what the chosen one can do."""
        models = self._models
        titles = [each.title for each in models.known]
        if titles != [self.model.itemText(at) for at in range(self.model.count())]:
            self.model.clear()
            for each in models.known:
                self.model.addItem(each.title, each.run)
        self.model.setCurrentIndex(self.model.findData(models.run))
        self.action.show_actions(models.actions)
        self.show_question()

    def show_height(self, height_m: float) -> None:
        """How tall the body is that is shown."""
        self.height_field.show_value(height_m)

    def find_action(self) -> None:
        """Q."""
        self.action.open_list()

    def _show_unknown(self) -> None:
        strange = self._question.unknown_action
        self._refusal.setVisible(bool(strange))
        if not strange:
            return
        self._unknown.setText(self.tr('"{name}" is not an action of this model').format(name=strange))
        chips: list[QWidget] = []
        for name in self._question.nearest(strange):
            chip = parts.button(parts.literal(name))
            chip.clicked.connect(partial(self._take_nearest, strange, name))
            chips.append(chip)
        parts.refill(self._nearest, [parts.text(self.tr("Nearest:"), "caption"), *chips])
        parts.push_left(self._nearest)

    def _take_nearest(self, strange: str, name: str) -> None:
        words = [each.strip() for each in self.action.text().split("+")]
        self.action.setModified(False)
        self._question.name_action(" + ".join(name if each == strange else each for each in words))

    def _show_button(self) -> None:
        samples, takes_s = self._question.recipe.samples, self._models.takes_s(self._question.recipe)
        words = self.tr("Generate {samples}").format(samples=counted(samples, "sample"))
        self.button.setText(words)
        self.button.setAccessibleName(words)
        self._time.setText(_seconds(takes_s) if takes_s is not None else "")
        key = shown("generate")
        time = _seconds(takes_s) if takes_s is not None else ""
        self.button.setToolTip(f"{words}{f', {time}' if time else ''}  {key}")
        self.button.setEnabled(self._question.can_be_asked)
        self._takes.setText(self.tr("{time} for {samples} on this machine").format(
            time=time, samples=counted(samples, "sample")) if time else "")  # fmt: skip
        self._takes.setVisible(bool(time))
        self.again.setChecked(self._generating.is_again)

    def _show_answer(self) -> None:
        self._show_button()
        self.goes_on.show_past()

    def _take_height(self, height_m: float) -> None:
        self.height_m = round(height_m, 2)
        self.body_changed.emit()

    def _toggle_fold(self) -> None:
        on = not self._folded.isVisible()
        self._folded.setVisible(on)
        self._fold.show_icon("down" if on else "right")


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
