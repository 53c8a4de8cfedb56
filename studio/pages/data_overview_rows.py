"""The rows of the overview: kinds of what is missing or odd, the places, the clips, the people. Pure words and numbers.

A row of places has the id of its place in the list, a row of clips the clip's id.
"""

from collections.abc import Callable, Sequence
from typing import Any

from core.overview import MISSING, ClipFacts, Overview, PersonDone
from core.project.annotations import Clip, Project
from core.project.odd import KINDS, Odd, OddKind, in_words
from studio.widgets.clip_states import length_words
from studio.widgets.clip_time import say_time
from studio.widgets.job_words import grouped
from studio.widgets.joint_words import joint_words
from studio.widgets.record_table import Cell, Column, Record
from studio.words import counted, say

ALL_CLIPS = "clips"
MOST_DAYS = 14
"""So many days the bars of a person show, the latest ones."""

KIND_COLUMNS = (Column("What is there"), Column("", 62, is_number=True))
PLACE_COLUMNS = (Column("What"), Column("Clip", 150), Column("Time", 82, is_number=True), Column("By", 92, rank=1))
CLIP_COLUMNS = (
    Column("Clip"), Column("Marked", 132), Column("Segments", 70, is_number=True, rank=2), Column("With pose", 132),
    Column("Drafts", 58, is_number=True, rank=3), Column("Odd", 48, is_number=True, rank=1),
    Column("Length", 60, is_number=True, rank=5), Column("By", 92, rank=4),
)  # fmt: skip
PEOPLE_COLUMNS = (
    Column("Who"), Column("Segments", 70, is_number=True), Column("Poses", 58, is_number=True),
    Column("Corrected", 72, is_number=True, rank=2), Column("Hours", 52, is_number=True, rank=1),
    Column("Edits, by day", 124),
)  # fmt: skip


WALKED: dict[str, str] = {
    "no pose": "pose missing",
    "draft": "draft",
    "pose outside": "pose outside",
    "overlap": "overlapping",
    "same frame": "same frame",
    "joints": "joints missing",
    "past the end": "after the end",
    "short": "shorter than 3 frames",
}
"""The words that find the same places in all clips, so that they can be walked through."""


def titles() -> dict[OddKind, str]:
    """Each kind as the list calls it, in the person's language."""
    return {
        "no pose": say("Segments without a pose"),
        "draft": say("Drafts to look at"),
        "pose outside": say("Poses outside their segment"),
        "overlap": say("Overlapping segments"),
        "same frame": say("Two poses on one frame"),
        "joints": say("Poses lacking joints"),
        "past the end": say("After the video's last frame"),
        "short": say("Segments under 3 frames"),
        "unlabelled": say("Unlabelled stretches"),
        "nothing marked": say("Clips without a mark"),
        "no tracks": say("Clips without 2D poses"),
        "no person": say("Clips without a person"),
        "no camera": say("Clips with no own camera"),
        "label unused": say("Labels that are never used"),
    }


def kind_records(overview: Overview) -> list[Record]:
    """All clips first, then what is missing, then what is odd; only what there is."""
    done = say("{done} of {count} are done", done=grouped(overview.done), count=grouped(len(overview.clips)))
    first = Record(ALL_CLIPS, (Cell(say("All clips"), strong=True, tip=done), Cell(grouped(len(overview.clips)))))
    words = titles()
    rows = [first]
    for kind in KINDS:
        found = overview.odd.get(kind, ())
        if found:
            colour = "warn" if kind in MISSING else "text3"
            rows.append(Record(kind, (Cell(words[kind], dot=True, colour=colour), Cell(grouped(len(found))))))
    return rows


def place_records(project: Project, odd: Sequence[Odd]) -> list[Record]:
    """A row a place, with the clip's time of it."""
    made = []
    for at, each in enumerate(odd):
        clip = project.clips.get(each.clip)
        segment = clip.segment(each.segment) if clip is not None and each.segment else None
        by = segment.made.author if segment is not None else ""
        time = say_time(each.frame / clip.video.rate_hz) if clip is not None and (segment or each.end_frame) else ""
        what = _what(project, clip, each)
        cells = Cell(what, tip=in_words(project, each)), Cell("" if clip is None else clip.name), Cell(time), Cell(by)
        made.append(Record(str(at), cells))
    return made


