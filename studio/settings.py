"""What a person prefers, kept in one TOML file that can be read and edited by hand.

The file lies where the system keeps settings (`platformdirs`); `POSECAST_SETTINGS` names another folder. A value that
cannot be understood keeps its default and is said in `Settings.complaints`; nothing is lost over a typing mistake.
"""

import getpass
import json
import os
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import platformdirs

from studio import keymap as keymaps

Look = Literal["dark", "light", "system"]
Shows = Literal["joints", "body", "both"]
TEXT_SIZES = (100, 115, 130)
MOST_TRANSPARENT = 20
"""Percent: below this nobody could tell that a body is there."""
MOST_FUTURES = 6
"""So many futures still fit under a lane."""
_MOST_RECENT = 8


@dataclass(frozen=True)
class RecentProject:
    """A project that was open here: where it is, what it is called, when it was last open (local time, ISO 8601)."""

    folder: Path
    name: str
    at: str


@dataclass
class Settings:
    """The preferences of the person at this machine. `save` writes them."""

    file: Path
    name: str
    look: Look = "system"
    text_size: int = 100
    recent: tuple[RecentProject, ...] = ()
    panels: dict[str, list[int]] = field(default_factory=dict)  # sizes of splitters, by page and part
    tour_seen: bool = False
    body: str = "built-in/smpl/neutral"  # whose form bodies are shown in: a key of core.bodies.library
    forecast_shows: Shows = "both"  # what stands for a person there
    annotate_shows: Shows = "joints"
    body_opacity: int = 85  # percent, over a picture
    body_beside: bool = False  # beside the picture instead of in front of it
    forecast_lanes: bool = False  # on the timeline of Annotate
    light_copies: bool = True  # of videos that are slow to seek, for scrubbing
    lane_futures: int = 0  # so many behind each of them
    walks_to_drafts: bool = True  # "Next missing" stops there too
    keymap: keymaps.Keymap = field(default_factory=keymaps.Keymap)
    lanes: dict[str, list[str]] = field(default_factory=dict)  # whose lanes are shown, by the project's folder
    heard: dict[str, float] = field(default_factory=dict)
    """Up to when the ends of a project's jobs were said, seconds since 1970, by the project's folder."""
    rows: dict[str, list[str]] = field(default_factory=dict)  # of the timeline: order, hidden, locked, by key
    complaints: tuple[str, ...] = ()
    is_kept: bool = True

    def keep_nothing(self) -> None:
        """From now on nothing is written: for photographs."""
        self.is_kept = False

    def remember(self, folder: Path, name: str) -> None:
        """Put a project first among the recent ones."""
        folder = folder.resolve()
        others = tuple(each for each in self.recent if each.folder != folder)
        newest = RecentProject(folder, name, datetime.now().astimezone().isoformat(timespec="seconds"))
        self.recent = (newest, *others)[:_MOST_RECENT]

    def forget(self, folder: Path) -> None:
        """Take a project off the list; its folder stays as it is."""
        self.recent = tuple(each for each in self.recent if each.folder != folder)

    def save(self) -> None:
        """Write the file, whole or not at all. A disk that refuses costs a preference, not the work: it is said."""
        if not self.is_kept:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            beside = self.file.with_name(self.file.name + ".new")
            beside.write_text(self._as_toml(), encoding="utf-8")
            beside.replace(self.file)
        except OSError as error:
            self.complaints = (f"Settings could not be saved in {self.file.parent}: {error.strerror}",)

    def _as_toml(self) -> str:
        lines = [
            "# Posecast's settings. Edit them here while the studio is closed, or in its Settings.",
            "",
            f"name = {_quoted(self.name)}  # stands beside what you mark",
            f"look = {_quoted(self.look)}  # dark, light or system",
            f"text_size = {self.text_size}  # percent: 100, 115 or 130",
            f"tour_seen = {str(self.tour_seen).lower()}",
            f"body = {_quoted(self.body)}  # whose form bodies are shown in",
            f"forecast_shows = {_quoted(self.forecast_shows)}  # joints, body or both",
            f"annotate_shows = {_quoted(self.annotate_shows)}  # joints, body or both",
            f"body_opacity = {self.body_opacity}  # percent, over a picture",
            f"body_beside = {str(self.body_beside).lower()}  # beside the picture instead of over it",
            f"forecast_lanes = {str(self.forecast_lanes).lower()}  # on the timeline of Annotate",
            f"light_copies = {str(self.light_copies).lower()}  # of videos that are slow to seek, for scrubbing",
            f"lane_futures = {self.lane_futures}  # so many behind each lane",
            f"walks_to_drafts = {str(self.walks_to_drafts).lower()}  # Next missing stops at drafts",
            f"keys_like = {_quoted(self.keymap.preset)}  # {', '.join(keymaps.PRESETS)}",
        ]
        if self.keymap.changed:
            lines += ["", "[keys]  # only those that differ; an empty list is no key", self.keymap.as_toml().rstrip()]
        if self.panels:
            lines += ["", "[panels]  # sizes of panels, pixels"]
            lines += [f"{_quoted(key)} = {sizes}" for key, sizes in sorted(self.panels.items())]
        if self.lanes:
            lines += ["", "[lanes]  # whose forecasts are shown as lanes, by the project's folder"]
            lines += [
                f"{_quoted(folder)} = [{', '.join(map(_quoted, keys))}]" for folder, keys in sorted(self.lanes.items())
            ]
        if self.rows:
            lines += ["", "[rows]  # of the timeline: their order, which are hidden, whose segments are locked"]
            lines += [f"{what} = [{', '.join(map(_quoted, keys))}]" for what, keys in sorted(self.rows.items()) if keys]
        heard = {
            folder: at for folder, at in self.heard.items() if Path(folder) in {each.folder for each in self.recent}
        }
        if heard:
            lines += ["", "[heard]  # up to when the ends of a project's jobs were said, seconds since 1970"]
            lines += [f"{_quoted(folder)} = {at:.3f}" for folder, at in sorted(heard.items())]
        for each in self.recent:
            lines += [
                "",
                "[[recent]]",
                f"folder = {_quoted(str(each.folder))}",
                f"name = {_quoted(each.name)}",
                f"at = {_quoted(each.at)}",
            ]
        return "\n".join(lines) + "\n"


