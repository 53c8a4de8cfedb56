"""A camera from upright people alone: an estimate, labelled as one, with its spread.

Somebody upright is a vertical rod of known height on a level floor: where their feet are tells how far away they
are, and how long they look there tells the camera's height, tilt and, where they were seen near and far, its focal
length. What the people do not tell is filled in from what is usual (a level camera, a usual lens), and the spread says
how much that leaves open. Metres, y up, the floor at y = 0; the camera stands over the origin and looks along −z.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import least_squares

from core.errors import CalibrationError
from core.geometry.calibration import Calibration, Spread, described
from core.geometry.cameras import Camera, estimated_camera, pinhole, to_camera
from core.geometry.rotations import about_x, about_z

USUAL_HEIGHT_M = 1.70
ANKLES, HEAD = 0.045, 0.93
"""Where ankles, and the middle of ears, eyes and nose, are over the floor, as shares of a person's height."""
LEAST_SIGHTINGS, MOST_SIGHTINGS = 6, 80
INDEPENDENT = 12
"""A person stands a little bent for many frames: more sightings than this make the answer no surer."""
POSTURE = 0.03
"""How far a head is from where it would be over the feet, as a share of the person's height."""
STATURES = 0.04
"""How much people's heights differ from the one given, relative."""
BENT, DOUBTFUL = 0.15, 0.05
"""Heads off by such a share of people's heights fit no camera, and make the answer doubtful."""
USUAL_TILT_DEG, USUAL_ROLL_DEG, USUAL_FOCAL, USUAL_CAMERA_M = 15.0, 2.0, 0.35, (1.5, 0.7)
"""What is known beforehand: spreads of tilt, roll and (relative) focal length; a height and its relative spread."""
FOCAL_TOLD = 0.12
"""The focal length is taken from the people where their sightings alone tell it this well, relative."""


@dataclass(frozen=True)
class Upright:
    """Where one person stood upright: the middle of the ankles and of the head, pixels, and the frames."""

    ankles_px: Float[ndarray, "sightings 2"]
    head_px: Float[ndarray, "sightings 2"]
    name: str = "person"


