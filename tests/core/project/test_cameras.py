"""Cameras of a project: kept, found again, chosen, removed, and looked at by the check."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from core.errors import ProjectError
from core.geometry.cameras import estimated_camera, project
from core.project import edits
from core.project.annotations import CameraRow
from core.project.cameras import camera_named, camera_of, fits, remove_camera, rename_camera
from core.project.check import findings_of
from core.project.store import ProjectStore
from tests.core.made_up_project import tilted_camera


@pytest.fixture
def filmed(marked):
    """The marked project with a calibrated camera for its clip; the clip's id."""
    project_, row = edits.add_camera(
        marked.project, "Ceiling", replace(tilted_camera(25), distortion=np.arange(12) / 1000), author="Ada",
        how="points", error_px=1.25,
    )  # fmt: skip
    clip = next(iter(project_.clips))
    marked.edit(edits.set_camera(project_, clip, row.id), "Calibrate breakfast")
    return marked, clip


def test_that_a_camera_how_it_was_found_and_its_error_survive_closing(filmed, folder):
    store, clip = filmed
    store.close()
    with ProjectStore.open(folder, "Bela", mode="read") as again:
        row = again.project.cameras[again.project.clips[clip].camera]
        assert (row.name, row.how, row.error_px) == ("Ceiling", "points", 1.25)
        kept = camera_of(again.project, again.project.clips[clip])
    points_m = np.random.default_rng(0).uniform(-0.5, 0.5, (9, 3)) + np.array([0, 1.2, 0])
    there = replace(tilted_camera(25), distortion=np.arange(12) / 1000)
    np.testing.assert_allclose(project(points_m, kept), project(points_m, there), atol=1e-9)


def test_that_cameras_of_projects_from_before_are_read_with_what_they_lack(filmed):
    store, _ = filmed
    row = next(iter(store.project.cameras.values()))
    before = msgspec.to_builtins(row)
    del before["how"], before["error_px"]
    old = msgspec.json.decode(msgspec.json.encode(before), type=CameraRow)
    assert (old.how, old.error_px) == ("", None)
    assert old.rotation == row.rotation


def test_that_undo_gives_the_estimated_camera_back(filmed):
    store, clip = filmed
    store.undo()
    assert camera_of(store.project, store.project.clips[clip]).estimated
    store.redo()
    assert not camera_of(store.project, store.project.clips[clip]).estimated


def test_that_removing_a_camera_leaves_its_clips_with_an_estimate(filmed):
    store, clip = filmed
    after = remove_camera(store.project, store.project.clips[clip].camera)
    assert not after.cameras
    assert after.clips[clip].camera == ""
    assert not [each for each in findings_of(after) if "camera" in each.what]


def test_that_two_cameras_never_have_one_name(filmed):
    store, clip = filmed
    after, row = edits.add_camera(store.project, "Ceiling", estimated_camera(640, 360), author="Ada")
    assert row.name == "Ceiling 2"
    assert camera_named(after, "Ceiling").id == store.project.clips[clip].camera
    with pytest.raises(ProjectError, match="cannot be its name"):
        rename_camera(after, row.id, "Ceiling")
    assert rename_camera(after, row.id, "Door").cameras[row.id].name == "Door"


def test_that_an_unknown_camera_is_refused_with_the_known_ones(filmed):
    with pytest.raises(ProjectError, match="no camera 'Floor'") as refused:
        camera_named(filmed[0].project, "Floor")
    assert "Ceiling" in refused.value.hint


def test_that_a_camera_of_another_shape_than_its_clip_is_listed_and_one_of_another_size_is_not(filmed):
    store, clip = filmed
    for size, odd in (((1280, 720), False), ((640, 480), True), ((360, 640), True)):
        after, row = edits.add_camera(store.project, "Other", estimated_camera(*size), author="Ada")
        after = edits.set_camera(after, clip, row.id)
        assert fits(row, after.clips[clip]) != odd
        found = [each for each in findings_of(after) if "was found for pictures of" in each.what]
        assert bool(found) == odd
        assert all(each.severity == "warning" and each.hint for each in found)


def test_that_a_rotation_that_is_none_is_an_error():
    from core.project.annotations import Project

    bent = replace(estimated_camera(640, 360), rotation=np.diag([1.0, -1.0, 1.0]))
    after, _ = edits.add_camera(Project(id="p", name="P"), "Bent", bent, author="Ada")
    assert [each.what for each in findings_of(after) if each.severity == "error"] == [
        "camera Bent: its rotation is none"
    ]
