"""The open project as the pages see it."""

import pytest

from core.errors import ProjectError
from core.project.annotations import Clip, Label, Provenance, VideoFile, new_id
from core.project.store import ProjectStore
from studio.document import Document

BY = Provenance(author="Ines", at="2026-01-01T00:00:00+00:00")


def a_clip(name="clip_01.mp4", frames=300) -> Clip:
    video = VideoFile(
        path=name,
        frame_count=frames,
        width=640,
        height=360,
        rate_hz=30.0,
        duration_s=frames / 30,
        size_bytes=1,
        fingerprint="0" * 16,
    )
    return Clip(id=new_id(), name=name, video=video, made=BY)


def a_label(name: str) -> Label:
    return Label(id=new_id(), name=name, kind="action", colour="#617CE1", made=BY)


@pytest.fixture
def document(qtbot, tmp_path):
    made = Document("Ines")
    made.create(tmp_path / "kitchen", "Kitchen")
    yield made
    made.close_project()


def test_that_an_edit_is_told_to_everybody_and_found_again_after_reopening(document, qtbot):
    label = a_label("cut")
    with qtbot.waitSignal(document.changed) as told:
        assert document.edit(document.project.with_label(label), "Add cut")
    assert told.args[0].labels == {label.id}
    folder = document.folder
    document.close_project()
    document.open(folder)
    assert document.project.labels[label.id].name == "cut"
    assert document.undo_label == "Add cut"


def test_that_undo_and_redo_arrive_by_the_same_path_as_an_edit(document):
    heard = []
    document.changed.connect(heard.append)
    label = a_label("cut")
    document.edit(document.project.with_label(label), "Add cut")
    document.undo()
    assert document.project.labels == {}
    assert document.redo_label == "Add cut"
    document.redo()
    assert list(document.project.labels) == [label.id]
    assert [changes.labels for changes in heard] == [{label.id}] * 3


def test_that_the_first_clip_is_chosen_on_opening_and_a_clip_that_goes_is_let_go(document):
    first, second = a_clip("a.mp4"), a_clip("b.mp4")
    document.edit(document.project.with_clip(first).with_clip(second), "Add videos")
    folder = document.folder
    document.open(folder)
    assert document.clip_id == first.id
    document.edit(document.project.without_clip(first.id), "Take out a.mp4")
    assert document.clip_id == second.id
    document.edit(document.project.without_clip(second.id), "Take out b.mp4")
    assert document.clip_id == ""
    assert document.clip is None


def test_that_the_playhead_stays_inside_the_clip_and_each_clip_keeps_its_own(document):
    first, second = a_clip("a.mp4", frames=100), a_clip("b.mp4")
    document.edit(document.project.with_clip(first).with_clip(second), "Add videos")
    document.choose_clip(first.id)
    moves = []
    document.playhead_moved.connect(moves.append)
    document.seek(42)
    document.seek(42)
    document.seek(5000)
    document.seek(-3)
    assert moves == [42, 99, 0]
    document.seek(17)
    document.choose_clip(second.id)
    assert document.playhead == 0
    document.choose_clip(first.id)
    assert document.playhead == 17


def test_that_choosing_a_clip_the_project_does_not_have_is_refused(document):
    with pytest.raises(ProjectError):
        document.choose_clip("nowhere")


def test_that_a_second_studio_reads_follows_and_edits_once_the_first_is_gone(document, qtbot):
    second = Document("Theo")
    second.open(document.folder)
    assert "Ines" in (second.read_only_reason or "")
    errors = []
    second.refused.connect(errors.append)
    assert not second.edit(second.project.with_label(a_label("stir")), "Add stir")
    assert len(errors) == 1
    assert isinstance(errors[0], ProjectError)
    assert second.project.labels == {}

    label = a_label("cut")
    with qtbot.waitSignal(second.changed, timeout=30_000):
        document.edit(document.project.with_label(label), "Add cut")
    assert label.id in second.project.labels

    with qtbot.waitSignal(second.became_writable, timeout=30_000):
        document.close_project()
    assert second.read_only_reason is None
    assert second.edit(second.project.with_label(a_label("stir")), "Add stir")
    second.close_project()


def test_that_a_result_a_command_leaves_is_taken_in_and_can_be_undone(document, qtbot):
    label = a_label("peel")
    with (
        qtbot.waitSignal(document.changed, timeout=30_000),
        ProjectStore.open(document.folder, "Theo", mode="command") as command,
    ):
        command.edit(command.project.with_label(label), "Import labels", source="import")
    assert label.id in document.project.labels
    assert document.undo_label == "Import labels"
    document.undo()
    assert document.project.labels == {}
