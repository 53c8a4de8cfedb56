"""The foot of the calibration window: the camera found in words, what may be doubted of it, and what to do with it."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout

from core.geometry.cameras import Camera, eye_m, tilt_deg
from studio import theme
from studio.widgets import parts
from studio.widgets.calibration_ways import Found, Refused, Subject


class FoundPanel(QFrame):
    """Shows a find, or why there is none; its buttons are connected by whoever holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("The camera found"))
        self.said, self.below = parts.text("", "strong", wrap=True), parts.text("", "label", wrap=True)
        for each in (self.said, self.below):
            each.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            each.setMinimumWidth(1)
        self._sign = parts.glyph("info", 16, "text2")
        self.back = parts.button(self.tr("Back to estimate"), "undo")
        self.back.setToolTip(self.tr("This clip has no calibrated camera any more"))
        self.on_points = parts.button(self.tr("Place it with points"))
        self.on_points.setToolTip(self.tr("With this lens, four corners tell where the camera stands"))
        self.whose = QComboBox()
        self.whose.setAccessibleName(self.tr("For which clips"))
        self.whose.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.use = parts.button(self.tr("Use this camera"), "check", "primary")
        words = parts.col(None, self.said, self.below, None, gap=2)
        # Room for all lines always: the frame must not move under the pointer when words come and go.
        words.setMinimumHeight(theme.px(66))
        box = QHBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 10)
        box.setSpacing(8)
        parts.fill(box, (self._sign, (words, 1), self.back, self.on_points, self.whose, self.use))

    @property
    def is_for_all(self) -> bool:
        """Whether the camera is wanted for every clip of the same size."""
        return self.whose.currentIndex() > 0

    def show_alike(self, subject: Subject, alike: int) -> None:
        """How many clips, this one among them, have its size and may be from the same tripod."""
        before = self.whose.currentIndex()
        self.whose.clear()
        self.whose.addItem(self.tr("For this clip"))
        if alike > 1:
            words = self.tr("For all {count} clips of {width} × {height}")
            self.whose.addItem(words.format(count=alike, width=subject.width, height=subject.height))
            self.whose.setItemData(1, self.tr("Filmed from the same tripod"), Qt.ItemDataRole.ToolTipRole)
        self.whose.setCurrentIndex(before if 0 <= before < self.whose.count() else 0)
        self.whose.setVisible(alike > 1)

    def show_find(
        self, subject: Subject | None, found: Found | None, refused: Refused | None, read_only: str | None
    ) -> None:
        """What was found for this clip, or what stands in the way; `read_only` says why nothing can be edited."""
        if found is not None:
            self._say_found(found)
        elif refused is not None and not refused.is_start:
            self._say(refused.message, refused.hint, "info", "warn")
        else:
            start = f"{refused.message} {refused.hint}".strip() if refused is not None else ""
            self._say(self._said_of(subject), start, "camera", "text2")
        is_used = not self.is_for_all and _is_used(found, subject)
        self.use.setEnabled(found is not None and read_only is None and not is_used)
        self.use.setToolTip(read_only or self.tr("One edit, which undo takes back  Ctrl+Enter"))
        words = self.tr("Use this camera")
        if is_used:
            words = self.tr("In use")
        elif found is not None and not found.placed:
            words = self.tr("Use this lens")
        elif found is not None and found.camera.estimated:
            words = self.tr("Use this estimate")
        self.use.setText(words)
        self.on_points.setVisible(found is not None and not found.placed)
        self.whose.setEnabled(found is not None)
        self.back.setVisible(subject is not None and bool(subject.camera_name))
        self.back.setEnabled(read_only is None)

    def _say_found(self, found: Found) -> None:
        error = [] if found.error_px is None else [self.tr("Error {px:.2f} px.").format(px=found.error_px)]
        said = "  ".join((*error, *found.words))
        if found.warnings:
            self._say(said, "  ".join(found.warnings), "warn", "warn", doubted=True)
        else:
            self._say(said, "", "check", "ok")

    def _say(self, said: str, below: str, icon: str, colour: str, *, doubted: bool = False) -> None:
        self.said.setText(said)
        self.below.setText(below)
        self.below.setVisible(bool(below))
        parts.set_role(self.below, "warn" if doubted else "label")
        self._sign.show_icon(icon, colour)

    def _said_of(self, subject: Subject | None) -> str:
        """The camera the clip has now."""
        if subject is None:
            return ""
        if not subject.camera_name:
            words = self.tr("The camera of {clip} is an estimate: pixels hold, millimetres are guesses.")
            return words.format(clip=subject.name)
        if subject.camera.estimated:
            words = self.tr("{clip} has an estimated camera: {name}.")
        elif subject.camera_error_px is not None:
            words = self.tr("{clip} has a camera: {name}, error {error:.2f} px.")
        else:
            words = self.tr("{clip} has a camera: {name}.")
        said = words.format(clip=subject.name, name=subject.camera_name, error=subject.camera_error_px or 0)
        return f"{said} {self._facts(subject.camera)}"

    def _facts(self, camera: Camera) -> str:
        tilt = tilt_deg(camera)
        looks = self.tr("down") if tilt >= 0 else self.tr("up")
        words = self.tr("Focal length {focal:.0f} px, {high:.2f} m over the floor, looks {way} {tilt:.1f}°.")
        focal, high = float(camera.focal_px.mean()), float(eye_m(camera)[1])
        return words.format(focal=focal, high=high, way=looks, tilt=abs(tilt))


def _is_used(found: Found | None, subject: Subject | None) -> bool:
    """Whether this very camera is the clip's already."""
    if found is None or subject is None or not subject.camera_name:
        return False
    one, other = found.camera, subject.camera
    pairs = ((getattr(one, each), getattr(other, each)) for each in ("focal_px", "rotation", "translation_m"))
    return all(np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs)
