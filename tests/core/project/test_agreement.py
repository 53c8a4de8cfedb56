"""Agreement of two annotators: known values, and laws over made-up marks."""

import csv
import io
import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from typer.testing import CliRunner

from core.__main__ import app as main
from core.annotators import COLUMNS, as_csv, authors_of, joints_in, side_of
from core.errors import ProjectError
from core.exporting.marks import marks_of_project
from core.formats.marks import write_csv
from core.project import edits
from core.project.agreement import Side, agreement, cohens_kappa, f1, krippendorffs_alpha
from core.project.annotations import FrameIdentity
from core.project.store import ProjectStore
from tests.core.made_up_project import made_up

RATE = 10.0
SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30), st.integers(0, 3)), min_size=1, max_size=8)
PROJECT = made_up(clips=2, steps=3).project


def marked(spans, author="Ada"):
    """The first clip with these (start, length, action) instead of what was on it; 80 frames at 10 Hz."""
    clip = PROJECT.clips["clip-00"]
    project = PROJECT.with_clip(replace(clip, segments=(), poses=())).without_clip("clip-01")
    for start, length, action in spans:
        label = project.actions()[action].id
        project, segment = edits.mark_segment(project, clip.id, label, start, start + length, author=author)
        pose = start + length // 2
        project = edits.set_pose(project, clip.id, segment.id, pose, FrameIdentity(pts=pose), author=author)
    return project


def compared(one, other):
    return agreement(Side(marked(one)), Side(marked(other, "Ben")))


def test_that_kappa_and_alpha_have_the_values_of_the_textbooks():
    assert cohens_kappa(np.array([[20.0, 5.0], [10.0, 15.0]])) == pytest.approx(0.4)  # Cohen's, as often taught
    assert cohens_kappa(np.array([[45.0, 15.0], [25.0, 15.0]])) == pytest.approx(0.1304, abs=1e-4)
    # Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), B: two observers, nominal data
    table = np.zeros((5, 5))
    for meg, owen in zip("aabbdcccedda", "babbbccceddd", strict=True):
        table["abcde".index(meg), "abcde".index(owen)] += 1
    assert krippendorffs_alpha(table) == pytest.approx(0.692, abs=5e-4)


def test_that_chance_alone_is_no_agreement():
    drawn = np.random.default_rng(0).integers(0, 4, (2, 200_000))
    table = np.zeros((4, 4))
    np.add.at(table, (drawn[0], drawn[1]), 1)
    assert cohens_kappa(table) == pytest.approx(0, abs=0.01)
    assert krippendorffs_alpha(table) == pytest.approx(0, abs=0.01)


def test_that_f1_of_a_few_segments_is_what_one_counts_by_hand():
    found = compared([(0, 10, 0), (20, 10, 0), (40, 10, 1)], [(1, 10, 0), (25, 10, 0), (40, 10, 2)]).overall
    # overlaps: 9 of 11, 5 of 15, and another label
    assert found.segments == (3, 3)
    assert [found.f1[key] for key in ("0.1", "0.25", "0.5")] == [f1(2, 3, 3), f1(2, 3, 3), f1(1, 3, 3)]
    assert [found.f1[key] for key in ("±0.1 s", "±0.2 s", "±0.5 s")] == [f1(1, 3, 3), f1(1, 3, 3), f1(2, 3, 3)]
    assert (found.pairs, found.median_s) == (2, pytest.approx(0.3))
    assert (found.pose_f1["±0.1 s"], found.pose_f1["±0.5 s"]) == (f1(1, 3, 3), f1(2, 3, 3))


def test_that_as_many_pairs_are_found_as_there_are_where_the_nearest_first_would_lose_one():
    # 10–20 is nearer to 11–21 than 0–12 is, and 0–12 has no other partner within a second.
    found = compared([(0, 20, 0), (9, 20, 0)], [(8, 20, 0), (17, 20, 0)]).overall
    assert found.f1["±1 s"] == 1.0


