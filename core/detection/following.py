"""Following people from frame to frame: where somebody was tells where to look; the detector runs only now and then.

One step takes one picture. Whoever was followed is looked for in the region their last pose gave. Who is not there
is looked for at once by the detector around that place, easier to please than elsewhere, and for a second more in the
same region. The detector looks for others twice a second, and more often after somebody was lost. Two followers who
end up on one body are told apart by the colours they wear, and the worse one is given up: `core.people` finds out later
who came back. The state between two steps is plain numbers, so that a run can stop anywhere and go on to the same
result.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import BLAZEPOSE_33
from core.detection.blazepose import BlazePose, Landmarks, Picture, Region
from core.opencv import cv2
from core.people import difference

LEAST_PRESENCE = 0.5
_LEAST_AT_FIRST = 0.6  # to believe in somebody new
_LEAST_HINT = 0.05  # in the detector's rough region, to look once more in the better one
_LEAST_AGAIN = 0.3  # the detector's score, where somebody was a moment ago
_SAME_BODY = 0.35  # mean distance of two poses, in trunk lengths, below which they are one body
_GHOST = 0.6  # the same of arms and trunk alone, where the clothes are alike too
_ALIKE = 15.0  # mean distance in CIE Lab
_STAYS_S = 1.0  # how long the place of somebody lost is looked at
_SAME_CLOTHES = 30.0  # mean distance in CIE Lab up to which somebody found near that place is the one lost
_LOOK_EVERY_S = 0.5
_SEARCH_S = 2.0  # after somebody was lost, looks come five times as often
_LONG_AGO = 1_000_000
_COLOUR_MEMORY = 0.9

_SHOULDERS = [BLAZEPOSE_33["left_shoulder"], BLAZEPOSE_33["right_shoulder"]]
_HIPS = [BLAZEPOSE_33["left_hip"], BLAZEPOSE_33["right_hip"]]
_KNEES = [BLAZEPOSE_33["left_knee"], BLAZEPOSE_33["right_knee"]]
COLOURS = 9  # Lab of chest, belly and thighs

_UPPER = [
    BLAZEPOSE_33[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist", "hip") for side in ("left", "right")
]
_UPPER_MIRRORED = [_UPPER[at ^ 1] for at in range(len(_UPPER))]


@dataclass
class Follower:
    """Somebody being followed: which tracklet, where to look next, what they wear, and for how many frames unseen."""

    tracklet: int
    region: Region
    colours: Float[ndarray, " colours"]
    missing: int = 0


@dataclass
class State:
    """All that the next step needs to know."""

    followers: list[Follower] = field(default_factory=list)
    next_tracklet: int = 0
    since_look: int = _LONG_AGO  # frames since the detector looked at the whole picture
    since_loss: int = _LONG_AGO  # frames since somebody was lost

    def as_array(self) -> Float[ndarray, "rows numbers"]:
        """Row 0: counters; then a row a follower."""
        rows = [[each.tracklet, *each.region, *each.colours, each.missing] for each in self.followers]
        head = [self.next_tracklet, self.since_look, self.since_loss, *([0.0] * (3 + COLOURS))]
        return np.array([head, *rows], dtype=np.float64)

    @classmethod
    def from_array(cls, numbers: Float[ndarray, "rows numbers"]) -> "State":
        followers = [
            Follower(int(row[0]), Region(*row[1:5].tolist()), row[5:-1].copy(), int(row[-1])) for row in numbers[1:]
        ]
        return cls(followers, *(int(each) for each in numbers[0, :3]))


@dataclass(frozen=True)
class Seen:
    """One person in one frame."""

    tracklet: int
    landmarks: Landmarks
    colours: Float[ndarray, " colours"]


class Following:
    """The step from one picture to the next, for at most `most` people at once."""

    def __init__(self, networks: BlazePose, state: State, rate_hz: float, most: int) -> None:
        self._networks = networks
        self.state = state
        self._look_every = max(1, round(_LOOK_EVERY_S * rate_hz))
        self._search = round(_SEARCH_S * rate_hz)
        self._stays = round(_STAYS_S * rate_hz)
        self._most = most

    def step(self, picture: Picture) -> list[Seen]:
        """Everybody in the next picture."""
        state = self.state
        followed: list[Seen] = []
        for follower in state.followers:
            landmarks = self._networks.landmarks(picture, follower.region)
            if landmarks.presence >= LEAST_PRESENCE and _plausible(landmarks, picture):
                followed.append(Seen(follower.tracklet, landmarks, _colours(picture, landmarks, follower.colours)))
        there = {each.tracklet for each in followed}
        seen = self._one_a_body(followed)
        lost = [each for each in state.followers if each.tracklet not in there]
        for follower in lost:
            if follower.missing == 0 and (again := self._again(picture, follower, seen)) is not None:
                seen.append(again)
        known = {each.tracklet for each in seen}
        unseen = [each for each in lost if each.tracklet not in known]
        gone = len(there) > len(known & there) or any(each.missing == 0 for each in unseen)
        state.since_look += 1
        state.since_loss = 0 if gone else state.since_loss + 1
        # With nobody to follow a look costs little more than following would.
        often = not seen or state.since_loss < self._search
        due = max(1, self._look_every // 5) if often else self._look_every
        if len(seen) < self._most and (state.since_loss == 0 or state.since_look >= due):
            state.since_look = 0
            seen += self._newcomers(picture, seen)
        memory = {each.tracklet: each for each in state.followers}
        state.followers = [_remembering(each, memory.get(each.tracklet)) for each in seen]
        free = self._most - len(seen)
        waiting = [
            Follower(each.tracklet, each.region, each.colours, each.missing + 1)
            for each in unseen
            if each.missing < self._stays and not any(_near(each.region, other.landmarks.region) for other in seen)
        ]
        state.followers += waiting[:free]
        state.followers.sort(key=lambda each: each.tracklet)
        return seen

    def _again(self, picture: Picture, follower: Follower, others: list[Seen]) -> Seen | None:
        """Who was followed until now, found near their last place by the detector."""
        region = follower.region
        around = Region(region.x, region.y, 1.2 * region.side, 0.0)
        for candidate in self._networks.find(picture, [around], _LEAST_AGAIN):
            apart = np.hypot(candidate.region.x - region.x, candidate.region.y - region.y)
            ratio = candidate.region.side / region.side
            if apart > 0.3 * region.side or not 0.5 < ratio < 2:
                continue
            landmarks = self._networks.landmarks(picture, candidate.region)
            if landmarks.presence < _LEAST_HINT or not _plausible(landmarks, picture):
                continue
            landmarks = self._networks.landmarks(picture, landmarks.region)
            if landmarks.presence < LEAST_PRESENCE or not _plausible(landmarks, picture):
                continue
            colours = _colours(picture, landmarks, follower.colours)
            alike = _clothes_apart(colours, follower.colours) < _SAME_CLOTHES
            if alike and not _same_as_any(landmarks, others):
                return Seen(follower.tracklet, landmarks, colours)
        return None

    def _newcomers(self, picture: Picture, seen: list[Seen]) -> list[Seen]:
        found: list[Seen] = []
        # In a picture with somebody in it, poor first looks are mostly ghosts of them.
        least = LEAST_PRESENCE if seen else _LEAST_HINT
        for candidate in self._networks.find(picture):
            if any(_near(candidate.region, each.landmarks.region) for each in [*seen, *found]):
                continue
            # Once more from where the first look says they are: the detector's own region is rough.
            first = self._networks.landmarks(picture, candidate.region)
            if first.presence < least or _same_as_any(first, [*seen, *found]) or not _plausible(first, picture):
                continue
            landmarks = self._networks.landmarks(picture, first.region)
            if landmarks.presence < _LEAST_AT_FIRST or not _plausible(landmarks, picture):
                continue
            newcomer = Seen(self.state.next_tracklet, landmarks, _colours(picture, landmarks, None))
            if not _same_as_any(landmarks, [*seen, *found]) and not _ghost_of_any(newcomer, [*seen, *found]):
                found.append(newcomer)
                self.state.next_tracklet += 1
            if len(seen) + len(found) == self._most:
                break
        return found

    def _one_a_body(self, seen: list[Seen]) -> list[Seen]:
        """Where two followers hold one body, only the one whose memory of its colours fits better."""
        memory = {each.tracklet: each.colours for each in self.state.followers}
        kept: list[Seen] = []
        for one in sorted(seen, key=lambda each: float(np.linalg.norm(each.colours - memory[each.tracklet]))):
            if not _same_as_any(one.landmarks, kept):
                kept.append(one)
        return sorted(kept, key=lambda each: each.tracklet)


def _trunk_px(landmarks: Landmarks) -> float:
    joints_px = landmarks.joints_px
    along = joints_px[_SHOULDERS].mean(0) - joints_px[_HIPS].mean(0)
    across = joints_px[_SHOULDERS[0]] - joints_px[_SHOULDERS[1]]
    return float(max(np.linalg.norm(along), np.linalg.norm(across), 1.0))


def _remembering(seen: Seen, before: Follower | None) -> Follower:
    colours = seen.colours
    if before is not None:
        colours = _COLOUR_MEMORY * before.colours + (1 - _COLOUR_MEMORY) * colours
    return Follower(seen.tracklet, seen.landmarks.region, colours)


def _same_as_any(landmarks: Landmarks, others: list[Seen]) -> bool:
    sure = np.ones(len(BLAZEPOSE_33))
    return any(
        difference(landmarks.joints_px, sure, other.landmarks.joints_px, sure, _trunk_px(landmarks)) < _SAME_BODY
        for other in others
    )


def _ghost_of_any(newcomer: Seen, others: list[Seen]) -> bool:
    """Whether somebody new is only another view of who is seen already: dressed alike, arms and trunk in one place,
    also where left is taken for right and the legs, hidden, are guessed elsewhere.
    """
    one, sure = newcomer.landmarks, np.ones(len(_UPPER))
    for other in others:
        two = other.landmarks
        size = max(_trunk_px(one), _trunk_px(two))
        apart = min(
            difference(one.joints_px[_UPPER], sure, two.joints_px[joints], sure, size)
            for joints in (_UPPER, _UPPER_MIRRORED)
        )
        if apart < _GHOST and _clothes_apart(newcomer.colours, other.colours) < _ALIKE:
            return True
    return False


def _clothes_apart(one: Float[ndarray, " colours"], other: Float[ndarray, " colours"]) -> float:
    return float(np.linalg.norm((one - other).reshape(-1, 3), axis=-1).mean())


def _near(one: Region, other: Region) -> bool:
    """Whether two regions have their middle, somebody's hips, in one place: they are of one body."""
    return bool(np.hypot(one.x - other.x, one.y - other.y) < 0.08 * min(one.side, other.side))


