"""2,000 edits of a day's work, killed by `kill -9` at 50 random moments: nothing lost, nothing in a wrong place."""

import json
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core.project import edits
from core.project.check import check
from core.project.store import ProjectStore
from tests.core.project.every_edit import FIRST, Desk, edited

ROOT = Path(__file__).parents[2]
EDITS, KILLS = 2000, 50
WINDOWS = 4
"""So many of the stretches are worked by keys in the real window."""
TABLES = (
    "meta",
    "labels",
    "clips",
    "cameras",
    "splits",
    "items",
    "clusterings",
    "answers",
    "actors",
    "segments",
    "poses",
)


def on_disk(folder):
    """Every row of the file, and its journal's rows as changes, read by a connection of its own."""
    connection = sqlite3.connect(f"file:{folder / 'project.sqlite'}?mode=ro", uri=True)
    try:
        rows = {}
        for table in TABLES:
            for key, clip, body in connection.execute(f"SELECT id, clip, body FROM {table}"):
                rows[f"{table}/{key}"] = [clip, json.loads(body)]
        journal = connection.execute("SELECT undoes, changes FROM journal ORDER BY sequence").fetchall()
    finally:
        connection.close()
    return rows, journal


def changed(changes):
    """A row of the journal in the ledger's words; rows of which only the place moved are none."""
    rows = {}
    for each in json.loads(changes):
        was, now = ([each[side]["clip"], each[side]["body"]] if each[side] else None for side in ("before", "after"))
        if was != now:
            rows[f"{each['table']}/{each['id']}"] = [was, now]
    return rows


class Kept:
    """What has to be in the file, by the ledger alone; and the steps that can be taken back."""

    def __init__(self, rows, journal):
        self.rows, self.lines, self.back = dict(rows), 0, []
        self.made = [changed(changes) for _, changes in journal[1:]]  # the first makes the project

    def take(self, line):
        told = json.loads(line)
        for key, (was, now) in told["rows"].items():
            assert self.rows.get(key) == was, f"{key} was not what the edit began from"
            if now is None:
                del self.rows[key]
            else:
                self.rows[key] = now
        inverse = {key: [now, was] for key, (was, now) in told["rows"].items()}
        match told["kind"]:
            case "undo":
                assert inverse == self.made[-1]
                self.back.append(self.made.pop())
            case "redo":
                assert told["rows"] == self.back[-1]
                self.made.append(self.back.pop())
            case _:
                self.made.append(told["rows"])
                self.back.clear()
        self.lines += 1

    def take_unsaid(self, change):
        """An edit that was on the disk and that nobody was told of before the kill."""
        rows = changed(change)
        inverse = {key: [now, was] for key, (was, now) in rows.items()}
        if self.made and inverse == self.made[-1]:
            kind = "undo"
        else:
            kind = "redo" if self.back and rows == self.back[-1] else "edit"
        self.take(json.dumps({"kind": kind, "rows": rows}))


@pytest.mark.gui
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="stretches are forked, which other systems' windows do not take")
def test_that_a_days_work_killed_fifty_times_loses_and_misplaces_nothing(tmp_path):
    chance, folder, path = random.Random(7), tmp_path / "kitchen", tmp_path / "ledger"
    with ProjectStore.create(folder, "Kitchen", "Ada") as store:
        desk = Desk(0)
        for what in (*FIRST, "add label"):
            store.edit(edited(store.project, what, desk), what)
        for at, label in enumerate(store.project.actions()[:2]):
            store.edit(edits.set_label_key(store.project, label.id, ""), "free the key")
            store.edit(edits.set_label_key(store.project, label.id, str(at + 1)), "give the key")
    rows, journal = on_disk(folder)
    kept, begun, seen = Kept(rows, journal), len(journal), 0
    path.touch()
    cuts = sorted(chance.sample(range(1, EDITS), KILLS - 1))
    counts = [end - start for start, end in zip([0, *cuts], [*cuts, EDITS], strict=True)]
    at_windows = set(chance.sample(range(1, KILLS), WINDOWS))
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.days_work", str(folder), str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
    )  # fmt: skip
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        for number, count in enumerate(counts):
            mode = "window" if number in at_windows else chance.choice(("anywhere", "in a write"))
            delay_s = chance.uniform(0, 0.004) if mode != "in a write" else chance.uniform(0, 0.0006)
            asked = {"seed": number, "edits_before": count, "delay_s": delay_s, "mode": mode}
            child.stdin.write(json.dumps(asked) + "\n")
            child.stdin.flush()
            answer = json.loads(child.stdout.readline())
            assert answer["killed"], f"stretch {number} ended by itself"

            lines = path.read_bytes().splitlines(keepends=True)
            whole = [line for line in lines[seen:] if line.endswith(b"\n")]
            for line in whole:
                kept.take(line)
            path.write_bytes(b"".join([*lines[:seen], *whole]))  # what the kill cut in half was told to nobody
            seen += len(whole)
            rows, journal = on_disk(folder)
            unsaid = len(journal) - begun - kept.lines
            assert unsaid in (0, 1), f"stretch {number}: {unsaid} edits more in the file than anybody was told of"
            if unsaid:
                kept.take_unsaid(journal[-1][1])
            assert rows == kept.rows
            for key, (_, body) in rows.items():
                if key.startswith("poses/") and body["identity"]["luma"]:
                    assert body["identity"]["luma"] == f"{body['frame']:04x}"
            assert [each for each in check(folder) if each.severity == "error"] == []
        child.stdin.close()
    assert kept.lines >= EDITS
    with ProjectStore.open(folder, "Ada") as store:
        taken_back = 0
        while store.undo() is not None:
            taken_back += 1
        assert taken_back == len(kept.made)
        assert store.project.clips == {}
        assert store.project.labels == {}
