"""Brightness and contrast of the picture on the Annotate page: a card over its corner, remembered for each clip.

What was set holds while the window is open and is the picture's alone; the words at the picture's foot say it.
"""

from studio.actions import Handlers
from studio.document import Document
from studio.widgets.picture_tone import PLAIN, Tone
from studio.widgets.tone_card import ToneCard
from studio.widgets.video_view import VideoView


class Toning:
    """A part of the page."""

    def __init__(self, document: Document, view: VideoView) -> None:
        self._document, self._view = document, view
        self._tones: dict[str, Tone] = {}
        self._clip = ""
        self.card = ToneCard(view)
        self.card.chosen.connect(self._choose)
        self.card.closed.connect(self.back_out)

    def commands(self) -> Handlers:
        return {"brightness": self._toggle}

    def checked(self) -> dict[str, bool]:
        return {}

    def refresh(self) -> None:
        """Another clip has its own tone."""
        clip = self._document.clip_id or ""
        if clip != self._clip:
            self._clip = clip
            self._show(self._tones.get(clip, PLAIN))

    @property
    def is_settled(self) -> bool:
        return True

    def back_out(self) -> bool:
        """Esc closes the card; what was set stays."""
        was_open = self.card.isVisible()
        self.card.hide()
        if was_open:
            self._view.take_keys()
        return was_open

    def close(self) -> None:
        self.card.hide()

    def _toggle(self) -> None:
        if not self.back_out():
            self.card.open()

    def _choose(self, tone: Tone) -> None:
        self._tones[self._clip] = tone
        self._show(tone)

    def _show(self, tone: Tone) -> None:
        self.card.show_tone(tone)
        self._view.tone.set(tone)
