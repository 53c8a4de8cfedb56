"""Files that ship with Posecast: icons, fonts, the built-in body, 2D-pose weights, the demo and its checkpoints.

Each folder holds its licence and says where its files came from; NOTICE at the top of the project lists them.
"""

from importlib.resources import files
from pathlib import Path


def path(*parts: str) -> Path:
    """Where the shipped file or folder `parts` lies, such as `path("blazepose", "pose_detection.tflite")`."""
    return Path(str(files(__name__).joinpath(*parts)))
