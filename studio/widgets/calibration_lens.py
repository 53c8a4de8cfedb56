"""Which lens points are taken through: found from them, the clip's own, or one that was found elsewhere."""

from dataclasses import replace

from PySide6.QtWidgets import QComboBox

from core.geometry.cameras import Camera
from studio import theme
from studio.widgets.calibration_ways import Subject

_OWN = "own"


class LensChoice(QComboBox):
    """A choice among the lenses that fit the clip's picture."""

    def __init__(self) -> None:
        super().__init__()
        self._subject: Subject | None = None
        self._offered: dict[str, Camera] = {}
        self.setAccessibleName(self.tr("Lens"))
        self.setMinimumWidth(theme.px(90))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def show_subject(self, subject: Subject) -> None:
        """The lenses there are for this clip; the one that was chosen stays so where it is among them."""
        self._subject = subject
        before = self.currentData()
        self.clear()
        self.addItem(self.tr("Found from these points"), "")
        if subject.has_known_lens:
            self.addItem(self.tr("As it is in {name}").format(name=subject.camera_name), _OWN)
        for name, camera in self._offered.items():
            if (camera.width, camera.height) == (subject.width, subject.height):
                self.addItem(name, name)
        self.setCurrentIndex(max(0, self.findData(before)))

    def offer(self, name: str, camera: Camera) -> None:
        """A lens that was measured elsewhere, chosen from now on."""
        self._offered[name] = camera
        if self._subject is not None:
            self.show_subject(self._subject)
        self.setCurrentIndex(max(0, self.findData(name)))

    def lens(self) -> Camera | None:
        """The lens that is known; None where it is to be found."""
        chosen = self.currentData()
        own = self._subject.camera if chosen == _OWN and self._subject is not None else None
        camera = own or self._offered.get(chosen)
        # The lens was measured, even where nobody knew where the camera stands.
        return None if camera is None else replace(camera, estimated=False)
