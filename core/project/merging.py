"""Merging another person's copy of a project: finding what both began from, and making the merge one edit.

    copy = opened_copy(folder, mine=store.project, here=store.folder)     # reads, changes nothing
    copy.plan.conflicts, copy.plan.taken, copy.offered
    outcome = copy.outcome(copy.preferring("newer"))
    store.edit(outcome.project, copy.label, source=copy.source)

A copy has the project's id and the beginning of its journal. What both began from is the copy's state at the last
journal row that both have, or that an earlier merge took in (Project.merged): so merging twice brings nothing the
second time, and a later merge only what is new. Where the other person has merged this project since, it is this
project's own state at the row they took. The merge is one row of this journal, so it is undone and redone as one;
every row it brings keeps who made it and when, and who changed what stands in the report beside the project.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from core.errors import CoreError, FileError, ProjectError
from core.project import inbox, merge_words, same_rows
from core.project.annotations import MergedCopy, Project
from core.project.database import FILE_NAME, Database, look
from core.project.journal import Entry
from core.project.merge_repairs import overlaps_made, repaired
from core.project.merge_words import Names
from core.project.rows import Key, Row, RowChange, value_of, with_rows
from core.project.store import looked_at, opened_for_reading
from core.project.three_way import Choice, Conflict, Decisions, Plan, planned
from core.project.track_files import folder_of, read_tracks, write_tracks
from core.whole_files import whole_file
from core.wording import counted

Preference = Literal["mine", "theirs", "newer"]
REPORTS = "merges"


@dataclass(frozen=True)
class Who:
    """Who changed a row last on one side, and when (UTC, ISO 8601)."""

    name: str
    at: str


@dataclass(frozen=True)
class Outcome:
    """The merged project, and what had to be said on the way."""

    project: Project
    notes: tuple[str, ...]


@dataclass(frozen=True)
class OpenedCopy:
    """Another person's copy beside this project, compared. Values only: nothing stays open."""

    folder: Path
    here: Path
    mine: Project
    plan: Plan
    whose: str
    row: str
    """The last row of its journal."""
    seen: tuple[str, ...]
    """Earlier rows of its journal that were merged, which this merge goes on from."""
    offered: Mapping[str, str]
    """Labels both made under one name: theirs → mine."""
    same_labels: bool
    same: Mapping[str, str]
    by_mine: Mapping[Key, Who]
    by_theirs: Mapping[Key, Who]
    brought: tuple[str, ...]
    """What was put right about places of files before anything was compared."""

    @property
    def label(self) -> str:
        """What the edit is called."""
        return f"Merge {self.whose}"

    @property
    def source(self) -> str:
        return f"merge up to {self.row[:12]}"

    @property
    def is_nothing_new(self) -> bool:
        return not self.plan.taken and not self.plan.conflicts

    def who(self, conflict: Conflict, side: Literal["mine", "theirs"]) -> Who | None:
        """Who last changed what a conflict is about, on that side."""
        of = self.by_mine if side == "mine" else self.by_theirs
        found = [of[key] for key in conflict.keys if key in of]
        if found:
            return max(found, key=lambda who: who.at)
        made = [each.made for each in getattr(conflict, side) if hasattr(each, "made")]
        return max((Who(each.author, each.at) for each in made), key=lambda who: who.at, default=None)

    def preferring(self, preference: Preference) -> dict[str, Choice]:
        """All decisions at once: one side, or whoever changed it later (this side where that is not known)."""
        if preference != "newer":
            return {each.id: preference for each in self.plan.conflicts}
        return {each.id: self.newer(each) for each in self.plan.conflicts}

    def newer(self, conflict: Conflict) -> Choice:
        mine, theirs = self.who(conflict, "mine"), self.who(conflict, "theirs")
        return "theirs" if theirs is not None and (mine is None or theirs.at > mine.at) else "mine"

    def outcome(self, decisions: Decisions) -> Outcome:
        """The project once merged. ProjectError where a conflict is not decided."""
        waiting = [each for each in self.plan.conflicts if decisions.get(each.id) not in each.choices]
        if waiting:
            raise ProjectError(
                f"{counted(len(waiting), 'conflict')} to decide",
                hint="Choose mine or theirs for each, or prefer one side for all.",
            )
        merged, notes = repaired(self.plan.result(decisions), self.mine, (self.plan.theirs, self.plan.base))
        names = Names(merged, self.mine)
        for clip, one, other in overlaps_made(merged, self.mine, self.plan.theirs):
            pair = " and ".join(merge_words.row_in_words(names, "segments", clip.id, each) for each in (one, other))
            notes = (*notes, f"{clip.name}: {pair} overlap now.")
        if self.is_nothing_new:
            return Outcome(self.mine, notes)
        return Outcome(replace(merged, merged=self._memory()), notes)

    def _memory(self) -> tuple[MergedCopy, ...]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        earlier = [each for each in self.mine.merged if each.row in self.seen]
        same = {key: value for each in earlier for key, value in each.same.items()} | dict(self.same)
        kept = [each for each in self.mine.merged if each.row not in self.seen]
        rows = {each.row for each in kept}
        others = [each for each in self.plan.theirs.merged if each.row not in rows and each.row not in self.seen]
        return (*kept, *others, MergedCopy(row=self.row, whose=self.whose, at=now, same=same))

    # ---- what it says ----

    def report(self, decisions: Decisions, notes: Iterable[str] = ()) -> str:
        """Everything that was taken, decided and left, one line each."""
        names = Names(self.plan.theirs, self.mine, self.plan.base)
        plan = self.plan
        lines = [f"{self.label}", f"from {self.folder}", ""]
        lines.append(f"Taken: {len(plan.taken)}")
        for each in plan.taken:
            who = self.by_theirs.get(each.key)
            lines.append(f"  {merge_words.taken_in_words(names, each)}{_by(who)}")
        lines += ["", f"Decided: {len(plan.conflicts)}"]
        for conflict in plan.conflicts:
            where = f"{names.clip_name(conflict.clip)}: " if conflict.clip else ""
            lines.append(f"  {where}{merge_words.question_in_words(names, conflict)}")
            for side in ("mine", "theirs"):
                says = merge_words.side_in_words(names, conflict, getattr(conflict, side))
                lines.append(f"    {side}: {says}{_by(self.who(conflict, side))}")
            lines.append(f"    decided: {decisions.get(conflict.id, 'open')}")
        one = self.same_labels_in_words()
        lines += ["", f"One label where both made one: {len(one)}", *(f"  {each}" for each in one)] if one else []
        left = self.left_in_words()
        lines += ["", f"Left as here: {len(left)}", *(f"  {each}" for each in left)]
        said = (*self.brought, *notes)
        lines += ["", f"Notes: {len(said)}", *(f"  {each}" for each in said)] if said else []
        return "\n".join(lines) + "\n"

    def same_labels_in_words(self) -> tuple[str, ...]:
        """Labels that both made under one name and that are one from now on."""
        return tuple(sorted(self.mine.labels[each].name for each in self.offered.values())) if self.same_labels else ()

    def left_in_words(self) -> tuple[str, ...]:
        """What they changed that stays as it is here."""
        names = Names(self.mine)
        return tuple(
            f"{names.clip_name(row_id)}: its video stays where it lies here, it is the same one"
            for _, row_id in dict.fromkeys(self.plan.kept)
        )


