"""Actions alone, on many random splits: every method beside the n-gram that validation chose.

No pose is looked at. A step is a segment; windows stand at every step with at least one seen and all M following, and
are rolled out step by step (as in `datasets.action_sequences`; W windows, M steps ahead, A actions). They are built
once; a split only says which sequences are learned from, chosen on and measured on. While a method learns, the test
part is not there at all. What is finished lies in the folder, split by split, so a stopped study goes on.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from core import splits
from core.configs import ForecasterData
from core.datasets.action_sequences import Examples, Vocabulary, Windows, vocabulary_of, windows_of
from core.datasets.steps import Sequence, clip_sequences
from core.errors import RunError
from core.evaluation import metrics
from core.evaluation.baselines import actions_of
from core.experiments.forecast_intervals import paired
from core.experiments.forecast_learners import CHOSEN, Learned, Method, methods
from core.experiments.forecast_writing import file_name, put, write_table
from core.motion import Poses2d
from core.project.annotations import PARTS, Clip, Project
from core.reports import Column, Table, TableRow
from core.runs import CompareSequences, Done, Event, Events, Note, Progress
from core.wording import command_line, counted

COLUMNS = (
    Column(key="top1", words="top-1", unit="%", better="more"),
    Column(key="top5", words="top-5", unit="%", better="more"),
    Column(key="difference", words="top-1 less the chosen n-gram's", unit="%", better="more"),
    Column(key="low", words="95 % from", unit="%"),
    Column(key="high", words="95 % to", unit="%"),
    Column(key="corrected_low", words="95 % from, corrected", unit="%"),
    Column(key="corrected_high", words="95 % to, corrected", unit="%"),
    Column(key="pooled", words="top-1, as many seen as foreseen, mean over windows", unit="%", better="more"),
    Column(key="validation", words="top-1 on validation", unit="%"),
)


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one split."""

    method: str
    made_for: str  # everything the figures depend on, as a digest
    top1: tuple[float, ...]  # by step ahead, on the test part
    top5: tuple[float, ...]
    pooled: float | None = None  # top-1 over windows with all of what is observed seen, however long their sequences
    validation: float | None  # top-1 on the validation part
    seconds: float
    note: str = ""


@dataclass(frozen=True)
class Material:
    """All sequences of a project and all their windows, whatever part they will belong to."""

    vocabulary: Vocabulary
    names: tuple[str, ...]  # of the clip of each sequence
    sequences: tuple[Sequence, ...]
    windows: Windows
    beside: Mapping[str, str]  # clips that repeat another
    licence: str

    def parts(self, seed: int, *, twins_together: bool) -> dict[str, tuple[str, ...]]:
        """Names by part."""
        return splits.drawn_parts(dict.fromkeys(self.names), seed, self.beside if twins_together else None)

    def examples(self, parts: Mapping[str, tuple[str, ...]], only: tuple[str, ...] = PARTS) -> Examples:
        """What lies in the parts of `only`; the others are empty."""
        sequences: dict[str, list[Sequence]] = {}
        windows: dict[str, Windows] = {}
        for part in PARTS:
            here = set(parts[part]) if part in only else set()
            chosen = [number for number, name in enumerate(self.names) if name in here]
            sequences[part] = [self.sequences[number] for number in chosen]
            rows = self.windows[np.isin(self.windows.sequence, chosen)]
            windows[part] = replace(rows, sequence=np.searchsorted(chosen, rows.sequence).astype(np.int64))
        return Examples(self.vocabulary, dict(parts), sequences, windows, ())

    def fingerprint(self) -> str:
        """Of the names and what each did."""
        digest = hashlib.sha256()
        for name, sequence in zip(self.names, self.sequences, strict=True):
            digest.update("\0".join([name, *(step.action for step in sequence.steps), ""]).encode())
        return digest.hexdigest()


def compare_sequences(spec: CompareSequences, project: Project) -> Events:
    """Measure every method on every split; `table-sequences.json`, `.md` and `.csv` go into the spec's folder."""
    material = material_of(project, spec)
    rows = methods(spec)
    twins = counted(len(material.beside), "sequence")
    yield Note(
        f"{counted(len(material.sequences), 'sequence')}, {counted(len(material.vocabulary.actions), 'action')}, "
        f"{counted(len(material.windows.complete()), 'window')}; {twins} repeat another"
    )
    found: dict[str, list[Measured]] = {method.name: [] for method in rows}
    total, sizes = spec.splits * len(rows), []
    for split in range(spec.splits):
        parts = material.parts(spec.seed + split, twins_together=spec.twins_together)
        sizes.append({part: len(names) for part, names in parts.items()})
        for number, method in enumerate(rows):
            yield Progress(split * len(rows) + number, total, f"Split {split + 1}: {method.name}")
            measured = yield from _measured(spec, material, parts, split, method)
            found[method.name].append(measured)
    yield Progress(total, total, "Done")
    written = write_table(_table(spec, project, material, rows, found, sizes), Path(spec.out))
    yield from written
    best = max(found, key=lambda name: _mean(found[name]))
    yield Done(
        f"{best}: top-1 {100 * _mean(found[best]):.1f} %; {CHOSEN}: {100 * _mean(found[CHOSEN]):.1f} %",
        tuple(each.path for each in written),
    )


