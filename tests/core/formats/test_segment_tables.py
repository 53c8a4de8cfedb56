"""Any table of segments: what is guessed of its columns, what a person chooses, and what is wrong said by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FormatError
from core.formats import segment_tables
from core.formats.annotated import ForeignSegment
from core.formats.segment_tables import columns_of, read
from tests.core.formats import made_segment_tables


def put(folder, text, name="table.csv", encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def test_that_names_and_values_say_which_column_is_what(tmp_path):
    path = made_segment_tables.make(tmp_path)
    columns = columns_of(path)
    assert columns.header == ("Video", "Person", "Activity", "Begin (s)", "End (s)", "Items", "Peak")
    assert columns.guess == {
        "encoding": "utf-8", "delimiter": "semicolon", "header": "yes", "clip": "Video", "actor": "Person",
        "action": "Activity", "start": "Begin (s)", "end": "End (s)", "objects": "Items", "pose": "Peak",
        "unit": "seconds", "first": "0", "end_included": "no",
    }  # fmt: skip
    assert columns.rows[0] == ("kitchen.mp4", "Ann", "cut", "1.00", "2.50", "bread|knife", "1.80")
    assert columns.count == 3
    assert columns.is_complete
    assert segment_tables.is_segment_table(path)
    kitchen, garden = read(path).clips
    assert kitchen.segments == (
        ForeignSegment("cut", start_s=1.0, end_s=2.5, objects=("bread", "knife"), actor="Ann", pose_s=1.8),
        ForeignSegment("stir", start_s=2.0, end_s=4.0, actor="Bob"),
    )
    assert garden.segments[0].end_s == 3.25


def test_that_the_guess_given_back_as_choices_reads_the_same(tmp_path):
    path = made_segment_tables.make(tmp_path)
    assert read(path, **columns_of(path).guess).clips == read(path).clips


@given(
    st.sampled_from(["frames", "seconds", "milliseconds", "time"]),
    st.integers(0, 1),
    st.booleans(),
    st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 500)), min_size=1, max_size=5),
)
def test_that_every_way_to_write_a_time_means_the_same_time(tmp_path_factory, unit, first, included, spans):
    def spelled(ms: int) -> str:
        return {
            "seconds": f"{ms / 1000:.3f}", "milliseconds": str(ms),
            "time": f"{ms // 3600000}:{ms // 60000 % 60:02}:{ms % 60000 / 1000:06.3f}",
        }[unit]  # fmt: skip

    lines = ["what,a,b"]
    for start, length in spans:
        if unit == "frames":
            lines.append(f"cut,{start + first},{start + length + first - included}")
        else:
            lines.append(f"cut,{spelled(start)},{spelled(start + length)}")
    path = put(tmp_path_factory.mktemp("table"), "\n".join(lines))
    options = {"unit": unit, "first": str(first), "end_included": "yes" if included else "no"}
    (clip,) = read(path, action="what", start="a", end="b", **options).clips
    for (start, length), segment in zip(spans, clip.segments, strict=True):
        if unit == "frames":
            assert (segment.start_frame, segment.end_frame) == (start, start + length)
        else:
            assert segment.start_s == pytest.approx(start / 1000)
            assert segment.end_s == pytest.approx((start + length) / 1000)


def test_that_frames_that_meet_tell_whether_the_end_is_included(tmp_path):
    included = put(tmp_path, "action,start,end\na,1,9\nb,10,19\nc,20,25\n")
    guess = columns_of(included).guess
    assert (guess["unit"], guess["first"], guess["end_included"]) == ("frames", "1", "yes")
    assert [(each.start_frame, each.end_frame) for each in read(included).clips[0].segments] == [
        (0, 9), (9, 19), (19, 25)
    ]  # fmt: skip
    beyond = put(tmp_path, "action,start,end\na,0,10\nb,10,20\nc,20,26\n")
    assert columns_of(beyond).guess["end_included"] == "no"


def test_that_a_table_without_names_is_chosen_by_number(tmp_path):
    path = put(tmp_path, "s08,cut,10,20\ns08,wash,30,44\n")
    assert columns_of(path).header == ("column 1", "column 2", "column 3", "column 4")
    chosen = {"clip": "column 1", "action": "column 2", "start": "column 3", "end": "column 4"}
    (clip,) = read(path, **chosen).clips
    assert clip.name == "s08"
    assert [each.action for each in clip.segments] == ["cut", "wash"]


def test_that_a_duration_stands_for_an_end(tmp_path):
    path = put(tmp_path, "onset\tduration\tbehaviour\n0.5\t1.25\tlook\n", "events.tsv")
    (clip,) = read(path).clips
    assert (clip.name, clip.segments) == ("events", (ForeignSegment("look", start_s=0.5, end_s=1.75),))


@pytest.mark.parametrize(
    ("encoding", "told"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16"), ("cp1252", "latin-1")]
)
def test_that_the_encoding_is_told_or_guessed(tmp_path, encoding, told):
    path = put(tmp_path, "action,start,end\nrühren,1.0,2.0\n", encoding=encoding)
    columns = columns_of(path)
    assert columns.guess["encoding"] == told
    assert read(path).clips[0].segments[0].action == "rühren"
    assert any("taken for UTF-16" in n or "Latin-1" in n for n in columns.notes) == (
        encoding in ("utf-16-le", "cp1252")
    )


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("a,b\n1,2\n", {}, "no column is known to be the action"),
        ("action,start,end\ncut,x,2\n", {"unit": "seconds"}, "line 2: start is 'x', not a number"),
        ("action,start,end\ncut,1.5,2\n", {"unit": "frames"}, "line 2: start is '1.5', not a whole number"),
        ("action,start,end\ncut,1:99,2:00\n", {}, "line 2: start is '1:99', not a time"),
        ("action,start,end\ncut,5,5\n", {"end_included": "no"}, "line 2: cut runs from frame 5 to 5"),
        ("action,start,end\ncut,0,5\n", {"first": "1"}, "line 2: cut runs from frame 0"),
        ("action,start,end\ncut,inf,5\n", {"unit": "seconds"}, "line 2: start is 'inf'"),
        ("action,start,end\ncut,1e300,5\n", {"unit": "seconds"}, "line 2: start is '1e300'"),
        ("action,start,end\ncut,2.5,1.5\n", {}, "line 2: cut ends before"),
        ("action,start,end\n,1,2\n", {}, "line 2: no action"),
        ("action,start,end\ncut,1\n", {}, "no start or no end"),
        ("action,start,end\ncut,1,2\n", {"action": "verb"}, "no column 'verb'"),
        ("action,start,end\ncut,1,2\n", {"unit": "fortnights"}, "unit cannot be 'fortnights'"),
        ("action,start,end\ncut,1,2\n", {"colour": "red"}, "'colour' cannot be chosen"),
        ('action,start,end\n"cut,1,2\n', {}, "line 2: unexpected end"),
    ],
)
def test_that_what_is_wrong_is_said_with_its_line(tmp_path, text, options, says):
    with pytest.raises(FormatError, match=says) as caught:
        read(put(tmp_path, text), **options)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "sampleid;frameidx\ns1-cup;3\n",
        "sample-id;start;action;comment\nS1;0;583;\n",
        "clip,action,start_frame,end_frame\na,cut,1,2\n",
        "x,y,z\n1,2,3\n",
        "action,start,end\ncut,now,then\n",
    ],
)
def test_that_tables_of_other_kinds_are_left_to_them(tmp_path, text):
    assert not segment_tables.is_segment_table(put(tmp_path, text))
