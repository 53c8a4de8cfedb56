"""What can be done in the studio: one table that makes menus, keys, the search list, tooltips and the list of keys.

A command has a name that pages and the window offer a function for, its words, its keys (Qt's portable names; the
first one is shown), where its keys hold, the menu it stands in, and what it needs. A command nobody offers a function
for appears nowhere. Keys of `everywhere` and `clock` belong to them alone; pages do not reuse those of each other's
menus but may of each other's keys, since only one page is in front. The keys in the table are the defaults; those that
hold are told by `hold` (`studio.keymap` works them out), and `Command.keys` says them. No widgets here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from studio.words import said

Where = Literal[
    "everywhere", "clock", "space", "projects", "data", "annotate", "train", "evaluate", "forecast", "generate"
]
Need = Literal["", "project", "editing", "clip"]

WHERE_WORDS: dict[Where, str] = {
    "everywhere": "Everywhere",
    "clock": "Clock",
    "space": "Space view",
    "projects": "Projects",
    "data": "Data",
    "annotate": "Annotate",
    "train": "Train",
    "evaluate": "Evaluate",
    "forecast": "Forecast",
    "generate": "Generate",
}
MENUS = ("Project", "Edit", "View", "Go", "Mark", "Model", "Help")

_held: dict[str, tuple[str, ...]] = {}


def hold(keys: Mapping[str, tuple[str, ...]]) -> None:
    """From now on these commands have these keys, all others their defaults."""
    _held.clear()
    _held.update(keys)


@dataclass(frozen=True)
class Command:
    """A row of the table."""

    name: str
    words: str  # a verb with its object, in sentence case; "…" where a question follows
    defaults: tuple[str, ...] = ()
    where: Where = "everywhere"
    menu: str = ""  # one of MENUS, or empty: keys and search only
    needs: Need = ""
    group: int = 0  # commands of another group stand below a line
    icon: str = ""
    is_toggle: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that hold: the person's, else the defaults."""
        return _held.get(self.name, self.defaults)

    @property
    def key(self) -> str:
        """The key that is shown, or empty."""
        return self.keys[0] if self.keys else ""


def _everywhere(name: str, words: str, keys: str = "", menu: str = "", needs: Need = "", group: int = 0) -> Command:
    return Command(name, words, _keys(keys), "everywhere", menu, needs, group)


def _of(
    where: Where,
    name: str,
    words: str,
    keys: str = "",
    menu: str = "",
    needs: Need = "clip",
    *,
    is_toggle: bool = False,
    group: int = 0,
) -> Command:
    return Command(name, words, _keys(keys), where, menu, needs, group or _GROUPS[where], is_toggle=is_toggle)


def _keys(names: str) -> tuple[str, ...]:
    return tuple(names.split())


_GROUPS: dict[Where, int] = {
    "everywhere": 0,
    "clock": 10,
    "space": 11,
    "projects": 12,
    "data": 13,
    "annotate": 14,
    "train": 15,
    "forecast": 16,
    "generate": 17,
    "evaluate": 18,
}

