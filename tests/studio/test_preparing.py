"""From what is dropped to what a model learns from: the whole way, several files at once, and the pose bank."""

import shutil

import pytest
from PySide6.QtWidgets import QLabel

from core.runs import ImportData, PrepareData
from studio.importing import Pick, picks_of
from tests.core.formats import made_amass, made_babel, made_bvh, made_grab, made_humanact12, made_mpii_cooking

pytestmark = pytest.mark.gui


def words_in(widget) -> str:
    return " ".join(each.text() for each in widget.findChildren(QLabel) if each.isVisibleTo(widget))


def looked(studio, qtbot):
    qtbot.waitUntil(lambda: not studio.importing.looking.is_busy)
    return studio.importing.ask()


def dialog_for(studio, source, qtbot):
    studio.importing.ask(source)
    return looked(studio, qtbot)


def whole_way(dialog):
    dialog.prepare.choice.choices.button(1).click()
    return dialog.prepare


def finished(studio, qtbot, count=1):
    qtbot.waitUntil(
        lambda: len(studio.jobs.jobs()) == count and not studio.jobs.live() and studio.jobs.is_settled(), timeout=60_000
    )
    return studio.jobs.jobs()[0]


def release_and_motion(tmp_path):
    """A miniature of BABEL, and the AMASS it is about."""
    (tmp_path / "babel").mkdir()
    release = made_babel.make_release(tmp_path / "babel")
    for path in made_babel.MOTIONS.values():
        place = tmp_path / "AMASS" / path.partition("/")[2]
        place.parent.mkdir(parents=True, exist_ok=True)
        made_amass.make_smplh(place, frames=600)
    return release, tmp_path / "AMASS"


@pytest.mark.slow
def test_that_babel_is_prepared_from_the_window_and_says_at_the_end_what_there_is(open_studio, tmp_path, qtbot):
    release, motion = release_and_motion(tmp_path)
    dialog = dialog_for(open_studio, release, qtbot)
    assert dialog.begin.text() == "Import"
    prepare = whole_way(dialog)
    assert dialog.begin.text() == "Prepare"
    assert not dialog.begin.isEnabled()
    assert "Name the folder of AMASS" in words_in(dialog)
    prepare.motion.setText(str(motion / "gone"))
    assert "There is no folder" in words_in(dialog)
    prepare.motion.setText(str(motion))
    assert dialog.begin.isEnabled()
    dialog.begin.click()
    (job,) = open_studio.jobs.jobs()
    assert (job.name, job.title) == ("prepare-babel-01", "Prepare BABEL")
    card = open_studio.window.page("data").catalog.card
    assert card.isVisibleTo(open_studio.window)
    finished(open_studio, qtbot)
    assert job.state == "done", list(job.log)
    assert job.ending.summary.startswith("BABEL is ready: ")
    assert job.ending.summary in words_in(card)
    qtbot.waitUntil(lambda: len(open_studio.document.project.items) == 2, timeout=10_000)  # labels and motion
    assert sorted(each.facts["format"] for each in open_studio.document.project.items.values()) == ["AMASS", "BABEL"]
    again = dialog_for(open_studio, release, qtbot)
    whole_way(again)
    assert again.begin.isEnabled()  # the project has its AMASS


@pytest.mark.parametrize(
    ("make", "dataset"),
    [
        (made_grab.make_folder, "grab"),
        (made_humanact12.make_folder, "humanact12"),
        (made_mpii_cooking.make, "mpii-cooking-2"),
    ],
)
def test_that_a_whole_data_set_of_the_papers_offers_the_whole_way(open_studio, tmp_path, qtbot, make, dataset):
    source = make(tmp_path)
    dialog = dialog_for(open_studio, source, qtbot)
    assert dialog.prepare.isVisibleTo(dialog)
    assert isinstance(dialog.wish(), ImportData)
    whole_way(dialog)
    assert dialog.begin.isEnabled()
    assert "what is missing" in words_in(dialog)
    wish = dialog.wish()
    assert isinstance(wish, PrepareData)
    assert (wish.dataset, wish.draft_poses, wish.motion) == (dataset, False, "")


