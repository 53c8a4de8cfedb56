"""BABEL: what is done in AMASS's recordings, as its release of JSON files (train, val, test, extra_train, extra_val).

    {sid: {babel_sid, feat_p, dur, seq_ann: {labels: [{raw_label, act_cat}]},
           frame_ann: null | {labels: [{raw_label, act_cat, start_t, end_t}]}}}

Times are seconds. `frame_ann` labels stretches; where a recording has none, `seq_ann` labels the whole of it. The extra
files hold lists, one annotation a person, under `seq_anns` and `frame_anns`; the test file hides its labels. `act_cat`
are the categories that models learn, null where nobody gave one; `raw_label` is what the person wrote.

Only labels come: the recordings are AMASS's. They are called by `amass_names.key_of` of `feat_p`, as the files of
AMASS's SMPL-H and SMPL-X releases are. Source: babel.is.tue.mpg.de
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

import resources
from core.errors import FormatError
from core.formats.amass_names import key_of
from core.formats.pickled import beginning_of, bytes_of
from core.recordings import KEPT_HZ, Recording, Stretch

LICENCE = "BABEL: for non-commercial scientific research; see babel.is.tue.mpg.de/license.html"
_PARTS = {"train": "train", "val": "validation", "test": "test", "extra_train": "", "extra_val": ""}
_RELEASE = "babel_v1.0_release"
_MOST_BYTES = 400_000_000
_LONGEST_S = 24 * 3600.0


class _Label(msgspec.Struct):
    raw_label: str | None = None
    act_cat: list[str] | None = None
    start_t: float | None = None
    end_t: float | None = None


class _Annotation(msgspec.Struct):
    labels: list[_Label] | None = None


class _Sequence(msgspec.Struct):
    feat_p: str
    dur: float
    seq_ann: _Annotation | None = None
    frame_ann: _Annotation | None = None
    seq_anns: list[_Annotation] | None = None
    frame_anns: list[_Annotation] | None = None

    @property
    def of_frames(self) -> list[_Label]:
        return _labels([self.frame_ann, *(self.frame_anns or ())])

    @property
    def of_the_whole(self) -> list[_Label]:
        return _labels([self.seq_ann, *(self.seq_anns or ())])


def _labels(annotations: list[_Annotation | None]) -> list[_Label]:
    return [label for each in annotations if each is not None for label in each.labels or ()]


def is_babel(path: Path) -> bool:
    """One of its JSON files, or the folder of them."""
    if path.is_dir():
        return bool(_files_in(path))
    beginning = beginning_of(path, 16_384)
    return beginning.lstrip()[:1] == b"{" and b'"babel_sid"' in beginning and b'"feat_p"' in beginning


def read(path: Path, *, sequence_labels: Literal["", "also"] = "") -> Iterator[Recording]:
    """Every recording that is labelled, without arrays. `sequence_labels` = "also": the labels of the whole are there
    beside those of its stretches, not only in their place.
    """
    files = _files_in(path) if path.is_dir() else [path]
    if not files:
        raise FormatError(path, "there is no train.json, val.json or test.json of BABEL in it")
    if sequence_labels not in ("", "also"):
        raise FormatError(path, f'sequence_labels is "also" or nothing, not {sequence_labels!r}')
    for file in files:
        yield from _read_file(file, with_sequence_labels=sequence_labels == "also")


def classes(path: Path | None = None) -> dict[str, str]:
    """Category → one of the 60 most frequent classes, from the file that ships or another of its kind."""
    path = path or resources.path("labels", "babel_60.csv")
    try:
        rows = list(csv.reader(bytes_of(path, 1_000_000).decode("utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(path, f"it is no table that can be read ({error})") from None
    if not rows or [each.strip() for each in rows[0][:2]] != ["act_cat", "class"]:
        raise FormatError(path, "its first line is not act_cat,class", hint="Start from the file that ships.")
    learned: dict[str, str] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        category, name = (each.strip() for each in row[:2]) if len(row) > 1 else ("", "")
        if not category or not name or learned.get(category, name) != name:
            raise FormatError(path, f"line {number}: not one category and its one class")
        learned[category] = name
    return learned


def _files_in(folder: Path) -> list[Path]:
    for place in (folder, folder / _RELEASE):
        files = [place / f"{name}.json" for name in _PARTS]
        found = [file for file in files if file.is_file() and is_babel(file)]
        if found:
            return found
    return []


def _read_file(path: Path, *, with_sequence_labels: bool) -> Iterator[Recording]:
    try:
        held = msgspec.json.decode(bytes_of(path, _MOST_BYTES), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(path, f"it is no JSON of BABEL ({error})", hint="Get it again.") from None
    for sid, raw in held.items():
        try:
            yield _recording(path, sid, _decoder.decode(raw), with_sequence_labels=with_sequence_labels)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
            raise FormatError(path, f"sequence {sid[:20]}: {error}") from None


def _recording(path: Path, sid: str, sequence: _Sequence, *, with_sequence_labels: bool) -> Recording:
    if not 0 < sequence.dur <= _LONGEST_S:
        raise FormatError(path, f"sequence {sid[:20]}: a duration of {sequence.dur:g} s cannot be")
    key = key_of(sequence.feat_p)
    if not key:
        raise FormatError(path, f"sequence {sid[:20]}: feat_p names no recording")
    labels, whole = sequence.of_frames, sequence.of_the_whole
    used = labels + whole if with_sequence_labels or not labels else labels
    stretches = [stretch for label in used if (stretch := _stretch(label, sequence.dur)) is not None]
    notes: list[str] = []
    if not used:
        notes.append("Its labels are hidden." if path.stem == "test" else "It has no labels.")
    if path.stem.startswith("extra_"):
        notes.append("Of BABEL's extra annotations, which are in no part of its split.")
    if len(stretches) < len(used):
        notes.append(f"{len(used) - len(stretches)} of its labels end before they begin, and are left out.")
    return Recording(
        key,
        KEPT_HZ,
        stretches=tuple(sorted(stretches, key=lambda each: (each.start_s, each.end_s))),
        notes=tuple(notes),
        part=_PARTS.get(path.stem, ""),
        frames_elsewhere=max(round(sequence.dur * KEPT_HZ), 1),
    )


def _stretch(label: _Label, duration_s: float) -> Stretch | None:
    """Of a label without times, the whole."""
    start_s = max(label.start_t or 0.0, 0.0)
    end_s = duration_s if label.end_t is None else min(label.end_t, duration_s)
    if not start_s < end_s:
        return None
    return Stretch(start_s, end_s, tuple(dict.fromkeys(label.act_cat or ())), label.raw_label or "")


_decoder = msgspec.json.Decoder(_Sequence)
