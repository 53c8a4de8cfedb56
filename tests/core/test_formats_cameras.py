"""Files of cameras, real ones and ones made exactly in their layout, in our axes and units."""

import json
import os
import pickle

import numpy as np
import pytest
import scipy.sparse

from core.errors import FormatError
from core.formats import human36m_cameras, ikea_asm_cameras, opencv_cameras, pose2sim_cameras
from core.geometry.cameras import Z_UP_TO_Y_UP, eye_m, project, roll_deg, tilt_deg
from core.importing.exchange import recognise
from core.opencv import cv2
from core.video import open_video
from tests.core.formats import made_ikea_asm_cameras

MATRIX = [[900.0, 0, 639.5], [0, 905.0, 359.5], [0, 0, 1]]
LENS = [-0.1, 0.02, 0.001, -0.0005, 0.003]


@pytest.fixture(scope="session")
def human36m(shared_data):
    return shared_data / "h36m_sample"


@pytest.fixture(scope="session")
def qualisys(shared_data):
    return shared_data / "pose2sim_calibrated"


def closest_to_all(cameras):
    """The point nearest to where they all look, and how far each ray passes from it."""
    eyes = np.array([eye_m(each) for each in cameras])
    ways = np.array([each.rotation[2] for each in cameras])
    across = np.eye(3) - ways[:, :, None] * ways[:, None, :]
    point = np.linalg.solve(across.sum(0), (across @ eyes[..., None]).sum(0)[:, 0])
    return point, np.linalg.norm((across @ (point - eyes)[..., None])[..., 0], axis=1)


def hold_physics(cameras, *, apart_m, heights_m):
    for each in cameras:
        np.testing.assert_allclose(each.rotation @ each.rotation.T, np.eye(3), atol=1e-6)
        assert np.linalg.det(each.rotation) == pytest.approx(1)
        assert heights_m[0] < eye_m(each)[1] < heights_m[1]
        assert each.rotation[1, 1] < -0.7  # down in the picture is down in the world
    eyes = np.array([eye_m(each) for each in cameras])
    distances = np.linalg.norm(eyes[:, None] - eyes[None], axis=-1)[np.triu_indices(len(eyes), 1)]
    assert apart_m[0] < distances.min()
    assert distances.max() < apart_m[1]
    point, off = closest_to_all(cameras)
    assert 0.2 < point[1] < 1.6
    assert off.max() < 0.8


def test_that_44_real_cameras_of_human36m_look_upright_into_one_room(human36m):
    path = human36m / "cameras.pkl"
    assert recognise(path).name == "Human3.6M cameras"
    found = human36m_cameras.read(path)
    assert len(found) == 44
    assert found[0].name == "S1 54138969"
    for subject in ("S1", "S5", "S11"):
        rig = [each.camera for each in found if each.name.split()[0] == subject]
        hold_physics(rig, apart_m=(2.5, 11.5), heights_m=(1.2, 1.9))
    assert max(abs(roll_deg(each.camera)) for each in found) < 6
    assert {each.camera.width for each in found} == {1000}


def test_that_known_joints_of_human36m_are_drawn_where_they_were_annotated(human36m):
    cameras = {each.name: each.camera for each in human36m_cameras.read(human36m / "cameras.pkl")}
    annotated = json.loads((human36m / "h36m_coco.json").read_text())
    for picture, facts in zip(annotated["images"], annotated["annotations"], strict=True):
        subject, device = picture["file_name"].split("_")[0], picture["file_name"].split(".")[1].split("_")[0]
        places = np.array(facts["keypoints_3d"]).reshape(-1, 4)[:, :3] @ Z_UP_TO_Y_UP.T
        pixels = np.array(facts["keypoints"]).reshape(-1, 3)[:, :2]
        np.testing.assert_allclose(project(places, cameras[f"{subject} {device}"]), pixels, atol=1e-3)


@pytest.mark.parametrize("millimetres", [False, True])
@pytest.mark.parametrize("inverse", [False, True])
def test_that_human36m_is_read_alike_in_metres_and_millimetres_and_with_either_rotation(
    human36m, tmp_path, millimetres, inverse
):
    held = pickle.loads((human36m / "cameras.pkl").read_bytes())
    for facts in held.values():
        facts["T"] = facts["T"] * (1000 if millimetres else 1)
        facts["R"] = facts["R"].T if inverse else facts["R"]
    other = tmp_path / "cameras.pkl"
    other.write_bytes(pickle.dumps(held))
    for one, two in zip(human36m_cameras.read(human36m / "cameras.pkl"), human36m_cameras.read(other), strict=True):
        np.testing.assert_allclose(one.camera.rotation, two.camera.rotation, atol=1e-9)
        np.testing.assert_allclose(one.camera.translation_m, two.camera.translation_m, atol=1e-9)