def opened_copy(folder: Path, *, mine: Project, here: Path, same_labels: bool = True) -> OpenedCopy:
    """The copy in `folder` compared with the project `mine`, which lies in `here`. Writes nothing.

    `same_labels`: labels of one name that both made are one label. ProjectError in words where it is no copy.
    """
    folder = folder.parent if folder.name == FILE_NAME and folder.is_file() else folder
    if folder.resolve() == here.resolve() or _is_same_file(folder / FILE_NAME, here / FILE_NAME):
        raise ProjectError("That is this project itself", hint="Choose the folder of the other person's copy.")
    try:
        look(folder / FILE_NAME)
        database, (theirs, _, sequence) = looked_at(folder / FILE_NAME, alone=False)
    except FileError as error:  # both files have one name: say which of the two it is
        error.args = (f"{folder.name}/{error}",)
        raise
    own_database: Database | None = None
    try:
        own_database = opened_for_reading(here / FILE_NAME)
        entries, own = database.entries(up_to=sequence), own_database.entries()
        shared = _shared_rows(own, entries)
        if theirs.id != mine.id or not shared:
            raise ProjectError(
                f'"{theirs.name}" and "{mine.name}" have no common beginning, so they cannot be merged',
                hint="What is marked there can still come in: export it there with Project ▸ Export… and import it"
                " here with Project ▸ Import….",
            )
        start = _Start.of(mine, theirs, own, entries, shared)
        base, by_theirs = _state_at(database, theirs, entries, start.theirs)
        if start.mine is not None:
            base, _ = _state_at(own_database, mine, own, start.mine)
        return _compared(folder, here, mine, theirs, base, same_labels, entries, start, by_theirs, own_database, own)
    finally:
        database.close()
        if own_database is not None:
            own_database.close()


