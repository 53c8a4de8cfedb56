from core.project.annotations import Changes
from core.project.store import ProjectStore


def test_that_a_reopened_project_is_the_one_that_was_closed(marked, folder):
    last = marked.project
    marked.close()
    with ProjectStore.open(folder, "Ada") as again:
        assert again.project == last
        assert again.name == "Kitchen"
        assert again.read_only_reason is None


def test_that_undo_takes_back_the_last_edit_and_redo_makes_it_again(marked):
    last = marked.project
    (clip_id,) = last.clips
    assert marked.undo_label == "Mark the pose of cut"
    assert marked.undo() == Changes.between(last, marked.project)
    assert marked.project.clips[clip_id].poses == ()
    assert marked.redo_label == "Mark the pose of cut"
    marked.redo()
    assert marked.project == last
    assert marked.redo() is None
