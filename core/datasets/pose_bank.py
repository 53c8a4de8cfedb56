"""3D poses with no video to them: what the critic takes for real.

A bank is a safetensors file with two half-precision arrays (N, 9, 3), one for each joint map: `matched` (wrists, nose,
mid-shoulders, mid-hips: what the 2D detector sees) and `table5` (finger tips, skull, neck, pelvis: as printed). Poses
are in metres, neck at the origin, y up, facing +z; the heading is drawn anew, uniformly, each time a pose is used.
The header says who or what the poses are of, so that a test can show that no video shares them: of which data sets,
under which licences, and of every recording's and performer's name a short hash. Where `recording` is there too (N),
it numbers the recording each pose is of, so that a bank can be parted without one in both parts.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialised

import resources
from core import origins
from core.bodies.skeletons import SMPL_24, UPPER_BODY_9
from core.errors import FormatError, RunError
from core.project.annotations import Project
from core.project.motion_sets import motion_sets
from core.project.pose_banks import FILE
from core.whole_files import whole_file
from core.wording import counted

JOINT_MAPS = ("matched", "table5")
STRETCH = 150
"""Poses of one simulated cook in the bank that comes with Posecast, one after another."""
RECORDING = "recording"
"""Name of the array that says which recording each pose is of."""
NECK = UPPER_BODY_9["neck"]
_TABLE_5 = {
    "head": "head", "neck": "neck", "hip": "pelvis",
    **{f"{side}_{joint}": f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "elbow", "hand")},
}  # fmt: skip


@dataclass(frozen=True)
class PoseBank:
    """Poses of one joint map, all facing +z, and where they came from."""

    poses_m: Float[ndarray, "poses 9 3"]
    source: str
    facts: Mapping[str, str] = field(default_factory=dict)
    """What else the file's header says: `fingerprint`, `licences`, `recordings`, `performers` …"""
    recording: Int[ndarray, " poses"] | None = None
    """A number for each pose that those of the same recording share; None where the file does not know."""

    def shares(self, name: str) -> bool:
        """Whether a recording or performer of this name is among those the poses are of."""
        word = name_hash(name)
        return any(word in self.facts.get(kind, "").split() for kind in ("recordings", "performers"))

    def __len__(self) -> int:
        return len(self.poses_m)

    def mean_m(self) -> Float[ndarray, "9 3"]:
        """The average pose: what a forecast without any look at the past would say of a body."""
        return self.poses_m.mean(0)


def shipped_bank(joint_map: str = "matched") -> PoseBank:
    """The bank that comes with Posecast: cooks of the simulated kitchen whom no demo shows."""
    return read_bank(resources.path("pose_bank", "kitchen.safetensors"), joint_map)


def find_bank(name: str, project: Path, joint_map: str = "matched") -> PoseBank:
    """The bank a person means: one of the project's by its key or name, a file, or without a name the shipped one."""
    if not name.strip():
        return shipped_bank(joint_map)
    banks = {each.facts.key: each for each in motion_sets(project) if each.facts.holds == "pose bank"}
    found = [each for each in banks.values() if name in (each.facts.key, each.facts.name)]
    if found:
        return read_bank(found[0].folder / FILE, joint_map)
    path = Path(name).expanduser()
    path = path if path.is_absolute() else project / path
    if path.is_file():
        return read_bank(path, joint_map)
    raise RunError(
        f"there is no pose bank {name!r}",
        hint=f"The project has: {', '.join(sorted(banks)) or 'none; posecast bank PROJECT builds one'}.",
    )


def shared_with(bank: PoseBank, project: Project) -> list[str]:
    """Clips that go by the name of a recording whose poses are in the bank: there should be none."""
    return sorted(
        each.name for each in project.clips.values() if bank.shares(Path(each.name).stem) or bank.shares(each.name)
    )


def halves(bank: PoseBank) -> tuple[PoseBank, PoseBank]:
    """Two banks that share no recording: one for a critic to learn from, the other to judge its poses by."""
    return parted(bank, 0.5)


