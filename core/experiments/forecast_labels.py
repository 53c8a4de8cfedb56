"""The networks over labels alone as rows of a table: trained with every seed on the windows the forecaster learns from.

Their figures lie in labels/KIND-seedK.json of the table's folder, so they are made once.
"""

import hashlib
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from core.datasets.action_sequences import Examples
from core.evaluation.protocols import windows_to_measure
from core.evaluation.rows import row_of
from core.experiments.forecast_events import without_metrics
from core.experiments.forecast_writing import put
from core.forecast_rows import Line
from core.models.baselines.label_networks import KINDS, Kind
from core.reports import Row, TableRow
from core.runs import Event, Note, ReproduceForecasts
from core.training.label_networks import Schedule, train_label_network


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One training's figures."""

    made_for: str
    row: Row
    seconds: float


def label_rows(
    lines: Sequence[Line], examples: Examples, spec: ReproduceForecasts, folder: Path
) -> Generator[Event, None, dict[str, TableRow]]:
    """A row for each kind that the lines ask for."""
    rows: dict[str, TableRow] = {}
    for kind in KINDS:
        if not any(line.label_network == kind for line in lines):
            continue
        found: list[Kept] = []
        for seed in range(spec.seeds):
            kept = yield from _measured(kind, seed, examples, spec, folder)
            found.append(kept)
        figures = {
            key: tuple(value for each in found if (value := getattr(each.row, key)) is not None)
            for key in ("top1", "top5", "calibration_error")
        }
        rows[kind] = TableRow(
            name=kind,
            kind="plain",
            figures=figures,
            by_step={key: tuple(getattr(each.row, f"{key}_by_step") for each in found) for key in ("top1", "top5")},
            settings=_settings(),
            seeds=tuple(range(spec.seeds)),
            seconds=sum(each.seconds for each in found),
        )
    return rows


def _measured(
    kind: Kind, seed: int, examples: Examples, spec: ReproduceForecasts, folder: Path
) -> Generator[Event, None, Kept]:
    windows = windows_to_measure(examples, spec.part, examples.windows["train"].next_actions.shape[1])
    data = hashlib.sha256(windows.next_actions.tobytes()).hexdigest()
    made_for = " ".join((kind, str(seed), spec.part, examples.fingerprint(), data, *_settings()))
    path = folder / "labels" / f"{kind}-seed{seed}.json"
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
        if kept.made_for == made_for:
            return kept
    except (OSError, msgspec.MsgspecError):
        pass
    yield Note(f"Training a {kind} over labels, seed {seed}")
    began = time.process_time()
    network = yield from without_metrics(train_label_network(kind, examples, seed=seed))
    seconds = time.process_time() - began
    said = network.roll_out(windows.seen_actions, windows.next_actions.shape[1])
    row = row_of(kind, windows, examples.vocabulary, logits=np.log(said + 1e-9))
    kept = Kept(made_for=made_for, row=row, seconds=seconds)
    put(path, msgspec.json.encode(kept))
    return kept


def _settings() -> tuple[str, ...]:
    return tuple(f"{key}={value}" for key, value in msgspec.structs.asdict(Schedule()).items())