COMMANDS: tuple[Command, ...] = (
    # ---- Project
    _everywhere("new-project", "New project…", "Ctrl+N", "Project"),
    _everywhere("open-project", "Open project…", "Ctrl+O", "Project"),
    _everywhere("open-demo", "Open the demo kitchen", "Ctrl+Shift+N", "Project"),
    _everywhere("add-videos", "Add videos…", "Ctrl+Shift+O", "Project", "editing", group=1),
    _everywhere("import", "Import…", "Ctrl+I", "Project", "editing", group=1),
    _everywhere("build-bank", "Build a pose bank…", "Ctrl+Shift+B", "Project", "editing", group=1),
    _everywhere("export", "Export…", "Ctrl+E", "Project", "project", group=1),
    _everywhere("merge-copy", "Merge a colleague's copy…", "Ctrl+Shift+M", "Project", "editing", group=1),
    _everywhere("check-project", "Check project", "Ctrl+Shift+H", "Project", "project", group=1),
    _everywhere("close-project", "Close project", "Ctrl+W", "Project", "project", group=1),
    _everywhere("settings", "Settings…", "Ctrl+,", "Project", group=2),
    _everywhere("quit", "Quit", "Ctrl+Q", "Project", group=2),
    # ---- Edit
    _everywhere("undo", "Undo", "Ctrl+Z", "Edit", "editing"),
    _everywhere("redo", "Redo", "Ctrl+Shift+Z", "Edit", "editing"),
    _everywhere("history", "History", "Ctrl+H", "Edit", "project"),
    _of("annotate", "copy-segments", "Copy segments", "Ctrl+C", "Edit", group=2),
    _of("annotate", "paste-segments", "Paste segments", "Ctrl+V", "Edit", group=2),
    _of("annotate", "all-segments", "Choose all segments", "Ctrl+A", "Edit", group=2),
    _everywhere("search", "Search…", "Ctrl+K", "Edit", group=1),
    _everywhere("find-segments", "Find in all clips…", "Ctrl+Shift+F", "Edit", "project", group=1),
    # ---- View
    Command("theme-dark", "Dark", ("Ctrl+F5",), "everywhere", "View", is_toggle=True),
    Command("theme-light", "Light", ("Ctrl+F6",), "everywhere", "View", is_toggle=True),
    Command("theme-system", "As the system", ("Ctrl+F7",), "everywhere", "View", is_toggle=True),
    _of("clock", "shown-joints", "Joints", "Ctrl+F8", "View", is_toggle=True, group=1),
    _of("clock", "shown-body", "Body", "Ctrl+F9", "View", is_toggle=True, group=1),
    _of("clock", "shown-both", "Both", "Ctrl+F10", "View", is_toggle=True, group=1),
    _of("space", "space-ghosts", "Ghosts", "H", "View", is_toggle=True, group=2),
    _of("space", "space-trails", "Trails", "T", "View", is_toggle=True, group=2),
    _of("space", "space-ground", "Ground", "Shift+H", "View", is_toggle=True, group=2),
    _of("space", "space-follow", "Follow", "W", "View", is_toggle=True, group=2),
    _of("space", "space-front", "Front", "Ctrl+Alt+1 Num+1", "View", group=3),
    _of("space", "space-side", "Side", "Ctrl+Alt+2 Num+3", "View", group=3),
    _of("space", "space-top", "Top", "Ctrl+Alt+3 Num+7", "View", group=3),
    _of("space", "space-camera", "Clip's camera", "Ctrl+Alt+4 Num+0", "View", group=3),
    _of("space", "space-perspective", "Perspective", "Num+5", "View", is_toggle=True, group=3),
    _of("clock", "brightness", "Brightness and contrast…", "Ctrl+B", "View", group=4),
    _of("clock", "send-picture", "Send picture to a window", "Ctrl+F11", "View", is_toggle=True, group=4),
    _everywhere("save-picture", "Picture of the view…", "Ctrl+Shift+P", "View", group=4),
    _everywhere("reset-panels", "Reset panels", "Ctrl+F12", "View", group=4),
    _everywhere("full-screen", "Full screen", "F11", "View", group=4),
    # ---- Go
    _everywhere("page-projects", "Projects", "Ctrl+1", "Go"),
    _everywhere("page-data", "Data", "Ctrl+2", "Go", "project"),
    _everywhere("page-annotate", "Annotate", "Ctrl+3", "Go", "project"),
    _everywhere("page-train", "Train", "Ctrl+4", "Go", "project"),
    _everywhere("page-evaluate", "Evaluate", "Ctrl+5", "Go", "project"),
    _everywhere("page-forecast", "Forecast", "Ctrl+6", "Go", "project"),
    _everywhere("page-generate", "Generate", "Ctrl+7", "Go", "project"),
    _everywhere("overview", "Overview", "Ctrl+Shift+V", "Go", "project", group=1),
    _everywhere("next-found", "Next place found", "F3", "Go", "project", group=1),
    _everywhere("previous-found", "Previous place found", "Shift+F3", "", "project"),
    _everywhere("next-panel", "Next panel", "F6"),
    _everywhere("previous-panel", "Previous panel", "Shift+F6"),
    # ---- Model
    _everywhere("extract-poses", "Extract 2D poses", "F5", "Model", "editing"),
    _everywhere("calibrate-camera", "Calibrate camera…", "Ctrl+Shift+Y", "Model", "clip"),
    _everywhere("copy-command", "Copy as command", "Ctrl+Shift+C", "Model", "project", group=29),
    _everywhere("jobs", "Jobs", "Ctrl+J", "Model", "project", group=30),
    _everywhere("devices", "Devices…", "Ctrl+Shift+U", "Model", group=30),
    # ---- Help
    _everywhere("page-help", "Help on this page", "F1", "Help"),
    _everywhere("keys", "Keys", "Shift+F1", "Help"),
    _everywhere("tour", "Tour", "Shift+F2", "Help"),
    _everywhere("this-machine", "What is on this machine", "Shift+F5", "Help", group=1),
    _everywhere("licences", "Licences", "Shift+F7", "Help", group=1),
    _everywhere("about", "About", "Shift+F8", "Help", group=1),
    # ---- Clock: Annotate, Forecast and Generate
    _of("clock", "play", "Play", "Space", "Go"),
    _of("clock", "play-back", "Play backwards, faster each time", "J"),
    _of("clock", "play-stop", "Stop", "K"),
    _of("clock", "play-on", "Play forwards, faster each time", "L"),
    _of("clock", "step-back", "One frame back", "Left", "Go"),
    _of("clock", "step", "One frame on", "Right", "Go"),
    _of("clock", "step-back-10", "Ten frames back", "Ctrl+Left", "Go"),
    _of("clock", "step-10", "Ten frames on", "Ctrl+Right", "Go"),
    _of("clock", "step-back-100", "A hundred frames back", "Ctrl+Shift+Left", "Go"),
    _of("clock", "step-100", "A hundred frames on", "Ctrl+Shift+Right", "Go"),
    _of("clock", "to-start", "To the start", "Home", "Go"),
    _of("clock", "to-end", "To the end", "End", "Go"),
    _of("clock", "go-to-time", "Go to time…", "Ctrl+G", "Go"),
    _of("clock", "loop", "Play in a loop", "Ctrl+L"),
    _of("clock", "fit", "Fit the picture", "F"),
    _of("clock", "shown-parts", "Joints, body or both", "D"),
    _of("clock", "zoom-in", "Zoom in", "Ctrl++ Ctrl+="),
    _of("clock", "zoom-out", "Zoom out", "Ctrl+-"),
    _of("clock", "zoom-all", "Show everything", "Shift+Z"),
    _of("clock", "zoom-selection", "Show the selection", "Z"),
    # ---- Annotate
    _of("annotate", "find-label", "Find a label", "Q"),
    _of("annotate", "mark-start", "Start here", "I", "Mark"),
    _of("annotate", "mark-end", "End here", "O", "Mark"),
    _of("annotate", "nearest-end", "Move nearest end here", "E", "Mark"),
    _of("annotate", "ripple-end", "Move nearest end here, and what follows", "Shift+E", "Mark"),
    _of("annotate", "split", "Split at the playhead", "X", "Mark"),
    _of("annotate", "merge", "Merge with the next", "Shift+X", "Mark"),
    _of("annotate", "delete-segment", "Delete segment", "Del", "Mark"),
    _of("annotate", "background", "Background", "B", "Mark"),
    _of("annotate", "unusable", "Unusable", "Shift+B", "Mark"),
    _of("annotate", "set-pose", "Set characteristic pose", "C", "Mark", group=141),
    _of("annotate", "remove-pose", "Remove characteristic pose", "Shift+C", "Mark", group=141),
    _of("annotate", "next-missing", "Next missing", "G", "Go"),
    _of("annotate", "previous-missing", "Previous missing", "Shift+G"),
    _of("annotate", "previous-segment", "Previous segment", "Alt+Left", "Go"),
    _of("annotate", "next-segment", "Next segment", "Alt+Right", "Go"),
    _of("annotate", "previous-pose", "Previous pose", "Alt+Up", "Go"),
    _of("annotate", "next-pose", "Next pose", "Alt+Down", "Go"),
    _of("annotate", "next-gap", "Next unlabelled stretch", "Y", "Go"),
    _of("annotate", "previous-gap", "Previous unlabelled stretch", "Shift+Y"),
    _of("annotate", "segment-left", "Segment one frame earlier", "Ctrl+Alt+Left"),
    _of("annotate", "segment-right", "Segment one frame later", "Ctrl+Alt+Right"),
    _of("annotate", "accept-suggestion", "Accept suggestion", "Return Enter", "Mark", group=141),
    _of("annotate", "skip-suggestion", "Skip suggestion", "N", "Mark", group=141),
    _of("annotate", "confirm-draft", "Confirm draft", "Ctrl+Return Ctrl+Enter", "Mark", group=141),
    _of("annotate", "next-suggestion", "Next suggestion", "U", "Go"),
    _of("annotate", "previous-suggestion", "Previous suggestion", "Shift+U"),
    _of("annotate", "edit-joints", "Edit joints", "P", "Mark", is_toggle=True, group=142),
    _of("annotate", "joint-state", "Joint visible, occluded, absent", "V", "Mark", group=142),
    _of("annotate", "copy-pose", "Copy pose from the frame before", "Shift+V", "Mark", group=142),
    _of("annotate", "mirror-pose", "Mirror", "Shift+M", "Mark", group=142),
    _of("annotate", "reset-pose", "Reset to the detector", "R", "Mark", group=142),
    _of("annotate", "detect-again", "Detect again in a box", "Shift+R", "Mark", group=142),
    _of("annotate", "lift-pose", "Lift to 3D", "Shift+D", "Mark", group=142),
    _of("annotate", "next-joint", "Next joint", "Tab"),
    _of("annotate", "previous-joint", "Previous joint", "Shift+Tab"),
    _of("annotate", "joint-left", "Joint 1 px left", "Shift+Left"),
    _of("annotate", "joint-right", "Joint 1 px right", "Shift+Right"),
    _of("annotate", "joint-up", "Joint 1 px up", "Shift+Up"),
    _of("annotate", "joint-down", "Joint 1 px down", "Shift+Down"),
    _of("annotate", "add-label", "Add label…", "Ctrl+Shift+L", "Mark", group=143),
    _of("annotate", "labels", "Labels…", "Ctrl+Shift+T", "Mark", "editing", group=143),
    _of("annotate", "clusters", "Clusters…", "Ctrl+Shift+K", "Mark", "project", group=143),
    _of("annotate", "agreement", "Agreement…", "Ctrl+Shift+A", "Mark", "project", group=143),
    _of("annotate", "track-frames", "Frames", "Shift+F9", "View", is_toggle=True, group=5),
    _of("annotate", "track-suggestions", "Suggestions", "Shift+F11", "View", is_toggle=True, group=5),
    _of("annotate", "track-confidence", "Confidence of joints", "Shift+F12", "View", is_toggle=True, group=5),
    _of("annotate", "track-speed", "Hand speed", "Ctrl+Shift+W", "View", is_toggle=True, group=5),
    _of("annotate", "show-joints", "Joints on or off", "S"),
    _of("annotate", "next-actor", "Actor", "A"),
    _of("annotate", "snap", "Snap", "M"),
    _of("annotate", "forecast-lanes", "Forecast lanes", "Shift+F", "View", is_toggle=True, group=5),
    _of("annotate", "forecast-here", "Forecast here", "Ctrl+Shift+I", "Model"),
    _of("annotate", "use-forecast", "Use as draft", "Shift+Return Shift+Enter", "Model"),
    _of("annotate", "use-whole-forecast", "Use all as drafts", "Ctrl+Shift+Return", "Model"),
    _of("annotate", "next-forecast", "Next step foreseen", "Alt+Shift+Right"),
    _of("annotate", "previous-forecast", "Previous step foreseen", "Alt+Shift+Left"),
    _of("annotate", "lane-below", "Lane below", "Alt+Shift+Down"),
    _of("annotate", "lane-above", "Lane above", "Alt+Shift+Up"),
    *(
        _of("annotate", f"label-{n}", f"Label {n}", f"{n % 10}" if n <= 10 else f"Alt+{n % 10}", needs="clip")
        for n in range(1, 21)
    ),
    # ---- Data
    _of("data", "find-clips", "Find clips", "Q", needs="project"),
    _of("data", "open-in-annotate", "Open in Annotate", "Return Enter", needs="clip"),
    _of("data", "take-out-clip", "Take out clip", "Del", needs="clip"),
    _of("data", "all-clips", "Choose all clips", "Ctrl+A", needs="project"),
    _of("data", "walk-through", "Walk through", "G", "Go", needs="clip"),
    # ---- Train
    _of("train", "start-training", "Start training", "Ctrl+Return Ctrl+Enter", "Model", needs="project"),
    _of("train", "stop-training", "Stop the run", "Ctrl+Shift+X", "Model", needs="project"),
    _of("train", "pause-training", "Pause the run, or go on", "P", "Model", needs="project"),
    _of("train", "resume-training", "Resume the run", "R", "Model", needs="project"),
    _of("train", "earlier-run", "Earlier in line", "Alt+Up", needs="project"),
    _of("train", "take-out-run", "Take out of the line", "Shift+Del", needs="project"),
    _of("train", "find-in-log", "Find in the log", "Ctrl+F", needs="project"),
    _of("train", "compare-run", "Compare", "Space", needs="project"),
    _of("train", "find-setting", "Find a setting", "Q", needs="project"),
    _of("train", "log-scale", "Linear or log", "G", needs="project"),
    _of("train", "sweep", "Sweep…", "Shift+S", "Model", needs="project"),
    _of("train", "fork-run", "Fork the run", "Ctrl+D", needs="project"),
    _of("train", "compare-settings", "Compare settings", "D", needs="project"),
    _of("train", "filter-runs", "Filter runs", "F", needs="project"),
    _of("train", "run-note", "Write a note", "F2", needs="project"),
    _of("train", "run-tags", "Write tags", "T", needs="project"),
    _of("train", "delete-run", "Delete run", "Del", needs="project"),
    _of("train", "open-samples", "Samples while training", "S", needs="project"),
    _of("train", "next-example", "Next example", "N", needs="project"),
    _of("train", "previous-example", "Previous example", "Shift+N", needs="project"),
    # ---- Evaluate
    _of("evaluate", "find-report", "Find a report", "Q", needs="project"),
    _of("evaluate", "open-report", "Open the report", "Return Enter", needs="project"),
    _of("evaluate", "table-or-curves", "Table or curves", "G", needs="project"),
    _of("evaluate", "tick-row", "Draw the row in the curves", "Space", needs="project"),
    _of("evaluate", "copy-table", "Copy the table", "Ctrl+C", needs="project"),
    _of("evaluate", "evaluate-run", "Evaluate…", "Ctrl+Return Ctrl+Enter", "Model", needs="project"),
    _of("evaluate", "reproduce", "Reproduce…", "Ctrl+Shift+R", "Model", needs="project"),
    _of("evaluate", "compare-sequences", "Compare sequences…", "Ctrl+Shift+S", "Model", needs="project"),
    # ---- Forecast
    _of("forecast", "previous-step", "Previous step", "Up"),
    _of("forecast", "next-step", "Next step", "Down"),
    _of("forecast", "previous-run", "Previous run", "Alt+Left"),
    _of("forecast", "next-run", "Next run", "Alt+Right"),
    _of("forecast", "move-run-left", "Move the run to the left", "Alt+Shift+Left"),
    _of("forecast", "move-run-right", "Move the run to the right", "Alt+Shift+Right"),
    _of("forecast", "add-run", "Add run", "R"),
    _of("forecast", "line-up", "Line up by time, step or action", "A"),
    _of("forecast", "use-draft", "Use the step as draft annotation", "Shift+Return Shift+Enter", "Model", "editing"),
    _of("forecast", "next-difference", "Next difference", "N", "Go"),
    _of("forecast", "previous-difference", "Previous difference", "Shift+N", "Go"),
    _of("forecast", "move-forecast", "Move a body through the forecast", "G", "Model"),
    # ---- Generate
    _of("generate", "generate", "Generate", "Ctrl+Return Ctrl+Enter", "Model", needs="project"),
    _of("generate", "keep", "Keep", "Return Enter", "Model", needs="editing"),
    _of("generate", "resample", "Resample the rest", "R", "Model", needs="project"),
    _of("generate", "over-video", "Put the sample over the video", "Ctrl+Shift+G", "Model", needs="clip"),
    _of("generate", "another-seed", "Another seed", "Shift+R", "Model", needs="project"),
    _of("generate", "lock-stretch", "Lock the stretch", "Shift+L", "Model", needs="project"),
    _of("generate", "throw-away", "Throw the sample away", "Del", needs="project"),
    _of("generate", "find-action", "Find an action", "Q", needs="project"),
    _of("generate", "add-pose", "Add a pose to pass through", "P", needs="project"),
    _of("generate", "arrangement", "Side by side, on top, one", "S", needs="project"),
    *(_of("generate", f"sample-{n}", f"Sample {n}", f"{n}", needs="project") for n in range(1, 9)),
)

