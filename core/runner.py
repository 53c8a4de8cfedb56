"""Carries a spec out: picks the room, yields its events, and keeps what was said in the run's folder.

`python -m core.runner FOLDER` is the process a job runs in. It reads the folder's spec, reports there, looks there for
words ("stop", "pause"), and ends: 0 done or paused, 1 refused with a reason, 75 not its turn, 130 stopped.
"""

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, cast

from core import disk, line_turns, processes
from core.asleep import Watch
from core.errors import CoreError, RunError
from core.lanes import goes_on_exactly
from core.launched import launched
from core.line_files import LineError, is_mine
from core.run_folder import RunFolder
from core.runs import (
    BuildPoseBank,
    CompareSequences,
    Done,
    EvaluateForecaster,
    EvaluatePoseGpt,
    Event,
    Events,
    ExportBodies,
    ExportComparison,
    ExtractPoses,
    Failed,
    GenerateMotion,
    ImportData,
    Made,
    MakeDemo,
    MakeProxy,
    Metric,
    Note,
    Paused,
    PrepareData,
    Reason,
    ReproduceForecasts,
    ReproduceTable,
    Slept,
    Spec,
    Stopped,
    TrainForecaster,
    TrainPoseGpt,
    WentOn,
)  # fmt: skip
from core.sealing import sealed
from core.whole_files import has_words, is_full, refused

if TYPE_CHECKING:  # a job begins without numpy, which most of its start would go to
    from core.motion import Poses2d
    from core.project.annotations import Clip
LOOK_EVERY_S = 0.2
STOPPED = 130  # what a shell reports of an interrupted command


def carry_out(spec: Spec) -> Events:
    """The events of carrying out `spec`; closing the generator stops the work in good order."""
    Path(spec.out).mkdir(parents=True, exist_ok=True)
    match spec:
        case ExtractPoses():
            from core.extractions import extract

            yield from extract(spec)
        case TrainForecaster():
            yield from _train_forecaster(spec)
        case TrainPoseGpt():
            yield from _train_posegpt(spec)
        case EvaluateForecaster():
            yield from _evaluate_forecaster(spec)
        case EvaluatePoseGpt():
            yield from _evaluate_posegpt(spec)
        case ReproduceTable():
            yield from _reproduce_table(spec)
        case ReproduceForecasts():
            yield from _reproduce_forecasts(spec)
        case CompareSequences():
            yield from _compare_sequences(spec)
        case GenerateMotion():
            from core.generating import generate

            yield from generate(spec)
        case MakeDemo():
            yield from _make_demo(spec)
        case ExportBodies():
            yield from _export_bodies(spec)
        case ExportComparison():
            yield from _export_comparison(spec)
        case ImportData():
            from core.importing.carrying_out import carry_out as import_data

            yield from import_data(spec)
        case PrepareData():
            yield from _prepare(spec)
        case BuildPoseBank():
            from core.datasets.bank_building import build

            yield from build(spec)
        case MakeProxy():
            from core.video.proxy import copies_folder, make_proxy

            yield from make_proxy(Path(spec.video), Path(spec.folder) if spec.folder else copies_folder())


def record(folder: RunFolder, *, in_turn: bool = False) -> Events:
    """Carry out the folder's spec, keeping every event there. The last one is Done, Stopped, Failed or Paused.

    A person's stop, closing this generator, or an interrupt end the work alike: its `finally` runs first. A process
    that the line started (`in_turn`) has taken its turn before, and needs to live no longer where it pauses and can go
    on exactly. Others, such as a command in a terminal, do not wait; the line sees them, and waits for them.
    """
    spec = folder.spec()
    beside = () if in_turn else _step_in(folder, spec)
    asleep = Watch(folder.beat)

    def said(event: Event) -> Event:
        if slept_s := asleep.slept_s():
            folder.append(Slept(slept_s))
        folder.append(event)
        return event

    reserve = disk.Reserve(folder.path)
    try:
        if beside:
            yield said(Note(f"{', '.join(each.name for each in beside)} works in the same place: both take longer."))
        while (yield from _work(folder, spec, said)):
            yield said(Paused())
            if in_turn and line_turns.lie_down(folder):
                return
            if not _wait_for_a_turn(folder):
                yield said(Stopped())
                return
            yield said(WentOn())
    except (GeneratorExit, KeyboardInterrupt):
        folder.append(Stopped())
        raise
    except Exception as error:  # noqa: BLE001 (a bug: the person sees a sentence, the log the traceback)
        failed = _in_words(folder, error)
        reserve.give_back()  # where the disk is full, its last words fit there
        with suppress(OSError):
            said(failed)
        yield failed
    finally:
        reserve.give_back()
        asleep.end()
        _leave(folder)


