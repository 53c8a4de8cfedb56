"""Many segments at once: laws of moving, rippling, copying and pasting over random clips."""

import itertools
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ProjectError
from core.project import many_segments
from core.project.annotations import (
    Actor,
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Label,
    Project,
    Provenance,
    Segment,
    VideoFile,
)
from core.project.copied_segments import from_text

BY = Provenance(author="Ines", at="2026-01-01T00:00:00+00:00")
FRAMES = 2000
EVERYWHERE = {at: FrameIdentity(pts=at * 7) for at in range(-50, FRAMES + 1000)}


def a_label(name: str, kind: Literal["action", "object"] = "action") -> Label:
    return Label(id=f"id of {name}", name=name, kind=kind, colour="#617CE1", made=BY)


def a_clip(name: str, segments=(), poses=(), *, rate_hz=25.0, frames=FRAMES) -> Clip:
    video = VideoFile(
        path="", frame_count=frames, width=64, height=36, rate_hz=rate_hz, duration_s=frames / rate_hz, size_bytes=0,
        fingerprint="",
    )  # fmt: skip
    actors = tuple(Actor(id=f"{each} of {name}", name=each, made=BY) for each in ("Ada", "Tom"))
    return Clip(id=name, name=name, video=video, actors=actors, segments=segments, poses=poses, made=BY)


@st.composite
def projects(draw) -> Project:
    """Two clips; the first has segments of two people, some with poses (a few outside), some with objects."""
    labels = [a_label("cut"), a_label("wash"), a_label("bread", "object")]
    spans = draw(
        st.lists(
            st.tuples(
                st.integers(0, 1500), st.integers(1, 90), st.booleans(), st.booleans(), st.none() | st.integers(-9, 99)
            ),
            min_size=1,
            max_size=12,
        )
    )  # fmt: skip
    segments, poses = [], []
    for at, (start, long, is_ada, with_bread, pose) in enumerate(spans):
        action = "id of cut" if at % 2 else "id of wash"
        segments.append(
            Segment(
                id=f"s{at:02}", action=action, start_frame=start, end_frame=start + long,
                objects=("id of bread",) if with_bread else (), actor="Ada of a" if is_ada else "Tom of a", made=BY,
            )
        )  # fmt: skip
        if pose is not None and start + pose >= 0:
            identity = FrameIdentity(pts=start + pose)
            poses.append(
                CharacteristicPose(id=f"p{at}", segment=f"s{at:02}", frame=start + pose, identity=identity, made=BY)
            )
    segments.sort(key=lambda each: (each.start_frame, each.end_frame, each.id))
    poses.sort(key=lambda each: (each.frame, each.id))
    clips = {"a": a_clip("a", tuple(segments), tuple(poses)), "b": a_clip("b")}
    return Project(id="p", name="P", labels={each.id: each for each in labels}, clips=clips)


def spans_of(clip: Clip, actor: str = "") -> dict[str, tuple[int, int]]:
    return {each.id: (each.start_frame, each.end_frame) for each in clip.segments if not actor or each.actor == actor}


def frames_of(clip: Clip) -> dict[str, int]:
    return {each.segment: each.frame for each in clip.poses}


@given(projects(), st.data())
def test_that_a_ripple_keeps_gaps_order_and_poses_behind_it_and_touches_nothing_before_it_or_of_others(project, data):
    before = project.clips["a"]
    segment = data.draw(st.sampled_from(before.segments))
    end = data.draw(st.sampled_from(("start", "end")))
    was = segment.end_frame if end == "end" else segment.start_frame
    least = segment.start_frame + 1 if end == "end" else 9
    by = data.draw(st.integers(min(least - was, 0), 200))
    after = many_segments.ripple(project, "a", segment.id, end, was + by, EVERYWHERE).clips["a"]
    old, new = spans_of(before), spans_of(after)
    behind = {
        each.id
        for each in before.segments
        if each.actor == segment.actor and each.start_frame >= was and each.id != segment.id
    } | ({segment.id} if end == "start" else set())
    for name, (start, stop) in old.items():
        if name in behind:
            assert new[name] == (start + by, stop + by)
        elif name == segment.id:
            assert new[name] == (start, stop + by)
        else:
            assert new[name] == (start, stop)
    moved = {name: at + (by if name in behind else 0) for name, at in frames_of(before).items()}
    assert frames_of(after) == moved
    for pose in after.poses:
        if pose.segment in behind and by:
            assert pose.identity == EVERYWHERE[pose.frame]


@given(projects(), st.data())
def test_that_a_ripple_there_and_back_is_nothing(project, data):
    segment = data.draw(st.sampled_from(project.clips["a"].segments))
    by = data.draw(st.integers(1, 200))
    # Nothing of that person may begin between the old end and the new one of the way back.
    there = many_segments.ripple(project, "a", segment.id, "end", segment.end_frame + by, EVERYWHERE)
    back = many_segments.ripple(there, "a", segment.id, "end", segment.end_frame, EVERYWHERE).clips["a"]
    assert spans_of(back) == spans_of(project.clips["a"])
    assert frames_of(back) == frames_of(project.clips["a"])


def test_that_a_ripple_that_would_leave_the_clip_is_refused_in_words_and_changes_nothing():
    segments = tuple(
        Segment(id=name, action="id of cut", start_frame=start, end_frame=start + 50, actor="Ada of a", made=BY)
        for name, start in (("x", 0), ("y", FRAMES - 60))
    )
    project = Project(id="p", name="P", labels={"id of cut": a_label("cut")}, clips={"a": a_clip("a", segments)})
    with pytest.raises(ProjectError, match="5 frames past the clip's end"):
        many_segments.ripple(project, "a", "x", "end", 65, EVERYWHERE)
    with pytest.raises(ProjectError, match="before the clip"):
        many_segments.ripple(project, "a", "x", "start", -3, EVERYWHERE)


