"""Answers a question for one person in a box (`core.detections`): opens the video, looks, says the nine joints.

The networks and the last video stay open, so that a second question takes a fraction of a second. One thread uses it.
"""

from pathlib import Path

import numpy as np

from core.bodies.skeletons import BLAZEPOSE_33, UPPER_BODY_9
from core.detection.blazepose import BlazePose, Picture
from core.detection.in_box import look_in_box
from core.detections import AskDetect, Detected
from core.errors import CoreError
from core.motion import Poses2d
from core.video import Video, open_video


class DetectionAnswers:
    """Loaded networks and an open video."""

    def __init__(self) -> None:
        self._networks: BlazePose | None = None
        self._video: tuple[tuple[str, float], Video] | None = None

    def answer(self, question: AskDetect) -> Detected:
        """The joints of whoever is in the box; none where nobody is. CoreError where the frame cannot be read."""
        if not (np.isfinite(question.box).all() and question.box[0] < question.box[2]
                and question.box[1] < question.box[3]):  # fmt: skip
            raise CoreError("This box has no inside.", hint="Draw it from one corner of the person to the other.")
        video = self._open(Path(question.video))
        if not 0 <= question.frame < len(video):
            raise CoreError(
                f"There is no frame {question.frame} in {Path(question.video).name}.",
                hint=f"It has {len(video)}, counted from 0.",
            )
        if self._networks is None:
            self._networks = BlazePose()
        found = look_in_box(self._networks, Picture(video.frame(question.frame)), question.box)
        if found is None:
            return Detected(number=question.number)
        one = Poses2d(BLAZEPOSE_33, found.joints_px[None, None], found.confidence[None, None]).as_skeleton(UPPER_BODY_9)
        rows = np.concatenate([one.joints_px[0, 0], one.confidence[0, 0, :, None]], axis=1).tolist()
        joints = tuple((float(x), float(y), float(sure)) for x, y, sure in rows)
        return Detected(number=question.number, joints=joints, presence=min(max(found.presence, 0.0), 1.0))

    def close(self) -> None:
        """Let go of the video."""
        if self._video is not None:
            self._video[1].close()
            self._video = None

    def _open(self, path: Path) -> Video:
        key = (str(path), path.stat().st_mtime if path.exists() else 0.0)
        if self._video is None or self._video[0] != key:
            self.close()
            self._video = (key, open_video(path))
        return self._video[1]
