"""Tables of marks: what goes out comes in again, and what is wrong is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FormatError
from core.formats import marks
from core.formats.marks import Mark

WORDS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|"), min_size=1, max_size=12)
FRAMES = st.integers(0, 10**6)
TIMES = st.none() | st.floats(0, 1e4).map(lambda value: round(value, 6))
MARKS = st.builds(
    Mark, clip=WORDS, action=WORDS, start_frame=FRAMES, end_frame=FRAMES, start_s=TIMES, end_s=TIMES, actor=WORDS,
    objects=st.lists(WORDS, max_size=3).map(tuple), pose_frame=st.none() | FRAMES, pose_s=TIMES, made_by=WORDS,
    source=WORDS,
)  # fmt: skip


@given(st.lists(MARKS, max_size=5))
def test_that_a_csv_read_again_holds_the_same_marks(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("marks") / "marks.csv"
    marks.write_csv(rows, path)
    assert marks.is_csv(path)
    assert marks.read_csv(path) == rows


@given(st.lists(MARKS, max_size=5))
def test_that_a_json_read_again_holds_the_same_marks(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("marks") / "marks.json"
    marks.write_json(rows, path)
    assert marks.is_json(path)
    assert marks.read_json(path) == rows


def test_that_semicolons_and_a_byte_order_mark_are_read(tmp_path):
    path = tmp_path / "excel.csv"
    path.write_text("\ufeffend_frame;start_frame;action;clip\n20;10;cut;clip 1\n", encoding="utf-8")
    assert marks.is_csv(path)
    assert marks.read_csv(path) == [Mark(clip="clip 1", action="cut", start_frame=10, end_frame=20)]


def test_that_a_wrong_frame_is_named_with_its_line(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text("clip,action,start_frame,end_frame\na,cut,1,2\na,cut,one,2\n")
    with pytest.raises(FormatError, match=r"marks\.csv: line 3: .*start_frame"):
        marks.read_csv(path)


def test_that_a_missing_column_is_named(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text("clip,action,start_frame\na,cut,1\n")
    assert not marks.is_csv(path)
    with pytest.raises(FormatError, match="no column 'end_frame'"):
        marks.read_csv(path)


def test_that_another_json_is_not_taken_for_marks(tmp_path):
    path = tmp_path / "other.json"
    path.write_text('{"people": []}')
    assert not marks.is_json(path)
    with pytest.raises(FormatError, match="posecast_marks"):
        marks.read_json(path)


def test_that_a_later_format_is_refused(tmp_path):
    path = tmp_path / "marks.json"
    path.write_text('{"posecast_marks": 2, "segments": []}')
    with pytest.raises(FormatError, match="later version"):
        marks.read_json(path)


@pytest.mark.parametrize("time", ["inf", "1e999", "-1e30", "nan"])
def test_that_a_time_that_no_video_has_is_named_with_its_line(tmp_path, time):
    path = tmp_path / "marks.csv"
    path.write_text(f"clip,action,start_frame,end_frame,pose_s\na,stir,0,5,1\na,stir,6,9,{time}\n")
    with pytest.raises(FormatError, match=r"line 3: .*pose_s"):
        marks.read_csv(path)


def test_that_a_line_without_end_is_no_header_and_too_large_a_table_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "marks.csv"
    path.write_text("x" * 10_000 + ",clip,action,start_frame,end_frame\n")
    assert not marks.is_csv(path)
    monkeypatch.setattr(marks, "MOST_BYTES", 5000)
    with pytest.raises(FormatError, match="MB of marks"):
        marks.read_csv(path)
