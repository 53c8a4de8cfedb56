"""The ablations of PoseGPT's paper, Tables 1 to 4, on whatever labelled motion a project has: one command each.

    reproduce(spec) trains every row that is not trained yet, judges it beside real motion with one T for all, and
    writes TABLE.md and TABLE.json into the spec's folder. A stopped table goes on where it was.

Rows differ from one config (`BASE`) by the knobs that the table is about. The base is small enough for two cores, so
figures tell rows from each other and not this model from the paper's; the paper's own figures stand beside for their
order alone. Table 2 has the rows of Table 1's left part with other data. Table 3 fixes the auto-encoder: its rows train
a GPT over the codes of the first row that Table 1 marks as the base.
"""

import platform
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core import configs
from core.errors import RunError
from core.evaluation import generation_metrics as metrics
from core.experiments.judging import Judge, RealWindows, Scores, judge, judge_of, real_windows
from core.experiments.posegpt_evaluation import schedule_of, taught
from core.generation.motion_model import MotionModel
from core.models import checkpoints
from core.models.checkpoints import PoseGptHeader
from core.posegpt_configs import PoseGpt
from core.runs import Done, Event, Events, Made, Note, Progress, ReproduceTable, TrainPoseGpt
from core.training import action_classifier
from core.training.action_classifier import Trained, train_classifier
from core.training.posegpt import train_posegpt

BASE = (
    "data.least_frames=64", "data.most_frames=64", "autoencoder.layers=0,2", "autoencoder.width=96",
    "autoencoder.feed_forward=256", "autoencoder.downsampling=2", "quantizer.width=128",
    "autoencoder_training.steps=600", "autoencoder_training.batch=8", "autoencoder_training.learning_rate=1e-3",
    "gpt.layers=2", "gpt.width=128", "gpt.feed_forward=512", "gpt_training.steps=600", "gpt_training.batch=16",
    "gpt_training.learning_rate=1e-3", "validate_every=200", "report_every=50", "device=cpu",
)  # fmt: skip
"""Over posegpt/small: two cores train a row in a few minutes."""

_EIGHT = "autoencoder.layers=0,0,2"


@dataclass(frozen=True)
class Row:
    """One line. `paper` are the paper's figures: PVE in mm, R_T, R_S, FID, as far as it prints them."""

    name: str
    knobs: tuple[str, ...] = ()
    paper: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)
    codes_of: str = ""  # the row of Table 1 whose auto-encoder is used; otherwise its own is trained


def _capacity(books: int, codes: int, factor: int = 2) -> tuple[str, ...]:
    deep = (_EIGHT,) if factor > 2 else ()
    return (f"quantizer.books={books}", f"quantizer.codes={codes}", f"autoencoder.downsampling={factor}", *deep)


_LEFT = {
    (1, 128): (60.1, 0.91, 0.60, 4.3), (1, 256): (52.1, 0.98, 0.61, 3.5), (1, 512): (49.7, 0.99, 0.62, 3.7),
    (2, 128): (40.2, 0.84, 0.60, 3.2), (2, 256): (38.3, 0.86, 0.61, 2.8), (2, 512): (33.8, 0.87, 0.63, 2.9),
    (4, 128): (30.6, 0.84, 0.64, 2.9), (4, 256): (28.2, 0.79, 0.62, 2.7), (4, 512): (27.3, 0.80, 0.61, 2.5),
    (8, 128): (27.2, 0.48, 0.49, 3.0), (8, 256): (23.7, 0.49, 0.46, 4.4), (8, 512): (26.7, 0.41, 0.47, 4.3),
}  # fmt: skip
_RIGHT = {
    (2, 4): (50.7, 0.94, 0.63, 3.2), (4, 4): (35.5, 0.93, 0.67, 3.1), (8, 4): (28.8, 0.64, 0.54, 2.5),
    (2, 8): (47.5, 0.93, 0.66, 3.2), (4, 8): (37.5, 0.77, 0.60, 3.1), (8, 8): (65.6, 0.85, 0.59, 3.6),
}  # fmt: skip
THE_BASE = "K 4, C 256, T/Td 2"

