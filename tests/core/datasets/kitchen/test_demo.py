"""A whole demo project, and what it keeps apart."""

import ast
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.bodies.skeletons import BLAZEPOSE_33, UPPER_BODY_9
from core.datasets.kitchen import seeds
from core.datasets.kitchen.bank import bank_clips, bank_poses, bank_upper_bodies
from core.datasets.kitchen.cooks import cook
from core.datasets.kitchen.demo import PARTS, make_demo, split_by_cook
from core.datasets.kitchen.detector_error import VIEWS, body_axes, read_error_table, seen_by_detector
from core.datasets.kitchen.truth import read_truth
from core.errors import FormatError, RunError
from core.motion import SEEN, Poses2d
from core.project.check import check
from core.project.store import ProjectStore
from core.runs import Done, Progress
from core.video import write_video

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "kitchen"
    *_, done = make_demo(folder, 5, 15, 3)
    assert isinstance(done, Done)
    return folder


def told(folder: Path) -> list:
    """What a project says, without its random ids and times."""
    with ProjectStore.open(folder, "test", mode="read") as store:
        labels = {key: label.name for key, label in store.project.labels.items()}
        return [
            (
                clip.name, clip.performer, clip.tracks,
                [(labels[s.action], labels[s.objects[0]], s.start_frame, s.end_frame) for s in clip.segments],
                [pose.frame for pose in clip.poses],
            )
            for clip in store.project.clips.values()
        ]  # fmt: skip


def test_that_a_demo_without_video_opens_and_is_sound(demo):
    assert check(demo) == []
    with ProjectStore.open(demo, "test", mode="read") as store:
        clips = list(store.project.clips.values())
        assert len(clips) == 5
        assert len(store.project.actions()) == 20
        for clip in clips:
            assert clip.video.path == ""
            assert clip.video.frame_count == 450
            assert {pose.segment for pose in clip.poses} == {each.id for each in clip.segments}
            assert store.project.cameras[clip.camera].estimated is False
            tracks = store.tracks(clip.tracks)
            assert tracks.skeleton == BLAZEPOSE_33
            assert len(tracks) == 450


def test_that_the_same_seed_makes_the_same_demo_and_another_one_shares_nobody(demo, tmp_path):
    list(make_demo(tmp_path / "again", 5, 15, 3))
    list(make_demo(tmp_path / "other", 5, 15, 4))
    assert told(tmp_path / "again") == told(demo)
    assert {each[1] for each in told(tmp_path / "other")}.isdisjoint(each[1] for each in told(demo))


def test_that_no_cook_stands_in_two_parts(demo):
    with ProjectStore.open(demo, "test", mode="read") as store:
        (split,) = store.project.splits.values()
        performers = {part: {store.project.clips[clip].performer for clip in split.parts[part]} for part in PARTS}
        assert all(performers.values())
        assert sum(map(len, performers.values())) == len(set.union(*performers.values()))
        assert sum(map(len, split.parts.values())) == len(store.project.clips)


def test_that_large_demos_test_on_a_fifth_of_the_cooks():
    clips = {f"clip {number}": cook(number % 24) for number in range(200)}
    parts = split_by_cook(clips)
    cooks = {part: {clips[clip].seed for clip in parts[part]} for part in PARTS}
    assert [len(cooks[part]) for part in PARTS] == [15, 4, 5]


def test_that_the_truth_is_kept_and_is_near_what_the_tracks_show(demo):
    with ProjectStore.open(demo, "test", mode="read") as store:
        for clip in store.project.clips.values():
            truth = read_truth(demo, clip.id)
            assert truth is not None
            assert truth.joints3d.shape == (450, 24, 3)
            assert truth.upper_body_m.shape == (450, 9, 3)
            camera = store.project.cameras[clip.camera]
            shown = truth.upper_body_m @ np.array(camera.rotation).T + np.array(camera.translation_m)
            pixels = shown[..., :2] / shown[..., 2:] * camera.focal_px + camera.centre_px
            tracks = store.tracks(clip.tracks).as_skeleton(UPPER_BODY_9)
            off = np.linalg.norm(tracks.joints_px[:, 0] - pixels, axis=-1)[tracks.confidence[:, 0] >= SEEN]
            assert 1 < np.median(off) < 20


