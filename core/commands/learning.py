"""Commands about models: train, evaluate, forecast."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from msgspec.structs import replace

from core import configs
from core.commands.answers import Json, ProjectFolder, answer, put_in_line, refusals, run_to_the_end
from core.commands.projects import clip_of
from core.errors import RunError
from core.forecasts import Forecast
from core.wording import spelled_time, table

RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's folder, or a shipped checkpoint's name.", show_default=False)
]


def train(
    preset: Annotated[str, typer.Argument(help=f"One of {', '.join(configs.PRESETS)}.", show_default=False)],
    settings: Annotated[
        list[str] | None, typer.Argument(help="Settings, such as losses.pose2d=0.5 or data.split=styles")
    ] = None,
    *,
    project: Annotated[Path, typer.Option(help="The project to learn from.")],
    out: Annotated[Path, typer.Option(help="The run's folder. One that holds a stopped run goes on.")],
    begin_at: Annotated[
        Path | None,
        typer.Option(
            help="Another run, or a checkpoint's file, whose weights a new run begins with, at its step.",
            show_default=False,
        ),
    ] = None,
    in_line: Annotated[
        bool, typer.Option("--in-line", help="Let it wait for its turn as a job, and return; posecast jobs shows it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a model on a project. Ctrl+C stops and keeps the checkpoint; the same command resumes.

    forecaster/… learns from marked actions and poses what comes next. posegpt/… learns from labelled motion to make
    motion: an auto-encoder, then a GPT over its codes; posegpt-autoencoder/… and posegpt-gpt/… are one of them alone.
    """
    from core.given_specs import training_spec
    from core.project.store import ProjectStore

    with refusals():
        spec = training_spec(preset, settings or [], project, out)
        if begin_at is not None:
            if not begin_at.exists():
                raise RunError(f"There is no {begin_at} to begin with.", hint="Name a run's folder or a checkpoint.")
            spec = replace(spec, begin_at=str(begin_at.resolve()))
        with ProjectStore.open(project, "", mode="read"):
            pass  # refused before a run's folder is made
        if in_line:
            put_in_line(spec, as_json=as_json)
            return
        done = run_to_the_end(spec, as_json=as_json)
        answer({"run": str(out), "summary": done.summary, "outputs": done.outputs}, done.summary, as_json=as_json)


