"""2D poses find the clip that they name, and make one without a video where there is none."""

import zipfile

import msgspec
import numpy as np
import pytest

from core.bodies.skeletons import BODY_25, COCO_17, COCO_18
from core.errors import FormatError, ProjectError
from core.formats import coco, openpose
from core.importing.carrying_out import carry_out
from core.importing.exchange import named, take_in
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import VideoFile
from core.project.store import ProjectStore
from core.runs import Done, ImportData


@pytest.fixture
def store(tmp_path):
    with ProjectStore.create(tmp_path / "Pilot", "Pilot", "Ines") as made:
        yield made


def files(folder, video, frames, skeleton=BODY_25, scale=(100.0, 200.0)):
    """One person, each frame a step further, as OpenPose writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        points = [each for joint in range(len(skeleton)) for each in (scale[0] + frame, scale[1] + joint, 0.9)]
        content = msgspec.json.encode({"version": 1.3, "people": [{"pose_keypoints_2d": points}]})
        (folder / f"{video}_{frame:012}_keypoints.json").write_bytes(content)
    return folder


def add_clip(store, name, video="", frames=50):
    facts = VideoFile(
        path="", frame_count=frames, width=640, height=360, rate_hz=25.0, duration_s=frames / 25, size_bytes=1,
        fingerprint="seen" if video else "",
    )  # fmt: skip
    place = store.folder / video if video else None
    project, clip = edits.add_clip(store.project, name, place, facts, author="me", folder=store.folder)
    store.edit(project, "Add")
    return clip.id


def taken(store, source, how="OpenPose", clip=None, **options):
    return take_in(named(how), source, store, clip, "me", options)


def clips(store):
    return {clip.name: clip for clip in store.project.clips.values()}


@pytest.mark.parametrize("skeleton", [BODY_25, COCO_18], ids=str)
def test_that_poses_without_a_clip_make_one_without_a_video_in_one_edit(store, tmp_path, skeleton):
    report = taken(store, files(tmp_path / "output", "walk", range(30, 40), skeleton))
    (clip,) = store.project.clips.values()
    assert (clip.name, clip.video.path, clip.video.fingerprint) == ("walk", "", "")
    assert (clip.video.frame_count, clip.video.rate_hz, clip.video.width, clip.video.height) == (40, 30.0, 1920, 1080)
    poses = store.tracks(clip.tracks)
    assert poses.skeleton == skeleton
    assert np.allclose(poses.joints_px[35, 0, 2], (135, 202))
    assert "walk: 10 frames of 1 person" in report.says
    assert "30 frames a second and 1920 × 1080 pixels" in report.says
    store.undo()
    assert not store.project.clips
    store.redo()
    before = store.project
    assert "nothing has changed" in taken(store, tmp_path / "output").says
    assert store.project == before


def test_that_they_go_to_the_clip_or_video_that_they_name(store, tmp_path):
    by_name, by_video = add_clip(store, "walk.mp4"), add_clip(store, "Kitchen, morning", "run.avi")
    taken(store, files(tmp_path / "output", "walk", range(5)))
    taken(store, files(tmp_path / "run_poses", "run", range(50)))
    assert {each.id for each in store.project.clips.values() if each.tracks} == {by_name, by_video}
    taken(store, files(tmp_path / "walk", "", range(7)))
    assert store.tracks(store.project.clips[by_name].tracks).seen().any((1, 2)).sum() == 7
    taken(store, files(tmp_path / "other", "sit", range(5)))
    assert list(clips(store)) == ["walk.mp4", "Kitchen, morning", "sit"]


def test_that_poses_longer_than_the_video_are_refused_and_a_clip_without_one_grows(store, tmp_path):
    add_clip(store, "walk", "walk.mp4")
    add_clip(store, "sit")
    with pytest.raises(FormatError, match="it has a frame 59, the video has 50 frames"):
        taken(store, files(tmp_path / "a", "walk", range(60)))
    taken(store, files(tmp_path / "b", "sit", range(60)))
    assert clips(store)["sit"].video.frame_count == 60
    assert clips(store)["sit"].video.duration_s == 60 / 25


def test_that_a_new_clip_can_be_asked_for_and_called_and_comes_once(store, tmp_path):
    add_clip(store, "walk", "walk.mp4")
    folder = files(tmp_path / "a", "walk", range(60))
    for _ in range(2):
        taken(store, folder, new="yes", size="1280x720", rate_hz="25")
        taken(store, folder, new="Walk, again")
    made = clips(store)
    assert list(made) == ["walk", "walk 2", "Walk, again"]
    video = made["walk 2"].video
    assert (video.width, video.height, video.rate_hz, video.frame_count) == (1280, 720, 25.0, 60)
    with pytest.raises(ProjectError, match="to walk or to a new clip"):
        taken(store, folder, clip=made["walk"], new="yes")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"size": "wide"}, "no size of a picture"),
        ({"size": "0x720"}, "no size of a picture"),
        ({"rate_hz": "nan"}, "no rate of frames"),
        ({"rate_hz": "-5"}, "no rate of frames"),
        ({"colour": "red"}, "has no option 'colour'"),
    ],
)
def test_that_an_option_that_cannot_be_is_refused(store, tmp_path, options, why):
    with pytest.raises(ProjectError, match=why):
        taken(store, files(tmp_path / "a", "walk", range(3)), **options)
    assert not store.project.clips


def test_that_a_size_that_is_not_the_clips_is_refused(store, tmp_path):
    add_clip(store, "walk", "walk.mp4")
    with pytest.raises(ProjectError, match="walk has pictures of 640 × 360, not 1280 × 720"):
        taken(store, files(tmp_path / "a", "walk", range(3)), size="1280x720")
    with pytest.raises(ProjectError, match="walk has 25 frames a second, not 30"):
        taken(store, tmp_path / "a", rate_hz="30")


def test_that_joints_outside_the_taken_picture_are_said(store, tmp_path):
    report = taken(store, files(tmp_path / "a", "walk", range(3), scale=(3000.0, 400.0)))
    assert "Joints lie outside this picture, as far as 3002, 424" in report.says


def test_that_two_clips_of_one_name_are_not_chosen_between(store, tmp_path):
    add_clip(store, "walk.mp4")
    add_clip(store, "walk.avi")
    with pytest.raises(ProjectError, match=r"as several clips are: walk\.mp4, walk\.avi"):
        taken(store, files(tmp_path / "a", "walk", range(3)))


def test_that_coco_says_its_clip_and_its_pictures_size(store, tmp_path):
    joints = np.full((4, 1, 17, 2), 50, np.float32) + np.arange(17, dtype=np.float32)[:, None]
    poses = Poses2d(COCO_17, joints, np.ones((4, 1, 17), np.float32))
    coco.write([coco.Sheet("sit", 640, 480, poses, tuple(range(4)))], tmp_path / "people.json")
    report = taken(store, tmp_path / "people.json", "COCO")
    (clip,) = store.project.clips.values()
    assert (clip.name, clip.video.width, clip.video.height, clip.video.frame_count) == ("sit", 640, 480, 4)
    assert "1920" not in report.says
    assert np.allclose(store.tracks(clip.tracks).joints_px[0, 0], joints[0, 0], atol=1e-3)
    taken(store, tmp_path / "people.json", "COCO")
    assert len(store.project.clips) == 1


def test_that_a_zip_comes_in_as_its_files_say(tmp_path):
    ProjectStore.create(tmp_path / "Pilot", "Pilot", "Ines").close()
    folder = files(tmp_path / "away", "walk", range(4))
    with zipfile.ZipFile(tmp_path / "0.zip", "w") as archive:
        for each in sorted(folder.iterdir()):
            archive.write(each, each.name)
    spec = ImportData(
        project=str(tmp_path / "Pilot"), out=str(tmp_path / "run"), source=str(tmp_path / "0.zip"),
        options={"size": "800x600"},
    )  # fmt: skip
    list(carry_out(spec))
    *_, last = carry_out(spec)
    assert isinstance(last, Done)
    assert "nothing has changed" in last.summary
    with ProjectStore.open(tmp_path / "Pilot", "", mode="read") as store:
        assert [(clip.name, clip.video.width) for clip in store.project.clips.values()] == [("walk", 800)]


def test_that_the_files_say_their_video(tmp_path):
    assert openpose.video_name(files(tmp_path / "a", "my_walk", range(2))) == "my_walk"
    assert openpose.video_name(files(tmp_path / "b", "", range(2))) == ""
