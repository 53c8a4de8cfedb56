"""XES event logs (IEEE 1849): traces of events. A trace is a clip, an event is an action or one of its ends.

Three kinds are read. IKEA-ASM's logs give every event `segment:start_timestamp` and `segment:end_timestamp`, frames
from 0 at 25 a second, the end included; `na:is_no_event` marks background. Logs of intervals give a `start_timestamp`
beside `time:timestamp`. Other logs give instants, or `lifecycle:transition` start and complete, which belong together
by name, instance and resource. Times count from 1970-01-01 where a whole log lies in its first two days (a video's own
clock), else from each trace's first event. `org:resource` is the person.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.errors import FormatError
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.markup import Element, elements, root_of

IKEA_RATE_HZ = 25.0
_OWN_CLOCK_S = 2 * 86400.0
_KEYS = {"string", "date", "int", "float", "boolean", "id"}
_START, _END = "segment:start_timestamp", "segment:end_timestamp"
_FARTHEST = 10**8
_HINT = "Times are written as 2024-05-17T09:30:00Z, frames as whole numbers; export the log again."


@dataclass
class _Event:
    line: int
    given: dict[str, str]


@dataclass
class _Trace:
    line: int
    given: dict[str, str] = field(default_factory=dict)
    events: list[_Event] = field(default_factory=list)


def is_xes(path: Path) -> bool:
    """Whether this is XML whose outermost element is XES's `log`."""
    if path.suffix.lower() not in (".xes", ".xml") or not path.is_file():
        return False
    root = root_of(path)
    return root is not None and root.tag == "log" and (
        any("xes" in name or "xes" in value for name, value in root.given.items()) or path.suffix.lower() == ".xes"
    )  # fmt: skip


def read(path: Path) -> Annotations:
    """The traces as clips. FormatError names the line that is wrong."""
    traces = list(_traces(path))
    reading = _Reading(path, _origin(path, traces))
    clips = tuple(reading.clip(number, trace) for number, trace in enumerate(traces, start=1))
    background = reading.background - reading.real
    return Annotations(clips, learned_as=dict.fromkeys(sorted(background), ""), notes=tuple(reading.said()))


def _traces(path: Path) -> Iterator[_Trace]:
    trace: _Trace | None = None
    event: _Event | None = None
    inside = 0  # attributes in attributes say more about them, and nothing we need
    seen_log = False
    for each in elements(path):
        if not seen_log and each.tag != "log":
            raise FormatError(path, f"line {each.line}: an event log begins with <log>, not <{each.tag}>", hint=_HINT)
        seen_log = True
        if each.tag == "trace":
            if each.ends and trace is not None:
                yield trace
            trace = None if each.ends else _Trace(each.line)
        elif each.tag == "event":
            event = None if each.ends else _Event(each.line, {})
            if event is not None and trace is not None:
                trace.events.append(event)
        elif each.tag in _KEYS or each.tag in ("list", "container", "values"):
            inside += -1 if each.ends else 1
            if inside == 1 and not each.ends and trace is not None and "key" in each.given:
                (event or trace).given[each.given["key"]] = _value(each)


def _value(each: Element) -> str:
    return each.given.get("value", "").strip()