BY_NAME: dict[str, Command] = {each.name: each for each in COMMANDS}

PAGE_OF: dict[Where, tuple[str, ...]] = {
    "everywhere": (),
    "clock": ("annotate", "forecast", "generate"),
    "space": ("forecast", "generate"),
    "projects": ("projects",),
    "data": ("data",),
    "annotate": ("annotate",),
    "train": ("train",),
    "evaluate": ("evaluate",),
    "forecast": ("forecast",),
    "generate": ("generate",),
}

_WITHOUT_CLIP = ("generate",)
"""Pages whose clock and space are not those of a clip."""


def need_on(command: Command, page: str) -> Need:
    """What a command needs while `page` is in front."""
    goes_without = page in _WITHOUT_CLIP and command.where in ("clock", "space")
    return "project" if goes_without and command.needs == "clip" else command.needs


def of_page(page: str) -> tuple[Command, ...]:
    """The commands whose keys hold while `page` is in front, those of everywhere among them."""
    return tuple(each for each in COMMANDS if each.where == "everywhere" or page in PAGE_OF[each.where])


def shared_pages(one: Command, other: Command) -> bool:
    """Whether there is a page on which the keys of both hold."""
    if "everywhere" in (one.where, other.where):
        return True
    return not set(PAGE_OF[one.where]).isdisjoint(PAGE_OF[other.where])


