"""Playing on the Annotate page: the clock moves the one playhead, and loops what is chosen."""

from PySide6.QtCore import QObject

from studio.actions import Handlers
from studio.document import Document
from studio.widgets.player import Player
from studio.widgets.timeline import Timeline
from studio.widgets.transport import Transport


class Playing(QObject):
    """Keeps the player, the transport's switches and the chosen stretch in step."""

    def __init__(self, document: Document, player: Player, transport: Transport, timeline: Timeline) -> None:
        super().__init__(player)
        self._document, self._player = document, player
        self._transport, self._timeline = transport, timeline
        self._looped: tuple[object, object] | None = None  # the contents and the choice that the loop was taken from
        player.frame_due.connect(document.seek)
        player.changed.connect(self._follow_player)
        transport.speed_chosen.connect(player.set_normal_speed)
        timeline.segment_opened.connect(self._loop_segment)

    def stop_looping(self) -> None:
        """Another clip: play on."""
        self._transport.loop.setChecked(False)
        self._player.loop(None)

    # ---- a part of the page ----

    def commands(self) -> Handlers:
        return {}

    def checked(self) -> dict[str, bool]:
        return {}

    def refresh(self) -> None:
        """The loop keeps to the ends of what is chosen, wherever they are moved."""
        if self._transport.loop.isChecked() and self._looped != self._what_is_looped():
            self.follow_loop()

    @property
    def is_settled(self) -> bool:
        return True

    def close(self) -> None:
        self._player.stop()

    # ---- the loop ----

    def follow_loop(self) -> None:
        """Loop what is chosen, or the clip where nothing is."""
        if not self._transport.loop.isChecked():
            self._looped = None
            self._player.loop(None)
            return
        self._looped = self._what_is_looped()
        contents = self._timeline.scene.contents
        spans = [span for each in self._timeline.chosen if (span := contents.segment_at(each)) is not None]
        whole = (0, max(contents.time.frame_count, 1))
        self._player.loop((min(each[0] for each in spans), max(each[1] for each in spans)) if spans else whole)

    def _what_is_looped(self) -> tuple[object, object]:
        clip = self._document.clip
        return (clip.segments if clip is not None else None, self._timeline.chosen)

    def _loop_segment(self, segment: str) -> None:
        """A segment was double-clicked: zoom and loop."""
        span = self._timeline.scene.contents.segment_at(segment)
        if span is not None:
            self._transport.loop.setChecked(True)
            self.follow_loop()
            self._document.seek(span[0])

    def _follow_player(self) -> None:
        self._transport.show_speed(self._player.speed)
