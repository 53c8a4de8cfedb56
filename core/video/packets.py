"""Which packet of a file is which frame, and how to get there.

All packets are listed once, without decoding, and each gets a number. To show a frame, the decoder seeks to the last
keyframe before it, *checks which packet it landed on*, goes further back where the container overshot, and decodes
on; every decoded picture says by its packet's number which frame it is, so what a container says about time after a
seek is never believed. AVI knows no presentation times: where its frames are reordered, the order is learned by
decoding the file once. Ticks are the stream's own.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from jaxtyping import Bool, Int
from numpy import ndarray

from core.errors import FormatError
from core.video.files import HINT_COPY, in_words, open_container


@dataclass(frozen=True)
class Index:
    """The packets of a video in decoding order, numbered from 0, and the frames in presentation order."""

    keys: Int[ndarray, " keys"]  # numbers of the packets decoding can begin at
    key_places: Int[ndarray, " keys"]  # the frame each of them shows, or would stand before
    packets: Int[ndarray, " frames"]  # the packet of each frame
    pts: Int[ndarray, " frames"]  # ascending
    sizes: Int[ndarray, " frames"]  # bytes

    @cached_property
    def frames(self) -> dict[int, int]:
        """Packet number → frame number; packets that show nothing are absent."""
        return {int(packet): frame for frame, packet in enumerate(self.packets)}

    def key_for(self, frame: int, back: int = 0) -> int:
        """The packet to start from so that `frame` comes out whole, or one `back` keyframes before it."""
        at = int(np.searchsorted(self.key_places, frame, "right")) - 1
        while at > 0 and self.keys[at] > self.packets[frame]:
            at -= 1
        return int(self.keys[max(0, at - back)])

    def shown_by_key(self, key: int) -> int:
        """The first frame that decoding from this packet on gives whole."""
        return int(self.key_places[np.searchsorted(self.keys, key)])


class Packets(NamedTuple):
    """What the container says about every packet, in its order; -1 where it gives no place in the file."""

    pts: list[int | None]
    dts: list[int | None]
    pos: list[int]
    sizes: list[int]
    is_key: list[bool]
    is_shown: list[bool]


@dataclass(frozen=True)
class Learned:
    """What listing a file's packets told, good for as long as the file stays as it is."""

    index: Index
    known_by: str  # what tells one packet from another: its place in the file, or else its time
    numbers: dict[int, int]  # that → the packet's number
    seek_times: list[int]
    time_base: Fraction
    rate_hz: float


# By path, size and time of change: a studio opens one video for the picture, the thumbnails and the check of frames,
# and an AVI must be decoded whole to be listed.
_learned: dict[tuple[Path, int, int], Learned] = {}