_TABLE1 = tuple(
    Row(f"K {books}, C {codes}, T/Td 2", _capacity(books, codes), paper) for (books, codes), paper in _LEFT.items()
) + tuple(
    Row(f"K {books}, C 256, T/Td {factor}", _capacity(books, 256, factor), paper)
    for (books, factor), paper in _RIGHT.items()
)
_HEADS = (
    ("action in an extra token, no length, linear head", "token", "false", "linear", (0.51, 0.65)),
    ("action summed, no length, linear head", "sum", "false", "linear", (0.55, 0.79)),
    ("action and length summed, linear head", "sum", "true", "linear", (0.57, 0.79)),
    ("action and length concatenated, linear head", "concatenate", "true", "linear", (0.61, 0.86)),
    ("action and length summed, MLP head", "sum", "true", "mlp", (None, None)),
    ("action and length concatenated, MLP head", "concatenate", "true", "mlp", (0.61, 0.86)),
    ("action and length concatenated, auto-regressive head", "concatenate", "true", "autoregressive", (0.64, 0.98)),
)
"""Table 3 prints R_S and R_T in each other's columns; here they stand under what they measure."""
_TABLE3 = tuple(
    Row(
        name, (f"gpt.conditioning={way}", f"gpt.length={length}", f"gpt.head={head}"),
        (None, paper[1], paper[0], None), codes_of=THE_BASE,
    )
    for name, way, length, head, paper in _HEADS
)  # fmt: skip
_TABLE4 = tuple(
    Row(f"K {books}, {said}", (f"quantizer.books={books}", f"autoencoder.causality={causality}"))
    for books in (2, 4)
    for said, causality in (
        ("nothing causal", "offline"), ("encoder causal", "past"), ("encoder and decoder causal", "online"),
    )
)  # fmt: skip
TABLES: dict[str, tuple[str, tuple[Row, ...]]] = {
    "table1": ("Capacity of the latent space", _TABLE1),
    "table2": ("Capacity of the latent space, on other data", _TABLE1[:12]),
    "table3": ("What the GPT is told, and its head", _TABLE3),
    "table4": ("Causal attention in the auto-encoder", _TABLE4),
}


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A row's figures."""

    name: str
    made_for: str
    scores: Scores
    books: int
    codes_a_book: int
    bits_of_codes: float  # log2 of how many motions of 64 frames the codes can say
    seconds: float  # of training
    millions: float  # of numbers in both models


def reproduce(spec: ReproduceTable, project: str) -> Events:
    """All rows of a table, one after the other."""
    if spec.what not in TABLES:
        from core.experiments.figures import figure

        yield from figure(spec)
        return
    title, rows = TABLES[spec.what]
    if spec.rows:
        rows = tuple(row for row in rows if any(each in row.name for each in spec.rows))
    if not rows:
        raise RunError(f"{spec.what} has no row of that name.", hint="Its rows: " + "; ".join(_names(spec.what)))
    folder = Path(spec.out)
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Measured] = []
    real: RealWindows | None = None
    judge_: Judge | None = None
    for number, row in enumerate(rows):
        yield Progress(number, len(rows), row.name)
        kept = _kept(folder / "rows" / f"{file_name(row.name)}.json", _made_for(spec, row))
        if kept is None:
            run, seconds = yield from _trained(spec, project, row, folder)
            model = MotionModel.load(run)
            if real is None or judge_ is None:
                real, judge_ = yield from teacher(spec, model, folder)
            yield Note(f"Judging {row.name}")
            scores = judge(model, real, judge_, windows=spec.windows, seed=spec.seed)
            if spec.teach:
                right = yield from taught(model, real, "transformer", windows=spec.windows, seed=spec.seed)
                scores = msgspec.structs.replace(scores, teaches=metrics.teaches(right, judge_.accuracy_on_real))
            kept = _measured(row, _made_for(spec, row), model, scores, seconds)
            _keep(folder / "rows" / f"{file_name(row.name)}.json", kept)
        found.append(kept)
        _write(spec, title, rows, found, judge_, folder)
    yield Made("table", str(folder / f"{spec.what}.md"))
    yield Done(f"{title}: {len(found)} rows in {folder.name}/{spec.what}.md", (str(folder / f"{spec.what}.md"),))


