"""Makes the shipped motion model again: `python tools/make_motion_checkpoint.py WORK_FOLDER CMU_MOTION`.

It learns only from motion that is free to use: clips of the CMU Graphics Lab Motion Capture Database as exponential
maps (`CMU_MOTION`: the folder or .zip of them; its makers let anybody use them), and simulated cooks, which are ours.
Preset posegpt/small. The weights are kept in half precision. What was measured goes to the checkpoint's README. A
stopped tool goes on where it was when it is started again with the same folder.
"""

import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import torch

from core import configs
from core.bodies.skeletons import SMPL_24
from core.datasets.kitchen.recorded import recordings
from core.datasets.motion_windows import LEAST_FRAMES
from core.formats import exponential_maps
from core.models import checkpoints
from core.project import edits
from core.project.motion_sets import IndexLine, MotionSet, MotionSplit, SetFacts
from core.project.store import ProjectStore
from core.recordings import Recording, Stretch, completed, joints_of
from core.runs import Events, Note, Progress, TrainPoseGpt
from core.training.posegpt import train_posegpt

ROOT = Path(__file__).resolve().parents[1]
NAME = "motion-gpt-small"
SHIPPED = ROOT / "resources" / "checkpoints" / NAME
PRESET = "posegpt/small"
COOKS, COOK_SECONDS, COOK_SEED = 60, 60.0, 3000
KNOBS = (
    "autoencoder_training.learning_rate=1e-3", "autoencoder_training.batch=8", "autoencoder_training.steps=4000",
    "gpt_training.learning_rate=1e-3", "gpt_training.batch=16", "gpt_training.steps=3000", "validate_every=500",
    "report_every=100",
)  # fmt: skip
MOST_TURN_DEGREES = 35.0
"""Of the root, from one frame to the next."""
STANDING_FOOT_M = 0.028
"""How high the joint of the ball of the foot is over the floor it stands on, on the body of average shape."""
ACTIONS = {
    "walking": "walk", "running": "run", "jumping": "jump", "soccer": "kick a ball", "basketball": "play basketball",
    "basketball signal": "signal as a referee", "directing traffic": "direct traffic", "washwindow": "wash a window",
}  # fmt: skip
"""What CMU's folders call it, and what a person types."""


def main(work: Path, cmu: Path) -> None:
    project = work / "project"
    if not (project / "project.sqlite").exists():
        if cmu.suffix == ".zip":
            with zipfile.ZipFile(cmu) as archive:
                archive.extractall(work / "cmu")
            cmu = work / "cmu"
        make_project(project, cmu)
    out = work / "run"
    config = configs.with_overrides(configs.preset(PRESET), [*KNOBS, "data.split=shipped", "device=cpu"])
    assert isinstance(config, configs.PoseGpt)
    spec = TrainPoseGpt(project=str(project), out=str(out), config=config, preset=PRESET)
    began = time.process_time()
    tell(train_posegpt(spec, "Free motion", out))
    ship(out, time.process_time() - began)


# ---- the motion -----------------------------------------------------------------------------------------------------


def make_project(folder: Path, cmu: Path) -> None:
    """A project with one set of both sources, and its split: every tenth recording of each action is held out."""
    ProjectStore.create(folder, "Free motion", "Posecast").close()
    facts = SetFacts(
        key="free-motion", name="Free motion", holds="motion", format="Exponential maps", source="CMU and simulation",
        licence="CMU Graphics Lab Motion Capture Database, free for all uses; simulated cooks, our own (Apache-2.0)",
        rate_hz=30.0,
    )  # fmt: skip
    there = MotionSet.create(folder, facts)
    held_out: list[str] = []
    seen: dict[str, int] = {}
    for each in [*cmu_recordings(cmu), *recordings(COOKS, COOK_SECONDS, COOK_SEED)]:
        row = there.store(completed(each))
        there.append(IndexLine(source=each.name, stamp="made", motions=(row,)))
        kind = "cook" if each.name.startswith("cook") else each.stretches[0].labels[0]
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] % (10 if kind == "cook" else 5) == 0:
            held_out.append(each.name)
    names = list(MotionSet(there.folder).rows)
    parts = {"train": tuple(each for each in names if each not in held_out), "validation": tuple(held_out), "test": ()}
    there.store_split(MotionSplit(name="shipped", how="every tenth cook and every fifth clip held out", parts=parts))
    with ProjectStore.open(folder, "Posecast") as store:
        project, _ = edits.add_item(
            store.project, "dataset", facts.name, f"datasets/{facts.key}", author="Posecast",
            facts={"format": facts.format, "holds": facts.holds}, source=facts.source,
        )  # fmt: skip
        store.edit(project, "Add free motion")


