"""Measures how often suggested poses hit those that are known, and learns the start weights.

    python tools/measure_suggestions.py --kitchen KITCHEN --demo DEMO --videos VIDEOS --out FILE.json
    python tools/measure_suggestions.py --kitchen KITCHEN --learn

Each names a project: a simulated kitchen split by cook, the demo with its video, and the videos. `--learn` learns the
weights anew and prints them: on half of the kitchen's cooks, who are measured nowhere. The videos are the four of
tests/data/hand_marked_poses.json, their 2D poses extracted by `posecast poses`. What the figures mean stands in
docs/results/suggestions.md.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from core.motion import Poses2d
from core.project.joints import track_of
from core.project.store import ProjectStore
from core.suggesting import REASONS, START_WEIGHTS, measure, reasons_of
from core.suggesting.measuring import (
    PLAIN,
    TOLERANCES_S,
    Case,
    Hits,
    after_answers,
    calibration,
    figure,
    hits_of,
    only,
    plain_hits,
    usual_of,
    without,
)
from core.suggesting.weights import Example, learn

MARKS = Path("tests/data/hand_marked_poses.json")
SEEDS = 5
FIT_COOKS = 12
"""Of 24: half of the cooks teach, those of the test part are measured."""


def cases_of(folder: Path, part: str = "", cooks: int | None = None) -> list[Case]:
    """The segments with a pose of a part of the project's split, or of all its clips."""
    with ProjectStore.open(folder, "study", mode="read") as store:
        project = store.project
        clips = next(iter(project.splits.values())).parts[part] if part else tuple(project.clips)
        names = sorted({project.clips[each].performer for each in clips})[:cooks]
        cases = []
        for clip in (project.clips[each] for each in clips):
            if clip.performer not in names or not clip.tracks:
                continue
            poses, rate = store.tracks(clip.tracks), clip.video.rate_hz
            signals = {track: measure(poses, track, rate) for track in {track_of(clip, s) for s in clip.segments}}
            frames = {each.segment: each.frame for each in clip.poses}
            for segment in clip.segments:
                frame = frames.get(segment.id, -1)
                if segment.start_frame <= frame < segment.end_frame:
                    reasons = reasons_of(signals[track_of(clip, segment)], segment.start_frame, segment.end_frame)
                    label = project.labels[segment.action].name
                    cases.append(Case(reasons, frame - reasons.start, rate, clip.performer, label))
    return cases


def marked_cases(folder: Path) -> list[Case]:
    """The poses marked by hand on the videos of the project."""
    marked = msgspec.json.decode(MARKS.read_bytes())
    cases = []
    with ProjectStore.open(folder, "study", mode="read") as store:
        for clip in store.project.clips.values():
            people = next((p for name, p in marked["videos"].items() if Path(clip.video.path).name == name), [])
            poses = store.tracks(clip.tracks)
            for person in people:
                track = nearest_track(poses, *person["at"])
                signals = measure(poses, track, clip.video.rate_hz)
                for what, start, end, frame, _ in person["marks"]:
                    reasons = reasons_of(signals, start, end)
                    group = f"{clip.name} {person['person']} {start} {what}"
                    cases.append(Case(reasons, frame - start, clip.video.rate_hz, group, what))
    return cases


def nearest_track(poses: Poses2d, frame: int, x: float, y: float) -> int:
    """Whose trunk is nearest to a point of this frame."""
    trunk = [poses.skeleton[f"{side}_{joint}"] for side in ("left", "right") for joint in ("shoulder", "hip")]
    places = np.asarray(poses.joints_px[frame][:, trunk]).mean(axis=1)
    there = np.asarray(poses.confidence[frame][:, trunk]).min(axis=1) > 0
    far = np.where(there, np.linalg.norm(places - (x, y), axis=-1), np.inf)
    return int(np.argmin(far))


def told(hits: Hits, cases: list[Case]) -> dict[str, list[float]]:
    """Share, low and high of top-1 and top-3 at each tolerance."""
    groups = [each.group for each in cases]
    rows = {}
    for column, tolerance in enumerate(TOLERANCES_S):
        for top, name in ((0, "top-1"), (1, "top-3")):
            found = figure(hits[:, column, top], groups)
            rows[f"{name} ±{tolerance} s"] = [round(each, 3) for each in (found.share, found.low, found.high)]
    return rows


