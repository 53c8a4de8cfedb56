"""What is done how often, how long, and what follows what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core import statistics
from core.project.motion_sets import IndexLine, MotionRow, MotionSet, MotionSplit, SetFacts, StoredStretch
from core.statistics import NO_PART, of_clips, of_set
from tests.core.made_up_project import ACTIONS, RATE, STEP, made_up

FACTS = SetFacts(key="clips", name="Clips", holds="labels", format="BABEL", source="somewhere")


def _row(name, *stretches, frames=300):
    stored = tuple(StoredStretch(start, end, labels) for start, end, labels in stretches)
    return MotionRow(name=name, file="", frames=frames, rate_hz=30.0, stretches=stored)


@pytest.fixture
def labels(tmp_path):
    def made(*rows):
        kept = MotionSet.create(tmp_path, FACTS)
        kept.append(IndexLine(source="all", stamp="1", motions=rows))
        return MotionSet(kept.folder)

    return made


def test_that_clips_are_counted_as_they_were_marked():
    project = made_up(3, 8).project
    found = of_clips(project)
    assert (found.items, found.stretches, found.posed) == (3, 24, 24)
    assert sum(each.count for each in found.actions) == 24
    assert {each.name for each in found.actions} <= set(ACTIONS)
    assert found.labelled_s == pytest.approx(sum(each.seconds for each in found.actions))
    assert all(each.shortest_s <= each.median_s <= each.longest_s <= STEP / RATE for each in found.actions)
    assert sum(each.count for each in found.follows) == 3 * 7


def test_that_a_segment_without_a_pose_and_background_are_told_apart():
    project = made_up(1, 4).project
    (clip,) = project.clips.values()
    fewer = project.with_clip(clip.without_pose(clip.segments[0].id))
    assert of_clips(fewer).posed == 3
    word = project.labels[clip.segments[1].action]
    quiet = project.with_label(replace(word, name="background"))
    done = sum(each.action == word.id for each in clip.segments)
    assert of_clips(quiet).stretches == 4 - done


def test_that_people_in_one_clip_follow_themselves_and_not_each_other():
    project = made_up(1, 2).project
    (clip,) = project.clips.values()
    apart = replace(clip, segments=tuple(replace(each, actor=str(at)) for at, each in enumerate(clip.segments)))
    assert len(of_clips(project).follows) == 1
    assert of_clips(project.with_clip(apart)).follows == ()


def test_that_what_is_done_at_once_does_not_follow_itself(labels):
    row = _row("a", (0, 4, ("walk",)), (0.5, 3.5, ("wave",)), (4, 6, ("sit", "talk")))
    found = of_set(labels(row))
    assert {(each.before, each.after): each.count for each in found.follows} == {
        ("walk", "sit"): 1, ("walk", "talk"): 1, ("wave", "sit"): 1, ("wave", "talk"): 1,
    }  # fmt: skip
    assert found.labelled_s == 6.0
    assert found.shares(["walk", "sit"]) == [[0.0, 0.5], [0.0, 0.0]]


def test_that_every_recording_stands_in_one_part_and_what_was_added_since_in_none(labels):
    rows = [_row(name, (0, 2, ("walk",))) for name in "abcd"]
    found = of_set(labels(*rows), MotionSplit(name="x", how="", parts={"train": ("a", "b"), "test": ("c",)}))
    assert {each.part: each.items for each in found.parts} == {"train": 2, "validation": 0, "test": 1, NO_PART: 1}
    assert sum(each.seconds for each in found.parts) == found.seconds == 40.0


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0.01, 400)), min_size=1, max_size=30))
def test_that_histograms_lose_nothing_and_covered_time_is_at_most_the_sum(spans):
    doings = [statistics._Doing(start, start + length, ("x",)) for start, length in spans]
    bins = statistics._histogram([each.end_s - each.start_s for each in doings])
    assert sum(each.count for each in bins) == len(spans)
    covered = statistics._covered_s(doings)
    assert max(length for _, length in spans) - 1e-6 <= covered <= sum(length for _, length in spans) + 1e-6


def test_that_nothing_gives_nothing(labels):
    found = of_set(labels())
    assert (found.items, found.actions, found.follows, found.durations) == (0, (), (), ())
