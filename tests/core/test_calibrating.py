"""Calibration from a project and from files: people of 2D poses, boards, tables, the picture, the command line."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.bodies.skeletons import BODY_25, UPPER_BODY_9
from core.calibrating import board_frames, calibrate_people, read_pairs, upright_people
from core.calibration_picture import DRAWN, draw_calibration, floor_lines_m, visible_pieces
from core.errors import CalibrationError, FileError, FormatError
from core.geometry.calibration import calibrate_points
from core.geometry.cameras import eye_m, project, tilt_deg
from core.motion import Poses2d
from core.opencv import cv2
from core.project import edits
from core.project.store import ProjectStore
from core.video import write_video
from tests.core.geometry.scenes import KITCHEN, board_views, camera_at, seen_of

SMALL = (640, 360)


def small_camera(**more):
    return camera_at((1.5, 1.6, 4.5), focal=500.0, size=SMALL, **more)


def run(*words, code=0):
    result = CliRunner().invoke(app, [str(each) for each in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def answered(*words):
    return json.loads(CliRunner().invoke(app, [*(str(each) for each in words), "--json"]).stdout)


@pytest.fixture
def kitchen(tmp_path):
    """A project with two clips of one size, the first of which has a video of a grey room."""
    with write_video(tmp_path / "walk.mp4", 10, *SMALL) as film:
        for shade in range(5):
            film.add(np.full((SMALL[1], SMALL[0], 3), 90 + shade, np.uint8))
    (tmp_path / "stand.mp4").write_bytes((tmp_path / "walk.mp4").read_bytes())
    run("new", tmp_path / "kitchen")
    run("add", tmp_path / "kitchen", tmp_path / "walk.mp4", tmp_path / "stand.mp4")
    return tmp_path / "kitchen"


@pytest.fixture
def table(tmp_path):
    pixels, places, names = seen_of(small_camera())
    lines = ["name,x_px,y_px,x_m,y_m,z_m"]
    lines += [f'"{name}",{",".join(map(str, (*px, *m)))}' for name, px, m in zip(names, pixels, places, strict=True)]
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join(lines))
    return path


def walker(camera, *, knees_bent=False, frames=40):
    """BODY_25 of somebody upright who goes to and fro before the camera."""
    heights = {"ankle": 0.045, "knee": 0.28, "hip": 0.53, "shoulder": 0.82, "eye": 0.93, "ear": 0.93}
    places = np.zeros((frames, len(BODY_25), 3))
    confidence = np.zeros((frames, 1, len(BODY_25)), np.float32)
    away = np.linspace(0.5, -4.0, frames)
    for joint, share in heights.items():
        for side, x in (("left", 0.09), ("right", -0.09)):
            at = BODY_25[f"{side}_{joint}"]
            places[:, at] = np.stack([1.5 + x + 0 * away, share * 1.7 + 0 * away, away], 1)
            confidence[:, 0, at] = 0.95
            if joint == "knee" and knees_bent:
                places[:, at, 0] += 0.25
    return Poses2d(BODY_25, project(places, camera)[:, None].astype(np.float32), confidence)


def test_that_somebody_who_walks_upright_gives_the_camera_as_an_estimate():
    camera = camera_at((1.5, 2.2, 5), tilt_deg=18, heading_deg=0, focal=700.0, size=SMALL)
    found = calibrate_people(walker(camera), *SMALL)
    assert found.camera.estimated
    assert abs(eye_m(found.camera)[1] - 2.2) < 2 * found.spread.height_m
    assert abs(tilt_deg(found.camera) - 18) < 3


def test_that_bent_knees_hidden_feet_and_upper_bodies_are_left_out():
    camera = camera_at((1.5, 2.2, 5), tilt_deg=18, heading_deg=0, focal=700.0, size=SMALL)
    whole = walker(camera)
    (person,) = upright_people(whole, SMALL[1])
    assert len(person.head_px) > 20
    assert upright_people(walker(camera, knees_bent=True), SMALL[1]) == ()
    guessed = whole.confidence.copy()
    guessed[:, :, [BODY_25["left_ankle"], BODY_25["right_ankle"]]] = 0.1
    guessed[::9, :, [BODY_25["left_ankle"], BODY_25["right_ankle"]]] = 0.9  # sure now and then, behind furniture
    assert upright_people(replace(whole, confidence=guessed), SMALL[1]) == ()
    with pytest.raises(CalibrationError, match="do not tell where feet"):
        upright_people(whole.as_skeleton(UPPER_BODY_9), SMALL[1])


def test_that_a_table_of_pairs_comes_in_with_its_names(table):
    pixels, places, names = read_pairs(table)
    expected = seen_of(small_camera())
    np.testing.assert_allclose(pixels, expected[0])
    np.testing.assert_allclose(places, expected[1])
    assert names == expected[2]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("x_px,y_px,x_m,y_m\n1,2,3,4", "no column z_m"),
        ("x_px;y_px;x_m;y_m;z_m\n1;2;3;4;five", "line 2: z_m is 'five', not a number"),
        ("x_px,y_px,x_m,y_m,z_m\n1,2,3,4\n", "line 2: z_m is None"),
        ("", "no column x_px"),
    ],
)
def test_that_a_table_that_cannot_be_meant_is_refused_with_its_line(tmp_path, content, says):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(FormatError, match=re.escape(says)):
        read_pairs(tmp_path / "t.csv")


def test_that_board_pictures_come_from_a_folder_in_order_and_from_a_video_evenly(tmp_path):
    for name in ("b.png", "a.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((20, 30, 3), np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    assert [name for name, _ in board_frames(tmp_path).pictures] == ["a.png", "b.png"]
    with write_video(tmp_path / "v.mp4", 10, 64, 64) as film:
        for _ in range(9):
            film.add(np.zeros((64, 64, 3), np.uint8))
    frames = board_frames(tmp_path / "v.mp4", most=3)
    assert frames.count == 3
    assert [name for name, _ in frames.pictures] == ["frame 0", "frame 4", "frame 8"]
    (tmp_path / "none").mkdir()
    with pytest.raises(FileError, match="no picture in this folder"):
        board_frames(tmp_path / "none")


def test_that_the_picture_shows_each_error_as_a_line_from_where_it_was_seen_and_leaves_the_frame_alone():
    pixels, places, names = seen_of(small_camera())
    pixels[2] += [12, 0]
    found = calibrate_points(pixels, places, *SMALL, camera=small_camera(), refine_focal=False, names=names)
    frame = np.full((SMALL[1], SMALL[0], 3), 60, np.uint8)
    drawn = draw_calibration(frame, found, exaggerate=5, words=False)
    assert (frame == 60).all()
    middle = found.seen_px[2] + 2.5 * (found.drawn_px[2] - found.seen_px[2])
    around = drawn[round(middle[1]) - 2 : round(middle[1]) + 3, round(middle[0]) - 2 : round(middle[0]) + 3]
    assert np.abs(around.astype(int) - DRAWN).sum(-1).min() < 60
    with_room = draw_calibration(frame, found, room=KITCHEN, words=False)
    corner = project(np.array([[2.0, 0.0, 0.0]]), found.camera)[0].round().astype(int)
    assert with_room[corner[1] - 1 : corner[1] + 2, corner[0]].max() > 150  # the edge of floor and back wall


def test_that_the_floors_lines_lie_on_the_floor_and_what_is_behind_the_camera_is_not_drawn():
    camera = small_camera()
    lines = floor_lines_m(camera)
    assert lines
    assert all((line[:, 1] == 0).all() for line in lines)
    behind = np.linspace([1.5, 0, 3.0], [1.5, 0, 9.0], 20)
    _, shown = visible_pieces(behind, camera)
    assert not shown[behind[:, 2] > 5].any()


def test_that_a_table_calibrates_a_clip_in_one_step_of_undo(kitchen, table, tmp_path):
    said = answered("calibrate", kitchen, "--clip", "walk", "--points", table, "--picture", tmp_path / "proof.png")
    assert said["error_px"] < 0.01
    assert said["focal_px"][0] == pytest.approx(500, rel=1e-3)
    assert said["place_m"] == pytest.approx([1.5, 1.6, 4.5], abs=1e-2)
    assert cv2.imread(str(tmp_path / "proof.png")).shape == (360, 640, 3)
    (row,) = answered("cameras", kitchen)
    assert (row["camera"], row["found from"], row["clips"]) == ("walk", "points", ["walk.mp4"])
    with ProjectStore.open(kitchen, "Ada") as store:
        store.undo()
        assert not store.project.cameras
        assert not any(clip.camera for clip in store.project.clips.values())


def test_that_trying_changes_nothing_and_same_size_sets_every_such_clip(kitchen, table):
    assert "Nothing is changed" in run("calibrate", kitchen, "--clip", "walk", "--points", table, "--try")
    assert answered("cameras", kitchen) == []
    run("calibrate", kitchen, "--clip", "walk", "--points", table, "--same-size", "--name", "Corner")
    (row,) = answered("cameras", kitchen)
    assert (row["camera"], sorted(row["clips"])) == ("Corner", ["stand.mp4", "walk.mp4"])


def test_that_a_calibration_of_an_open_project_is_left_for_whom_it_is_open_to(kitchen, table):
    with ProjectStore.open(kitchen, "Ada") as store:
        run("calibrate", kitchen, "--clip", "walk", "--points", table)
        assert not store.project.cameras
        store.take_in_results()
        assert [each.name for each in store.project.cameras.values()] == ["walk"]


def test_that_a_filmed_board_gives_a_lens_that_points_can_use(kitchen, table, tmp_path):
    camera = small_camera()
    with write_video(tmp_path / "board.mp4", 10, *SMALL, crf=6) as film:
        for _, picture in board_views(replace(camera, rotation=np.eye(3)), 10):
            film.add(picture)
    said = answered("calibrate", kitchen, "--clip", "walk", "--chessboard", tmp_path / "board.mp4", "--name", "Lens")
    assert said["focal_px"][0] == pytest.approx(500, rel=0.01)
    assert said["error_px"] < 0.3
    assert not said["placed"]
    assert said["estimated"]
    placed = answered("calibrate", kitchen, "--clip", "walk", "--points", table, "--lens", "Lens")
    assert placed["focal_px"] == said["focal_px"]
    assert placed["place_m"] == pytest.approx([1.5, 1.6, 4.5], abs=0.08)


def test_that_people_of_a_clip_calibrate_it_from_the_command_line(kitchen):
    camera = camera_at((1.5, 2.2, 5), tilt_deg=18, heading_deg=0, focal=700.0, size=SMALL)
    with ProjectStore.open(kitchen, "Ada") as store:
        clip = next(each for each in store.project.clips.values() if each.name == "walk.mp4")
        store.edit(edits.set_tracks(store.project, clip.id, store.write_tracks(walker(camera))), "Import poses")
    said = answered("calibrate", kitchen, "--clip", "walk", "--people", "--height", "1.7")
    assert said["estimated"]
    assert said["place_m"][1] == pytest.approx(2.2, abs=0.4)
    assert "3" in run("calibrate", kitchen, "--clip", "walk", "--people", "--person", 3, code=1)


def test_that_cameras_come_in_from_a_file_are_chosen_and_go_out(kitchen, tmp_path):
    storage = cv2.FileStorage(str(tmp_path / "phone.yml"), cv2.FILE_STORAGE_WRITE)
    for name, value in (
        ("image_width", 1280),
        ("image_height", 720),
        ("camera_matrix", small_camera().matrix() * [[2], [2], [1]]),
    ):
        storage.write(name, value)
    storage.write("distortion_coefficients", np.zeros((1, 5)))
    storage.release()
    assert "phone" in run("cameras", kitchen, "--add", tmp_path / "phone.yml", "--clip", "walk")
    run("cameras", kitchen, "--clip", "stand", "--name", "phone")
    (row,) = answered("cameras", kitchen)
    assert row["clips"] == ["walk.mp4", "stand.mp4"]
    assert row["found from"] == "imported OpenCV cameras, estimated"
    run("cameras", kitchen, "--remove", "phone")
    assert answered("cameras", kitchen) == []
    assert "1 camera" in run("import", tmp_path / "phone.yml", kitchen) or answered("cameras", kitchen)
    assert answered("inspect", tmp_path / "phone.yml")["kind"] == "OpenCV cameras"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("calibrate", "K", "--clip", "walk"), "Calibrate from what?"),
        (("calibrate", "K", "--points", "T"), "Which clip?"),
        (("calibrate", "K", "--clip", "walk", "--people"), "no 2D poses yet"),
        (("calibrate", "K", "--clip", "walk", "--points", "T", "--people"), "Calibrate from what?"),
        (("calibrate", "K", "--clip", "walk", "--points", "T", "--lens", "none"), "no camera 'none'"),
        (("calibrate", "K", "--clip", "walk", "--points", "gone.csv"), "cannot be read"),
        (("calibrate", "K", "--clip", "walk", "--points", "T", "--picture", "x.jpg"), "written as PNG"),
        (("calibrate", "K", "--clip", "walk", "--chessboard", "T"), "video"),
        (("calibrate", "K", "--clip", "walk", "--chessboard", "V", "--corners", "nine"), "are no corners"),
        (("calibrate", "K", "--clip", "walk", "--chessboard", "V"), "found in 0 of 5 pictures"),
        (("cameras", "K", "--add", "T"), "no known format"),
        (("cameras", "K", "--remove", "none"), "no camera 'none'"),
        (("cameras", "K", "--clip", "walk"), "Which camera filmed it?"),
    ],
)
def test_that_what_cannot_be_calibrated_is_refused_in_words(kitchen, table, words, says):
    places = {"K": kitchen, "T": table, "V": kitchen.parent / "walk.mp4"}
    output = run(*(places.get(each, each) for each in words), code=1)
    assert says in output
    assert "Traceback" not in output
    assert answered("cameras", kitchen) == []