def study(cases: list[Case]) -> dict[str, object]:
    """Every method on the same cases."""
    seconds = [len(each) / each.rate_hz for each in cases]
    places = [(each.frame + 0.5) / len(each) for each in cases]
    spoken = [name for name in REASONS if any(name in each.reasons.names for each in cases)]
    rows = {name: told(plain_hits(cases, name), cases) for name in PLAIN}
    rows["suggestions"] = told(hits_of(cases, START_WEIGHTS), cases)
    rows |= {f"{name} alone": told(hits_of(cases, only(name)), cases) for name in spoken if name != "place"}
    rows |= {f"all but {name}": told(hits_of(cases, without(name)), cases) for name in spoken}
    return {
        "cases": len(cases),
        "median segment s": round(float(np.median(seconds)), 2),
        "place of the pose in its segment, 10th 50th 90th percentile": [
            round(float(each), 2) for each in np.percentile(places, (10, 50, 90))
        ],
        "rows": rows,
        "score, share within 0.2 s, suggestions": [
            [round(score, 2), round(right, 2), count] for score, right, count in calibration(cases, START_WEIGHTS)
        ],
    }


def with_answers(cases: list[Case], counts: tuple[int, ...]) -> dict[str, dict[str, float]]:
    """On one half of the segments, after answers to so many of the other half: mean and spread over seeds."""
    rows: dict[str, dict[str, float]] = {}
    for count in counts:
        shares = []
        for seed in range(SEEDS):
            order = np.random.default_rng(seed).permutation(len(cases)).tolist()
            asked = [cases[at] for at in order[: len(cases) // 2]][:count]
            held = [cases[at] for at in order[len(cases) // 2 :]]
            shares.append(hits_of(held, after_answers(asked))[:, TOLERANCES_S.index(0.2)].mean(axis=0))
        mean, spread = np.mean(shares, axis=0), np.std(shares, axis=0)
        rows[str(count)] = {
            "top-1": round(float(mean[0]), 3),
            "top-3": round(float(mean[1]), 3),
            "spread of top-1": round(float(spread[0]), 3),
            "spread of top-3": round(float(spread[1]), 3),
        }
    return rows


def other_mind(case: Case, reason: str) -> Case:
    """The same segment for somebody who sets poses where one reason is strongest."""
    strongest = case.reasons.values[:, case.reasons.names.index(reason)] * case.reasons.seen
    return replace(case, frame=int(np.argmax(strongest)))


def learned_on(cases: list[Case]) -> None:
    """Print what the kitchen's first cooks teach."""
    names = [name for name in REASONS if all(name in each.reasons.names for each in cases)]
    examples = [
        Example(each.reasons.values[:, [each.reasons.names.index(n) for n in names]], each.reasons.seen, each.frame,
                each.rate_hz)
        for each in cases
    ]  # fmt: skip
    print("weights", {name: round(value, 2) for name, value in learn(examples, names).items()})
    print("usual", {name: round(value, 2) for name, value in usual_of(cases).items()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("kitchen", "demo", "videos", "out"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--learn", action="store_true", help="learn the start weights and print them")
    asked = parser.parse_args()
    if asked.learn:
        learned_on(cases_of(asked.kitchen, "train", FIT_COOKS))
        return
    result: dict[str, object] = {"weights": START_WEIGHTS, "tolerances s": TOLERANCES_S}
    if asked.kitchen:
        cases = cases_of(asked.kitchen, "test")
        result["kitchen, cooks never used"] = study(cases)
        some = [cases[at] for at in np.random.default_rng(0).permutation(len(cases))[:1200].tolist()]
        counts = (0, 3, 30, 300, 600)
        result["kitchen, answers to the other half"] = with_answers(some, counts)
        for reason in ("arms", "turn"):
            others = [other_mind(each, reason) for each in some]
            result[f"kitchen, an annotator who goes by {reason} alone"] = with_answers(others, counts)
    if asked.demo:
        result["demo, real detections"] = study(cases_of(asked.demo))
    if asked.videos:
        cases = marked_cases(asked.videos)
        result["videos, marked by hand"] = study(cases)
        result["videos, answers to the other half"] = with_answers(cases, (0, 3, 10, 35))
    text = msgspec.json.encode(result).decode().replace('},"', '},\n"').replace('],"rows', '],\n"rows')
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
