"""ELAN's annotation files (.eaf, EAF 3.0), out: what was marked on a clip, so that `elan.read` gives it back.

Tiers: "action" (with a controlled vocabulary), below it "objects", and "characteristic pose", an annotation of one
frame with its segment's action. People have tiers of their own, "action@Ann"; what overlaps goes to "action 2". Times
are rounded to milliseconds. What EAF has no word for (the clip's name, its rate and size) are properties of the file.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as Tree

from core.errors import FileError
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.elan import OBJECTS, POSE, PROPERTY, Owners, Placed
from core.whole_files import free_file_name, whole_file

ACTION = "action"
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_LANGUAGE = {
    "LANG_ID": "und",
    "LANG_DEF": "http://cdb.iso.org/lg/CDB-00130975-001",
    "LANG_LABEL": "undetermined (und)",
}
_CONSTRAINTS = {
    "Time_Subdivision": "Parts of the annotation above, in time, without gaps",
    "Symbolic_Subdivision": "Parts of the annotation above, in order, without times",
    "Symbolic_Association": "One to one with the annotation above",
    "Included_In": "Within the time of the annotation above, gaps allowed",
}
_MIME = {".mp4": "video/mp4", ".mov": "video/quicktime", ".avi": "video/x-msvideo", ".mpg": "video/mpeg"}
_USUAL_RATE_HZ = 25.0
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


def write(annotations: Annotations, path: Path) -> None:
    """One clip as the file `path`; several as files of a folder of that name. Segments need seconds."""
    folder = place_of(annotations, path)
    if folder.suffix.lower() == ".eaf" and len(annotations.clips) == 1:
        _write(annotations.clips[0], folder)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(folder, f"could not be made ({error.strerror})", hint="Choose another place.") from None
    taken: set[str] = set()
    for clip in annotations.clips:
        name = free_file_name(Path(clip.name).stem or clip.name, taken)
        _write(clip, folder / f"{name}.eaf")


def place_of(annotations: Annotations, path: Path) -> Path:
    """The file that one clip becomes, or the folder of several."""
    if path.suffix.lower() != ".eaf":
        return path
    return path if len(annotations.clips) == 1 else path.with_suffix("")


def _write(clip: ForeignClip, path: Path) -> None:
    root = _Sheet(clip).root()
    Tree.indent(root, "    ")
    with whole_file(path) as beside:
        Tree.ElementTree(root).write(beside, encoding="UTF-8", xml_declaration=True)


class _Sheet:
    """A clip's annotations with their ids, and the document made of them."""

    def __init__(self, clip: ForeignClip) -> None:
        self._clip = clip
        self._ids = 0
        self._slots: dict[int, str] = {}
        frame_ms = max(round(1000 / (clip.rate_hz or _USUAL_RATE_HZ)), 1)
        self._segments = [self._placed(each) for each in clip.segments]
        self._poses: list[Placed] = []
        owners = Owners(self._segments)
        for each, placed in zip(clip.segments, self._segments, strict=True):
            if each.pose_s is not None:
                at = max(round(each.pose_s * 1000), 0)
                pose = Placed(self._id(), placed.action, placed.actor, at, at + frame_ms)
                if owners.of(pose) is not placed:
                    pose.action = f"{placed.action} ({placed.key})"
                self._poses.append(pose)
        self._entries = {name: f"cve{at}" for at, name in enumerate(dict.fromkeys(s.action for s in self._segments))}
        ends = {at for each in (*self._segments, *self._poses) for at in (each.start_ms, each.end_ms)}
        self._slots = {at: f"ts{number}" for number, at in enumerate(sorted(ends), start=1)}

    def root(self) -> Tree.Element:
        """The whole document, its parts in the order that EAF 3.0 wants."""
        root = Tree.Element(
            "ANNOTATION_DOCUMENT",
            {
                "AUTHOR": "", "DATE": datetime.now(UTC).isoformat(timespec="seconds"), "FORMAT": "3.0",
                "VERSION": "3.0", "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
                "xsi:noNamespaceSchemaLocation": _SCHEMA,
            },
        )  # fmt: skip
        self._header(root)
        order = Tree.SubElement(root, "TIME_ORDER")
        for at, slot in self._slots.items():
            Tree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": str(at)})
        self._tiers(root)
        for name, more in (
            (ACTION, {"TIME_ALIGNABLE": "true", "CONTROLLED_VOCABULARY_REF": "actions"}),
            (OBJECTS, {"TIME_ALIGNABLE": "false", "CONSTRAINTS": "Symbolic_Association"}),
            (POSE, {"TIME_ALIGNABLE": "true"}),
        ):
            given = {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": name, **more}
            Tree.SubElement(root, "LINGUISTIC_TYPE", given)
        Tree.SubElement(root, "LANGUAGE", _LANGUAGE)
        for name, words in _CONSTRAINTS.items():
            Tree.SubElement(root, "CONSTRAINT", {"DESCRIPTION": words, "STEREOTYPE": name})
        vocabulary = Tree.SubElement(root, "CONTROLLED_VOCABULARY", {"CV_ID": "actions"})
        Tree.SubElement(vocabulary, "DESCRIPTION", {"LANG_REF": "und"})
        for name, key in self._entries.items():
            entry = Tree.SubElement(vocabulary, "CV_ENTRY_ML", {"CVE_ID": key})
            Tree.SubElement(entry, "CVE_VALUE", {"DESCRIPTION": "", "LANG_REF": "und"}).text = name
        return root

    def _header(self, root: Tree.Element) -> None:
        header = Tree.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
        for video in self._clip.videos[:1]:
            place = Path(video)
            url = place.as_uri() if place.is_absolute() else f"file:///{place.as_posix()}"
            kind = _MIME.get(place.suffix.lower(), "video/mp4")
            given = {"MEDIA_URL": url, "MIME_TYPE": kind, "RELATIVE_MEDIA_URL": f"./{place.name}"}
            Tree.SubElement(header, "MEDIA_DESCRIPTOR", given)
        facts = {
            name: value
            for name in ("rate_hz", "frame_count", "width", "height", "performer")
            if (value := getattr(self._clip, name))
        }
        for name, value in {"clip": self._clip.name, **facts}.items():
            Tree.SubElement(header, "PROPERTY", {"NAME": PROPERTY + name}).text = _clean(str(value))
        Tree.SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"}).text = str(self._ids)

    def _tiers(self, root: Tree.Element) -> None:
        actors = dict.fromkeys(each.actor for each in self._segments) or {"": None}
        for actor in actors:
            mine = [each for each in self._segments if each.actor == actor]
            for number, lane in enumerate(_lanes(mine) or [[]], start=1):
                name = _tier_name(ACTION, number, actor)
                tier = self._tier(root, name, ACTION, actor)
                for each in lane:
                    self._aligned(tier, each, self._entries.get(each.action))
                given = self._tier(root, _tier_name(OBJECTS, number, actor), OBJECTS, actor, name)
                for each in lane:
                    if each.objects:
                        self._objects(given, each)
            for number, lane in enumerate(_lanes(each for each in self._poses if each.actor == actor), start=1):
                tier = self._tier(root, _tier_name(POSE, number, actor), POSE, actor)
                for each in lane:
                    self._aligned(tier, each)

    def _tier(self, root: Tree.Element, name: str, kind: str, actor: str, parent: str = "") -> Tree.Element:
        given = {"LINGUISTIC_TYPE_REF": kind, "TIER_ID": name}
        given |= {"PARENT_REF": parent} if parent else {}
        given |= {"PARTICIPANT": actor} if actor else {}
        return Tree.SubElement(root, "TIER", given)

    def _aligned(self, tier: Tree.Element, each: Placed, entry: str | None = None) -> None:
        given = {
            "ANNOTATION_ID": each.key, "TIME_SLOT_REF1": self._slots[each.start_ms],
            "TIME_SLOT_REF2": self._slots[each.end_ms],
        }  # fmt: skip
        given |= {"CVE_REF": entry} if entry else {}
        holder = Tree.SubElement(Tree.SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", given)
        Tree.SubElement(holder, "ANNOTATION_VALUE").text = each.action

    def _objects(self, tier: Tree.Element, each: Placed) -> None:
        given = {"ANNOTATION_ID": f"{each.key}o", "ANNOTATION_REF": each.key}
        holder = Tree.SubElement(Tree.SubElement(tier, "ANNOTATION"), "REF_ANNOTATION", given)
        Tree.SubElement(holder, "ANNOTATION_VALUE").text = "|".join(each.objects)

    def _placed(self, each: ForeignSegment) -> Placed:
        assert each.start_s is not None
        assert each.end_s is not None
        start = max(round(each.start_s * 1000), 0)
        end = max(round(each.end_s * 1000), start + 1)
        objects = tuple(_clean(name) for name in each.objects)
        return Placed(self._id(), _clean(each.action), _clean(each.actor), start, end, objects)

    def _id(self) -> str:
        self._ids += 1
        return f"a{self._ids}"


def _tier_name(kind: str, number: int, actor: str) -> str:
    return kind + (f" {number}" if number > 1 else "") + (f"@{actor}" if actor else "")


def _lanes(placed: Iterable[Placed]) -> list[list[Placed]]:
    """Annotations of one tier may not overlap: as few tiers as it takes, earlier ones filled first."""
    lanes: list[list[Placed]] = []
    for each in sorted(placed, key=lambda one: (one.start_ms, one.end_ms)):
        free = next((lane for lane in lanes if lane[-1].end_ms <= each.start_ms), None)
        if free is None:
            lanes.append([each])
        else:
            free.append(each)
    return lanes


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return _UNPRINTABLE.sub(" ", text)
