"""`posecast generate`: motion from actions and durations, from any past, through poses, as a file."""

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec.structs import replace

from core.commands.answers import Json, answer, put_in_line, refusals, shown
from core.commands.generating_ahead import read_mapping, recipe_ahead
from core.errors import ProjectError, RunError
from core.wording import counted, spelled_time

if TYPE_CHECKING:
    from core.generation.making import Making
    from core.generation.motion_model import MotionModel
    from core.generations import Anchor, Recipe


def generate(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A motion model: a run's folder, or a shipped one's name.")],
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ACTION:SECONDS…", help="What is done and for how long: walk:2 sit:3, walk+wave:2 at once."
        ),
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="The file to write: .npz (AMASS layout), .bvh, .glb, .mp4, .gif or .png.")],
    samples: Annotated[int | None, typer.Option(help="How many; 1 without it.", show_default=False)] = None,
    seed: Annotated[
        int | None, typer.Option(help="The same seed gives the same motion; 0 without it.", show_default=False)
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="0: the likeliest; 1: as learned; above: freer.", show_default=False)
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(help="Draw from so many likeliest codes; 0: all.", show_default=False)
    ] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest codes with this share together.", show_default=False)
    ] = None,
    keep_feet: Annotated[
        bool, typer.Option("--keep-feet/--no-keep-feet", help="Heights put right so that standing feet are grounded.")
    ] = True,
    past: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            show_default=False,
            help="Motion to go on from: FILE, clip:NAME, motion:SET/NAME or kept:NAME, each with @START-END.",
        ),
    ] = None,
    pose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIME=SOURCE",
            show_default=False,
            help="A pose to pass through at TIME: 1.5=walk.bvh@0.8. Any number of them.",
        ),
    ] = None,
    forecast: Annotated[
        str | None,
        typer.Option(metavar="FORECASTER", help="Make what this run forecasts, with --project, --clip and --at."),
    ] = None,
    clip: Annotated[str | None, typer.Option(help="Whose future, with --forecast.", show_default=False)] = None,
    at: Annotated[
        float | None, typer.Option(help="From when on, seconds, with --forecast.", show_default=False)
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="How many steps ahead.", show_default=False)] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FORECAST=ACTION",
            show_default=False,
            help='What an action that is forecast is made with: "pick up=reach".',
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            show_default=False,
            help="Everything at once: FILE.json, kept:NAME, or the text: of a copied command.",
        ),
    ] = None,
    save_recipe: Annotated[
        Path | None, typer.Option(help="Also write the recipe to this .json.", show_default=False)
    ] = None,
    project: Annotated[
        Path | None, typer.Option(help="Where clips, recordings and kept motions are.", show_default=False)
    ] = None,
    body: Annotated[str, typer.Option(help="Whose body: posecast bodies list.")] = "built-in/smpl/neutral",
    replace_: Annotated[bool, typer.Option("--replace", help="Write over a file that is there.")] = False,
    in_line: Annotated[
        bool, typer.Option("--in-line", help="Let it wait for its turn as a job, and return; posecast jobs shows it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Generate motion from actions and durations, with a motion model. The same command gives the same motion."""
    with refusals(interrupted="Nothing was written."):
        from core.bodies import library
        from core.exporting.generated import free
        from core.generation import asking, making
        from core.generation.motion_model import MotionModel

        free(out, 1, replaces=replace_)
        library.choice(body)
        asked = _given(run, recipe, parts or [], project)
        wishes = {"samples": samples, "seed": seed, "temperature": temperature, "top_k": top_k, "top_p": top_p}
        asked = replace(asked, **{name: value for name, value in wishes.items() if value is not None})
        asked = asked if keep_feet else replace(asked, keep_feet=False)
        free(out, asked.samples, replaces=replace_)
        if past is not None:
            from core.past_sources import past_from

            asked = replace(asked, past=past_from(past, project))
        model = MotionModel.load(run)
        notes: tuple[str, ...] = ()
        if forecast is not None:
            asked, notes = _ahead(asked, model, forecast, project, clip, at, steps, map_ or [])
        if pose:
            asked = replace(asked, anchors=(*asked.anchors, *(_anchor(each, project, model.joints) for each in pose)))
        if save_recipe is not None:
            _save(save_recipe, asked)
        if in_line:
            asking.check(asked, model.actions, model.factor)
            _in_line(out, asked, project, body=body, replaces=replace_, as_json=as_json)
            return
        made = making.made(model, asked)
        files, says = _written(out, made, asked, model, body=body, replaces=replace_, quiet=as_json)
        notes = (*notes, *made.notes)
        answer(_facts(made, asked, files, notes), _text(made, says, notes), as_json=as_json)


def _given(run: str, source: str | None, parts: list[str], project: Path | None) -> "Recipe":
    """The recipe that was named, or one of the words; its model is RUN."""
    from core.generation_words import TEXT, parts_of, recipe_of_file, recipe_of_text
    from core.generations import Recipe

    if source is None:
        return Recipe(model=run, story=parts_of(parts))
    if source.startswith("kept:"):
        found = _kept(run, source.removeprefix("kept:"), project)
    else:
        found = recipe_of_text(source) if source.startswith(TEXT) else recipe_of_file(Path(source))
    return replace(found, model=run, story=parts_of(parts) if parts else found.story)


def _kept(run: str, name: str, project: Path | None) -> "Recipe":
    from core.demo import find_run
    from core.kept_motions import remake
    from core.models import checkpoints
    from core.past_sources import kept_named
    from core.project.store import ProjectStore

    if project is None:
        raise ProjectError(f"Which project keeps {name!r}?", hint="Name it: --project FOLDER.")
    with ProjectStore.open(project, "", mode="read") as store:
        return remake(kept_named(store, name), checkpoints.find(find_run(run)))


def _ahead(
    asked: "Recipe",
    model: "MotionModel",
    forecaster: str,
    project: Path | None,
    clip: str | None,
    at: float | None,
    steps: int | None,
    mapped: list[str],
) -> "tuple[Recipe, tuple[str, ...]]":
    if project is None or clip is None or at is None:
        raise RunError("A forecast of what?", hint="Name --project, --clip and --at.")
    return recipe_ahead(
        asked, model.actions, forecaster=forecaster, project=project, clip=clip, at_s=at, steps=steps,
        mapped=read_mapping(mapped),
    )  # fmt: skip


def _anchor(word: str, project: Path | None, joints: int) -> "Anchor":
    """`1.5=walk.bvh@0.8`: the pose of that moment; of the first frame without one."""
    from core.anchor_poses import anchor_of_motion
    from core.past_sources import motion_from, source_of

    time, sign, where = word.partition("=")
    try:
        at_s = float(time if sign else "")
    except ValueError:
        raise RunError(
            f"{word!r} is no pose to pass through.", hint="Write TIME=SOURCE, such as 1.5=walk.bvh@0.8."
        ) from None
    source = source_of(where)
    motion = motion_from(source, project)
    frame = round((source.start_s or 0.0) * motion.rate_hz) if source.kind != "clip" else 0
    if frame >= len(motion):
        raise RunError(
            f"{source.name} has no moment {spelled_time(source.start_s or 0.0)}.",
            hint=f"It lasts {spelled_time(len(motion) / motion.rate_hz)}.",
        )
    return anchor_of_motion(motion, frame, at_s, name=where, joints=joints)


def _written(
    out: Path, made: "Making", asked: "Recipe", model: "MotionModel", *, body: str, replaces: bool, quiet: bool
) -> tuple[tuple[Path, ...], str]:
    from core.exporting.generated import Exported, write
    from core.kept_motions import fingerprint_of

    checkpoint = "" if model.path is None else fingerprint_of(model.path)
    writing = write(out, made.samples, asked, body=body, checkpoint=checkpoint, replaces=replaces)
    done: list[Exported] = []

    def progress() -> Any:
        done.append((yield from writing))

    for _ in shown(progress(), quiet=quiet):
        pass
    return done[0].files, done[0].says


def _in_line(out: Path, asked: "Recipe", project: Path | None, *, body: str, replaces: bool, as_json: bool) -> None:
    """A job of it: its run folder is among the project's, or beside the file."""
    from core.runs import GenerateMotion

    if Path(asked.model).exists():
        asked = replace(asked, model=str(Path(asked.model).resolve()))
    place = out.resolve().parent if project is None else project.resolve() / "runs"
    name = f"generate-{out.stem}"
    numbered = (place / (name if number == 1 else f"{name}-{number}") for number in itertools.count(1))
    folder = next(each for each in numbered if not each.exists())
    folder.mkdir(parents=True)
    _save(folder / "recipe.json", asked)
    put_in_line(GenerateMotion(file=str(out.resolve()), out=str(folder), body=body, replaces=replaces), as_json=as_json)


def _save(path: Path, asked: "Recipe") -> None:
    import msgspec

    from core.whole_files import whole_file

    with whole_file(path) as beside:
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(asked)))


