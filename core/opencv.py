"""The one door to OpenCV.

The `opencv-python` wheel points Qt at its own plugins when it is imported, which can keep our window from
opening. Everybody takes `cv2` from here, where those two variables are put back as they were.
"""

import os

_QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
_before = {name: os.environ.get(name) for name in _QT_VARIABLES}

import cv2  # noqa: E402, TID251  (must come after the variables were noted, and nowhere else)

for _name, _value in _before.items():
    if _value is None:
        os.environ.pop(_name, None)
    else:
        os.environ[_name] = _value

__all__ = ["cv2"]
