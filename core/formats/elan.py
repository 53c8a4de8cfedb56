"""ELAN's annotation files (.eaf, EAF 2.x and 3.0), in. Out: `elan_writing`.

A file is one clip. Every tier of annotations that stand on the time line holds actions; its PARTICIPANT is the person.
A tier below it whose name begins with "objects" lists objects, separated by |. A tier whose name begins with
"characteristic pose" holds instants: each belongs to the same person's segment whose action it names, the one around it
before one elsewhere; a value that ends in an annotation's id in brackets names that one. Other tiers below are left
out and named. Times are milliseconds; a slot without one lies evenly between its neighbours, as in ELAN.

Choices: `tiers`, names separated by commas, to take only these; `tier_is`: "participant" as said, "actor" where a
tier's own name is the person, "action" where its name is the action whatever its annotations say.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from core.errors import FormatError
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.markup import Element, elements, root_of
from core.formats.times import number_of

OBJECTS = "objects"
POSE = "characteristic pose"
PROPERTY = "posecast:"
TIER_IS = ("participant", "actor", "action")
_HINT = "Open it in ELAN and save it again."
_FARTHEST_MS = 10**11


@dataclass
class Placed:
    """An annotation on the time line, milliseconds."""

    key: str
    action: str
    actor: str
    start_ms: int
    end_ms: int
    objects: tuple[str, ...] = ()


@dataclass
class _Annotation:
    key: str
    line: int
    slots: tuple[str, str] | None = None
    parent: str = ""
    entry: str = ""
    value: str = ""


@dataclass
class _Tier:
    name: str
    participant: str
    parent: str
    annotations: list[_Annotation] = field(default_factory=list)


@dataclass
class _Document:
    path: Path
    tiers: list[_Tier] = field(default_factory=list)
    slots: dict[str, int | None] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    media: list[Element] = field(default_factory=list)


def is_elan(path: Path) -> bool:
    """Whether this is XML whose outermost element is EAF's."""
    if path.suffix.lower() not in (".eaf", ".xml") or not path.is_file():
        return False
    root = root_of(path)
    return root is not None and root.tag == "ANNOTATION_DOCUMENT"


def read(path: Path, *, tiers: str = "", tier_is: str = "participant") -> Annotations:
    """The file's clip; FormatError names the line or the annotation that is wrong."""
    if tier_is not in TIER_IS:
        raise FormatError(path, f"a tier cannot be {tier_is!r}", hint=f"It can be: {', '.join(TIER_IS)}.")
    document = _document(path)
    wanted = [each.strip() for each in tiers.split(",") if each.strip()]
    names = [tier.name for tier in document.tiers]
    unknown = [each for each in wanted if each not in names]
    if unknown:
        raise FormatError(path, f"no tier {unknown[0]!r}", hint=f"Its tiers are: {', '.join(names[:12])}.")
    notes: list[str] = []
    placed, poses = _placed(document, wanted, tier_is, notes)
    owners, pose_of = Owners(placed), {}
    for pose in poses:
        owner = owners.of(pose)
        if owner is None or owner.key in pose_of:
            notes.append(f"a characteristic pose at {pose.start_ms} ms belongs to no segment of its own; left out")
        else:
            pose_of[owner.key] = pose.start_ms
    placed.sort(key=lambda each: (each.start_ms, each.end_ms))
    segments = tuple(
        ForeignSegment(
            each.action, start_s=each.start_ms / 1000, end_s=each.end_ms / 1000, objects=each.objects,
            actor=each.actor, pose_s=pose_of[each.key] / 1000 if each.key in pose_of else None,
        )
        for each in placed
    )  # fmt: skip
    return Annotations((_clip(document, segments),), notes=tuple(notes))


