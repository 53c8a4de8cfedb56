"""A cell is a word to whoever opens the table, and the same word when it is read again."""

import csv

from hypothesis import given
from hypothesis import strategies as st

from core.formats import clip_tables, cluster_table, marks
from core.formats.annotated import Annotations, ForeignClip
from core.formats.delimited import as_cell, of_cell
from core.formats.marks import Mark

HARM = ("=cmd|' /C calc'!A0", "+1+2", "-2+3", "@SUM(1)", "'=1", "''@x", "-")
WORDS = st.text("=+-@'ab1", min_size=1, max_size=8)


def cells_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [cell for row in csv.reader(file) for cell in row]


@given(st.text())
def test_that_a_word_comes_back_and_no_cell_is_a_formula(word):
    assert of_cell(as_cell(word)) == word
    assert as_cell(word)[:1] not in tuple("=+-@")


@given(st.lists(WORDS, min_size=3, max_size=3))
def test_that_marks_whose_words_are_formulas_come_back_as_they_were(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("marks") / "marks.csv"
    clip, action, actor = words
    rows = [Mark(clip=clip, action=action, start_frame=0, end_frame=5, actor=actor, objects=(action, clip))]
    marks.write_csv(rows, path)
    assert marks.read_csv(path) == rows
    assert not any(cell[:1] in tuple("=+-@") for cell in cells_of(path))


def test_that_clips_and_clusters_whose_names_are_formulas_come_back_as_they_were(tmp_path):
    clips = tuple(ForeignClip(name, (), rate_hz=25.0, frame_count=10, performer=name) for name in HARM)
    path = tmp_path / "clips.csv"
    clip_tables.write(Annotations(clips, splits={"own": {"train": HARM[:3], "test": HARM[3:]}}), path)
    read = clip_tables.read(path)
    assert [(each.name, each.performer) for each in read.clips] == [(each, each) for each in HARM]
    assert read.splits == {"own": {"train": HARM[:3], "test": HARM[3:]}}
    assert not any(cell[:1] in tuple("=+-@") for cell in cells_of(path))
    clusters = dict(zip(HARM, reversed(HARM), strict=True))
    path.write_text(cluster_table.as_text(clusters), encoding="utf-8")
    assert cluster_table.read(path) == clusters
    assert not any(cell[:1] in tuple("=+-@") for cell in cells_of(path))
