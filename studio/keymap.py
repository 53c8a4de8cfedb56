"""Which keys hold: a preset, and what the person changed in it. Refuses keys that mean something else already.

A preset says only where it differs from the table of commands. Those named after another program are *like* it: the
keys a hand remembers from there, for what both programs do; everything else keeps its key, and what was displaced has a
new one. Of a person's changes only what differs from their preset is kept, so a later default still reaches them.

Keys are Qt's portable names (`Ctrl+Shift+Left`). Allowed are letters, digits, arrows, function keys and named keys, for
punctuation moves with the keyboard's language, and so does Shift with a digit. No widgets here.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import FileError
from studio.commands import BY_NAME, COMMANDS, Command, hold, shared_pages, shown_key
from studio.words import said, say

Keys = tuple[str, ...]

_NAMED = (
    *("Left", "Right", "Up", "Down", "Home", "End", "PgUp", "PgDown"),
    *("Space", "Return", "Enter", "Tab", "Backspace", "Ins", "Del"),
)
_ALLOWED = re.compile(rf"(Ctrl\+)?(Alt\+)?(Shift\+)?(Num\+)?([A-Z0-9]|F([1-9]|1\d|2[0-4])|{'|'.join(_NAMED)})")
_KEYPAD = re.compile(r"Num\+[0-9*/+\-.]")
_RESERVED = {"Shift+F10": "the menu of what is in focus", "Tab": "", "Shift+Tab": ""}
_TAB = ("next-joint", "previous-joint")
"""Only while joints are edited, where nothing else takes Tab."""


@dataclass(frozen=True)
class Preset:
    """A way to hold the hands: its name, what is said of it, and the keys that are not the table's."""

    title: str
    words: str
    keys: Mapping[str, Keys]


PRESETS: dict[str, Preset] = {
    "posecast": Preset("Posecast", "Posecast's own keys.", {}),
    "sleap": Preset(
        "SLEAP-like",
        "For hands used to SLEAP: Ctrl+Alt+arrows jump, F3 suggests, Ctrl+Backspace deletes, Ctrl+J goes to a time.",
        {
            "step-100": ("Ctrl+Alt+Right", "Ctrl+Shift+Right"),
            "step-back-100": ("Ctrl+Alt+Left", "Ctrl+Shift+Left"),
            "next-suggestion": ("F3", "U"),
            "previous-suggestion": ("Shift+F3", "Shift+U"),
            "delete-segment": ("Ctrl+Backspace", "Del"),
            "go-to-time": ("Ctrl+J",),
            "jobs": ("Ctrl+Shift+J",),
            "segment-left": ("Ctrl+Alt+Down",),
            "segment-right": ("Ctrl+Alt+Up",),
            "next-found": ("F4",),
            "previous-found": ("Shift+F4",),
        },
    ),
    "cvat": Preset(
        "CVAT-like",
        "For hands used to CVAT: D and F step, C and V jump ten, K sets a pose, Q is for joints, E and R walk poses.",
        {
            "step-back": ("D", "Left"),
            "step": ("F", "Right"),
            "step-back-10": ("C", "Ctrl+Left"),
            "step-10": ("V", "Ctrl+Right"),
            "set-pose": ("K",),
            "remove-pose": ("Shift+K",),
            "joint-state": ("Q",),
            "previous-pose": ("E", "Alt+Up"),
            "next-pose": ("R", "Alt+Down"),
            "redo": ("Ctrl+Shift+Z", "Ctrl+Y"),
            "fit": ("Ctrl+0",),
            "shown-parts": ("Ctrl+Shift+D",),
            "play-stop": ("Shift+Space",),
            "find-label": ("Shift+Q",),
            "nearest-end": ("Ctrl+Shift+E",),
            "reset-pose": ("Ctrl+R",),
            "resample": ("Ctrl+R",),
            "add-run": ("Shift+R",),
        },
    ),
    "boris": Preset(
        "BORIS-like",
        "For hands used to BORIS: the up and down arrows jump, / and * of the number pad step by frames.",
        {
            "step-100": ("Up", "Ctrl+Shift+Right"),
            "step-back-100": ("Down", "Ctrl+Shift+Left"),
            "step": ("Right", "Num+*"),
            "step-back": ("Left", "Num+/"),
            "previous-step": ("Ctrl+Up",),
            "next-step": ("Ctrl+Down",),
        },
    ),
}


