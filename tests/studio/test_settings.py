"""What a person prefers, and that no mistake in the file costs more than a default."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import settings


def test_that_settings_come_back_as_they_were_saved(tmp_path):
    first = settings.load(tmp_path / "s" / "settings.toml")
    first.name, first.look, first.text_size, first.tour_seen = 'Inès "I." \\ K.', "light", 130, True
    first.panels = {"annotate/left": [218, 900, 290]}
    first.remember(tmp_path / "kitchen", "Kitchen № 1")
    first.save()
    assert settings.load(first.file) == first


@given(name=st.text(max_size=40))
def test_that_any_name_survives_the_file(tmp_path_factory, name):
    first = settings.load(tmp_path_factory.mktemp("s") / "settings.toml")
    first.name = name
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    first.save()
    assert settings.load(first.file).name == name


@pytest.mark.parametrize(
    ("text", "key"), [("text_size = 400", "text_size"), ('look = "pink"', "look"), ("name = 3", "name")]
)
def test_that_a_wrong_value_keeps_its_default_and_is_named(tmp_path, text, key):
    file = tmp_path / "settings.toml"
    file.write_text(text)
    found = settings.load(file)
    untouched = settings.load(tmp_path / "none.toml")
    assert getattr(found, key) == getattr(untouched, key)
    assert key in found.complaints[0]


def test_that_a_damaged_file_gives_the_defaults_and_says_so(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_bytes(b"\xff\xfe = [")
    assert settings.load(file).look == "system"
    assert str(file) in settings.load(file).complaints[0]


def test_that_what_was_written_by_hand_is_kept_where_a_mistake_makes_it_unreadable(tmp_path):
    file = tmp_path / "settings.toml"
    written = 'name = "Ines\n[keys]\nsplit = ["Shift+S"]\n'
    file.write_text(written)
    found = settings.load(file)
    found.save()
    assert "split" not in file.read_text()
    assert (tmp_path / "settings.toml.unread").read_text() == written
    assert any("settings.toml.unread" in each for each in found.complaints)


def test_that_recent_projects_are_newest_first_once_each_and_eight_at_most(tmp_path):
    kept = settings.load(tmp_path / "settings.toml")
    for number in range(10):
        kept.remember(tmp_path / str(number), str(number))
    kept.remember(tmp_path / "5", "five again")
    assert [each.name for each in kept.recent] == ["five again", "9", "8", "7", "6", "4", "3", "2"]
    kept.forget(tmp_path / "9")
    assert "9" not in [each.name for each in kept.recent]


def test_that_a_disk_that_refuses_is_said_and_not_raised(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    kept = settings.load(Path(blocked / "settings.toml"))
    kept.save()
    assert "could not be saved" in kept.complaints[0]