def test_that_nobody_knows_the_truth_of_a_real_clip(demo):
    assert read_truth(demo, "0" * 32) is None


def test_that_a_damaged_truth_is_refused_in_words(tmp_path):
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "abc.npz").write_bytes(b"no archive")
    with pytest.raises(FormatError, match="cannot be read"):
        read_truth(tmp_path, "abc")


def test_that_nothing_that_learns_can_open_the_truth():
    rooms = [ROOT / "core" / "training", ROOT / "core" / "models"]
    files = [file for room in rooms for file in room.rglob("*.py")]
    files += (ROOT / "core" / "datasets").glob("*.py")
    assert len(files) > 5
    for file in files:
        tree = ast.parse(file.read_text())
        imported = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
        }
        assert not any("kitchen" in name or name == "read_truth" for name in imported), file
        words = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not any("truth/" in word or word in ("truth", "joints3d") for word in words), file


def test_that_a_stopped_demo_is_a_smaller_sound_project(tmp_path):
    events = make_demo(tmp_path / "part", 6, 15, 1)
    for event in events:
        if isinstance(event, Progress) and event.done >= 2:
            events.close()
            break
    assert check(tmp_path / "part") == []
    assert len(told(tmp_path / "part")) == 2


def test_that_film_and_detector_are_used_where_they_are_given(tmp_path):
    def film(clip, path):
        with write_video(path, clip.motion.rate_hz, clip.camera.width, clip.camera.height) as video:
            for frame in range(len(clip)):
                grey = np.full((clip.camera.height, clip.camera.width, 3), 40 + frame % 160, np.uint8)
                video.add(grey)
                yield Progress(frame + 1, len(clip))

    def detect(video, folder):
        assert video.is_file()
        yield Progress(240, 240)
        still = np.full((240, 2, 33, 2), 50, np.float32)
        sure = np.zeros((240, 2, 33), np.float32)
        sure[:, 1] = 0.9
        return Poses2d(BLAZEPOSE_33, still, sure)

    list(make_demo(tmp_path / "film", 1, 8, 2, film=film, detect=detect, size=(64, 36)))
    assert check(tmp_path / "film") == []
    with ProjectStore.open(tmp_path / "film", "test", mode="read") as store:
        (clip,) = store.project.clips.values()
        assert clip.video.path.startswith("videos/")
        assert (clip.video.frame_count, clip.video.width, clip.video.height) == (240, 64, 36)
        assert store.tracks(clip.tracks).people == 2
        assert clip.actors[0].track == 1
        assert all(pose.identity.luma for pose in clip.poses)


@pytest.mark.parametrize(("seed", "clips"), [(-1, 1), (seeds.HIGHEST_DEMO, 1), (0, 0)])
def test_that_a_demo_out_of_range_is_refused(tmp_path, seed, clips):
    with pytest.raises(RunError):
        list(make_demo(tmp_path / "no", clips, 10, seed))


# ---- the pose bank --------------------------------------------------------------------------------------------------


def test_that_the_bank_shares_no_person_clip_or_kitchen_with_any_demo():
    highest = seeds.demo_clip(seeds.HIGHEST_DEMO - 1, seeds.CLIPS_A_DEMO - 1)
    assert max(highest, seeds.demo_cook(seeds.HIGHEST_DEMO - 1, seeds.COOKS_A_DEMO - 1)) < seeds.BANK
    made = list(bank_clips(0, 151))
    assert len(made) == 2
    for each in made:
        assert min(each.seed, each.cook.seed, each.kitchen.seed) >= seeds.BANK
    assert len({each.cook.seed for each in made}) == 2
    assert len({bank_clip.cook.seed for bank_clip in (*made, *bank_clips(1, 151))}) == 4


