"""The command `posecast-studio`: opens the window, or photographs a page, also without a display.

Exit codes: 0 done, 1 refused with a reason, 2 wrong usage.
"""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.doctor import display_problem
from core.errors import CoreError, MachineError, ProjectError

if TYPE_CHECKING:
    from studio.app import Studio

_PAGES = ("projects", "data", "annotate", "train", "evaluate", "forecast", "generate")


def main(arguments: list[str] | None = None) -> int:
    """Run the studio; its exit code."""
    wish = _parser().parse_args(arguments)
    try:
        return _run(wish)
    except CoreError as error:
        sys.stderr.write(f"{error}\n" + (f"{error.hint}\n" if error.hint else ""))
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("posecast-studio", description="Opens the studio of Posecast.")
    parser.add_argument("project", nargs="?", type=Path, help="the folder of a project")
    parser.add_argument("--demo", action="store_true", help="open the built-in demo kitchen")
    parser.add_argument("--page", choices=_PAGES, help="the page to show")
    parser.add_argument("--clip", help="the clip to show, by id or name")
    parser.add_argument("--at", type=float, metavar="SECONDS", help="where in the clip")
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="photograph the page as a PNG and end")
    parser.add_argument("--size", type=_size, default=(1600, 1000), metavar="WxH", help="of the window")
    parser.add_argument("--theme", choices=("dark", "light"), help="instead of the one in the settings")
    parser.add_argument("--text", type=int, choices=(100, 115, 130), help="text size in percent")
    parser.add_argument("--scale", type=float, default=0.0, help="pixels of the photograph for each of the window")
    return parser


def _size(words: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{3,5})x(\d{3,5})", words)
    if found is None:
        raise argparse.ArgumentTypeError(f"{words!r} is no size: write it like 1600x1000")
    return int(found[1]), int(found[2])


def _run(wish: argparse.Namespace) -> int:
    problem = display_problem()
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if wish.screenshot is not None:
        if problem is not None or not chosen:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
            # That platform complains of every window that it cannot tell its least size.
            os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
        if wish.scale:
            os.environ["QT_SCALE_FACTOR"] = f"{wish.scale:g}"
    elif problem is not None and not chosen:
        raise MachineError(problem, hint="Without a display: posecast-studio PROJECT --page NAME --screenshot FILE")

    from PySide6.QtWidgets import QApplication

    from studio import settings as preferences
    from studio.app import Studio
    from studio.memory import take_short_turns
    from studio.photograph import photograph
    from studio.words import listed, say, speak

    app = QApplication.instance() or QApplication(["posecast-studio"])
    assert isinstance(app, QApplication)
    take_short_turns()
    app.setApplicationName("Posecast")
    app.setDesktopFileName("posecast")
    settings = preferences.load()
    if wish.screenshot is not None:
        settings.keep_nothing()
    settings.look = wish.theme or settings.look
    settings.text_size = wish.text or settings.text_size
    speak(app, settings.file.parent)
    studio = Studio(app, settings)
    try:
        _prepare(studio, wish)
        if wish.screenshot is not None:
            photograph(studio.window, studio.jobs, wish.screenshot)
            return 0
        studio.catch_bugs()
        if not settings.recent and not studio.document.is_open:
            studio.tour.offer()
        return app.exec()
    finally:
        goes_on = [] if wish.screenshot is not None else [job.label for job in studio.jobs.live()]
        studio.window.close()  # ends what works beside it, also after a refusal
        if goes_on and sys.stdout is not None:  # a window without a terminal has none
            sys.stdout.write(say("Goes on without the window: {names}.", names=listed(goes_on)) + "\n")


def _prepare(studio: "Studio", wish: argparse.Namespace) -> None:
    """Show the window as it was asked for; refusals end the program with their words."""
    studio.window.resize(*wish.size)
    if wish.project is not None or wish.demo:
        _open(studio, wish)
    if wish.page is not None:
        if wish.page != "projects" and not studio.document.is_open:
            raise MachineError(f"The page {wish.page} needs a project.", hint="Name its folder before --page.")
        studio.window.show_page(wish.page)
    studio.window.show()
    studio.window.focus_page()


def _open(studio: "Studio", wish: argparse.Namespace) -> None:
    """Open the project asked for, at the clip and moment asked for."""
    from core.demo import open_demo
    from core.footage import frame_at

    document = studio.document
    document.open(open_demo() if wish.demo else wish.project)
    studio.window.show_page("data" if document.clip is None else "annotate")
    if wish.clip is not None:
        clips = document.project.clips.values()
        found = [each for each in clips if wish.clip in (each.id, each.name) or each.id.startswith(wish.clip)]
        if len(found) != 1:
            names = ", ".join(each.name for each in clips)
            raise ProjectError(f"There is no one clip called {wish.clip!r}.", hint=f"Clips of this project: {names}.")
        document.choose_clip(found[0].id)
    if wish.at is not None and document.clip is not None:
        document.seek(frame_at(document.store, document.clip, wish.at))


if __name__ == "__main__":
    sys.exit(main())