def calibrate_upright(
    people: Sequence[Upright], width: int, height: int, *, height_m: float = USUAL_HEIGHT_M
) -> Calibration:
    """The camera that sees people of `height_m` upright where they were seen, as an estimate."""
    if not 0.5 <= height_m <= 2.5:
        raise CalibrationError(f"Nobody is {height_m:g} m tall.", hint="Give the height in metres, such as 1.75.")
    people = [_few(each, MOST_SIGHTINGS // max(len(people), 1)) for each in people if len(each.ankles_px)]
    sightings = sum(len(each.ankles_px) for each in people)
    if sightings < LEAST_SIGHTINGS:
        seen = f"{sightings} time{'s' * (sightings != 1)}" if sightings else "nowhere"
        raise CalibrationError(
            f"People are seen upright from head to feet {seen}; at least {LEAST_SIGHTINGS} sightings are needed.",
            hint="Choose a clip in which somebody stands or walks with the feet in the picture, or mark points.",
        )
    search = _Search.of(people, width, height, height_m)
    usual = search.solved(free_focal=False)
    _refuse_bent(search, usual)
    sure_to, by_people = search.focal_told()
    told = sure_to < FOCAL_TOLD
    best = by_people if told else usual
    camera = search.camera(best)
    spread = search.spread(best)
    sentence = f"From {sightings} sightings of {len(people)} upright {'people' if len(people) > 1 else 'person'}"
    doubts = [f"An estimate: people of {height_m:.2f} m, upright on a level floor, are taken for granted."]
    share = float(search.off_shares(best).mean())
    if share > DOUBTFUL:
        doubts.append(
            f"Heads are {100 * share:.0f} % of a person's height off, where 2 % is usual: somebody bends, or people do "
            "not all stand on one level floor. Choose one person or another clip, or mark points."
        )
    if not told:
        doubts.append("The focal length is a usual one: nobody was seen near and far enough to tell it.")
    if spread.tilt_deg > 4:
        doubts.append(f"The tilt is sure to {spread.tilt_deg:.0f}° only: let somebody be seen nearer and farther away.")
    return Calibration(
        camera,
        "people",
        search.head_px,
        search.drawn_heads_px(best),
        search.names,
        spread,
        (*described(camera, spread), f"{sentence}, {height_m:.2f} m tall."),
        tuple(doubts),
    )


def _few(person: Upright, most: int) -> Upright:
    """At most so many sightings, as far apart on the picture as they can be: standing still tells nothing new."""
    places = np.concatenate([person.ankles_px, person.head_px], axis=1)
    if len(places) <= most:
        return person
    taken = [0]
    apart = np.linalg.norm(places - places[0], axis=1)
    while len(taken) < most:
        taken.append(int(np.argmax(apart)))
        apart = np.minimum(apart, np.linalg.norm(places - places[taken[-1]], axis=1))
    taken.sort()
    return replace(person, ankles_px=person.ankles_px[taken], head_px=person.head_px[taken])


@dataclass(frozen=True)
class _Search:
    """The sightings in one row, and cameras as numbers: tilt, roll, log height, log focal, log of each stature."""

    ankles_px: ndarray
    head_px: ndarray
    person: ndarray
    names: tuple[str, ...]
    lens: Camera
    height_m: float

    @classmethod
    def of(cls, people: Sequence[Upright], width: int, height: int, height_m: float) -> "_Search":
        return cls(
            np.concatenate([each.ankles_px for each in people]).astype(float),
            np.concatenate([each.head_px for each in people]).astype(float),
            np.repeat(np.arange(len(people)), [len(each.ankles_px) for each in people]),
            tuple(f"{each.name}, {at}" for each in people for at in range(1, len(each.ankles_px) + 1)),
            estimated_camera(width, height),
            height_m,
        )

    def camera(self, numbers: ndarray) -> Camera:
        tilt, roll, log_height, log_focal = numbers[:4]
        rotation = about_z(roll) @ about_x(tilt) @ np.diag([1.0, -1.0, -1.0])
        eye = np.array([0.0, np.exp(log_height), 0.0])
        focal = np.full(2, float(self.lens.focal_px.mean() * np.exp(log_focal)))
        return replace(self.lens, rotation=rotation, translation_m=-rotation @ eye, focal_px=focal)

    def drawn_heads_px(self, numbers: ndarray) -> Float[ndarray, "sightings 2"]:
        """Where each head would be over its feet."""
        camera = self.camera(numbers)
        statures = self.height_m * np.exp(numbers[4:])[self.person]
        straight = (self.ankles_px - camera.centre_px) / camera.focal_px
        directions = np.concatenate([straight, np.ones((len(straight), 1))], axis=1) @ camera.rotation
        # Feet above the horizon stand very far away instead of behind the camera.
        down = np.minimum(directions[:, 1], -1e-3)
        eye = np.array([0.0, np.exp(numbers[2]), 0.0])
        along = np.maximum(eye[1] - ANKLES * statures, 1e-3) / -down
        feet = eye + along[:, None] * directions
        heads = np.stack([feet[:, 0], HEAD * statures, feet[:, 2]], axis=1)
        return pinhole(to_camera(heads, camera), camera)

    def off_shares(self, numbers: ndarray) -> Float[ndarray, " sightings"]:
        """How far each head is from where it would be over its feet, as a share of the person's height."""
        tall = np.linalg.norm(self.head_px - self.ankles_px, axis=1)
        return np.linalg.norm(self.drawn_heads_px(numbers) - self.head_px, axis=1) / np.maximum(tall, 1e-6)

    def solved(self, *, free_focal: bool) -> ndarray:
        """The likeliest numbers; without `free_focal` the usual lens is kept."""
        size = 4 + int(self.person.max()) + 1

        def off(free: ndarray) -> ndarray:
            return self._off(free if free_focal else np.insert(free, 3, 0.0))

        best, least = None, np.inf
        for tilt in np.deg2rad([0.0, 15.0, 35.0, 60.0]):
            start = np.zeros(size)
            start[0], start[2] = tilt, np.log(USUAL_CAMERA_M[0])
            found = least_squares(off, start if free_focal else np.delete(start, 3), loss="soft_l1", f_scale=1.5)
            if found.cost < least:
                best, least = found.x, found.cost
        assert best is not None
        return best if free_focal else np.insert(best, 3, 0.0)

    def focal_told(self) -> tuple[float, ndarray]:
        """How well the sightings alone tell the focal length, relative, and the numbers with it."""
        free = self.solved(free_focal=True)
        with_usual = self._variance(free)[3, 3]
        told = 1 / max(1 / with_usual - 1 / USUAL_FOCAL**2, 1e-9)
        return float(np.sqrt(told)), free

    def spread(self, numbers: ndarray) -> Spread:
        """How far the answer may be off, what is merely usual included."""
        variance = self._variance(numbers)
        height = float(np.exp(numbers[2]))
        # One stature for all is off as a whole, and the camera's height with it.
        height_m = height * float(np.sqrt(variance[2, 2] + STATURES**2))
        return Spread(
            focal_px=float(self.lens.focal_px.mean() * np.exp(numbers[3]) * np.sqrt(variance[3, 3])),
            place_m=height_m,
            height_m=height_m,
            tilt_deg=float(np.rad2deg(np.sqrt(variance[0, 0]))),
        )

    def _off(self, numbers: ndarray) -> ndarray:
        """What is off, each in its own standard deviation: heads first, then what is usual."""
        tall = np.linalg.norm(self.head_px - self.ankles_px, axis=1)
        often = np.sqrt(np.minimum(1.0, INDEPENDENT / np.bincount(self.person)))[self.person]
        heads = (self.drawn_heads_px(numbers) - self.head_px) * (often / (POSTURE * tall + 1.0))[:, None]
        usual_m, about = USUAL_CAMERA_M
        usual = [
            np.rad2deg(numbers[0]) / USUAL_TILT_DEG,
            np.rad2deg(numbers[1]) / USUAL_ROLL_DEG,
            (numbers[2] - np.log(usual_m)) / about,
            numbers[3] / USUAL_FOCAL,
            *(numbers[4:] / STATURES),
        ]
        return np.concatenate([np.clip(heads, -1e4, 1e4).ravel(), usual])

    def _variance(self, numbers: ndarray) -> ndarray:
        step = 1e-5
        slope = np.stack(
            [
                (self._off(numbers + step * way) - self._off(numbers - step * way)) / (2 * step)
                for way in np.eye(len(numbers))
            ],
            axis=1,
        )
        return np.linalg.inv(slope.T @ slope)


def _refuse_bent(search: _Search, numbers: ndarray) -> None:
    """Who sits, bends or is cut off fits no camera."""
    share = float(np.median(search.off_shares(numbers)))
    if share > BENT:
        raise CalibrationError(
            f"These people fit no camera: their heads are off by {100 * share:.0f} % of their height.",
            hint="They may not stand upright, or not on one level floor. Mark points instead.",
        )
