"""What the Data page says of each clip: its row in the table, the figures above it, and that its video has moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.project.annotations import Clip
from core.runs import ExtractPoses
from studio.document import Document
from studio.jobs import Jobs
from studio.widgets import parts
from studio.widgets.clip_states import ClipState, clip_state, length_words, spoken_length, without_pose
from studio.widgets.job_words import grouped
from studio.widgets.record_table import Cell, Column, Record
from studio.widgets.split_control import SHORT
from studio.widgets.thumbnails import Thumbnails
from studio.words import counted, say

COLUMNS = (
    Column("Clip"),
    Column("Length", 62, is_number=True, rank=2),
    Column("2D poses", 84, rank=4),
    Column("Segments", 112),
    Column("Characteristic poses", 132),
    Column("State", 112, rank=1),
    Column("By", 78, rank=5),
    Column("Split", 58, rank=3),
    Column("Camera", 88, rank=6),
)


@dataclass(frozen=True)
class ClipRow:
    """A clip as the table shows it; `said` is all that its row says, in small letters."""

    record: Record
    state: ClipState
    said: str


class ClipRows:
    """Makes rows of clips as they stand; a row is made again only where something in it has changed."""

    def __init__(self, document: Document, jobs: Jobs, thumbnails: Thumbnails) -> None:
        self._document, self._jobs, self._thumbnails = document, jobs, thumbnails
        self._made: dict[str, tuple[tuple[object, ...], ClipRow]] = {}
        self._without: frozenset[str] = frozenset()
        self._extracting: dict[str, Cell] = {}

    def forget(self) -> None:
        """Another project is open."""
        self._made.clear()

    def look(self) -> None:
        """Before rows are made: what holds for all of them."""
        self._without = without_pose(self._document.project)
        self._extracting = {}
        for job in self._jobs.live():
            if isinstance(job.spec, ExtractPoses):
                share = job.share() or 0.0
                words = f"{share:.0%}".replace("%", " %") if len(job.spec.clip_ids) == 1 else ""
                cell = Cell(words, share=share, colour="accent", tip=job.name)
                self._extracting |= dict.fromkeys(job.spec.clip_ids, cell)

    def row(self, clip: Clip, part: str, *, video_is_there: bool) -> ClipRow:
        """A clip's row; `part` is the one of the split that is shown."""
        camera = self._document.project.cameras.get(clip.camera)
        known = camera is not None and not camera.estimated
        path = self._document.video_path(clip.id)
        picture = self._thumbnails.of(clip.id, path if video_is_there else None)
        poses = self._poses_cell(clip)
        of = (clip, part, video_is_there, known, path, picture, poses, self._without)
        before, row = self._made.get(clip.id, ((), None))
        if row is None or before != of:
            state = clip_state(
                self._document.project, clip, video_is_there=video_is_there, without=self._without
            )  # fmt: skip
            record = self._record(clip, state, part, known=known, path=path, picture=picture, poses=poses)
            said = " ".join((*(cell.words for cell in record.cells), clip.performer)).casefold()
            row = ClipRow(record, state, said)
            self._made[clip.id] = (of, row)
        return row

    def _record(
        self, clip: Clip, state: ClipState, part: str, *,
        known: bool, path: Path | None, picture: QPixmap | None, poses: Cell,
    ) -> Record:  # fmt: skip
        size = say(
            "{width} × {height}, {rate_hz:.4g} frames/s",
            width=clip.video.width,
            height=clip.video.height,
            rate_hz=clip.video.rate_hz,
        )
        tip = f"{clip.name}\n{path or say('Its video is not here')}\n{size}" + (
            say("\nPerformed by {performer}", performer=clip.performer) if clip.performer else ""
        )
        wanting, marked = state.poses_missing, f"{state.share_marked:.0%}".replace("%", " %")
        needed = len(clip.poses) + wanting
        missing = (
            say("{segments} without a pose", segments=counted(wanting, "segment"))
            if wanting
            else say("No segment is without its pose")
        )
        return Record(
            clip.id,
            (
                Cell(clip.name, strong=True, picture=picture, tip=tip),
                Cell(length_words(clip.video.duration_s)),
                poses,
                Cell(marked, share=state.share_marked, colour="accent", tip=counted(state.segments, "segment")),
                Cell(grouped(len(clip.poses)), share=len(clip.poses) / max(needed, 1), colour="accent", tip=missing),
                Cell(state.words, dot=True, colour=state.colour),
                _by_cell(clip),
                Cell(SHORT.get(part, part) or "–", tip="" if part else say("The split does not name it")),
                Cell(say("calibrated") if known else say("estimated")),
            ),
        )

    def _poses_cell(self, clip: Clip) -> Cell:
        if clip.tracks:
            return Cell("", share=1.0, colour="ok", tip=say("Every frame has been looked at"))
        return self._extracting.get(clip.id) or Cell(say("none yet"))


def show_sums(place: QWidget, clips: list[Clip], states: list[ClipState]) -> None:
    missing = sum(state.poses_missing for state in states)
    figures = (
        (grouped(len(clips)), say("clip") if len(clips) == 1 else say("clips")),
        (spoken_length(sum(clip.video.duration_s for clip in clips)), _of_what(clips)),
        (grouped(sum(state.segments for state in states)), say("segments")),
        (grouped(sum(len(clip.poses) for clip in clips)), say("characteristic poses")),
        (grouped(missing), say("without a pose")),
    )
    show_figures(place, figures)


def show_figures(place: QWidget, figures: Sequence[tuple[str, str]]) -> None:
    """Numbers side by side with their words below; laid out again only where one has changed."""
    told = repr(figures)
    if place.property("figures") == told:
        return
    place.setProperty("figures", told)
    made = [parts.col(parts.text(n, "number"), parts.text(words, "caption"), gap=0) for n, words in figures]
    parts.refill(place, made)
    parts.push_left(place)


def _of_what(clips: list[Clip]) -> str:
    """Where clips have come without their videos there is that much marked, not filmed."""
    return say("of video") if all(clip.video.path for clip in clips) else say("in all")


def _by_cell(clip: Clip) -> Cell:
    """Who marked it: one name, `both`, or how many."""
    names = sorted({each.made.author for each in clip.segments})
    words = {0: "–", 1: names[0] if names else "", 2: say("both")}.get(
        len(names), say("{count} people", count=len(names))
    )
    return Cell(words, tip=", ".join(names))


class MovedCard(QWidget):
    """A clip's video is not where it was."""

    def __init__(self) -> None:
        super().__init__()
        self._title = parts.text("", "strong")
        self._words = parts.text("", "label", wrap=True)
        self.locate = parts.button("Find it", "search", "primary")
        box = QHBoxLayout(self)
        box.setContentsMargins(4, 6, 4, 6)
        box.setSpacing(12)
        words = parts.col(self._title, self._words, gap=2)
        parts.fill(box, (parts.glyph("warn", 16, "danger"), (words, 1), self.locate))

    def show_clip(self, clip: Clip, path: Path) -> None:
        count = len(clip.segments)
        many = say("Its {count} segments are safe in the project.", count=grouped(count))
        one = say("Its 1 segment is safe in the project.")
        kept = many if count > 1 else one if count else say("Nothing was marked on it yet.")
        self._title.setText(say("{name} has moved", name=path.name))
        self._words.setText(say("It is no longer in {parent}. {kept}", parent=path.parent, kept=kept))
