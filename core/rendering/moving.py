"""What a view shows over time, as one value: people and skeletons, from where they are seen, and the video behind them.

    scene = MovingScene(rate_hz=30.0, bodies=(MovingBody("built-in/smpl/neutral", betas, rotations, translation_m),))
    shot = Shot(scene, at=12, view=Orbit())
    save_shot(shot, path); load_shot(path)          # a file of plain arrays, for a run in another process

World: right-handed, metres, y up. Frames come first; frame 0 is the first one shown. Cheap to import: no VTK.
"""

import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies.library import body
from core.bodies.skeletons import SKELETONS, SMPL_24, Skeleton
from core.bodies.skinning import Body, Figure
from core.errors import FileError, FormatError
from core.geometry.cameras import Camera
from core.rendering.contents import DARK, PAST_OPACITIES, Colours, SceneBody, SceneSkeleton, SideColours
from core.rendering.views import Orbit, View

FindBody = Callable[[str], Body]
"""The body a key stands for, as `core.bodies.library.body`."""

_FORMAT = 1
_ENDS = [SMPL_24[joint] for joint in ("left_wrist", "right_wrist", "left_ankle", "right_ankle")]
"""The same numbers in every family."""
_FLAGS = ("opacity", "beside", "labels", "trails", "grid", "shadows")


@dataclass(frozen=True)
class MovingBody:
    """One person's body in every frame. `there` says in which frames they are; everywhere without it."""

    body: str  # key of core.bodies.library
    betas: Float[ndarray, " shapes"]
    rotations: Float[ndarray, "frames joints 3 3"]  # each joint's frame in its parent's
    translation_m: Float[ndarray, "frames 3"]
    colour: str = "#dadce1"
    name: str = ""
    opacity: float = 1.0
    there: Bool[ndarray, " frames"] | None = None

    @property
    def is_ghost(self) -> bool:
        """Whether it is a moment before or after, and no body of its own."""
        return self.opacity <= PAST_OPACITIES[0]

    def __post_init__(self) -> None:
        frames = len(self.rotations)
        if self.rotations.shape[2:] != (3, 3) or self.translation_m.shape != (frames, 3):
            raise ValueError(
                f"rotations {self.rotations.shape} and places {self.translation_m.shape} do not go together"
            )
        if self.there is not None and self.there.shape != (frames,):
            raise ValueError(f"presence of {self.there.shape} for {frames} frames")

    def is_there(self, frame: int) -> bool:
        return self.there is None or bool(self.there[frame])


@dataclass(frozen=True)
class MovingSkeleton:
    """Joints and bones in every frame; a joint that is not known is NaN."""

    joints_m: Float[ndarray, "frames joints 3"]
    skeleton: Skeleton
    colour: str | None = None
    dashed: bool = False
    name: str = ""
    opacity: float = 1.0
    thickness: float = 1.0

    def __post_init__(self) -> None:
        if self.joints_m.shape[1:] != (len(self.skeleton), 3):
            raise ValueError(f"joints of shape {self.joints_m.shape} for {self.skeleton.name}")


@dataclass(frozen=True)
class MovingScene:
    """Everybody over the same frames, `rate_hz` a second. Steps of a forecast are frames too: one a second, say."""

    rate_hz: float
    bodies: tuple[MovingBody, ...] = ()
    skeletons: tuple[MovingSkeleton, ...] = ()
    ground_m: float | None = 0.0
    is_floor_under_feet: bool = False  # lower where a foot is lower

    def __post_init__(self) -> None:
        counts = {len(each.rotations) for each in self.bodies} | {len(each.joints_m) for each in self.skeletons}
        if len(counts) > 1:
            raise ValueError(f"people over different numbers of frames: {sorted(counts)}")
        if not self.rate_hz > 0:
            raise ValueError(f"{self.rate_hz} frames a second")

    def __len__(self) -> int:
        """The number of frames."""
        for who in self.bodies:
            return len(who.rotations)
        for each in self.skeletons:
            return len(each.joints_m)
        return 0

    def stretch(self, start: int, end: int) -> "MovingScene":
        """Frames `start` … `end` - 1 alone."""
        bodies = tuple(
            replace(
                each,
                rotations=each.rotations[start:end],
                translation_m=each.translation_m[start:end],
                there=None if each.there is None else each.there[start:end],
            )
            for each in self.bodies
        )
        skeletons = tuple(replace(each, joints_m=each.joints_m[start:end]) for each in self.skeletons)
        return replace(self, bodies=bodies, skeletons=skeletons)