def _plausible(landmarks: Landmarks, picture: Picture) -> bool:
    """Whether the next region is one to look at: of a person's size, with its middle not far outside the picture."""
    region = landmarks.region
    longest = max(picture.width, picture.height)
    inside = -0.3 * region.side < region.x < picture.width + 0.3 * region.side
    inside &= -0.3 * region.side < region.y < picture.height + 0.3 * region.side
    return bool(inside and 16 < region.side < 4 * longest and (landmarks.confidence > 0).any())


def _colours(
    picture: Picture, landmarks: Landmarks, memory: Float[ndarray, " colours"] | None
) -> Float[ndarray, " colours"]:
    """Mean CIE Lab of chest, belly and thighs; what cannot be seen is as remembered, or grey."""
    joints_px = landmarks.joints_px.astype(np.float64)
    shoulders, hips, knees = (joints_px[pair].mean(0) for pair in (_SHOULDERS, _HIPS, _KNEES))
    side = max(2.0, 0.25 * _trunk_px(landmarks))
    places = (0.7 * shoulders + 0.3 * hips, 0.25 * shoulders + 0.75 * hips, 0.5 * hips + 0.5 * knees)
    sure = (
        landmarks.confidence[_SHOULDERS].min(),
        landmarks.confidence[_HIPS].min(),
        landmarks.confidence[_KNEES].min(),
    )
    colours = np.tile([50.0, 0.0, 0.0], 3) if memory is None else memory.copy()
    for at, (x, y) in enumerate(places):
        if sure[at] > 0.3 and 0 <= x < picture.width and 0 <= y < picture.height:
            patch = picture.crop(Region(float(x), float(y), side, 0.0), 8).astype(np.float32) / 255
            colours[3 * at : 3 * at + 3] = cv2.cvtColor(patch, cv2.COLOR_RGB2Lab).reshape(-1, 3).mean(0)
    return colours
