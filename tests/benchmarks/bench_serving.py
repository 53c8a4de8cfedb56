"""How fast the warm process answers: a long clip, one run and four, several futures, and where two runs differ.

A clip of 30,000 frames with 500 segments and 33 detected joints, beside nineteen short ones, is asked about at a new
moment each time, as a person does who stops the playhead here and there. `run()` gives milliseconds (medians) on one
thread, from the question as a line to the answer as a line, and the ratio to multiplying two 512 × 512 matrices in the
same run.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import torch
from msgspec.structs import replace

from core import configs
from core.bodies.skeletons import BLAZEPOSE_33
from core.datasets.pose_bank import PoseBank
from core.forecasts import Answer, AskDifferences, AskForecast, Differences, Forecaster, Forecasts, Plain, Question
from core.motion import Poses2d
from core.project.annotations import CharacteristicPose, Clip, FrameIdentity, Segment
from core.project.store import ProjectStore
from core.runs import TrainForecaster
from core.serving import Answerer
from core.training.forecaster import train_forecaster
from tests.core.made_up_project import ACTIONS, MADE, bank_poses, made_up

ROUNDS = 20
FRAMES, SEGMENTS = 30_000, 500
RUNS = 4
_questions, _answers = msgspec.json.Decoder(Question), msgspec.json.Decoder(Answer)


def run(rounds: int = ROUNDS) -> dict[str, float]:
    """Name → figure."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with TemporaryDirectory() as place:
            figures = _figures(Path(place), rounds)
        square = torch.randn(512, 512)
        bare = figures["bare matmul ms"] = _median_ms(lambda _: square @ square, rounds)
    finally:
        torch.set_num_threads(threads)
    return {
        **{name: round(value, 3) for name, value in figures.items()},
        **{
            name.replace(" ms", ", times a bare matmul"): round(value / bare, 1)
            for name, value in figures.items()
            if name.endswith(" ms") and name != "bare matmul ms"
        },
    }


def _figures(folder: Path, rounds: int) -> dict[str, float]:
    runs, clip = _project(folder)
    answerer = Answerer()
    try:

        def asked(count: int, plain: Plain = "", futures: int = 0) -> Callable[[int], None]:
            of = tuple(Forecaster(run=each, plain=plain) for each in runs[:count])

            def ask(at: int) -> None:
                frame = clip.poses[(60 + 37 * at) % (SEGMENTS - 20)].frame + at % 7
                said = _said(
                    answerer,
                    AskForecast(
                        number=at, project=str(folder), clip_id=clip.id, at_frame=frame, of=of, futures=futures
                    ),
                )
                assert isinstance(said, Forecasts)
                assert all(each.forecast is not None for each in said.answers)

            return ask

        first = _median_ms(asked(1), 1)
        figures = {
            "first question ms": first,
            "one run ms": _median_ms(asked(1), rounds),
            "four runs ms": _median_ms(asked(RUNS), rounds),
            "counting ms": _median_ms(asked(1, "counting"), rounds),
            "eight futures of one run ms": _median_ms(asked(1, futures=8), rounds),
        }

        def edit(at: int) -> None:
            with ProjectStore.open(folder, "test") as store:
                label = store.project.clips[clip.id].segments[at]
                changed = store.project.clips[clip.id].with_segment(replace(label, end_frame=label.end_frame - 1))
                store.edit(store.project.with_clip(changed), "Trim")

        figures["one run after an edit ms"] = _median_ms(asked(1), max(rounds // 4, 1), before=edit)
        two = (Forecaster(run=runs[0]), Forecaster(run=runs[1]))

        def differ(at: int) -> None:
            _said(answerer, AskDifferences(number=at, project=str(folder), of=two, part="train"))

        measured = _said(answerer, AskDifferences(number=0, project=str(folder), of=two, part="train"))
        assert isinstance(measured, Differences)
        figures["moments where two runs are compared"] = measured.measured
        figures["the same comparison again ms"] = _median_ms(differ, rounds)
        figures["a comparison after an edit ms"] = _median_ms(differ, max(rounds // 4, 1), before=edit)
    finally:
        answerer.close()
    return figures


def _said(answerer: Answerer, question: Question) -> Answer:
    """As the process does it: a line in, a line out."""
    return _answers.decode(msgspec.json.encode(answerer.answer(_questions.decode(msgspec.json.encode(question)))))


def _project(folder: Path) -> tuple[list[str], Clip]:
    """The project in `folder`: its runs, and the long clip."""
    made, bank = made_up(19, 40, stored_split=False), PoseBank(bank_poses(200), "made up")
    config = configs.with_overrides(configs.recommended(), ["steps=1", "device=cpu"])
    runs = []
    for number in range(RUNS):
        place = folder / "runs" / f"run-{number}"
        spec = TrainForecaster(project="", out=str(place), config=config)
        for _ in train_forecaster(spec, made.project, made.read_tracks, place, bank):
            pass
        runs.append(str(place))
    with ProjectStore.create(folder, "Made up", "test") as store:
        project = replace(made.project, id=store.project.id)
        for clip in made.project.clips.values():
            project = project.with_clip(replace(clip, tracks=store.write_tracks(made.read_tracks(clip))))
        long, tracks = _long(next(iter(made.project.clips.values())))
        long = replace(long, tracks=store.write_tracks(tracks))
        store.edit(project.with_clip(long), "Make it up")
    return runs, long


def _long(like: Clip) -> tuple[Clip, Poses2d]:
    every, random = FRAMES // SEGMENTS, np.random.default_rng(0)
    starts = [every * at for at in range(SEGMENTS)]
    segments = tuple(
        Segment(
            id=f"long-{at:03d}", action=f"label-{ACTIONS[at % len(ACTIONS)]}", start_frame=start,
            end_frame=start + every, made=MADE,
        )
        for at, start in enumerate(starts)
    )  # fmt: skip
    poses = tuple(
        CharacteristicPose(
            id=f"{each.id}-pose", segment=each.id, frame=each.start_frame + every // 2,
            identity=FrameIdentity(pts=each.start_frame + every // 2), made=MADE,
        )
        for each in segments
    )  # fmt: skip
    video = replace(like.video, frame_count=FRAMES, duration_s=FRAMES / like.video.rate_hz)
    joints_px = random.uniform((200, 100), (400, 300), (FRAMES, 1, len(BLAZEPOSE_33), 2)).astype(np.float32)
    sure = np.ones(joints_px.shape[:-1], np.float32)
    return replace(like, id="long", name="Long", video=video, segments=segments, poses=poses), Poses2d(
        BLAZEPOSE_33, joints_px, sure
    )


def _median_ms(work: Callable[[int], object], rounds: int, before: Callable[[int], object] | None = None) -> float:
    taken = []
    for at in range(rounds):
        if before is not None:
            before(at)
        began = time.perf_counter()
        work(at)
        taken.append(1000 * (time.perf_counter() - began))
    return median(taken)


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(run())).decode())
