"""The table of foreign formats: one file for each, one row here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.formats import (
    acclaim,
    aistpp,
    amass,
    babel,
    boris,
    bvh,
    clip_tables,
    coco,
    deepmimic,
    elan,
    elan_writing,
    epic_kitchens,
    exponential_maps,
    grab,
    human36m,
    human36m_cameras,
    humanact12,
    ikea_asm,
    ikea_asm_cameras,
    ikea_asm_poses,
    joint_tables,
    keypose_csv,
    marks,
    mpii_cooking,
    opencv_cameras,
    openpose,
    pose2sim_cameras,
    segment_tables,
    xes,
)

Holds = Literal["2D poses", "marks", "cameras", "annotations", "motion", "motion labels", "characteristic poses"]
"""What a format's `read` gives:

2D poses              core.motion.Poses2d of one clip (`size`, `frame_count` are told)
marks                 a list of core.formats.marks.Mark
cameras               a tuple of core.formats.cameras.NamedCamera
annotations           core.formats.annotated.Annotations
motion                an iterator of core.recordings.Recording, from one file
motion labels         an iterator of core.recordings.Recording without arrays: names and stretches
characteristic poses  core.formats.keypose_csv.KeyposeTable
"""


@dataclass(frozen=True)
class Format:
    """A kind of file or folder: what it holds, how it is recognised by content, read and written.

    `sniff` says by content whether a file (or a folder that is one whole thing) is of this kind; it never raises.
    """

    name: str
    holds: Holds
    endings: tuple[str, ...]
    sniff: Callable[[Path], bool]
    read: Callable[..., Any]
    write: Callable[[Any, Path], None] | None = None
    options: tuple[str, ...] = ()
    """Names of what `read` may be told beside the path, such as the columns of a table."""
    licence: str = ""
    """The terms its data usually come under, where its makers say so."""
    is_native: bool = False
    """Whether a library that a damaged file could crash or keep busy reads it: that has a process of its own."""


FORMATS = (
    Format("OpenPose JSON", "2D poses", ("",), openpose.is_openpose, openpose.read, openpose.write),
    Format("Marks CSV", "marks", (".csv", ".tsv"), marks.is_csv, marks.read_csv, marks.write_csv),
    Format("Marks JSON", "marks", (".json",), marks.is_json, marks.read_json, marks.write_json),
    Format("IKEA-ASM cameras", "cameras", (".json", ".pkl", ""), ikea_asm_cameras.is_ikea_asm, ikea_asm_cameras.read),
    Format("Human3.6M cameras", "cameras", (".pkl",), human36m_cameras.is_human36m, human36m_cameras.read),
    Format("Pose2Sim cameras", "cameras", (".toml",), pose2sim_cameras.is_pose2sim, pose2sim_cameras.read_pose2sim),
    Format(
        "Qualisys cameras", "cameras", (".txt", ".xml"), pose2sim_cameras.is_qualisys, pose2sim_cameras.read_qualisys
    ),
    Format(
        "OpenCV cameras", "cameras", (".yml", ".yaml", ".xml", ".json"), opencv_cameras.is_opencv, opencv_cameras.read
    ),
    Format(
        "Characteristic poses CSV",
        "characteristic poses",
        (".csv",),
        keypose_csv.is_keyposes,
        keypose_csv.read,
        keypose_csv.write,
        licence="CC BY-NC-SA 4.0 (characteristic3dposes)",
    ),
    Format("AMASS", "motion", (".npz",), amass.is_amass, amass.read, write=amass.write, licence=amass.LICENCE),
    Format(
        "MPII Cooking 2",
        "annotations",
        (".mat", ""),
        mpii_cooking.is_mpii_cooking_2,
        mpii_cooking.read,
        options=("background",),
        licence=mpii_cooking.LICENCE,
        is_native=True,
    ),
    Format(
        "MPII Cooking 1",
        "annotations",
        (".csv",),
        mpii_cooking.is_mpii_cooking_1,
        mpii_cooking.read_older,
        licence=mpii_cooking.LICENCE,
    ),
    Format("BVH", "motion", (".bvh",), bvh.is_bvh, bvh.read, write=bvh.write, options=bvh.OPTIONS),
    Format(
        "HumanAct12", "motion", (".npy", ".pkl"), humanact12.is_humanact12, humanact12.read, licence=humanact12.LICENCE
    ),
    Format("AIST++", "motion", (".pkl",), aistpp.is_aistpp, aistpp.read, licence=aistpp.LICENCE),
    Format(
        "IKEA-ASM",
        "annotations",
        (".json", ""),
        ikea_asm.is_ikea_asm,
        ikea_asm.read,
        options=("camera", "poses"),
        licence=ikea_asm.LICENCE,
        is_native=True,
    ),
    Format(
        "IKEA-ASM 2D poses",
        "2D poses",
        (".json", ""),
        ikea_asm_poses.is_pose2d,
        ikea_asm_poses.read_pose2d,
        licence=ikea_asm.LICENCE,
    ),
    Format(
        "IKEA-ASM 3D poses",
        "motion",
        (".json", ""),
        ikea_asm_poses.is_pose3d,
        ikea_asm_poses.read_pose3d,
        licence=ikea_asm.LICENCE,
    ),
    Format("XES", "annotations", (".xes", ".xml"), xes.is_xes, xes.read),
    Format(
        "EPIC-KITCHENS-100",
        "annotations",
        (".csv",),
        epic_kitchens.is_epic_kitchens,
        epic_kitchens.read,
        options=("action",),
        licence=epic_kitchens.LICENCE,
    ),
    Format("BORIS", "annotations", (".tsv", ".csv", ".txt"), boris.is_boris, boris.read),
    Format(
        "Exponential maps",
        "motion",
        (".txt",),
        exponential_maps.is_exponential_maps,
        exponential_maps.read,
        options=("rate_hz",),
    ),
    Format(
        "Human3.6M joints",
        "motion",
        (".cdf", ".npz"),
        human36m.is_human36m,
        human36m.read,
        licence=human36m.LICENCE,
        is_native=True,
    ),
    Format(
        "Segment table",
        "annotations",
        (".csv", ".tsv", ".txt"),
        segment_tables.is_segment_table,
        segment_tables.read,
        options=segment_tables.OPTIONS,
    ),
    Format(
        "BABEL",
        "motion labels",
        (".json", ""),
        babel.is_babel,
        babel.read,
        options=("sequence_labels",),
        licence=babel.LICENCE,
    ),
    Format(
        "ELAN",
        "annotations",
        (".eaf",),
        elan.is_elan,
        elan.read,
        elan_writing.write,
        options=("tiers", "tier_is"),
    ),
    Format(
        "Joint table",
        "motion",
        (".csv", ".tsv", ".txt"),
        joint_tables.is_joint_csv,
        joint_tables.read_csv,
        joint_tables.write_csv,
        options=joint_tables.OPTIONS,
    ),
    Format(
        "Joint array",
        "motion",
        (".npy",),
        joint_tables.is_joint_npy,
        joint_tables.read_npy,
        joint_tables.write_npy,
        options=joint_tables.OPTIONS,
    ),
    Format("GRAB", "motion", (".npz",), grab.is_grab, grab.read, licence=grab.LICENCE),
    Format(
        "Acclaim",
        "motion",
        (".amc",),
        acclaim.is_acclaim,
        acclaim.read,
        options=acclaim.OPTIONS,
        licence=acclaim.LICENCE,
    ),
    Format(
        "DeepMimic",
        "motion",
        (".txt", ".json"),
        deepmimic.is_deepmimic,
        deepmimic.read,
        licence=deepmimic.LICENCE,
    ),
    Format("COCO keypoints", "2D poses", (".json",), coco.is_coco, coco.read, coco.write, options=("clip",)),
    Format(
        "Clip table", "annotations", (".csv", ".tsv"), clip_tables.is_clip_table, clip_tables.read, clip_tables.write
    ),
)
