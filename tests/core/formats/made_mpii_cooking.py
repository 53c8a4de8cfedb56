"""A miniature of MPII Cooking 2 in exactly its layout: MATLAB 7.3, lists of the split, and videos where wanted.

Clips s08-d02 … s13-d07; what is done goes round a recipe. Numbers stand as MATLAB writes them: doubles, texts as
references into #refs#, the user block of 512 bytes before the HDF5 file.
"""

from pathlib import Path

import h5py
import numpy as np

from core.video import write_video

ATTRIBUTES = ("addV", "carrot", "counter", "cupboard", "cutV", "cutting-board", "fridge", "hand", "knife", "peel",
              "peelV", "take outV", "washV", "water")  # fmt: skip
RECIPE = (
    ("enterV", ()),
    ("take outV", ("hand", "carrot", "fridge")),
    ("washV", ("hand", "carrot", "water")),
    ("peelV", ("hand", "carrot", "peel")),
    ("take outV", ("hand", "knife", "counter")),
    ("cutV", ("knife", "carrot", "cutting-board")),
    ("cut diceV", ("knife", "carrot", "cutting-board")),
    ("addV", ("hand", "carrot")),
    ("Background activity", ()),
)
CLIPS = ("s08-d02", "s08-d04", "s10-d02", "s11-d01", "s12-d05", "s13-d07")
PARTS = {"sequencesTrainAttr": CLIPS[:3], "sequencesVal": CLIPS[3:4], "sequencesTest": CLIPS[4:]}
TWELVE = tuple(f"s{20 + at // 2}-d{21 + at:02d}" for at in range(12))
PARTS_OF_TWELVE = {"sequencesTrainAttr": TWELVE[:6], "sequencesVal": TWELVE[6:9], "sequencesTest": TWELVE[9:]}
"""A data set of a dozen videos with the makers' split, large enough for tables."""
FIRST, LASTS = 11, 10  # the first interval starts at frame 11 (counted from 1) and each lasts 10 frames
ROUNDS = 1


def make(
    folder: Path,
    *,
    clips: tuple[str, ...] = CLIPS,
    rounds: int = ROUNDS,
    videos: bool = False,
    parts: dict[str, tuple[str, ...]] = PARTS,
) -> Path:
    """The data set's folder."""
    root = folder / "MPII-Cooking-2"
    (root / "experimentalSetup").mkdir(parents=True)
    for name, ids in parts.items():
        lines = [f"{each} {at + 1}" for at, each in enumerate(each for each in ids if each in clips)]
        (root / "experimentalSetup" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    rows = [
        (clip, verb, objects, FIRST + LASTS * at)
        for clip in clips
        for at, (verb, objects) in enumerate(RECIPE * rounds)
    ]
    write_annotations(root / "attributesAnnotations_MPII-Cooking-2.mat", rows)
    if videos:
        (root / "videos").mkdir()
        for clip in clips:
            write_clip(root / "videos" / f"{clip}-cam-002.avi", FIRST + LASTS * len(RECIPE) * rounds)
    return root


def make_annotations_alone(folder: Path) -> Path:
    """The annotations of one clip without anything beside them."""
    path = folder / "attributesAnnotations_MPII-Cooking-2.mat"
    write_annotations(
        path, [(CLIPS[0], verb, objects, FIRST + LASTS * at) for at, (verb, objects) in enumerate(RECIPE)]
    )
    return path


def write_clip(path: Path, frames: int, rate_hz: float = 29.4) -> None:
    """A small video whose frames differ: a bar that moves."""
    with write_video(path, rate_hz, 64, 48) as out:
        for frame in range(frames):
            picture = np.full((48, 64, 3), 40, np.uint8)
            picture[:, frame % 60 : frame % 60 + 4] = (200, 180, 60)
            out.add(picture)


def write_annotations(path: Path, rows: list[tuple[str, str, tuple[str, ...], int]]) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        references = file.create_group("#refs#")
        annos = file.create_group("annos")
        annos.attrs["MATLAB_class"] = np.bytes_("struct")

        def text(place: h5py.Group, name: str, value: str) -> h5py.Dataset:
            made = place.create_dataset(name, data=np.frombuffer(value.encode("utf-16-le"), np.uint16).reshape(-1, 1))
            made.attrs["MATLAB_class"] = np.bytes_("char")
            made.attrs["MATLAB_int_decode"] = np.int32(2)
            return made

        def column(name: str, values: list[float]) -> None:
            annos.create_dataset(name, data=np.array(values, np.float64).reshape(-1, 1))

        def cells(name: str, values: list[str]) -> None:
            made = annos.create_dataset(name, (len(values), 1), dtype=h5py.ref_dtype)
            for at, value in enumerate(values):
                made[at, 0] = text(references, f"{name}{at}", value).ref
            made.attrs["MATLAB_class"] = np.bytes_("cell")

        column("startFrame", [start for *_, start in rows])
        column("endFrame", [start + LASTS - 1 for *_, start in rows])
        column("startTimeSeconds", [int(start / 29.4) for *_, start in rows])
        column("endTimeSeconds", [int((start + LASTS - 1) / 29.4) for *_, start in rows])
        column("subject", [int(clip[1:3]) for clip, *_ in rows])
        column("dish", [int(clip[5:7]) for clip, *_ in rows])
        column("frameRate", [29.4])
        column("bgLabel", [1])
        cells("fileName", [f"{clip}-cam-002" for clip, *_ in rows])
        cells("fileNameId", [clip for clip, *_ in rows])
        cells("activity", [verb for _, verb, *_ in rows])
        cells("className", [verb + "".join(objects).replace("-", " ") for _, verb, objects, _ in rows])
        cells("attributeMap", list(ATTRIBUTES))
        text(annos, "bgClassName", "Background activity")
        text(annos, "dataset", "cooking12eccv")
        belongs = [[float(name in (verb, *objects)) for _, verb, objects, _ in rows] for name in ATTRIBUTES]
        annos.create_dataset("iaMat", data=np.array(belongs), compression="gzip")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


OLD = """s08,s08-d02-cam-002,1,120,1,Background activity
s08,s08-d02-cam-002,121,180,7,cut slices
s08,s08-d02-cam-002,181,181,40,take out from drawer
s10,s10-d11-cam-002,5,64,7,cut slices
"""


def make_older(folder: Path) -> Path:
    """The table of the older data set."""
    path = folder / "detectionGroundtruth-1-0.csv"
    path.write_text(OLD)
    return path