@dataclass(frozen=True)
class Footage:
    """The video behind a scene: which of its frames each frame of the scene was, and the camera that took it."""

    video: Path
    frames: tuple[int, ...]
    camera: Camera


@dataclass(frozen=True)
class Shot:
    """A scene, the frame in front, from where it is seen and in which colours; `footage` where a video lies behind."""

    scene: MovingScene
    at: int = 0
    view: View = field(default_factory=Orbit)
    colours: Colours = DARK
    footage: Footage | None = None
    opacity: float = 1.0  # of the bodies over the video
    beside: bool = False  # beside the picture instead of in front of it
    labels: bool = False  # names above heads
    trails: bool = False  # of hands and feet
    grid: bool = True  # lines on the ground
    shadows: bool = True

    def __post_init__(self) -> None:
        if self.footage is not None and len(self.footage.frames) != len(self.scene):
            raise ValueError(f"{len(self.footage.frames)} frames of video for {len(self.scene)} of the scene")


class Poser:
    """Poses a scene's people frame by frame; what takes their shapes is made once."""

    def __init__(self, scene: MovingScene, find_body: FindBody = body) -> None:
        self._scene = scene
        self.bodies: tuple[Body, ...] = tuple(find_body(each.body) for each in scene.bodies)
        self._figures: list[Figure] = [
            found.shaped(each.betas) for found, each in zip(self.bodies, scene.bodies, strict=True)
        ]

    def ends_m(self, person: int, frame: int) -> Float[ndarray, "ends 3"]:
        """Where that person's hands and feet are in that frame."""
        who = self._scene.bodies[person]
        places_m = self._figures[person].place(who.rotations[frame], who.translation_m[frame]).places_m
        return places_m[_ENDS]

    def places_m(self, frame: int) -> Float[ndarray, "people 3"]:
        """Where each person is, bodies first; NaN where they are not there."""
        bodies = [
            figure.joints_m[0] + each.translation_m[frame] if each.is_there(frame) else np.full(3, np.nan)
            for figure, each in zip(self._figures, self._scene.bodies, strict=True)
        ]
        known = [each.joints_m[frame][np.isfinite(each.joints_m[frame]).all(-1)] for each in self._scene.skeletons]
        return np.array([*bodies, *(joints.mean(0) if len(joints) else np.full(3, np.nan) for joints in known)])

    def at(self, frame: int) -> tuple[list[SceneBody], list[SceneSkeleton]]:
        """Who stands there in that frame."""
        bodies = []
        for figure, each in zip(self._figures, self._scene.bodies, strict=True):
            if each.is_there(frame):
                vertices_m = figure.pose(each.rotations[frame], each.translation_m[frame])
                bodies.append(SceneBody(vertices_m, figure.faces, each.colour, each.opacity, each.name))
        skeletons = []
        for each in self._scene.skeletons:
            joints_m = each.joints_m[frame]
            seen = np.isfinite(joints_m).all(-1)
            if seen.any():
                known_m = np.where(seen[:, None], joints_m, 0.0)
                drawn = SceneSkeleton(known_m, each.skeleton, each.colour, each.dashed, each.opacity, seen)
                skeletons.append(replace(drawn, thickness=each.thickness, label=each.name))
        return bodies, skeletons


# ---- as a file ------------------------------------------------------------------------------------------------------


