"""Contact sheets: what a file holds is on its picture, right way up, left in blue, in the unit of the bar."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from core.__main__ import app
from core.bodies.skeletons import BODY_25
from core.contact_sheets import annotations_pictures, contact_sheet, write_contact_sheet
from core.errors import FormatError
from core.formats import openpose
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.motion import Poses2d
from core.recordings import Recording, completed
from core.rendering.contents import DARK
from core.rendering.lanes import Bar, Lane, colours_of, lanes_picture
from core.rendering.moments import WIDTH, heading_of, recording_picture
from core.rendering.offscreen import rgb
from tests.core.formats import made_amass, made_joint_tables, made_keypose_csv


def _near(picture: np.ndarray, colour: str) -> np.ndarray:
    """Pixels of about this hue, however shaded."""
    wanted, pixels = np.array(rgb(colour), float), picture.astype(float)
    size = np.linalg.norm(pixels, axis=-1)
    along = (pixels @ wanted) / np.maximum(size * np.linalg.norm(wanted), 1e-6)
    return (along > 0.985) & (size > 80)


def _first_cell(picture: np.ndarray) -> np.ndarray:
    """The first moment from the front left; rows of a recording without a body are the last two."""
    return picture[-2 * 250 - 20 : -250 - 20, 20:220]


def test_that_the_left_arm_is_blue_and_on_the_right_of_a_picture_from_ahead():
    cell = _first_cell(recording_picture(made_joint_tables.recording()))
    left, right = (np.argwhere(_near(cell, colour)) for colour in (DARK.sides.left, DARK.sides.right))
    assert len(left) > 60
    assert len(right) > 60
    assert left[:, 1].mean() > right[:, 1].mean() + 15


def test_that_whoever_stands_on_their_head_is_drawn_so():
    recording = made_joint_tables.recording()
    fallen = Recording("fallen", 25.0, joints_m=recording.joints_m * np.array([1, -1, -1], np.float32))
    for each, up in ((recording, True), (fallen, False)):
        cell = _first_cell(recording_picture(each))
        blue = np.argwhere(_near(cell, DARK.sides.left))
        hand = blue[np.argmax(blue[:, 1]), 0]  # of the arm that is held out, over the legs of who stands
        assert (hand < blue[:, 0].mean()) == up


@pytest.mark.parametrize("yaw", [0.0, 0.7, -2.5])
def test_that_a_heading_is_where_the_person_faces(yaw):
    joints_m = made_joint_tables.recording().joints_m
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]], np.float32)
    assert heading_of(joints_m @ turn.T) == pytest.approx(yaw, abs=0.02)


def test_that_missing_joints_leave_a_picture_of_the_others(tmp_path):
    recording = made_joint_tables.recording()
    recording.joints_m[:, :20] = np.nan
    recording.joints_m[3] = np.nan
    assert recording_picture(recording).shape[1] == WIDTH


def test_that_a_body_has_a_row_of_its_own(tmp_path):
    path = made_amass.make(tmp_path)
    with_body = contact_sheet(path)
    read = next(_read(path))
    without = recording_picture(Recording(read.name, read.rate_hz, joints_m=completed(read).joints_m))
    assert with_body.shape[0] > without.shape[0] + 150
    skin = with_body[-250:, 20:-20]
    assert (np.ptp(skin.reshape(-1, 3).astype(int), axis=0) > 120).all()


def _read(path):
    from core.importing.recognition import recognise

    return recognise(path).read(path)


def test_that_2d_poses_lie_where_they_were_seen(tmp_path):
    joints_px = np.zeros((3, 1, 25, 2), np.float32)
    joints_px[:, 0] = np.stack([np.linspace(100, 300, 25), np.linspace(50, 600, 25)], -1)
    joints_px[:, 0, BODY_25["left_wrist"]] = (500, 300)
    openpose.write(Poses2d(BODY_25, joints_px, np.ones((3, 1, 25), np.float32)), tmp_path / "poses")
    sheet = contact_sheet(tmp_path / "poses")
    blue, orange = (np.argwhere(_near(sheet, colour)) for colour in (DARK.sides.left, DARK.sides.right))
    assert len(blue) > 50
    assert blue[:, 1].max() - 20 > orange[:, 1].min()


def test_that_a_segment_is_as_long_as_its_share_of_the_time():
    lanes = [Lane("a", (Bar(0, 25, "cut"), Bar(50, 100, "stir")))]
    picture = lanes_picture(lanes, 1000, "s")
    colours = colours_of(lanes)
    row = picture[30 + 34 // 2 - 8]
    cut, stir = ((row == rgb(colours[label])).all(-1).sum() for label in ("cut", "stir"))
    assert stir == pytest.approx(2 * cut, abs=6)
    assert cut == pytest.approx((1000 - 2 * 20 - 250) / 4, abs=4)


def test_that_segments_at_the_same_time_share_the_height():
    lanes = [Lane("a", (Bar(0, 100, "cut"), Bar(0, 100, "stir")))]
    picture, colours = lanes_picture(lanes, 1000, "s"), colours_of(lanes)
    middle = picture[30:64, 700]
    heights = [(middle == rgb(colours[label])).all(-1).sum() for label in ("cut", "stir")]
    assert heights[0] == pytest.approx(heights[1], abs=1)
    assert min(heights) >= 8


def test_that_annotations_in_seconds_and_in_frames_both_have_a_sheet(tmp_path):
    in_frames = ForeignClip("a", (ForeignSegment("cut", start_frame=0, end_frame=50, pose_frame=20),), rate_hz=25.0)
    in_seconds = ForeignClip("b", (ForeignSegment("cut", start_s=0.0, end_s=2.0, pose_s=0.8),))
    for clips in ((in_frames,), (in_seconds,), (in_frames, in_seconds)):
        pictures = list(annotations_pictures(Annotations(clips)))
        assert any((picture == (255, 255, 255)).all(-1).sum() > 20 for picture in pictures), "the pose's mark"


def test_that_the_command_writes_a_picture_and_refuses_in_words(tmp_path):
    table = made_keypose_csv.make(tmp_path)
    done = CliRunner().invoke(app, ["sheet", str(table), str(tmp_path / "out.png")])
    assert done.exit_code == 0, done.output
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.width == WIDTH
    for arguments, says in (
        ([str(table), str(tmp_path / "out.jpg")], "a contact sheet is a .png"),
        ([str(tmp_path / "nowhere"), str(tmp_path / "out.png")], "no such file"),
        ([str(table), str(tmp_path / "out.png"), "--format", "nonsense"], "no format 'nonsense'"),
    ):
        refused = CliRunner().invoke(app, ["sheet", *arguments])
        assert refused.exit_code == 1
        assert says in refused.output


def test_that_a_folder_shows_files_from_all_over_it_and_why_others_are_not_shown(tmp_path):
    for number in range(8):
        folder = tmp_path / "tables" / str(number)
        folder.mkdir(parents=True)
        made_joint_tables.make(folder)
    broken = tmp_path / "tables" / "7" / "waving.csv"
    broken.write_text(broken.read_text().replace("\n3,", "\nx,", 1).replace(",1.", ",one.", 1))
    whole = contact_sheet(tmp_path / "tables")
    assert whole.shape[0] > 4 * 500
    write_contact_sheet(tmp_path / "tables" / "0" / "waving.csv", tmp_path / "one.png")
    with pytest.raises(FormatError, match=r"waving\.csv"):
        contact_sheet(broken)