def _compared(
    folder: Path,
    here: Path,
    mine: Project,
    theirs: Project,
    base: Project,
    same_labels: bool,
    entries: Sequence[Entry],
    start: "_Start",
    by_theirs: Mapping[Key, Who],
    own_database: Database,
    own: Sequence[Entry],
) -> OpenedCopy:
    theirs, brought = _with_places(theirs, base, mine, folder, here)
    if waiting := len(inbox.waiting(folder)):
        results = "result waits" if waiting == 1 else "results wait"
        brought += (f"{waiting} {results} there to be taken in: open the copy once, then merge again.",)
    known = same_rows.known(mine, theirs)
    theirs, base = same_rows.renamed(theirs, known), same_rows.renamed(base, known)
    offered = same_rows.offered_labels(mine, theirs)
    same = same_rows.found(base, mine, theirs, offered if same_labels else {})
    same.update(offered if same_labels else {})
    theirs, base = same_rows.renamed(theirs, same), same_rows.renamed(base, same)
    plan = planned(base, mine, theirs)
    to = {**known, **same}
    asked = {key for each in plan.conflicts for key in each.keys}
    return OpenedCopy(
        folder=folder,
        here=here,
        mine=mine,
        plan=plan,
        whose=_whose(entries, start.theirs, folder),
        row=entries[-1].id,
        seen=start.seen,
        offered=offered,
        same_labels=same_labels,
        same=same,
        by_mine=_last_changes(own_database, own, asked),
        by_theirs={(table, to.get(row_id, row_id)): who for (table, row_id), who in by_theirs.items()},
        brought=brought,
    )


def bring_tracks(copy: OpenedCopy, outcome: Outcome) -> Outcome:
    """The 2D poses that the merged project names, copied beside it; where there are none, the clip keeps its own."""
    project, notes = outcome.project, list(outcome.notes)
    for clip in list(project.clips.values()):
        if not clip.tracks or folder_of(copy.here, clip.tracks).is_dir():
            continue
        try:
            poses = read_tracks(copy.folder, clip.tracks)
        except CoreError as error:
            own = copy.mine.clips.get(clip.id)
            project = project.with_clip(replace(clip, tracks=own.tracks if own is not None else ""))
            notes.append(f"{clip.name}: {error}; it goes on without the ones from there.")
        else:
            write_tracks(copy.here, poses)
    return Outcome(project, tuple(notes))


def save_report(copy: OpenedCopy, text: str) -> Path:
    """Keep the report beside the project."""
    folder, name = copy.here / REPORTS, f"{datetime.now(UTC).astimezone():%Y-%m-%d %H.%M.%S}"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ProjectError(f"the report was not saved: {error.strerror}", hint="Free space on the disk.") from error
    places = (folder / f"{each}.txt" for each in chain((name,), (f"{name} {n}" for n in count(2))))
    path = next(each for each in places if not each.exists())  # two merges of one second keep a report each
    with whole_file(path) as place:
        place.write_text(text, encoding="utf-8")
    return path


# ---- what both began from ----


