"""A form made from a typed config: a section for each group, a field for each knob, its help as a tooltip.

Nothing here knows which config it is: names, helps and ranges come from the types (`msgspec.Meta`). A field that
differs from the preset carries an accent bar and says the preset's value; a wrong value is said in words under its
field, and the form then has no value until it is mended. It knows no page.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec.inspect import BoolType, Field, FloatType, IntType, LiteralType, Metadata, StrType, StructType, type_info
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QVBoxLayout, QWidget

from studio import theme
from studio.widgets import parts
from studio.words import said, say


def _label_width() -> int:
    """Names wrap where large text would take the fields' room."""
    return min(theme.px(104), 118)


class KnobField(QWidget):
    """One knob: its name, its editor, and below it the preset's value or what is wrong."""

    changed = Signal()
    left = Signal()
    """The person is done typing here."""

    def __init__(self, name: str, title: str, help_text: str, kind: Any) -> None:
        super().__init__()
        title, help_text = said(title), " ".join(filter(None, (said(help_text), range_words(kind))))
        self.name, self.title = name, title
        self._kind = kind
        self._preset: Any = None
        self._label = parts.text(title, "label", wrap=True)
        self._label.setFixedWidth(_label_width())
        self._label.setToolTip(help_text)
        self.editor = self._make_editor()
        self.editor.setAccessibleName(title)
        self.editor.setAccessibleDescription(help_text)
        self.editor.setToolTip(help_text)
        self._label.setBuddy(self.editor)
        self._below = parts.text("", "caption", wrap=True)
        self._back = parts.tool("undo", "Back to the preset's value", size=12)
        self._back.clicked.connect(self._take_back)
        self._under = parts.row((self._below, 1), self._back, gap=4, margins=(_label_width() + 8, 0, 0, 0))
        self._under.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addWidget(parts.row(self._label, (self.editor, 1)))
        box.addWidget(self._under)

    def words(self) -> str:
        """Everything a search may find it by."""
        return f"{self.title} {self.name} {self.editor.toolTip()}".lower()

    def show_preset(self, value: Any) -> None:
        """The value it has in the preset."""
        self._preset = value
        self._follow()

    def show_value(self, value: Any) -> None:
        """Put a value in without telling anybody."""
        self.editor.blockSignals(True)
        match self.editor:
            case QCheckBox():
                self.editor.setChecked(value)
            case QComboBox():
                self.editor.setCurrentIndex(self.editor.findData(value))
            case QLineEdit():
                self.editor.setText(written(value))
        self.editor.blockSignals(False)
        self._follow()

    def value(self) -> Any:
        """What is typed or chosen; ValueError says in words why it is none."""
        match self.editor:
            case QCheckBox():
                return self.editor.isChecked()
            case QComboBox():
                return self.editor.currentData()
            case QLineEdit():
                return read(self.editor.text(), self._kind)

    def name_choices(self, names: Mapping[str, str]) -> None:
        """Call choices what they are on this machine."""
        assert isinstance(self.editor, QComboBox)
        for at in range(self.editor.count()):
            name = names.get(self.editor.itemData(at))
            if name is not None and name != self.editor.itemText(at):
                self.editor.setItemText(at, name)

    def problem(self) -> str:
        """What is wrong with it, or nothing."""
        try:
            self.value()
        except ValueError as error:
            return str(error)
        return ""

    def is_changed(self) -> bool:
        """Whether it has a value, and another one than the preset."""
        return not self.problem() and self.value() != self._preset

    def _make_editor(self) -> QCheckBox | QComboBox | QLineEdit:
        if isinstance(self._kind, BoolType):
            switch = QCheckBox("")
            switch.toggled.connect(self._edited)
            return switch
        if isinstance(self._kind, LiteralType):
            choice = QComboBox()
            for value in self._kind.values:
                choice.addItem(said(str(value).replace("_", " ")), value)
            choice.currentIndexChanged.connect(self._edited)
            choice.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            choice.wheelEvent = lambda event: event.ignore()  # a wheel over a form scrolls the form
            return choice
        line = QLineEdit()
        line.textChanged.connect(self._edited)
        line.editingFinished.connect(self.left)
        return line

    def _edited(self) -> None:
        self._follow()
        self.changed.emit()

    def _follow(self) -> None:
        problem, changed = self.problem(), self.is_changed()
        self.editor.setProperty("changed", "true" if changed else "false")
        self.editor.setProperty("state", "error" if problem else "")
        parts.repolish(self.editor)
        parts.set_role(self._below, "danger" if problem else "caption")
        preset = written(self._preset).replace("_", " ")
        self._below.setText(problem or (self.tr("preset {value}").format(value=preset) if changed else ""))
        self._back.setVisible(changed)
        self._back.setAccessibleName(say("{title} back to {value}", title=self.title, value=preset))
        self._under.setVisible(bool(problem) or changed)

    def _take_back(self) -> None:
        """The preset's value, as if it were typed."""
        self.show_value(self._preset)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()


