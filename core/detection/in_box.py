"""One person in one picture, where somebody drew a box: a second look where following people went wrong.

The box says who is meant, so far lower scores are believed than in a whole picture. People are looked for in squares
round the box, and where the detector finds nobody the landmark network looks at the box itself. Each is looked at once
more from where the first look says they are; the one whose joints lie in the box most, and most surely, is taken.
"""

from dataclasses import dataclass

import numpy as np

from core.detection.blazepose import BlazePose, Landmarks, Picture, Region
from core.detection.following import LEAST_PRESENCE
from core.motion import SEEN

_LEAST_SCORE = 0.2
_LEAST_INSIDE = 0.5
"""Of the joints that are seen, so many lie in the box."""
_ROUND_BOX = (1.1, 1.7)  # sides of the squares looked at, in longer sides of the box
_UPRIGHT = (0.75, 1.4)  # the same where nobody was found: a whole person in the box, and one cut off at the hips
_LEAST_SEEN = 8  # of 33 joints: less is a ghost, however sure the network is
_MARGIN = 0.15  # of the box: joints so far outside still count as in it


@dataclass(frozen=True)
class _Look:
    landmarks: Landmarks
    inside: float

    @property
    def worth(self) -> float:
        return self.landmarks.presence * self.inside


def look_in_box(networks: BlazePose, picture: Picture, box: tuple[float, float, float, float]) -> Landmarks | None:
    """Whoever is in the box (left, top, right, bottom), or nobody."""
    left, top, right, bottom = box
    x, y, side = (left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top)
    if not side > 0:
        return None
    squares = [Region(x, y, share * side, 0.0) for share in _ROUND_BOX]
    regions = [each.region for each in networks.find(picture, squares, _LEAST_SCORE)]
    looks = [look for region in regions if (look := _twice(networks, picture, region, box)) is not None]
    if not looks:
        upright = [Region(x, y + (share - 0.75) * side / 2, 2 * share * side, 0.0) for share in _UPRIGHT]
        looks = [look for region in upright if (look := _twice(networks, picture, region, box)) is not None]
    best = max(looks, key=lambda each: each.worth, default=None)
    return best.landmarks if best is not None else None


def _twice(
    networks: BlazePose, picture: Picture, region: Region, box: tuple[float, float, float, float]
) -> _Look | None:
    """The better of two looks, the second from where the first says somebody is."""
    first = networks.landmarks(picture, region)
    looks = [_judged(first, box)]
    if np.isfinite(first.region).all() and 1 < first.region.side < 4 * max(picture.width, picture.height):
        looks.append(_judged(networks.landmarks(picture, first.region), box))
    believed = [each for each in looks if each.landmarks.presence >= LEAST_PRESENCE and each.inside >= _LEAST_INSIDE]
    return max(believed, key=lambda each: each.worth, default=None)


def _judged(landmarks: Landmarks, box: tuple[float, float, float, float]) -> _Look:
    left, top, right, bottom = box
    margin = _MARGIN * max(right - left, bottom - top)
    seen = landmarks.confidence >= SEEN
    low, high = np.array([left - margin, top - margin]), np.array([right + margin, bottom + margin])
    within = ((landmarks.joints_px >= low) & (landmarks.joints_px <= high)).all(-1)
    enough = seen.sum() >= _LEAST_SEEN
    return _Look(landmarks, float((seen & within).sum() / seen.sum()) if enough else 0.0)