def parted(bank: PoseBank, share: float) -> tuple[PoseBank, PoseBank]:
    """About `share` of the poses, and the others; no recording in both, and always the same.

    Where recordings are not known, stretches of `STRETCH` poses stand for them: poses lie in the order in which they
    were recorded, so neighbours are of the same one.
    """
    groups = np.arange(len(bank)) // STRETCH if bank.recording is None else bank.recording
    names, of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.default_rng(5).permutation(len(names))
    taken = np.cumsum(sizes[order])
    first = np.zeros(len(names), bool)
    first[order[taken - sizes[order] / 2 < share * len(bank)]] = True
    here = first[of]
    if not here.any() or here.all():
        raise RunError(
            f"The pose bank has {counted(len(bank), 'pose')} of {counted(len(names), 'recording')}: too few to part.",
            hint="Name a larger one.",
        )
    return _of_poses(bank, here), _of_poses(bank, ~here)


def _of_poses(bank: PoseBank, chosen: Bool[ndarray, " poses"]) -> PoseBank:
    recording = None if bank.recording is None else bank.recording[chosen]
    return replace(bank, poses_m=bank.poses_m[chosen], recording=recording)


def read_bank(path: Path, joint_map: str = "matched") -> PoseBank:
    """One joint map of a bank file; FormatError in words where it is none."""
    try:
        with safe_open(path, framework="numpy") as file:
            poses_m = file.get_tensor(joint_map).astype(np.float32)
            recording = file.get_tensor(RECORDING) if RECORDING in file.keys() else None  # noqa: SIM118
            header = file.metadata() or {}
            facts = msgspec.json.decode(header.get("facts", "{}"), type=dict[str, str])
    except (SafetensorError, OSError, msgspec.MsgspecError) as error:
        raise FormatError(path, f"no pose bank with joints {joint_map!r} ({error})") from None
    if poses_m.ndim != 3 or poses_m.shape[1:] != (len(UPPER_BODY_9), 3) or not np.isfinite(poses_m).all():
        raise FormatError(path, f"the poses have shape {poses_m.shape}, not (N, 9, 3) of finite metres")
    if not len(poses_m):
        raise FormatError(path, "it holds no poses")
    origins.used("pose bank", path.name, facts.get("fingerprint") or origins.content_of(path))
    if recording is not None and recording.shape != poses_m.shape[:1]:
        raise FormatError(path, f"{len(poses_m)} poses, but the recordings of {len(recording)}")
    return PoseBank(poses_m, facts.pop("source", header.get("source", "")), facts, recording)


def write_bank(
    path: Path,
    maps: Mapping[str, Float[ndarray, "poses 9 3"]],
    source: str,
    facts: Mapping[str, str] | None = None,
    recording: Int[ndarray, " poses"] | None = None,
) -> None:
    """A bank file with one array for each joint map; whole, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The file takes an array's bytes as they lie in memory, whatever its strides say.
    arrays: dict[str, ndarray] = {name: np.ascontiguousarray(poses, dtype=np.float16) for name, poses in maps.items()}
    if recording is not None:
        arrays[RECORDING] = np.ascontiguousarray(recording, dtype=np.int32)
    with whole_file(path) as beside:
        # One entry: several would stand in the header in another order each time.
        told = msgspec.json.encode({**(facts or {}), "source": source}, order="sorted").decode()
        beside.write_bytes(serialised(arrays, metadata={"facts": told}))


def name_hash(name: str) -> str:
    """A name's mark in a bank's header: spelling of case, places and endings do not matter."""
    plain = "".join(each for each in name.casefold() if each.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def facing_ahead(poses_m: Float[ndarray, "poses 9 3"]) -> Float[ndarray, "poses 9 3"]:
    """Neck at the origin, turned about the vertical until the left shoulder lies towards +x of the right one."""
    centred = poses_m - poses_m[:, NECK : NECK + 1]
    across = centred[:, UPPER_BODY_9["left_shoulder"]] - centred[:, UPPER_BODY_9["right_shoulder"]]
    heading = np.arctan2(-across[:, 2], across[:, 0])  # a turn from +z towards +x
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    x, y, z = np.moveaxis(centred, -1, 0)
    return np.stack([cos * x - sin * z, y, cos * z + sin * x], axis=-1)


def table5(joints_m: Float[ndarray, "*poses 24 3"]) -> Float[ndarray, "*poses 9 3"]:
    """The nine joints of SMPL bodies as the paper's Table 5 picks them; SMPL's hand joints for finger tips."""
    return joints_m[..., [SMPL_24[_TABLE_5[joint]] for joint in UPPER_BODY_9.joints], :]
