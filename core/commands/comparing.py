"""`posecast compare`: several forecasts of a moment beside what came, as a picture, a film or a page of figures."""

import shlex
from math import ceil
from pathlib import Path
from typing import Annotated, Literal

import typer

from core.commands.answers import Json, answer, refusals
from core.commands.projects import clip_of
from core.errors import CoreError, RunError

BASELINES = ("counting", "repeating")


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN…",
            help="Runs' folders or shipped names, and counting or repeating: the baselines beside the first run.",
            show_default=False,
        ),
    ],
    *,
    project: Annotated[Path, typer.Option(help="The project with the clip.")],
    out: Annotated[
        Path, typer.Option(help="The file; its ending says what: .png .jpg .pdf pictures, .mp4 a film, .html a page.")
    ],
    clip: Annotated[str, typer.Option(help="The clip, by id or name.")] = "",
    at: Annotated[
        float | None, typer.Option(help="The moment to look ahead from, seconds.", show_default=False)
    ] = None,
    moments: Annotated[
        int, typer.Option(min=0, help="Instead: so many moments at which the first two differ most.")
    ] = 0,
    part: Annotated[
        Literal["train", "validation", "test"] | None,
        typer.Option(
            help="The part they are sought in; otherwise the first of test, validation and train with any.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=0, help="Steps at most; 0 shows all.")] = 5,
    over: Annotated[
        Literal["frame", "plain", "both"],
        typer.Option(help="Over the video, on plain ground, or one beside the other."),
    ] = "frame",
    people: Annotated[Literal["joints", "body", "both"], typer.Option(help="What is drawn of them.")] = "both",
    body: Annotated[str, typer.Option(help="A body's key, as `posecast bodies` lists it.")] = "",
    line_up: Annotated[Literal["step", "time", "action"], typer.Option(help="What stands in one row.")] = "step",
    ground: Annotated[Literal["light", "dark"], typer.Option(help="Paper, or the screen's.")] = "light",
    rate: Annotated[float, typer.Option(min=1, max=60, help="Frames a second of a film.")] = 12.0,
    replace: Annotated[bool, typer.Option(help="Write over an older file of that name.")] = False,
    as_json: Json = False,
) -> None:
    """Draw what several forecasters say of one moment beside what came: the figure of a paper, from any run."""
    from msgspec.structs import replace as replaced

    from core.exporting.comparison import export, targets
    from core.project.store import ProjectStore
    from core.runs import ExportComparison

    with refusals("Nothing half-made was left."):
        asked = ExportComparison(
            project=str(project), file=str(out), out=str(out.parent), steps=steps, over=over, people=people, body=body,
            line_up=line_up, ground=ground, rate_hz=rate, replaces=replace,
        )  # fmt: skip
        if moments and (clip or at is not None):
            raise RunError(
                "Either one moment or the most different ones.", hint="Leave out --moments, or --clip and --at."
            )
        if not moments and (not clip or at is None):
            raise RunError("No moment is named.", hint="Give --clip and --at, or --moments N.")
        targets(out, max(moments, 1), replaces=replace)  # refused before a model is loaded
        with ProjectStore.open(project, "", mode="read") as store:
            found = [
                replaced(each, command=_command(store, runs, each, asked, number if moments else 0))
                for number, each in enumerate(_comparisons(store, runs, clip, at, moments, part), start=1)
            ]
            made = _drained(export(store, found, asked))
        facts = {"files": [str(each) for each in made.files], "moments": [
            {"clip": each.clip_id, "frame": each.at_frame, "command": each.command} for each in found
        ]}  # fmt: skip
        answer(facts, made.says, as_json=as_json)


def _comparisons(store, runs, clip, at, moments, part):  # noqa: ANN001, ANN202 (types live where torch is)
    from core.footage import frame_at
    from core.serving import Answerer

    of = _forecasters(runs)
    answerer = Answerer()
    try:
        if not moments:
            chosen = clip_of(store.project, clip)
            return [_comparison(answerer, store, of, chosen.id, frame_at(store, chosen, at))]
        return [
            _comparison(answerer, store, of, each.clip_id, each.at_frame, f"{why}.")
            for each, why in _most_different(answerer, store, of, moments, part)
        ]
    finally:
        answerer.close()


def _forecasters(runs: list[str]):  # noqa: ANN202
    """Who is asked, and what each is called in the figure."""
    from core.demo import find_run
    from core.forecasts import Forecaster

    first = next((each for each in runs if each not in BASELINES), None)
    if first is None:
        raise RunError("A baseline lies beside a run.", hint="Name a run first, then counting or repeating.")
    found = []
    for each in dict.fromkeys(runs):
        run = str(find_run(first if each in BASELINES else each).resolve())
        found.append(Forecaster(run=run, plain=each if each in BASELINES else ""))  # pyright: ignore[reportArgumentType]
    return found


def _comparison(answerer, store, of, clip_id: str, frame: int, why: str = ""):  # noqa: ANN001, ANN202
    from core.comparisons import COUNTING_AT, RUN_COLOURS, Compared, Comparison
    from core.demo import shipped_checkpoints
    from core.forecasts import AskForecast, Forecasts

    said = answerer.answer(
        AskForecast(number=0, project=str(store.folder), clip_id=clip_id, at_frame=frame, of=tuple(of))
    )
    if not isinstance(said, Forecasts):
        raise CoreError(said.refusal.message, hint=said.refusal.hint)
    shipped = {str(each.resolve()) for each in shipped_checkpoints("forecaster").values()}
    own = [at for at in range(len(RUN_COLOURS)) if at not in (COUNTING_AT, len(RUN_COLOURS) - 1)]
    compared, number, round_ = [], 0, 0
    for each, answered in zip(of, said.answers, strict=True):
        if answered.forecast is None:
            why_not = answered.refusal
            assert why_not is not None
            raise CoreError(f"{Path(each.run).name}: {why_not.message}", hint=why_not.hint)
        if each.plain:
            place, round_ = COUNTING_AT, BASELINES.index(each.plain)
        elif each.run in shipped:
            place, round_ = len(RUN_COLOURS) - 1, 0
        else:
            place, round_, number = own[number % len(own)], number // len(own), number + 1
        name, _, note = answered.forecast.model.partition(", ")
        compared.append(
            Compared(
                name=name, note=note or _note_of(answerer, each), colour=RUN_COLOURS[place][0],
                forecast=answered.forecast, round=round_,
            )
        )  # fmt: skip
    return Comparison(clip_id=clip_id, at_frame=frame, compared=tuple(compared), why=why)


def _command(store, runs: list[str], one, asked, number: int) -> str:  # noqa: ANN001
    """What makes this figure alone again, with the folders as they were given.

    One of several moments of a page or film goes into a file of its own; a picture, and what shows one moment, goes
    over the file it is.
    """
    from core.exporting.comparison import PICTURES

    clip, file = store.project.clips[one.clip_id], Path(asked.file)
    is_its_own = number == 0 or file.suffix.lower() in PICTURES
    if number > 1 or (number and not is_its_own):
        file = file.with_stem(f"{file.stem}-{number}")
    # Rounded up, for a frame is shown from its time on.
    at = ceil(1000 * _seconds(store, clip, one.at_frame) - 1e-6) / 1000
    words = ["posecast", "compare", *dict.fromkeys(runs), "--project", asked.project, "--clip", clip.id]
    words += ["--at", f"{at:.3f}".rstrip("0").rstrip(".")]
    words += ["--line-up", asked.line_up, "--over", asked.over, "--people", asked.people, "--steps", str(asked.steps)]
    words += ["--body", asked.body] if asked.body else []
    words += ["--ground", asked.ground] if asked.ground != "light" else []
    words += ["--rate", f"{asked.rate_hz:g}"] if file.suffix.lower() == ".mp4" else []
    words += ["--out", str(file), *(["--replace"] if is_its_own else [])]
    return shlex.join(words)


def _seconds(store, clip, frame: int) -> float:  # noqa: ANN001
    from core.footage import has_video
    from core.video import open_video

    if not has_video(store, clip):
        return frame / clip.video.rate_hz
    with open_video(store.video_path(clip)) as video:
        return video.time_s(frame)


def _note_of(answerer, each) -> str:  # noqa: ANN001
    from core.forecasts import AboutRun, AskAbout

    if each.plain:
        return "average pose" if each.plain == "counting" else "last action, last pose"
    about = answerer.answer(AskAbout(number=0, run=each.run))
    return about.about.preset.removeprefix("forecaster/") if isinstance(about, AboutRun) else ""


def _most_different(answerer, store, of, moments: int, part: str | None):  # noqa: ANN001, ANN202
    """The moments of a part, or of the first that has any, at which the first two differ most, with that in words."""
    from core.forecasts import AskDifferences, Differences

    if len(of) < 2:
        raise RunError("One run differs from nobody.", hint="Name another, or counting.")
    refusals: list[CoreError] = []
    for each in (part,) if part else ("test", "validation", "train"):
        said = answerer.answer(
            AskDifferences(number=0, project=str(store.folder), of=(of[0], of[1]), part=each, most=moments)
        )
        if not isinstance(said, Differences):
            refusals.append(CoreError(said.refusal.message, hint=said.refusal.hint))
        elif said.moments:
            why = f"of {said.measured} moments of the {each} part by how far the first two are apart"
            return [(found, f"Number {at} {why}") for at, found in enumerate(said.moments[:moments], start=1)]
        else:
            words = f"The {each} part has no moment that both can forecast."
            refusals.append(RunError(words, hint="Choose another part."))
    raise refusals[0]


def _drained(events):  # noqa: ANN001, ANN202
    """What a generator of progress returns, with the progress said on the way."""
    import sys

    from core.commands.answers import complain

    while True:
        try:
            event = next(events)
        except StopIteration as end:
            return end.value
        if sys.stderr.isatty() and event.total > 1:
            complain(f"{event.doing}: {event.done} of {event.total}")


COMMANDS = (compare,)
