"""All samples in one space, at one time: side by side, on top of each other, or the chosen one alone.

Samples stand in their colours with their numbers over their heads; ghosts show where each was 0.4 and 0.8 s before.
Before the first new frame that is the past, in the colour of truth. Side by side, samples stand across the way the
first one faces, so that those who walk on do not walk through each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from core.generations import RATE_HZ, PackedMotion
from core.rendering.contents import PAST_OPACITIES, TRAIL_S, SceneTrail
from core.rendering.views import Orbit
from studio import theme
from studio.commands import tip
from studio.generating import Generating, Shown
from studio.pages.generate_moving import Form, Moving, MovingSamples
from studio.widgets import parts
from studio.widgets.posed import PosedBody, Standing
from studio.widgets.scene_view import Looks
from studio.widgets.viewport import Viewport

Arrangement = Literal["side", "top", "one"]
ARRANGEMENTS: tuple[Arrangement, ...] = ("side", "top", "one")
APART_M = 1.15
GHOST_S = 0.4
_VIEWS = ("orbit", "front", "side", "top")
_BESIDE_OPACITY = 0.42
"""Of samples that are not the chosen one, where all stand in one place: they have no trails, ghosts and numbers."""
_FRAMED_M = 2.6
"""Whoever is farther than this from the chosen one does not make the view larger."""
_TRAIL_FRAMES = round(TRAIL_S * RATE_HZ)
_BOX_M = np.array([[x, y, z] for x in (-0.55, 0.55) for y in (-0.98, 1.0) for z in (-0.35, 0.35)])
"""About a body, from the middle of its pelvis."""


@dataclass(frozen=True)
class Scene:
    """What is to be seen: samples with their numbers, the chosen one, the frame, whose form, and the past."""

    samples: tuple[Shown, ...]
    colours: tuple[str, ...]
    chosen: int
    frame: int
    form: Form
    past: PackedMotion | None = None


def seen_samples(scene: Scene, arrangement: Arrangement) -> list[int]:
    """Which samples are there."""
    return [scene.chosen] if arrangement == "one" else list(range(len(scene.samples)))


def aside_m(scene: Scene, moving: MovingSamples, arrangement: Arrangement) -> list[tuple[float, float, float]]:
    """How far each sample is set from its own place."""
    count = len(scene.samples)
    if arrangement != "side" or count < 2:
        return [(0.0, 0.0, 0.0)] * count
    heading = moving.of(scene.samples[0].sample.motion).heading(0)
    left = np.array([np.cos(heading), 0.0, -np.sin(heading)])
    steps = APART_M * (np.arange(count) - (count - 1) / 2)
    return [(float(step * left[0]), 0.0, float(step * left[2])) for step in steps]


def standing_of(scene: Scene, moving: MovingSamples, arrangement: Arrangement) -> Standing:
    """Everybody at the frame."""
    aside = aside_m(scene, moving, arrangement)
    bodies: list[PosedBody] = []
    ghosts: list[PosedBody] = []
    trails: list[SceneTrail] = []
    for at in seen_samples(scene, arrangement):
        shown, colour = scene.samples[at], scene.colours[at]
        motion = moving.of(shown.sample.motion)
        is_pale = arrangement == "top" and at != scene.chosen
        body = PosedBody(
            scene.form.body, motion.pose(scene.frame, scene.form), colour, label="" if is_pale else str(at + 1),
            opacity=_BESIDE_OPACITY if is_pale else 1.0, moved_m=aside[at],
        )  # fmt: skip
        bodies.append(body)
        ends_m = moving.ends(shown.sample.motion, scene.form)
        if ends_m is not None and not is_pale:
            trails += _trails(ends_m, motion.held(scene.frame), aside[at], colour)
        if not is_pale:
            ghosts += _ghosts(scene, motion, moving, body)
    return Standing(bodies=tuple(bodies), ghosts=tuple(ghosts), trails=tuple(trails), ground_m=0.0)


def _ghosts(scene: Scene, motion: Moving, moving: MovingSamples, body: PosedBody) -> list[PosedBody]:
    """Where the sample was, paler and paler; before its first frame that is the past."""
    made = []
    for back, opacity in enumerate(PAST_OPACITIES, start=1):
        frame = motion.held(scene.frame) - round(back * GHOST_S * RATE_HZ)
        if frame >= 0:
            made.append(replace(body, pose=motion.pose(frame, scene.form), opacity=opacity, label=""))
        elif scene.past is not None:
            past = moving.of(scene.past)
            pose = past.pose(past.frames + round(frame * past.rate_hz / RATE_HZ), scene.form)
            made.append(replace(body, pose=pose, opacity=opacity, label="", colour=theme.now().truth))
    return made


def _trails(
    ends_m: Float[ndarray, "frames 4 3"], frame: int, moved_m: tuple[float, float, float], colour: str
) -> list[SceneTrail]:
    way = ends_m[max(0, frame - _TRAIL_FRAMES) : frame + 1] + np.array(moved_m)
    return [SceneTrail(way[:, end], colour) for end in range(way.shape[1])] if len(way) > 1 else []


def framed_m(scene: Scene, moving: MovingSamples, arrangement: Arrangement) -> Float[ndarray, "points 3"]:
    """Where bodies will be round the chosen one as the view goes along with it, from the first frame to the last."""
    aside = aside_m(scene, moving, arrangement)
    chosen = moving.of(scene.samples[scene.chosen].sample.motion)
    here_m = chosen.places_m[chosen.held(scene.frame)] + np.array(aside[scene.chosen])
    offsets: list[ndarray] = []
    for at in seen_samples(scene, arrangement):
        motion = moving.of(scene.samples[at].sample.motion)
        for frame in range(0, max(chosen.frames, 1), 10):
            there_m = motion.places_m[motion.held(frame)] + np.array(aside[at])
            offset = there_m - chosen.places_m[chosen.held(frame)] - np.array(aside[scene.chosen])
            apart_m = np.array(aside[at]) - np.array(aside[scene.chosen])
            strayed = offset - apart_m
            far = max(1.0, float(np.linalg.norm(strayed[[0, 2]])) / _FRAMED_M)
            offsets.append(apart_m + strayed / far)
    middle = np.array([here_m[0], scene.form.height_m * 0.55, here_m[2]])
    points = np.concatenate([middle + offset * [1, 0, 1] + _BOX_M for offset in offsets])
    points[:, 1] = np.clip(points[:, 1], 0.0, None)
    return points


class SpacePanel(QFrame):
    """The view with its switches: how samples stand, what is drawn beside them, and from where they are seen."""

    menu_wanted = Signal(QPoint)
    arranged = Signal()
    asks = Signal(str)
    """A command, by name."""

    def __init__(self, generating: Generating, moving: MovingSamples) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Samples in space"))
        self._generating, self._moving = generating, moving
        self._scene: Scene | None = None
        self._framed: object = None
        self._is_turned = False
        self.viewport = Viewport()
        self.viewport.plates = True
        self.viewport.set_looks(Looks(ghosts=True, trails=True, grid=True, follows=True))
        self.viewport.menu_wanted.connect(self.menu_wanted)
        self.viewport.view_changed.connect(lambda _: self._turned())
        self.viewport.resized.connect(self._resized)
        self.viewport.looks_changed.connect(self._show_looks)
        names = (self.tr("Side by side"), self.tr("On top"), self.tr("One"))
        self.arrangements = parts.segmented(*names, on_choice=lambda _: self._arranged())
        self.arrangements.setAccessibleName(self.tr("How samples stand"))
        self.arrangements.setToolTip(tip("arrangement"))
        self.views = parts.segmented(
            self.tr("Orbit"), self.tr("Front"), self.tr("Side"), self.tr("Top"),
            on_choice=lambda at: self.look(_VIEWS[at]),
        )  # fmt: skip
        self.views.setAccessibleName(self.tr("Seen from"))
        self._switches = {
            name: self._switch(icon, name)
            for name, icon in (
                ("space-ghosts", "layers"),
                ("space-trails", "train"),
                ("space-ground", "grid"),
                ("space-follow", "person"),
            )
        }
        fit, send, picture = (
            self._button(icon, name)
            for icon, name in (("fit", "fit"), ("window", "send-picture"), ("camera", "save-picture"))
        )
        self.head = parts.row(
            self.arrangements, 4, *self._switches.values(), None, self.views, 2, fit, send, picture,
            gap=4, margins=(6, 4, 6, 4),
        )  # fmt: skip
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.head)
        box.addWidget(self.viewport, 1)
        self._show_looks()

    @property
    def arrangement(self) -> Arrangement:
        return ARRANGEMENTS[self.arrangements.chosen]

    @property
    def scene(self) -> Scene | None:
        """What is shown."""
        return self._scene

    def next_arrangement(self) -> None:
        """S."""
        self.arrangements.choose((self.arrangements.chosen + 1) % len(ARRANGEMENTS))
        self._arranged()

    def set_narrow(self, *, narrow: bool) -> None:
        """In a narrow window the views and what can be sent elsewhere are in menus and keys alone."""
        self.views.setVisible(not narrow)

    def show_scene(self, scene: Scene | None, caption: str) -> None:
        """These samples; the view goes along with the chosen one, and is framed anew for another answer."""
        self._scene = scene
        if scene is None or not scene.samples:
            self.viewport.set_columns((Standing(ground_m=0.0),), (caption,))
            return
        standing = standing_of(scene, self._moving, self.arrangement)
        name = str(scene.chosen + 1)
        view = self.viewport.view()
        if self.viewport.looks.follows and self.viewport.followed != name and isinstance(view, Orbit):
            self.viewport.set_view(view.staying())  # it goes with another from here on, and does not jump there
            self.viewport.followed = name
        self.viewport.set_columns((standing,), (caption,))
        framed = scene.samples[0].asked.story, len(scene.samples), self.arrangement
        if framed != self._framed:
            is_first = self._framed is None
            self._framed = framed
            if not self._is_turned:
                self._frame(anew=is_first)

    def look(self, view: str) -> None:
        """`orbit`, `front`, `side` or `top`."""
        if view == "camera":
            return
        if view != "orbit":
            self.viewport.look(view)
        self._is_turned = False
        self._frame()
        self.views.choose(_VIEWS.index(view))

    def frame_all(self) -> None:
        """Everybody in the picture, from the first frame to the last."""
        self._is_turned = False
        self._frame()

    def _frame(self, *, anew: bool = False) -> None:
        scene, view = self._scene, self.viewport.view()
        if scene is None or not scene.samples or not isinstance(view, Orbit) or not self.viewport.height():
            return
        if anew:
            heading = self._moving.of(scene.samples[0].sample.motion).heading(0)
            view = replace(view, yaw=heading + 0.32, pitch=0.16)
        points = framed_m(scene, self._moving, self.arrangement)
        shape = self.viewport.width() / self.viewport.height()
        self.viewport.set_view(view.framing(points, shape))

    def _resized(self) -> None:
        if not self._is_turned:
            self._frame()

    def _turned(self) -> None:
        self._is_turned = True
        if self.views.chosen != 0:
            self.views.choose(0)

    def _arranged(self) -> None:
        self._framed = None if self._framed is None else ()
        self.arranged.emit()

    def _switch(self, icon: str, name: str) -> parts.Tool:
        made = parts.tool(icon, tip(name), checkable=True)
        made.clicked.connect(lambda: self.asks.emit(name))
        return made

    def _button(self, icon: str, name: str) -> parts.Tool:
        made = parts.tool(icon, tip(name))
        made.clicked.connect(lambda: self.asks.emit(name))
        return made

    def _show_looks(self) -> None:
        looks = self.viewport.looks
        on = (looks.ghosts, looks.trails, looks.grid, looks.follows)
        for switch, is_on in zip(self._switches.values(), on, strict=True):
            switch.setChecked(is_on)


def scene_of(generating: Generating, form: Form | None) -> Scene | None:
    """What the answer shows now."""
    if form is None or not generating.shown:
        return None
    samples: Sequence[Shown] = generating.shown
    past = generating.past
    return Scene(
        samples=tuple(samples),
        colours=tuple(generating.colour(at) for at in range(len(samples))),
        chosen=generating.chosen,
        frame=generating.frame,
        form=form,
        past=past.motion if past is not None else None,
    )
