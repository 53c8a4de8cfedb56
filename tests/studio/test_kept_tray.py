"""The tray of kept motions and what stands behind it: lists, renames, removes; edits that can be undone; pictures."""

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLineEdit

from core.generations import Part, Recipe
from core.project.store import ProjectStore
from studio.document import Document
from studio.keeping import Keeping, name_of
from studio.widgets.kept_tray import KeptRow, KeptTray, lines_of
from studio.widgets.motion_pictures import MotionPictures, telling_frame
from tests.studio.made_samples import made_motion, made_sample

ROWS = (
    KeptRow("a", "kick, 4.0 s", "seed 1207, sample 1", "motion-gpt-small"),
    KeptRow("b", "dance, 6.0 s", "seed 88, sample 3", "motion-gpt-small"),
)
RECIPE = Recipe(model="somewhere/else/posegpt-01", story=(Part(actions=("kick",), seconds=4.0),), samples=4, seed=1207)


@pytest.fixture
def tray(qtbot):
    made = KeptTray()
    qtbot.addWidget(made)
    made.resize(230, 600)
    made.show_kept(ROWS, "b")
    made.show_can(editing=True, can_export=True)
    made.show()
    yield made
    made.close()


def test_that_a_click_shows_one_and_readers_hear_how_it_was_made(qtbot, tray):
    shown = []
    tray.chosen.connect(shown.append)
    place = tray.list.visualItemRect(tray.list.item(1)).center()
    qtbot.mouseClick(tray.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert shown == ["b"]
    assert tray.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole) == (
        "kick, 4.0 s, seed 1207, sample 1, motion-gpt-small"
    )


def test_that_a_name_is_changed_in_place_and_an_empty_one_is_none(qtbot, tray):
    wished = []
    tray.rename_wanted.connect(lambda key, name: wished.append((key, name)))
    for typed in ("high kick", "   ", "kick, 4.0 s"):
        tray.start_renaming("a")
        editor = tray.list.findChild(QLineEdit)
        assert editor is not None
        editor.setText(typed)
        qtbot.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: tray.list.state() != tray.list.State.EditingState)
        assert tray.list.item(0).text() == "kick, 4.0 s"  # until the project has it
    assert wished == [("a", "high kick")]


def test_that_del_removes_only_where_the_project_can_be_edited(qtbot, tray):
    wished = []
    tray.remove_wanted.connect(wished.append)
    tray.list.setCurrentRow(0)
    qtbot.keyClick(tray.list, Qt.Key.Key_Delete)
    tray.show_can(editing=False, can_export=True)
    tray.list.setCurrentRow(1)
    qtbot.keyClick(tray.list, Qt.Key.Key_Delete)
    assert wished == ["a"]
    assert not tray.list.item(1).flags() & Qt.ItemFlag.ItemIsEditable
    menu = tray.menu_of(ROWS[0])
    assert {each.text() for each in menu.actions() if each.text() and not each.isEnabled()} == {"Rename", "Remove"}
    menu.deleteLater()


def test_that_the_menu_of_one_shows_it_before_it_is_taken_out(qtbot, tray):
    told = []
    tray.chosen.connect(lambda key: told.append(("show", key)))
    tray.export_wanted.connect(lambda: told.append(("export", "")))
    tray.copy_wanted.connect(lambda: told.append(("copy", "")))
    menu = tray.menu_of(ROWS[1])
    for words in ("Export…", "Copy as command"):
        next(each for each in menu.actions() if each.text() == words).trigger()
    assert told == [("show", "b"), ("export", ""), ("show", "b"), ("copy", "")]
    menu.deleteLater()


@pytest.mark.parametrize("width", [150, 176, 230])
def test_that_no_words_of_the_ways_out_are_cut(tray, width):
    tray.resize(width, 600)
    for each in (tray.export, tray.copy):
        assert each.width() >= each.sizeHint().width()
        assert each.geometry().right() < width


def test_that_what_is_too_long_for_a_line_goes_on_in_the_next(tray):
    assert lines_of(ROWS[0], 400) == ("seed 1207, sample 1", "motion-gpt-small")
    assert lines_of(ROWS[0], 60) == ("seed 1207", "sample 1, motion-gpt-small")


def test_that_an_empty_tray_says_how_to_fill_it_at_its_top(tray):
    tray.show_kept(())
    words = tray._empty
    assert words.isVisible()
    assert "Enter keeps" in words.text()
    assert words.mapTo(tray, QPoint(0, 0)).y() < 80
    assert not tray.list.isVisible()


# ---- keeping ----


@pytest.fixture
def document(qapp, tmp_path):
    made = Document("Ines K.")
    made.create(tmp_path / "pilot", "pilot")
    yield made
    made.close_project()


def test_that_keeping_renaming_and_removing_are_each_one_step_back(document):
    keeping = Keeping(document)
    told = []
    keeping.changed.connect(lambda: told.append([each.name for each in keeping.items()]))
    sample = made_sample()
    key = keeping.keep(sample, RECIPE, 2, "built-in/smpl/neutral")
    assert document.undo_label == "Keep kick, 4.0 s"
    keeping.rename(key, "high kick")
    keeping.remove(key)
    assert told == [["kick, 4.0 s"], ["high kick"], []]
    for names in (["high kick"], ["kick, 4.0 s"], []):
        document.undo()
        assert [each.name for each in keeping.items()] == names
    document.redo()
    kept = keeping.read(key)
    assert kept is not None
    assert (kept.sample.motion, kept.sample.codes, kept.recipe, kept.number) == (sample.motion, sample.codes, RECIPE, 2)
    (line,) = keeping.lines()
    assert (line.words, line.model) == ("seed 1207, sample 3", "posegpt-01")