@pytest.mark.parametrize("much", ["the same list over and over", "a matrix of zeros"])
def test_that_a_small_pickle_does_not_unpack_to_more_than_cameras_need(tmp_path, much):
    held = scipy.sparse.csc_matrix((20_000, 20_000))
    if much == "the same list over and over":
        held = [1.0] * 100
        for _ in range(6):
            held = [held] * 100
    path = tmp_path / "cameras.pkl"
    path.write_bytes(pickle.dumps({("S1", "54138969"): {"R": held}, ("S1", "55011271"): 1}))
    with pytest.raises(FormatError, match="no pickle that can be read"):
        human36m_cameras.read(path)


def test_that_a_pickle_that_wants_to_run_something_is_refused_by_name(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.system, ("echo 54138969 55011271",)

    path = tmp_path / "cameras.pkl"
    path.write_bytes(pickle.dumps({("S1", "54138969"): Harm(), ("S1", "55011271"): 1}))
    with pytest.raises(FormatError, match=r"asks for \w+\.system, which no camera needs"):
        human36m_cameras.read(path)


def test_that_a_real_rig_of_qualisys_stands_around_the_person_it_films(qualisys):
    path = qualisys / "calibration" / "Calib.qca.txt"
    assert recognise(path).name == "Qualisys cameras"
    found = pose2sim_cameras.read_qualisys(path)
    assert [each.name for each in found] == ["cam01", "cam02", "cam03", "cam04"]
    hold_physics([each.camera for each in found], apart_m=(2, 8), heights_m=(1.5, 2.3))
    with open_video(qualisys / "videos" / "cam03.mp4") as video:
        assert (video.width, video.height) == (found[2].camera.width, found[2].camera.height)


def test_that_the_distortion_of_qualisys_fits_a_real_chessboard_as_written_and_not_in_64ths(qualisys):
    picture = cv2.imread(str(qualisys / "calibration/intrinsics/int_cam01_img/cam01_02_int.jpg"), cv2.IMREAD_GRAYSCALE)
    camera = pose2sim_cameras.read_qualisys(qualisys / "calibration" / "Calib.qca.txt")[0].camera
    found, corners = cv2.findChessboardCornersSB(picture, (6, 4), flags=cv2.CALIB_CB_NORMALIZE_IMAGE)
    assert found
    corners = np.asarray(corners, float).reshape(-1, 2)
    board = np.array([[x, y, 0.0] for y in range(4) for x in range(6)])

    def error(lens):
        _, turn, shift = cv2.solvePnP(board, corners, camera.matrix(), lens)
        drawn, _ = cv2.projectPoints(board, turn, shift, camera.matrix(), lens)
        return np.sqrt(((drawn.reshape(-1, 2) - corners) ** 2).sum(-1).mean())

    assert error(camera.distortion) < 0.9 * error(camera.distortion / 64)


def toml_of(named):
    """The rig as Pose2Sim writes it: z up, rotation vectors, metres."""
    lines = []
    for each in named:
        camera = each.camera
        turn = cv2.Rodrigues(camera.rotation @ Z_UP_TO_Y_UP)[0].ravel().tolist()
        lines += [
            f"[{each.name}]", f'name = "{each.name}"', f"size = [ {camera.width}.0, {camera.height}.0]",
            f"matrix = {camera.matrix().tolist()}", f"distortions = {camera.distortion[:4].tolist()}",
            f"rotation = {turn}", f"translation = {camera.translation_m.tolist()}", "fisheye = false", "",
        ]  # fmt: skip
    return "\n".join([*lines, "[metadata]", "adjusted = false", "error = 0.0"])


def test_that_the_same_rig_is_the_same_from_qualisys_and_from_pose2sim(qualisys, tmp_path):
    rig = pose2sim_cameras.read_qualisys(qualisys / "calibration" / "Calib.qca.txt")
    path = tmp_path / "Calib.toml"
    path.write_text(toml_of(rig))
    assert recognise(path).name == "Pose2Sim cameras"
    for one, two in zip(rig, pose2sim_cameras.read_pose2sim(path), strict=True):
        assert one.name == two.name
        for field in ("rotation", "translation_m", "focal_px", "centre_px", "distortion"):
            np.testing.assert_allclose(getattr(one.camera, field), getattr(two.camera, field), atol=1e-9)


@pytest.mark.parametrize("kind", ["json", "pkl"])
def test_that_a_scene_of_ikea_asm_stands_relative_to_dev2_in_metres(tmp_path, kind):
    folder = made_ikea_asm_cameras.make(tmp_path, kind)
    assert recognise(folder).name == "IKEA-ASM cameras"
    assert recognise(folder / "01" / "dev1" / f"camera_parameters.{kind}").name == "IKEA-ASM cameras"
    one, two, three = ikea_asm_cameras.read(folder)
    assert [one.name, two.name, three.name] == ["scene 01 dev1", "scene 01 dev2", "scene 01 dev3"]
    # dev2's axes are x right, y down, z forward; the world's are x right, y up, z back.
    np.testing.assert_allclose(eye_m(one.camera), [-2.10, -0.05, -0.60], atol=1e-9)
    np.testing.assert_allclose(eye_m(three.camera), [1.90, 0.08, -0.40], atol=1e-9)
    assert tilt_deg(two.camera) == pytest.approx(0)
    assert (one.camera.width, one.camera.height) == (1920, 1080)
    assert any("does not say where down is" in each for each in one.notes)


def opencv_file(path, **more):
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", 1280)
    storage.write("image_height", 720)
    storage.write("camera_matrix", np.array(MATRIX))
    storage.write("distortion_coefficients", np.array([LENS]))
    for name, value in more.items():
        storage.write(name, value)
    storage.release()


@pytest.mark.parametrize("ending", ["yml", "yaml", "xml", "json"])
@pytest.mark.parametrize("vector", [True, False])
def test_that_what_opencv_writes_draws_points_where_opencv_does(tmp_path, ending, vector):
    """With z up, as on a board lying on the floor."""
    path = tmp_path / f"camera.{ending}"
    turn = np.array([2.0, 0.1, 0.05])
    shift = np.array([-0.2, 0.6, 3.0])
    opencv_file(path, R=turn if vector else cv2.Rodrigues(turn)[0], T=shift)
    assert recognise(path).name == "OpenCV cameras"
    (named,) = opencv_cameras.read(path)
    assert named.placed
    assert (named.camera.width, named.camera.height) == (1280, 720)
    assert any("taken as z up" in each for each in named.notes)
    assert any("taken as metres" in each for each in named.notes)
    places = np.random.default_rng(0).uniform(-0.5, 0.5, (40, 3))
    theirs, _ = cv2.projectPoints(places, turn, shift, np.array(MATRIX), np.array(LENS))
    np.testing.assert_allclose(project(places @ Z_UP_TO_Y_UP.T, named.camera), theirs[:, 0], atol=1e-6)


@pytest.mark.parametrize("count", [4, 5, 8, 12, 14])
def test_that_opencvs_longer_lenses_are_kept_and_a_tilted_sensor_only_without_tilt(tmp_path, count):
    path = tmp_path / "camera.yml"
    lens = np.pad(np.array([-0.1, 0.02, 0.001, -0.0005, 0.003, 0.01, 0.002, 0.001, 0.0003, 0, 0.0001, 0]), (0, 2))[
        :count
    ]
    opencv_file(path)
    path.write_text(path.read_text().replace("distortion_coefficients", "distCoeffs_old"))
    text = path.read_text() + f"distortion_coefficients: [{', '.join(map(str, lens))}]\n"
    path.write_text(text)
    (named,) = opencv_cameras.read(path)
    np.testing.assert_allclose(named.camera.distortion, np.pad(lens, (0, max(5 - count, 0)))[:12])
    if count == 14:
        path.write_text(text.replace(", 0.0]", ", 0.05]"))
        with pytest.raises(FormatError, match="its sensor is tilted"):
            opencv_cameras.read(path)


def test_that_ros_camera_info_is_read_without_opencvs_first_line(tmp_path):
    path = tmp_path / "head.yaml"
    flat = ", ".join(str(each) for row in MATRIX for each in row)
    path.write_text(
        "image_width: 1280\nimage_height: 720\ncamera_name: head\n"
        f"camera_matrix:\n  rows: 3\n  cols: 3\n  data: [{flat}]\ndistortion_model: plumb_bob\n"
        f"distortion_coefficients:\n  rows: 1\n  cols: 5\n  data: [{', '.join(map(str, LENS))}]\n"
    )
    (named,) = recognise(path).read(path)
    assert named.name == "head"
    assert not named.placed
    assert named.camera.focal_px.tolist() == [900, 905]
    assert named.camera.distortion.tolist() == LENS


def test_that_a_stereo_file_gives_two_cameras_a_baseline_apart(tmp_path):
    path = tmp_path / "stereo.yml"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for end in "12":
        storage.write(f"M{end}", np.array(MATRIX))
        storage.write(f"D{end}", np.array([LENS]))
    storage.write("R", np.eye(3))
    storage.write("T", np.array([[-120.0], [0], [0]]))
    storage.release()
    left, right = recognise(path).read(path)
    np.testing.assert_allclose(eye_m(right.camera) - eye_m(left.camera), [0.12, 0, 0], atol=1e-12)
    assert any("millimetres" in each for each in right.notes)
    assert any("1280 × 720 is taken from the lens" in each for each in left.notes)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.toml", "[cam]\nmatrix = [[1,0,0]]\nrotation=[0,0,0]\ntranslation=[0,0,0]\n", "no size"),
        ("a.toml", "[cam\nmatrix rotation translation", "no TOML"),
        ("a.toml", "[c]\nsize=[640,480]\nmatrix=[[500,0,320],[0,500,240],[0,0,1]]\ndistortions=[0,0,0,0]\n"
         "rotation=[0,0,nan]\ntranslation=[0,0,0]\n", "a number that is none"),
        ("a.toml", "[c]\nsize=[640,480]\nmatrix=[[5,0,320],[0,500,240],[0,0,1]]\ndistortions=[0,0,0,0]\n"
         "rotation=[0,0,0]\ntranslation=[0,0,0]\n", "fits no picture"),
        ("a.toml", "[c]\nsize=[640,480]\nmatrix=[[500,0,320],[0,500,240],[0,0,1]]\ndistortions=[0,0,0,0]\n"
         "rotation=[0,0,0]\ntranslation=[0,0,0]\nfisheye=true", "fisheye"),
        ("a.toml", "[c]\nsize=[640,480]\nmatrix=[[500,0,320],[0,500,240],[0,0,1]]\ndistortions=[0,1e20,0,0]\n"
         "rotation=[0,0,0]\ntranslation=[0,0,0]", r"its distortion has 1e\+20, which no lens has"),
        ("a.toml", "[c]\nsize=[640,480]\nmatrix=[[500,0,1e9],[0,500,240],[0,0,1]]\ndistortions=[0,0,0,0]\n"
         "rotation=[0,0,0]\ntranslation=[0,0,0]", r"a centre at 1e\+09, 240 px fits no picture"),
        ("a.toml", "[c]\nsize=[640,480]\nmatrix=[[500,0,320],[0,500,240],[0,0,1]]\ndistortions=[0,0,0,0]\n"
         "rotation=[0,0,0]\ntranslation=[0,3e200,0]", "it stands .* km away"),
        ("a.qca.txt", "<calibration><cameras><camera serial='a'><intrinsic focalLengthU='x'/></camera></cameras>"
         "</calibration>", "no left in its fov_video"),
        ("a.qca.txt", "<calibration><cameras focalLengthU", "cut short or damaged"),
        ("a.yml", "%YAML:1.0\n---\ncamera_matrix: {{{\ndist: 1", "no YAML that OpenCV writes"),
        ("a.json", '{"camera_matrix": [[1, 2], [3]], "dist": [], "opencv": 1}', "no table of numbers"),
        ("a.json", '{"camera_matrix": [[500, 9, 320], [0, 500, 240], [0, 0, 1]], "dist": [], "image_size": [640, 480]}',
         "its matrix is not"),
        ("a.json", '{"camera_matrix": [[500, 0, 320], [0, 500, 240], [0, 0, 1]], "dist": [1, 2, 3, 4, 5, 6, 7],'
         ' "image_size": [640, 480]}', "a lens of 7 coefficients"),
        ("a.json", '{"camera_matrix": [[500, 0, 320], [0, 500, 240], [0, 0, 1]], "dist": [], "image_size": [640, 480],'
         ' "R": [[1, 0, 0], [0, 1, 0], [0, 0, -1]], "T": [0, 0, 1]}', "mirrors"),
    ],
)  # fmt: skip
def test_that_what_is_no_camera_is_refused_with_its_reason(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(FormatError, match=says):
        recognise(path).read(path)


@pytest.mark.parametrize("seed", range(30))
def test_that_damaged_files_end_in_a_sentence(tmp_path, seed):
    """Bytes of good files overwritten at random."""
    random = np.random.default_rng(seed)
    ending, read = [("yml", opencv_cameras.read), ("xml", opencv_cameras.read), ("pkl", ikea_asm_cameras.read)][
        seed % 3
    ]
    path = tmp_path / f"camera.{ending}"
    if ending == "pkl":
        path.write_bytes(
            (made_ikea_asm_cameras.make_pickles(tmp_path) / "01" / "dev1" / "camera_parameters.pkl").read_bytes()
        )
    else:
        opencv_file(path, R=np.eye(3), T=np.array([0.0, 0, 1]))
    raw = bytearray(path.read_bytes())
    for at in random.integers(0, len(raw), 6):
        raw[at] = random.integers(0, 256)
    path.write_bytes(bytes(raw[: random.integers(len(raw) // 2, len(raw))]))
    try:
        found = read(path)
    except FormatError as error:
        assert str(error).startswith("camera.")  # noqa: PT017
    else:
        assert np.isfinite(found[0].camera.rotation).all()