def test_that_the_frames_count_as_said_where_segments_overlap_and_background_is_a_name():
    found = compared([(0, 40, 0), (10, 10, 1)], [(0, 10, 0), (10, 10, 1), (20, 20, 0)])
    assert found.overall.kappa == 1.0
    assert found.names[-1] == "background"
    assert sum(map(sum, found.confusion_s)) == pytest.approx(8.0)
    assert found.confusion_s[-1][-1] == pytest.approx(4.0)


@settings(max_examples=40, deadline=None)
@given(SPANS)
def test_that_everybody_agrees_with_themselves(spans):
    found = compared(spans, spans)
    whole = found.overall
    assert set(whole.f1.values()) == set(whole.pose_f1.values()) == {1.0}
    assert (whole.kappa, whole.alpha, whole.median_s, whole.p90_s) == (1.0, 1.0, 0.0, 0.0)
    assert found.worst == ()


@settings(max_examples=40, deadline=None)
@given(SPANS, SPANS)
def test_that_it_is_the_same_from_either_side(one, other):
    here, there = compared(one, other).overall, compared(other, one).overall
    assert here.f1 == there.f1
    assert here.pose_f1 == there.pose_f1
    assert here.kappa == pytest.approx(there.kappa)
    assert here.alpha == pytest.approx(there.alpha)
    assert all(here.f1[few] >= here.f1[many] for few, many in (("0.1", "0.25"), ("0.25", "0.5")))
    assert here.f1["±0.1 s"] <= here.f1["±0.2 s"] <= here.f1["±0.5 s"] <= here.f1["±1 s"]


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_that_poses_shifted_by_some_frames_are_that_far_apart(frames):
    mine = marked([(0, 20, 0), (20, 20, 1), (40, 20, 2)])
    theirs = mine
    (clip,) = mine.clips.values()
    for pose in clip.poses:
        at = pose.frame + frames
        theirs = edits.set_pose(theirs, clip.id, pose.segment, at, FrameIdentity(pts=at), author="Ben")
    whole = agreement(Side(mine), Side(theirs)).overall
    assert whole.median_s == whole.p90_s == pytest.approx(frames / RATE)
    assert whole.within["±0.2 s"] == (1.0 if frames <= 2 else 0.0)
    assert whole.f1["0.5"] == 1.0


def test_that_joints_are_measured_and_those_moved_by_hand_apart(tmp_path):
    made = made_up(clips=1, steps=3)
    with ProjectStore.create(tmp_path / "p", "p", "Ada") as store:
        (clip,) = made.project.clips.values()
        project = made.project.with_clip(replace(clip, tracks=store.write_tracks(made.tracks[clip.tracks])))
        (clip,) = project.clips.values()
        pose = clip.poses[0]
        x, y = (float(each) for each in made.tracks["tracks-00"].joints_px[pose.frame, 0, 4])
        theirs = edits.set_joint_edits(project, clip.id, pose.segment, {"right_hand": (x + 3.0, y + 4.0, 1.0)})
        sides = [Side(each, joints_of=joints_in(store.folder)) for each in (project, theirs)]
        same, found = agreement(sides[0], sides[0]).overall, agreement(*sides).overall
    assert (same.joint_px, same.moved, same.pck) == (0.0, 0, 1.0)
    assert (found.moved, found.moved_px) == (1, pytest.approx(5.0, abs=1e-3))
    assert found.joint_px == pytest.approx(5.0 / 27, abs=1e-3)  # nine joints of three poses


