"""A miniature of IKEA-ASM in exactly its layout: the database, the lists, poses, predictions, cameras and videos.

Four assemblies of two pieces of furniture, filmed by three cameras; the last one does what the second does.
"""

import json
import sqlite3
from pathlib import Path

import numpy as np

from core.bodies.skeletons import COCO_17, COCO_18
from tests.core.formats.made_mpii_cooking import write_clip

ATOMIC = ("", "flip table", "pick up ...", "spin leg", "other", "lay down ...", "rotate table")
OBJECTS = ("", "leg", "shelf", "table top")
VIDEOS = (
    "Lack_Side_Table/0001_black_table_02_01_2019_08_16_14_00",
    "Lack_Side_Table/0002_white_floor_04_01_2019_08_16_15_00",
    "Kallax_Shelf_Drawer/0003_oak_floor_02_01_2019_08_17_10_00",
    "Lack_Side_Table/0004_oak_table_04_02_2019_08_19_17_00",
)
# (atomic action, object), by place in the tables above; each lasts 10 frames, 2 frames lie between them.
DONE = (
    ((2, 1), (3, 0), (2, 1), (3, 0), (1, 0), (6, 0)),
    ((2, 3), (2, 1), (3, 0), (1, 0), (4, 0)),
    ((2, 2), (5, 2), (3, 0), (6, 0), (5, 1)),
    ((2, 3), (2, 1), (3, 0), (1, 0), (4, 0)),
)
Done = tuple[tuple[tuple[int, int], ...], ...]
FRAMES, LAST, STEP = 80, 10, 12
LISTED = ((1, 0), (2, 1), (2, 2), (2, 3), (3, 0), (4, 0), (5, 2), (6, 0))  # "lay down leg" is too rare
TRAIN, TEST = VIDEOS[:3], VIDEOS[3:]
TWELVE = tuple(f"Lack_TV_Bench/{21 + at:04d}_oak_table_0{1 + at % 4}_02_2019_08_20_{10 + at}_00" for at in range(12))
DONE_BY_TWELVE = tuple(
    tuple(((2, 1), (3, 0), (1, 0), (6, 0), (2, 3))[(at + step * (1 + at % 2)) % 5] for step in range(8))
    for at in range(12)
)
"""A dozen assemblies of eight steps, large enough for tables."""
SCHEMA = """
CREATE TABLE videos (id INTEGER PRIMARY KEY, video_name TEXT, video_path TEXT, furniture TEXT, camera TEXT,
    annotated BOOLEAN, nframes INTEGER);
CREATE TABLE atomic_actions (id INTEGER PRIMARY KEY, atomic_action TEXT);
CREATE TABLE objects (id INTEGER PRIMARY KEY, object TEXT);
CREATE TABLE annotations (id INTEGER PRIMARY KEY, video_id INTEGER, atomic_action_id INTEGER, object_id INTEGER,
    starting_frame INTEGER, ending_frame INTEGER, action_description TEXT, object_name TEXT);
"""


def named(atomic: int, thing: int) -> str:
    """The action as the lists have it."""
    return ATOMIC[atomic].replace("...", OBJECTS[thing])


def segments_of(video: int) -> list[tuple[str, int, int]]:
    return [(named(*done), STEP * at, STEP * at + LAST) for at, done in enumerate(DONE[video])]


def make(
    folder: Path, *, videos: bool = False, predictions: bool = False, names: tuple[str, ...] = VIDEOS, done: Done = DONE
) -> Path:
    """The data set's folder. Videos are small, and predictions are made in their pixels."""
    frames = max(FRAMES, STEP * max(map(len, done)))
    root = folder / "ANU_ikea_dataset"
    lists = root / "indexing_files"
    lists.mkdir(parents=True)
    make_database(root / "ikea_annotation_db_full", names, done, frames)
    (lists / "atomic_action_list.txt").write_text("".join(f"{named(*each)}\n" for each in LISTED))
    relations = "".join(f"{atomic + 1} {thing + 1}\n" for atomic, thing in LISTED)
    (lists / "action_object_relation_list.txt").write_text(relations)
    listed = len(names) * len(TRAIN) // len(VIDEOS)
    (lists / "train_cross_env.txt").write_text("\n".join(names[:listed]) + "\n")
    (lists / "test_cross_env.txt").write_text("\n".join(names[listed:]) + "\n")
    for name in names:
        place = root / name / "dev3"
        (place / "images").mkdir(parents=True)
        make_pose2d(place)
        if videos:
            write_clip(place / "images" / "scan_video.avi", frames, 25.0)
        if predictions:
            make_predictions(place / "predictions" / "pose2d" / "openpose", frames, scale=64 / 1920)
    return root