class ConfigForm(QWidget):
    """All knobs of one config type, in sections."""

    changed = Signal()
    """A value was edited by hand."""

    SECTION_LAST: ClassVar[str] = "Run"
    """The section of knobs that belong to no group."""

    def __init__(self, of: type[msgspec.Struct]) -> None:
        super().__init__()
        self._of = of
        self._preset: msgspec.Struct | None = None
        self.fields: dict[str, KnobField] = {}
        self._sections: list[tuple[QWidget, list[KnobField]]] = []
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(7)
        for title, found in sections_of(of, self.SECTION_LAST):
            fields = [self._add(*each) for each in found]
            heading = parts.text(title, "strong")
            lines = parts.col(*([parts.hair()] if self._sections else []), heading, gap=7)
            box.addWidget(lines)
            for field in fields:
                box.addWidget(field)
            self._sections.append((lines, fields))
        self._nothing = parts.text(self.tr("No setting is called that."), "caption", wrap=True)
        self._nothing.hide()
        box.addWidget(self._nothing)
        box.addStretch(1)

    def set_preset(self, preset: msgspec.Struct) -> None:
        """Start from this config: every field takes its value, and is compared with it from now on."""
        self._preset = preset
        values = flat(preset)
        for name, field in self.fields.items():
            field.show_preset(values[name])
        self.show_config(preset)

    def show_config(self, config: msgspec.Struct) -> None:
        """Put a config's values in; the preset stays what they are compared with."""
        values = flat(config)
        for name, field in self.fields.items():
            field.show_value(values[name])

    def config(self) -> Any:
        """The config as it stands, or None while a value is wrong."""
        if self._preset is None or self.problems():
            return None
        nested: dict[str, Any] = {}
        for name, field in self.fields.items():
            place = nested
            *groups, last = name.split(".")
            for group in groups:
                place = place.setdefault(group, {})
            place[last] = field.value()
        return msgspec.convert(nested, self._of)

    def problems(self) -> list[KnobField]:
        """The fields whose value is wrong, from top to bottom."""
        return [field for field in self.fields.values() if field.problem()]

    def changes(self) -> list[KnobField]:
        """The fields that differ from the preset."""
        return [field for field in self.fields.values() if field.is_changed()]

    def show_found(self, words: str) -> None:
        """Show only the settings that `words` fit, in name or help; none shows all."""
        wanted = words.lower().split()
        shown = 0
        for heading, fields in self._sections:
            fitting = [field for field in fields if all(word in field.words() for word in wanted)]
            for field in fields:
                field.setVisible(field in fitting)
            heading.setVisible(bool(fitting))
            shown += len(fitting)
        self._nothing.setVisible(not shown)

    def _add(self, name: str, title: str, help_text: str, kind: Any) -> KnobField:
        field = KnobField(name, title, help_text, kind)
        field.changed.connect(self.changed)
        self.fields[name] = field
        return field


# ---- from types to fields --------------------------------------------------------------------------------------------

