"""A clip whose video is gone, as a person meets it: said in words, looked for, found for all at once, undone too."""

import shutil

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel

from core.project import edits
from core.project.annotations import VideoFile
from core.video import open_video
from studio.jobs import Jobs
from studio.pages.annotate import AnnotatePage
from tests.studio.stand_ins import FittingModels, display
from tests.studio.test_annotate import a_video, document, mark, video  # noqa: F401 (fixtures)


@pytest.fixture
def page(qtbot, document):  # noqa: F811
    made = AnnotatePage(document, Jobs(), FittingModels(), display(document.folder.parent))
    qtbot.addWidget(made)
    made.resize(1500, 900)
    made.show()
    yield made
    made.close_page()
    made.close()


@pytest.fixture
def three(document, tmp_path):  # noqa: F811
    """Three clips more; the video of one lies elsewhere and stays."""
    (tmp_path / "kept").mkdir()
    for number, folder in ((1, tmp_path), (2, tmp_path), (3, tmp_path / "kept")):
        path = a_video(folder / f"more_{number}.mp4", 30 + number, lambda frame, by=number: 20 * by + frame)
        with open_video(path) as opened:
            facts = VideoFile(**opened.facts()._asdict())
        project, _ = edits.add_clip(
            document.project, f"more_{number}", path, facts, author="Ines K.", folder=document.folder
        )
        assert document.edit(project, f"Add more_{number}")
    return document


def words(page) -> str:
    return " ".join(each.text() for each in page.view.state.findChildren(QLabel) if not page.view.state.isHidden())


def press(page, name: str) -> None:
    (button,) = [each for each in page.view.state.findChildren(QAbstractButton) if each.text() == name]
    button.click()


def test_that_find_it_looks_where_the_others_lie_and_takes_all_that_moved_in_one_step(page, three, tmp_path, qtbot):
    mark(page, three, 5, 20)
    for name in ("clip_07", "more_1", "more_2"):
        (tmp_path / "kept" / "new").mkdir(exist_ok=True)
        shutil.move(tmp_path / f"{name}.mp4", tmp_path / "kept" / "new" / f"{name}.mp4")
    three.choose_clip(list(three.project.clips)[1])
    three.choose_clip(next(iter(three.project.clips)))
    qtbot.waitUntil(lambda: "clip_07.mp4 has moved" in words(page), timeout=30_000)
    before = three.project
    press(page, "Find it")
    qtbot.waitUntil(lambda: "clip_07.mp4 is found" in words(page), timeout=30_000)
    assert "The videos of 2 other clips are there too." in words(page)
    assert three.project is before, "nothing is changed before somebody says so"
    press(page, "Use all 3")
    qtbot.waitUntil(lambda: page.is_settled() and page.view.image is not None, timeout=30_000)
    assert three.undo_label == "Find 3 videos"
    assert [three.video_path(each).exists() for each in three.project.clips] == [True] * 4
    assert three.clip.segments == before.clips[three.clip_id].segments
    three.undo()
    assert three.project.clips == before.clips


def test_that_what_is_alike_by_name_and_length_alone_is_not_taken_with_the_others(page, three, tmp_path, qtbot):
    for name in ("clip_07", "more_1", "more_2"):
        shutil.move(tmp_path / f"{name}.mp4", tmp_path / "kept" / f"{name}.mp4")
    a_video(tmp_path / "kept" / "more_1.mp4", 31, lambda frame: 250 - frame)  # another film, as long
    three.choose_clip(list(three.project.clips)[1])
    three.choose_clip(next(iter(three.project.clips)))
    qtbot.waitUntil(lambda: "has moved" in words(page), timeout=30_000)
    press(page, "Find it")
    qtbot.waitUntil(lambda: "clip_07.mp4 is found" in words(page), timeout=30_000)
    assert "Another clip's video is there too." in words(page)
    press(page, "Use all 2")
    qtbot.waitUntil(lambda: page.is_settled() and page.view.image is not None, timeout=30_000)
    missing = [each.name for each in three.project.clips.values() if not three.video_path(each.id).exists()]
    assert missing == ["more_1"]


def test_that_what_is_nowhere_is_said_and_another_folder_can_be_looked_through(page, three, tmp_path, qtbot):
    shutil.move(tmp_path / "clip_07.mp4", tmp_path / "kept" / "gone.bin")
    three.choose_clip(list(three.project.clips)[1])
    three.choose_clip(next(iter(three.project.clips)))
    qtbot.waitUntil(lambda: "has moved" in words(page), timeout=30_000)
    press(page, "Find it")
    qtbot.waitUntil(lambda: "clip_07.mp4 was not found" in words(page), timeout=30_000)
    shutil.move(tmp_path / "kept" / "gone.bin", tmp_path / "kept" / "other name.mp4")
    page.picture.words.finding._start([tmp_path / "kept"])
    qtbot.waitUntil(lambda: "It is other name.mp4 in" in words(page), timeout=30_000)
    press(page, "Use it")
    qtbot.waitUntil(lambda: page.is_settled() and page.view.image is not None, timeout=30_000)
    assert three.undo_label == "Find clip_07"


def test_that_a_file_that_is_no_video_says_what_it_is_and_can_be_tried_again(page, document, qtbot, tmp_path):  # noqa: F811
    own = document.video_path(document.clip_id)
    whole = own.read_bytes()
    for content, said in ((b"", "The file is empty"), (b"no video " * 300, "cannot be read as a video")):
        own.write_bytes(content)
        page.picture._open_again()
        qtbot.waitUntil(lambda said=said: said.lower() in words(page).lower(), timeout=30_000)
        assert page.view.image is None
    own.write_bytes(whole)
    press(page, "Try again")
    qtbot.waitUntil(lambda: page.is_settled() and page.view.image is not None, timeout=30_000)
    assert "Try again" not in [
        each.text() for each in page.view.state.findChildren(QAbstractButton) if each.isVisible()
    ]


def test_that_a_folder_that_is_gone_is_said_and_can_be_tried_again(page, document, qtbot, tmp_path):  # noqa: F811
    place = tmp_path / "disk"
    place.mkdir()
    shutil.move(document.video_path(document.clip_id), place / "clip_07.mp4")
    page.picture.words.finding.use(place / "clip_07.mp4")
    qtbot.waitUntil(lambda: page.is_settled() and page.view.image is not None, timeout=30_000)
    place.rename(tmp_path / "unplugged")
    page.picture._open_again()
    qtbot.waitUntil(lambda: "cannot be reached" in words(page), timeout=30_000)
    (tmp_path / "unplugged").rename(place)
    press(page, "Try again")
    qtbot.waitUntil(lambda: page.is_settled() and page.view.image is not None, timeout=30_000)