@given(projects(), st.data())
def test_that_what_is_pasted_is_what_was_copied_but_for_ids_people_and_place(project, data):
    clip = project.clips["a"]
    chosen = data.draw(st.sets(st.sampled_from([each.id for each in clip.segments]), min_size=1))
    what = from_text(many_segments.copied(project, "a", chosen).text())
    first = min(each.start_frame for each in clip.segments if each.id in chosen)
    at = data.draw(st.integers(10, 300))
    needed = many_segments.pose_frames(project, "b", what, at)
    identities = {each: EVERYWHERE[each] for each in needed}
    after, made = many_segments.paste(project, "b", what, at, identities, author="Tom", actor="Tom of b")
    originals = [each for each in clip.segments if each.id in chosen]
    by = at - first
    assert [(each.action, each.start_frame - by, each.end_frame - by, each.objects) for each in made] == [
        (each.action, each.start_frame, each.end_frame, each.objects) for each in originals
    ]
    poses = frames_of(clip)
    assert {twin.id: poses[each.id] + by for each, twin in zip(originals, made, strict=True) if each.id in poses} == (
        frames_of(after.clips["b"])
    )
    assert not {each.id for each in made} & {each.id for each in clip.segments}
    if len({each.actor for each in originals}) == 2:
        assert [each.actor[:3] for each in made] == [each.actor[:3] for each in originals]
    else:
        assert {each.actor for each in made} == {"Tom of b"}
    assert all(each.identity == EVERYWHERE[each.frame] for each in after.clips["b"].poses)
    assert after.clips["a"] is clip


def test_that_a_paste_into_a_clip_of_another_rate_keeps_the_times():
    segment = Segment(id="x", action="id of cut", start_frame=100, end_frame=150, made=BY)
    pose = CharacteristicPose(id="p", segment="x", frame=125, identity=FrameIdentity(pts=1), made=BY)
    clips = {"a": a_clip("a", (segment,), (pose,)), "b": a_clip("b", rate_hz=50.0)}
    project = Project(id="p", name="P", labels={"id of cut": a_label("cut")}, clips=clips)
    what = many_segments.copied(project, "a", ["x"])
    after, (made,) = many_segments.paste(project, "b", what, 10, EVERYWHERE, author="Ines")
    assert (made.start_frame, made.end_frame) == (10, 110)
    assert after.clips["b"].poses[0].frame == 60


def test_that_a_paste_says_which_word_is_missing_and_that_it_does_not_fit():
    segment = Segment(id="x", action="id of cut", start_frame=0, end_frame=150, made=BY)
    project = Project(id="p", name="P", labels={"id of cut": a_label("cut")}, clips={"a": a_clip("a", (segment,))})
    what = many_segments.copied(project, "a", ["x"])
    bare = Project(id="q", name="Q", clips={"b": a_clip("b")})
    with pytest.raises(ProjectError, match='no action called "cut"'):
        many_segments.paste(bare, "b", what, 0, {}, author="Ines")
    with pytest.raises(ProjectError, match="50 frames past the clip's end"):
        many_segments.paste(project, "a", what, FRAMES - 100, {}, author="Ines")


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", "{", '{"posecast":"segments","rate_hz":25,"segments":[]}', '{"posecast":"poses"}', "{" * 9000,
     '{"posecast":"segments","rate_hz":25,"segments":[{"action":"cut","start":5,"end":5}]}',
     '{"posecast":"segments","rate_hz":1e999,"segments":[{"action":"cut","start":0,"end":5}]}'],
)  # fmt: skip
def test_that_another_text_in_the_clipboard_is_no_copied_segment(text):
    with pytest.raises(ProjectError, match="no copied segments"):
        from_text(text)


@given(projects(), st.integers(-200, 200), st.data())
def test_that_moving_many_and_back_is_nothing_and_leaves_the_poses(project, by, data):
    clip = project.clips["a"]
    chosen = data.draw(st.sets(st.sampled_from([each.id for each in clip.segments])))
    spans = [(each.id, each.start_frame, each.end_frame) for each in clip.segments if each.id in chosen]
    by = max(by, -min((start for _, start, _ in spans), default=0))
    there = many_segments.move(project, "a", [(name, start + by, end + by) for name, start, end in spans])
    assert there.clips["a"].poses == clip.poses
    ordered = there.clips["a"].segments
    assert all(one.start_frame <= other.start_frame for one, other in itertools.pairwise(ordered))
    assert many_segments.move(there, "a", spans).clips["a"] == clip
    if not by or not chosen:
        assert there is project


@given(projects(), st.data())
def test_that_many_are_relabelled_as_one_by_one(project, data):
    clip = project.clips["a"]
    chosen = data.draw(st.sets(st.sampled_from([each.id for each in clip.segments])))
    after = many_segments.change(project, "a", chosen, action="id of cut", actor="Tom of a").clips["a"]
    for was, now in zip(clip.segments, after.segments, strict=True):
        assert (was.id, was.start_frame, was.end_frame) == (now.id, now.start_frame, now.end_frame)
        assert (now.action, now.actor) == (("id of cut", "Tom of a") if was.id in chosen else (was.action, was.actor))