class Owners:
    """Which segment a pose belongs to: the one it names by id, else one of its person and action, the nearest."""

    def __init__(self, segments: Iterable[Placed]) -> None:
        self._by_key: dict[str, Placed] = {}
        self._alike: dict[tuple[str, str], list[Placed]] = {}
        for each in sorted(segments, key=lambda one: (one.start_ms, one.end_ms)):
            self._by_key[each.key] = each
            self._alike.setdefault((each.actor, each.action), []).append(each)
        self._starts = {alike: [each.start_ms for each in found] for alike, found in self._alike.items()}

    def of(self, pose: Placed) -> Placed | None:
        named = re.fullmatch(r"(.*) \(([^()\s]+)\)", pose.action, re.DOTALL)
        if named is not None:
            found = self._by_key.get(named[2])
            if found is not None and (found.action, found.actor) == (named[1], pose.actor):
                return found
        alike = self._alike.get((pose.actor, pose.action), [])
        if not alike:
            return None
        after = bisect_right(self._starts[pose.actor, pose.action], pose.start_ms)
        around = alike[max(after - 1, 0) : after + 1]  # the last that began before, and the next
        return min(around, key=lambda one: max(one.start_ms - pose.start_ms, pose.start_ms - one.end_ms + 1, 0))


# ---- the file ----


def _document(path: Path) -> _Document:
    found = _Document(path)
    tier: _Tier | None = None
    annotation: _Annotation | None = None
    entry = ""
    seen_root = False
    for each in elements(path):
        if not seen_root and each.tag != "ANNOTATION_DOCUMENT":
            raise FormatError(
                path, f"line {each.line}: no ELAN file, its outermost element is <{each.tag}>", hint=_HINT
            )
        seen_root = True
        match each.tag, each.ends:
            case "HEADER", False:
                if each.given.get("TIME_UNITS", "milliseconds") != "milliseconds":
                    raise _wrong(path, each, f"times in {each.given['TIME_UNITS']}")
            case "MEDIA_DESCRIPTOR", False:
                found.media.append(each)
            case "PROPERTY", True:
                found.properties[each.given.get("NAME", "")] = each.text.strip()
            case "TIME_SLOT", False:
                found.slots[_needed(path, each, "TIME_SLOT_ID")] = _milliseconds(path, each)
            case "TIER", False:
                name = _needed(path, each, "TIER_ID")
                tier = _Tier(name, each.given.get("PARTICIPANT", "").strip(), each.given.get("PARENT_REF", ""))
                found.tiers.append(tier)
            case "TIER", True:
                tier = None
            case (("ALIGNABLE_ANNOTATION" | "REF_ANNOTATION"), False):
                annotation = _annotation(path, each)
                if tier is None:
                    raise _wrong(path, each, "an annotation outside any tier")
                tier.annotations.append(annotation)
            case "ANNOTATION_VALUE", True:
                if annotation is not None:
                    annotation.value = each.text.strip()
            case "CV_ENTRY_ML", False:
                entry = each.given.get("CVE_ID", "")
            case "CVE_VALUE", True:
                found.entries.setdefault(entry, each.text.strip())
            case _:
                pass
    return found


def _annotation(path: Path, each: Element) -> _Annotation:
    made = _Annotation(_needed(path, each, "ANNOTATION_ID"), each.line, entry=each.given.get("CVE_REF", ""))
    if each.tag == "REF_ANNOTATION":
        made.parent = _needed(path, each, "ANNOTATION_REF")
    else:
        made.slots = _needed(path, each, "TIME_SLOT_REF1"), _needed(path, each, "TIME_SLOT_REF2")
    return made


def _needed(path: Path, each: Element, name: str) -> str:
    if not each.given.get(name):
        raise _wrong(path, each, f"<{each.tag}> has no {name}")
    return each.given[name]


def _milliseconds(path: Path, each: Element) -> int | None:
    text = each.given.get("TIME_VALUE")
    if text is None:
        return None
    if not re.fullmatch(r"-?\d{1,15}", text, re.ASCII) or not 0 <= int(text) < _FARTHEST_MS:
        raise _wrong(path, each, f"a time of {text[:20]!r} milliseconds")
    return int(text)


def _wrong(path: Path, each: Element, what: str) -> FormatError:
    return FormatError(path, f"line {each.line}: {what}", hint=_HINT)


# ---- what it means ----