def test_that_the_same_sample_is_kept_once_and_another_of_the_same_question_beside_it(document):
    keeping = Keeping(document)
    first = keeping.keep(made_sample(seed=1), RECIPE, 0, "built-in/smpl/neutral")
    assert keeping.keep(made_sample(seed=1), RECIPE, 0, "built-in/smpl/neutral") == first
    second = keeping.keep(made_sample(seed=2), RECIPE, 1, "built-in/smpl/neutral")
    assert [each.id for each in keeping.items()] == [second, first]  # newest first
    assert keeping.find(RECIPE, 1) == second
    assert keeping.find(msgspec.structs.replace(RECIPE, seed=5), 1) == ""
    assert keeping.find(msgspec.structs.replace(RECIPE, model="moved/to/posegpt-01"), 1) == second


def test_that_a_lost_file_is_said_once_asked_for_and_never_breaks_the_list(document):
    keeping = Keeping(document)
    refused = []
    keeping.refused.connect(lambda error: refused.append(str(error)))
    key = keeping.keep(made_sample(), RECIPE, 0, "built-in/smpl/neutral")
    (file,) = (document.folder / "generated").iterdir()
    file.unlink()
    assert keeping.motion_of(key) is None
    assert refused == []
    assert keeping.read(key) is None
    assert len(refused) == 1
    assert "file" in refused[0]
    assert len(keeping.lines()) == 1


def test_that_making_again_is_refused_in_words_without_the_model_or_with_another(document, tmp_path):
    run = tmp_path / "runs" / "posegpt-01"
    run.mkdir(parents=True)
    weights = run / "best.safetensors"
    weights.write_bytes(b"first weights")
    recipe = msgspec.structs.replace(RECIPE, model=str(run))
    keeping = Keeping(document)
    refused = []
    keeping.refused.connect(lambda error: refused.append(f"{error} {error.hint}"))
    key = keeping.keep(made_sample(), recipe, 1, "built-in/smpl/neutral")
    assert keeping.remake(key) == (recipe, 1)
    weights.write_bytes(b"other weights")
    assert keeping.remake(key) is None
    weights.unlink()
    assert keeping.remake(key) is None
    assert len(refused) == 2
    assert "other weights" in refused[0]
    assert "not there any more" in refused[1]


def test_that_a_moved_project_finds_its_own_run_by_name(document, tmp_path):
    run = document.folder / "runs" / "posegpt-01"
    run.mkdir(parents=True)
    (run / "best.safetensors").write_bytes(b"weights")
    keeping = Keeping(document)
    recipe = msgspec.structs.replace(RECIPE, model=str(run))
    key = keeping.keep(made_sample(), recipe, 0, "built-in/smpl/neutral")
    document.close_project()
    (tmp_path / "pilot").rename(tmp_path / "elsewhere")
    document.open(tmp_path / "elsewhere")
    found = keeping.remake(key)
    assert found is not None
    assert found[0] == msgspec.structs.replace(recipe, model=str(tmp_path / "elsewhere" / "runs" / "posegpt-01"))
    assert keeping.find(found[0], 0) == key


def test_that_a_project_open_for_reading_keeps_nothing(document):
    reader = Document("Tom B.")
    reader._take(ProjectStore.open(document.folder, "Tom B.", mode="read"))
    keeping = Keeping(reader)
    assert keeping.keep(made_sample(), RECIPE, 0, "built-in/smpl/neutral") == ""
    assert reader.project.items == {}
    reader.close_project()


def test_that_names_say_what_is_done():
    parts = [Part(actions=(name,), seconds=1.5) for name in ("get up", "walk", "wave", "sit", "turn")]
    assert name_of(RECIPE) == "kick, 4.0 s"
    assert name_of(msgspec.structs.replace(RECIPE, story=tuple(parts[:3]))) == "get up, walk, wave"
    assert name_of(msgspec.structs.replace(RECIPE, story=tuple(parts))) == "get up, walk, wave and 2 more"
    both = Part(actions=("walk", "wave"), seconds=2.0)
    assert name_of(msgspec.structs.replace(RECIPE, story=(both,))) == "walk and wave, 2.0 s"


# ---- pictures ----


def test_that_the_picture_shows_the_moment_most_of_its_own():
    motion = made_motion(60)
    frame = telling_frame(motion)
    still = msgspec.structs.replace(motion, rotation_vectors=motion.rotation_vectors[: 24 * 12] * 60)
    assert 0 <= frame < 60
    assert telling_frame(still) == 0


def test_that_pictures_come_once_and_differ_between_motions(qtbot):
    pictures = MotionPictures()
    came = []
    pictures.came.connect(came.append)
    one, two = made_motion(30, 1), made_motion(30, 2)
    try:
        assert pictures.of("one", one, "built-in/smpl/neutral") is None
        assert pictures.of("two", two, "built-in/smpl/neutral") is None
        qtbot.waitUntil(lambda: sorted(came) == ["one", "two"] or bool(pictures.problem), timeout=30_000)
        if pictures.problem:
            pytest.skip(pictures.problem)
        first, second = (
            pictures.of(key, motion, "built-in/smpl/neutral") for key, motion in (("one", one), ("two", two))
        )
        assert first is not None
        assert second is not None
        assert first.toImage() != second.toImage()
        ground = first.toImage().convertToFormat(QImage.Format.Format_RGB888).pixelColor(1, 1)
        body = sum(first.toImage().pixelColor(x, y) != ground for x in range(0, 112, 4) for y in range(0, 112, 4))
        assert 40 < body < 600
        assert pictures.is_settled
    finally:
        pictures.close()
