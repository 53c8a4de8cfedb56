"""Splits: drawn from names and a seed, kept by name, never changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core import splits
from core.errors import ProjectError
from core.project.annotations import PARTS
from core.project.motion_sets import IndexLine, MotionRow, MotionSet, SetFacts
from core.splits import left_over, own_parts, split_clips, split_set
from tests.core.made_up_project import made_up


def _rows(count, performers=5, **more):
    return [
        MotionRow(name=f"m{at}", file="", frames=30, rate_hz=30.0, performer=f"p{at % performers}", **more)
        for at in range(count)
    ]


def _set(folder, rows, made_by="CSV", source="1"):
    facts = SetFacts(key="clips", name="Clips", holds="motion", format=made_by, source="somewhere")
    kept = MotionSet.create(folder, facts)
    kept.append(IndexLine(source=source, stamp="1", motions=tuple(rows)))
    return MotionSet(kept.folder)


@given(names=st.sets(st.text(min_size=1), min_size=3, max_size=60), seed=st.integers(0, 9))
def test_that_a_drawn_split_holds_everything_once_and_depends_on_names_alone(names, seed):
    groups = {name: [name] for name in sorted(names)}
    parts = splits._drawn(groups, seed)
    assert sorted(each for part in parts.values() for each in part) == sorted(names)
    assert all(parts[part] for part in PARTS)
    assert splits._drawn(dict(reversed(groups.items())), seed) == parts


def test_that_shares_are_seventy_fifteen_fifteen_and_a_seed_changes_who_is_where(tmp_path):
    made = _set(tmp_path, _rows(200))
    one, other = (split_set(made, f"seed-{seed}", "sequence", seed) for seed in (0, 1))
    assert [len(one.parts[part]) for part in PARTS] == [140, 30, 30]
    assert one.parts != other.parts


def test_that_no_performer_stands_in_two_parts(tmp_path):
    made = _set(tmp_path, _rows(60, performers=7))
    split = split_set(made, "people", "performer", 3)
    people = [{made.rows[name].performer for name in split.parts[part]} for part in PARTS]
    assert len(set.union(*people)) == sum(map(len, people)) == 7


def test_that_a_split_stays_when_recordings_are_added_and_its_name_is_not_given_again(tmp_path):
    made = _set(tmp_path, _rows(20))
    split = split_set(made, "first", "sequence", 0)
    assert split_set(made, "first", "sequence", 0) == split
    grown = _set(tmp_path, [MotionRow(name="late", file="", frames=30, rate_hz=30.0)], source="2")
    assert left_over(grown.rows, grown.splits()["first"].parts) == ("late",)
    with pytest.raises(ProjectError, match="another split"):
        split_set(grown, "first", "sequence", 0)


@pytest.mark.parametrize(("rows", "by"), [(_rows(2), "sequence"), (_rows(9, performers=2), "performer"), ([], "own")])
def test_that_too_little_to_split_is_refused_in_words(tmp_path, rows, by):
    with pytest.raises(ProjectError):
        split_set(_set(tmp_path, rows), "x", by, 0)


def test_that_unknown_performers_are_named(tmp_path):
    rows = [*_rows(9), MotionRow(name="nobody", file="", frames=30, rate_hz=30.0)]
    with pytest.raises(ProjectError, match="performs in nobody"):
        split_set(_set(tmp_path, rows), "x", "performer", 0)


def test_that_makers_own_parts_are_found(tmp_path):
    grab = [MotionRow(name=f"s{n}/cup", file="", frames=30, rate_hz=30.0, performer=f"s{n}") for n in range(1, 11)]
    parts = own_parts(_set(tmp_path / "g", grab, "GRAB"))
    assert (parts["validation"], parts["test"], len(parts["train"])) == (("s1/cup",), ("s10/cup",), 8)
    names = ("CMU/01/a", "MPI_HDM05/b", "SSM_synced/c", "KIT/d")
    rows = [MotionRow(name=name, file="", frames=30, rate_hz=30.0) for name in names]
    parts = own_parts(_set(tmp_path / "a", rows, "AMASS SMPL-H"))
    assert parts == {"train": ("CMU/01/a", "KIT/d"), "validation": ("MPI_HDM05/b",), "test": ("SSM_synced/c",)}
    told = [*_rows(2, part="train"), MotionRow(name="z", file="", frames=30, rate_hz=30.0, part="validation")]
    assert own_parts(_set(tmp_path / "b", told, "BABEL"))["validation"] == ("z",)
    with pytest.raises(ProjectError, match="no split of the makers"):
        own_parts(_set(tmp_path / "c", _rows(9)))


def test_that_clips_are_split_by_name_whatever_their_ids():
    project = made_up(12, 2).project
    after, split, how = split_clips(project, "first", "sequence", 0, author="test")
    assert sorted(len(split.parts[part]) for part in PARTS) == [2, 2, 8]
    assert "70/15/15" in how
    again, same, _ = split_clips(after, "first", "sequence", 0, author="test")
    assert again is after
    assert same is split
    with pytest.raises(ProjectError, match="another split"):
        split_clips(after, "first", "sequence", 5, author="test")
    others = {f"x{key}": replace(clip, id=f"x{key}") for key, clip in project.clips.items()}
    _, renamed, _ = split_clips(replace(project, clips=others, splits={}), "first", "sequence", 0, author="test")
    assert {part: {each[1:] for each in ids} for part, ids in renamed.parts.items()} == {
        part: set(ids) for part, ids in split.parts.items()
    }
    with pytest.raises(ProjectError, match="own split"):
        split_clips(project, "own", "own", 0, author="test")


def test_that_clips_that_do_the_same_in_the_same_order_are_twins_of_the_first_by_name():
    project = made_up(6, 4, stored_split=False).project
    clips = list(project.clips.values())
    like = clips[4].segments
    same = tuple(replace(mine, action=theirs.action) for mine, theirs in zip(clips[1].segments, like, strict=True))
    other = tuple(reversed([each.action for each in like]))
    backwards = tuple(replace(mine, action=action) for mine, action in zip(clips[2].segments, other, strict=True))
    empty = replace(clips[5], segments=())
    chosen = [clips[4], replace(clips[1], segments=same), replace(clips[2], segments=backwards), empty]
    assert splits.twins(chosen) == {clips[4].name: clips[1].name}
    assert splits.twins([empty, replace(empty, name="another")]) == {}, "clips without actions repeat nothing"


@given(st.sets(st.text("abcdef", min_size=1, max_size=4), min_size=8, max_size=30), st.integers(0, 50))
def test_that_parts_drawn_from_names_hold_each_once_and_keep_pairs_on_one_side(names, seed):
    in_order = sorted(names)
    beside = {in_order[1]: in_order[0], in_order[3]: in_order[2]}
    parts = splits.drawn_parts(names, seed, beside)
    assert sorted(name for part in parts.values() for name in part) == in_order
    assert set(parts) == set(PARTS)
    assert all(parts.values())
    where = {name: part for part, here in parts.items() for name in here}
    assert all(where[one] == where[other] for one, other in beside.items())
    assert parts == splits.drawn_parts(reversed(in_order), seed, beside)
