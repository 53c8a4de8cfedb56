"""From people alone: upright people of a known height on a level floor give an estimate, with its spread."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtWidgets import QComboBox, QVBoxLayout

from core.errors import CoreError
from core.geometry.cameras import Camera, on_floor_m
from core.motion import Poses2d
from studio import theme
from studio.widgets import parts
from studio.widgets.calibration_drawing import Line, seen_lines
from studio.widgets.calibration_picture import Drawn
from studio.widgets.calibration_ways import Found, Refused, Subject, Way
from studio.widgets.calibration_work import Work
from studio.widgets.number_field import number_field

if TYPE_CHECKING:
    from core.geometry.calibration import Calibration
    from core.geometry.calibration_people import Upright

USUAL_M = 1.70
_SHOWN = 12


class PeopleWay(Way):
    """A height, and what upright people of that height tell."""

    def __init__(self) -> None:
        super().__init__()
        self.title = self.tr("From people")
        self.sentence = self.tr(
            "Upright people of a known height, seen from head to feet on a level floor, give an estimate: focal"
            " length, tilt, and the camera's height. The nearer and farther they walk, the surer it is."
        )
        self._subject: Subject | None = None
        self._asked: object = None
        self._calibration: Calibration | None = None
        self._refused: Refused | None = None
        self._people: Sequence[Upright] = ()
        self._frame = 0
        self._work = Work(self)
        self._work.came.connect(self._take)
        self._work.refused.connect(self._take_refusal)
        self._work.ended.connect(self.changed)
        self.height_field = number_field(self.tr("Height of the people"), USUAL_M, 0.8, 2.3, "m", decimals=2, step=0.01)
        self.height_field.setMinimumWidth(theme.px(84))
        self.height_field.valueChanged.connect(lambda _: self._ask())
        self.who = QComboBox()
        self.who.setAccessibleName(self.tr("Who is looked at"))
        self.who.activated.connect(lambda _: self._ask())
        self._who = parts.text("", "label", wrap=True)
        self._legend = parts.text(
            self.tr(
                "On the frame: the horizon dashed, the floor in lines of a metre. Green: from the ankles of everybody"
                " seen upright to where this camera puts the head; a white line is how far the head seen is off."
            ),
            "caption",
            wrap=True,
        )
        self._extract = parts.button(self.tr("Extract 2D poses"), "skeleton", "primary")
        self._extract.clicked.connect(lambda: self.asks.emit("extract-poses"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        parts.fill(
            box,
            (
                parts.row(parts.field(self.tr("Height"), self.height_field, width=60), None),
                parts.row(parts.field(self.tr("Who"), self.who, width=60), None),
                self._who,
                parts.row(self._extract, None),
                self._legend,
                None,
            ),
        )

    def show_subject(self, subject: Subject) -> None:
        self._subject = subject
        people = subject.poses.people if subject.poses is not None else 0
        if self.who.count() != people + 1 or self._asked is None:
            self.who.clear()
            self.who.addItem(self.tr("Everybody"), None)
            for track in range(people):
                self.who.addItem(self.tr("Person {number}").format(number=track + 1), track)
            self.who.setEnabled(people > 1)
        self._ask()

    def frame_shown(self, frame: int) -> None:
        if frame != self._frame:
            self._frame = frame
            self.changed.emit()

    def _ask(self) -> None:
        subject = self._subject
        if subject is None:
            return
        poses, height_m, track = subject.poses, self.height_field.value(), self.who.currentData()
        asked = (subject.clip_id, id(poses), height_m, track)
        self._extract.setVisible(poses is None)
        self._legend.setVisible(poses is not None)
        if asked == self._asked:
            return
        self._asked = asked
        self._calibration, self._refused, self._people = None, None, ()
        if poses is None:
            self._work.stop()
            self._refused = Refused(
                self.tr("This clip has no 2D poses yet."), self.tr("Extract them, then come back."), is_start=True
            )
            self._who.setText(self._refused.message)
            self.changed.emit()
            return

        def find() -> Iterator[object]:
            # Here, on the thread: what these import takes longer than a window may wait.
            from core.calibrating import upright_people
            from core.geometry.calibration_people import calibrate_upright

            people = upright_people(poses, subject.height, track=track)
            yield people
            yield calibrate_upright(people, subject.width, subject.height, height_m=height_m)

        self._who.setText(self.tr("Looking for people who stand upright…"))
        self._work.start(find)
        self.changed.emit()

    def _take(self, what: object) -> None:
        if isinstance(what, tuple):
            self._people = what
            count = sum(len(each.ankles_px) for each in what)
            words = self.tr("Upright from head to feet: {count} times, {people} {who}.")
            who = self.tr("person") if len(what) == 1 else self.tr("people")
            self._who.setText(words.format(count=count, people=len(what), who=who))
        else:
            self._calibration = what  # pyright: ignore[reportAttributeAccessIssue] (a signal carries any object)
        self.changed.emit()

    def _take_refusal(self, error: CoreError) -> None:
        self._refused = Refused.of(error)
        self.changed.emit()

    def is_working(self) -> bool:
        return self._work.is_running

    def found(self) -> Found | None:
        known = self._calibration
        if known is None:
            return None
        name = self.tr("People of {height:.2f} m, an estimate").format(height=self.height_field.value())
        return Found(known.camera, name, "people", known.error_px, known.words, known.warnings)

    def refused(self) -> Refused | None:
        return self._refused

    def drawn(self) -> Sequence[Drawn]:
        """Rods where people stand upright, as this camera sees them; how far their heads are off."""
        known, subject = self._calibration, self._subject
        if known is None or subject is None or subject.poses is None:
            return ()
        from core.calibrating import upright_people

        now = slice(self._frame, self._frame + 1)
        poses = subject.poses
        frame = Poses2d(poses.skeleton, poses.joints_px[now], poses.confidence[now])
        here = upright_people(frame, subject.height, track=self.who.currentData()) if len(frame) else ()
        rods: list[Line] = []
        off: list[Line] = []
        # Everybody who stands upright now, and a few of the other times, evenly: all of them would hide the picture.
        for each in (*here, *(_few(each, _SHOWN // max(len(self._people), 1)) for each in self._people)):
            for head_px, rod in zip(each.head_px, self._rods(known.camera, each.ankles_px), strict=True):
                rods += rod
                off += [np.array([head_px, rod[-1][-1]])] if rod else []
        return Drawn("person", rods), Drawn("error", off)

    def _rods(self, camera: Camera, ankles_px: Float[ndarray, "sightings 2"]) -> list[list[Line]]:
        """From the ankles to where the head of a person of this height is, as the camera draws it."""
        from core.geometry.calibration_people import ANKLES, HEAD

        low_m, high_m = (share * self.height_field.value() for share in (ANKLES, HEAD))
        feet_m = on_floor_m(ankles_px, camera, low_m)
        return [
            seen_lines(camera, np.array([[x, low_m, z], [x, high_m, z]])) if np.isfinite(x) else []
            for x, _, z in feet_m
        ]

    def close_way(self) -> None:
        self._work.stop(wait=True)
        self._asked = None


def _few(person: "Upright", most: int) -> "Upright":
    """At most so many of its sightings."""
    chosen = np.unique(np.linspace(0, len(person.ankles_px) - 1, max(most, 1)).round().astype(int))
    return replace(person, ankles_px=person.ankles_px[chosen], head_px=person.head_px[chosen])
