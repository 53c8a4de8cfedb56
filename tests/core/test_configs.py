"""Knobs: what a form, a command line and a checkpoint agree on."""

import msgspec
import pytest

from core import configs
from core.errors import RunError


@pytest.mark.parametrize("name", configs.PRESETS)
def test_that_a_preset_survives_a_file(name):
    config = configs.preset(name)
    assert msgspec.json.decode(msgspec.json.encode(config), type=type(config)) == config


@pytest.mark.parametrize("name", configs.PRESETS)
def test_that_writing_every_knob_as_a_word_gives_the_same_config(name):
    config = configs.preset(name)
    words = [
        f"{knob}={value}".replace("True", "true").replace("False", "false")
        for knob, value in configs.knobs(config).items()
    ]
    assert configs.with_overrides(type(config)(), words) == config


def test_that_every_knob_has_a_title_for_the_form():
    def untitled(kind, prefix=""):
        for field in msgspec.inspect.type_info(kind).fields:
            meta = field.type
            if not isinstance(meta, msgspec.inspect.Metadata) or not (meta.extra_json_schema or {}).get("title"):
                yield prefix + field.name
            bare = meta.type if isinstance(meta, msgspec.inspect.Metadata) else meta
            if isinstance(bare, msgspec.inspect.StructType):
                yield from untitled(bare.cls, f"{prefix}{field.name}.")

    assert not list(untitled(configs.Forecaster))
    assert not list(untitled(configs.PoseGpt))


def test_that_the_paper_preset_says_what_the_paper_prints():
    config = configs.paper()
    assert (config.losses.action, config.losses.pose2d, config.losses.adversarial) == (1e6, 1.0, 1.0)
    assert (config.optimiser.learning_rate, config.optimiser.weight_decay, config.optimiser.batch) == (1e-4, 1e-3, 4096)
    assert (config.losses.pose2d_unit, config.critic.unit) == ("px", "mm")
    assert config.data.joint_map == "table5"


def test_that_an_override_changes_its_knob_and_no_other():
    before = configs.recommended()
    after = configs.with_overrides(before, ["losses.pose2d=0.5", "steps=2e4", "data.objects=false"])
    changed = {knob: value for knob, value in configs.knobs(after).items() if configs.knobs(before)[knob] != value}
    assert changed == {"losses.pose2d": 0.5, "steps": 20_000, "data.objects": False}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("losses.pose2d", "losses.pose2d"),
        ("losses=3", "group of knobs"),
        ("steps.most=2", "no knob"),
        ("lerning_rate=1", "lerning_rate"),
        ("optimiser.lerning_rate=1", "optimiser.lerning_rate"),
        ("steps=-1", ">= 1"),
        ("steps=many", "steps=many"),
        ("steps=1e", "steps=1e"),
        ("losses.pose2d=inf", "finite"),
        ("losses.pose2d=nan", "losses.pose2d"),
        ("data.objects=perhaps", "data.objects"),
    ],
)
def test_that_a_wrong_override_is_refused_by_name(word, said):
    with pytest.raises(RunError, match=said):
        configs.with_overrides(configs.recommended(), [word])


def test_that_a_wrong_choice_is_answered_with_the_choices():
    with pytest.raises(RunError) as caught:
        configs.with_overrides(configs.recommended(), ["data.poses=best"])
    assert "characteristic" in caught.value.hint


def test_that_a_file_with_a_wrong_knob_is_refused_by_place():
    with pytest.raises(msgspec.ValidationError, match=r"lerning_rate.*\$\.optimiser"):
        msgspec.json.decode(b'{"optimiser": {"lerning_rate": 1}}', type=configs.Forecaster)


def test_that_an_unknown_preset_is_answered_with_the_names():
    with pytest.raises(RunError) as caught:
        configs.preset("forecaster/best")
    assert "forecaster/paper" in caught.value.hint
