"""Playing on the Annotate page: the clock moves the one playhead, and loops what is chosen."""

from PySide6.QtCore import QObject

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
        player.frame_due.connect(document.seek)
        player.changed.connect(self._follow_player)
        transport.speed_chosen.connect(player.set_normal_speed)
        timeline.segment_opened.connect(self._loop_segment)

    def stop_looping(self) -> None:
        """Another clip: play on."""
        self._transport.loop.setChecked(False)
        self._player.loop(None)

    def follow_loop(self) -> None:
        """Loop what is chosen, or the clip where nothing is."""
        if not self._transport.loop.isChecked():
            self._player.loop(None)
            return
        contents = self._timeline.scene.contents
        spans = [span for each in self._timeline.chosen if (span := contents.segment_at(each)) is not None]
        whole = (0, max(contents.time.frame_count, 1))
        self._player.loop((min(each[0] for each in spans), max(each[1] for each in spans)) if spans else whole)

    def _loop_segment(self, segment: str) -> None:
        """A segment was double-clicked: zoom and loop."""
        span = self._timeline.scene.contents.segment_at(segment)
        if span is not None:
            self._transport.loop.setChecked(True)
            self.follow_loop()
            self._document.seek(span[0])

    def _follow_player(self) -> None:
        self._transport.show_playing(playing=self._player.is_playing)