def _in_words(folder: RunFolder, error: Exception) -> Failed:
    """What a person is told of an error; what is none that a person can act on is in the log."""
    if isinstance(error, OSError) and is_full(error):
        where = Path(error.filename).parent if isinstance(error.filename, str) else folder.path
        error = disk.full(where)
    elif isinstance(error, OSError) and isinstance(error.filename, str) and has_words(error):
        error = refused(Path(error.filename), error)
    if not folder.path.is_dir():
        return Failed(f"The run's folder {folder.path} was taken away while it ran.", "Begin the run again.")
    if isinstance(error, CoreError):
        return Failed(str(error), error.hint, reason=cast("Reason", error.reason))
    with suppress(OSError):
        traceback.print_exception(error)
    details = "".join(traceback.format_exception(error))
    return Failed(f"{type(error).__name__}: {error}", "This is a fault of the program.", details)


def _work(folder: RunFolder, spec: Spec, said: Callable[[Event], Event]) -> Generator[Event, None, bool]:
    """The work until it ends, True where it let go of everything because it was told to pause.

    Words are heeded between steps: a step's figures, what it keeps and how far it is come one after the other.
    """
    with closing(sealed(spec, carry_out(spec))) as events:
        for event in events:
            yield said(event)
            if isinstance(event, Done):
                return False
            if isinstance(event, Metric):
                continue
            word = folder.told()
            if word == "pause" and goes_on_exactly(spec) and launched().count == 1:
                events.close()
                return True
            if word == "pause":
                yield said(Paused())
                word = _hold_still(folder)
                if word != "stop":
                    yield said(WentOn())
            if word == "stop":
                events.close()
                yield said(Stopped())
                return False
    yield said(Done())
    return False


# ---- one room each --------------------------------------------------------------------------------------------------


def _prepare(spec: PrepareData) -> Events:
    if spec.dataset in ("mpii-cooking-2", "ikea-asm"):
        from core.importing.preparing_videos import prepare
    else:
        from core.importing.preparing_motion import prepare
    yield from prepare(spec)


def _train_forecaster(spec: TrainForecaster) -> Events:
    from core.project.store import ProjectStore
    from core.training.forecaster import train_forecaster

    with ProjectStore.open(Path(spec.project), "Posecast", mode="read") as store:
        yield from train_forecaster(spec, store.project, _reader(store), Path(spec.out))


def _train_posegpt(spec: TrainPoseGpt) -> Events:
    from core.project.store import ProjectStore
    from core.training.posegpt import train_posegpt

    with ProjectStore.open(Path(spec.project), "Posecast", mode="read") as store:
        name = store.project.name
    yield from train_posegpt(spec, name, Path(spec.out))


def _evaluate_posegpt(spec: EvaluatePoseGpt) -> Events:
    from core.experiments.posegpt_evaluation import evaluate_posegpt
    from core.project.store import ProjectStore

    with ProjectStore.open(Path(spec.project), "Posecast", mode="read") as store:
        name = store.project.name
    yield from evaluate_posegpt(spec, name)


def _reproduce_table(spec: ReproduceTable) -> Events:
    from core.experiments.ablations import reproduce
    from core.project.store import ProjectStore

    with ProjectStore.open(Path(spec.project), "Posecast", mode="read") as store:
        name = store.project.name
    yield from reproduce(spec, name)


def _evaluate_forecaster(spec: EvaluateForecaster) -> Events:
    from core.datasets.kitchen.truth import read_truth
    from core.evaluation.protocols import evaluate_forecaster
    from core.project.store import ProjectStore

    folder = Path(spec.project)

    def truth(clip_id: str):  # noqa: ANN202 (whatever the simulation knows, or None)
        return read_truth(folder, clip_id)

    with ProjectStore.open(folder, "Posecast", mode="read") as store:
        yield from evaluate_forecaster(spec, store.project, _reader(store), truth, Path(spec.out))


def _reproduce_forecasts(spec: ReproduceForecasts) -> Events:
    from core.datasets.kitchen.truth import read_truth
    from core.experiments.forecast_tables import reproduce_forecasts
    from core.project.store import ProjectStore

    folder = Path(spec.project)

    def truth(clip_id: str):  # noqa: ANN202 (whatever the simulation knows, or None)
        return read_truth(folder, clip_id)

    with ProjectStore.open(folder, "Posecast", mode="read") as store:
        yield from reproduce_forecasts(spec, store.project, _reader(store), truth)


def _compare_sequences(spec: CompareSequences) -> Events:
    from core.experiments.forecast_sequences import compare_sequences
    from core.project.store import ProjectStore

    with ProjectStore.open(Path(spec.project), "Posecast", mode="read") as store:
        project = store.project
    yield from compare_sequences(spec, project)


def _make_demo(spec: MakeDemo) -> Events:
    from core.datasets.kitchen.demo import make_demo

    film = detect = None
    if spec.video:
        from core.filming import detect, film
    size = (spec.width, spec.height)
    yield Note(f"A kitchen of {spec.clips} clips, {spec.seconds:g} s each, seed {spec.seed}")
    yield from make_demo(Path(spec.folder), spec.clips, spec.seconds, spec.seed, film=film, detect=detect, size=size)


