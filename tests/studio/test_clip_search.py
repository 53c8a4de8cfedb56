"""Places found by words: what each word means, alone and with others, and what it costs after an edit."""

import pytest
from msgspec.structs import replace

from core.project import edits
from core.project.annotations import Actor, CharacteristicPose, FrameIdentity, Project, SuggestionAnswer
from core.project.clusters import with_clusters
from core.project.provenance import foreseen_by
from studio.clip_search import ClipIndex, Query, nearest, words_for
from tests.core.made_up_project import MADE, made_up

BO = replace(MADE, author="Bo Lund")
DRAFT = replace(MADE, source=foreseen_by("forecaster-01"))


@pytest.fixture(scope="module")
def project() -> Project:
    """Two clips of four segments, 20 frames at 10 a second each; oddities are on the first clip."""
    project = made_up(2, 4, stored_split=False).project
    first, second = project.clips.values()
    marks = first.segments
    first = first.with_segment(replace(marks[0], action="label-wash", made=BO)).without_pose(marks[0].id)
    first = first.with_segment(replace(marks[1], start_frame=18, action="label-cut"))
    first = first.with_segment(replace(marks[2], actor="bo", action="label-wash", objects=(), end_frame=42, made=DRAFT))
    first = first.with_segment(replace(marks[3], action="label-take"))
    first = first.with_pose(
        CharacteristicPose(id="late", segment=marks[3].id, frame=99, identity=FrameIdentity(pts=0), made=MADE)
    )
    first = replace(first, actors=(Actor(id="bo", name="Bo", made=MADE),))
    for each in second.segments:
        second = second.with_segment(replace(each, action="label-stir"))
    return project.with_clip(first).with_clip(second)


def found(project, words, index=None):
    """The places as clip.segment, 0.2 for the third segment of the first clip."""
    return [f"{each.segment_id[6]}.{each.segment_id[9]}" for each in Query(project, words, index).places()]


FIRST = ["0.0", "0.1", "0.2", "0.3"]
SECOND = ["1.0", "1.1", "1.2", "1.3"]


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("", []),
        ("wash", ["0.0", "0.2"]),
        ("wash, pose missing", ["0.0"]),
        ("pose missing", ["0.0"]),
        ("wash pose", []),
        ("was", ["0.0", "0.2"]),
        ("not stir", FIRST),
        ("wash or take", ["0.0", "0.2", "0.3"]),
        ("not wash or stir", ["0.1", "0.3"]),
        ("overlapping", ["0.0", "0.1"]),
        ("pose outside", ["0.2", "0.3"]),
        ("odd, not overlapping", ["0.2", "0.3"]),
        ("after the end", []),
        ("shorter than 0.3 s", ["0.2"]),
        ("shorter than 300 ms", ["0.2"]),
        ("shorter than 3 frames", ["0.2"]),
        ("longer than 2,0 s", ["0.1"]),
        ("draft", ["0.2"]),
        ("forecast, wash", ["0.2"]),
        ("by bo", ["0.0"]),
        ("by lund", ["0.0"]),
        ("by: nobody", []),
        ("object missing", ["0.2"]),
        ("person: bo", ["0.2"]),
        ("bo", ["0.2"]),
        ("clip: clip 1", SECOND),
        ("clip 1", SECOND),
        ('"clip 1", not stir', []),
        ("object: carrot or bread, by bo", ["0.0"]),
        ("label: wash, clip 0", ["0.0", "0.2"]),
        ("wsh", []),
        ("not wsh, wash", ["0.0", "0.2"]),
    ],
)
def test_that_words_find(project, words, places):
    assert found(project, words) == places


def test_that_a_place_is_where_the_pose_is_else_where_the_segment_begins(project):
    assert [each.frame for each in Query(project, "wash").places()] == [0, 50]


def test_that_a_word_that_names_nothing_is_said_with_the_nearest_one(project):
    query = Query(project, "wsh, pose missing")
    assert query.unknown == ("wsh",)
    assert nearest(project, "wsh") == "wash"
    assert nearest(project, "overlaping") == "overlapping"
    assert nearest(project, "zzzzzz") == ""


def test_that_background_needs_no_pose_and_clusters_are_found(project):
    clustered, _, _ = with_clusters(project, {"wash": "", "cut": "work", "stir": "work"})
    assert found(clustered, "pose missing") == []
    assert found(clustered, "range") == ["0.0", "0.2"]
    assert found(clustered, "work") == found(clustered, "cluster: work") == ["0.1", *SECOND]
    assert "cluster: work" in words_for(clustered)


def test_that_accepted_suggestions_are_found_while_their_pose_stands(project):
    answer = SuggestionAnswer(
        id="a", clip="clip-00", segment="clip-00-01", frame=30, accepted=True, reasons={}, made=MADE
    )
    answered = project.with_answer(answer).with_answer(replace(answer, id="b", segment="clip-00-00"))
    assert found(answered, "suggested") == ["0.1"]


def test_that_names_with_commas_are_found_in_quotes(project):
    named = edits.rename_label(project, "label-stir", "stir, slowly")
    assert found(named, '"stir, slowly"') == SECOND
    assert '"stir, slowly"' in words_for(named)


def test_that_only_a_clip_that_changed_is_looked_through_again(project):
    index = ClipIndex()
    assert found(project, "pose missing", index) == ["0.0"]
    kept = {clip.id: index.facts(clip) for clip in project.clips.values()}
    after = edits.remove_pose(project, "clip-01", "clip-01-02")
    assert found(after, "pose missing", index) == ["0.0", "1.2"]
    assert index.facts(after.clips["clip-00"]) is kept["clip-00"]
    assert index.facts(after.clips["clip-01"]) is not kept["clip-01"]


def test_that_joints_that_are_missing_are_asked_of_the_tracks(project):
    made = made_up(2, 4, stored_split=False)
    assert found(project, "joints missing", ClipIndex(made.tracks.__getitem__)) == []
    tracks = dict(made.tracks)
    confidence = tracks["tracks-01"].confidence.copy()
    confidence[10] = 0
    tracks["tracks-01"] = type(tracks["tracks-01"])(
        tracks["tracks-01"].skeleton, tracks["tracks-01"].joints_px, confidence
    )
    assert found(project, "joints missing", ClipIndex(tracks.__getitem__)) == ["1.0"]
    assert found(project, "odd, stir", ClipIndex(tracks.__getitem__)) == ["1.0"]
