"""A day's work in stretches, each ended by `kill -9`: the script that works and the one that kills it.

    python -m tests.journeys.days_work FOLDER LEDGER       one JSON line a stretch on standard input, one back each

A stretch is a process of its own that opens the project and edits it, by itself through the document or by keys in the
studio's real window. What it is told is done (`Document.edit` has returned, the window shows it) it writes down in the
ledger, one line an edit and on the disk before the next begins. The ledger knows rows by their tables and ids, made by
comparing projects plainly: nothing of the store's own comparing, writing or reading is in it.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import msgspec
import numpy as np
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.bodies.skeletons import UPPER_BODY_9
from core.motion import Poses2d
from core.project import edits
from studio import settings as preferences
from studio.app import Studio
from studio.document import Document
from tests.core.project.every_edit import EDITS, FRAMES, Desk, edited

COMMON = ("mark", "mark", "mark", "mark", "set pose", "set pose", "set pose", "move end", "relabel", "edit joints")
TABLES = ("labels", "clips", "cameras", "splits", "items", "clusterings", "answers")
CHILDREN = ("actors", "segments", "poses")


def rows_of(table, key, value):
    """A value as rows: table/id → the clip it belongs to and what it says."""
    told = json.loads(msgspec.json.encode(value))
    rows = {}
    if table == "clips":
        for child in CHILDREN:
            rows |= {f"{child}/{each['id']}": [key, each] for each in told.pop(child)}
    rows[f"{table}/{key}"] = ["", told]
    return rows


def difference(before, after):
    """Rows that differ: before and after, None where there is none."""
    was, now = {}, {}
    if (before.name, before.id) != (after.name, after.id):
        was[f"meta/{before.id}"] = ["", {"id": before.id, "name": before.name}]
        now[f"meta/{after.id}"] = ["", {"id": after.id, "name": after.name}]
    for table in TABLES:
        old, new = getattr(before, table), getattr(after, table)
        for key in old.keys() | new.keys():
            if old.get(key) is not new.get(key):
                was |= rows_of(table, key, old[key]) if key in old else {}
                now |= rows_of(table, key, new[key]) if key in new else {}
    return {key: [was.get(key), now.get(key)] for key in was.keys() | now.keys() if was.get(key) != now.get(key)}


class Ledger:
    """Lines that are on the disk when `note` returns; a byte to the killer for each."""

    def __init__(self, path, tell):
        self.file, self.tell = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), tell

    def note(self, kind, changed):
        os.write(self.file, json.dumps({"kind": kind, "rows": changed}).encode() + b"\n")
        os.fsync(self.file)
        os.write(self.tell, b".")


def work_alone(document, ledger, seed):
    """Edits of every kind, mostly marking, for ever."""
    desk = Desk(seed)
    desk.names = 10_000 * (seed + 1)  # so that names of other stretches are free
    desk.copies.append(document.project)
    for what in ("undo", "redo"):  # what was done before the kill can still be taken back
        stepped(document, ledger, what)
    while True:
        what = desk.one(COMMON) if desk.chance.random() < 0.8 else desk.one([*EDITS, "undo", "undo", "redo", "tracks"])
        if what in ("undo", "redo"):
            stepped(document, ledger, what)
            continue
        before = document.project
        if what == "tracks":
            sway = np.full((FRAMES, 1, 9, 2), desk.chance.random(), np.float32)
            name = document.store.write_tracks(Poses2d(UPPER_BODY_9, sway, np.ones((FRAMES, 1, 9), np.float32)))
            after = edits.set_tracks(before, desk.clip(before).id, name)
        else:
            after = edited(before, what, desk)
        if document.edit(after, what) and document.project is not before:
            ledger.note("edit", difference(before, document.project))


def stepped(document, ledger, what):
    before = document.project
    (document.undo if what == "undo" else document.redo)()
    if document.project is not before:
        ledger.note(what, difference(before, document.project))


def work_at_the_window(document, ledger, seed, window):
    """Keys of Annotate, as a person strikes them, for ever."""
    chance, state = random.Random(seed), [document.project]

    def shown(_changes):
        before, state[0] = state[0], document.project
        kind = document.store.journal[-1].kind
        ledger.note(kind, difference(before, document.project))

    document.changed.connect(shown)

    def press(key, modifiers=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)

    while True:
        document.seek(chance.randrange(FRAMES - 200))
        press(Qt.Key.Key_I)
        document.seek(document.playhead + chance.randrange(5, 90))
        press(Qt.Key.Key_O)
        press(Qt.Key(Qt.Key.Key_1 + chance.randrange(2)))
        document.seek(document.playhead - 3)
        press(Qt.Key.Key_C)
        if chance.random() < 0.5:
            press(chance.choice((Qt.Key.Key_X, Qt.Key.Key_E, Qt.Key.Key_Delete, Qt.Key.Key_1)))
        if chance.random() < 0.3:
            press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        QCoreApplication.processEvents()


def stretch(folder, ledger, seed, mode):
    if mode == "window":
        app = QApplication(["days-work"])
        kept = preferences.load(folder.parent / "settings.toml")
        kept.keep_nothing()
        kept.name = "Ada"
        studio = Studio(app, kept)
        studio.document.open(folder)
        studio.window.show_page("annotate")
        studio.window.show()
        studio.window.activateWindow()
        studio.window.focus_page()
        QTest.qWaitForWindowActive(studio.window)
        work_at_the_window(studio.document, ledger, seed, studio.window)
    else:
        _app = QCoreApplication(["days-work"])
        document = Document("Ada")
        document.open(folder)
        work_alone(document, ledger, seed)


def killed_stretch(folder, path, seed, edits_before, delay_s, mode):
    """Let a stretch work until so many edits are told, then a little longer, then kill it. How many were told."""
    listen, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(listen)
        try:
            stretch(folder, Ledger(path, tell), seed, mode)
        except Exception:  # noqa: BLE001  (whatever it is, it is to be seen: this process ends without a word)
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(tell)
    told = 0
    while told < edits_before and (said := os.read(listen, 1)):
        told += len(said)
    log = folder / "project.sqlite-wal"
    if mode == "in a write":
        before, until = log.stat().st_mtime_ns, time.monotonic() + 5
        while log.stat().st_mtime_ns == before and time.monotonic() < until:
            pass
    time.sleep(delay_s)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    while said := os.read(listen, 4096):
        told += len(said)
    os.close(listen)
    return {"told": told, "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL}


def main(folder, path):
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(killed_stretch(folder, path, **asked)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
