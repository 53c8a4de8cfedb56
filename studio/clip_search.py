"""Finding clips, and places in them, by words: `wash, pose missing`, `not cut, shorter than 0.3 s`, `by Ines`.

Words stand apart by commas and all of them have to fit; `or` between two lets either fit, `not` before one turns it
round, quotes keep a comma or an `or` in a name. Each is one of
    a label (its name, or how it or one of its words begins), a cluster, a person, a clip or its performer
    label: NAME, object: NAME, cluster: NAME, person: NAME, clip: NAME, by: NAME    where one word could mean several
    a state (`STATES`), shorter than 0.3 s, longer than 2 min, by NAME              of a segment and its pose
Where a table of clips is searched, what it says of a clip fits too. The segments that fit all are the places, in the
order of the clips and of time. A clip is looked through once and again only when it changed.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property
from typing import NamedTuple

from core.project.annotations import Clip, Project
from core.project.labelling import ranges
from core.project.odd import Odd, OddKind, TrackReader, odd_in
from core.project.provenance import origin_of, run_of

_STATE_WORDS: dict[str, tuple[str, ...]] = {
    "pose missing": ("missing pose", "without pose", "no pose"),
    "has pose": ("with pose", "pose set"),
    "draft": ("drafts",),
    "odd": (),
    "overlapping": ("overlap", "overlaps"),
    "pose outside": ("pose outside its segment",),
    "after the end": ("after the video", "past the end"),
    "same frame": (),
    "joints missing": ("missing joints", "joint missing"),
    "joints moved": ("joints edited",),
    "range": ("ranges", "not learned"),
    "object missing": ("no object", "without object"),
    "person missing": ("no person", "actor missing"),
    "suggested": ("suggestion accepted",),
    "by hand": (),
    "imported": (),
    "forecast": ("from forecast",),
    "confirmed": (),
    "corrected": (),
}
STATES = tuple(_STATE_WORDS)
"""What can be asked of a segment and its pose."""
_STATE_OF = {word: state for state, others in _STATE_WORDS.items() for word in (state, *others)}
_KINDS = ("label", "action", "object", "cluster", "person", "actor", "clip", "by")
_LENGTH = re.compile(r"(shorter|longer) than ([0-9]+(?:[.,][0-9]+)?) ?(ms|s|min|frames?)?")
_UNIT_S = {"ms": 0.001, "s": 1.0, "min": 60.0}
_NOBODY: frozenset[str] = frozenset()
_ODD: tuple[OddKind, ...] = ("pose outside", "overlap", "same frame", "past the end", "short")


class Place(NamedTuple):
    """A segment that fits; `frame` is where to look at it."""

    clip_id: str
    segment_id: str
    frame: int


class ClipFacts:
    """What can be asked of one clip's segments, each found out when it is first asked: sets of segment ids."""

    def __init__(self, clip: Clip, read_tracks: TrackReader | None = None) -> None:
        self.clip, self._read_tracks = clip, read_tracks

    @cached_property
    def every(self) -> frozenset[str]:
        return frozenset(each.id for each in self.clip.segments)

    @cached_property
    def by_label(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for each in self.clip.segments:
            for label in (each.action, *each.objects):
                found.setdefault(label, set()).add(each.id)
        return found

    @cached_property
    def by_person(self) -> dict[str, set[str]]:
        """By the name of who acts, in small letters."""
        names = {each.id: each.name.casefold() for each in self.clip.actors}
        found: dict[str, set[str]] = {}
        for each in self.clip.segments:
            found.setdefault(names.get(each.actor, ""), set()).add(each.id)
        return found

    @cached_property
    def by_author(self) -> dict[str, set[str]]:
        """By the name of who marked it or its pose, in small letters."""
        found: dict[str, set[str]] = {}
        for each in self.clip.segments:
            found.setdefault(each.made.author.casefold(), set()).add(each.id)
        for pose in self.clip.poses:
            found.setdefault(pose.made.author.casefold(), set()).add(pose.segment)
        return found

    @cached_property
    def posed(self) -> frozenset[str]:
        return frozenset(each.segment for each in self.clip.poses)

    @cached_property
    def by_origin(self) -> dict[str, set[str]]:
        """By how it came about, as `core.project.provenance` tells it; `forecast` is all a run had a share in."""
        found: dict[str, set[str]] = {}
        rows = [(each.id, each.made.source) for each in self.clip.segments]
        for segment, source in (*rows, *((each.segment, each.made.source) for each in self.clip.poses)):
            origin = origin_of(source)
            found.setdefault(origin, set()).add(segment)
            if origin not in ("by hand", "imported") and run_of(source):
                found.setdefault("forecast", set()).add(segment)
        return found

    @cached_property
    def odd(self) -> dict[OddKind, set[str]]:
        """By what is odd with it, as `core.project.odd` tells it; both of two segments that are odd together."""
        return _by_kind(odd_in(self.clip, _NOBODY))

    @cached_property
    def jointless(self) -> frozenset[str] | set[str]:
        """Poses with joints that nobody saw, and all poses of a clip without 2D poses."""
        if not self.clip.tracks:
            return self.posed
        return _by_kind(odd_in(self.clip, _NOBODY, read_tracks=self._read_tracks)).get("joints", set())

    @cached_property
    def moved(self) -> frozenset[str]:
        return frozenset(each.segment for each in self.clip.poses if each.joint_edits)

    @cached_property
    def alone(self) -> frozenset[str]:
        return frozenset(each.id for each in self.clip.segments if not each.objects)


class ClipIndex:
    """Facts of the clips, kept until a clip changes; what joints were seen is known where tracks can be read."""

    def __init__(self, read_tracks: TrackReader | None = None) -> None:
        self._read_tracks = read_tracks
        self._facts: dict[str, ClipFacts] = {}

    def facts(self, clip: Clip) -> ClipFacts:
        known = self._facts.get(clip.id)
        if known is None or known.clip is not clip:
            known = self._facts[clip.id] = ClipFacts(clip, self._read_tracks)
        return known


_Fits = Callable[[ClipFacts], "frozenset[str] | set[str]"]


class _Term(NamedTuple):
    """One word, or several with `or` between them."""

    words: str
    choices: tuple[tuple[str, _Fits | None, bool], ...]
    """Words, what fits them (None: nothing here), and whether they speak of segments whatever a table says."""
    is_not: bool


class Query:
    """Words that are looked for in the clips of a project."""

    def __init__(self, project: Project, words: str, index: ClipIndex | None = None) -> None:
        self._project, self._index = project, index or ClipIndex()
        self._ranges = ranges(project)
        self._terms = [term for words in _split(words, ",") for term in self._terms_of(words)]

    @property
    def is_empty(self) -> bool:
        return not self._terms

    @property
    def unknown(self) -> tuple[str, ...]:
        """Words that name nothing here."""
        return tuple(words for term in self._terms for words, fits, _ in term.choices if fits is None)

    def fits(self, clip: Clip, said: str) -> tuple[bool, list[Place]]:
        """Whether the clip fits, and where. `said` is what the table says of it, in small letters."""
        facts, wanted = self._index.facts(clip), []
        for term in self._terms:
            in_table = any(words in said and not is_sure for words, _, is_sure in term.choices)
            if in_table and term.is_not and all(fits is None for _, fits, _ in term.choices):
                return False, []
            if in_table and not term.is_not:
                continue
            if not term.is_not and all(fits is None for _, fits, _ in term.choices):
                return False, []
            wanted.append(term)
        if not wanted:
            return True, []
        places = self._places(facts, wanted)
        return bool(places), places

    def places(self) -> Iterator[Place]:
        """Everything in the project that fits; nothing where nothing is asked."""
        if self._terms:
            for clip in self._project.clips.values():
                yield from self._places(self._index.facts(clip), self._terms)

    def _places(self, facts: ClipFacts, terms: list[_Term]) -> list[Place]:
        found: frozenset[str] | set[str] = facts.every
        for term in terms:
            these: frozenset[str] | set[str] = _NOBODY
            for _, fits, _ in term.choices:
                if fits is not None:
                    these = these | fits(facts) if these else fits(facts)
            found = found - these if term.is_not else found & these
            if not found:
                return []
        poses = {each.segment: each.frame for each in facts.clip.poses} if facts.clip.poses else {}
        clip = facts.clip.id
        return [
            Place(clip, each.id, poses.get(each.id, each.start_frame))
            for each in facts.clip.segments
            if each.id in found
        ]

    # ---- from words to what fits them ----

    def _terms_of(self, words: str) -> list[_Term]:
        is_not = words.startswith("not ")
        words = words.removeprefix("not ").strip()
        choices = [self._choice(_bare(each)) for each in _split(words, " or ")]
        if len(choices) == 1 and choices[0][1] is None and '"' not in words and " " in words:
            pieces = [(each, self._choice(each)) for each in words.split()]
            if not is_not and any(choice[1] is not None for _, choice in pieces):  # several words without a comma
                return [_Term(each, (choice,), False) for each, choice in pieces]
        return [_Term(words, tuple(choices), is_not)] if choices else []

    def _choice(self, words: str) -> tuple[str, _Fits | None, bool]:
        if words in _STATE_OF:
            return words, self._of_state(_STATE_OF[words]), True
        kind, colon, name = words.partition(":")
        if colon and kind.strip() in _KINDS:
            return words, self._of_kind(kind.strip(), _bare(name.strip())), True
        if words.startswith("by "):
            return words, _by_author(_bare(words.removeprefix("by ").strip())), True
        if (length := _LENGTH.fullmatch(words)) is not None:
            return words, _of_length(length[1], float(length[2].replace(",", ".")), length[3] or "s"), True
        labels = self._labels(words, ("action", "object"))
        if labels:
            is_whole = any(self._project.labels[each].name.casefold() == words for each in labels)
            return words, _of_labels(labels), is_whole or " " in words
        for kind in ("cluster", "person", "clip"):
            fits = self._of_kind(kind, words)
            if fits is not None:
                return words, fits, False
        return words, None, False

    def _of_state(self, state: str) -> _Fits:
        without = self._ranges

        def lacking(facts: ClipFacts) -> frozenset[str]:
            needless = {each for label in without for each in facts.by_label.get(label, ())}
            return facts.every - facts.posed - needless

        answers = self._project.answers
        accepted = {each.segment for each in answers.values() if each.accepted} if state == "suggested" else set()
        simple: dict[str, _Fits] = {
            "pose missing": lacking,
            "has pose": lambda facts: facts.posed,
            "overlapping": lambda facts: facts.odd.get("overlap", _NOBODY),
            "pose outside": lambda facts: facts.odd.get("pose outside", _NOBODY),
            "after the end": lambda facts: facts.odd.get("past the end", _NOBODY),
            "same frame": lambda facts: facts.odd.get("same frame", _NOBODY),
            "joints missing": lambda facts: facts.jointless,
            "joints moved": lambda facts: facts.moved,
            "odd": lambda facts: facts.jointless.union(*(facts.odd.get(each, _NOBODY) for each in _ODD)),
            "range": _of_labels(without),
            "object missing": lambda facts: facts.alone,
            "person missing": lambda facts: facts.by_person.get("", _NOBODY),
            "suggested": lambda facts: facts.posed & accepted,
        }
        return simple.get(state) or (lambda facts: facts.by_origin.get(state, _NOBODY))

    def _of_kind(self, kind: str, name: str) -> _Fits | None:
        if not name:
            return None
        if kind in ("label", "action", "object"):
            labels = self._labels(name, ("action", "object") if kind == "label" else (kind,))
            return _of_labels(labels) if labels else None
        if kind == "cluster":
            of_cluster = frozenset(each.id for each in self._project.actions() if each.learned_name.casefold() == name)
            return _of_labels(of_cluster) if of_cluster else None
        clips = self._project.clips.values()
        if kind in ("person", "actor"):
            names = {actor.name.casefold() for clip in clips for actor in clip.actors}
            people = frozenset(each for each in names if _begins(each, name))
            performed = frozenset(each.id for each in clips if _begins(each.performer.casefold(), name))
            return _of_people(people, performed) if people or performed else None
        if kind == "clip":
            exact = frozenset(each.id for each in clips if each.name.casefold() == name)
            named = exact or frozenset(each.id for each in clips if name in each.name.casefold())
            return (lambda facts: facts.every if facts.clip.id in named else _NOBODY) if named else None
        return _by_author(name)

    def _labels(self, name: str, kinds: tuple[str, ...]) -> frozenset[str]:
        """The labels of this name; else those that begin so, or have a word that does."""
        labels = [each for each in self._project.labels.values() if each.kind in kinds]
        named = frozenset(each.id for each in labels if each.name.casefold() == name)
        if named or len(name) < 2:
            return named
        return frozenset(each.id for each in labels if _begins(each.name.casefold(), name))


def nearest(project: Project, word: str) -> str:
    """What a word that names nothing may have meant; empty where nothing is near."""
    names = {each.name.casefold(): each.name for each in project.labels.values()} | {each: each for each in STATES}
    names |= {actor.name.casefold(): actor.name for clip in project.clips.values() for actor in clip.actors}
    begun = next((name for each, name in names.items() if len(word) > 2 and each.startswith(word)), "")
    found = [] if begun else get_close_matches(word, names, n=1, cutoff=0.6)
    return names[found[0]] if found else begun


def words_for(project: Project) -> list[str]:
    """What a field may offer while somebody types: states first, then labels, clusters and people."""
    quoted = [f'"{each.name}"' if "," in each.name else each.name for each in project.labels.values()]
    clusters = [f"cluster: {each.learned_name}" for each in project.actions() if each.learned_as]
    people = [actor.name for clip in project.clips.values() for actor in clip.actors]
    authors = [f"by {each.made.author}" for clip in project.clips.values() for each in clip.segments[:1]]
    lengths = ["shorter than 0.3 s", "longer than 5 s"]
    return list(dict.fromkeys([*STATES, *quoted, *lengths, *clusters, *people, *authors]))


def _split(words: str, at: str) -> list[str]:
    """The pieces between commas (or `or`) that stand in no quotes, in small letters."""
    pieces, quoted = [""], False
    rest = words.casefold()
    while rest:
        is_decimal = at == "," and pieces[-1][-1:].isdigit() and rest[1:2].isdigit()
        if not quoted and not is_decimal and rest.startswith(at):
            pieces.append("")
            rest = rest[len(at) :]
            continue
        quoted ^= rest[0] == '"'
        pieces[-1] += rest[0]
        rest = rest[1:]
    return [each.strip() for each in pieces if each.strip()]


def _by_kind(found: Iterable[Odd]) -> dict[OddKind, set[str]]:
    by_kind: dict[OddKind, set[str]] = {}
    for each in found:
        by_kind.setdefault(each.kind, set()).update((each.segment, each.other))
    return by_kind


def _bare(words: str) -> str:
    return words.strip('"').strip() if words.startswith('"') else words


def _begins(name: str, with_what: str) -> bool:
    return name.startswith(with_what) or any(each.startswith(with_what) for each in name.split())


def _of_labels(labels: frozenset[str]) -> _Fits:
    if len(labels) == 1:
        (only,) = labels
        return lambda facts: facts.by_label.get(only, _NOBODY)
    return lambda facts: {each for label in labels for each in facts.by_label.get(label, ())}


def _of_people(people: frozenset[str], clips: frozenset[str]) -> _Fits:
    def fits(facts: ClipFacts) -> frozenset[str] | set[str]:
        theirs = {each for name in people for each in facts.by_person.get(name, ())}
        return theirs | facts.by_person.get("", _NOBODY) if facts.clip.id in clips else theirs

    return fits


def _by_author(name: str) -> _Fits | None:
    if not name:
        return None
    return lambda facts: {each for author, those in facts.by_author.items() if _begins(author, name) for each in those}


def _of_length(which: str, number: float, unit: str) -> _Fits:
    def fits(facts: ClipFacts) -> frozenset[str]:
        limit = number if unit.startswith("frame") else number * _UNIT_S[unit] * facts.clip.video.rate_hz
        return frozenset(
            each.id
            for each in facts.clip.segments
            if (
                each.end_frame - each.start_frame < limit
                if which == "shorter"
                else each.end_frame - each.start_frame > limit
            )
        )

    return fits
