"""EPIC-KITCHENS-100: the real table, classes and words, times and rates, and what is wrong with a line."""

import zipfile

import pytest

from core.errors import FormatError
from core.formats import epic_kitchens
from core.formats.annotated import ForeignSegment
from tests.core.formats import made_epic_kitchens


def test_that_the_real_table_holds_all_its_segments(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "epic_kitchens_100" / "validation.zip") as archive:
        archive.extractall(tmp_path)
    path = tmp_path / "EPIC_100_validation.csv"
    assert epic_kitchens.is_epic_kitchens(path)
    assert not epic_kitchens.is_epic_kitchens(tmp_path / "EPIC_100_verb_classes.csv")
    found = epic_kitchens.read(path)
    segments = [each for clip in found.clips for each in clip.segments]
    assert (len(found.clips), len(segments)) == (138, 9668)
    assert len({each.action for each in segments}) == 78
    assert all(each.objects for each in segments)
    assert {clip.performer for clip in found.clips} == {clip.name[:3] for clip in found.clips}
    assert all(49 < (clip.rate_hz or 0) < 61 for clip in found.clips)


def test_that_verbs_and_nouns_are_their_classes(tmp_path):
    first, second = epic_kitchens.read(made_epic_kitchens.make(tmp_path)).clips
    assert (first.name, first.performer, first.frame_count) == ("P01_11.MP4", "P01", 3747)
    assert first.segments == (
        ForeignSegment("take", start_s=0.0, end_s=1.89, objects=("plate",)),
        ForeignSegment("put", start_s=1.56, end_s=62.45, objects=("plate", "tap")),
    )
    assert second.segments[0].start_s == 3601.5
    assert second.rate_hz == 50.0


@pytest.mark.parametrize(
    ("action", "expected"), [("narration", "put plate in tap"), ("verb noun", "put plate"), ("verb", "put")]
)
def test_that_a_person_chooses_what_an_action_is_called(tmp_path, action, expected):
    found = epic_kitchens.read(made_epic_kitchens.make(tmp_path), action=action)
    assert found.clips[0].segments[1].action == expected


def test_that_words_stay_where_no_classes_are_beside_the_file(tmp_path):
    path = made_epic_kitchens.make(tmp_path)
    (tmp_path / "EPIC_100_verb_classes.csv").unlink()
    found = epic_kitchens.read(path)
    assert found.clips[0].segments[0].action == "fetch"
    assert found.notes == ("no table of verb classes beside it; verbs stay as they were narrated",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("00:00:01.89", "soon", "line 2: it runs from '00:00:00.00' to 'soon'"),
        ("00:00:01.56,00:01:02.45", "00:09:01.56,00:01:02.45", "line 3: it runs"),
        ("fetch,0,", "fetch,9,", "line 2: there is no class '9' of 'fetch'"),
        ("fetch,0,", "fetch,", "line 2: 14 cells, not 15"),
        ("video_id", "video", "no column 'video_id'"),
        (",P22_07,", ",,", "line 4: no video_id"),
    ],
)
def test_that_what_is_wrong_with_a_table_is_said_with_its_line(tmp_path, old, new, says):
    path = made_epic_kitchens.make(tmp_path)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(FormatError, match=says) as caught:
        epic_kitchens.read(path)
    assert caught.value.hint