def _what(project: Project, clip: Clip | None, odd: Odd) -> str:
    """The actions it is about; the tip says their frames."""
    if odd.label or clip is None:
        return in_words(project, odd)
    if odd.kind == "unlabelled":
        length = f"{(odd.end_frame - odd.frame) / clip.video.rate_hz:.1f}"
        return say("{length} s without a label", length=length)
    names = []
    for key in filter(None, (odd.other, odd.segment)):
        segment = clip.segment(key)
        label = project.labels.get(segment.action) if segment is not None else None
        names.append(label.name if label is not None else "")
    if len(names) == 2:
        return say("{one} and {other}", one=names[0], other=names[1])
    if odd.joints:
        return f"{names[0]}: {', '.join(joint_words(each) for each in odd.joints)}"
    return names[0] if names else clip.name


def clip_record(clip: ClipFacts) -> Record:
    """How far one clip is."""
    odd = [each for each in clip.odd if each.kind not in (*MISSING, "no camera", "no tracks", "no person")]
    posed = say("{count} without a pose", count=grouped(clip.without_pose)) if clip.without_pose else ""
    people = ", ".join(clip.people)
    return Record(
        clip.id,
        (
            Cell(clip.name, dot=True, colour="ok" if clip.is_done else "text3" if not clip.segments else "warn",
                 tip=say("Done") if clip.is_done else ""),
            Cell(percent(clip.share_marked), share=clip.share_marked, colour="accent"),
            Cell(grouped(clip.segments)),
            Cell(percent(clip.share_posed), share=clip.share_posed, colour="accent", tip=posed),
            Cell(grouped(clip.drafts) if clip.drafts else "–"),
            Cell(grouped(len(odd)) if odd else "–"),
            Cell(length_words(clip.seconds)),
            Cell(people or "–", tip=people),
        ),
    )  # fmt: skip


_CLIP_KEYS: tuple[Callable[[ClipFacts], Any], ...] = (
    lambda each: each.name.casefold(),
    lambda each: each.share_marked,
    lambda each: each.segments,
    lambda each: each.share_posed,
    lambda each: each.drafts,
    lambda each: len(each.odd),
    lambda each: each.seconds,
    lambda each: each.people,
)


def sorted_clips(clips: Sequence[ClipFacts], column: int, *, falling: bool) -> list[ClipFacts]:
    """By a column of the table; -1 as they stand in the project."""
    if column < 0:
        return list(clips)
    return sorted(clips, key=lambda each: (_CLIP_KEYS[column](each),), reverse=falling)


def sorted_places(project: Project, odd: Sequence[Odd], column: int, *, falling: bool) -> list[Odd]:
    """By a column of the table; -1 clip by clip, in the order of time."""

    def key(each: Odd) -> tuple[object, ...]:
        clip = project.clips.get(each.clip)
        segment = clip.segment(each.segment) if clip is not None and each.segment else None
        name = clip.name.casefold() if clip is not None else ""
        first = (in_words(project, each), name, each.frame, segment.made.author if segment is not None else "")[column]
        return first, name, each.frame

    return list(odd) if column < 0 else sorted(odd, key=key, reverse=falling)


def people_records(overview: Overview) -> list[Record]:
    """Who made how much, with a bar a day."""
    days = overview.days[-MOST_DAYS:]
    most = max((count for each in overview.people for count in each.days.values()), default=1)
    return [_person(each, [each.days.get(day, 0) for day in days], most) for each in overview.people]


def _person(each: PersonDone, counts: Sequence[int], most: int) -> Record:
    span = f"{each.first[:10]} – {each.last[:10]}" if each.first else ""
    back = say("{count} of them taken back", count=grouped(each.taken_back)) if each.taken_back else ""
    tip = "\n".join(filter(None, (f"{each.name}: {counted(each.edits, 'edit')}", back, span)))
    corrected = grouped(each.corrected) if each.corrected else "–"
    return Record(
        each.name,
        (
            Cell(each.name, strong=True, tip=tip),
            Cell(grouped(each.segments)),
            Cell(grouped(each.poses)),
            Cell(corrected, tip=say("Forecasts this person put right or confirmed")),
            Cell(f"{each.hours:.1f}", tip=say("Time between edits; breaks over 5 minutes are left out")),
            Cell(grouped(each.edits), bars=tuple(count / most for count in counts), colour="accent", tip=tip),
        ),
    )


def percent(share: float) -> str:
    """`97 %`; all only where it is all, and nothing only where it is nothing."""
    whole = round(100 * share)
    whole = 99 if whole == 100 and share < 1 else 1 if whole == 0 and share > 0 else whole
    return f"{whole} %"
