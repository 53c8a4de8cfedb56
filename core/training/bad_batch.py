"""What is kept of a step at which a training met a number that is none: `bad-batch.safetensors`, to look into.

The state before it lies in the last good checkpoint. From there the steps are taken again, saving nothing, until the
step is met: its whole batch is written down, every tensor by its name, with the step, the seed and all that was
measured then in the file's metadata (`posecast`, JSON).
"""

import math
from collections.abc import Generator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec
from safetensors.torch import save as serialised
from torch import Tensor

from core import disk
from core.errors import FileError, NotANumberError
from core.run_facts import BAD_BATCH
from core.training.loop import Bad, NoNumberError
from core.whole_files import whole_file

_HINT = "Go on from the last good checkpoint with a smaller step, or look into the batch: {batch}."
_NOT_FOUND = "Go on from the last good checkpoint with a smaller step. It did not happen again when looked for."
_NOTHING_KEPT = "It went wrong before the first validation: begin anew with a smaller step. The batch: {batch}."


def named(tree: object, name: str = "") -> Generator[tuple[str, Tensor]]:
    """The tensors of dataclasses, named tuples, tuples and mappings, by dotted names."""
    below: Mapping[str, Any]
    if isinstance(tree, Tensor):
        yield name or "batch", tree
        return
    if is_dataclass(tree):
        below = {each.name: getattr(tree, each.name) for each in fields(tree)}
    elif isinstance(tree, Mapping):
        below = {str(key): value for key, value in tree.items()}
    elif isinstance(tree, tuple):
        below = dict(zip(getattr(tree, "_fields", map(str, range(len(tree)))), tree, strict=True))
    else:
        return
    for key, value in below.items():
        yield from named(value, f"{name}.{key}" if name else key)


def keep(folder: Path, bad: Bad, *, step: int, seed: int) -> Path:
    """Write the batch down, whole or not at all; `step` as the run counts."""
    said = {
        "step": step,
        "seed": seed,
        "first_wrong": bad.name,
        # JSON has no word for what is no number.
        "measured": {name: value if math.isfinite(value) else repr(value) for name, value in bad.measured.items()},
    }
    tensors = {name: each.detach().cpu().clone().contiguous() for name, each in named(bad.drawn)}
    with whole_file(folder / BAD_BATCH) as beside:
        beside.write_bytes(serialised(tensors, metadata={"posecast": msgspec.json.encode(said).decode()}))
    return folder / BAD_BATCH


def said(folder: Path, found: NoNumberError, bad: Bad | None, *, seed: int, before: int = 0) -> NotANumberError:
    """The failure in words, its batch kept. `before` are the run's steps before those that `found` and `bad` count."""
    kept = (folder / "last.safetensors").is_file()
    if bad is None:
        step, name, hint = before + found.step, found.name, _NOT_FOUND
    else:
        step, name = before + bad.step, bad.name
        try:
            keep(folder, bad, step=step, seed=seed)
            hint = (_HINT if kept else _NOTHING_KEPT).format(batch=BAD_BATCH)
        except FileError as error:
            hint = disk.HINT if error.reason == "disk-full" else _NOT_FOUND
    return NotANumberError(f"{name} is not a number at step {step:,}.", hint=hint)
