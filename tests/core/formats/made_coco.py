"""A file of COCO keypoints as the data set's: two people in numbered images of one video, one in the last."""

import json
from pathlib import Path

from core.bodies.skeletons import COCO_17

FRAMES = 4


def keypoints(x: float) -> list[float]:
    numbers: list[float] = []
    for joint in range(17):
        numbers += [x + joint % 4 * 20, 60.0 + joint * 12, (2, 2, 2, 1, 0)[joint % 5]]
        if numbers[-1] == 0:
            numbers[-3:] = [0, 0, 0]
    return numbers


def annotation(number: int, image: int, x: float) -> dict:
    return {
        "id": number, "image_id": image, "category_id": 1, "keypoints": keypoints(x), "num_keypoints": 14,
        "bbox": [x, 60, 60, 192], "area": 11520, "iscrowd": 0, "segmentation": [[1, 2, 3, 4, 5, 6]],
    }  # fmt: skip


def content() -> dict:
    images = [
        {"id": 100 + frame, "file_name": f"film_{frame:06d}.jpg", "width": 640, "height": 360, "license": 4}
        for frame in range(FRAMES)
    ]
    annotations = [annotation(2 * frame, 100 + frame, 100 + 2 * frame) for frame in range(FRAMES)]
    annotations += [annotation(2 * frame + 1, 100 + frame, 400 - 2 * frame) for frame in range(FRAMES - 1)]
    category = {
        "supercategory": "person", "id": 1, "name": "person", "keypoints": list(COCO_17.joints),
        "skeleton": [[16, 14], [14, 12]],
    }  # fmt: skip
    info = {"description": "made up", "year": 2020}
    return {"info": info, "images": images, "annotations": annotations, "categories": [category]}


def make(folder: Path) -> Path:
    path = folder / "person_keypoints.json"
    path.write_text(json.dumps(content()))
    return path
