"""A project is copied whole while somebody has it open, and what cannot be copied is refused in words."""

import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from core.__main__ import app
from core.bodies.skeletons import UPPER_BODY_9
from core.errors import ProjectError
from core.motion import Poses2d
from core.project import backup, edits
from core.project.annotations import VideoFile
from core.project.backup import back_up
from core.project.check import check
from core.project.store import LOCK_NAME, ProjectStore

POSES = Poses2d(UPPER_BODY_9, np.zeros((20, 1, 9, 2), np.float32), np.ones((20, 1, 9), np.float32))


@pytest.fixture
def living(tmp_path):
    """A project that somebody has open, its last edits in the log alone."""
    with ProjectStore.create(tmp_path / "kitchen", "Kitchen", "Ada") as store:
        video = store.folder / "videos" / "walk.mp4"
        video.parent.mkdir()
        video.write_bytes(b"a film")
        facts = VideoFile(
            path="", frame_count=20, width=64, height=48, rate_hz=25.0, duration_s=0.8, size_bytes=6, fingerprint="f"
        )
        project, clip = edits.add_clip(store.project, "walk", video, facts, author="Ada", folder=store.folder)
        project = edits.set_tracks(project, clip.id, store.write_tracks(POSES))
        store.edit(project, "Add walk")
        yield store


def test_that_a_project_in_use_is_copied_whole_with_its_history_and_what_lies_beside_it(living, tmp_path):
    copied = back_up(living.folder, tmp_path / "copies" / "monday")
    at_that_moment = living.project
    living.edit(replace(living.project, name="Later"), "Rename")
    assert check(tmp_path / "copies" / "monday") == check(living.folder)
    assert copied.files == sum(each.is_file() for each in (tmp_path / "copies" / "monday").rglob("*"))
    with ProjectStore.open(tmp_path / "copies" / "monday", "Ben") as copy:
        assert copy.read_only_reason is None  # the lock stayed behind
        assert copy.project == at_that_moment
        assert copy.undo_label == "Add walk"
        (clip,) = copy.project.clips.values()
        assert len(copy.tracks(clip.tracks)) == 20
        assert copy.video_path(clip).read_bytes() == b"a film"


def test_that_a_copy_never_goes_over_something_nor_into_the_project_itself(living, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    with pytest.raises(ProjectError, match="is there already"):
        back_up(living.folder, tmp_path / "there")
    with pytest.raises(ProjectError, match="in the project itself"):
        back_up(living.folder, living.folder / "copy")
    with pytest.raises(ProjectError, match="holds no project"):
        back_up(tmp_path / "there", tmp_path / "copy")
    assert [each.name for each in (tmp_path / "there").iterdir()] == ["mine.txt"]
    assert not (living.folder / "copy").exists()


def test_that_what_is_cut_short_leaves_nothing(living, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup.shutil, "copy2", full)
    with pytest.raises(ProjectError, match="No space left"):
        back_up(living.folder, tmp_path / "copy")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["kitchen"]


def test_that_the_command_says_what_it_copied(living, tmp_path):
    done = CliRunner().invoke(app, ["backup", str(living.folder), str(tmp_path / "copy")])
    assert done.exit_code == 0, done.output
    assert f"in {tmp_path / 'copy'}" in done.output.replace("\n", "")
    assert (tmp_path / "copy" / "project.sqlite").is_file()
    assert not (tmp_path / "copy" / LOCK_NAME).exists()
    again = CliRunner().invoke(app, ["backup", str(living.folder), str(tmp_path / "copy")])
    assert again.exit_code != 0
    assert "there already" in again.output.replace("\n", " ")