def cmu_recordings(source: Path) -> Iterator[Recording]:
    """Each clip with its action's plain name, standing on the floor: the files know no floor of their own."""
    for path in sorted(source.rglob("*.txt")):
        for each in exponential_maps.read(path):
            label = path.parent.name.replace("_extra", "").replace("_", " ")
            whole = on_the_floor(completed(replace(each, name=f"cmu {path.stem}")))
            stretches = tuple(
                Stretch(start / whole.rate_hz, end / whole.rate_hz, (ACTIONS[label],), path.stem)
                for start, end in unbroken(whole)
            )
            yield replace(whole, stretches=stretches)


def unbroken(recording: Recording) -> list[tuple[int, int]]:
    """Between the frames at which the root turns as nobody can: a few of the files are damaged there."""
    assert recording.body is not None
    roots = recording.body.rotations[:, 0]
    cosine = (np.einsum("fij,fij->f", roots[:-1], roots[1:]) - 1) / 2
    jumps = np.flatnonzero(cosine < np.cos(np.radians(MOST_TURN_DEGREES))) + 1
    edges = [0, *jumps.tolist(), len(recording)]
    return [(start, end) for start, end in pairwise(edges) if end - start >= LEAST_FRAMES]


def on_the_floor(recording: Recording) -> Recording:
    """The lower foot, in its lowest twentieth of frames, as high as a standing one's."""
    assert recording.body is not None
    feet = [SMPL_24["left_foot"], SMPL_24["right_foot"]]
    lowest_m = np.percentile(joints_of(recording.body)[:, feet, 1].min(1), 5)
    drop_m = lowest_m - STANDING_FOOT_M
    body = replace(recording.body, translation_m=recording.body.translation_m - np.array([0.0, drop_m, 0.0]))
    return replace(recording, body=body, joints_m=None)


# ---- what ships -----------------------------------------------------------------------------------------------------


def ship(run: Path, seconds: float) -> None:
    """The best weights in half precision, and what they are."""
    found = checkpoints.load_motion_model(run / "best.safetensors")
    weights = {
        name: each.half() if each.is_floating_point() else each
        for name, each in found.tensors.items()
        if name.startswith(("autoencoder.", "gpt."))
    }
    SHIPPED.mkdir(parents=True, exist_ok=True)
    header = msgspec.structs.replace(found.header, project="Free motion")
    checkpoints.save(SHIPPED / "best.safetensors", header, weights)
    size = (SHIPPED / "best.safetensors").stat().st_size
    figures = "\n".join(f"| {name.replace('_', ' ')} | {value:.3f} |" for name, value in header.figures.items())
    actions = ", ".join(f"{name} ({header.windows.get(name, 0)})" for name in header.actions)
    (SHIPPED / "README.md").write_text(
        f"# {NAME}\n\n"
        f"Preset `{PRESET}`, trained only on motion that is free to use: clips of the CMU Graphics Lab Motion Capture "
        f"Database (mocap.cs.cmu.edu; free for all uses) and {COOKS} simulated cooks of {COOK_SECONDS:g} s, our own. "
        "The weights are Apache-2.0.\n\n"
        f"{size / 1e6:.1f} MB, half precision; {seconds / 60:.0f} minutes of processor, one thread, torch "
        f"{torch.__version__}.\n\n"
        f"Actions, with the stretches each was learned from: {actions}.\n\n"
        f"On recordings that were held out:\n\n| figure | value |\n|---|---|\n{figures}\n\n"
        "Made by `python tools/make_motion_checkpoint.py FOLDER CMU_MOTION`.\n",
        encoding="utf-8",
    )
    print(f"{SHIPPED.relative_to(ROOT)}: {size / 1e6:.2f} MB")


def tell(events: Events) -> None:
    """Print what a run says."""
    for event in events:
        match event:
            case Note(text=text):
                print(text, flush=True)
            case Progress(done=done, total=total, doing=doing) if done % 500 == 0:
                print(f"  {done} of {total} {doing}", flush=True)
            case _:
                pass


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Usage: python tools/make_motion_checkpoint.py WORK_FOLDER CMU_MOTION")
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