def _facts(made: "Making", asked: "Recipe", files: tuple[Path, ...], notes: tuple[str, ...]) -> dict[str, Any]:
    """All of it but the arrays, which are in the files."""
    import msgspec

    recipe = msgspec.to_builtins(asked)
    if asked.past is not None:
        motion = asked.past.motion
        recipe["past"] = {"source": asked.past.source, "frames": motion.frames, "rate_hz": motion.rate_hz}
    return {
        "files": [str(each) for each in files],
        "recipe": recipe,
        "notes": list(notes),
        "samples": [
            {
                "frames": each.motion.frames,
                "likely": each.likely,
                "bits_per_code": each.bits_per_code,
                "foot_skating_m_s": each.foot_skating_m_s,
                "anchors_off_mm": list(each.anchors_off_mm),
                "doubts": list(each.doubts),
            }
            for each in made.samples
        ],
    }


def _text(made: "Making", says: str, notes: tuple[str, ...]) -> str:
    from core.wording import table

    rows = [
        (
            number,
            f"{each.motion.frames / each.motion.rate_hz:.2f}",
            "–" if each.likely is None else f"{each.likely:.2f}",
            "–" if each.bits_per_code is None else f"{each.bits_per_code:.2f}",
            "–" if each.foot_skating_m_s is None else f"{each.foot_skating_m_s:.2f}",
            ", ".join([*each.doubts, *(f"pose was {off:.0f} mm off" for off in each.anchors_off_mm)]),
        )
        for number, each in enumerate(made.samples, start=1)
    ]
    header = ("sample", "seconds", "likely", "bits a code", "feet slip m/s", "")
    return "\n".join([f"{counted(len(rows), 'sample')} made", table(header, rows), *notes, says])


COMMANDS = (generate,)
