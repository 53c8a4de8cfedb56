"""Every real file of others comes into one project by the command line, is what its makers say it is, and goes out
and comes in again the same. Skipped where the folder of real data is not beside this checkout."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.bodies import library
from core.bodies.fitting import fit_joints
from core.bodies.skeletons import RECORDED_27, SMPL_24
from core.project import edits
from core.project.annotations import VideoFile
from core.project.motion_sets import MotionSet
from core.project.store import ProjectStore

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Source:
    """A file or folder of the real data, and what its makers say it holds."""

    path: str
    format: str
    key: str
    count: int  # recordings, or rows of a table
    minutes: float = 0.0
    rates_hz: tuple[float, ...] = (30.0,)
    wishes: tuple[str, ...] = ()
    has_feet: bool = True
    upright: float = 0.95
    """In this share of the time people are more upright than not: the acrobats of DeepMimic roll and fall."""
    rigid_m: float = 0.03
    """By so much a bone's length may change: what a network made up is not rigid."""


MOTION = (
    Source("aistpp", "AIST++", "aistpp", 1, 0.2),
    Source("amass", "AMASS", "amass", 1, 601 / 120 / 60),
    Source("bandai_namco_1/bvh.zip", "BVH", "bandai-namco-1-bvh", 174, 17.7),
    Source("bvh_various/animated_drawings.zip", "BVH", "animated-drawings", 6, 1.1),
    Source("cmu_amc_bvh_pair/pair.zip", "BVH", "by-bvh", 1, 0.37, wishes=("--name", "By BVH")),
    Source("cmu_amc_bvh_pair/pair.zip", "Acclaim", "by-acclaim", 1, 0.37, wishes=("--name", "By Acclaim")),
    Source("cmu_expmap/txt.zip", "Exponential maps", "cmu-expmap-txt", 39, 3.4),
    Source(
        "deepmimic/motions.zip", "DeepMimic", "deepmimic-motions", 20, 0.7, (16.0, 24.0, 30.0), has_feet=False,
        upright=0.85,
    ),
    Source("h36m_sample/test_h36m_body3d.npz", "Human3.6M joints", "test-h36m-body3d", 4, 4 / 30 / 60, has_feet=False),
    Source(
        "humanact12_classifier/generated_motion_joints500000.npy", "HumanAct12", "generated-motion-joints500000", 20,
        1.0, (20.0,), rigid_m=0.2,
    ),
)  # fmt: skip
LABELS = Source("babel/val.json.zip", "BABEL", "babel-val", 2191)
TABLES = (
    Source("characteristic_poses/grab_charposes.csv", "Characteristic poses CSV", "grab-charposes", 1334),
    Source("characteristic_poses/h36m_charposes.csv", "Characteristic poses CSV", "h36m-charposes", 210),
)
SEGMENTS = (
    Source("epic_kitchens_100/validation.zip", "EPIC-KITCHENS-100", "", 9668),
    Source("ikea_asm_sequences/no_na.xes.zip", "XES", "", 1856),
    Source("ikea_asm_sequences/keep_na.xes.zip", "XES", "", 2674),
)
POSES = (
    *(Source(f"openpose_body25/{name}.zip", "OpenPose JSON", "", 1223) for name in (0, 1, 3, 5)),
    Source("openpose_coco18/motion_sample_1.zip", "OpenPose JSON", "", 171),
)