def kept_rows(folder: Path, what: str) -> list[Measured]:
    """The rows of a table that were measured in this folder; RunError where there are none."""
    found = []
    for row in TABLES[what][1]:
        path = folder / "rows" / f"{file_name(row.name)}.json"
        if path.is_file():
            found.append(msgspec.json.decode(path.read_bytes(), type=Measured))
    if not found:
        raise RunError(
            f"No row of {what} was measured here.", hint=f"posecast reproduce posegpt/{what}, into this folder."
        )
    return found


def _names(what: str) -> list[str]:
    return [row.name for row in TABLES[what][1]]


# ---- a row ----------------------------------------------------------------------------------------------------------


def config_of(spec: ReproduceTable, row: Row) -> PoseGpt:
    """The base, the row's knobs, and what the person changes for all rows."""
    config = configs.with_overrides(configs.preset("posegpt/small"), [*BASE, *row.knobs, *spec.knobs])
    assert isinstance(config, PoseGpt)
    return msgspec.structs.replace(config, seed=spec.seed)


def _trained(spec: ReproduceTable, project: str, row: Row, folder: Path) -> Generator[Event, None, tuple[Path, float]]:
    """The row's run, which may be there already, and how many seconds of processor it took."""
    run = folder / "runs" / file_name(row.name)
    config = config_of(spec, row)
    if row.codes_of:
        base = next(each for each in _TABLE1 if each.name == row.codes_of)
        of, _ = yield from _trained(spec, project, base, folder)
        config = msgspec.structs.replace(config, stages="gpt", autoencoder_run=str(of))
    clock, seconds = run / "seconds", 0.0
    if not (run / "trained").exists():
        began = time.process_time()
        asked = TrainPoseGpt(project=spec.project, out=str(run), config=config, preset="posegpt/small")
        for event in train_posegpt(asked, project, run):
            if isinstance(event, Progress):
                yield Progress(event.done, event.total, row.name)
        seconds = (float(clock.read_text()) if clock.exists() else 0.0) + time.process_time() - began
        clock.write_text(f"{seconds:.1f}")
        (run / "trained").touch()
    return run, float(clock.read_text())


def teacher(
    spec: ReproduceTable, model: MotionModel, folder: Path
) -> Generator[Event, None, tuple[RealWindows, Judge]]:
    """T, trained once for all rows."""
    real = real_windows(Path(spec.project), model.header.config, model.actions, part=spec.part, windows=spec.windows)
    made_for = f"{real.fingerprint} {real.classes} {spec.windows} {spec.seed}"
    path = folder / "classifier.safetensors"
    there: Trained | None = action_classifier.kept(path, made_for)
    if there is None:
        yield Note("Training T on real motion, once for all rows")
        learn, choose = real.own(real.train[: spec.windows]), real.own(real.choose)
        there = yield from train_classifier(
            learn, choose, real.classes, "transformer", seed=spec.seed, schedule=schedule_of(spec.windows)
        )
        action_classifier.keep(there, path, made_for)
    judge_ = judge_of(there, real)
    yield Note(f"T names {100 * judge_.accuracy_on_real:.1f} % of unseen real motion right")
    return real, judge_


