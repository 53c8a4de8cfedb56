"""Commands about pictures: extract 2D poses, render a clip with what is known of it."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from core.commands.answers import Json, ProjectFolder, answer, complain, refusals, run_to_the_end
from core.commands.projects import clip_of, refuse_own_file
from core.errors import ProjectError
from core.wording import counted

_DEFAULT_BODY = "built-in/smpl/neutral"


def poses(
    project: ProjectFolder,
    clip: Annotated[str, typer.Option(help="One clip, by id or name; without it, all that have none.")] = "",
    most_people: Annotated[int, typer.Option(min=1, max=12, help="How many people to follow.")] = 4,
    as_json: Json = False,
) -> None:
    """Extract 2D poses. Ctrl+C keeps what was found; the same command goes on."""
    from core.project.store import ProjectStore
    from core.runs import ExtractPoses

    with refusals():
        with ProjectStore.open(project, "", mode="read") as store:
            wanted = (clip_of(store.project, clip).id,) if clip else ()
            lacking = [each for each in store.project.clips.values() if each.video.path and not each.tracks]
        if not wanted and not lacking:
            says = "Every clip with a video has 2D poses already. Name one with --clip to extract them again."
            answer({"run": None, "summary": says}, says, as_json=as_json)
            return
        place = project.resolve()
        out = _unfinished(place, wanted) or place / "runs" / f"poses-{datetime.now():%Y%m%d-%H%M%S}"
        spec = ExtractPoses(project=str(place), out=str(out), clip_ids=wanted, most_people=most_people)
        done = run_to_the_end(spec, as_json=as_json)
        answer({"run": str(out), "summary": done.summary}, done.summary, as_json=as_json)


def _unfinished(project: Path, clip_ids: tuple[str, ...]) -> Path | None:
    """The newest extraction of the same clips that was stopped or ended by the system."""
    from core.run_folder import RunFolder
    from core.runs import ExtractPoses

    for folder in sorted((project / "runs").glob("poses-*"), reverse=True):
        run = RunFolder(folder)
        if run.state() in ("stopped", "killed"):
            spec = run.spec()
            if isinstance(spec, ExtractPoses) and spec.clip_ids == clip_ids:
                return folder
    return None


def render(
    project: ProjectFolder,
    out: Annotated[Path, typer.Argument(help="A .mp4, or a .png for one frame.", show_default=False)],
    *,
    clip: Annotated[str, typer.Option(help="The clip, by id or name.")],
    start: Annotated[float, typer.Option("--from", min=0, help="Seconds.")] = 0.0,
    end: Annotated[float | None, typer.Option("--to", help="Seconds; the clip's end without it.")] = None,
    run: Annotated[str, typer.Option(help="Also draw what this run forecasts at each pose.")] = "",
    bodies: Annotated[
        bool, typer.Option("--bodies", help="Fit bodies to everybody and draw them, not joints.")
    ] = False,
    body: Annotated[str, typer.Option(help="With --bodies: a body's key, see `posecast bodies`.")] = _DEFAULT_BODY,
    opacity: Annotated[float, typer.Option(min=0.05, max=1, help="Of bodies in front of the picture.")] = 0.9,
    beside: Annotated[bool, typer.Option("--beside", help="Bodies beside the picture instead of in front.")] = False,
    as_json: Json = False,
) -> None:
    """Draw joints or bodies, actions and, with a run, its forecasts over a clip."""
    from core.demo import find_run
    from core.picturing import render_clip
    from core.project.store import ProjectStore

    with refusals(), ProjectStore.open(project, "", mode="read") as store:
        if out.suffix.lower() not in (".mp4", ".png"):
            raise ProjectError(f"{out.name} is neither .mp4 nor .png.", hint="Name a file with one of these endings.")
        chosen = clip_of(store.project, clip)
        refuse_own_file(store, out)
        predictor = None
        if run:
            from core.evaluation.forecasting import load_run

            predictor = load_run(find_run(run))
        people = said = None
        if bodies:
            people, said = _people_of(store, chosen, start, start if out.suffix.lower() == ".png" else end, body)
            people = replace(people, opacity=opacity, beside=beside)
        frames = render_clip(
            store, chosen, out, start_s=start, end_s=end, predictor=predictor, people=people, said=said
        )
        says = f"{out}: {counted(frames, 'frame')}" + (f". {said.terms}" if said is not None else "")
        answer({"file": str(out), "frames": frames}, says, as_json=as_json)


def _people_of(store: Any, clip: Any, start_s: float, end_s: float | None, body: str) -> tuple[Any, Any]:
    """Everybody of a stretch of the clip as bodies, and what a file of them says of itself."""
    from core.exporting.bodies import terms_of
    from core.fitted_clips import FittedMotion, fit_clip, shot_of
    from core.footage import frame_at
    from core.formats.provenance import Provenance
    from core.rendering.export import FITTED_COLOURS

    first = frame_at(store, clip, start_s)
    last = clip.video.frame_count if end_s is None else frame_at(store, clip, end_s) + 1
    if last <= first:
        raise ProjectError(f"{end_s:g} s comes before {start_s:g} s.", hint="Give --to a later moment than --from.")
    shots, refusals_of = [], []
    for person in range(store.tracks(clip.tracks).people if clip.tracks else 1):
        try:
            for each in fit_clip(store, clip, person=person, start=first, end=last, body=body):
                if isinstance(each, FittedMotion):
                    shots.append(shot_of(each, store, clip))
                elif each.done:
                    complain(f"{each.doing}: {each.done} of {each.total}")
        except ProjectError as error:
            refusals_of.append(error)
    if not shots:
        raise refusals_of[0]
    people = tuple(
        replace(shot.scene.bodies[0], colour=FITTED_COLOURS[at % len(FITTED_COLOURS)]) for at, shot in enumerate(shots)
    )
    whole = replace(shots[0], scene=replace(shots[0].scene, bodies=people))
    return whole, Provenance(terms_of(whole.scene), clip.name)


COMMANDS = (poses, render)
