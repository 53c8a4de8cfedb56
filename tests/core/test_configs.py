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


def test_that_posegpts_presets_differ_as_its_paper_and_its_code_do():
    paper, published = configs.preset("posegpt/paper"), configs.preset("posegpt/published")
    weights = [(each.commitment, each.codebook, each.weight) for each in (paper.quantizer, published.quantizer)]
    assert weights == [(0.25, 1.0, 1.0), (1.0, 0.25, 0.25)]
    # C is of every book in the text, and of all books in the code.
    assert paper.quantizer.codes_a_book == paper.quantizer.codes == 256
    assert published.quantizer.codes_a_book == published.quantizer.codes / published.quantizer.books == 128
    # The appendix gives heads a width of their own.
    heads = [(each.width, each.heads, each.head_width) for each in (paper.autoencoder, paper.gpt)]
    assert heads == [(512, 5, 32), (256, 4, 256)]
    assert {each.autoencoder.root_input for each in (paper, published)} == {"absolute"}
    assert (published.data.least_frames, published.data.most_frames) == (64, 64)


@pytest.mark.parametrize("size", ["recommended", "small"])
def test_that_our_presets_of_posegpt_learn_every_length_and_steps_of_the_root(size):
    ours = configs.preset(f"posegpt/{size}")
    assert (ours.data.least_frames, ours.data.most_frames) == (16, 320)
    assert (ours.autoencoder.root_input, ours.quantizer.update) == ("deltas", "running means")


@pytest.mark.parametrize("stage", ["autoencoder", "gpt"])
@pytest.mark.parametrize("size", ["paper", "published", "recommended", "small", "smoke"])
def test_that_a_stage_alone_has_the_knobs_of_both(size, stage):
    both, alone = configs.preset(f"posegpt/{size}"), configs.preset(f"posegpt-{stage}/{size}")
    changed = {knob for knob, value in configs.knobs(alone).items() if configs.knobs(both)[knob] != value}
    assert (both.stages, alone.stages, changed) == ("both", stage, {"stages"})


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
