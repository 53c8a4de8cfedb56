"""Tables of characteristic poses: every byte stays, and what is wrong is named by its line."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FormatError
from core.formats import keypose_csv
from core.formats.keypose_csv import KeyposeRow
from tests.core.formats import made_keypose_csv

words = st.text(st.characters(codec="utf-8", exclude_characters="\r\n;,\t"), max_size=12)
names = words.map(str.strip).filter(bool)
frames = st.integers(0, 10**6)
ends = st.sampled_from(("\n", "\r\n", "\r"))


@st.composite
def tables(draw):
    form = draw(st.sampled_from(("GRAB", "Human3.6M")))
    rows = draw(st.lists(st.tuples(names, frames, frames, words), unique_by=lambda each: each[0], max_size=8))
    lines = [";".join(keypose_csv.COLUMNS[form])]
    pad = draw(st.sampled_from(("", " ", "  ")))
    for name, start, frame, comment in rows:
        lines += [""] * draw(st.integers(0, 1))
        values = (name, str(frame)) if form == "GRAB" else (name, str(start), str(frame), comment)
        lines.append(";".join(pad + each + pad for each in values))
    text = "".join(line + draw(ends) for line in lines[:-1]) + lines[-1] + draw(st.sampled_from(("", "\n", "\r\n\r\n")))
    return draw(st.sampled_from((b"", b"\xef\xbb\xbf"))) + text.encode()


@given(raw=tables())
def test_that_a_table_is_written_as_it_was_read_to_the_last_byte(raw, tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    (folder / "in.csv").write_bytes(raw)
    keypose_csv.write(keypose_csv.read(folder / "in.csv"), folder / "out.csv")
    assert (folder / "out.csv").read_bytes() == raw


@pytest.mark.parametrize("name", ["grab_charposes.csv", "h36m_charposes.csv"])
def test_that_the_makers_own_tables_come_back_to_the_last_byte(name, shared_data, tmp_path):
    source = shared_data / "characteristic_poses" / name
    assert keypose_csv.is_keyposes(source)
    keypose_csv.write(keypose_csv.read(source), tmp_path / name)
    assert (tmp_path / name).read_bytes() == source.read_bytes()


def test_that_the_makers_own_tables_hold_what_they_say(shared_data):
    grab = keypose_csv.read(shared_data / "characteristic_poses" / "grab_charposes.csv")
    h36m = keypose_csv.read(shared_data / "characteristic_poses" / "h36m_charposes.csv")
    assert (len(grab.rows), grab.rate_hz, grab.rows[0]) == (
        1334, 120.0, KeyposeRow("s2-doorknob-use-2", 212, line=2)
    )  # fmt: skip
    assert grab.rows[-1] == KeyposeRow("s9-apple-lift-1", 196, line=1335)
    assert (len(h36m.rows), h36m.rate_hz) == (210, 50.0)
    assert [row.comment for row in h36m.rows if row.comment] == ["sit", "Sit", "Skip?"]


@given(raw=tables(), data=st.data())
def test_that_an_edited_row_changes_its_own_line_and_reads_as_it_was_edited(raw, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "in.csv"
    path.write_bytes(raw)
    table = keypose_csv.read(path)
    if not table.rows:
        return
    row = data.draw(st.sampled_from(table.rows))
    changed = replace(row, frame=data.draw(st.integers(2 * 10**6, 3 * 10**6)))
    if table.form == "Human3.6M":
        changed = replace(changed, comment=data.draw(words).strip())
    after = table.edited(changed)
    assert [at for at, (a, b) in enumerate(zip(table.lines, after.lines, strict=True), start=1) if a != b] == [row.line]
    path.write_bytes(after.raw)
    assert keypose_csv.read(path).rows == after.rows


@given(st.lists(st.tuples(names, frames), unique=True, max_size=6), st.sampled_from(("GRAB", "Human3.6M")))
def test_that_a_table_of_ones_own_reads_as_it_was_made(rows, form):
    table = keypose_csv.made(form, [KeyposeRow(name, frame) for name, frame in rows])
    with TemporaryDirectory() as folder:
        keypose_csv.write(table, Path(folder) / "own.csv")
        assert keypose_csv.read(Path(folder) / "own.csv") == table


def test_that_what_follows_in_the_last_column_belongs_to_the_comment(tmp_path):
    table = keypose_csv.read(made_keypose_csv.make_human36m(tmp_path))
    assert table.rows[1] == KeyposeRow("S1-Eating_2", 1019, 0, "sit; then up", line=3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"sampleid;frameidx\na-b-1;5\na-b-1;5\n", "line 3: a-b-1 at frame 5 stands there again, first on line 2"),
        (b"sampleid;frameidx\na-b-1;-5\n", "line 2: the frame is -5"),
        (b"sampleid;frameidx\n\n\na-b-1\n", "line 4: no 'frameidx'"),
        (b"sampleid;frameidx\n;7\n", "line 2: a characteristic pose is of a recording"),
        (b"sampleid;frameidx\na-b-1;5.5\n", "line 2: frameidx is '5.5'"),
        (b"sampleid;frameidx\na-b-1;" + b"9" * 400, "line 2: frameidx is"),
        (b"sampleid;frameidx;frameidx\na;1;2\n", "line 1: the column 'frameidx' stands there twice"),
        (b"sample-id;start;action;comment\r\nS1-A;3;;\r\n", "line 2: action is ''"),
        (b"sampleid;frameidx\na-\xffb-1;5\n", "line 2: it is not UTF-8"),
        (b"clip;action\n", "line 1: it names no columns"),
        (b"", "line 1"),
    ],
)
def test_that_a_wrong_table_is_refused_by_its_line(text, says, tmp_path):
    path = tmp_path / "wrong.csv"
    path.write_bytes(text)
    with pytest.raises(FormatError, match=r"^wrong\.csv: ") as refused:
        keypose_csv.read(path)
    assert says in str(refused.value)


def test_that_only_tables_of_characteristic_poses_are_taken_for_some(tmp_path):
    (tmp_path / "other.csv").write_text("clip,action,start_frame,end_frame\n")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    assert not keypose_csv.is_keyposes(tmp_path / "other.csv")
    assert not keypose_csv.is_keyposes(tmp_path / "binary.csv")
    assert not keypose_csv.is_keyposes(tmp_path)
    assert keypose_csv.is_keyposes(made_keypose_csv.make(tmp_path))
    assert keypose_csv.is_keyposes(made_keypose_csv.make_human36m(tmp_path))
