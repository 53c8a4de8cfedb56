"""Forecasts of one or several moments beside what came, as files: pictures, pages, a film, a page of figures. No torch.

    done = yield from export(store, comparisons, ExportComparison(file="figure.pdf", …))
    print(done.says)

The ending says what is made: .png and .jpg a picture a moment, .pdf a page a moment, .mp4 a film of the first moment,
.html all moments with tables, in one file that needs no other. Whose body it is stands in every file.
"""

from collections.abc import Generator, Sequence
from pathlib import Path

from core.bodies import library
from core.comparisons import Comparison
from core.errors import FileError, ProjectError
from core.exporting.bodies import NO_BODY, Exported
from core.exporting.comparison_cells import Look, People
from core.exporting.comparison_figure import FigureWish, figure
from core.formats.provenance import Provenance
from core.project.store import ProjectStore
from core.rendering.export import write_png
from core.rendering.paper import Page, write_jpeg, write_pdf
from core.runs import ExportComparison, Progress
from core.wording import counted, spelled_time

PICTURES = (".png", ".jpg")
ENDINGS = (*PICTURES, ".pdf", ".mp4", ".html")


def export(
    store: ProjectStore, comparisons: Sequence[Comparison], asked: ExportComparison
) -> Generator[Progress, None, Exported]:
    """Make what was asked for. CoreError where that cannot be; closing the generator leaves nothing half-made."""
    file = Path(asked.file)
    files = targets(file, len(comparisons), replaces=asked.replaces)
    for each in comparisons:
        _refuse_what_is_empty(store, each)
    look = Look(over=asked.over, people=asked.people, body=asked.body, ground=asked.ground)
    said = provenance(store, comparisons, asked)
    ending = file.suffix.lower()
    if ending == ".mp4":
        from core.exporting.comparison_film import film

        what = yield from film(file, store, comparisons[0], look, asked, said)
    elif ending == ".html":
        from core.exporting.comparison_page import write_page

        what = yield from write_page(file, store, comparisons, look, asked, said)
    else:
        pages = yield from _pages(store, comparisons, look, asked)
        if ending == ".pdf":
            write_pdf(file, pages, said)
        else:
            for target, page in zip(files, pages, strict=True):
                _write_picture(target, page, said)
        what = counted(len(pages), "moment")
    return Exported(files, f"{_listed(files)}: {what}. {said.terms}")


def targets(file: Path, moments: int, *, replaces: bool = False) -> tuple[Path, ...]:
    """The files that this makes; FileError in words, before anything is made, where they cannot be."""
    ending = file.suffix.lower()
    if ending not in ENDINGS:
        raise FileError(
            file, f"comparisons are not written as {ending or 'a file without an ending'}",
            hint=f"Use {', '.join(ENDINGS)}.",
        )  # fmt: skip
    if not moments:
        raise FileError(file, "there is nothing to compare", hint="Choose a moment that has forecasts.")
    if not file.parent.is_dir():
        raise FileError(file, f"there is no folder {file.parent}", hint="Make it first, or choose another.")
    files = (file,)
    if ending in PICTURES:
        files += tuple(file.with_stem(f"{file.stem}-{number}") for number in range(2, moments + 1))
    for each in files:
        if each.exists() and not replaces:
            raise FileError(each, "is there already", hint="Choose another name, or let it be replaced (--replace).")
    return files


def provenance(store: ProjectStore, comparisons: Sequence[Comparison], asked: ExportComparison) -> Provenance:
    """Whose body it is, what is compared, and the command that makes it again."""
    first = comparisons[0]
    clip = store.project.clips.get(first.clip_id)
    names = ", ".join(dict.fromkeys(each.name for comparison in comparisons for each in comparison.compared))
    title = f"What came and {names}"
    if clip is not None:
        title += f": {clip.name} at {spelled_time(first.at_frame / clip.video.rate_hz)}"
    if asked.people == "joints":
        return Provenance(NO_BODY, title, first.command)
    return Provenance(library.terms(library.choice(asked.body or library.DEFAULT_KEY).licence), title, first.command)


def _refuse_what_is_empty(store: ProjectStore, comparison: Comparison) -> None:
    if comparison.clip_id not in store.project.clips:
        raise ProjectError("The clip of this comparison is no longer in the project.", hint="Forecast another one.")
    if not any(each.forecast.steps for each in comparison.compared):
        raise ProjectError("Nothing is forecast at this moment.", hint="Choose one with steps before it.")


def _pages(
    store: ProjectStore, comparisons: Sequence[Comparison], look: Look, asked: ExportComparison
) -> Generator[Progress, None, list[Page]]:
    wish, pages = FigureWish(asked.steps, asked.line_up), []
    for at, comparison in enumerate(comparisons):
        yield Progress(at, len(comparisons), "pictures")
        with People(store, comparison, look) as people:
            pages.append(figure(store.project, people, wish))
    yield Progress(len(comparisons), len(comparisons), "pictures")
    return pages


def _write_picture(path: Path, page: Page, said: Provenance) -> None:
    if path.suffix.lower() == ".png":
        write_png(path, page.pixels(), said)
    else:
        write_jpeg(path, page.pixels(), said)


def _listed(files: tuple[Path, ...]) -> str:
    names = [each.name for each in files]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