def _placed(
    document: _Document, wanted: list[str], tier_is: str, notes: list[str]
) -> tuple[list[Placed], list[Placed]]:
    """Segments and characteristic poses, with the objects of the tiers below them."""
    by_key: dict[str, Placed] = {}
    poses: list[Placed] = []
    objects: dict[str, tuple[str, ...]] = {}
    for tier in document.tiers:
        is_pose = tier.name.lower().startswith(POSE)
        if wanted and tier.name not in wanted and not is_pose and tier.parent not in wanted:
            continue
        if tier.name.lower().startswith(OBJECTS) and tier.parent:
            for each in tier.annotations:
                words = (word.strip() for word in _value(document, each).split("|"))
                objects[each.parent] = tuple(word for word in words if word)
            continue
        if tier.parent and not is_pose and tier.name not in wanted:
            notes.append(f"the tier {tier.name!r} below {tier.parent!r} is left out")
            continue
        times = _times(document, tier)
        actor = tier.name if tier_is == "actor" and not is_pose else tier.participant
        for each in tier.annotations:
            if each.slots is None:
                continue
            action = tier.name if tier_is == "action" and not is_pose else _value(document, each)
            if not action:
                notes.append(f"line {each.line}: an annotation on {tier.name!r} says nothing; left out")
                continue
            start, end = (times[slot] for slot in each.slots)
            if end < start:
                raise FormatError(document.path, f"line {each.line}: it runs from {start} to {end} ms", hint=_HINT)
            made = Placed(each.key, action, actor, start, end)
            if is_pose:
                poses.append(made)
            elif each.key in by_key:
                raise FormatError(document.path, f"line {each.line}: {each.key} is there twice", hint=_HINT)
            else:
                by_key[each.key] = made
    return [replace(each, objects=objects.get(key, ())) for key, each in by_key.items()], poses


def _value(document: _Document, annotation: _Annotation) -> str:
    return annotation.value or document.entries.get(annotation.entry, "")


def _times(document: _Document, tier: _Tier) -> Mapping[str, int]:
    """Every slot's time on this tier; those without one lie evenly between the ones that have."""
    chain: list[str] = []
    for each in tier.annotations:
        for slot in each.slots or ():
            if slot not in document.slots:
                raise FormatError(document.path, f"line {each.line}: there is no time slot {slot!r}", hint=_HINT)
            if not chain or chain[-1] != slot:
                chain.append(slot)
    times: dict[str, int] = {}
    waiting: list[str] = []
    last: int | None = None
    for slot in chain:
        at = document.slots[slot]
        if at is None:
            waiting.append(slot)
            continue
        if waiting and last is None:
            break
        for number, between in enumerate(waiting, start=1):
            times[between] = round(last + (at - last) * number / (len(waiting) + 1)) if last is not None else at
        waiting, last = [], at
        times[slot] = at
    if waiting:
        what = f"the time slot {waiting[0]!r} of {tier.name!r} has no time, and no neighbours on both sides"
        raise FormatError(document.path, what, hint=_HINT)
    return times


def _clip(document: _Document, segments: tuple[ForeignSegment, ...]) -> ForeignClip:
    said = {
        name.removeprefix(PROPERTY): value
        for name, value in document.properties.items()
        if name.startswith(PROPERTY)
    }  # fmt: skip
    media = list(_media(document))
    origin_s = next((value for _, value in media), 0.0)
    if origin_s:
        segments = tuple(_later(each, origin_s) for each in segments)
    rate = number_of(said.get("rate_hz", ""))
    names = tuple(dict.fromkeys(name for name, _ in media))
    return ForeignClip(
        said.get("clip") or (names[0] if names else document.path.stem), segments, videos=names,
        rate_hz=rate if rate and 0 < rate <= 100_000 else None, performer=said.get("performer", ""),
        frame_count=_count(said.get("frame_count", "")), width=_count(said.get("width", "")),
        height=_count(said.get("height", "")),
    )  # fmt: skip


def _count(text: str) -> int | None:
    return int(text) or None if text.isascii() and text.isdigit() and len(text) < 9 else None


def _later(segment: ForeignSegment, seconds: float) -> ForeignSegment:
    moved = {
        name: value + seconds
        for name in ("start_s", "end_s", "pose_s")
        if (value := getattr(segment, name)) is not None
    }  # fmt: skip
    return replace(segment, **moved)


def _media(document: _Document) -> Iterator[tuple[str, float]]:
    """File names of the media, videos first, and where in each the time line begins, seconds."""
    ordered = sorted(document.media, key=lambda each: not each.given.get("MIME_TYPE", "").startswith("video"))
    for each in ordered:
        url = each.given.get("RELATIVE_MEDIA_URL") or each.given.get("MEDIA_URL", "")
        name = PurePosixPath(unquote(url).replace("\\", "/")).name
        origin = number_of(each.given.get("TIME_ORIGIN", "0"))
        if name:
            yield name, (origin or 0) / 1000