class Decoder:
    """The open file: lists its packets, seeks to one of them, and says of every decoded picture which frame it is."""

    index: Index
    rate_hz: float

    def __init__(self, path: Path) -> None:
        self.path = path
        self._container, self._stream = open_container(path)
        self.time_base = self._stream.time_base or Fraction(1, 1000)
        self._known_by = "pos"
        self._numbers: dict[int, int] = {}
        self._seek_times: list[int] = []
        self._slack = 0  # ticks by which seeks must aim earlier in this container, learned as it goes
        self._coming: Iterator[Packet] = iter(())
        self._out: deque[tuple[int, VideoFrame]] = deque()
        self._fed = -1  # number of the packet decoded last, -1 where decoding has not begun
        self._ended = True  # whether the decoder has given its last picture
        self._given = -1  # frame number that came out last
        self._whole_from = 0  # frames before this one may lack what they refer to

    def close(self) -> None:
        self._out.clear()
        self._coming = iter(())
        self._container.close()

    def learn(self) -> None:
        """List the packets, and learn from them, or by decoding once, in which order they are shown."""
        with in_words(self.path):
            stat = self.path.stat()
        name = (self.path.absolute(), stat.st_size, stat.st_mtime_ns)
        known = _learned.get(name)
        if known is None:
            if len(_learned) >= 64:
                _learned.clear()
            _learned[name] = self._learn()
        else:
            self.index, self.time_base, self.rate_hz = known.index, known.time_base, known.rate_hz
            self._known_by, self._numbers, self._seek_times = known.known_by, known.numbers, known.seek_times

    def _learn(self) -> Learned:
        packets = self._list_packets()
        if not packets.pts:
            raise FormatError(self.path, "no picture in it", hint=HINT_COPY)
        unique = len(set(packets.pos)) == len(packets.pos) and -1 not in packets.pos
        timed = None not in packets.pts
        times = packets.pts if timed else packets.dts
        self._known_by = "pos" if unique else "pts" if timed else "dts"
        self._numbers = {key: number for number, key in enumerate(packets.pos if unique else times) if key is not None}
        self._seek_times = [time or 0 for time in times]
        index = self._index_by_times(packets)
        if index is not None:
            self.index = index
        if index is None or not self._comes_in_order():
            self.index = self._index_by_decoding(packets)
        span = float((int(self.index.pts[-1]) - int(self.index.pts[0])) * self.time_base)
        stated = float(self._stream.average_rate or self._stream.guessed_rate or 25)
        self.rate_hz = (len(self.index.pts) - 1) / span if span > 0 else stated
        return Learned(self.index, self._known_by, self._numbers, self._seek_times, self.time_base, self.rate_hz)

    def first_frame(self) -> VideoFrame:
        for _, frame in self.towards(0):
            return frame
        raise FormatError(self.path, "none of its frames can be decoded", hint=HINT_COPY)

    def towards(self, frame: int, back: int = 0) -> Iterator[tuple[int, VideoFrame]]:
        """Frames in ascending order, from where decoding stands or from a keyframe before `frame`, without end."""
        key = self.index.key_for(frame, back)
        if back or not (key <= self._fed and self._given < frame):
            self._start_at(key)
        while self._out or self._feed():
            while self._out:
                number, picture = self._out.popleft()
                if number >= self._whole_from and number > self._given:
                    self._given = number
                    yield number, picture

    # ---- listing ----

    def _list_packets(self) -> Packets:
        packets = Packets([], [], [], [], [], [])
        with in_words(self.path):
            for packet in self._container.demux(self._stream):
                if not packet.size or (not packets.pts and not packet.is_keyframe):
                    continue  # an empty packet repeats a frame; before the first keyframe nothing can be decoded
                packets.pts.append(packet.pts)
                packets.dts.append(packet.dts)
                packets.pos.append(-1 if packet.pos is None else packet.pos)
                packets.sizes.append(packet.size)
                packets.is_key.append(packet.is_keyframe)
                packets.is_shown.append(not packet.is_discard)
        return packets

    def _index_by_times(self, packets: Packets) -> Index | None:
        """The index as the packets' presentation times give it; None where they give none that can be trusted."""
        if None in packets.pts or len(set(packets.pts)) < len(packets.pts):
            return None
        pts = np.array(packets.pts, dtype=np.int64)
        # Without presentation times (AVI) the decoding times are passed off as such, although frames are reordered.
        if (
            self._container.format.name == "avi"
            and self._stream.codec_context.has_b_frames
            and (np.diff(pts) > 0).all()
        ):
            return None
        keys = np.flatnonzero(packets.is_key)
        # What is shown before the first keyframe refers to pictures that a cut took away.
        shown = np.array(packets.is_shown) & (pts >= pts[0])
        order = np.argsort(pts, kind="stable")
        order = order[shown[order]]
        if not len(order):
            return None
        places = np.searchsorted(pts[order], pts[keys])
        keep = _ascending(places)
        return Index(keys[keep], places[keep], order, pts[order], np.array(packets.sizes)[order])

    def _index_by_decoding(self, packets: Packets) -> Index:
        """The index in the order in which pictures come out of the decoder: exact, but as slow as watching it all."""
        everything = np.arange(len(packets.pts))
        self.index = Index(everything[:1], everything[:1], everything, everything, everything)
        self._start_at(0)
        order: list[int] = []
        while self._out or self._feed():
            order.extend(number for number, _ in self._out)
            self._out.clear()
        self._fed = -1
        shown = np.array(order)
        place = {number: at for at, number in enumerate(order)}
        keys = [number for number in map(int, np.flatnonzero(packets.is_key)) if number in place]
        if not keys:
            raise FormatError(self.path, "no frame in it can be decoded by itself", hint=HINT_COPY)
        places = np.array([place[number] for number in keys])
        keep = _ascending(places)
        # The file's times are those of decoding; in ascending order they are those of showing.
        times = np.sort(np.array([self._seek_times[number] for number in order], dtype=np.int64))
        if len(np.unique(times)) < len(times):
            times = np.arange(len(times), dtype=np.int64)
            self.time_base = 1 / Fraction(self._stream.average_rate or 25)
        return Index(np.array(keys)[keep], places[keep], shown, times, np.array(packets.sizes)[shown])

    def _comes_in_order(self, enough: int = 16) -> bool:
        """Whether the first pictures come out of the decoder as their times say."""
        self._start_at(int(self.index.keys[0]))
        came: list[int] = []
        while len(came) < enough and (self._out or self._feed()):
            came.extend(number for number, _ in self._out)
            self._out.clear()
        self._fed = -1
        return came == sorted(came)

    # ---- seeking and decoding ----

    def _start_at(self, key: int) -> None:
        """Make packet `key` the next one to be decoded."""
        self._out.clear()
        self._fed, self._given = -1, -1
        self._whole_from = self.index.shown_by_key(key)
        first, wanted = self._seek_times[0], self._seek_times[key]
        slack = self._slack
        while wanted - slack > first:
            if self._landed(wanted - slack, key):
                self._slack = slack
                return
            slack = max(slack * 2, round(1 / (2 * self.time_base)), 1)
        if not self._landed(first, key) and not self._landed_afresh(key):
            raise FormatError(self.path, "its frames cannot be reached", hint=HINT_COPY)

    def _landed(self, aim: int, key: int) -> bool:
        with suppress(FFmpegError):
            self._container.seek(aim, stream=self._stream, backward=True)
            return self._walk_to(key)
        return False

    def _landed_afresh(self, key: int) -> bool:
        self._container.close()
        self._container, self._stream = open_container(self.path)
        return self._walk_to(key)

    def _walk_to(self, key: int) -> bool:
        """Read on, without decoding, until packet `key`; False where the container landed behind it."""
        packets = self._container.demux(self._stream)
        for packet in packets:
            number = self._number(packet)
            if number is None or number < key:
                continue
            if number > key:
                return False
            self._coming = packets
            self._decode(packet, number)
            return True
        return False

    def _number(self, packet: Packet) -> int | None:
        if not packet.size:
            return None
        return self._numbers.get(getattr(packet, self._known_by))

    def _feed(self) -> bool:
        """Decode one packet more; False at the end of the file."""
        with in_words(self.path):
            for packet in self._coming:
                number = self._number(packet)
                if number is not None:
                    self._decode(packet, number)
                    return True
        if self._ended:
            return False
        self._ended = True
        with suppress(FFmpegError):
            self._take(self._stream.codec_context.decode(None))
        return bool(self._out)

    def _decode(self, packet: Packet, number: int) -> None:
        self._ended = False
        packet.pts = number  # comes out again with the picture, whatever order pictures come in
        self._fed = number
        with suppress(FFmpegError):  # a damaged packet gives no picture; the caller misses it and says so
            self._take(self._stream.codec_context.decode(packet))

    def _take(self, pictures: list[VideoFrame]) -> None:
        for picture in pictures:
            frame = self.index.frames.get(-1 if picture.pts is None else picture.pts)
            if frame is not None:
                self._out.append((frame, picture))


def _ascending(places: Int[ndarray, " keys"]) -> Bool[ndarray, " keys"]:
    """Which of the places lie behind all before them."""
    before = np.concatenate([[-1], np.maximum.accumulate(places)[:-1]])
    return places > before
