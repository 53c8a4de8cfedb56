"""Annotations into a project: whose clip, which frame, what is left out, and nothing twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.bodies.skeletons import BODY_25
from core.errors import ProjectError
from core.footage import video_file
from core.formats import openpose
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.cameras import NamedCamera
from core.importing.annotations import Origin, take_annotations
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import Clip
from core.project.store import ProjectStore
from core.video import open_video, write_video
from tests.core.made_up_project import tilted_camera

CUT = ForeignSegment(action="cut", start_frame=2, end_frame=8, objects=("bread", "knife"), pose_frame=5)
WASH = ForeignSegment(action="wash", start_s=0.8, end_s=1.2, actor="B")
IDLE = ForeignSegment(action="idle", start_frame=10, end_frame=11)


def annotations(*segments: ForeignSegment, name: str = "s01", **more) -> Annotations:
    return Annotations((ForeignClip(name, segments, rate_hz=10.0, frame_count=20, width=64, height=48, **more),))


def film(path: Path, frames: int = 20, rate_hz: float = 10.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_video(path, rate_hz, 64, 48) as out:
        for frame in range(frames):
            out.add(np.full((48, 64, 3), 5 * frame, np.uint8))
    return path


@pytest.fixture
def store(tmp_path):
    with ProjectStore.create(tmp_path / "project", "Test", "me") as made:
        yield made


def take(store: ProjectStore, what: Annotations, folder: Path | None = None, **more):
    return take_annotations(what, store, source="XES", author="me", folder=folder or store.folder, **more)


def only(store: ProjectStore) -> Clip:
    (clip,) = store.project.clips.values()
    return clip


def in_words(store: ProjectStore, clip: Clip) -> list[tuple]:
    names = {each.id: each.name for each in (*store.project.labels.values(), *clip.actors)}
    poses = {each.segment: each.frame for each in clip.poses}
    return [
        (names[each.action], each.start_frame, each.end_frame, tuple(names[o] for o in each.objects),
         names.get(each.actor, ""), poses.get(each.id))
        for each in clip.segments
    ]  # fmt: skip


def test_that_everything_said_of_a_clip_comes_in_as_one_edit(store):
    given = replace(annotations(CUT, WASH, IDLE, performer="anna"), learned_as={"idle": "", "wash": "clean"})
    report = take(store, given)
    clip = only(store)
    assert in_words(store, clip) == [
        ("cut", 2, 8, ("bread", "knife"), "", 5), ("wash", 8, 12, (), "B", None), ("idle", 10, 11, (), "", None)
    ]  # fmt: skip
    assert (clip.name, clip.performer, clip.video.frame_count, clip.video.rate_hz) == ("s01", "anna", 20, 10.0)
    assert {each.name: each.learned_as for each in store.project.actions()} == {
        "cut": None, "wash": "clean", "idle": ""
    }  # fmt: skip
    assert (report.taken, report.left_out) == (3, ())
    assert all(each.made.source == "XES" for each in clip.segments)
    assert len(store.journal) == 2, "the project's beginning, and this"
    store.undo()
    assert not store.project.clips
    assert not store.project.labels


def test_that_taking_the_same_again_changes_nothing(store):
    given = replace(
        annotations(CUT, WASH, IDLE, camera="cam"),
        splits={"own": {"train": ("s01",)}},
        cameras=(NamedCamera("cam", replace(tilted_camera(), width=64, height=48)),),
    )
    take(store, given)
    before = store.project
    report = take(store, given)
    assert store.project == before
    assert len(store.journal) == 2
    assert (report.taken, report.known, report.left_out) == (0, 3, ())


def test_that_what_a_person_set_in_the_meantime_stays(store):
    take(store, annotations(CUT))
    clip = only(store)
    changed = edits.change_segment(store.project, clip.id, clip.segments[0].id, objects=())
    pose = clip.poses[0]
    changed = edits.set_pose(changed, clip.id, pose.segment, 3, pose.identity, author="me")
    store.edit(changed, "By hand")
    take(store, annotations(CUT, IDLE))
    assert in_words(store, only(store)) == [("cut", 2, 8, (), "", 3), ("idle", 10, 11, (), "", None)]


@pytest.mark.parametrize("name", ["kitchen.mp4", "kitchen", "kitchen.AVI", "bench"])
def test_that_a_clip_is_known_by_its_name_or_its_videos_with_or_without_an_ending(store, tmp_path, name):
    path = film(tmp_path / "videos" / "bench.mp4")
    project, clip = edits.add_clip(
        store.project, "kitchen.mp4", path, video_file(path), author="me", folder=store.folder
    )  # fmt: skip
    store.edit(project, "Add it")
    take(store, annotations(CUT, name=name))
    assert len(only(store).segments) == 1
    assert only(store).id == clip.id


def test_that_two_clips_of_one_name_are_not_guessed_between(store, tmp_path):
    project = store.project
    for at in (1, 2):
        path = film(tmp_path / str(at) / "same.mp4")
        project, _ = edits.add_clip(
            project, f"cam {at}", path, video_file(path), author="me", folder=store.folder
        )  # fmt: skip
    store.edit(project, "Add them")
    report = take(store, annotations(CUT, name="same"))
    assert report.left_out == ("several clips 'same'",)
    assert report.taken == 0


def test_that_a_video_below_the_data_sets_folder_becomes_the_clips(store, tmp_path):
    data = tmp_path / "data"
    film(data / "videos" / "s01.avi")
    take(store, annotations(CUT, videos=("videos/s01.avi",)), data)
    assert store.video_path(only(store)) == data / "videos" / "s01.avi"
    assert only(store).poses[0].identity.pts >= 0
    with open_video(data / "videos" / "s01.avi") as video:
        assert only(store).poses[0].identity.pts == video.pts(5)


def test_that_a_clip_gets_its_video_from_a_later_import(store, tmp_path):
    take(store, annotations(CUT, WASH))
    before = in_words(store, only(store))
    film(tmp_path / "videos" / "s01.mp4")
    report = take(store, annotations(CUT, WASH), videos=tmp_path / "videos")
    assert store.video_path(only(store)) == tmp_path / "videos" / "s01.mp4"
    assert in_words(store, only(store)) == before
    assert report.known == 2


def test_that_what_came_by_a_wrong_rate_moves_to_its_videos_times_and_does_not_come_twice(store, tmp_path):
    given = Annotations((ForeignClip("s01", (ForeignSegment("a", start_s=0.4, end_s=0.8, pose_s=0.6), WASH)),))
    take(store, given, rate_hz=30.0)
    assert [each[1:3] for each in in_words(store, only(store))] == [(12, 24), (24, 36)]
    film(tmp_path / "videos" / "s01.mp4")
    report = take(store, given, videos=tmp_path / "videos", rate_hz=30.0)
    assert [(*each[1:3], each[5]) for each in in_words(store, only(store))] == [(4, 8, 6), (8, 12, None)]
    assert (report.taken, report.known) == (0, 2)
    before = store.project
    take(store, given, videos=tmp_path / "videos", rate_hz=30.0)
    assert store.project == before


def test_that_no_video_is_taken_from_outside_the_folder(store, tmp_path):
    film(tmp_path / "elsewhere.mp4")
    (tmp_path / "data").mkdir()
    take(store, annotations(CUT, videos=("../elsewhere.mp4",)), tmp_path / "data")
    assert only(store).video.path == ""


@pytest.mark.parametrize("poses", ["../away", "link", "{away}", "../set/../away", "\0", "x" * 300, "set"])
def test_that_no_2d_poses_are_taken_from_outside_the_folder(store, tmp_path, poses):
    found = Poses2d(BODY_25, np.full((3, 1, 25, 2), 9.0, np.float32), np.ones((3, 1, 25), np.float32))
    openpose.write(found, tmp_path / "away")
    openpose.write(found, tmp_path / "set" / "set")
    (tmp_path / "set" / "link").symlink_to(tmp_path / "away")
    take(store, annotations(CUT, poses=poses.format(away=tmp_path / "away")), tmp_path / "set")
    assert bool(only(store).tracks) == (poses == "set")


@pytest.mark.parametrize("rate_hz", [10.0, 30000 / 1001, 12.5])
def test_that_times_rounded_to_milliseconds_find_their_frames_again(store, tmp_path, rate_hz):
    path = film(tmp_path / "data" / "s01.mp4", 40, rate_hz)
    with open_video(path) as video:
        times = [round(video.time_s(frame), 3) for frame in range(40)] + [round(40 / rate_hz, 3)]
    segments = [ForeignSegment("cut", start_s=times[at], end_s=times[at + 3], pose_s=times[at + 1]) for at in range(38)]
    take(store, annotations(*segments), tmp_path / "data")
    assert [each[1:3] + each[5:] for each in in_words(store, only(store))] == [(at, at + 3, at + 1) for at in range(38)]


def test_that_an_instant_is_a_segment_of_one_frame(store):
    take(store, annotations(ForeignSegment("tap", start_s=0.5, end_s=0.5)))
    assert in_words(store, only(store)) == [("tap", 5, 6, (), "", None)]


def test_that_what_cannot_be_placed_is_left_out_with_its_reason(store, tmp_path):
    film(tmp_path / "s01.mp4")
    report = take(
        store,
        annotations(
            ForeignSegment("a", 5, 5),
            ForeignSegment("b", -1, 4),
            ForeignSegment("c", 18, 25),
            ForeignSegment("d", 18, 40),
            ForeignSegment("e", 30, 31),
            ForeignSegment("f", start_s=float("nan"), end_s=1.0),
            ForeignSegment("g"),
            ForeignSegment("h", 1, 4, pose_frame=77),
            ForeignSegment(" ", 1, 4),
        ),
        tmp_path,
    )
    assert [each[:3] for each in in_words(store, only(store))] == [("h", 1, 4), ("c", 18, 20)]
    assert report.left_out == (
        "s01, a from frame 5: it ends at 5",
        "s01, b from frame -1: it ends at 4",
        "s01, d, frames 18 to 40: the clip has 20 frames",
        "s01, e, frames 30 to 31: the clip has 20 frames",
        "s01, f: a time beyond any video",
        "s01, g: neither frames nor seconds",
        "s01, h from frame 1: its pose at frame 77 lies outside the video",
        "s01: a segment without an action",
    )
    assert "ends with it" in report.says


def test_that_words_of_what_is_left_out_do_not_come_in(store):
    take(store, annotations(ForeignSegment("never", 5, 5, objects=("thing",))))
    assert not store.project.labels


def test_that_a_clip_without_video_grows_with_what_is_said_of_it(store):
    take(store, annotations(IDLE))
    take(store, annotations(ForeignSegment("late", 90, 120)))
    assert only(store).video.frame_count == 120
    assert only(store).video.duration_s == pytest.approx(12)


def test_that_a_split_is_never_written_over(store):
    two = Annotations(
        (ForeignClip("a", (CUT,), 10.0), ForeignClip("b", (CUT,), 10.0)),
        splits={"own": {"train": ("a",), "test": ("b", "gone")}},
    )
    report = take(store, two)
    (split,) = store.project.splits.values()
    names = {clip.id: clip.name for clip in store.project.clips.values()}
    assert {part: [names[each] for each in clips] for part, clips in split.parts.items()} == {
        "train": ["a"], "test": ["b"]
    }  # fmt: skip
    assert "1 clip that did not come" in report.says
    report = take(store, replace(two, splits={"own": {"train": ("b",), "test": ("a",)}}))
    assert list(store.project.splits.values()) == [split]
    assert report.left_out == ("the split 'own': there is another of this name, which stays",)


def test_that_cameras_and_2d_poses_of_a_data_set_come_with_its_clips(store, tmp_path):
    joints = np.random.default_rng(0).uniform(5, 40, (6, 1, 25, 2)).astype(np.float32)

    openpose.write(Poses2d(BODY_25, joints, np.ones((6, 1, 25), np.float32)), tmp_path / "data" / "pose")
    camera = replace(tilted_camera(), width=64, height=48)
    given = annotations(CUT, poses="pose", camera="dev3")
    take(store, replace(given, cameras=(NamedCamera("dev3", camera),)), tmp_path / "data")
    clip = only(store)
    assert store.project.cameras[clip.camera].name == "dev3"
    np.testing.assert_allclose(store.tracks(clip.tracks).joints_px[:6], joints, atol=1e-3)


def test_that_annotations_for_one_clip_are_of_one_clip(store):
    take(store, annotations(CUT))
    clip = only(store)
    take(store, annotations(IDLE, name="another name"), clip=clip)
    assert len(only(store).segments) == 2
    two = Annotations((ForeignClip("a", (CUT,)), ForeignClip("b", (CUT,))))
    with pytest.raises(ProjectError, match="2 clips, not of one"):
        take(store, two, clip=clip)


def test_that_the_rate_taken_for_granted_is_said(store):
    report = take(store, Annotations((ForeignClip("a", (WASH,)),)), rate_hz=50.0)
    assert only(store).segments[0].start_frame == 40
    assert "taken for 50 frames a second" in report.says


def test_that_names_that_only_damage_makes_so_long_are_left_out(store):
    long = "x" * 1001
    report = take(store, annotations(CUT, replace(WASH, action=long), replace(IDLE, objects=("bread", long))))
    assert [each[0] for each in in_words(store, only(store))] == ["cut"]
    assert len(report.left_out) == 2
    assert all("a name of more than 1000 letters" in each and len(each) < 200 for each in report.left_out)
    report = take(store, annotations(CUT, name=long))
    assert len(store.project.clips) == 1
    assert len(report.left_out[0]) < 200


def test_that_what_is_imported_twice_before_an_open_studio_takes_it_in_comes_once(store):
    camera = NamedCamera("left", tilted_camera(), placed=True)
    what = replace(annotations(CUT, IDLE, name="s02", performer="s02"), cameras=(camera,))
    reports = []
    for _ in range(2):
        with ProjectStore.open(store.folder, "command", mode="command") as command:
            reports.append(take(command, what, origin=Origin(store.folder / "s02.xes")))
    assert [(each.taken, each.known) for each in reports] == [(2, 0), (0, 2)]
    assert len(store.take_in_results()) == 1
    clip = only(store)
    assert len(clip.segments) == 2
    assert len(clip.poses) == 1
    assert [len(each) for each in (store.project.cameras, store.project.items, store.project.actions())] == [1, 1, 2]
