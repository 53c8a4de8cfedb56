"""The form follows the types: a field a knob, words for what is wrong, nothing else to keep in step."""

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta
from PySide6.QtWidgets import QToolButton

from core import configs
from studio.widgets.config_form import ConfigForm, flat, read, sections_of, written


class Oven(msgspec.Struct, frozen=True, kw_only=True):
    heat: Annotated[float, Meta(gt=0.0, le=300.0, title="Heat", description="Degrees at the middle rack.")] = 180.0
    grill: Annotated[bool, Meta(title="Grill")] = False
    racks: Annotated[int, Meta(ge=1, lt=5, title="Racks")] = 2


class Bake(msgspec.Struct, frozen=True, kw_only=True):
    oven: Annotated[Oven, Meta(title="The oven")] = Oven()
    tin: Annotated[Literal["round", "long_loaf"], Meta(title="Tin")] = "round"
    note: str = ""


@pytest.fixture
def form(qtbot):
    made = ConfigForm(Bake)
    made.set_preset(Bake())
    qtbot.addWidget(made)
    return made


def test_that_every_knob_of_the_forecaster_has_a_field_in_its_section():
    sections = sections_of(configs.Forecaster, "Run")
    names = [name for _, knobs in sections for name, *_ in knobs]
    assert sorted(names) == sorted(flat(configs.recommended()))
    assert [title for title, _ in sections][:2] == ["Data", "Network"]
    assert sections[-1][0] == "Run"


@pytest.mark.parametrize("name", configs.PRESETS)
def test_that_a_preset_comes_back_from_the_form_as_it_went_in(qtbot, name):
    form = ConfigForm(type(configs.preset(name)))
    qtbot.addWidget(form)
    form.set_preset(configs.preset(name))
    assert form.config() == configs.preset(name)
    assert not form.changes()


def test_that_an_edit_is_the_config_and_is_counted_against_the_preset(form, qtbot):
    with qtbot.waitSignal(form.changed):
        form.fields["oven.heat"].editor.setText("220")
    tin = form.fields["tin"].editor
    tin.setCurrentIndex(tin.findData("long_loaf"))
    form.fields["oven.grill"].editor.setChecked(True)
    assert form.config() == Bake(oven=Oven(heat=220.0, grill=True), tin="long_loaf")
    assert [field.title for field in form.changes()] == ["Heat", "Grill", "Tin"]


def test_that_a_changed_field_says_what_the_preset_has(form, qtbot):
    field = form.fields["oven.heat"]
    field.editor.setText("220")
    assert "preset 180.0" in said(field)
    assert field.editor.property("changed") == "true"
    field.editor.setText("180")
    assert field.editor.property("changed") == "false"
    assert not said(field)


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("oven.heat", "hot", "A number, such as 0.0001"),
        ("oven.heat", "", "A number, such as 0.0001"),
        ("oven.heat", "nan", "A number, such as 0.0001"),
        ("oven.heat", "0", "More than 0.0"),
        ("oven.heat", "301", "At most 300.0"),
        ("oven.racks", "1.5", "A whole number, such as 10"),
        ("oven.racks", "0", "At least 1"),
        ("oven.racks", "5", "Less than 5"),
    ],
)
def test_that_a_wrong_value_is_said_in_words_and_there_is_no_config(form, name, typed, words):
    field = form.fields[name]
    field.editor.setText(typed)
    assert field.problem() == words
    assert words in said(field)
    assert form.config() is None
    assert form.problems() == [field]


@pytest.mark.parametrize(("typed", "number"), [("20 000", 20000), ("20_000", 20000), ("2e4", 20000), (" 3 ", 3)])
def test_that_numbers_are_read_as_people_write_them(typed, number):
    kind = sections_of(configs.Forecaster, "Run")[-1][1][0][3]
    assert read(typed, kind) == number


def test_that_what_is_said_of_a_number_is_read_back_as_the_same(form):
    kind = sections_of(Bake, "Run")[0][1][0][3]
    for value in (1e-4, 0.1, 3.0, 123.456, 2.5e-7):
        assert read(written(value), kind) == value


def test_that_a_search_leaves_only_what_it_fits_in_name_or_help(form, qtbot):
    form.show()
    form.show_found("rack")
    assert [field.title for field in form.fields.values() if field.isVisible()] == ["Heat", "Racks"]
    form.show_found("nothing is called this")
    assert not any(field.isVisible() for field in form.fields.values())
    form.show_found("")
    assert all(field.isVisible() for field in form.fields.values())
    form.close()


def test_that_every_field_can_be_named_aloud_and_explains_itself(qtbot):
    form = ConfigForm(configs.Forecaster)
    qtbot.addWidget(form)
    assert all(field.editor.accessibleName() == field.title for field in form.fields.values())
    explained = [name for name, field in form.fields.items() if field.editor.toolTip()]
    assert len(explained) > len(form.fields) / 2


def said(field) -> str:
    below = field._below
    return below.text() if not below.isHidden() else ""


def test_that_one_setting_goes_back_to_the_preset_alone(form, qtbot):
    form.fields["oven.heat"].editor.setText("220")
    form.fields["oven.racks"].editor.setText("4")
    form.show()
    back = form.fields["oven.heat"].findChild(QToolButton)
    assert back.isVisible()
    with qtbot.waitSignal(form.changed):
        back.click()
    assert form.config() == Bake(oven=Oven(racks=4))
    assert not back.isVisible()


@pytest.mark.parametrize(
    ("name", "says"), [("oven.heat", "From 0.0 to 300.0."), ("oven.racks", "From 1 to less than 5."), ("note", "")]
)
def test_that_a_field_says_what_it_may_be(form, name, says):
    assert form.fields[name].editor.toolTip().endswith(says)


def test_that_choices_are_called_what_they_are_here_and_mean_the_same(form):
    tin = form.fields["tin"]
    tin.name_choices({"long_loaf": "Loaf, 30 cm"})
    tin.editor.setCurrentIndex(tin.editor.findText("Loaf, 30 cm"))
    assert form.config().tin == "long_loaf"
