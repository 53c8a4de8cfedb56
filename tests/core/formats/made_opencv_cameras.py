"""A camera as OpenCV's FileStorage writes it, in each of its three forms."""

from pathlib import Path

import numpy as np

from core.opencv import cv2


def make(folder: Path, ending: str = "yml") -> Path:
    path = folder / f"camera.{ending}"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", 1280)
    storage.write("image_height", 720)
    storage.write("camera_matrix", np.array([[900.0, 0, 639.5], [0, 905.0, 359.5], [0, 0, 1]]))
    storage.write("distortion_coefficients", np.array([[-0.1, 0.02, 0.001, -0.0005, 0.003]]))
    storage.write("R", np.eye(3))
    storage.write("T", np.array([0.0, 0.1, 2.0]))
    storage.release()
    return path


def make_xml(folder: Path) -> Path:
    return make(folder, "xml")


def make_json(folder: Path) -> Path:
    return make(folder, "json")