class _Reading:
    """What is said once of the whole log: background, and what could not be paired."""

    def __init__(self, path: Path, origin: datetime | None) -> None:
        self.path = path
        self.origin = origin
        self.background: set[str] = set()
        self.real: set[str] = set()
        self._notes: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()

    def clip(self, number: int, trace: _Trace) -> ForeignClip:
        name = next(
            (trace.given[key] for key in ("case:name", "concept:name", "case:concept:name") if trace.given.get(key)),
            f"trace {number}",
        )
        framed = bool(trace.events) and _START in trace.events[0].given
        segments = tuple(self._frames(trace) if framed else self._times(name, trace))
        for event in trace.events:
            action = event.given.get("concept:name", "")
            flagged = event.given.get("na:is_no_event", "").lower() == "true"
            (self.background if flagged else self.real).add(action)
        if not framed:
            return ForeignClip(name, segments)
        self._notes[f"frames are taken for {IKEA_RATE_HZ:g} a second, as IKEA-ASM has them"] = 1
        ends = [each.end_frame or 0 for each in segments]
        videos = (f"{name}/dev3/images/scan_video.avi", f"{name}/scan_video.avi")
        return ForeignClip(name, segments, rate_hz=IKEA_RATE_HZ, frame_count=max(ends, default=0), videos=videos)

    def said(self) -> Iterator[str]:
        yield from self._notes
        for what, times in self._skipped.items():
            yield f"{what} ({times} times)" if times > 1 else what

    def _frames(self, trace: _Trace) -> Iterator[ForeignSegment]:
        for event in trace.events:
            start, end = self._frame(event, _START), self._frame(event, _END)
            if end < start:
                raise self._wrong(event, f"a segment from frame {start} to {end}")
            yield ForeignSegment(self._action(event), start, end + 1, actor=event.given.get("org:resource", ""))

    def _times(self, name: str, trace: _Trace) -> Iterator[ForeignSegment]:
        if not trace.events:
            return
        times = [self._time(event, "time:timestamp") for event in trace.events]
        begins = [
            self._time(event, "start_timestamp") if "start_timestamp" in event.given else at
            for event, at in zip(trace.events, times, strict=True)
        ]
        origin = self.origin or min((*times, *begins))
        if self.origin is None:
            self._notes["times count from each trace's first event"] = 1
        open_: dict[tuple[str, str, str], deque[tuple[_Event, float]]] = {}
        for event, begin, at in zip(trace.events, begins, times, strict=True):
            action, actor = self._action(event), event.given.get("org:resource", "")
            start_s, at_s = (begin - origin).total_seconds(), (at - origin).total_seconds()
            transition = event.given.get("lifecycle:transition", "").lower()
            key = action, event.given.get("concept:instance", ""), actor
            if transition == "start" and begin == at:
                open_.setdefault(key, deque()).append((event, at_s))
                continue
            if transition not in ("", "complete", "start"):
                self._skipped[f"events of the kind {transition!r} are left out"] += 1
                continue
            if transition == "complete" and open_.get(key):
                _, start_s = open_[key].popleft()
            if at_s < start_s:
                raise self._wrong(event, f"{action} ends before it starts")
            yield ForeignSegment(action, start_s=start_s, end_s=at_s, actor=actor)
        for (action, _, _), events in open_.items():
            for event, _ in events:
                self._skipped[f"{name}, line {event.line}: {action} starts and never completes; left out"] += 1

    def _action(self, event: _Event) -> str:
        if not event.given.get("concept:name"):
            raise self._wrong(event, "no concept:name")
        return event.given["concept:name"]

    def _frame(self, event: _Event, key: str) -> int:
        value = event.given.get(key, "")
        if not (value.isascii() and value.isdigit() and len(value) < 12 and int(value) < _FARTHEST):
            raise self._wrong(event, f"{key} is {value[:40]!r}, no frame")
        return int(value)

    def _time(self, event: _Event, key: str) -> datetime:
        return _time(self.path, event, key)

    def _wrong(self, event: _Event, what: str) -> FormatError:
        return _wrong(self.path, event, what)


def _origin(path: Path, traces: list[_Trace]) -> datetime | None:
    """1970-01-01, where all times lie so near that they must be a video's own clock; else None."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    events = [event for trace in traces for event in trace.events if _START not in event.given]
    far = any(
        not 0 <= (_time(path, event, "time:timestamp") - epoch).total_seconds() < _OWN_CLOCK_S for event in events
    )
    return None if far else epoch


def _time(path: Path, event: _Event, key: str) -> datetime:
    value = event.given.get(key, "")
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise _wrong(path, event, f"{key} is {value[:40]!r}, no time") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _wrong(path: Path, event: _Event, what: str) -> FormatError:
    return FormatError(path, f"line {event.line}: {what}", hint=_HINT)
