"""Out of a project and into another: whatever was marked is the same there, and nothing comes twice."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.bodies.skeletons import BODY_25, COCO_17, UPPER_BODY_9
from core.errors import ProjectError
from core.exporting.marks import annotations_of_project
from core.formats import cluster_table, coco, keypose_csv
from core.importing.exchange import hand_out, named, take_in
from core.motion import Poses2d
from core.project import clusters, edits
from core.project.annotations import ABSENT, BY_HAND, OCCLUDED, VISIBLE, FrameIdentity, Project, VideoFile
from core.project.store import ProjectStore

FRAMES = 400
WORDS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|"), min_size=1, max_size=8)


@st.composite
def projects(draw):
    """Two clips without video, with people, objects and poses, drawn onto an empty project."""

    def made(project: Project) -> Project:
        for name, rate in (("one.mp4", 25.0), ("two", 29.97)):
            video = VideoFile(
                path="", frame_count=FRAMES, width=640, height=360, rate_hz=rate, duration_s=FRAMES / rate,
                size_bytes=0, fingerprint="",
            )  # fmt: skip
            project, clip = edits.add_clip(project, name, None, video, author="me", folder=Path())
            project, ann = edits.add_actor(project, clip.id, "Ann", author="me")
            spans = draw(st.lists(st.tuples(st.integers(0, 390), st.integers(1, 9)), max_size=6, unique=True))
            for start, length in spans:
                project, action = edits.label_for(project, draw(WORDS), "action", author="me")
                objects = []
                for word in draw(st.lists(WORDS, max_size=2, unique=True)):
                    project, label = edits.label_for(project, word, "object", author="me")
                    objects.append(label.id)
                project, segment = edits.mark_segment(
                    project, clip.id, action.id, start, start + length, author="me", objects=tuple(objects),
                    actor=draw(st.sampled_from(["", ann.id])),
                )  # fmt: skip
                if draw(st.booleans()):
                    at = draw(st.integers(0, FRAMES - 1))
                    project = edits.set_pose(
                        project, clip.id, segment.id, at, FrameIdentity(pts=-1), author="me"
                    )  # fmt: skip
        return project

    return made


def facts(project: Project) -> dict:
    """Everything marked, by names."""
    labels = {each.id: each.name for each in project.labels.values()}
    return {
        clip.name: sorted(
            (
                labels[each.action], each.start_frame, each.end_frame, tuple(sorted(labels[o] for o in each.objects)),
                next((a.name for a in clip.actors if a.id == each.actor), ""),
                None if (pose := clip.pose_of(each.id)) is None else pose.frame,
            )
            for each in clip.segments
        )
        for clip in project.clips.values()
    }  # fmt: skip


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(made=projects(), how=st.sampled_from(["ELAN", "Marks CSV", "Marks JSON"]))
def test_that_a_project_goes_out_and_comes_in_the_same(tmp_path_factory, made, how):
    folder = tmp_path_factory.mktemp("round")
    known = named(how)
    with ProjectStore.create(folder / "a", "A", "me") as store:
        store.edit(made(store.project), "Mark")
        before = facts(store.project)
        out = folder / {"ELAN": "out", "Marks CSV": "out.csv", "Marks JSON": "out.json"}[how]
        hand_out(known, store, out)
        unmarked = [replace(each, segments=(), poses=(), actors=()) for each in store.project.clips.values()]
        kept = facts(store.project)
        for source in sorted(out.iterdir()) if out.is_dir() else [out]:
            take_in(known, source, store, None, "me")
        assert facts(store.project) == kept, "what is there already does not come again"
    with ProjectStore.create(folder / "b", "B", "me") as store:
        project = store.project
        for clip in unmarked:
            project = project.with_clip(clip)
        store.edit(project, "The same videos")
        for source in sorted(out.iterdir()) if out.is_dir() else [out]:
            take_in(known, source, store, None, "me")
        assert facts(store.project) == before


@pytest.mark.parametrize("how", ["Marks CSV", "Marks JSON"])
def test_that_a_draft_goes_out_and_comes_in_as_a_draft(tmp_path, store, how):
    (clip, *_) = store.project.clips.values()
    draft = replace(clip.poses[0], made=replace(clip.poses[0].made, source="draft: the middle of the segment"))
    store.edit(store.project.with_clip(clip.with_pose(draft)), "Draft")
    out = tmp_path / {"Marks CSV": "out.csv", "Marks JSON": "out.json"}[how]
    hand_out(named(how), store, out)
    store.edit(store.project.with_clip(replace(store.project.clips[clip.id], segments=(), poses=())), "Away")
    take_in(named(how), out, store, None, "you")
    sources = [(each.made.source, each.is_draft) for each in store.project.clips[clip.id].poses]
    assert sources == [("draft: the middle of the segment", True), (BY_HAND, False)]


@pytest.mark.parametrize("how", ["Marks CSV", "Marks JSON"])
def test_that_what_a_forecaster_had_a_share_in_goes_out_and_comes_in_as_that(tmp_path, store, how):
    (clip, *_) = store.project.clips.values()
    sources = ("draft: forecast by forecaster-08", "forecast by forecaster-08, corrected by hand")
    before = clip.segments[: len(sources)]
    for segment, source in zip(before, sources, strict=False):
        clip = clip.with_segment(replace(segment, made=replace(segment.made, source=source)))
    store.edit(store.project.with_clip(clip), "Accept")
    out = tmp_path / {"Marks CSV": "out.csv", "Marks JSON": "out.json"}[how]
    hand_out(named(how), store, out)
    store.edit(store.project.with_clip(replace(store.project.clips[clip.id], segments=(), poses=())), "Away")
    take_in(named(how), out, store, None, "you")
    came = [each.made.source for each in store.project.clips[clip.id].segments]
    assert came[: len(before)] == list(sources[: len(before)])
    assert store.project.clips[clip.id].segments[0].is_draft


def test_that_a_table_without_the_poses_sources_is_read(tmp_path, store):
    table = tmp_path / "marks.csv"
    table.write_text("clip,action,start_frame,end_frame,pose_frame\nrun,reach,2,9,5\n")
    take_in(named("Marks CSV"), table, store, None, "you")
    run = next(each for each in store.project.clips.values() if each.name == "run")
    assert next(each for each in run.poses if each.frame == 5).made.source == "Marks CSV"


@pytest.fixture
def store(tmp_path):
    with ProjectStore.create(tmp_path / "project", "Test", "me") as made:
        project = made.project
        for name, rate in (("walk.mp4", 50.0), ("run", 30.0)):
            video = VideoFile(
                path="", frame_count=60, width=640, height=360, rate_hz=rate, duration_s=60 / rate, size_bytes=0,
                fingerprint="",
            )  # fmt: skip
            project, clip = edits.add_clip(
                project, name, None, video, author="me", folder=made.folder, performer="Ann"
            )  # fmt: skip
            project, action = edits.label_for(project, "reach", "action", author="me")
            for start, pose in ((10, 12), (30, 33), (50, None)):
                project, segment = edits.mark_segment(project, clip.id, action.id, start, start + 8, author="me")
                if pose is not None:
                    project = edits.set_pose(project, clip.id, segment.id, pose, FrameIdentity(pts=-1), author="me")
            if name == "walk.mp4":
                rng = np.random.default_rng(0)
                joints = rng.uniform(50, 300, (60, 2, 25, 2)).astype(np.float32)
                tracks = made.write_tracks(Poses2d(BODY_25, joints, np.full((60, 2, 25), 0.9, np.float32)))
                project = edits.set_tracks(project, clip.id, tracks)
                first = project.clips[clip.id].segments[0]
                project = edits.set_joint_edits(project, clip.id, first.id, {"right_hand": (7.0, 8.0, 1.0)})
        ids = tuple(project.clips)
        project, _ = edits.add_split(project, "own", {"train": ids[:1], "test": ids[1:]}, author="me")
        made.edit(project, "Make it up")
        yield made


@pytest.mark.parametrize(("form", "rate_hz"), [("GRAB", 120), ("Human3.6M", 50)])
def test_that_characteristic_poses_go_out_in_both_forms_at_their_rate(store, tmp_path, form, rate_hz):
    out = tmp_path / "poses.csv"
    report = hand_out(named("Characteristic poses"), store, out, {"form": form})
    table = keypose_csv.read(out)
    assert table.form == form
    assert [(row.sample, row.frame) for row in table.rows] == [
        ("walk", round(12 * rate_hz / 50)), ("walk", round(33 * rate_hz / 50)), ("run", 12 * rate_hz // 30),
        ("run", 33 * rate_hz // 30),
    ]  # fmt: skip
    if form == "Human3.6M":
        assert (table.rows[0].start, table.rows[0].comment) == (10, "reach")
    assert report.says.startswith("poses.csv: 4 characteristic poses")
    with pytest.raises(ProjectError, match="no form 'X'"):
        hand_out(named("Characteristic poses"), store, out, {"form": "X"})


def test_that_coco_says_of_joints_moved_by_hand_whether_they_are_seen_hidden_or_absent(store, tmp_path):
    walk, run = store.project.clips.values()
    by_hand = {
        "right_hand": (7.0, 8.0, VISIBLE), "left_hand": (9.0, 10.0, OCCLUDED), "left_elbow": (1.0, 2.0, ABSENT),
        "neck": (3.0, 4.0, VISIBLE),
    }  # fmt: skip
    project = edits.set_joint_edits(store.project, walk.id, walk.segments[0].id, by_hand)
    project = edits.set_joint_edits(project, run.id, run.segments[1].id, {"head": (5.0, 6.0, OCCLUDED)})
    store.edit(project, "Move joints")
    report = hand_out(named("COCO"), store, tmp_path / "poses.json")
    assert report.left_out == ("1 joint moved by hand that the people of the file do not have",)  # COCO has no neck
    content = json.loads((tmp_path / "poses.json").read_text())
    first, last = content["annotations"][0]["keypoints"], content["annotations"][-1]["keypoints"]

    def of(keypoints, joint, skeleton):
        return keypoints[3 * skeleton[joint] : 3 * skeleton[joint] + 3]

    assert of(first, "right_wrist", COCO_17) == [7.0, 8.0, 2]
    assert of(first, "left_wrist", COCO_17) == [9.0, 10.0, 1]
    assert of(first, "left_elbow", COCO_17) == [0.0, 0.0, 0]
    assert content["images"][-1]["file_name"] == "run/000033.jpg"
    assert of(last, "head", UPPER_BODY_9) == [5.0, 6.0, 1]
    assert last[2::3].count(0) == 8


def test_that_coco_gets_characteristic_poses_with_the_joints_moved_by_hand(store, tmp_path):
    out = tmp_path / "poses.json"
    report = hand_out(named("COCO"), store, out)
    assert report.left_out == ("1 clip without 2D poses",)
    content = json.loads(out.read_text())
    assert [each["file_name"] for each in content["images"]] == ["walk.mp4/000012.jpg", "walk.mp4/000033.jpg"]
    wrist = 3 * COCO_17["right_wrist"]
    assert content["annotations"][0]["keypoints"][wrist : wrist + 3] == [7.0, 8.0, 2]
    assert content["annotations"][1]["keypoints"][wrist] != 7.0, "the other person stays"
    clip = next(iter(store.project.clips.values()))
    hand_out(named("COCO"), store, out, {"frames": "all"})
    assert len(coco.read(out, frame_count=60)) == 60
    before = store.tracks(clip.tracks)
    take_in(named("COCO"), out, store, clip, "me")
    after = store.tracks(store.project.clips[clip.id].tracks)
    at = [BODY_25[joint] for joint in COCO_17.joints]
    np.testing.assert_allclose(after.joints_px, before.joints_px[:, :, at], atol=1e-3)


def test_that_a_table_of_clips_gives_performers_and_splits_to_the_same_clips_elsewhere(store, tmp_path):
    out = tmp_path / "clips.csv"
    hand_out(named("Clip table"), store, out)
    assert out.read_text().splitlines()[1].startswith("walk.mp4,60,1.2,50.0,640,360,3,2,1,1,0,Ann")
    with ProjectStore.create(tmp_path / "other", "Other", "me") as other:
        take_in(named("Clip table"), out, other, None, "me")
        assert {clip.name: clip.performer for clip in other.project.clips.values()} == {"walk.mp4": "Ann", "run": "Ann"}
        assert annotations_of_project(other).splits == {"own": {"train": ("walk.mp4",), "test": ("run",)}}
        before = other.project
        take_in(named("Clip table"), out, other, None, "me")
        assert other.project == before


def test_that_elan_gets_a_file_for_each_clip_and_the_report_names_where(store, tmp_path):
    report = hand_out(named("ELAN"), store, tmp_path / "out.eaf")
    assert report.says == "out: 6 segments of 2 clips, a file each"
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["run.eaf", "walk.eaf"]
    project = edits.remove_clip(store.project, next(iter(store.project.clips)))
    store.edit(project, "Keep one")
    assert hand_out(named("ELAN"), store, tmp_path / "one.eaf").says == "one.eaf: 3 segments of 1 clip"
    assert (tmp_path / "one.eaf").is_file()


def test_that_what_a_damaged_project_cannot_name_is_listed(store, tmp_path):
    gone = replace(store.project, labels={})
    store.edit(gone, "Lose the words")
    report = hand_out(named("ELAN"), store, tmp_path / "out")
    assert len(report.left_out) == 6
    assert "the segment's label is gone" in report.says


def test_that_a_real_log_goes_through_elan_and_back_without_a_new_segment(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "ikea_asm_sequences" / "keep_na.xes.zip") as archive:
        archive.extractall(tmp_path)
    with ProjectStore.create(tmp_path / "project", "IKEA-ASM", "me") as store:
        report = take_in(named("XES"), tmp_path / "keep_na.xes", store, None, "me")
        assert (report.taken, report.left_out) == (2674, ())
        (background,) = (each for each in store.project.actions() if each.learned_as == "")
        assert background.name == "NA"
        hand_out(named("ELAN"), store, tmp_path / "elan")
        again = [take_in(named("ELAN"), each, store, None, "me") for each in sorted((tmp_path / "elan").iterdir())[:20]]
        assert sum(each.taken or 0 for each in again) == 0
        assert sum(each.known for each in again) > 300


@pytest.mark.parametrize("how", ["Marks CSV", "ELAN"])
def test_that_the_mappings_of_a_project_lie_beside_what_goes_out_and_write_over_nothing(tmp_path, store, how):
    first = next(iter(store.project.actions()))
    after = clusters.group(store.project, "", [first.id], "something", author="Ada")
    after, _ = clusters.add_clustering(after, "Own names", {}, author="Ada")
    store.edit(after, "Cluster")
    out = tmp_path / {"Marks CSV": "out.csv", "ELAN": "out"}[how]
    out.mkdir() if how == "ELAN" else None
    report = hand_out(named(how), store, out)
    beside = next(tmp_path.rglob("*clusters.json"))
    assert beside.name in report.says
    both = cluster_table.read_named(beside)
    assert [(each.name, each.in_use) for each in both] == [("Clusters", True), ("Own names", False)]
    assert both[0].learned_as[first.name] == "something"
    beside.write_text("somebody's")
    hand_out(named(how), store, out)
    assert beside.read_text() == "somebody's"
    assert len(list(tmp_path.rglob("*clusters*.json"))) == 2
