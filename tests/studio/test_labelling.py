"""The windows on labels, the list of labels with its ranges, and the drawer of places found, in the real window."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.project import edits
from core.project.annotations import FrameIdentity
from core.project.clusters import in_use, learned_as
from core.project.labelling import ranges
from studio.widgets.split_label import SplitLabel
from tests.core.made_up_project import made_up

pytestmark = pytest.mark.gui
SOON_MS = 10_000


@pytest.fixture
def page(open_studio, qtbot):
    """Two made-up clips of four segments each, and Annotate in front."""
    document = open_studio.document
    project = document.project
    for label in made_up(2, 4, stored_split=False).project.labels.values():
        project = project.with_label(label)
    for clip in made_up(2, 4, stored_split=False).project.clips.values():
        project = project.with_clip(edits.replace(clip, tracks="", camera=""))
    assert document.edit(project, "Make it up")
    document.choose_clip("clip-00")
    shown = open_studio.window.show_page("annotate")
    qtbot.waitUntil(shown.is_settled, timeout=SOON_MS)
    return shown


@pytest.fixture
def document(open_studio):
    return open_studio.document


def names(document, kind="action"):
    return [each.name for each in document.project.labels.values() if each.kind == kind]


def actions(document):
    labels = document.project.labels
    return [labels[each.action].name for clip in document.project.clips.values() for each in clip.segments]


# ---- the window of labels ----


@pytest.fixture
def window(page, open_studio):
    open_studio.window.actions_table.do("labels")
    return page.labelling.labels


def row(window, label_id):
    at = window.table.row_of(label_id)
    return [window.table.item(at, column).text() for column in range(window.table.columnCount())]


def test_that_the_table_says_how_often_a_label_is_used_here_and_in_all_clips(window, document):
    clips = list(document.project.clips.values())
    here = sum(each.action == "label-cut" for each in clips[0].segments)
    total = sum(each.action == "label-cut" for clip in clips for each in clip.segments)
    assert row(window, "label-cut") == ["2", "cut", "action", "", str(here), str(total), str(total), "cut"]
    assert row(window, "label-bread")[2:4] == ["object", ""]
    window.kinds.choices.button(2).click()
    assert window.table.rowCount() == 2
    window.search.setText("carr")
    assert [window.table.id_at(at) for at in range(window.table.rowCount())] == ["label-carrot"]


def test_that_a_label_is_renamed_in_place_and_a_name_that_is_taken_is_refused_in_words(window, document):
    window.table.item(window.table.row_of("label-cut"), 1).setText("slice")
    assert document.undo_label == "Rename cut to slice"
    window.table.item(window.table.row_of("label-wash"), 1).setText("slice")
    assert 'there is already an action called "slice"' in window.says.text()
    assert row(window, "label-wash")[1] == "wash"
    assert document.undo_label == "Rename cut to slice"


def test_that_several_labels_become_one_in_every_clip_in_one_step(window, document):
    before = actions(document)
    count = sum(each in ("cut", "stir") for each in before)
    window.table.choose(["label-cut", "label-stir"])
    window.merge_into("label-wash")
    assert actions(document) == ["wash" if each in ("cut", "stir") else each for each in before]
    assert window.says.text() == f"{count} segments of 2 labels are wash now."
    assert names(document) == ["take", "wash"]
    document.undo()
    assert actions(document) == before
    assert names(document) == ["take", "cut", "wash", "stir"]


def lock(page, *, on=True):
    """Everybody of the clip in front."""
    for each in page.timeline.scene.contents.tracks:
        page.timeline.arrange(page.timeline.scene.arrangement.locking(f"person:{each.actor}", on=on))


def test_that_labels_of_somebody_locked_do_not_become_another_in_any_clip_and_it_is_said(window, page, document):
    before, clips = actions(document), list(document.project.clips)
    lock(page)
    window.table.choose(["label-cut"])
    window.merge_into("label-wash")
    assert actions(document) == before
    assert "is locked: open the lock" in window.says.text()
    document.choose_clip(clips[1])
    window.merge_into("label-wash")
    assert actions(document) == before
    assert f"is locked in {document.project.clips[clips[0]].name}" in window.says.text()
    document.choose_clip(clips[0])
    lock(page, on=False)
    window.merge_into("label-wash")
    assert "cut" not in actions(document)


def test_that_a_used_label_is_not_removed_and_merging_is_offered_instead(window, document):
    window.table.choose(["label-take"])
    QTest.keyClick(window.table, Qt.Key.Key_Delete)
    assert "take is used by" in window.says.text()
    assert "Merge it into another label" in window.says.text()
    assert "take" in names(document)


def test_that_labels_are_put_in_order_by_keys_and_by_dropping(window, document):
    window.table.choose(["label-wash"])
    QTest.keyClick(window.table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert names(document) == ["take", "wash", "cut", "stir"]
    QTest.keyClick(window.table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert names(document) == ["take", "cut", "wash", "stir"]
    assert window.table.chosen() == ["label-wash"]
    window.table.moved.emit(["label-stir"], "label-take")
    assert names(document) == ["stir", "take", "cut", "wash"]
    assert document.undo_label == "Move label stir"


def test_that_colours_and_keys_are_given_and_a_key_changes_hands_in_one_step(window, document):
    window.table.choose(["label-cut", "label-wash"])
    window.recolour("#617CE1")
    assert {document.project.labels[each].colour for each in ("label-cut", "label-wash")} == {"#617CE1"}
    window.table.choose(["label-cut"])
    window.set_key("3")
    window.table.choose(["label-wash"])
    window.set_key("3")
    assert [document.project.labels[each].key for each in ("label-cut", "label-wash")] == ["", "3"]
    document.undo()
    assert [document.project.labels[each].key for each in ("label-cut", "label-wash")] == ["3", ""]


def test_that_a_new_label_is_typed_over_and_a_new_range_is_not_learned(window, document):
    window.add_label("range")
    made = window.table.current()
    assert document.project.labels[made].name == "range 1"
    assert ranges(document.project) == {made}
    assert window.table.state() == window.table.State.EditingState


def test_that_a_label_is_split_by_what_is_ticked_or_walked_through(window, document, page, open_studio):
    window.table.choose(["label-take"])
    window.ask_split()
    split = window.findChild(SplitLabel)
    here = [each for each in document.project.clips["clip-00"].segments if each.action == "label-take"]
    split.name.setText("fetch")
    assert not split.split.isEnabled()
    split.list.item(0).setCheckState(Qt.CheckState.Checked)
    assert len(split.ticked()) == len(here)
    split.split.click()
    assert document.undo_label == "Split fetch off take"
    fetch = document.project.label_named("fetch", "action")
    assert all(document.project.clips["clip-00"].segment(each.id).action == fetch.id for each in here)
    window.table.choose(["label-cut"])
    window.ask_split()
    split = window.findChildren(SplitLabel)[-1]
    split.name.setText("slice")
    split.walk.click()
    assert names(document)[:4] == ["take", "fetch", "cut", "slice"]
    assert open_studio.find.list.field.text() == 'label: "cut"'


# ---- the list of labels ----


def test_that_ranges_stand_in_their_tab_before_they_are_used_and_are_marked_from_there(page, document, open_studio):
    labels = page.labels
    labels.kinds.setCurrentIndex(2)
    assert [labels.list.item(at).text() for at in range(labels.list.count())] == ["background", "unusable"]
    document.seek(82)
    open_studio.window.actions_table.do("mark-start")
    document.seek(95)
    labels.list.itemActivated.emit(labels.list.item(1))
    marked = document.clip.segments[-1]
    unusable = document.project.label_named("unusable", "action")
    assert (marked.action, marked.start_frame, marked.end_frame) == (unusable.id, 82, 95)
    assert learned_as(document.project)["unusable"] == ""
    assert not page.timeline.scene.contents.poses.missing.any()
    labels.start_adding()
    QTest.keyClicks(labels._name, "no hands")
    QTest.keyClick(labels._name, Qt.Key.Key_Return)
    assert document.project.label_named("no hands", "action").learned_as == ""


def test_that_two_letters_and_enter_pick_the_best_label_and_the_last_picked_comes_first(page, document):
    document.edit(edits.add_label(document.project, "stir in", "action", author="Ada")[0], "Add label stir in")
    labels, picked = page.labels, []
    labels.picked.connect(picked.append)
    labels.search.setText("st")
    assert [labels.list.item(at).text() for at in range(labels.list.count())] == ["stir", "stir in"]
    labels.list.itemActivated.emit(labels.list.item(1))
    labels.search.clear()
    labels.search.setFocus()
    QTest.keyClicks(labels.search, "st")
    QTest.keyClick(labels.search, Qt.Key.Key_Return)
    added = document.project.label_named("stir in", "action").id
    assert picked == [added, added]


def test_that_only_the_labels_of_this_clip_are_listed_where_one_wants_it(page, document):
    document.edit(edits.add_label(document.project, "sing", "action", author="Ada")[0], "Add label sing")
    page.labels.only_used.click()
    listed = [page.labels.list.item(at).text() for at in range(page.labels.list.count())]
    used = {document.project.labels[each.action].name for each in document.clip.segments}
    assert set(listed) == used
    page.labels.moved.emit(("label-stir",), "label-take")
    assert names(document)[0] == "stir"


# ---- places found ----


@pytest.fixture
def found(page, open_studio):
    open_studio.find.show("cut")
    return open_studio.find.list


def test_that_a_place_leads_to_its_clip_its_segment_and_its_pose(found, page, document, open_studio, qtbot):
    clips = list(document.project.clips.values())
    places = [(clip.id, each.id) for clip in clips for each in clip.segments if each.action == "label-cut"]
    assert [(each.clip_id, each.segment_id) for each in found.found()] == places
    for clip_id, segment in places:
        open_studio.window.actions_table.do("next-found")
        assert document.clip_id == clip_id
        assert page.timeline.chosen == {segment}
        assert document.playhead == document.clip.pose_of(segment).frame
    open_studio.window.actions_table.do("next-found")
    assert page.timeline.chosen == {places[0][1]}
    open_studio.window.actions_table.do("previous-found")
    assert page.timeline.chosen == {places[-1][1]}


def test_that_the_places_follow_every_edit_and_the_walk_goes_on_behind_one_that_fits_no_more(
    found, document, open_studio, qtbot
):
    found.field.setText("pose missing")
    assert found.says.text() == "No segment fits."
    project = document.project
    for each in ("clip-00-00", "clip-00-02", "clip-00-03"):
        project = edits.remove_pose(project, "clip-00", each)
    document.edit(project, "Remove poses")
    qtbot.waitUntil(lambda: len(found.found()) == 3, timeout=SOON_MS)
    assert found.says.text() == "3 segments"
    found.step(1)
    found.step(1)
    identity = FrameIdentity(pts=50)
    document.edit(edits.set_pose(document.project, "clip-00", "clip-00-02", 50, identity, author="Ada"), "Set pose")
    qtbot.waitUntil(lambda: len(found.found()) == 2, timeout=SOON_MS)
    found.step(1)
    assert open_studio.window.page("annotate").timeline.chosen == {"clip-00-03"}


def test_that_all_that_was_found_is_relabelled_in_one_step_or_chosen(found, page, document):
    before = actions(document)
    document.choose_clip("clip-00")
    found.choose_wanted.emit()
    assert page.timeline.chosen == {each.segment_id for each in found.found() if each.clip_id == "clip-00"}
    found.relabel_wanted.emit("label-wash")
    assert actions(document) == ["wash" if each == "cut" else each for each in before]
    assert document.undo_label == f"Relabel {before.count('cut')} segments as wash"
    document.undo()
    assert actions(document) == before


def test_that_what_was_found_of_somebody_locked_is_not_relabelled_and_it_is_said(found, page, document, qtbot):
    before = document.project
    document.choose_clip("clip-00")
    lock(page)
    with qtbot.waitSignal(document.refused) as told:
        found.relabel_wanted.emit("label-wash")
    assert "is locked" in str(told.args[0])
    assert document.project is before
    lock(page, on=False)
    found.relabel_wanted.emit("label-wash")
    assert "cut" not in actions(document)


def test_that_the_drawer_makes_way_for_what_the_keys_go_to_behind_it(found, page, open_studio, qtbot):
    qtbot.waitUntil(open_studio.window.isActiveWindow, timeout=SOON_MS)
    found.step(1)
    assert found.isVisible()
    open_studio.window.actions_table.do("history")
    assert page.inspector.history.view.hasFocus()
    qtbot.waitUntil(lambda: not found.isVisible(), timeout=SOON_MS)
    open_studio.window.actions_table.do("next-found")
    assert page.timeline.chosen == {found.found()[1].segment_id}


def test_that_a_word_that_names_nothing_is_said_and_the_drawer_closes_by_esc(found, open_studio, qtbot):
    found.field.setText("wsh")
    assert found.says.text() == 'Nothing here is called "wsh". Nearest: wash.'
    found.field.setFocus()
    QTest.keyClick(found.field, Qt.Key.Key_Escape)
    assert not found.isVisible()


def test_that_the_drawer_completes_the_last_word(found):
    found._offer("cut, not po")
    model = found._completer.model()
    offered = [model.data(model.index(at, 0)) for at in range(model.rowCount())]
    assert "cut, not pose missing" in offered


def test_that_clusters_refuse_in_words_what_cannot_be(page, document, open_studio, tmp_path):
    open_studio.window.actions_table.do("clusters")
    window = page.labelling.clusters
    window.group()
    assert "Choose the actions to group" in window.says.text()
    window.table.choose(["label-cut"])
    window.group()
    assert "Type the name" in window.says.text()
    window.whole.add("One", {})
    window.whole.add("One", {})
    assert 'already clusters called "One"' in window.says.text()
    (tmp_path / "odd.csv").write_text("label,cluster\n")
    window.whole.bring_in(tmp_path / "odd.csv")
    assert "is not the header" in window.says.text()
    assert [each.name for each in document.project.clusterings.values()] == ["One"]
    assert in_use(document.project) is None
    window.whole.delete()
    assert not document.project.clusterings