def _export_comparison(spec: ExportComparison) -> Events:
    from core.comparisons import load
    from core.exporting.comparison import export
    from core.project.store import ProjectStore

    comparisons = load(Path(spec.out) / spec.forecasts)
    with ProjectStore.open(Path(spec.project), "Posecast", mode="read") as store:
        made = yield from export(store, comparisons, spec)
    for file in made.files:
        yield Made(file.suffix.lstrip("."), str(file))
    yield Done(made.says, tuple(str(each) for each in made.files))


def _export_bodies(spec: ExportBodies) -> Events:
    from core.exporting.bodies import export
    from core.rendering.moving import load_shot

    done = yield from export(load_shot(Path(spec.out) / spec.shot), spec)
    for path in done.files:
        yield Made(path.name, str(path))
    yield Done(done.says, tuple(str(path) for path in done.files))


def _reader(store) -> "Callable[[Clip], Poses2d]":  # noqa: ANN001 (ProjectStore, imported by the caller)
    def read(clip: "Clip") -> "Poses2d":
        if not clip.tracks:
            raise RunError(f"{clip.name} has no 2D poses yet.", hint="Extract them: posecast poses PROJECT")
        return store.tracks(clip.tracks)

    return read


# ---- turns, pauses --------------------------------------------------------------------------------------------------


def _hold_still(folder: RunFolder) -> str:
    """Wait until the run is told anything but to pause; what that is."""
    folder.hold_still()
    try:
        while (word := folder.told()) == "pause":
            sleep(LOOK_EVERY_S)
        return word
    finally:
        folder.go_on()


def _wait_for_a_turn(folder: RunFolder) -> bool:
    """Pause in a process that lives on, having let go of all it can; True once it may work again, False to stop."""
    _forget()
    while True:
        line_turns.let_go(folder)
        while folder.told() == "pause":
            sleep(LOOK_EVERY_S)
        if folder.told() == "stop":
            return False
        line_turns.line_up(folder)
        while not line_turns.take_turn(folder):
            sleep(LOOK_EVERY_S)
            if folder.told() in ("stop", "pause"):
                break
        else:
            return True


def _forget() -> None:
    """Give back the memory of what is no longer needed, the graphics card's included."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def _step_in(folder: RunFolder, spec: Spec) -> tuple[Path, ...]:
    """Take the run on without a turn; where this machine keeps no line, as a cluster's may not, it needs none."""
    try:
        return line_turns.step_in(folder, spec)
    except LineError:
        folder.claim()
        return ()


def _leave(folder: RunFolder) -> None:
    try:
        line_turns.leave(folder)
    except LineError:
        if is_mine(folder):
            folder.release()


# ---- the process of a job -------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Carry out the spec in the folder that is named first.

    `--in-turn`, or `--where PLACE` for a device, is what the line's keeper says: only if it is the run's turn.
    """
    if not arguments or arguments[1:2] not in ([], ["--in-turn"], ["--where"]):
        sys.stderr.write("Usage: python -m core.runner FOLDER\n")
        return 2
    folder, in_turn = RunFolder(Path(arguments[0])), len(arguments) > 1
    processes.step_back()
    signal.signal(signal.SIGTERM, _interrupt)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    place = launched()
    try:
        if place.restarts and (ended := had_ended(folder)) is not None:
            return ended
        if place.rank:
            return _follow(folder)
        if in_turn and not line_turns.take_turn(folder, "".join(arguments[2:3])):
            return line_turns.NOT_NOW
        last: Event | None = None
        for event in record(folder, in_turn=in_turn):
            last = event
    except KeyboardInterrupt:
        return STOPPED
    except CoreError as error:  # there is no spec to carry out
        sys.stderr.write(f"{error}\n{error.hint}\n")
        if in_turn:
            folder.append(Failed(str(error), error.hint))
            _leave(folder)
        return 1
    match last:
        case Failed():
            return 1
        case Stopped():
            # To `torchrun` anything but 0 is a worker that was lost, to be begun again.
            return STOPPED if place.count == 1 else 0
        case _:
            return 0


def _follow(folder: RunFolder) -> int:
    """Take part in a training that several processes take: the first one of them keeps what it says."""
    spec = folder.spec()
    if not isinstance(spec, TrainForecaster | TrainPoseGpt):
        return 0  # work that cannot be shared is the first one's
    from core.training.distributed import Ended

    with suppress(Ended), closing(carry_out(spec)) as events:
        for _ in events:
            pass
    return 0


def had_ended(folder: RunFolder) -> int | None:
    """What a run that `torchrun` begins again had ended with for good; None where it only lost a worker."""
    if folder.told() == "stop":
        return 0
    ending = folder.ending()
    # What was no answer in words, such as a worker that could not be reached, may pass.
    return 1 if isinstance(ending, Failed) and ending.reason != "worker-lost" and not ending.details else None


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