def make_database(path: Path, names: tuple[str, ...] = VIDEOS, done: Done = DONE, frames: int = FRAMES) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    connection.executemany("INSERT INTO atomic_actions (atomic_action) VALUES (?)", [(each,) for each in ATOMIC])
    connection.executemany("INSERT INTO objects (object) VALUES (?)", [(each,) for each in OBJECTS])
    for number, name in enumerate(names):
        for device in ("dev1", "dev2", "dev3"):
            video = connection.execute(
                "INSERT INTO videos (video_name, video_path, furniture, camera, annotated, nframes)"
                " VALUES (?, ?, ?, ?, 1, ?)",
                (name.split("/")[1], f"{name}/{device}/images", name.split("/")[0].replace("_", " "), device, frames),
            ).lastrowid
            connection.executemany(
                "INSERT INTO annotations (video_id, atomic_action_id, object_id, starting_frame, ending_frame,"
                " action_description, object_name) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (video, atomic + 1, thing + 1, STEP * at, STEP * at + LAST, ATOMIC[atomic], OBJECTS[thing])
                    for at, (atomic, thing) in enumerate(done[number])
                ],
            )
    connection.execute(
        "INSERT INTO videos (video_name, video_path, furniture, camera, annotated, nframes)"
        " VALUES ('0009_x', 'Lack_TV_Bench/0009_x/dev3/images', 'Lack TV Bench', 'dev3', 0, 50)"
    )
    connection.commit()
    connection.close()
    return path


def make_actions_alone(folder: Path) -> Path:
    """The database without anything beside it."""
    return make_database(folder / "ikea_annotation_db_full")


def make_segments(folder: Path) -> Path:
    """gt_segments.json of the test videos, with "NA" between the actions."""
    database = {}
    for number, name in enumerate(VIDEOS):
        annotation = []
        for action, start, end in segments_of(number):
            annotation.append({"label": action, "segment": [start, end]})
            annotation.append({"label": "NA", "segment": [end, end + STEP - LAST]})
        database[name] = {"subset": "testing" if name in TEST else "training", "annotation": annotation}
    path = folder / "gt_segments.json"
    path.write_text(json.dumps({"version": "1.0.0", "database": database}))
    return path


def pose_px(frame: int) -> np.ndarray:
    """Somebody in the middle of the picture whose hands move."""
    standing = {
        "nose": (960, 300), "eye": (985, 285), "ear": (1010, 295), "shoulder": (1060, 420), "elbow": (1090, 560),
        "wrist": (1040 + 40 * np.sin(frame / 7), 660), "hip": (1020, 760), "knee": (1025, 900), "ankle": (1030, 1040),
    }  # fmt: skip
    places = []
    for joint in COCO_17.joints:
        side, _, part = joint.rpartition("_")
        x, y = standing[part]
        places.append((x if side != "right" else 1920 - x, y))
    return np.array(places, float)


def make_pose2d(place: Path, frames: tuple[int, ...] = (0, 50)) -> Path:
    folder = place / "pose2d"
    folder.mkdir()
    for frame in frames:
        joints = {
            name.replace("_", " "): {"position": [float(x), float(y)], "confidence": 1 + at % 3}
            for at, (name, (x, y)) in enumerate(zip(COCO_17.joints, pose_px(frame), strict=True))
        }
        (folder / f"{frame:06d}.json").write_text(json.dumps(joints))
    return folder


def make_pose3d(folder: Path) -> Path:
    """Two moments in centimetres; in the second the left wrist is missing."""
    place = folder / "Lack_Side_Table" / "0001_black_table_02_01_2019_08_16_14_00" / "dev3" / "pose3d"
    place.mkdir(parents=True)
    for frame in (0, 100):
        rows = []
        for joint, (x, y) in zip(COCO_17.joints, pose_px(frame), strict=True):
            gone = frame == 100 and joint == "left_wrist"
            rows += [0, 0, 0, 0] if gone else [(960 - x) / 4, (y - 540) / 4, 300.0, 0.5]
        (place / f"{frame:06d}.json").write_text(json.dumps({"format": "ikea", "pose_keypoints_3d": rows}))
    return place


def make_predictions(
    folder: Path, frames: int = FRAMES, scale: float = 1.0, joints: tuple[str, ...] = COCO_18.joints
) -> Path:
    """As OpenPose writes them."""
    folder.mkdir(parents=True)
    for frame in range(frames):
        places = dict(zip(COCO_17.joints, pose_px(frame) * scale, strict=True))
        places["neck"] = (places["left_shoulder"] + places["right_shoulder"]) / 2
        numbers = [float(each) for joint in joints for each in (*places[joint], 0.9)]
        content = {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": numbers}]}
        (folder / f"scan_video_{frame:012d}_keypoints.json").write_text(json.dumps(content))
    return folder