def save_shot(shot: Shot, path: Path) -> None:
    """Write it as plain arrays with a header in JSON. FileError where that cannot be."""
    arrays: dict[str, ndarray] = {}
    for at, each in enumerate(shot.scene.bodies):
        arrays |= {f"body{at}_betas": each.betas, f"body{at}_rotations": each.rotations}
        arrays |= {f"body{at}_translation_m": each.translation_m}
        if each.there is not None:
            arrays[f"body{at}_there"] = each.there
    arrays |= {f"skeleton{at}_joints_m": each.joints_m for at, each in enumerate(shot.scene.skeletons)}
    header = {
        "format": _FORMAT,
        "rate_hz": shot.scene.rate_hz,
        **_words(shot.scene, "ground_m", "is_floor_under_feet"),
        "bodies": [_words(each, "body", "colour", "name", "opacity") for each in shot.scene.bodies],
        "skeletons": [
            {**_words(each, "colour", "dashed", "name", "opacity", "thickness"), "skeleton": each.skeleton.name}
            for each in shot.scene.skeletons
        ],
        "at": shot.at,
        "view": {"orbit": asdict(shot.view)} if isinstance(shot.view, Orbit) else {"camera": _camera(shot.view)},
        "colours": asdict(shot.colours),
        **_words(shot, *_FLAGS),
        "footage": None if shot.footage is None else _footage(shot.footage),
    }
    try:
        with path.open("wb") as file:
            np.savez(file, header=np.array(json.dumps(header)), **arrays)  # pyright: ignore[reportArgumentType]
    except OSError as error:
        raise FileError(path, f"could not be written ({error.strerror})", hint="Choose another place.") from error


def load_shot(path: Path) -> Shot:
    """What `save_shot` wrote. Nothing in the file is run."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            header = json.loads(str(archive["header"]))
            if header["format"] != _FORMAT:
                raise FormatError(path, "it was written by another version", hint="Export again.")
            return _shot(header, {name: archive[name] for name in archive.files if name != "header"})
    except FileNotFoundError as error:
        raise FileError(path, "this file does not exist") from error
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(path, "it does not hold what a view shows", hint="Export again.") from error


def _shot(header: dict[str, Any], arrays: dict[str, ndarray]) -> Shot:
    bodies = tuple(
        MovingBody(
            betas=arrays[f"body{at}_betas"],
            rotations=arrays[f"body{at}_rotations"],
            translation_m=arrays[f"body{at}_translation_m"],
            there=arrays.get(f"body{at}_there"),
            **words,
        )
        for at, words in enumerate(header["bodies"])
    )
    skeletons = tuple(
        MovingSkeleton(arrays[f"skeleton{at}_joints_m"], **{**words, "skeleton": SKELETONS[words["skeleton"]]})
        for at, words in enumerate(header["skeletons"])
    )
    orbit, colours, footage = header["view"].get("orbit"), header["colours"], header["footage"]
    return Shot(
        scene=MovingScene(header["rate_hz"], bodies, skeletons, header["ground_m"], header["is_floor_under_feet"]),
        at=header["at"],
        view=_read_camera(header["view"]["camera"]) if orbit is None else _read_orbit(orbit),
        colours=Colours(**{**colours, "sides": SideColours(**colours["sides"])}),
        footage=None if footage is None else _read_footage(footage),
        **{name: header[name] for name in _FLAGS},
    )


def _words(value: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _camera(camera: Camera) -> dict[str, Any]:
    return {name: value.tolist() if isinstance(value, ndarray) else value for name, value in asdict(camera).items()}


def _read_camera(words: dict[str, Any]) -> Camera:
    read: dict[str, Any] = {
        name: np.array(value) if isinstance(value, list) else value for name, value in words.items()
    }
    return Camera(**read)


def _read_orbit(words: dict[str, Any]) -> Orbit:
    read: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in words.items()}
    return Orbit(**read)


def _footage(footage: Footage) -> dict[str, Any]:
    return {"video": str(footage.video), "frames": list(footage.frames), "camera": _camera(footage.camera)}


def _read_footage(words: dict[str, Any]) -> Footage:
    return Footage(Path(words["video"]), tuple(words["frames"]), _read_camera(words["camera"]))
