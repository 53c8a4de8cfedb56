"""The characteristic pose in space, one key away: its body over the picture, and from the front and the side beside it.

The body is the one that Annotate fits to the frame on the picture (`annotate_bodies`), joints moved by hand included;
this shows it at once for a pose, and says what may be doubted of it.
"""

from PySide6.QtCore import QObject, Signal

from studio.actions import Handlers
from studio.display import Display
from studio.fitted_bodies import TOO_LITTLE_SEEN
from studio.pages.annotate_bodies import PictureBody
from studio.pages.annotate_picture import ClipPicture
from studio.pages.annotate_posing import Posing
from studio.widgets.inspector import POSE, Inspector
from studio.words import say


class Lifting(QObject):
    """Shift+D, and the card of the pose in the inspector."""

    says = Signal(str)

    def __init__(
        self, display: Display, posing: Posing, body: PictureBody, picture: ClipPicture, inspector: Inspector
    ) -> None:
        super().__init__(inspector)
        self._display, self._posing, self._body, self._inspector = display, posing, body, inspector
        for told in (body.fits.changed, body.cuts.came, display.changed, inspector.tabs.currentChanged):
            told.connect(self.refresh)
        picture.people_shown.connect(self.refresh)

    def commands(self) -> Handlers:
        return {"lift-pose": self.toggle}

    def checked(self) -> dict[str, bool]:
        return {}

    @property
    def is_settled(self) -> bool:
        return True

    def close(self) -> None:
        """The body ends with the picture."""

    @property
    def is_on(self) -> bool:
        return self._display.shows("annotate") != "joints"

    def toggle(self) -> None:
        """Shift+D: the body of the pose that is meant, or joints alone again."""
        if self.is_on and self._posing.poses.here() is not None:
            self._display.show("annotate", "joints")
            return
        if self._posing.go_to() is None:
            return
        self._inspector.tabs.setCurrentIndex(POSE)
        if not self.is_on:
            self._display.show("annotate", "both")
        wish = self._body.wish()
        if wish is None or self._body.fits.is_impossible(wish):
            self.says.emit(say(TOO_LITTLE_SEEN))

    def refresh(self, *_: object) -> None:
        """The card, while somebody looks at the pose that is on the picture."""
        looks = self.is_on and self._inspector.tabs.currentIndex() == POSE and self._posing.poses.here() is not None
        self._body.want_sides(on=looks)
        self._inspector.pose.lift.show_lift(self._body.lift() if looks else None)
        self._inspector.pose.show_lifted(on=self.is_on)