def test_that_bank_poses_are_people_upright():
    poses, upper = bank_poses(0, 100), bank_upper_bodies(0, 100)
    assert poses.shape == (100, 24, 3)
    assert upper.shape == (100, 9, 3)
    assert (upper[:, UPPER_BODY_9["head"], 1] > upper[:, UPPER_BODY_9["hip"], 1]).all()
    np.testing.assert_allclose(upper[:, UPPER_BODY_9["left_hand"]], poses[:, 20], atol=1e-12)
    np.testing.assert_array_equal(bank_poses(0, 50), poses[:50])


# ---- the detector's error -------------------------------------------------------------------------------------------


def test_that_tracks_are_off_as_the_table_says(clips):
    table = read_error_table()
    camera = clips[0].camera
    for name in ("left_wrist", "right_shoulder", "nose"):
        off, expected = [], []
        for number, each in enumerate(clips):
            rng = np.random.default_rng(number)
            tracks = seen_by_detector(each.landmarks_px, camera.width, camera.height, 30, table, rng)
            landmark = BLAZEPOSE_33[name]
            up, _, torso_px, towards = body_axes(each.landmarks_px)
            seen = tracks.confidence[:, 0, landmark] >= SEEN
            way = (tracks.joints_px[:, 0, landmark] - each.landmarks_px[:, landmark]) / torso_px[:, None]
            off.append((way * up).sum(1)[seen])
            rows = [table.views[view][name] for view in VIEWS]
            expected.append(np.where(towards, rows[0].up, rows[1].up)[seen])
        row = table.views["towards"][name]
        assert np.mean(np.concatenate(off) - np.concatenate(expected)) == pytest.approx(0, abs=0.03)
        spread = np.std(np.concatenate(off) - np.concatenate(expected))
        assert 0.6 * row.slow < spread < 2.5 * (row.slow + row.quick)


def test_that_nothing_is_sure_outside_the_picture(clips):
    rng = np.random.default_rng(0)
    shifted = clips[0].landmarks_px + np.array([500.0, 0.0])
    tracks = seen_by_detector(shifted, 640, 360, 30, read_error_table(), rng)
    outside = tracks.joints_px[..., 0] > 639
    assert outside.any()
    assert (tracks.confidence[outside] == 0).all()


def test_that_drop_outs_take_the_share_they_should(clips):
    table = read_error_table()
    seen = [
        seen_by_detector(each.landmarks_px, 640, 360, 30, table, np.random.default_rng(7)).seen()[:, 0]
        for each in clips
    ]
    share = 1 - np.concatenate(seen).mean(0)[BLAZEPOSE_33["left_elbow"]]
    rows = [table.views[view]["left_elbow"].dropped for view in VIEWS]
    assert 0.3 * min(rows) < share < 3 * max(rows) + 0.01


def test_that_a_table_with_a_hole_is_refused(tmp_path):
    whole = json.loads((ROOT / "resources" / "kitchen" / "detector_error.json").read_text())
    del whole["views"]["away"]["nose"]
    (tmp_path / "table.json").write_text(json.dumps(whole))
    with pytest.raises(FormatError, match="nose away"):
        read_error_table(tmp_path / "table.json")


def test_that_a_lost_person_is_lost_with_every_landmark(clips):
    table = read_error_table()
    always = {view: msgspec.structs.replace(row, share=0.5, seconds=2.0) for view, row in table.lost.items()}
    table = msgspec.structs.replace(table, lost=always)
    rng = np.random.default_rng(1)
    tracks = seen_by_detector(clips[0].landmarks_px, 640, 360, 30, table, rng)
    gone = (tracks.confidence[:, 0] == 0).all(1)
    assert 0.2 < gone.mean() < 0.8
    stretches = (gone[1:] & ~gone[:-1]).sum() + gone[0]
    assert 20 < gone.sum() / stretches < 200


def test_that_undo_ends_at_the_demo_as_it_was_made(tmp_path):
    from core.project import edits

    list(make_demo(tmp_path / "kitchen", 1, 10.0, 3))
    with ProjectStore.open(tmp_path / "kitchen", "Ines") as store:
        assert store.undo_label is None
        made = store.project
        project, _ = edits.add_label(made, "hum", "action", author="Ines")
        store.edit(project, "Add label hum")
        assert store.undo_label == "Add label hum"
        store.undo()
        assert store.project == made
        assert store.undo_label is None