def evaluate(
    run: RunArgument,
    project: Annotated[
        Path | None, typer.Option(help="Otherwise the one it was trained on.", show_default=False)
    ] = None,
    split: Annotated[Literal["train", "validation", "test"], typer.Option(help="The part of its split.")] = "test",
    out: Annotated[
        Path | None, typer.Option(help="Otherwise evaluation-PART in the run's folder.", show_default=False)
    ] = None,
    windows: Annotated[int, typer.Option(min=16, help="Motion models: windows and samples a side.")] = 1000,
    seeds: Annotated[int, typer.Option(min=1, help="Motion models: how often all of it is done.")] = 3,
    classifier: Annotated[
        Literal["transformer", "gru"], typer.Option(help="Motion models: the network that names actions.")
    ] = "transformer",
    classifier_file: Annotated[
        Path | None,
        typer.Option(help="Motion models: HumanAct12's own classifier names them instead.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a run beside what is plainer, and write the report into its folder. Stopped, it goes on when repeated."""
    import msgspec

    from core.demo import find_run, kind_of, shipped_checkpoints
    from core.runs import EvaluateForecaster, EvaluatePoseGpt

    with refusals():
        folder = find_run(run).resolve()
        of = project or _trained_on(folder)
        if out is None and folder in {each.resolve() for each in shipped_checkpoints().values()}:
            raise RunError(
                "The shipped checkpoint's folder is not written to.", hint="Name one for the report: --out FOLDER"
            )
        place = (out or folder / f"evaluation-{split}").resolve()
        where = {"run": str(folder), "project": str(of.resolve()), "out": str(place), "part": split}
        spec = (
            EvaluatePoseGpt(
                windows=windows,
                seeds=seeds,
                classifier=classifier,
                classifier_file=str(classifier_file.resolve()) if classifier_file else "",
                **where,
            )
            if kind_of(folder) == "posegpt"
            else EvaluateForecaster(**where)
        )
        run_to_the_end(spec, as_json=as_json)
        report = msgspec.json.decode((place / "report.json").read_bytes())
        answer(report, (place / "report.md").read_text(encoding="utf-8"), as_json=as_json)


def _trained_on(run: Path) -> Path:
    from core.run_folder import RunFolder
    from core.runs import TrainForecaster, TrainPoseGpt

    is_alone = (run / "best.safetensors").is_file() and not (run / "spec.json").is_file()  # as shipped ones are
    spec = None if is_alone else RunFolder(run).spec()
    if not isinstance(spec, TrainForecaster | TrainPoseGpt) or not Path(spec.project).is_dir():
        raise RunError(f"The project that {run.name} learned from is not here.", hint="Name one: --project FOLDER")
    return Path(spec.project)


def forecast(
    run: RunArgument,
    project: ProjectFolder,
    *,
    clip: Annotated[str, typer.Option(help="The clip, by id or name.")],
    at: Annotated[float, typer.Option(help="The moment to look ahead from, seconds.")],
    steps: Annotated[int | None, typer.Option(min=1, help="How many; the run's own number without it.")] = None,
    beside: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="Another run beside it, or a plain forecaster that it carries: counting (n-gram) or repeating (the "
            "last step again). May be given several times.",
        ),
    ] = None,
    futures: Annotated[int, typer.Option(min=0, help="So many futures that may come, besides the likeliest.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the futures: the same seed draws the same.")] = 0,
    as_json: Json = False,
) -> None:
    """Say what comes next: actions, their times and their characteristic 3D poses.

    --json prints one forecast, and with --with a list of them in the order given.
    """
    from core.evaluation.forecasting import ClipMemory
    from core.footage import frame_at
    from core.project.store import ProjectStore

    with refusals(), ProjectStore.open(project, "", mode="read") as store:
        chosen = clip_of(store.project, clip)
        frame, memory = frame_at(store, chosen, at), ClipMemory()
        said = [
            each.forecast(
                store.project, lambda its: store.tracks(its.tracks), chosen.id, frame, steps,
                futures=futures, seed=seed, memory=memory,
            )
            for each in _asked(run, beside or ())
        ]  # fmt: skip
        seen = ", ".join(said[0].seen_actions[-5:]) or "nothing"
        text = "\n\n".join([f"{chosen.name} at {spelled_time(at)}, seen so far: {seen}", *map(_told, said)])
        answer(said if beside else said[0], text, as_json=as_json)


def _asked(run: str, beside: Sequence[str]) -> list[Any]:
    """The run's predictor and those beside it."""
    from core.demo import find_run
    from core.evaluation.forecasting import load_run

    first = load_run(find_run(run))
    carried: dict[str, Any] = {"counting": first.beside("counting"), "repeating": first.beside("repeating")}
    return [first, *(carried[each] if each in carried else load_run(find_run(each)) for each in beside)]


def _told(said: Forecast) -> str:
    """A forecast as lines: its steps, then its futures, then what makes it doubtful."""
    from core.picturing import steps_table

    lines = [f"{said.model}{_how_sure(said)}", steps_table(said)]
    if said.futures:
        rows = [
            (number, f"{100 * each.likelihood:.2g} %", " → ".join(step.action for step in each.steps))
            for number, each in enumerate(said.futures, start=1)
        ]
        lines += ["", table(("future", "likely", "actions"), rows)]
    return "\n".join([*lines, *said.doubts])


def _how_sure(said: Forecast) -> str:
    if said.calibration_error is None:
        return ""
    return f" (its confidence is off by {100 * said.calibration_error:.0f} points on validation clips)"


COMMANDS = (train, evaluate, forecast)
