"""What search finds: clips, labels, runs and kept motions of the open project, and every command of use now."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.kept_motions import kept_items
from studio.actions import Actions
from studio.commands import WHERE_WORDS, label_key, shown_key
from studio.document import Document
from studio.forecasters import training_runs
from studio.jobs import Jobs
from studio.reports import Reports
from studio.widgets.clip_states import clip_state
from studio.widgets.job_words import STATE_WORDS
from studio.widgets.search_list import Entry
from studio.words import said, say

_Take = Callable[[Path], object]
_ICONS = {
    "Project": "folder",
    "Edit": "undo",
    "View": "eye",
    "Go": "right",
    "Mark": "tag",
    "Model": "forecast",
    "Help": "help",
}


def entries(
    document: Document,
    jobs: Jobs,
    actions: Actions,
    show_run: Callable[[str], None],
    show_kept: Callable[[str], None],
) -> list[Entry]:
    """Clips first, then labels, runs, kept motions and commands."""
    found = []
    if document.is_open:
        project = document.project
        for clip in project.clips.values():
            state = clip_state(project, clip).words
            found.append(Entry(clip.name, "clip", "video", state, partial(_show_clip, document, actions, clip.id)))
        for label in (*project.actions(), *project.objects()):
            go = partial(show_label, document, actions, label.id)
            found.append(Entry(label.name, label.kind, "tag", label_key(label.key), go, label.colour))
        runs = reversed(training_runs(jobs))
        found += [
            Entry(job.name, "run", "train", say(STATE_WORDS[job.state][0]), partial(show_run, job.name)) for job in runs
        ]
        for item in reversed(kept_items(project)):
            hint = Path(item.facts.get("model", "")).name
            found.append(Entry(item.name, "kept motion", "tray", hint, partial(show_kept, item.id)))
    for command in actions.listed():
        if command.name.startswith("label-") or command.name == "search":
            continue  # the labels themselves are listed, and this is the search
        words = actions.action(command.name).iconText().rstrip("…")
        icon = command.icon or _ICONS.get(command.menu, "right")
        where = said(command.menu or WHERE_WORDS[command.where])
        do, lack = partial(actions.do, command.name), actions.lacks(command)
        found.append(Entry(words, where, icon, shown_key(command.key), do, lack=lack))
    return found


def typed_path(document: Document, words: str, open_project: _Take, add: Callable[[list[Path]], object]) -> list[Entry]:
    """What can be done with a path that is typed in full: a project is opened, anything else added or imported."""
    if not words.startswith(("/", "~", "\\\\")) and words[1:3] not in (":\\", ":/"):
        return []
    path = Path(words).expanduser()
    try:
        if (path / "project.sqlite").is_file():
            return [
                Entry(say("Open {name}", name=path.name), said("project"), "folder", "", partial(open_project, path))
            ]
        if document.is_open and path.exists() and not path.samefile(document.folder):
            return [Entry(say("Add {name}", name=path.name), said("path"), "plus", "", partial(add, [path]))]
    except (OSError, RuntimeError):  # a path nobody may look at, or a user nobody knows
        pass
    return []


def reports(found: Reports, show: Callable[[str], None]) -> list[Entry]:
    """The project's reports, by the titles that Evaluate lists."""
    return [
        Entry(sheet.title, "report", "evaluate", sheet.words, partial(show, sheet.id))
        for sheet in found.sheets()
        if not sheet.problem
    ]


def _show_clip(document: Document, actions: Actions, clip_id: str) -> None:
    document.choose_clip(clip_id)
    actions.do("page-annotate")


def show_label(document: Document, actions: Actions, label_id: str) -> None:
    """Go to a label's next segment: after the playhead, else in the next clip that has one, all round."""
    clips = list(document.project.clips.values())
    at = next((index for index, clip in enumerate(clips) if clip.id == document.clip_id), 0)
    for turn, clip in enumerate((*clips[at:], *clips[:at], *clips[at : at + 1])):
        start = document.playhead + 1 if turn == 0 and clip.id == document.clip_id else 0
        for segment in clip.segments:
            if segment.start_frame >= start and label_id in (segment.action, *segment.objects):
                document.choose_clip(clip.id)
                document.seek(segment.start_frame)
                actions.do("page-annotate")
                return
    actions.do("page-annotate")
