"""The command line does what the studio does, speaks plainly, and says by its exit code how it went."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from core.__main__ import app
from core.errors import ProjectError
from core.project.edits import rename_clip
from core.project.store import ProjectStore
from core.tour import _clip_to_show
from core.video import write_video

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "walk.mp4"
    with write_video(path, rate_hz=25, width=64, height=48) as writer:
        for number in range(50):
            writer.add(np.full((48, 64, 3), number * 5, np.uint8))
    return path


@pytest.fixture
def project(tmp_path, video):
    run("new", tmp_path / "Pilot")
    run("add", tmp_path / "Pilot", video)
    return tmp_path / "Pilot"


def run(*words, code=0):
    """What was printed; the exit code must be `code`."""
    result = CliRunner().invoke(app, [str(each) for each in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def answered(*words, code=0):
    return json.loads(CliRunner().invoke(app, [*(str(each) for each in words), "--json"]).stdout)


def test_that_a_new_project_holds_the_videos_it_was_given(project, video):
    found = answered("inspect", project)
    assert found["kind"] == "project"
    assert found["facts"]["name"] == "Pilot"
    assert [row["clip"] for row in found["rows"]] == ["walk.mp4"]
    assert found["rows"][0]["frames"] == 50


def test_that_a_video_that_cannot_be_read_is_left_out_with_its_reason(tmp_path, project):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all")
    said = run("add", project, broken, code=1)
    assert "left out: broken.mp4" in said
    assert len(answered("inspect", project)["rows"]) == 1


def test_that_marks_go_out_as_they_came_in(tmp_path, project):
    table = tmp_path / "marks.csv"
    table.write_text(
        "clip,action,objects,start_frame,end_frame,pose_frame\nwalk,reach,cup|spoon,5,20,12\nwalk,turn,,20,40,\n"
    )
    assert "2 segments in" in run("import", table, project)
    run("export", project, tmp_path / "out.json")
    out = json.loads((tmp_path / "out.json").read_text())["segments"]
    kept = [
        (each["action"], each["objects"], each["start_frame"], each["end_frame"], each["pose_frame"]) for each in out
    ]
    assert kept == [("reach", ["cup", "spoon"], 5, 20, 12), ("turn", [], 20, 40, None)]
    assert out[0]["pose_s"] == pytest.approx(12 / 25)
    with ProjectStore.open(project, "", mode="read") as store:
        (clip,) = store.project.clips.values()
        assert len(clip.poses[0].identity.luma) == 2 * 32 * 18


def test_that_rows_that_fit_nowhere_are_left_out_and_the_others_are_in(tmp_path, project):
    table = tmp_path / "marks.csv"
    table.write_text("clip,action,start_frame,end_frame\nwalk,reach,5,20\nelsewhere,reach,5,20\nwalk,backwards,9,2\n")
    report = answered("import", table, project)
    assert report["says"].startswith("1 segment in, 2 left out")
    assert any("elsewhere" in why for why in report["left_out"])


def test_that_an_import_is_one_step_of_undo(tmp_path, project):
    table = tmp_path / "marks.csv"
    table.write_text("clip,action,start_frame,end_frame\nwalk,reach,5,20\nwalk,turn,20,30\n")
    run("import", table, project)
    with ProjectStore.open(project, "Ines") as store:
        assert store.undo_label == "Import 2 segments from marks.csv"
        store.undo()
        assert all(not clip.segments for clip in store.project.clips.values())


def test_that_a_command_on_an_open_project_leaves_its_result_for_the_studio(tmp_path, project):
    table = tmp_path / "marks.csv"
    table.write_text("clip,action,start_frame,end_frame\nwalk,reach,5,20\n")
    with ProjectStore.open(project, "Ines") as store:
        done = subprocess.run(
            [sys.executable, "-m", "core", "import", str(table), str(project)],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not next(iter(store.project.clips.values())).segments
        store.take_in_results()
        assert len(next(iter(store.project.clips.values())).segments) == 1
        store.undo()
        assert not next(iter(store.project.clips.values())).segments


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["inspect", "nowhere"], "no such file"),
        (["check", "nowhere"], "nowhere"),
        (["train", "forecaster/huge", "--project", "P", "--out", "R"], "There is no preset 'forecaster/huge'"),
        (["train", "forecaster/smoke", "losses.pose3d=1", "--project", "P", "--out", "R"], "pose3d"),
        (
            ["train", "forecaster/smoke", "optimiser.learning_rate=fast", "--project", "P", "--out", "R"],
            "learning_rate",
        ),
        (["evaluate", "nowhere"], "There is no run 'nowhere'"),
    ],
)
def test_that_what_cannot_be_done_is_refused_in_words(words, says):
    output = run(*words, code=1)
    assert says in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"[1]",
        b'{"weights": 5}',
        b'{"weights": {"dtype": "F32"}}',
        b'{"__metadata__": {"posecast": "{bad"}}',
        b'{"__metadata__": {"posecast": "[1]"}}',
        b'{"__metadata__": {"posecast": "{\\"actions\\": 3}"}}',
        b'{"__metadata__": {"posecast": "{\\"version\\": \\"x\\"}"}}',
    ],
)
def test_that_a_damaged_checkpoint_is_refused_in_words(tmp_path, header):
    file = tmp_path / "run.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    assert "run.safetensors: " in run("inspect", file, code=1)


def test_that_a_checkpoint_of_another_program_is_looked_at_all_the_same(tmp_path):
    file = tmp_path / "other.safetensors"
    header = b'{"weights": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}'
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(24))
    found = answered("inspect", file)
    assert (found["kind"], found["facts"]["tensors"], found["facts"]["numbers"]) == ("safetensors file", 1, 6)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'clip,action,start_frame,end_frame\nwalk,"' + b"a" * 200_000 + b"\n", "line 2"),
        (b"clip,action,start_frame,end_frame\nwalk,reach,1,99999999999999999999\n", "line 2"),
        (b"clip,action,start_frame,end_frame\nwalk,r\xe9ach,1,5\n", "UTF-8"),
    ],
)
def test_that_a_table_that_cannot_be_meant_is_refused_with_its_line(tmp_path, project, content, says):
    (tmp_path / "marks.csv").write_bytes(content)
    assert says in run("import", tmp_path / "marks.csv", project, code=1)


@pytest.mark.parametrize("name", ["Marks CSV", "Marks JSON", "OpenPose"])
def test_that_what_cannot_be_read_as_the_named_format_is_refused(project, name):
    assert project.name in run("import", project, project, "--format", name, code=1)


def test_that_writing_where_nothing_can_be_written_is_refused(tmp_path, project, video):
    for out in (tmp_path / "no" / "folder" / "out.csv", video / "out.csv"):
        assert "could not be written" in run("export", project, out, code=1)
    assert "no folder can be made" in run("render", project, video / "out.png", "--clip", "walk", code=1)
    words = ("train", "forecaster/smoke", "--project", project, "--out", video)
    assert "cannot be a run's folder" in run(*words, code=1)


def test_that_a_clip_named_like_a_path_is_exported_into_the_folder_it_was_asked_for(tmp_path, project):
    points = [20.0, 10.0, 0.9] * 25
    folder = tmp_path / "openpose"
    folder.mkdir()
    (folder / "walk_000000000003_keypoints.json").write_text(json.dumps({"people": [{"pose_keypoints_2d": points}]}))
    run("import", folder, project)
    with ProjectStore.open(project, "Ines") as store:
        (clip,) = store.project.clips.values()
        store.edit(rename_clip(store.project, clip.id, "../../walk"), "Rename")
    run("export", project, tmp_path / "a" / "out", "--format", "openpose")
    assert sorted(each.name for each in (tmp_path / "a").iterdir()) == ["out", "out.origin.json"]
    (written,) = (tmp_path / "a" / "out").iterdir()
    assert len(list(written.iterdir())) == 50


def test_that_a_segment_whose_label_is_gone_is_left_out_of_an_export_and_that_is_said(tmp_path, project):
    table = tmp_path / "marks.csv"
    table.write_text("clip,action,start_frame,end_frame\nwalk,reach,5,20\nwalk,turn,20,30\n")
    run("import", table, project)
    with ProjectStore.open(project, "Ines") as store:
        kept = {key: each for key, each in store.project.labels.items() if each.name != "turn"}
        store.edit(replace(store.project, labels=kept), "Lose a label")
    report = run("export", project, tmp_path / "out.csv")
    assert "1 segment of 1 clip" in report
    assert "frame 20: the segment's label is gone" in report
    assert "turn" not in (tmp_path / "out.csv").read_text()


def test_that_a_tour_of_an_emptied_demo_is_refused_in_words(project):
    with ProjectStore.open(project, "", mode="read") as store, pytest.raises(ProjectError, match="No marked clip"):
        _clip_to_show(store)


def test_that_an_unknown_clip_is_refused_with_the_known_ones(project):
    assert "Clips of this project: walk.mp4" in run("poses", project, "--clip", "run", code=1)


@pytest.mark.parametrize("words", [["train"], ["new"], ["export", "a"], ["nothing"], ["evaluate", "r", "--split", "x"]])
def test_that_wrong_usage_ends_with_2(words):
    assert "Usage:" in run(*words, code=2)


def test_that_help_does_not_load_torch():
    code = "import core.__main__, sys; sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.slow
def test_that_a_forecaster_is_trained_measured_and_asked_without_the_window(tmp_path):
    kitchen, first = tmp_path / "kitchen", tmp_path / "kitchen" / "runs" / "first"
    run("demo", kitchen, "--clips", 3, "--seconds", 20, "--no-video")
    run("check", kitchen)
    run("train", "forecaster/smoke", "--project", kitchen, "--out", first, "steps=20")
    assert answered("inspect", first)["facts"]["state"] == "done"
    checkpoint = answered("inspect", first / "best.safetensors")
    assert checkpoint["kind"] == "forecaster checkpoint"
    report = answered("evaluate", first)
    methods = json.dumps(report)
    assert all(each in methods for each in ("zero velocity", "train average", "n-gram"))
    clip = answered("inspect", kitchen)["rows"][0]["id"]
    said = answered("forecast", first, kitchen, "--clip", clip, "--at", 10, "--steps", 3)
    assert len(said["steps"]) == 3
    assert all(len(step["joints_m"]) == 9 for step in said["steps"])
    assert "it is a forecaster, and a motion model is needed" in run(
        "generate", first, "cut:2", "--out", tmp_path / "out.npz", code=1
    )


def test_that_a_run_that_is_asked_to_stop_says_so_as_its_last_word(tmp_path):
    from contextlib import closing

    from core.run_folder import RunFolder
    from core.runner import record
    from core.runs import Done, MakeDemo, Metric, Stopped

    spec = MakeDemo(folder=str(tmp_path / "kitchen"), out=str(tmp_path / "run"), clips=2, seconds=10, video=False)
    folder = RunFolder(Path(spec.out))
    folder.write_spec(spec)
    folder.ask_to_stop()
    with closing(record(folder)) as events:
        *_, last = events
    assert last == Stopped()
    assert folder.ending() == Stopped()
    assert not any(isinstance(each.event, Metric | Done) for each in folder.events()[0])


def test_that_openpose_files_come_in_and_go_out_again(tmp_path, project):
    folder = tmp_path / "openpose"
    folder.mkdir()
    for frame in range(50):
        points = [value for joint in range(25) for value in (10.0 + joint, 5.0 + frame, 0.5 + joint / 100)]
        people = [{"person_id": [-1], "pose_keypoints_2d": points}]
        (folder / f"walk_{frame:012}_keypoints.json").write_text(json.dumps({"version": 1.3, "people": people}))
    assert "50 frames of 1 person" in run("import", folder, project)
    run("export", project, tmp_path / "out", "--format", "OpenPose JSON")
    again = json.loads(sorted((tmp_path / "out" / "walk.mp4").iterdir())[7].read_text())
    assert again["people"][0]["pose_keypoints_2d"][:6] == pytest.approx([10, 12, 0.5, 11, 12, 0.51], abs=1e-3)


def test_that_poses_of_another_cut_are_refused(tmp_path, project):
    folder = tmp_path / "openpose"
    folder.mkdir()
    points = [1.0, 2.0, 0.9] * 25
    (folder / "walk_000000000060_keypoints.json").write_text(json.dumps({"people": [{"pose_keypoints_2d": points}]}))
    assert "it has a frame 60, the video has 50 frames" in run("import", folder, project, code=1)


def test_that_marks_past_the_end_of_the_clip_are_left_out(tmp_path, project):
    table = tmp_path / "marks.csv"
    table.write_text("clip,action,start_frame,end_frame,pose_frame\nwalk,a,40,51,\nwalk,b,40,50,50\nwalk,c,40,50,49\n")
    report = answered("import", table, project)
    assert report["taken"] == 1
    assert all("the clip has 50 frames" in why for why in report["left_out"])


def test_that_an_import_of_nothing_is_refused(tmp_path, project):
    table = tmp_path / "marks.csv"
    table.write_text("clip,action,start_frame,end_frame\nrun,a,1,2\nrun,b,2,3\n")
    assert "no clip 'run' (2 times)" in run("import", table, project, code=1)


def test_that_marks_of_several_clips_are_not_laid_on_one(tmp_path, project):
    table = tmp_path / "marks.csv"
    table.write_text("clip,action,start_frame,end_frame\nrun,a,1,2\nsit,b,2,3\n")
    assert "marks of 2 clips" in run("import", table, project, "--clip", "walk", code=1)


def test_that_poses_of_a_part_of_the_clip_say_how_much_they_hold(tmp_path, project):
    folder = tmp_path / "openpose"
    folder.mkdir()
    points = [value for joint in range(25) for value in (10.0 + joint, 20.0, 0.9)]
    for frame in range(8):
        text = json.dumps({"people": [{"pose_keypoints_2d": points}]})
        (folder / f"walk_{frame:012}_keypoints.json").write_text(text)
    assert "42 of the clip's 50 frames have nobody, the last is 7" in run("import", folder, project)


def test_that_nothing_of_the_project_is_written_over(project, video):
    before = video.read_bytes(), (project / "project.sqlite").read_bytes()
    run("render", project, video, "--clip", "walk", code=1)
    run("export", project, project / "project.sqlite", "--format", "Marks CSV", code=1)
    assert (video.read_bytes(), (project / "project.sqlite").read_bytes()) == before


def test_that_a_training_without_a_project_leaves_no_run(tmp_path):
    run("train", "forecaster/smoke", "--project", tmp_path / "nowhere", "--out", tmp_path / "run", code=1)
    assert not (tmp_path / "run").exists()


def test_that_poses_that_are_there_are_not_extracted_again(tmp_path):
    run("demo", tmp_path / "kitchen", "--clips", 1, "--seconds", 6, "--no-video")
    before = sorted((tmp_path / "kitchen" / "runs").iterdir())
    assert "already" in run("poses", tmp_path / "kitchen")
    assert sorted((tmp_path / "kitchen" / "runs").iterdir()) == before


def test_that_a_shipped_checkpoint_is_inspected_by_its_name():
    assert answered("inspect", "kitchen-forecaster")["kind"] == "forecaster checkpoint"
