"""What a file or folder holds, said in a few facts: projects, runs, checkpoints, videos, and every known format."""

import math
import struct
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from core.errors import CoreError, FileError, FormatError
from core.run_folder import decoded
from core.wording import counted

_MOTION_MODEL = "posegpt"
"""The kind that a motion model's checkpoint says it is."""


class _Tensor(msgspec.Struct):
    """What a safetensors header says of one array."""

    shape: tuple[int, ...]


class _Said(msgspec.Struct):
    """What a checkpoint of ours says of itself, of whatever version; `core.models.checkpoints.Header` has the rest."""

    kind: str = "model"
    version: int = 0
    preset: str = ""
    project: str = ""
    step: int = 0
    actions: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    split: dict[str, tuple[str, ...]] = {}
    figures: dict[str, float] = {}
    data_fingerprint: str = ""
    config: dict[str, Any] = {}
    stage: str = ""
    sources: tuple[str, ...] = ()
    windows: dict[str, int] = {}
    real_bits: tuple[float, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The kind of a thing, its facts by name, and a table where it has parts."""

    path: str
    kind: str
    facts: dict[str, str | int | float] = {}
    rows: tuple[dict[str, str | int | float], ...] = ()


def inspect(path: Path) -> Found:
    """What `path` is and holds; FormatError where nothing known."""
    if not path.exists():
        raise FileError(path, "there is no such file or folder", hint="Check the path.")
    if path.is_dir():
        for marker, look in _KINDS:
            if (path / marker).is_file():
                return look(path)
    elif path.suffix == ".safetensors":
        return _checkpoint(path)
    return _foreign(path)


def _project(folder: Path) -> Found:
    from core.overview import overview_of
    from core.project.odd import TITLES
    from core.project.store import ProjectStore

    with ProjectStore.open(folder, "", mode="read") as store:
        project = store.project
        overview = overview_of(project, store.journal, store.tracks)
        without = {clip.id: clip.without_pose for clip in overview.clips}
        rows = tuple(
            {
                "clip": clip.name,
                "id": clip.id[:8],
                "frames": clip.video.frame_count,
                "segments": len(clip.segments),
                "poses": len(clip.poses),
                "without pose": without[clip.id],
                "drafts": sum(each.is_draft for each in clip.segments),
                "2D poses": "yes" if clip.tracks else "no",
                "camera": "calibrated" if clip.camera else "estimated",
            }
            for clip in project.clips.values()
        )
        facts = {
            "name": project.name,
            "clips": len(project.clips),
            "done": overview.done,
            "marked": f"{overview.share_marked:.1%}".replace("%", " %"),
            "segments": overview.segments,
            "characteristic poses": overview.poses,
            "actions": ", ".join(each.name for each in project.actions()),
            "objects": len(project.objects()),
            "splits": ", ".join(
                f"{split.name} ({', '.join(f'{part} {len(ids)}' for part, ids in split.parts.items())})"
                for split in project.splits.values()
            ),
            "runs": sum(1 for each in (folder / "runs").glob("*") if (each / "spec.json").is_file()),
            "by": ", ".join(f"{each.name} ({each.segments} segments, {each.poses} poses)" for each in overview.people),
        }
        facts |= {TITLES[kind].lower(): len(found) for kind, found in overview.odd.items()}
    return Found(path=str(folder), kind="project", facts=facts, rows=rows)


def _run(folder: Path) -> Found:
    from core.run_folder import RunFolder
    from core.runs import Metric, TrainForecaster, TrainPoseGpt

    run = RunFolder(folder)
    spec, (stamped, _) = run.spec(), run.events()
    figures = {each.event.name: each.event.value for each in stamped if isinstance(each.event, Metric)}
    facts: dict[str, str | int | float] = {"state": run.state()}
    if stamped:
        facts["started"] = datetime.fromtimestamp(stamped[0].at).astimezone().isoformat(timespec="seconds")
    if isinstance(spec, TrainForecaster | TrainPoseGpt):
        facts |= {"preset": spec.preset, "project": spec.project}
    facts |= _of_environment(folder)
    facts |= _of_samples(folder)
    facts |= {name: round(value, 5) for name, value in sorted(figures.items())}
    names = {
        "TrainForecaster": "forecaster run",
        "TrainPoseGpt": "motion model run",
        "EvaluateForecaster": "evaluation",
        "EvaluatePoseGpt": "evaluation",
        "ExtractPoses": "2D pose extraction",
    }
    kind = names.get(type(spec).__name__, "run")
    return Found(path=str(folder), kind=kind, facts=facts)


def _of_samples(folder: Path) -> dict[str, str | int | float]:
    """What a training showed on its way."""
    from core.run_samples import listed

    files = listed(folder)
    if not files:
        return {}
    steps = f"step {files[0].step:,}" if len(files) == 1 else f"steps {files[0].step:,} to {files[-1].step:,}"
    return {"samples": f"{counted(len(files), 'snapshot')}, {steps}"}


def _of_environment(folder: Path) -> dict[str, str | int | float]:
    """Where a training ran and what it took."""
    from core.run_facts import BAD_BATCH, environment_of

    said = environment_of(folder)
    if said is None:
        return {}
    facts: dict[str, str | int | float] = {
        "device": said.device_name or said.device,
        "seconds at work": round(said.seconds, 1),
        "most memory": f"{said.memory_peak_bytes / 1e6:.0f} MB",
    }
    if said.device_memory_peak_bytes:
        facts["most memory of the card"] = f"{said.device_memory_peak_bytes / 1e6:.0f} MB"
    facts |= {"data": said.data_fingerprint[:12], "windows": said.windows, "made by": said.made_by}
    if len(said.attempts) > 1:
        facts["attempts"] = len(said.attempts)
    if (folder / BAD_BATCH).is_file():
        facts["kept to look into"] = BAD_BATCH
    return facts


def _checkpoint(path: Path) -> Found:
    """Read from the header alone: nothing of the file is run, and no weights are loaded."""
    file = path / "best.safetensors" if path.is_dir() else path
    tensors, metadata = _safetensors_header(file)
    numbers = sum(math.prod(each.shape) for each in tensors)
    facts: dict[str, str | int | float] = {"tensors": len(tensors), "numbers": numbers, "size": _size(file)}
    if "posecast" not in metadata:
        return Found(path=str(path), kind="safetensors file", facts=facts | {k: _short(v) for k, v in metadata.items()})
    try:
        said = decoded(metadata["posecast"].encode(), _Said)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise FormatError(file, f"what it says of itself is damaged ({error})", hint="Copy it again.") from None
    facts |= {"preset": said.preset, "project": said.project, "step": said.step, "version": said.version}
    facts |= {"actions": ", ".join(said.actions)}
    if said.kind == _MOTION_MODEL:
        facts |= _of_motion_model(said)
    else:
        facts |= {"objects": ", ".join(said.objects)}
    things = "recordings" if said.kind == _MOTION_MODEL else "clips"
    facts |= {f"{things} to {part}": len(clips) for part, clips in said.split.items()}
    facts |= {name: round(value, 5) for name, value in said.figures.items()}
    facts |= {"data": said.data_fingerprint[:12], "config": _short(msgspec.json.encode(said.config).decode())}
    kind = "motion model" if said.kind == _MOTION_MODEL else f"{said.kind} checkpoint"
    return Found(path=str(path), kind=kind, facts=facts)


def _of_motion_model(said: _Said) -> dict[str, str | int | float]:
    """What it can be asked for, what it learned from, and how its motion lies in codes."""
    from core.posegpt_configs import PoseGpt

    facts: dict[str, str | int | float] = {"trained": "auto-encoder alone" if said.stage == "autoencoder" else "whole"}
    facts |= {f"learned from {number}": source for number, source in enumerate(said.sources, 1)}
    if said.windows:
        facts["stretches learned from"] = sum(said.windows.values())
    try:
        config = msgspec.convert(said.config, PoseGpt)
    except msgspec.ValidationError:  # a later version's knobs: what is known is said
        return facts
    books, frames = config.quantizer, config.autoencoder.downsampling
    facts |= {
        "body": config.data.body,
        "window": f"{config.data.least_frames}–{config.data.most_frames} frames at 30 a second",
        "token": f"{counted(frames, 'frame')}, {counted(books.books, 'book')} of {books.codes_a_book} codes",
        "goes on from a past": "no" if config.autoencoder.causality == "offline" else "yes",
    }
    if said.real_bits:
        facts["bits a code of real motion"] = f"{said.real_bits[0]:.2f}–{said.real_bits[-1]:.2f}"
    return facts


def _short(text: str, most: int = 400) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _safetensors_header(file: Path) -> tuple[list[_Tensor], dict[str, str]]:
    """Its arrays and its metadata. FormatError where the file begins like none."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > 100_000_000:
                raise FormatError(file, "it is no safetensors file (its header is too long)")
            header = decoded(stream.read(length), dict[str, msgspec.Raw])
        metadata = decoded(bytes(header.pop("__metadata__", msgspec.Raw(b"{}"))), dict[str, str])
        return [decoded(bytes(each), _Tensor) for each in header.values()], metadata
    except (struct.error, msgspec.DecodeError) as error:
        raise FormatError(file, f"it is no safetensors file ({error})") from None
    except OSError as error:
        raise FileError(file, f"cannot be read ({error.strerror})", hint="Check its permissions.") from None


def _foreign(path: Path) -> Found:
    from core.footage import video_file
    from core.foreign_facts import facts_of
    from core.formats import FORMATS
    from core.importing.recognition import claims, unpacked, what_is

    if path.suffix.lower() == ".zip":
        with TemporaryDirectory(prefix="posecast-zip-") as place, unpacked(path, Path(place)) as inside:
            found = what_is(inside)
            facts, rows = facts_of(found)
        return Found(path=str(path), kind=found.format.name, facts=facts, rows=rows)
    if path.is_dir() or claims(path):
        found = what_is(path)
        facts, rows = facts_of(found)
        return Found(path=str(path), kind=found.format.name, facts=facts, rows=rows)
    try:
        facts = {**msgspec.structs.asdict(video_file(path)), "size": _size(path)}
    except CoreError as error:
        known = ", ".join(each.name for each in FORMATS)
        hint = f"Known: projects, runs, checkpoints, data sets, videos, {known}."
        raise FormatError(path, f"of no known kind; as a video: {error}", hint=hint) from None
    return Found(path=str(path), kind="video", facts={name: value for name, value in facts.items() if name != "path"})


def _data_set(folder: Path) -> Found:
    """A data set of a project: what it is, how much is in it, and what was left out of it."""
    from core.project.motion_sets import MotionSet

    held = MotionSet(folder)
    said = {name: value for name, value in msgspec.structs.asdict(held.facts).items() if value and name != "options"}
    lines = held.lines()
    rows = [row for line in lines for row in line.motions]
    facts: dict[str, str | int | float] = {
        **{name: value for name, value in said.items() if isinstance(value, str | int | float)},
        **{f"option {name}": value for name, value in held.facts.options.items()},
        "files": len(lines),
        "recordings": len(rows),
        "seconds": round(sum(row.duration_s for row in rows), 2),
        "stretches": sum(len(row.stretches) for row in rows),
    }
    left_out = [line for line in lines if line.left_out]
    facts |= {f"left out {number}": f"{line.source}: {line.left_out}" for number, line in enumerate(left_out[:12], 1)}
    table = tuple(
        {"recording": row.name, "frames": row.frames, "rate Hz": round(row.rate_hz, 3), "body": row.body or "–"}
        for row in rows[:60]
    )
    return Found(path=str(folder), kind="data set", facts=facts, rows=table)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.2f} MB"


_KINDS = (
    ("project.sqlite", _project),
    ("spec.json", _run),
    ("best.safetensors", _checkpoint),
    ("set.json", _data_set),
)
"""What a folder is by a file in it."""
