"""BABEL, GRAB and HumanAct12 from folders in exactly their layout to windows that a model learns from."""

import csv
from pathlib import Path

import numpy as np
import pytest

from core.datasets.motion_windows import MotionWindows, classes_of, joined, parts_of
from core.errors import RunError
from core.importing.preparing_motion import SPLIT, prepare
from core.project.motion_sets import PARTS, motion_sets
from core.project.store import ProjectStore
from core.runs import Done, Note, PrepareData
from tests.core.datasets.made_motion import project_in
from tests.core.formats import made_amass, made_babel, made_grab, made_humanact12

pytestmark = pytest.mark.slow


def _prepared(project, dataset, source, **more):
    out = project / "runs" / f"prepare-{dataset}"
    out.mkdir(parents=True, exist_ok=True)
    spec = PrepareData(project=str(project), out=str(out), dataset=dataset, source=str(source), author="test", **more)
    events = list(prepare(spec))
    assert isinstance(events[-1], Done)
    return events, [each.text for each in events if isinstance(each, Note)]


def _set(project, made_by):
    return next(each for each in motion_sets(project) if each.facts.format == made_by)


def _table(events):
    with Path(events[-1].outputs[1]).open(newline="") as file:
        return {row["class"]: {part: int(row[part]) for part in PARTS} for row in csv.DictReader(file)}


def _release(folder):
    folder.mkdir()
    return made_babel.make_release(folder)


def _amass(folder):
    """Every recording that the miniature of BABEL labels but one, as SMPL-H's release calls it."""
    for number, path in made_babel.MOTIONS.items():
        if number != 1006:
            place = folder / path.partition("/")[2]
            place.parent.mkdir(parents=True, exist_ok=True)
            made_amass.make_smplh(place, frames=600)
    np.savez(folder / "CMU" / "01" / "shape.npz", betas=np.zeros(16), gender=np.array("male"))
    return folder


def test_that_babel_and_amass_become_windows_by_part_and_class(tmp_path):
    project = project_in(tmp_path / "project")
    release = _release(tmp_path / "babel")
    amass = _amass(tmp_path / "AMASS")
    events, notes = _prepared(project, "babel", release, motion=str(amass))
    assert events[-1].summary.startswith("BABEL is ready: ")
    labels = _set(project, "BABEL")
    split = labels.splits()[SPLIT]
    assert split.parts["train"]
    assert split.parts["validation"]
    assert set(split.parts["train"]).isdisjoint(split.parts["validation"])
    counts = _table(events)
    assert len(counts) == 60
    assert counts["walk"]["train"] >= 1
    found = joined(labels, list(motion_sets(project)))
    assert "KIT/3/bend_left02" in {name for names in found.left_out.values() for name in names}
    assert any("left out" in each and "bend_left02" in each for each in notes)
    assert [each for each in notes if "in no part of split 'own'" in each] == [_in_no_part(found, split)]
    train = MotionWindows(parts_of(found.labelled, split)["train"], classes_of(labels, split), frames=32)
    batch = next(train.batches(4, np.random.default_rng(0)))
    assert batch.rotations.shape == (4, 32, 55, 3, 3)
    assert batch.labels.any(1).all()
    again, more = _prepared(project, "babel", release, motion=str(amass))
    assert again[-1].summary == events[-1].summary
    assert _in_no_part(found, split) in more
    with ProjectStore.open(project, "test", mode="read") as store:
        assert len(store.project.items) == 2


def _in_no_part(found, split):
    """What is said of BABEL's extra files."""
    named = {name for part in split.parts.values() for name in part}
    names = [each.name for each in found.labelled if each.name not in named]
    assert names
    things = "1 recording" if len(names) == 1 else f"{len(names)} recordings"
    return f"{things} in no part of split 'own': not learned from, not measured on: {', '.join(names)}"


def test_that_babel_without_motion_says_what_to_name(tmp_path):
    project = project_in(tmp_path / "project")
    release = _release(tmp_path / "babel")
    with pytest.raises(RunError, match="No label of BABEL has a motion") as refused:
        _prepared(project, "babel", release)
    assert "--motion" in refused.value.hint


def test_that_grab_is_split_by_its_subjects(tmp_path):
    project = project_in(tmp_path / "project")
    folder = tmp_path / "GRAB"
    for subject in ("s1", "s2", "s3", "s10"):
        place = folder / "grab" / subject
        place.mkdir(parents=True)
        for thing, intent in (("airplane", "fly"), ("mug", "drink")):
            made_grab.make_one(
                place / f"{thing}_{intent}_1.npz", subject=subject, thing=thing, intent=intent, frames=120
            )
    events, _ = _prepared(project, "grab", folder)
    assert _table(events) == {
        "drink": {"train": 2, "validation": 1, "test": 1}, "fly": {"train": 2, "validation": 1, "test": 1},
    }  # fmt: skip
    the_set = _set(project, "GRAB")
    people = {part: {the_set.rows[name].performer for name in the_set.splits()[SPLIT].parts[part]} for part in PARTS}
    assert people == {"train": {"s2", "s3"}, "validation": {"s1"}, "test": {"s10"}}
    assert "2 classes" in events[-1].summary


def test_that_humanact12_gets_bodies_and_is_against_what_it_learned_from(tmp_path):
    project = project_in(tmp_path / "project")
    (tmp_path / "HumanAct12").mkdir()
    folder = made_humanact12.make_folder(tmp_path / "HumanAct12")
    events, notes = _prepared(project, "humanact12", folder)
    assert any("has no split" in each for each in notes)
    counts = _table(events)
    assert len(counts) == 3
    assert all(row == {"train": 4, "validation": 0, "test": 0} for row in counts.values())
    the_set = _set(project, "HumanAct12")
    assert all(row.body for row in the_set.rows.values())


def test_that_actors_file_brings_its_bodies(tmp_path):
    project = project_in(tmp_path / "project")
    path = made_humanact12.make_actors(tmp_path / "humanact12poses.pkl")
    events, _ = _prepared(project, "humanact12", path)
    assert "3 of 3 recordings joined" in events[-1].summary


def test_that_another_data_set_is_refused(tmp_path):
    with pytest.raises(RunError, match="no data set of motion"):
        list(prepare(PrepareData(project=str(tmp_path), out=str(tmp_path), dataset="ikea-asm", source="x")))
