"""Measures how far the 2D detector is off on filmed cooks, and writes the table that demos without video use.

    python tools/measure_detector_error.py                  # about ten minutes on one core
    python tools/measure_detector_error.py --cooks 4 --seconds 8 --out table.json --films FOLDER

Cooks of a demo seed that nobody else uses are simulated, filmed and run through the detector; what it says is compared
with where the landmarks truly are. In each frame the sighting nearest to the true person counts: which sighting is
whose over time is the tracker's affair, not the detector's. What the numbers mean stands in
`core.datasets.kitchen.detector_error`.
"""

import argparse
import tempfile
from pathlib import Path

import msgspec
import numpy as np
from numpy import ndarray

import resources
from core.bodies.skeletons import BLAZEPOSE_33
from core.datasets.kitchen import seeds
from core.datasets.kitchen.clip import clip
from core.datasets.kitchen.cooks import cook
from core.datasets.kitchen.detector_error import VIEWS, DetectorError, LandmarkError, Lost, body_axes
from core.datasets.kitchen.world import kitchen
from core.detection.tracking import extract, read_extraction
from core.filming import film
from core.motion import SEEN, Poses2d
from core.video import open_video

RATE_HZ = 30.0
DEMO_SEED = seeds.HIGHEST_DEMO - 1
FEWEST_FRAMES = 60
"""With fewer sightings than this a view says nothing of a landmark, and the other view stands in."""
_LAG_S = 0.2
_NEAR_TORSOS = 0.8
"""A sighting whose trunk is farther from the true one than this is of something else."""


class Sightings:
    """What was measured of all clips: for each frame and landmark the error in torsos and the confidence."""

    def __init__(self) -> None:
        self.outward: list[ndarray] = []  # (T, 33) a clip
        self.up: list[ndarray] = []
        self.confidence: list[ndarray] = []
        self.towards: list[ndarray] = []  # (T,)
        self.found: list[ndarray] = []  # (T,)

    def add(self, true_px: ndarray, poses: Poses2d) -> None:
        found_px, confidence, found = nearest_to(true_px, poses)
        self.found.append(found)
        up, outward, torso_px, towards = body_axes(true_px)
        off = (found_px - true_px) / torso_px[:, None, None]
        sides = np.array([{"left": 1.0, "right": -1.0}.get(side, 1.0) for side in BLAZEPOSE_33.sides])
        self.outward.append((off * outward[:, None]).sum(-1) * sides)
        self.up.append((off * up[:, None]).sum(-1))
        self.confidence.append(confidence)
        self.towards.append(towards)

    def error_of(self, landmark: int, view: str) -> LandmarkError | None:
        """One row of the table; None where too little was seen."""
        here = [each & found for each, found in zip(self._in_view(view), self.found, strict=True)]
        seen = [confidence[:, landmark] >= SEEN for confidence in self.confidence]
        sighted = [a & b for a, b in zip(here, seen, strict=True)]
        frames, count = sum(int(each.sum()) for each in here), sum(int(each.sum()) for each in sighted)
        if count < FEWEST_FRAMES:
            return None
        slow, quick, memory, middle = [], [], [], []
        for track in (self.outward, self.up):
            values = np.concatenate([each[mask, landmark] for each, mask in zip(track, sighted, strict=True)])
            centre = float(np.median(values))
            fence = 5 * 1.4826 * float(np.median(np.abs(values - centre))) + 1e-6
            rest = [np.clip(each[:, landmark] - centre, -fence, fence) for each in track]
            whole = float(np.concatenate([r[m] for r, m in zip(rest, sighted, strict=True)]).var())
            bends = [
                (r[2:] - 2 * r[1:-1] + r[:-2])[m[2:] & m[1:-1] & m[:-2]] for r, m in zip(rest, sighted, strict=True)
            ]
            fast = 1.4826 * float(np.median(np.abs(np.concatenate(bends)))) / np.sqrt(6.0)
            fast = min(fast, 0.7 * float(np.sqrt(whole)))
            stays = max(whole - fast**2, 1e-8)
            lag = round(_LAG_S * RATE_HZ)
            pairs = [(r[lag:] * r[:-lag])[m[lag:] & m[:-lag]] for r, m in zip(rest, sighted, strict=True)]
            kept = float(np.clip(np.concatenate(pairs).mean() / stays, 0.02, 0.98))
            middle.append(centre)
            slow.append(float(np.sqrt(stays)))
            quick.append(fast)
            memory.append(-_LAG_S / np.log(kept))
        return LandmarkError(
            outward=round(middle[0], 4) if BLAZEPOSE_33.sides[landmark] != "centre" else 0.0,
            up=round(middle[1], 4),
            slow=round(float(np.mean(slow)), 4),
            quick=round(float(np.mean(quick)), 4),
            memory_s=round(float(np.mean(memory)), 3),
            dropped=round(1 - count / frames, 4),
            dropped_s=round(_mean_gap(here, seen) / RATE_HZ, 3),
            confidence=round(float(np.median(np.concatenate([c[m, landmark] for c, m in self._sure(sighted)]))), 3),
        )

    def distance_of(self, landmark: int) -> tuple[ndarray, float]:
        """How far off one landmark is where it is seen, torsos, and in which share of all frames it is."""
        parts = zip(self.outward, self.up, self.confidence, self.found, strict=True)
        off, frames = [], 0
        for outward, up, confidence, found in parts:
            seen = found & (confidence[:, landmark] >= SEEN)
            off.append(np.hypot(outward[seen, landmark], up[seen, landmark]))
            frames += len(found)
        whole = np.concatenate(off)
        return whole, len(whole) / frames

    def lost(self, view: str) -> Lost:
        """How often the whole person was not found."""
        here = self._in_view(view)
        frames = sum(int(each.sum()) for each in here)
        gone = sum(int((each & ~found).sum()) for each, found in zip(here, self.found, strict=True))
        seconds = _mean_gap(here, self.found) / RATE_HZ
        return Lost(share=round(gone / max(frames, 1), 4), seconds=round(seconds, 3))

    def _in_view(self, view: str) -> list[ndarray]:
        return [towards if view == "towards" else ~towards for towards in self.towards]

    def _sure(self, sighted: list[ndarray]) -> list[tuple[ndarray, ndarray]]:
        return list(zip(self.confidence, sighted, strict=True))