def material_of(project: Project, spec: CompareSequences) -> Material:
    """Steps and windows of all clips; every segment is a step, whether somebody chose its pose or not."""
    data = ForecasterData(past_steps=spec.observe, future_steps=spec.predict, poses="middle", objects=False)
    clips = sorted((clip for clip in project.clips.values() if clip.segments), key=lambda clip: clip.name)
    named = [
        (clip.name, sequence)
        for clip in clips
        for sequence in clip_sequences(project, msgspec.structs.replace(clip, tracks=""), _nothing_read, data)
        if len(sequence.steps) > 1
    ]
    if len({name for name, _ in named}) < len(PARTS):
        raise RunError(
            "Fewer than three clips have two actions: there is nothing to split.",
            hint="Import a data set's segments, or mark some on the Annotate page.",
        )
    sequences = tuple(sequence for _, sequence in named)
    # The words are those of the whole project: a data set's list of actions is known before it is split.
    words = vocabulary_of(sequences)
    windows = windows_of(sequences, words, data)
    if not len(windows.complete()):
        raise RunError(
            f"No clip has one action and {spec.predict} more after it.", hint="Predict fewer steps: --predict 1"
        )
    licences = dict.fromkeys(
        f"{item.name}: {item.facts['licence']}" for item in project.items.values() if item.facts.get("licence")
    )
    return Material(
        words, tuple(name for name, _ in named), sequences, windows, splits.twins(clips), "; ".join(licences)
    )


def _nothing_read(clip: Clip) -> Poses2d:
    raise AssertionError(f"poses of {clip.name} were asked for")


# ---- one method on one split ----------------------------------------------------------------------------------------


def _measured(
    spec: CompareSequences, material: Material, parts: Mapping[str, tuple[str, ...]], split: int, method: Method
) -> Generator[Event, None, Measured]:
    """From the folder where it is finished there; else learned and measured."""
    seed = spec.seed + split
    made_for = _digest(spec, material, parts, seed, method)
    path = Path(spec.out) / "splits" / f"{split + 1:02d}" / f"{file_name(method.name)}.json"
    kept = _kept(path, made_for)
    if kept is not None:
        return kept
    began = time.process_time()
    learned = yield from method.learn(material.examples(parts, ("train", "validation")), seed)
    seconds = time.process_time() - began
    validation = _scored(spec, learned, material.examples(parts, ("validation",)), "validation")
    test = _scored(spec, learned, material.examples(parts, ("test",)), "test")
    if test is None:
        raise RunError(
            f"The test part of split {split + 1} has no clip with one action and {spec.predict} more after it.",
            hint="Take more clips, or predict fewer steps: --predict 1",
        )
    measured = Measured(
        method=method.name, made_for=made_for, top1=test.top1, top5=test.top5, pooled=test.pooled,
        validation=None if validation is None else float(np.mean(validation.top1)), seconds=seconds, note=learned.note,
    )  # fmt: skip
    put(path, msgspec.json.encode(measured))
    return measured


@dataclass(frozen=True)
class _Scores:
    top1: tuple[float, ...]
    top5: tuple[float, ...]
    pooled: float | None


def _scored(spec: CompareSequences, learned: Learned, examples: Examples, part: str) -> _Scores | None:
    """None where the part has no window with all its steps."""
    windows = examples.windows[part].complete()
    if not len(windows):
        return None
    done = [actions_of(each, examples.vocabulary) for each in examples.sequences[part]]
    histories = [done[at][:seen] for at, seen in zip(windows.sequence, windows.seen_count, strict=True)]
    scores = learned.roll(windows, histories)
    right = metrics.accuracy(scores, windows.next_actions, windows.sequence)
    whole = windows.seen_count >= spec.observe
    pooled = metrics.hits(scores[whole], windows.next_actions[whole], 1).mean() if whole.any() else None
    return _Scores(tuple(right.top1.tolist()), tuple(right.top5.tolist()), None if pooled is None else float(pooled))


def _digest(
    spec: CompareSequences, material: Material, parts: Mapping[str, tuple[str, ...]], seed: int, method: Method
) -> str:
    everything = (material.fingerprint(), dict(parts), spec.observe, spec.predict, seed, method.name, method.settings)
    return hashlib.sha256(msgspec.json.encode(everything)).hexdigest()


def _kept(path: Path, made_for: str) -> Measured | None:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Measured)
    except (OSError, msgspec.MsgspecError):
        return None
    return found if found.made_for == made_for else None