def ran(*words, code=0):
    result = CliRunner().invoke(app, [str(each) for each in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def taken(source, data, project):
    return ran("import", data / source.path, project, "--format", source.format, *source.wishes)


@pytest.fixture(scope="module")
def project(shared_data, tmp_path_factory):
    """One project with all recorded motion, labels and tables."""
    folder = tmp_path_factory.mktemp("real") / "Everything"
    ran("new", folder)
    for source in (*MOTION, LABELS, *TABLES):
        taken(source, shared_data, folder)
    return folder


def set_of(project, source):
    return MotionSet(project / "datasets" / source.key)


def names_of(cases):
    return [each.key or each.path for each in cases]


# ---- what came in is what it is said to be ----


@pytest.mark.parametrize("source", MOTION, ids=names_of(MOTION))
def test_that_recordings_number_and_last_as_their_makers_say(project, source):
    the_set = set_of(project, source)
    rows = the_set.rows.values()
    assert the_set.facts.format == source.format
    assert len(rows) == source.count
    assert sum(row.duration_s for row in rows) / 60 == pytest.approx(source.minutes, rel=0.05, abs=0.06)
    assert {row.rate_hz for row in rows} == set(source.rates_hz)
    assert not [line.source for line in the_set.lines() if line.left_out]


@pytest.mark.parametrize("source", MOTION, ids=names_of(MOTION))
def test_that_people_stand_upright_left_is_left_and_bones_are_human(project, source):
    the_set = set_of(project, source)
    upright, left = [], []
    for row in the_set.rows.values():
        joints_m = the_set.read_joints(row)

        def at(name, joints_m=joints_m):
            return joints_m[:, RECORDED_27[name]]

        trunk = at("left_shoulder") + at("right_shoulder") - at("left_hip") - at("right_hip")
        trunk /= np.linalg.norm(trunk, axis=1, keepdims=True)
        upright.append(trunk[:, 1])
        if source.has_feet:
            forward = at("left_foot") - at("left_ankle") + at("right_foot") - at("right_ankle")
        else:  # knees bend forward
            sides = ("left", "right")
            forward = sum(2 * at(f"{side}_knee") - at(f"{side}_hip") - at(f"{side}_ankle") for side in sides)
        to_left = at("left_shoulder") - at("right_shoulder") + at("left_hip") - at("right_hip")
        left.append(np.sign((np.cross(trunk, forward) * to_left).sum(1)))
        for one, other, shortest_m, longest_m in (
            ("hip", "knee", 0.30, 0.50), ("knee", "ankle", 0.33, 0.50), ("shoulder", "elbow", 0.20, 0.36),
            ("elbow", "wrist", 0.17, 0.30),
        ):  # fmt: skip
            for side in ("left", "right"):
                bone_m = np.linalg.norm(at(f"{side}_{one}") - at(f"{side}_{other}"), axis=1)
                assert shortest_m < bone_m.mean() < longest_m, (row.name, side, one, other)
                assert np.ptp(bone_m) < source.rigid_m, (row.name, side, one, other)
    assert np.mean(np.concatenate(upright) > 0) >= source.upright
    assert np.mean(np.concatenate(left) > 0) > (0.95 if source.has_feet else 0.8)


def test_that_one_clip_of_cmu_is_the_same_by_amc_and_by_bvh(project):
    by_bvh, by_amc = (set_of(project, source) for source in MOTION if "pair" in source.path)
    (one,), (other,) = by_bvh.rows.values(), by_amc.rows.values()
    there, here = by_bvh.read_joints(one), by_amc.read_joints(other)
    frames = min(len(there), len(here))
    off_m = np.linalg.norm(there[:frames] - here[:frames], axis=2)
    assert abs(len(there) - len(here)) <= 1
    assert np.nanmax(off_m) < 0.01


def test_that_labels_are_as_their_makers_count_them(project):
    rows = set_of(project, LABELS).rows.values()
    assert len(rows) == LABELS.count
    bandai = set_of(project, MOTION[2]).rows.values()
    assert len({each.labels for row in bandai for each in row.stretches}) >= 16
    assert all(row.stretches for row in bandai)


def test_that_two_formats_in_one_place_are_both_named_and_one_is_chosen(project, shared_data):
    refusal = ran("import", shared_data / "cmu_amc_bvh_pair" / "pair.zip", project, code=1)
    assert all(word in refusal for word in ("Acclaim (1 file)", "BVH (1 file)", "--format"))


# ---- twice the same ----


def test_that_everything_taken_again_changes_nothing(project, shared_data):
    before = contents(project)
    for source in (*MOTION[:2], *MOTION[3:6], LABELS, *TABLES):
        assert "nothing has changed" in taken(source, shared_data, project)
    assert contents(project) == before


def contents(project):
    """Every file of the data sets, and how many edits the project has seen."""
    with ProjectStore.open(project, "", mode="read") as store:
        items = sorted((each.name, each.path) for each in store.project.items.values())
    files = {
        path.relative_to(project): path.read_bytes()
        for path in sorted((project / "datasets").rglob("*"))
        if path.is_file()
    }
    return items, files


# ---- out, and in again ----


@pytest.mark.parametrize("form", ["AMASS", "BVH", "Joint table", "Joint array"])
def test_that_motion_goes_out_in_every_form_and_comes_in_the_same(project, tmp_path, form):
    """One recording of each source, all in one folder."""
    out = tmp_path / "out"
    out.mkdir()
    ending = {"AMASS": ".npz", "BVH": ".bvh", "Joint table": ".csv", "Joint array": ".npy"}[form]
    before = {}
    for source in MOTION:
        the_set = set_of(project, source)
        row = min(the_set.rows.values(), key=lambda row: row.frames)
        recording = the_set.read(row)
        if form == "AMASS" and recording.body is None:
            continue
        if recording.rate_hz != 30 and form.startswith("Joint"):
            continue  # kept at another rate, which these forms are told on the way in
        before[source.key] = recording
        words = ("--set", source.key, "--motion", row.name, "--format", form)
        ran("export", project, out / f"{source.key}{ending}", *words)
    ran("new", tmp_path / "Again")
    ran("import", out, tmp_path / "Again")
    again = MotionSet(tmp_path / "Again" / "datasets" / "out")
    assert set(again.rows) == set(before)
    for key, recording in before.items():
        back = again.read(again.rows[key])
        assert back.rate_hz == pytest.approx(recording.rate_hz, rel=1e-4)
        assert len(back) == len(recording)
        if form in ("AMASS", "BVH") and recording.body is not None:
            assert back.body is not None, key
            size = len(back.body.skeleton)
            off = np.abs(back.body.rotations[:, :22] - recording.body.rotations[:, :22]).max()
            assert off < (1e-5 if form == "AMASS" else 1e-4), (key, size)
            assert np.abs(back.body.translation_m - recording.body.translation_m).max() < 1e-3, key
        else:
            told = np.isfinite(recording.joints_m[:, :22])
            joints_m = recording.joints_m
            if form == "BVH":  # a body fitted to joints is not quite where they are, but it is where it was fitted
                neutral = library.body("built-in/smpl/neutral")
                fit = fit_joints(neutral, joints_m[:, : len(SMPL_24)], SMPL_24, rate_hz=recording.rate_hz)
                assert fit is not None, key
                steps_m = np.linalg.norm(fit.joints_m - joints_m[:, : len(SMPL_24)], axis=-1)[:, :22]
                assert np.nanmean(steps_m) < 0.032, key
                joints_m = fit.joints_m
            assert back.joints_m is not None, key
            off_m = np.abs(back.joints_m[:, :22] - joints_m[:, :22])
            assert off_m[told].max() < (1e-3 if form == "BVH" else 1e-4), key


@pytest.mark.parametrize("source", TABLES, ids=names_of(TABLES))
def test_that_tables_of_characteristic_poses_go_out_byte_for_byte(project, shared_data, tmp_path, source):
    ran("export", project, tmp_path / "out.csv", "--set", source.key)
    raw = (shared_data / source.path).read_bytes()
    assert (tmp_path / "out.csv").read_bytes() == raw
    assert len(raw.splitlines()) - raw.lower().startswith((b"subject", b"sequence", b"#")) in (
        source.count, source.count + 1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def marked(shared_data, tmp_path_factory):
    """All segments of EPIC-KITCHENS-100's validation and of IKEA-ASM's logs."""
    folder = tmp_path_factory.mktemp("marked") / "Marked"
    ran("new", folder)
    said = [taken(source, shared_data, folder) for source in SEGMENTS]
    assert "9668 segments of 138 clips in, 0 left out" in said[0]
    assert "1856 segments of 116 clips in, 0 left out" in said[1]
    assert "818 segments of 117 clips in, 0 left out, 1856 in the project already" in said[2]
    return folder


def facts(project):
    """Every segment by names and frames."""
    with ProjectStore.open(project, "", mode="read") as store:
        found = store.project
    names = {each.id: each.name for each in found.labels.values()}
    return {
        clip.name: sorted(
            (names[each.action], each.start_frame, each.end_frame, sorted(names[one] for one in each.objects))
            for each in clip.segments
        )
        for clip in found.clips.values()
    }


@pytest.mark.parametrize(("form", "name"), [("ELAN", "eaf"), ("Marks CSV", "out.csv"), ("Marks JSON", "out.json")])
def test_that_segments_go_out_in_every_form_and_come_in_the_same(marked, tmp_path, form, name):
    before = facts(marked)
    assert sum(map(len, before.values())) == 9668 + 2674
    out = tmp_path / name
    ran("export", marked, out, "--format", form)
    again = tmp_path / "Again"
    ran("new", again)
    if form.startswith("Marks"):  # they are about clips that are there
        with ProjectStore.open(marked, "", mode="read") as old, ProjectStore.open(again, "me", mode="command") as store:
            found = store.project
            for clip in old.project.clips.values():
                found, _ = edits.add_clip(found, clip.name, None, clip.video, author="me", folder=again)
            store.edit(found, "Clips")
    ran("import", out, again)
    assert facts(again) == before


def test_that_segments_taken_again_change_nothing(marked, shared_data):
    before = facts(marked)
    for source in SEGMENTS:
        assert f"{source.count} in the project already" in taken(source, shared_data, marked)
    assert facts(marked) == before


def test_that_2d_poses_of_others_come_in_go_out_and_come_in_the_same(shared_data, tmp_path):
    project = tmp_path / "Poses"
    ran("new", project)
    for number, source in enumerate(POSES):
        add_clip(project, f"clip {number}", 2000)
        ran("import", shared_data / source.path, project, "--clip", f"clip {number}")
    ran("export", project, tmp_path / "out", "--format", "OpenPose")
    before = tracks(project)
    seen = [int(poses.seen().any(axis=(1, 2)).sum()) for poses in before.values()]
    assert (sum(seen[:-1]), seen[-1]) == (1223, 171)
    again = tmp_path / "Again"
    ran("new", again)
    for name in before:
        add_clip(again, name, len(before[name]))
        ran("import", tmp_path / "out" / name, again, "--clip", name)
    after = tracks(again)
    for name, poses in before.items():
        assert after[name].joints_px.shape == poses.joints_px.shape
        assert np.abs(after[name].joints_px - poses.joints_px)[poses.seen()].max() < 0.01
        assert np.array_equal(after[name].seen(), poses.seen())


@pytest.mark.parametrize(
    ("path", "joints"),
    [
        ("coco_sample/test_coco.json", 17),
        ("coco_sample/test_coco_wholebody.json", 17),
        ("coco_sample/test_keypoint_partition_metric.json", 17),
        ("h36m_sample/h36m_coco.json", 17),
    ],
)
def test_that_poses_in_cocos_form_come_in_go_out_and_come_in_the_same(shared_data, tmp_path, path, joints):
    project, again = tmp_path / "Pictures", tmp_path / "Again"
    for each, source in ((project, shared_data / path), (again, tmp_path / "out.json")):
        ran("new", each)
        add_clip(each, "pictures", 4)
        ran("import", source, each, "--clip", "pictures")
        if each == project:
            ran("export", project, tmp_path / "out.json", "--format", "COCO", "--option", "frames=all")
    (before,), (after,) = tracks(project).values(), tracks(again).values()
    assert before.joints_px.shape[2] == joints
    assert before.seen().any(axis=(1, 2)).all()
    assert after.skeleton == before.skeleton
    assert np.array_equal(after.seen().sum(axis=(1, 2)), before.seen().sum(axis=(1, 2)))
    assert after.joints_px[after.seen()].sum() == pytest.approx(before.joints_px[before.seen()].sum(), rel=1e-4)


def add_clip(project, name, frames):
    video = VideoFile(
        path="", frame_count=frames, width=1920, height=1080, rate_hz=25.0, duration_s=frames / 25, size_bytes=0,
        fingerprint="",
    )  # fmt: skip
    with ProjectStore.open(project, "me", mode="command") as store:
        found, _ = edits.add_clip(store.project, name, None, video, author="me", folder=project)
        store.edit(found, name)


def tracks(project):
    with ProjectStore.open(project, "", mode="read") as store:
        return {clip.name: store.tracks(clip.tracks) for clip in store.project.clips.values()}


def test_that_cameras_of_others_come_in(shared_data, tmp_path):
    project = tmp_path / "Rooms"
    ran("new", project)
    ran("import", shared_data / "h36m_sample" / "cameras.pkl", project)
    ran("import", shared_data / "pose2sim_calibrated", project)
    listed = json.loads(ran("cameras", project, "--json"))
    assert len(listed["cameras"] if isinstance(listed, dict) else listed) == 44 + 4


def test_that_the_catalog_says_what_came_from_where_and_under_which_terms(project):
    listed = json.loads(ran("sets", project, "--json"))["sets"]
    assert {each["key"] for each in listed} == {each.key for each in (*MOTION, LABELS, *TABLES)}
    for each in listed:
        assert Path(each["source"]).exists()
        assert each["fingerprint"] or each["holds"] == "characteristic poses"
    terms = {each["key"]: each["licence"] for each in listed}
    assert "non-commercial" in terms["amass"]
    assert "CC BY-NC-SA" in terms["grab-charposes"]