def test_that_two_authors_of_one_project_and_exported_tables_are_annotators_too(tmp_path):
    with ProjectStore.create(tmp_path / "p", "Kitchen", "Ada") as store:
        project = replace(marked([(0, 20, 0), (30, 10, 1)]), id=store.project.id, name="Kitchen")
        second, _ = edits.mark_segment(project, "clip-00", project.actions()[0].id, 2, 20, author="Ben")
        store.edit(second, "Mark")
        write_csv(marks_of_project(store), tmp_path / "both.csv")
    assert authors_of(second) == ("Ada", "Ben")
    found = agreement(side_of(tmp_path / "p", "Ada"), side_of(tmp_path / "p", "Ben"))
    assert found.overall.segments == (2, 1)
    assert found.overall.f1["0.5"] == f1(1, 2, 1)
    table = agreement(side_of(tmp_path / "both.csv", "Ada"), side_of(tmp_path / "both.csv", "Ben"))
    assert table.overall.f1 == found.overall.f1
    assert table.overall.pose_f1 == found.overall.pose_f1
    rows = list(csv.reader(io.StringIO(as_csv(found))))
    assert tuple(rows[0]) == COLUMNS
    assert {len(each) for each in rows} == {len(COLUMNS)}
    with pytest.raises(ProjectError, match="Cem marked nothing"):
        side_of(tmp_path / "p", "Cem")


def test_that_clips_only_one_marked_do_not_count_and_worst_comes_first():
    whole = PROJECT
    bare = whole.with_clip(replace(whole.clips["clip-01"], segments=(), poses=()))
    found = agreement(Side(whole), Side(bare))
    assert (found.clips, found.only_one) == (("clip-00",), 1)
    mixed = compared([(0, 30, 0), (40, 10, 1)], [(0, 30, 1), (40, 9, 1)])
    assert [(each.start_frame, each.end_frame, each.one, each.other) for each in mixed.worst] == [
        (0, 30, "take", "cut"),
        (49, 50, "cut", "background"),
    ]


def said(*words):
    return CliRunner().invoke(main, ["agreement", *map(str, words)])


def test_that_the_command_says_what_was_measured_in_words_as_json_and_as_a_table(tmp_path):
    with ProjectStore.create(tmp_path / "p", "Kitchen", "Ada") as store:
        project = replace(marked([(0, 20, 0), (30, 10, 1)]), id=store.project.id, name="Kitchen")
        second, _ = edits.mark_segment(project, "clip-00", project.actions()[0].id, 2, 20, author="Ben")
        store.edit(second, "Mark")
        write_csv(marks_of_project(store), tmp_path / "both.csv")
    shutil.copytree(tmp_path / "p", tmp_path / "q")
    by_author = ("--authors", "Ada", "Ben")
    found = agreement(side_of(tmp_path / "p", "Ada"), side_of(tmp_path / "p", "Ben"))

    words = said(tmp_path / "p", *by_author).output
    assert "1 clip that both marked" in words
    assert "all labels  2 | 1" in words
    assert f"{found.overall.kappa:.3f}" in words
    figures = json.loads(said(tmp_path / "p", tmp_path / "q", *by_author, "--json").output)
    assert figures["overall"]["f1"] == pytest.approx(found.overall.f1)
    assert (figures["overall"]["kappa"], figures["clips"]) == (pytest.approx(found.overall.kappa), ["clip-00"])
    turned = json.loads(said(tmp_path / "both.csv", tmp_path / "p", *by_author, "--json").output)
    assert turned["overall"]["segments"] == [2, 1]
    assert str(tmp_path / "f.csv") in said(tmp_path / "p", *by_author, "--csv", tmp_path / "f.csv").output.replace(
        "\n", ""
    )
    assert (tmp_path / "f.csv").read_text(encoding="utf-8") == as_csv(found)


def test_that_the_command_refuses_in_words_what_cannot_be_compared(tmp_path):
    ProjectStore.create(tmp_path / "p", "Kitchen", "Ada").close()
    ProjectStore.create(tmp_path / "q", "Garden", "Ben").close()
    for words, reason in (
        ((tmp_path / "p",), "There is one annotator"),
        ((tmp_path / "p", tmp_path / "q"), "no clip that both marked"),
        ((tmp_path / "p", tmp_path / "gone.csv"), "is not there"),
        ((tmp_path / "p", "--authors", "Ada", "Ben"), "Ada marked nothing in p"),
    ):
        refused = said(*words)
        assert refused.exit_code == 1
        assert reason in refused.output.replace("\n", " ")