def _mean_gap(here: list[ndarray], seen: list[ndarray]) -> float:
    """How long a stretch without a sighting lasts, frames."""
    gaps, lost = 0, 0
    for view, found in zip(here, seen, strict=True):
        gone = view & ~found
        lost += int(gone.sum())
        gaps += int((gone[1:] & ~gone[:-1]).sum() + gone[0])
    return max(1.0, lost / max(gaps, 1))


def nearest_to(true_px: ndarray, poses: Poses2d) -> tuple[ndarray, ndarray, ndarray]:
    """Of each frame's sightings the one at the true person: landmarks (T, 33, 2), confidence (T, 33), found (T,)."""
    trunk = [BLAZEPOSE_33[f"{side}_{joint}"] for side in ("left", "right") for joint in ("shoulder", "hip")]
    *_, torso_px, _ = body_axes(true_px)
    there = np.linalg.norm(poses.joints_px[:, :, trunk].mean(2) - true_px[:, None, trunk].mean(2), axis=-1)
    there = np.where(poses.seen().any(-1), there / torso_px[:, None], np.inf)
    frames, chosen = np.arange(len(true_px)), there.argmin(1)
    return poses.joints_px[frames, chosen], poses.confidence[frames, chosen], there.min(1) < _NEAR_TORSOS


def never_seen() -> LandmarkError:
    """A landmark that hides behind the worktop in every frame."""
    return LandmarkError(
        outward=0.0, up=0.0, slow=0.15, quick=0.02, memory_s=0.5, dropped=0.99, dropped_s=5.0, confidence=0.4
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cooks", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--films", type=Path, help="keep the films here, and use those that are there")
    parser.add_argument("--out", type=Path, default=resources.path("kitchen", "detector_error.json"))
    asked = parser.parse_args()
    height = asked.width * 9 // 16

    sightings = Sightings()
    with tempfile.TemporaryDirectory() as passing:
        films = asked.films or Path(passing)
        films.mkdir(parents=True, exist_ok=True)
        for number in range(asked.cooks):
            room = kitchen(seeds.DEMO_KITCHENS[number % len(seeds.DEMO_KITCHENS)], width=asked.width, height=height)
            person = cook(seeds.demo_cook(DEMO_SEED, number))
            taken = clip(seeds.demo_clip(DEMO_SEED, number), asked.seconds, RATE_HZ, room, person)
            video = films / f"{number}.mp4"
            if not video.exists():
                for _ in film(taken, video):
                    pass
            with open_video(video) as opened:
                for _ in extract(opened, Path(passing) / str(number), most_people=4):
                    pass
            poses = read_extraction(Path(passing) / str(number))
            if poses.people:
                sightings.add(taken.landmarks_px, poses)
            share = sightings.found[-1].mean() if poses.people else 0.0
            print(f"{number + 1} of {asked.cooks}: {person.name}, found in {share:.0%} of the frames", flush=True)

    views: dict[str, dict[str, LandmarkError]] = {}
    for view, other in zip(VIEWS, reversed(VIEWS), strict=True):
        views[view] = {
            name: sightings.error_of(at, view) or sightings.error_of(at, other) or never_seen()
            for at, name in enumerate(BLAZEPOSE_33.joints)
        }
    size = f"{asked.width} × {height}, {RATE_HZ:g} Hz"
    measured_on = f"{len(sightings.found)} of {asked.cooks} cooks found, {asked.seconds:g} s each at {size}"
    table = DetectorError(measured_on=measured_on, lost={view: sightings.lost(view) for view in VIEWS}, views=views)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_bytes(msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n")
    print(measured_on)
    for name in ("nose", "left_shoulder", "left_elbow", "left_wrist", "right_wrist", "left_hip"):
        off, share = sightings.distance_of(BLAZEPOSE_33[name])
        middle, most = np.percentile(off, [50, 90])
        print(f"{name:14} median {middle:.3f} torsos, 90 % {most:.3f}, seen in {share:.0%} of the frames")


if __name__ == "__main__":
    main()
