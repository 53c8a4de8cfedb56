"""Measures how far the 2D detector is off on filmed cooks, and writes the table that demos without video use.

    python tools/measure_detector_error.py                  # about ten minutes on one core
    python tools/measure_detector_error.py --cooks 4 --seconds 8 --out table.json

Cooks of a demo seed that nobody else uses are simulated, filmed and run through the detector; what it says is compared
with where the landmarks truly are. See `core.datasets.kitchen.detector_error` for what the numbers mean.
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
from core.datasets.kitchen.detector_error import VIEWS, DetectorError, LandmarkError, body_axes
from core.datasets.kitchen.world import kitchen
from core.filming import detect, film
from core.motion import SEEN

RATE_HZ = 30.0
DEMO_SEED = seeds.HIGHEST_DEMO - 1
FEWEST_FRAMES = 60
"""With fewer sightings than this a view says nothing of a landmark, and the other view stands in."""
_LAG_S = 0.2


class Sightings:
    """What was measured of all clips: for each frame and landmark the error in torsos and the confidence."""

    def __init__(self) -> None:
        self.outward: list[ndarray] = []  # (T, 33) a clip
        self.up: list[ndarray] = []
        self.confidence: list[ndarray] = []
        self.towards: list[ndarray] = []  # (T,)

    def add(self, true_px: ndarray, found_px: ndarray, confidence: ndarray) -> None:
        up, outward, torso_px, towards = body_axes(true_px)
        off = (found_px - true_px) / torso_px[:, None, None]
        sides = np.array([{"left": 1.0, "right": -1.0}.get(side, 1.0) for side in BLAZEPOSE_33.sides])
        self.outward.append((off * outward[:, None]).sum(-1) * sides)
        self.up.append((off * up[:, None]).sum(-1))
        self.confidence.append(confidence)
        self.towards.append(towards)

    def error_of(self, landmark: int, view: str) -> LandmarkError | None:
        """One row of the table; None where too little was seen."""
        here = [towards if view == "towards" else ~towards for towards in self.towards]
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
    parser.add_argument("--out", type=Path, default=resources.path("kitchen", "detector_error.json"))
    asked = parser.parse_args()
    height = asked.width * 9 // 16

    sightings, found = Sightings(), 0
    shown_px: list[ndarray] = []
    for number in range(asked.cooks):
        room = kitchen(seeds.DEMO_KITCHENS[number % len(seeds.DEMO_KITCHENS)], width=asked.width, height=height)
        person = cook(seeds.demo_cook(DEMO_SEED, number))
        taken = clip(seeds.demo_clip(DEMO_SEED, number), asked.seconds, RATE_HZ, room, person)
        with tempfile.TemporaryDirectory() as folder:
            video = Path(folder) / "clip.mp4"
            for _ in film(taken, video):
                pass
            looking = detect(video, Path(folder) / "poses")
            while True:
                try:
                    next(looking)
                except StopIteration as end:
                    tracks = end.value
                    break
        if tracks.people:
            found += 1
            sightings.add(taken.landmarks_px, np.array(tracks.joints_px[:, 0]), np.array(tracks.confidence[:, 0]))
            off = np.linalg.norm(tracks.joints_px[:, 0] - taken.landmarks_px, axis=-1)
            shown_px.append(np.where(tracks.confidence[:, 0] >= SEEN, off, np.nan))
        print(f"{number + 1} of {asked.cooks}: {person.name} {'found' if tracks.people else 'not found'}", flush=True)

    views: dict[str, dict[str, LandmarkError]] = {}
    for view, other in zip(VIEWS, reversed(VIEWS), strict=True):
        views[view] = {
            name: sightings.error_of(at, view) or sightings.error_of(at, other) or never_seen()
            for at, name in enumerate(BLAZEPOSE_33.joints)
        }
    measured_on = (
        f"{found} of {asked.cooks} cooks found, {asked.seconds:g} s each at {asked.width} × {height}, {RATE_HZ:g} Hz"
    )
    table = DetectorError(measured_on=measured_on, views=views)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_bytes(msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n")
    print(measured_on)
    all_px = np.concatenate(shown_px)
    for name in ("nose", "left_shoulder", "left_elbow", "left_wrist", "right_wrist", "left_hip"):
        px = all_px[:, BLAZEPOSE_33[name]]
        px = px[np.isfinite(px)]
        middle, most = np.percentile(px, [50, 90])
        print(f"{name:14} median {middle:5.1f} px, 90 % {most:5.1f} px, seen {len(px) / len(all_px):.0%}")


if __name__ == "__main__":
    main()