Knob = tuple[str, str, str, Any]
"""A knob's dotted name, its title, its help, and its bare type."""


def sections_of(config: type[msgspec.Struct], last: str) -> list[tuple[str, list[Knob]]]:
    """Groups in their order, then the knobs that belong to none."""
    info = type_info(config)
    assert isinstance(info, StructType)
    sections: list[tuple[str, list[Knob]]] = []
    alone: list[Knob] = []
    for field in info.fields:
        bare, said = _bare(field)
        title = said.get("title", field.name)
        if isinstance(bare, StructType):
            inside = [_knob(each, f"{field.name}.") for each in bare.fields]
            sections.append((title, inside))
        else:
            alone.append(_knob(field, ""))
    return [*sections, (last, alone)] if alone else sections


def _knob(field: Field, prefix: str) -> Knob:
    bare, said = _bare(field)
    title = said.get("title", field.name.replace("_", " "))
    return f"{prefix}{field.name}", title, said.get("description", ""), bare


def _bare(field: Field) -> tuple[Any, dict[str, str]]:
    if isinstance(field.type, Metadata):
        return field.type.type, field.type.extra_json_schema or {}
    return field.type, {}


def flat(config: msgspec.Struct, prefix: str = "") -> dict[str, Any]:
    """Every knob's value by its dotted name."""
    values: dict[str, Any] = {}
    for name in config.__struct_fields__:
        value = getattr(config, name)
        values.update(flat(value, f"{prefix}{name}.") if isinstance(value, msgspec.Struct) else {prefix + name: value})
    return values


def range_words(kind: Any) -> str:
    """What a number may be, such as `From 1 to 50.`; nothing for what is no number."""
    if not isinstance(kind, IntType | FloatType):
        return ""
    low = kind.ge if kind.ge is not None else kind.gt
    high = kind.le if kind.le is not None else kind.lt
    least, most = written(low), written(high)
    match (low, high):
        case (None, None):
            return ""
        case (_, None):
            return say("More than {low}.", low=least) if kind.ge is None else say("At least {low}.", low=least)
        case (None, _):
            return say("Less than {high}.", high=most) if kind.le is None else say("At most {high}.", high=most)
        case _ if kind.le is None:
            return say("From {low} to less than {high}.", low=least, high=most)
        case _:
            return say("From {low} to {high}.", low=least, high=most)


def written(value: Any) -> str:
    """A value as a person writes it."""
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:.0f}.0" if value.is_integer() and abs(value) < 1e5 else f"{value:.10g}"
        case _:
            return str(value)


def read(text: str, kind: Any) -> Any:
    """What was typed, as the knob's type; ValueError in words otherwise. `20 000`, `20_000` and `2e4` are numbers."""
    if isinstance(kind, StrType):
        words = text.strip()
        if kind.pattern is not None and re.search(kind.pattern, words) is None:
            raise ValueError(
                say("Whole numbers with commas, such as 1,3") if r"\d" in kind.pattern else say("Of another form")
            )
        return words
    digits = text.strip().replace(" ", "").replace("\u2009", "").replace("_", "").replace(",", ".")
    whole = isinstance(kind, IntType)
    try:
        number = float(digits)
    except ValueError:
        number = float("nan")
    if not math.isfinite(number) or (whole and not number.is_integer()):
        raise ValueError(say("A whole number, such as 10") if whole else say("A number, such as 0.0001"))
    value = int(number) if whole else number
    assert isinstance(kind, IntType | FloatType)
    if kind.ge is not None and value < kind.ge:
        raise ValueError(say("At least {ge}", ge=written(kind.ge)))
    if kind.gt is not None and value <= kind.gt:
        raise ValueError(say("More than {gt}", gt=written(kind.gt)))
    if kind.le is not None and value > kind.le:
        raise ValueError(say("At most {le}", le=written(kind.le)))
    if kind.lt is not None and value >= kind.lt:
        raise ValueError(say("Less than {lt}", lt=written(kind.lt)))
    return value
