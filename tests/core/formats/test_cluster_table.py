"""Tables of clusters: in, out, and the shipped ones."""

import re
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FormatError
from core.formats.cluster_table import as_text, read, shipped

words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20).map(str.strip)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return tmp_path_factory.mktemp("clusters") / "clusters.csv"


@given(clusters=st.dictionaries(words.filter(bool), words, max_size=8))
def test_that_what_is_written_is_read_again(table, clusters):
    table.write_text(as_text(clusters), encoding="utf-8")
    assert read(table) == clusters
    assert list(read(table)) == list(clusters)


def test_that_words_for_people_above_the_header_and_empty_lines_are_passed_over(table):
    table.write_text("# ours,\n#\naction;learned_as\n\ncut, fine;cut\n#odd;\n", encoding="utf-8")
    assert read(table) == {"cut, fine": "cut", "#odd": ""}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "line 1 is not the header"),
        (b"# only words\n", "line 2 is not the header"),
        (b"cut,prepare\n", "line 1 is not the header"),
        (b"action,learned_as\ncut,a\ncut,b\n", "line 3 names 'cut' again"),
        (b"# x\naction,learned_as\ncut,a,b\n", "line 3 is no action with its cluster"),
        (b"action,learned_as\n,a\n", "line 2 is no action"),
        (b'action,learned_as\n"cut,a\n', "line 2"),
        (b"action,learned_as\n\xff\xfe,a\n", "no text in UTF-8"),
        (b"action,learned_as\n" + b"x" * 600 + b",a\n", "line 2 is no action"),
    ],
)
def test_that_a_bad_table_is_refused_with_its_line(table, content, says):
    table.write_bytes(content)
    with pytest.raises(FormatError, match=says):
        read(table)


def test_that_the_shipped_table_makes_37_clusters_of_all_87_verbs_and_leaves_only_background_out():
    clusters = read(shipped()["mpii_cooking_2"])
    verbs = {action: learned for action, learned in clusters.items() if action != "background"}
    assert len(verbs) == 87
    assert len({learned for learned in verbs.values() if learned}) == 37
    assert [action for action, learned in clusters.items() if not learned] == ["enter", "background"]
    assert {verbs["cut dice"], verbs["chop"]} == {"dice"}
    for often in ("wash", "add", "take out", "put in", "peel", "stir"):
        assert verbs[often] == often


def test_that_the_shipped_table_learns_the_31_actions_of_the_furniture_data():
    clusters = read(shipped()["ikea_asm"])
    assert {action: learned for action, learned in clusters.items() if action != learned} == {"NA": "", "other": ""}
    assert len(clusters) - 2 == 31


def test_that_every_action_of_the_real_logs_is_in_the_shipped_table(shared_data):
    with ZipFile(shared_data / "ikea_asm_sequences" / "keep_na.xes.zip") as archive:
        log = archive.read("keep_na.xes").decode()
    events = log.split("<event>")[1:]
    actions = {re.search(r'key="concept:name" value="([^"]+)"', each)[1] for each in events}
    assert len(actions) == 33
    assert actions <= set(read(shipped()["ikea_asm"]))
