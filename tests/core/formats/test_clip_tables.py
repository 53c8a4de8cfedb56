"""Tables of clips: what stands in a row, and who and which part come back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FormatError
from core.formats import clip_tables
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from tests.core.formats import made_clip_tables

WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


def test_that_a_row_counts_what_was_marked_and_what_is_missing(tmp_path):
    cut = ForeignSegment("cut", 0, 9, pose_frame=4, actor="Ann")
    segments = cut, ForeignSegment("cut", 9, 20), ForeignSegment("x", 20, 21)
    clip = ForeignClip("a", segments, 30.0, 900, 64, 48, "me", ("/films/a.mp4",), camera="left")
    path = tmp_path / "clips.csv"
    clip_tables.write(Annotations((clip,), splits={"own": {"train": ("a",)}}), path)
    assert path.read_text().splitlines()[1] == "a,900,30.0,30.0,64,48,3,1,2,2,1,me,left,a.mp4,train"


def test_that_performers_cameras_and_splits_come_back(tmp_path):
    path = made_clip_tables.make(tmp_path)
    assert clip_tables.is_clip_table(path)
    found = clip_tables.read(path)
    assert found.splits == {"own": {"train": ("a.mp4",), "test": ("b.mp4",)}}
    assert found.clips[0] == ForeignClip("a.mp4", (), 30.0, 900, 640, 360, "Ann", ("a.mp4",), camera="left, high")


@given(
    st.dictionaries(WORDS, st.tuples(st.integers(1, 10**6), st.sampled_from([25.0, 29.97]), WORDS), max_size=5),
    st.dictionaries(WORDS, st.sampled_from(["train", "test"]), max_size=2),
)
def test_that_what_is_written_is_read_again(tmp_path_factory, clips, splits):
    path = tmp_path_factory.mktemp("clips") / "clips.csv"
    made = tuple(ForeignClip(name, (), rate, count, 64, 48, who) for name, (count, rate, who) in clips.items())
    parts = {name: {part: tuple(clips)} for name, part in splits.items() if clips}
    clip_tables.write(Annotations(made, splits=parts), path)
    assert clip_tables.read(path) == replace(Annotations(made), splits=parts)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("900,30.0,30.0", "many,30.0,30.0", "line 2: frames is 'many'"),
        ("b.mp4,250", "a.mp4,250", "line 3: the clip 'a.mp4' again"),
        ("b.mp4,250", ",250", "line 3: the clip ''"),
        ("frames", "pictures", "no column 'frames'"),
        (",,,,test", ",,,,test,,,", "line 3: 18 cells under 15"),
    ],
)
def test_that_what_is_wrong_is_said_with_its_line(tmp_path, old, new, says):
    path = made_clip_tables.make(tmp_path)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(FormatError, match=says):
        clip_tables.read(path)