def _measured(row: Row, made_for: str, model: MotionModel, scores: Scores, seconds: float) -> Measured:
    auto = model.autoencoder
    tokens = -(-64 // auto.factor)
    size = sum(each.numel() for part in (auto, model.gpt) for each in part.parameters()) / 1e6
    return Measured(
        name=row.name, made_for=made_for, scores=scores, seconds=seconds, millions=size,
        books=auto.books, codes_a_book=auto.codes, bits_of_codes=tokens * auto.books * (auto.codes - 1).bit_length(),
    )  # fmt: skip


def _made_for(spec: ReproduceTable, row: Row) -> str:
    config = msgspec.json.encode(config_of(spec, row)).decode()
    return f"{config} {row.codes_of} {spec.part} {spec.windows} {spec.teach}"


# ---- the table ------------------------------------------------------------------------------------------------------


def _write(
    spec: ReproduceTable, title: str, rows: Sequence[Row], found: Sequence[Measured], judge_: Judge | None, folder: Path
) -> None:
    path = folder / f"{spec.what}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    paper = {row.name: row.paper for row in rows}
    head = (
        "| row | C a book (in all) | PVE mm | R_T | R_S | FID held out | (real) | KID held out | FID train "
        "| bits a code | bits a second | codes at most, bits a second | next code | jerk m/s³ | skating m/s "
        "| M numbers | s | paper: PVE, R_T, R_S, FID |"
    )
    lines = [f"# {spec.what}: {title}", "", head, "|---" * 18 + "|"]
    lines += [_line(each, paper.get(each.name, (None,) * 4)) for each in found]
    lines += ["", *_facts(spec, folder, judge_)]
    (folder / f"{spec.what}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(each: Measured, paper: tuple[float | None, ...]) -> str:
    scores = each.scores
    held, train, codes = scores.to_held_out, scores.to_train, scores.on_held_out
    cells = [
        each.name,
        f"{each.codes_a_book} ({each.codes_a_book * each.books})",
        f"{codes.pve_mm:.1f}" if codes else "–",
        f"{scores.recognised:.2f}",
        f"{scores.teaches:.2f}" if scores.teaches is not None else "–",
        f"{held.fid:.1f}" if held else "–",
        f"{held.fid_of_real:.1f}" if held else "–",
        f"{held.kid:.2f}" if held else "–",
        f"{train.fid:.1f}" if train else "–",
        f"{codes.bits_a_code:.2f}" if codes else "–",
        f"{codes.bits_a_second:.0f}" if codes else "–",
        f"{each.bits_of_codes / (64 / 30):.0f}",
        f"{100 * codes.next_code_right:.1f} %" if codes else "–",
        f"{scores.peak_jerk_m_s3:.0f}",
        f"{scores.foot_skating_m_s:.2f}",
        f"{each.millions:.2f}",
        f"{each.seconds:.0f}",
        ", ".join("–" if value is None else f"{value:g}" for value in paper),
    ]
    return "| " + " | ".join(cells) + " |"


def _facts(spec: ReproduceTable, folder: Path, judge_: Judge | None) -> list[str]:
    header = None
    for run in sorted((folder / "runs").glob("*")):
        if (run / "best.safetensors").is_file():
            found = checkpoints.read_header(run / "best.safetensors")
            header = found if isinstance(found, PoseGptHeader) else None
            break
    said = [
        f"- Data: {'; '.join(header.sources) if header else spec.project}; measured on the {spec.part} part, "
        f"{spec.windows} windows a side of 64 frames, seed {spec.seed}.",
        "- Knobs over posegpt/small: " + " ".join([*BASE, *spec.knobs]) + ".",
        "- T is one transformer on parameters for all rows"
        + (f"; it names {100 * judge_.accuracy_on_real:.1f} % of unseen real motion right." if judge_ else "."),
        f"- s: seconds of processor for training, one thread of a {platform.machine()} processor, no graphics card. "
        "FID: of T's features narrowed to 32 dimensions of real motion; (real): the same between two halves of real "
        "held-out motion.",
        "- The paper's figures are of BABEL with 50 times the motion and 12 times the numbers: only the order of rows "
        "compares. R_T: samples that T names right, by real ones. R_S: S, which learned from samples, by T.",
    ]
    if spec.what == "table3":
        said.append("- Next code right: of the true next codes, on held-out motion; the paper's are 22.4 to 25.9 %.")
    return said


def _kept(path: Path, made_for: str) -> Measured | None:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Measured)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None
    return found if found.made_for == made_for else None


def _keep(path: Path, found: Measured) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(found))


def file_name(name: str) -> str:
    return "".join(each if each.isalnum() else "-" for each in name.lower()).replace("--", "-").strip("-")