def test_that_poses_are_drafted_only_on_ticking_and_with_a_warning(open_studio, tmp_path, qtbot):
    dialog = dialog_for(open_studio, made_mpii_cooking.make(tmp_path), qtbot)
    prepare = whole_way(dialog)
    assert not prepare.draft.isChecked()
    assert "Nobody chose it" not in words_in(dialog)
    assert "No video lies in this folder" in words_in(dialog)
    prepare.draft.click()
    assert "Nobody chose it" in words_in(dialog)
    assert dialog.wish().draft_poses
    (tmp_path / "films").mkdir()
    prepare.videos.setText(str(tmp_path / "films"))
    assert "No video lies in this folder" not in words_in(dialog)
    assert dialog.wish().videos == str(tmp_path / "films")


def test_that_one_recording_of_a_data_set_is_only_imported(open_studio, tmp_path, qtbot):
    one = tmp_path / "s1_airplane_fly_1.npz"
    made_grab.make_one(one)
    dialog = dialog_for(open_studio, one, qtbot)
    assert not dialog.prepare.isVisibleTo(dialog)


def test_that_what_is_dropped_together_is_one_thing_for_each_folder(tmp_path):
    (tmp_path / "a" / "inner").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    names = ("a/1.bvh", "a/2.bvh", "b/3.bvh", "b/takes.zip")
    for name in names:
        (tmp_path / name).touch()
    dropped = [tmp_path / each for each in (*names, "a/inner", "a/1.bvh")]
    assert picks_of(dropped) == [
        Pick(tmp_path / "b" / "takes.zip"),
        Pick(tmp_path / "a" / "inner"),
        Pick(tmp_path / "a", ("1.bvh", "2.bvh")),
        Pick(tmp_path / "b" / "3.bvh"),
    ]


@pytest.mark.slow
def test_that_several_files_of_two_folders_come_in_as_those_files_by_a_job_each(open_studio, tmp_path, qtbot):
    for folder in ("takes", "others"):
        (tmp_path / folder).mkdir()
        first = made_bvh.make(tmp_path / folder)
        for name in ("b", "c"):
            shutil.copy(first, tmp_path / folder / f"{name}.bvh")
    dropped = [tmp_path / each for each in ("takes/b.bvh", "takes/c.bvh", "others/b.bvh")]
    open_studio.window.dropped.emit([str(each) for each in dropped])
    dialog = looked(open_studio, qtbot)
    assert "1 of 2" in words_in(dialog)
    assert "2 files of takes: BVH" in words_in(dialog)
    assert dialog.wish().only == ("b.bvh", "c.bvh")
    dialog.begin.click()
    looked(open_studio, qtbot)
    assert "2 of 2" in words_in(dialog)
    assert dialog.wish().source == str(tmp_path / "others" / "b.bvh")
    dialog.begin.click()
    finished(open_studio, qtbot, count=2)
    assert {job.title: job.state for job in open_studio.jobs.jobs()} == {
        "Import 2 files of takes": "done",
        "Import b": "done",
    }
    page = open_studio.window.page("data")
    qtbot.waitUntil(lambda: len(page.catalog.list.rows()) == 3 and page.is_settled(), timeout=10_000)
    assert [each.words for each in page.catalog.list.rows()[1:]] == ["2 motions, BVH", "1 motion, BVH"]


def test_that_what_cannot_be_read_among_several_is_skipped(open_studio, tmp_path, qtbot):
    for folder in ("odd", "takes"):
        (tmp_path / folder).mkdir()
    (tmp_path / "odd" / "x.bin").write_bytes(b"\0\1")
    whole = made_bvh.make(tmp_path / "takes")
    open_studio.window.dropped.emit([str(tmp_path / "odd" / "x.bin"), str(whole)])
    dialog = looked(open_studio, qtbot)
    assert not dialog.begin.isEnabled()
    dialog.skip.click()
    looked(open_studio, qtbot)
    assert dialog.begin.isEnabled()
    assert dialog.wish().source == str(whole)
    dialog.skip.click()
    assert open_studio.importing._dialog is None
