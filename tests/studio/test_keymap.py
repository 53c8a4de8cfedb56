"""Which keys hold: presets without clashes, refusals by name, and a file that costs a line at most."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileError
from core.project.edits import add_label
from studio import commands, keymap
from studio import settings as preferences
from studio.commands import COMMANDS, label_key
from studio.keymap import PRESETS, Keymap
from studio.pages.annotate_lanes import looks_by_word
from studio.widgets.clip_time import ClipTime
from studio.widgets.timeline_contents import contents_of

PAGES = ("projects", "data", "annotate", "train", "evaluate", "forecast", "generate")
NAMES = [each.name for each in COMMANDS]
KEYS = ["C", "F9", "Ctrl+K", "Ctrl+Left", "3", "Shift+G", "Return", "Space", "Alt+Shift+M", "Num+5", "Del"]


@pytest.fixture(autouse=True)
def table_again():
    yield
    commands.hold({})


def clashes(made: Keymap) -> list[object]:
    made.hold()
    return [clash for page in PAGES for clash in commands.conflicts(page)]


@pytest.mark.parametrize("preset", PRESETS)
def test_that_no_preset_gives_a_key_two_meanings_and_all_its_keys_may_be_given(preset):
    assert clashes(Keymap(preset)) == []
    for name, keys in PRESETS[preset].keys.items():
        assert [keymap.why_not(key, name) for key in keys] == [""] * len(keys), name
        assert keys != commands.BY_NAME[name].defaults, f"{name} is no difference"


@pytest.mark.parametrize("preset", PRESETS)
def test_that_a_preset_leaves_nobody_without_a_key_who_had_one(preset):
    made = Keymap(preset)
    assert [each.name for each in COMMANDS if each.defaults and not made.keys(each.name)] == []


def test_that_every_default_key_is_one_a_person_could_give():
    assert [(each.name, key) for each in COMMANDS for key in each.defaults if keymap.why_not(key, each.name)] == []


@settings(max_examples=40, deadline=None)
@given(
    preset=st.sampled_from(sorted(PRESETS)),
    script=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([*KEYS, "reset", "none"])), max_size=12),
)
def test_that_whatever_is_given_taken_and_reset_no_key_means_two_things(preset, script):
    made = Keymap(preset)
    for name, key in script:
        if key == "none":
            made.take_away(name)
        elif key == "reset":
            made.reset(name, take=True)
            assert made.keys(name) == made.of_preset(name)
        else:
            made.give(name, key, take=True)
            assert key in made.keys(name)
    assert clashes(made) == []
    again, complaints = keymap.understood(made.preset, {name: list(keys) for name, keys in made.changed.items()}, "f")
    assert (again, complaints) == (made, ())


def test_that_a_key_somebody_has_is_refused_by_name_and_nothing_is_changed():
    made = Keymap()
    assert [each.name for each in made.give("split", "C")] == ["set-pose"]
    assert made == Keymap()
    made.give("split", "C", take=True)
    assert (made.keys("split"), made.keys("set-pose")) == (("C",), ())


def test_that_a_key_of_another_page_is_free_and_one_of_everywhere_is_not():
    made = Keymap()
    assert made.holders("generate", "C") == []  # characteristic poses are set on Annotate alone
    assert [each.name for each in made.holders("walk-through", "Ctrl+J")] == ["jobs"]
    assert [each.name for each in made.holders("set-pose", "Space")] == ["play"]  # the clock runs on Annotate too


def test_that_both_enters_are_one_key():
    made = Keymap()
    assert [each.name for each in made.holders("set-pose", "Ctrl+Enter")] == ["confirm-draft"]
    made.give("snap", "Ctrl+Alt+Enter")
    assert made.keys("snap") == ("Ctrl+Alt+Return", "Ctrl+Alt+Enter")


@pytest.mark.parametrize("key", ["#", "Shift+3", "Esc", "Ctrl+Esc", "Shift+F10", "Tab", "Ctrl+ä", "Ctrl", ""])
def test_that_keys_which_move_or_belong_to_all_are_refused_with_a_reason(key):
    assert keymap.why_not(key, "snap")
    assert keymap.why_not("Ctrl+Alt+F5", "snap") == ""


def test_that_what_is_shown_follows_the_keys_that_hold():
    made = Keymap()
    made.give("set-pose", "Ctrl+Alt+Right", take=True)
    made.give("label-13", "F8")
    made.hold()
    assert commands.tip("set-pose") == "Set characteristic pose  Ctrl+Alt+→"
    assert (commands.label_key("Alt+3"), commands.label_key("0"), commands.label_key("")) == ("F8", "0", "")


# ---- as text ----


def test_that_settings_keep_only_what_differs_and_give_it_back(tmp_path):
    kept = preferences.load(tmp_path / "settings.toml")
    kept.keymap.use("cvat")
    kept.keymap.give("merge", "F7")
    kept.keymap.take_away("background")
    kept.save()
    words = kept.file.read_text(encoding="utf-8")
    assert '"merge" = ["F7"]' in words
    assert "set-pose" not in words
    assert preferences.load(kept.file) == kept


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('"fly" = ["F7"]', "fly"),
        ('"merge" = 7', "merge"),
        ('"merge" = ["§"]', "§"),
        ('"merge" = ["C"]', "Set characteristic pose"),
    ],
)
def test_that_a_broken_line_costs_itself_and_is_named(tmp_path, line, named):
    file = tmp_path / "settings.toml"
    file.write_text(f'look = "light"\n[keys]\n"split" = ["F6"]\n{line}\n"snap" = ["F9"]\n', encoding="utf-8")
    found = preferences.load(file)
    assert any(named in each for each in found.complaints)
    assert (found.look, found.keymap.keys("snap"), found.keymap.keys("merge")) == ("light", ("F9",), ("Shift+X",))
    assert any("Next panel" in each for each in found.complaints), "F6 is everywhere's"


def test_that_a_file_with_two_meanings_for_a_key_keeps_one_of_them():
    made, complaints = keymap.understood("posecast", {"merge": ["X"], "split": ["F7"], "snap": ["F7"]}, "keys.toml")
    assert clashes(made) == []
    assert len(complaints) == 2, "split has its X back, so merge cannot have it"
    assert (made.keys("merge"), made.keys("split"), made.keys("snap")) == (("Shift+X",), ("X",), ("F7",))


def test_that_a_keymap_goes_through_a_file_of_its_own(tmp_path):
    made = Keymap("sleap")
    made.give("snap", "F9")
    made.write(tmp_path / "mine.toml")
    assert keymap.read(tmp_path / "mine.toml") == (made, ())


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[keys", b'name = "Ines"'])
def test_that_a_file_that_holds_no_keys_is_refused_in_words(tmp_path, content):
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    with pytest.raises(FileError) as refused:
        keymap.read(file)
    assert refused.value.hint
    with pytest.raises(FileError):
        Keymap().write(tmp_path / "nowhere" / "keys.toml")


def test_that_segments_and_lanes_show_the_key_a_person_gave_a_label(open_studio):
    project, reach = add_label(open_studio.document.project, "reach", "action", author="Ines K.")
    assert label_key("") == ""
    assert looks_by_word(project)["reach"].key == label_key(reach.key) == "1"
    made = Keymap()
    made.give("label-1", "F9")
    made.hold()
    assert looks_by_word(project)["reach"].key == "F9"
    clip = SimpleNamespace(segments=(), poses=(), actors=(), tracks="", performer="")
    assert contents_of(project, clip, ClipTime(10, 25.0)).labels[0].key == "F9"
