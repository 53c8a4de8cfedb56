"""The line with stand-ins for work: the real keeper and the real turns, but runs that only write down when they work.

`python line_stand_in.py ask|keeper|run …` is what the processes of such a line are. Runs write two lines into
`<folder>/../worked`: "begin NAME" and "end NAME", the second after `seconds` of the spec.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from core import line, line_keeper, line_turns, processes
from core.run_folder import RunFolder
from core.runs import Done, MakeDemo

ROOT = Path(__file__).resolve().parents[2]
_detached = processes.start_detached


def start_detached(words, log, environment=None):
    """Our own stand-ins instead of the modules that the line names."""
    role = {"core.line_keeper": "keeper", "core.runner": "run"}[words[1]]
    return _detached((__file__, role, *words[2:]), log, {**(environment or {}), "PYTHONPATH": str(ROOT)})


def spec(folder: Path, lane: str = "one", seconds: float = 0.02) -> MakeDemo:
    return MakeDemo(folder=lane, out=str(folder), seconds=seconds)


def asker(folder: Path, lane: str = "one", seconds: float = 0.02, priority: int = 0) -> "subprocess.Popen[bytes]":
    """A process that asks for a run and ends."""
    words = [sys.executable, __file__, "ask", str(folder), lane, str(seconds), str(priority)]
    return subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)})


def worked(folder: Path) -> list[str]:
    try:
        return (folder / "worked").read_text().splitlines()
    except FileNotFoundError:
        return []


def _run(folder: RunFolder, flags: list[str]) -> int:
    if not line_turns.take_turn(folder, "".join(flags[1:])):
        return line_turns.NOT_NOW
    asked = folder.spec()
    assert isinstance(asked, MakeDemo)

    def write(word: str) -> None:
        with (folder.path.parent / "worked").open("a") as file:
            file.write(f"{word} {folder.path.name}\n")

    write("begin")
    patience = time.monotonic() + asked.seconds
    while time.monotonic() < patience and not folder.was_asked_to_stop():
        time.sleep(0.005)
    write("end")
    folder.append(Done())
    line_turns.leave(folder)
    return 0


if __name__ == "__main__":
    processes.start_detached = start_detached
    role, *rest = sys.argv[1:]
    if role == "keeper":
        sys.exit(line_keeper.main())
    place = RunFolder(Path(rest[0]))
    if role == "run":
        sys.exit(_run(place, rest[1:]))
    line.ask(place, spec(place.path, rest[1], float(rest[2])), priority=int(rest[3]))