@dataclass(frozen=True)
class _Start:
    """Their row that both began from, and mine where that is better; which of their rows were merged before."""

    theirs: int
    mine: int | None
    seen: tuple[str, ...]

    @classmethod
    def of(
        cls, mine: Project, theirs: Project, own: Sequence[Entry], entries: Sequence[Entry], shared: int
    ) -> "_Start":
        at = {each.id: each.sequence for each in entries}
        own_at = {each.id: each.sequence for each in own}
        merged = sorted((at[each.row], each.at) for each in mine.merged if each.row in at)
        merged_there = sorted((own_at[each.row], each.at) for each in theirs.merged if each.row in own_at)
        seen = tuple(each.row for each in mine.merged if each.row in at)
        latest = max([shared, *(sequence for sequence, _ in merged)])
        if merged_there and merged_there[-1][0] > shared and (not merged or merged_there[-1][1] > merged[-1][1]):
            return cls(latest, merged_there[-1][0], seen)
        return cls(latest, None, seen)


def _shared_rows(own: Sequence[Entry], entries: Sequence[Entry]) -> int:
    """How many rows both journals begin with."""
    shorter = min(len(own), len(entries))
    return next((at for at in range(shorter) if own[at].id != entries[at].id), shorter)


def _state_at(
    database: Database, project: Project, entries: Sequence[Entry], sequence: int
) -> tuple[Project, dict[Key, Who]]:
    """A project as it was at that row, and who changed which rows last since."""
    first: dict[Key, Row | None] = {}
    last: dict[Key, Row | None] = {}
    by: dict[Key, Who] = {}
    for entry in entries[sequence:]:
        for change in database.changes_of(entry.sequence):
            key = (change.table, change.id)
            first.setdefault(key, change.before)
            last[key] = change.after
            by.update(dict.fromkeys(_flat_keys(change), Who(entry.author, entry.at)))
    back = tuple(RowChange(table=key[0], id=key[1], before=last[key], after=first[key]) for key in first)
    return with_rows(project, back, {}), by


def _last_changes(database: Database, entries: Sequence[Entry], asked: set[Key]) -> dict[Key, Who]:
    """Who changed these rows last: read backwards, as far as needed."""
    found: dict[Key, Who] = {}
    for entry in reversed(entries):
        if len(found) == len(asked):
            break
        for change in database.changes_of(entry.sequence):
            for key in _flat_keys(change):
                if key in asked:
                    found.setdefault(key, Who(entry.author, entry.at))
    return found


def _flat_keys(change: RowChange) -> tuple[Key, ...]:
    """The keys that a changed row has in core.project.three_way.Flat."""
    if change.table == "meta":
        return (("meta", ""),)
    if change.table != "poses":
        return ((change.table, change.id),)
    rows = [row for row in (change.before, change.after) if row is not None]
    return tuple({("poses", value_of("poses", row.body).segment) for row in rows})


def _whose(entries: Sequence[Entry], since: int, folder: Path) -> str:
    """`Ben's copy`, of whoever edited it since; the folder's name where nobody did."""
    authors = Counter(each.author for each in entries[since:])
    names = [name for name, _ in authors.most_common(2)]
    if not names:
        return f"the copy {folder.name}"
    return f"{' and '.join(names)}'s copy" if len(authors) <= 2 else f"{names[0]}'s and others' copy"


def _with_places(
    theirs: Project, base: Project, mine: Project, folder: Path, here: Path
) -> tuple[Project, tuple[str, ...]]:
    """Theirs with the files of what they added where this project finds them: in the copy's own folder."""
    said: list[str] = []

    def placed(path: str) -> str:
        if not path or Path(path).is_absolute() or (here / path).exists() or not (folder / path).exists():
            return path
        return str((folder / path).absolute())

    tables: dict[str, dict[str, Any]] = {"clips": dict(theirs.clips), "items": dict(theirs.items)}
    for clip in theirs.clips.values():
        path = placed(clip.video.path)
        if clip.id not in base.clips and path != clip.video.path:
            tables["clips"][clip.id] = replace(clip, video=replace(clip.video, path=path))
            said.append(f"{clip.name}: its video stays in {folder.name}.")
    for item in theirs.items.values():
        path = placed(item.path)
        if item.id not in base.items and item.id not in mine.items and path != item.path:
            tables["items"][item.id] = replace(item, path=path)
            said.append(f"{item.kind} {item.name}: its files stay in {folder.name}.")
    return replace(theirs, **tables) if said else theirs, tuple(said)


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _by(who: Who | None) -> str:
    if who is None:
        return ""
    return f" ({who.name}, {datetime.fromisoformat(who.at).astimezone():%Y-%m-%d %H:%M})"
