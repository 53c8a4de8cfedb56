"""What an edit of a large project costs, beside a bare SQLite insert committed on the same disk in the same run.

100,000 segments in 100 clips, and once more in a single clip. `run()` gives milliseconds (medians) and the ratio.
"""

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from msgspec.structs import replace

from core.project import edits
from core.project.annotations import Clip, Project, Provenance, Segment, VideoFile, new_id
from core.project.store import ProjectStore

SEGMENTS = 100_000
ROUNDS = 60


def run(segments: int = SEGMENTS, rounds: int = ROUNDS) -> dict[str, float]:
    """Name → figure. Each round times a bare commit and the edits one after the other, so that load falls on both."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        bare = bare_database(Path(place) / "bare.sqlite")
        for name, clips in (("100 clips", 100), ("one clip", 1)):
            folder = Path(place) / name
            with ProjectStore.create(folder, "Large", "Ada") as store:
                store.edit(large(store.project, clips, segments // clips), "Import")
                measured = _edits(store, bare, rounds)
            again, measured["open ms"] = _timed(lambda folder=folder: ProjectStore.open(folder, "Ada"))
            again.close()
            measured["edit, times a bare commit"] = measured["edit ms"] / measured["bare commit ms"]
            measured["file MB"] = (folder / "project.sqlite").stat().st_size / 1e6
            figures |= {f"{name}: {key}": round(value, 3) for key, value in measured.items()}
        bare.close()
    return figures


def bare_database(path: Path) -> sqlite3.Connection:
    """A database with one table, as durable as the project's."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE bare (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID")
    return connection


def large(project: Project, clips: int, segments_each: int) -> Project:
    """Clips with as many segments, one after the other."""
    made = Provenance.now("Ada")
    project, cut = edits.label_for(project, "cut", "action", author="Ada")
    added = dict(project.clips)
    for at in range(clips):
        video = VideoFile(
            path=f"videos/{at}.mp4", frame_count=segments_each * 10, width=640, height=360, rate_hz=30.0,
            duration_s=segments_each / 3, size_bytes=1, fingerprint="",
        )  # fmt: skip
        marked = tuple(
            Segment(id=new_id(), action=cut.id, start_frame=10 * n, end_frame=10 * n + 9, made=made)
            for n in range(segments_each)
        )
        clip = Clip(id=new_id(), name=f"clip {at}", video=video, segments=marked, made=made)
        added[clip.id] = clip
    return replace(project, clips=added)


def _edits(store: ProjectStore, bare: sqlite3.Connection, rounds: int) -> dict[str, float]:
    clip_id = list(store.project.clips)[len(store.project.clips) // 2]
    body = "x" * 400

    def insert() -> None:
        bare.execute("INSERT INTO bare VALUES (?, ?)", (new_id(), body))

    times: dict[str, list[float]] = {"bare commit ms": [], "edit ms": [], "undo ms": [], "redo ms": []}
    for at in range(rounds):
        clip = store.project.clips[clip_id]
        segment = clip.segments[at * 7919 % len(clip.segments)]

        def move(segment: Segment = segment) -> None:
            after = edits.move_ends(store.project, clip_id, segment.id, end_frame=segment.end_frame + 1)
            store.edit(after, "Move end of cut")

        for name, doing in zip(times, (insert, move, store.undo, store.redo), strict=True):
            times[name].append(_timed(doing)[1])
    return {name: median(each) for name, each in times.items()}


def _timed(doing: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = doing()
    return result, (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