def conflicts(page: str) -> list[tuple[str, Command, Command]]:
    """Keys that two commands of one page both want."""
    taken: dict[str, Command] = {}
    found = []
    for command in of_page(page):
        for each in command.keys:
            if each in taken:
                found.append((each, taken[each], command))
            taken[each] = command
    return found


def shown_key(key: str) -> str:
    """A key as a person reads it: `Ctrl+Shift+Left` is `Ctrl+Shift+←`."""
    if key.endswith("++"):
        return key
    head, plus, last = key.rpartition("+")
    return head + plus + _SIGNS.get(last, last)


_SIGNS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Return": "Enter"}


def shown(name: str) -> str:
    """The key of a command as a person reads it; empty where it has none."""
    return shown_key(BY_NAME[name].key)


def label_key(key: str) -> str:
    """The key that gives a label, as a person reads it; `key` is the one the project keeps: `3`, or `Alt+3`."""
    digit = key.removeprefix("Alt+")
    if not (len(digit) == 1 and digit.isdigit()):
        return shown_key(key)
    number = (int(digit) or 10) + (10 if key != digit else 0)
    return shown(f"label-{number}")


def words_of(name: str) -> str:
    """What a command does, in the person's language, without the dots of a question."""
    command = BY_NAME[name]
    if name.startswith("label-"):
        return said("Label {number}").format(number=name.removeprefix("label-"))
    return said(command.words).rstrip("…")


def tip(name: str) -> str:
    """A command's words and its key, for a tooltip."""
    key = shown(name)
    return f"{words_of(name)}  {key}" if key else words_of(name)
