"""The data sets that one command prepares: what each one's folder should hold, and a clear no before anything is made.

    refuse(spec)        # raises where the folder is another, or a wish does not go with the data set

A folder that is not the data set's is said with what it is, and with where the data set's is if that lies just above
or just below. What is packed is looked into only when it is unpacked.
"""

from pathlib import Path

from core.errors import CoreError, RunError
from core.formats import FORMATS, Format
from core.importing.recognition import is_packed, what_is
from core.runs import PrepareData

VIDEOS = {"mpii-cooking-2": "MPII Cooking 2", "ikea-asm": "IKEA-ASM"}
MOTION = {"babel": "BABEL", "grab": "GRAB", "humanact12": "HumanAct12"}
"""Keys of data sets → their formats' names."""
_SHOULD_HOLD = {
    "mpii-cooking-2": "the folder with attributesAnnotations_MPII-Cooking-2.mat, experimentalSetup and videos",
    "ikea-asm": "the folder with ikea_annotation_db_full or gt_segments.json, and indexing_files",
    "babel": "the folder with train.json and val.json, such as babel_v1.0_release",
    "grab": "the folder with s1 to s10, one .npz a recording",
    "humanact12": "the folder of .npy files such as P01G01R01F0069T0143A0101.npy, or humanact12poses.pkl",
}
AMASS_SHOULD_HOLD = "the folder of AMASS, unpacked: CMU, KIT, … with files such as 01_01_poses.npz or _stageii.npz"
_OF_VIDEOS = {
    "videos": "--videos", "poses": "--poses", "characteristic_poses": "--characteristic-poses",
    "draft_poses": "--draft-poses",
}  # fmt: skip


def refuse(spec: PrepareData) -> None:
    """RunError where the source is not this data set, or what is wished for is not to be had of it."""
    if spec.dataset in VIDEOS:
        if spec.motion:
            raise RunError(f"{VIDEOS[spec.dataset]} is videos, not motion.", hint="Leave --motion away.")
        _refuse_unlike(spec, VIDEOS[spec.dataset])
        if spec.videos and not Path(spec.videos).is_dir():
            raise RunError(f"{spec.videos} is no folder of videos.", hint="Name the folder that they lie in.")
        return
    name = MOTION[spec.dataset]
    if spec.motion and spec.dataset != "babel":
        raise RunError(f"{name} brings its own motion.", hint="Leave --motion away.")
    for wish, option in _OF_VIDEOS.items():
        if getattr(spec, wish):
            raise RunError(f"{name} is motion: it has no videos.", hint=f"Leave {option} away.")
    if not is_packed(Path(spec.source)):
        _refuse_unlike(spec, name)


def _refuse_unlike(spec: PrepareData, name: str) -> None:
    source, known = Path(spec.source), next(each for each in FORMATS if each.name == name)
    if not source.exists():
        raise RunError(f"{source} is not there.", hint=f"Name {_SHOULD_HOLD[spec.dataset]}.")
    if _holds(known, source, is_whole=spec.dataset in VIDEOS):
        return
    elsewhere = _nearby(known, source)
    hint = f"It is in {elsewhere}." if elsewhere is not None else f"Name {_SHOULD_HOLD[spec.dataset]}."
    raise RunError(f"{source} is not {name}{said_of(source)}.", hint=hint)


def _holds(known: Format, source: Path, *, is_whole: bool) -> bool:
    if is_whole or known.sniff(source):
        return known.sniff(source)
    try:
        return any(map(known.sniff, what_is(source, known.name).files))  # one file alone is taken at its name's word
    except CoreError:
        return False


def said_of(source: Path) -> str:
    """`, but AMASS, 32 files, 10 MB`; empty where nobody knows what it is."""
    try:
        return f", but {what_is(source).says()}"
    except CoreError:
        return ""


def _nearby(known: Format, source: Path) -> Path | None:
    """The folder just above, or one just below, that is the data set as a whole."""
    below = sorted(each for each in source.iterdir() if each.is_dir())[:100] if source.is_dir() else []
    return next((each for each in (source.parent, source.parent.parent, *below) if known.sniff(each)), None)
