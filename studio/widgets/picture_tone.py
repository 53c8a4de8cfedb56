"""How bright a picture is shown: brightness, contrast and gamma as one table of 256 values a colour passes through.

Only what the screen shows passes through it: never what is stored, compared or given to a model. `words` say what is
changed, so that nobody takes a picture for darker or flatter than it was filmed.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from core.opencv import cv2
from studio.words import say

MOST = 100


@dataclass(frozen=True)
class Tone:
    """`brightness` and `contrast` from -100 to 100, `gamma` too: above 0 it lifts the dark parts alone."""

    brightness: int = 0
    contrast: int = 0
    gamma: int = 0

    @property
    def is_plain(self) -> bool:
        return self == PLAIN

    def words(self) -> str:
        """Such as `brighter +20 · contrast -10`; empty where nothing is changed."""
        said = []
        if self.brightness:
            said.append(
                say("brighter +{by}", by=self.brightness)
                if self.brightness > 0
                else say("darker −{by}", by=-self.brightness)
            )
        if self.contrast:
            said.append(say("contrast {by}", by=f"{self.contrast:+d}".replace("-", "−")))
        if self.gamma:
            said.append(say("dark parts {by}", by=f"{self.gamma:+d}".replace("-", "−")))
        return " · ".join(said)

    def changed(self, name: str, value: int) -> "Tone":
        """The same with another brightness, contrast or gamma."""
        return replace(self, **{name: max(-MOST, min(value, MOST))})


PLAIN = Tone()


@lru_cache(maxsize=64)
def table(tone: Tone) -> UInt8[ndarray, " 256"]:
    """What each value becomes. Gamma first, then contrast round the middle grey, then brightness; rising throughout."""
    values = np.linspace(0, 1, 256) ** (2.0 ** (-tone.gamma / 50))
    values = (values - 0.5) * 2.0 ** (tone.contrast / 50) + 0.5 + tone.brightness / 200
    return np.clip(np.round(255 * values), 0, 255).astype(np.uint8)


def toned(image: QImage, tone: Tone) -> QImage:
    """Another picture in that tone; the given one stays as it is."""
    if tone.is_plain or image.isNull():
        return image
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    width, height = plain.width(), plain.height()
    pixels = np.frombuffer(plain.constBits(), np.uint8).reshape(height, plain.bytesPerLine())[:, : 4 * width]
    out = np.ascontiguousarray(cv2.LUT(pixels, table(tone)))
    made = QImage(out.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
    made.setDevicePixelRatio(image.devicePixelRatio())
    return made


class ShownTone(QObject):
    """The tone of one view, and its picture in it."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tone = PLAIN
        self._made: tuple[int, Tone, QImage] | None = None

    def set(self, tone: Tone) -> None:
        if tone != self.tone:
            self.tone = tone
            self.changed.emit()

    def of(self, image: QImage) -> QImage:
        """The picture as it is shown; made once for each picture and tone."""
        if self.tone.is_plain:
            return image
        key = image.cacheKey()
        if self._made is None or self._made[:2] != (key, self.tone):
            self._made = (key, self.tone, toned(image, self.tone))
        return self._made[2]