# ---- the table ------------------------------------------------------------------------------------------------------


def _mean(found: list[Measured]) -> float:
    return float(np.mean([np.mean(each.top1) for each in found]))


def _table(
    spec: CompareSequences,
    project: Project,
    material: Material,
    methods_: tuple[Method, ...],
    found: Mapping[str, list[Measured]],
    sizes: list[dict[str, int]],
) -> Table:
    share = float(np.mean([each["test"] / each["train"] for each in sizes]))
    plain = [float(np.mean(each.top1)) for each in found[CHOSEN]]
    rows = tuple(_row(spec, method, found[method.name], plain, share) for method in methods_)
    seconds = sum(row.seconds or 0.0 for row in rows)
    together = "stay in one part" if spec.twins_together else "may stand in two parts"
    return Table(
        key="sequences",
        title=f"Actions alone: {project.name}, observe {spec.observe}, predict {spec.predict}",
        about=(
            "Every window with one seen step and all following ones, rolled out by the likeliest action; accuracy is "
            "the mean over sequences of the mean over windows and steps. The paper reports 29 % top-1 and 63 % top-5 "
            "on IKEA-ASM (24 % and 59 % from actions only). It does not compare: another part of the data set, another "
            "split, and the paper says neither whether stretches without a label are kept nor where windows stand."
        ),
        columns=COLUMNS,
        rows=rows,
        facts={
            "data": project.name + (f" ({material.licence})" if material.licence else ""),
            "sequences": f"{len(material.sequences)}, {len(material.vocabulary.actions)} actions, "
            f"{sum(len(each.steps) for each in material.sequences)} steps, {len(material.windows.complete())} windows",
            "repeated": f"{counted(len(material.beside), 'sequence')} repeat another and {together}",
            "splits": f"{spec.splits} random ones, 70/15/15 along sequences, seeds {spec.seed} to "
            f"{spec.seed + spec.splits - 1}; {_range(sizes, 'train')} to learn from, {_range(sizes, 'validation')} to "
            f"choose on, {_range(sizes, 'test')} to measure on",
            "device": "the processor, one thread",
            "seconds": f"{seconds:.0f} of processor for all learning",
            "fingerprint": material.fingerprint()[:12],
        },
        notes=(
            f"The difference is paired: split by split, top-1 less that of the {CHOSEN}. The interval is a t interval "
            "over splits, which takes them for independent; the corrected one has the variance of Nadeau and Bengio "
            f"(2003) for splits that overlap, with {share:.2f} sequences measured on for each one learned from.",
            "Order and smoothing of the chosen n-gram, the step of every training and nothing else were chosen on "
            "the validation part; the test part is not loaded while a method learns.",
        ),
    )


def _row(spec: CompareSequences, method: Method, found: list[Measured], plain: list[float], share: float) -> TableRow:
    top1 = tuple(float(np.mean(each.top1)) for each in found)
    figures = {"top1": top1, "top5": tuple(float(np.mean(each.top5)) for each in found)}
    if method.name != CHOSEN:
        apart = paired(top1, plain, share)
        figures["difference"] = tuple(ours - theirs for ours, theirs in zip(top1, plain, strict=True))
        bounds = {
            "low": apart.low, "high": apart.high,
            "corrected_low": apart.corrected_low, "corrected_high": apart.corrected_high,
        }  # fmt: skip
        figures |= {key: (value,) for key, value in bounds.items() if np.isfinite(value)}
    for key in ("pooled", "validation"):
        values = tuple(value for each in found if (value := getattr(each, key)) is not None)
        if len(values) == len(found):
            figures[key] = values
    chosen = Counter(each.note for each in found if each.note and method.kind == "plain")
    return TableRow(
        name=method.name,
        kind=method.kind,
        figures=figures,
        by_step={"top1": tuple(each.top1 for each in found), "top5": tuple(each.top5 for each in found)},
        settings=method.settings,
        seeds=tuple(range(spec.seed, spec.seed + spec.splits)),
        seconds=sum(each.seconds for each in found),
        command=_command(spec, method),
        note=", ".join(f"{note}: {times} times" for note, times in chosen.most_common()),
    )


def _command(spec: CompareSequences, method: Method) -> str:
    return command_line(
        (
            "posecast", "sequences", "PROJECT", *spec.knobs, "--out", "FOLDER", "--observe", str(spec.observe),
            "--predict", str(spec.predict), "--splits", str(spec.splits), "--seed", str(spec.seed),
            *(() if spec.twins_together else ("--apart",)), "--method", method.name,
        )
    )  # fmt: skip


def _range(sizes: list[dict[str, int]], part: str) -> str:
    counts = [each[part] for each in sizes]
    return str(min(counts)) if min(counts) == max(counts) else f"{min(counts)}–{max(counts)}"
