"""The overview counts what is there, keeps counting as edits come, and every odd thing leads to its place."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.bodies.skeletons import UPPER_BODY_9
from core.inspection import inspect
from core.motion import Poses2d
from core.overview import MISSING, Overviewer, as_csv, overview_of
from core.project import edits
from core.project.annotations import ABSENT, Actor, Provenance
from core.project.check import findings_of
from core.project.journal import Entry
from core.project.odd import KINDS, in_words, odd_in
from core.project.store import ProjectStore
from tests.core.made_up_project import MADE, made_up
from tests.core.project.every_edit import EDITS, FIRST, Desk, edited
from tools.make_large_project import made


def kinds(project, **more):
    return {kind: len(found) for kind, found in overview_of(project, **more).odd.items()}


@pytest.fixture
def clip():
    """Two actions side by side with their poses, a person, tracks: nothing missing but a camera of its own."""
    project = made_up(clips=1, steps=4).project
    (clip,) = project.clips.values()
    clip = replace(clip, actors=(Actor(id="cook", name="Cook", track=0, made=MADE),), segments=clip.segments[:2])
    clip = replace(clip, poses=clip.poses[:2], segments=tuple(replace(each, actor="cook") for each in clip.segments))
    return replace(project, clips={clip.id: clip}, labels={key: project.labels[key] for key in _used(clip)})


def _used(clip):
    return list(dict.fromkeys(key for each in clip.segments for key in (each.action, *each.objects)))


def only(project):
    return next(iter(project.clips.values()))


def test_that_each_odd_thing_is_found_alone_and_leads_to_its_frame(clip):
    assert kinds(clip) == {}
    assert overview_of(clip).is_complete
    one = only(clip)
    first, second = one.segments
    changed = {
        "no pose": (one.without_pose(first.id), first.id, 10),
        "pose outside": (one.with_pose(replace(one.poses[0], frame=25)), first.id, 25),
        "overlap": (one.with_segment(replace(second, start_frame=15)), second.id, 15),
        "same frame": (one.with_pose(replace(one.poses[1], frame=10)), "", 10),
        "short": (one.with_segment(replace(second, end_frame=22)), second.id, 20),
        "past the end": (one.with_segment(replace(second, end_frame=5000)), second.id, 20),
        "unlabelled": (one.with_segment(replace(second, start_frame=28)), "", 20),
        "draft": (one.with_segment(replace(first, made=replace(MADE, source="draft: forecast by r"))), first.id, 0),
    }
    for kind, (after, segment, frame) in changed.items():
        found = overview_of(clip.with_clip(after)).odd[kind]
        assert len(found) == 1, kind
        assert found[0].frame == frame, kind
        assert segment in ("", found[0].segment), kind
        assert in_words(clip.with_clip(after), found[0]), kind
    for kind, field in (("no tracks", {"tracks": ""}), ("no person", {"actors": ()}), ("no camera", {"camera": ""})):
        assert kinds(clip.with_clip(replace(one, **field))) == {kind: 1}
    unused = edits.add_label(clip, "whisk", "action", author="x")[0]
    assert kinds(unused) == {"label unused": 1}
    assert overview_of(unused).is_complete  # nothing that was meant to be marked is missing
    assert kinds(clip.with_clip(replace(one, segments=(), poses=()))).keys() == {"nothing marked", "label unused"}


def test_that_background_needs_no_pose_and_is_nobodys_action(clip):
    one = only(clip)
    project, label = edits.add_label(clip, "background", "action", author="x")
    after = one.without_pose(one.segments[0].id).with_segment(replace(one.segments[0], action=label.id))
    overview = overview_of(project.with_clip(after))
    assert "no pose" not in overview.odd
    assert overview.segments == 2
    assert sum(each.segments for each in overview.actions) == 1
    assert overview.clips[0].share_posed == 1.0


def test_that_a_joint_nobody_saw_is_missing_until_somebody_says_where_it_is_or_that_it_is_not_there(clip):
    sure = np.ones((5000, 1, 9), np.float32)
    hand = UPPER_BODY_9.joints.index("left_hand")
    sure[10, 0, hand] = 0.1
    tracks = Poses2d(UPPER_BODY_9, np.zeros((5000, 1, 9, 2), np.float32), sure)
    (found,) = overview_of(clip, read_tracks=lambda _: tracks).odd["joints"]
    assert (found.frame, found.joints) == (10, ("left_hand",))
    one = only(clip)
    for state in (1.0, ABSENT):
        looked_at = one.with_pose(replace(one.poses[0], joint_edits={"left_hand": (3.0, 4.0, state)}))
        assert kinds(clip.with_clip(looked_at), read_tracks=lambda _: tracks) == {}


def test_that_overlaps_are_of_one_person(clip):
    one = only(clip)
    over = one.with_segment(replace(one.segments[1], start_frame=15))
    other = over.with_segment(replace(over.segments[1], actor="somebody else"))
    assert "overlap" in kinds(clip.with_clip(over))
    assert "overlap" not in kinds(clip.with_clip(other))


def test_that_sums_are_those_of_a_plain_count_over_a_large_project():
    project = made(clips=60, segments=1700, poses=1650)
    overview = overview_of(project)
    clips = project.clips.values()
    segments = [each for clip in clips for each in clip.segments]
    posed = {pose.segment for clip in clips for pose in clip.poses}
    assert (overview.segments, overview.poses) == (1700, 1650)
    assert overview.without_pose == 50 == len(overview.odd["no pose"])
    assert {each.name: each.segments for each in overview.people} == {
        name: sum(each.made.author == name for each in segments) for name in {each.made.author for each in segments}
    }
    for action in overview.actions:
        mine = [each for each in segments if each.action == action.label]
        assert action.segments == len(mine)
        assert action.posed == sum(each.id in posed for each in mine)
        assert action.seconds == pytest.approx(sum(each.end_frame - each.start_frame for each in mine) / 25)
    for clip, facts in zip(clips, overview.clips, strict=True):
        under = {frame for each in clip.segments for frame in range(each.start_frame, each.end_frame)}
        assert facts.marked_frames == len({frame for frame in under if frame < clip.video.frame_count})
    assert set(overview.odd) <= set(KINDS)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.sampled_from(list(EDITS)), max_size=30), seed=st.integers(0, 2**32))
def test_that_what_is_kept_from_edit_to_edit_is_what_counting_anew_finds(tmp_path_factory, steps, seed):
    with ProjectStore.create(tmp_path_factory.mktemp("o") / "kitchen", "Kitchen", "Ada") as store:
        desk, keeping = Desk(seed), Overviewer()
        chance = random.Random(seed)
        for what in (*FIRST, *steps):
            if chance.random() < 0.15:
                store.undo()
            else:
                store.edit(edited(store.project, what, desk), what)
            kept, anew = keeping.of(store.project, store.journal), overview_of(store.project, store.journal)
            rounded = [replace(each, seconds=round(each.seconds, 6)) for each in kept.actions]
            assert rounded == [replace(each, seconds=round(each.seconds, 6)) for each in anew.actions]
            assert replace(kept, actions=()) == replace(anew, actions=())


def entry(number, author, at, kind="edit"):
    return Entry(sequence=number, id=str(number), author=author, at=at, label="x", source="by hand", kind=kind)


def test_that_time_at_work_leaves_breaks_out_and_days_are_counted(clip):
    minutes = (0, 2, 4, 34, 36)  # half an hour's break
    journal = [entry(n, "Ines", f"2026-03-02T09:{each:02}:00.000+00:00") for n, each in enumerate(minutes)]
    journal += [
        entry(9, "Ines", "2026-03-09T12:00:00.000+00:00", "undo"),
        entry(10, "Posecast", "2026-03-09T13:00:00+00:00"),
    ]
    (ines,) = [each for each in overview_of(clip, journal).people if each.name == "Ines"]
    assert ines.hours == pytest.approx(6 / 60)
    assert (ines.edits, ines.taken_back) == (6, 1)
    assert sorted(ines.days.values()) == [1, 5]
    assert "Posecast" not in {each.name for each in overview_of(clip, journal).people}


def test_that_corrected_drafts_are_counted_for_whoever_put_them_right(clip):
    one = only(clip)
    by = Provenance(author="Ines", at=MADE.at, source="forecast by r, corrected by hand")
    overview = overview_of(clip.with_clip(one.with_segment(replace(one.segments[0], made=by))))
    assert {each.name: each.corrected for each in overview.people} == {"Ines": 1, "test": 0}


def test_that_check_inspect_and_the_overview_say_the_same_numbers(tmp_path):
    project = made(clips=12, segments=340, poses=325, seed=3)
    with ProjectStore.create(tmp_path / "kitchen", "Kitchen", "Ada") as store:
        store.edit(replace(project, id=store.project.id), "Mark")
        overview = overview_of(store.project, store.journal)
    found = inspect(tmp_path / "kitchen")
    assert found.facts["segments"] == overview.segments
    assert found.facts["segment without a pose"] == len(overview.odd["no pose"]) == 15
    assert sum(row["without pose"] for row in found.rows) == 15
    said = [each.what for each in findings_of(project)]
    for kind, sign in (("overlap", " overlap"), ("pose outside", "lies outside"), ("same frame", "are one frame")):
        assert sum(sign in each for each in said) == len(overview.odd.get(kind, ())), kind


def test_that_the_sheet_has_a_row_for_each_clip_action_person_and_odd_thing():
    project = made(clips=8, segments=220, poses=210)
    overview = overview_of(project)
    blocks = [block.splitlines() for block in as_csv(overview, project).split("\n\n")]
    counts = [len(overview.clips), len(overview.actions), len(overview.people), sum(map(len, overview.odd.values()))]
    assert [len(block) - 1 for block in blocks] == counts


def test_that_the_place_of_every_odd_thing_is_in_its_clip():
    project = made(clips=20, segments=600, poses=560)
    for clip in project.clips.values():
        for odd in odd_in(clip, frozenset()):
            assert odd.clip == clip.id
            assert not odd.segment or clip.segment(odd.segment) is not None
            assert 0 <= odd.frame < clip.video.frame_count or odd.kind == "past the end"
    assert set(MISSING) < set(KINDS)