@dataclass
class Keymap:
    """The keys of one person: a preset's name, and the commands whose keys they changed."""

    preset: str = "posecast"
    changed: dict[str, Keys] = field(default_factory=dict)

    def keys(self, name: str) -> Keys:
        """The keys of a command, the one that is shown first."""
        return self.changed.get(name, self.of_preset(name))

    def of_preset(self, name: str) -> Keys:
        return PRESETS[self.preset].keys.get(name, BY_NAME[name].defaults)

    def hold(self) -> None:
        """Let these keys be those of the commands."""
        hold({**PRESETS[self.preset].keys, **self.changed})

    def holders(self, name: str, key: str) -> list[Command]:
        """Who else has `key` on a page where the command `name` holds."""
        one = BY_NAME[name]
        wanted = twins(key)
        return [
            other
            for other in COMMANDS
            if other.name != name and shared_pages(one, other) and not wanted.isdisjoint(self.keys(other.name))
        ]

    def give(self, name: str, key: str, *, take: bool = False) -> list[Command]:
        """Give a command this key instead of its own.

        Who holds it loses it where `take` says so; else they are answered and nothing is changed.
        """
        others = self.holders(name, key)
        if others and not take:
            return others
        for other in others:
            kept = tuple(each for each in self.keys(other.name) if each not in twins(key))
            self._set(other.name, kept)
        self._set(name, _both_enters(key))
        return []

    def take_away(self, name: str) -> None:
        """Leave a command without a key."""
        self._set(name, ())

    def reset(self, name: str, *, take: bool = False) -> list[Command]:
        """Give a command the preset's keys again; as with `give`, others may hold them by now."""
        others = [each for key in self.of_preset(name) for each in self.holders(name, key)]
        if others and not take:
            return list(dict.fromkeys(others))
        for other in others:
            lost = {twin for key in self.of_preset(name) for twin in twins(key)}
            self._set(other.name, tuple(each for each in self.keys(other.name) if each not in lost))
        self.changed.pop(name, None)
        return []

    def use(self, preset: str) -> None:
        """The keys of a preset and nothing else."""
        self.preset, self.changed = preset, {}

    def copy(self) -> "Keymap":
        return Keymap(self.preset, dict(self.changed))

    def _set(self, name: str, keys: Keys) -> None:
        if keys == self.of_preset(name):
            self.changed.pop(name, None)
        else:
            self.changed[name] = keys

    # ---- as text ----

    def as_toml(self) -> str:
        """What differs from the preset, in words a person can edit."""
        lines = [f"{json.dumps(name)} = {json.dumps(list(keys))}" for name, keys in sorted(self.changed.items())]
        return "\n".join(lines) + ("\n" if lines else "")

    def write(self, file: Path) -> None:
        """The keymap as a file of its own."""
        words = f"# Keys of Posecast: a preset, and what differs from it.\npreset = {json.dumps(self.preset)}\n"
        try:
            file.write_text(f"{words}\n[keys]\n{self.as_toml()}", encoding="utf-8")
        except OSError as error:
            raise FileError(
                file, f"keys could not be written: {error.strerror}", hint="Choose another folder."
            ) from error


def read(file: Path) -> tuple[Keymap, tuple[str, ...]]:
    """A keymap from a file of its own, and what of it was not understood."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        hint = 'A file of keys has lines like "set-pose" = ["C"].'
        raise FileError(file, f"cannot be read as keys: {error}", hint=hint) from error
    if not isinstance(found.get("keys"), dict) and "preset" not in found:
        raise FileError(file, "holds no keys", hint="Export keys from the Keys window, then import that file here.")
    return understood(found.get("preset", "posecast"), found.get("keys", {}), file.name)


def understood(preset: Any, table: Any, where: str) -> tuple[Keymap, tuple[str, ...]]:
    """The keymap that a file's values stand for, and what was wrong with them.

    A line that cannot be understood, or that would give a key two meanings, keeps its default and is named.
    """
    complaints: list[str] = []
    if preset not in PRESETS:
        complaints.append(f"keys_like = {preset!r} is not understood in {where}; 'posecast' is used")
        preset = "posecast"
    if not isinstance(table, dict):
        return Keymap(preset), (*complaints, f"[keys] of {where} is no table; the preset's keys are used")
    wanted: dict[str, Keys] = {}
    for name, keys in table.items():
        keys = [keys] if isinstance(keys, str) else keys
        if name not in BY_NAME:
            complaints.append(f"{name!r} in [keys] of {where} is no command")
        elif not isinstance(keys, list) or not all(isinstance(each, str) for each in keys):
            complaints.append(f"{name} in [keys] of {where} is no list of keys")
        elif wrong := [each for each in keys if why_not(each, name)]:
            complaints.append(f"{name} in [keys] of {where}: {wrong[0]!r} cannot be a key")
        else:
            wanted[name] = tuple(keys)
    made = Keymap(preset)
    made.changed = {name: keys for name, keys in wanted.items() if keys != made.of_preset(name)}
    while (clash := _clash(made)) is not None:  # a default that comes back may be somebody else's by now
        name, key, other = clash
        complaints.append(f"{name} in [keys] of {where}: {key} is {other.words.rstrip('…')}")
        del made.changed[name]
    return made, tuple(complaints)


def _clash(keymap: Keymap) -> tuple[str, str, Command] | None:
    """A changed command, its key, and who else has it."""
    for name, keys in keymap.changed.items():
        for key in keys:
            if others := keymap.holders(name, key):
                return name, key, others[0]
    return None


def why_not(key: str, name: str = "") -> str:
    """Why a key cannot be given to the command `name`; empty where it can."""
    if key == "Esc" or key.endswith("+Esc"):
        return said("Esc always goes back out, one step at a time.")
    if key in _RESERVED and not (name in _TAB and key.endswith("Tab")):
        meaning = _RESERVED[key] or "the next control"
        return say("{key} is {meaning}, everywhere.", key=shown_key(key), meaning=said(meaning))
    if key in _EXCEPTIONS.get(name, ()) or _KEYPAD.fullmatch(key):
        return ""
    if re.search(r"Shift\+\d$", key) or not _ALLOWED.fullmatch(key):
        return say(
            "{key} moves with the language of the keyboard. Use a letter, a digit, an arrow or a key with a name.",
            key=shown_key(key),
        )
    return ""


_EXCEPTIONS = {name: BY_NAME[name].defaults for name in ("zoom-in", "zoom-out", "settings")}
"""Signs everybody knows from elsewhere."""


def twins(key: str) -> set[str]:
    """Keys that are one to a person: both Enters."""
    head, plus, last = key.rpartition("+")
    return {head + plus + each for each in ("Return", "Enter")} if last in ("Return", "Enter") else {key}


def _both_enters(key: str) -> Keys:
    head, plus, last = key.rpartition("+")
    return (f"{head}{plus}Return", f"{head}{plus}Enter") if last in ("Return", "Enter") else (key,)