def settings_file() -> Path:
    """Where this person's settings are kept."""
    chosen = os.environ.get("POSECAST_SETTINGS")
    folder = Path(chosen) if chosen else Path(platformdirs.user_config_dir("posecast", appauthor=False))
    return folder / "settings.toml"


def load(file: Path | None = None) -> Settings:
    """The settings in `file`, with defaults for what is missing or cannot be understood."""
    file = file or settings_file()
    made = Settings(file, name=_login_name())
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return made
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        made.complaints = (f"{file} could not be read ({error}); the defaults are used", *_put_aside(file))
        return made
    complaints: list[str] = []

    def take(key: str, allowed: tuple[Any, ...] | type) -> None:
        if key not in found:
            return
        value = found[key]
        fits = isinstance(value, allowed) if isinstance(allowed, type) else value in allowed
        if fits:
            setattr(made, key, value)
        else:
            complaints.append(f"{key} = {value!r} is not understood in {file.name}; {getattr(made, key)!r} is used")

    take("name", str)
    take("look", get_args(Look))
    take("text_size", TEXT_SIZES)
    take("tour_seen", bool)
    take("body", str)
    take("forecast_shows", get_args(Shows))
    take("annotate_shows", get_args(Shows))
    take("body_opacity", tuple(range(MOST_TRANSPARENT, 101)))
    take("body_beside", bool)
    take("forecast_lanes", bool)
    take("light_copies", bool)
    take("lane_futures", tuple(range(MOST_FUTURES + 1)))
    take("walks_to_drafts", bool)
    made.keymap, wrong_keys = keymaps.understood(found.get("keys_like", "posecast"), found.get("keys", {}), file.name)
    complaints += wrong_keys
    panels = found.get("panels", {})
    if isinstance(panels, dict):
        made.panels = {
            key: sizes
            for key, sizes in panels.items()
            if isinstance(sizes, list) and all(isinstance(size, int) and size >= 0 for size in sizes)
        }
    lanes = found.get("lanes", {})
    if isinstance(lanes, dict):
        made.lanes = {
            folder: keys
            for folder, keys in lanes.items()
            if isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        }
    rows = found.get("rows", {})
    if isinstance(rows, dict):
        made.rows = {
            what: keys
            for what, keys in rows.items()
            if what in ("order", "hidden", "locked")
            and isinstance(keys, list)
            and all(isinstance(key, str) for key in keys)
        }
    heard = found.get("heard", {})
    if isinstance(heard, dict):
        made.heard = {folder: float(at) for folder, at in heard.items() if isinstance(at, int | float)}
    recent = found.get("recent", [])
    made.recent = tuple(
        RecentProject(Path(each["folder"]), str(each.get("name", "")), str(each.get("at", "")))
        for each in (recent if isinstance(recent, list) else [])
        if isinstance(each, dict) and isinstance(each.get("folder"), str)
    )[:_MOST_RECENT]
    made.complaints = tuple(complaints)
    return made


def _put_aside(file: Path) -> tuple[str, ...]:
    """Keep what somebody wrote there, since the next change of a setting writes the file anew; where it is now."""
    kept = file.with_name(file.name + ".unread")
    try:
        kept.write_bytes(file.read_bytes())
    except OSError:
        return ()
    return (f"It is kept as {kept.name}, to be put right",)


def _quoted(words: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's once DEL is escaped too."""
    return json.dumps(words, ensure_ascii=False).replace("\x7f", "\\u007f")


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "Somebody"
