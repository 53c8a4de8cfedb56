"""The pose bank, built of an archive as large as AMASS: 11,000 recordings, 40 hours at 30 frames a second.

Real clips (Bandai-Namco's, AMASS' sample, where the folder of real files is beside the checkout; otherwise made-up
ones) are repeated until there are as many recordings. Each copy bears itself a little differently, by up to some 10° in
every joint of the upper body, and half are mirrored: exact repeats would be thinned to nothing. The whole archive is
built with POSECAST_BENCH_WHOLE=1; otherwise a tenth and a fifth of it, asked for a tenth and a fifth of 800,000 poses,
which shows how time grows, and a fifth asked for a tenth, which shows that memory follows what is asked for and not the
archive. Wanted on two idle cores: under 3 minutes and 150 MB.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from core.bodies.skeletons import SMPL_24
from core.datasets.bank_building import FILE, build
from core.formats import amass, bvh
from core.geometry.rotations import about_y, matrices
from core.motion import Motion
from core.project.edits import add_item
from core.project.motion_sets import IndexLine, MotionSet, SetFacts, folder_of
from core.project.store import ProjectStore
from core.recordings import Recording, completed
from core.runs import BuildPoseBank, Done

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
RECORDINGS, HOURS, POSES = 11_000, 40.0, 800_000
WHOLE = "POSECAST_BENCH_WHOLE"
_UPPER = [SMPL_24[joint] for joint in ("spine1", "spine2", "spine3", "neck", "head", "left_collar", "right_collar",
          "left_shoulder", "right_shoulder", "left_elbow", "right_elbow")]  # fmt: skip


def clips(folder: Path, at_most: int = 174) -> tuple[str, list[Motion]]:
    """Whose motion, and the clips."""
    if not (SHARED / "bandai_namco_1").is_dir():
        rng = np.random.default_rng(0)
        made = [_made_up(rng) for _ in range(40)]
        return "made up", made
    with zipfile.ZipFile(SHARED / "bandai_namco_1" / "bvh.zip") as packed:
        packed.extractall(folder)
    paths = sorted(folder.rglob("*.bvh"))[:at_most]
    read = [next(iter(bvh.read(path))) for path in paths]
    read += list(amass.read(SHARED / "amass" / "amass_sample.npz"))
    found = [completed(each).body for each in read]
    return "Bandai-Namco 1 and AMASS' sample", [each for each in found if each is not None]


def _made_up(rng: np.random.Generator) -> Motion:
    at = np.arange(400)[:, None, None] / 30
    vectors = 0.4 * np.sin(2 * np.pi * rng.uniform(0.2, 0.8, (24, 3)) * at + rng.uniform(0, 6, (24, 3)))
    vectors[:, 0] = 0.1
    return Motion(SMPL_24, 30.0, matrices(vectors), np.zeros((400, 3)))


def archive(project: Path, given: list[Motion], recordings: int, seconds_each: float) -> None:
    """So many recordings of so long, each of clips one after another, as an import leaves them."""
    the_set = MotionSet.create(
        project, SetFacts(key="archive", name="Archive", holds="motion", format="AMASS", source="archive")
    )
    bank_of = [Motion(SMPL_24, 30.0, each.rotations[:, :24], each.translation_m) for each in given]
    with ProjectStore.open(project, "bench") as store:
        store.edit(add_item(store.project, "dataset", "Archive", "datasets/archive", author="bench")[0], "Import")
    rng, frames = np.random.default_rng(1), round(seconds_each * 30)
    for number in range(recordings):
        rotations: list[np.ndarray] = []
        while sum(map(len, rotations)) < frames:
            rotations.append(bank_of[int(rng.integers(len(bank_of)))].rotations)
        turned = np.concatenate(rotations)[:frames].copy()
        if number % 2:
            flip = np.diag([-1.0, 1.0, 1.0])
            turned = flip @ turned[:, list(SMPL_24.mirror)] @ flip
        turned[:, _UPPER] = matrices(rng.normal(0, np.deg2rad(6), (1, len(_UPPER), 3))) @ turned[:, _UPPER]
        turned[:, 0] = about_y(rng.uniform(0, 6.28)) @ turned[:, 0]
        made = completed(Recording(f"{number:05}", 30.0, body=Motion(SMPL_24, 30.0, turned, np.zeros((frames, 3)))))
        row = the_set.store(replace(made, body=None))
        with (the_set.folder / "index.jsonl").open("ab") as file:
            file.write(msgspec.json.encode(IndexLine(source=row.name, stamp="1", motions=(row,))) + b"\n")


def built(share: float, of_poses: float) -> dict[str, float]:
    """Build this share of the poses from this share of the archive, in a process of its own; seconds, megabytes."""
    with tempfile.TemporaryDirectory() as place:
        project = Path(place) / "project"
        with ProjectStore.create(project, "bench", "bench"):
            pass
        whose, given = clips(Path(place) / "clips")
        seconds_each = HOURS * 3600 / RECORDINGS
        archive(project, given, round(share * RECORDINGS), seconds_each)
        command = [
            sys.executable,
            "-c",
            f"from {__name__} import child; child({str(project)!r}, {round(of_poses * POSES)})",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, cpu_s, rss_mb, says = done.stdout.strip().split("|", 3)
        size_mb = (folder_of(project, "pose-bank") / FILE).stat().st_size / 1e6
        print(f"{share:g} of the archive ({whose}): {says}", file=sys.stderr)
        return {"seconds": float(seconds), "processor seconds": float(cpu_s), "peak MB": float(rss_mb), "MB": size_mb}


def child(project: str, poses: int) -> None:
    began, worked = time.perf_counter(), time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    last = None
    for event in build(BuildPoseBank(project=project, out=project, poses=poses)):
        last = event
    assert isinstance(last, Done)
    grew = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{time.perf_counter() - began:.1f}|{time.process_time() - worked:.1f}|{grew:.0f}|{last.summary}")


def run() -> dict[str, object]:
    shares = ((1.0, 1.0),) if os.environ.get(WHOLE) else ((0.1, 0.1), (0.2, 0.2), (0.2, 0.1))
    figures: dict[str, object] = {"load before": round(os.getloadavg()[0], 1)}
    for share, of_poses in shares:
        measured = {name: round(value, 1) for name, value in built(share, of_poses).items()}
        figures[f"{share:g} of AMASS, {round(of_poses * POSES):,} poses"] = measured
    return figures
