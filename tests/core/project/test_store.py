"""The open project: what is kept, who may edit, what a command leaves, and what bad files and full disks do."""

import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from core.bodies.skeletons import BLAZEPOSE_33
from core.errors import FormatError, ProjectError, TooNewError
from core.motion import Poses2d
from core.project import clusters, edits, inbox
from core.project.annotations import Changes, new_id
from core.project.check import check
from core.project.database import FORMAT, is_on_network
from core.project.store import ProjectStore


def only(rows):
    (row,) = rows.values()
    return row


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# ---- keeping ----


def test_that_a_reopened_project_is_the_one_that_was_closed(marked, folder):
    last = marked.project
    marked.close()
    with ProjectStore.open(folder, "Ada") as again:
        assert again.project == last
        assert again.project.name == "Kitchen"
        assert again.read_only_reason is None


def test_that_a_closed_project_is_one_file(marked, folder):
    marked.close()
    assert list(contents(folder)) == ["project.sqlite"]


def test_that_an_edit_says_what_it_changed_and_when_it_was_saved(marked, parts):
    before = datetime.now(UTC)
    peel = parts.label("peel")
    changes = marked.edit(marked.project.with_label(peel), "Add peel")
    assert changes.labels == {peel.id}
    assert not changes.clips
    assert before <= marked.last_saved_at <= datetime.now(UTC)


def test_that_an_edit_that_changes_nothing_is_no_step(marked):
    length = len(marked.journal)
    assert not marked.edit(marked.project, "Nothing")
    assert not marked.edit(replace(marked.project, labels=dict(marked.project.labels)), "Nothing")
    assert len(marked.journal) == length


def test_that_segments_come_back_by_frame_however_they_were_put_in(marked, folder, parts):
    clip = only(marked.project.clips)
    late, early = parts.segment(clip.segments[0].action, 500, 600), parts.segment(clip.segments[0].action, 1, 5)
    marked.edit(marked.project.with_clip(replace(clip, segments=(late, *clip.segments, early))), "Import")
    assert [each.start_frame for each in only(marked.project.clips).segments] == [1, 10, 500]
    kept = marked.project
    marked.close()
    with ProjectStore.open(folder, "Ada") as again:
        assert again.project == kept


def test_that_an_edit_touches_only_the_rows_that_differ(marked, folder):
    clip = only(marked.project.clips)
    marked.edit(edits.move_ends(marked.project, clip.id, clip.segments[0].id, end_frame=50), "Move end of cut")
    marked.close()
    with sqlite3.connect(folder / "project.sqlite") as connection:
        (changes,) = connection.execute("SELECT changes FROM journal ORDER BY sequence DESC LIMIT 1").fetchone()
    connection.close()
    (change,) = msgspec.json.decode(changes)
    assert (change["table"], change["before"]["body"]["end_frame"], change["after"]["body"]["end_frame"]) == (
        "segments",
        40,
        50,
    )


def test_that_two_rows_with_one_id_are_refused_and_nothing_changes(marked, parts):
    before, clip = marked.project, only(marked.project.clips)
    changed = clip.with_segment(replace(clip.segments[0], end_frame=99))
    after = marked.project.with_clip(replace(clip, id="0" * 32)).with_clip(changed)
    with pytest.raises(ProjectError, match="two rows of segments have the id"):
        marked.edit(after, "Copy the clip with its ids")
    assert marked.project is before


def test_that_a_project_stored_by_the_first_version_opens(tmp_path):
    folder = tmp_path / "old"
    shutil.copytree(Path(__file__).parents[2] / "data" / "project_format_1", folder)
    with ProjectStore.open(folder, "Ada") as old:
        clip = only(old.project.clips)
        assert [old.project.labels[each.action].name for each in clip.segments] == ["cut", "wash"]
        assert clip.poses[0].joint_edits == {"left_hand": (12.5, 30.25, 1.0)}
        assert old.tracks(clip.tracks).joints_px[3, 0, 2].tolist() == [60.0, 61.0]
        assert old.undo_label == "Set tracks"
        old.undo()
        assert only(old.project.clips).tracks == ""
    assert [each.what for each in check(folder)] == [
        "breakfast: breakfast.mp4 is no longer in " + str(folder / "videos")
    ]


def test_that_only_an_edit_takes_a_file_to_the_new_format_and_the_old_labels_are_learned_by_their_names(tmp_path):
    folder = tmp_path / "old"
    shutil.copytree(Path(__file__).parents[2] / "data" / "project_format_1", folder)
    file = folder / "project.sqlite"
    before = file.read_bytes()
    with ProjectStore.open(folder, "Ada", mode="read") as old:
        assert clusters.learned_as(old.project) == {"wash": "wash", "cut": "cut"}
    with ProjectStore.open(folder, "Ada"):
        pass
    assert int.from_bytes(file.read_bytes()[60:64]) == int.from_bytes(before[60:64]) == 1
    with ProjectStore.open(folder, "Ada") as old:
        clustered, _, _ = clusters.with_clusters(old.project, {"cut": "prepare", "wash": ""})
        old.edit(clustered, "Cluster")
        assert int.from_bytes(file.read_bytes()[60:64]) == FORMAT, (
            "also for who looks while it is open, or after a kill"
        )
    assert int.from_bytes(file.read_bytes()[60:64]) == FORMAT
    with ProjectStore.open(folder, "Ada") as new:
        assert clusters.learned_as(new.project) == {"wash": "", "cut": "prepare"}
        new.undo()
        assert clusters.learned_as(new.project) == {"wash": "wash", "cut": "cut"}
    assert [each.severity for each in check(folder)] == ["warning"]


def test_that_clusters_left_for_an_open_project_join_a_label_that_was_recoloured_meanwhile(marked, folder):
    with ProjectStore.open(folder, "Bo", mode="command") as command:
        clustered, _, _ = clusters.with_clusters(command.project, {"cut": "prepare"})
        label = marked.project.label_named("cut", "action")
        marked.edit(edits.recolour_label(marked.project, label.id, "#102030"), "Recolour cut")
        command.edit(clustered, "Cluster labels")
    assert len(marked.take_in_results()) == 1
    label = marked.project.label_named("cut", "action")
    assert (label.learned_as, label.colour) == ("prepare", "#102030")


# ---- undo and redo ----


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


def test_that_an_edit_after_an_undo_forgets_what_could_be_redone(marked, parts):
    marked.undo()
    marked.edit(marked.project.with_label(parts.label("peel")), "Add peel")
    assert marked.redo_label is None
    assert marked.undo_label == "Add peel"


def test_that_the_history_keeps_undos_and_redos_as_rows(marked):
    marked.undo()
    marked.redo()
    newest = marked.journal[:-4:-1]
    assert [(each.kind, each.label) for each in newest] == [
        ("redo", "Mark the pose of cut"), ("undo", "Mark the pose of cut"), ("edit", "Mark the pose of cut"),
    ]  # fmt: skip
    assert newest[1].undoes == newest[2].id
    assert newest[0].undoes == newest[1].id


def test_that_undoing_a_deletion_puts_a_label_back_in_its_place(marked):
    order = list(marked.project.labels)
    marked.edit(replace(marked.project, labels={order[1]: marked.project.labels[order[1]]}), "Delete cut")
    marked.undo()
    assert list(marked.project.labels) == order


# ---- one writer ----


def test_that_a_second_process_reads_and_is_told_who_edits_since_when(marked, folder):
    said = subprocess.run(
        [sys.executable, "-c",
         "import sys; from pathlib import Path; from core.project.store import ProjectStore\n"
         "store = ProjectStore.open(Path(sys.argv[1]), 'Grace')\n"
         "print(store.read_only_reason); print(len(store.project.clips))\n"
         "try: store.edit(store.project.without_clip(next(iter(store.project.clips))), 'Delete')\n"
         "except Exception as error: print(type(error).__name__)\n", str(folder)],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert said[0].startswith("Ada is editing this project since ")
    assert said[0][-5:].count(":") == 1
    assert said[1:] == ["1", "ProjectError"]


def test_that_a_reader_follows_what_is_edited(marked, folder, parts):
    with ProjectStore.open(folder, "Grace") as reader:
        assert reader.reload_if_changed() is None
        peel = parts.label("peel")
        marked.edit(marked.project.with_label(peel), "Add peel")
        untouched = only(reader.project.clips)
        assert reader.reload_if_changed().labels == {peel.id}
        assert reader.project == marked.project
        assert only(reader.project.clips) is untouched
        marked.undo()
        reader.reload_if_changed()
        assert reader.project == marked.project


def test_that_a_reader_may_edit_once_the_other_is_gone(marked, folder, parts):
    with ProjectStore.open(folder, "Grace") as reader:
        assert not reader.become_writer()
        marked.edit(marked.project.with_label(parts.label("peel")), "Add peel")
        marked.close()
        assert not reader.become_writer()  # there is something newer to take in first
        reader.reload_if_changed()
        assert reader.become_writer()
        assert reader.read_only_reason is None
        reader.edit(replace(reader.project, name="Galley"), "Rename the project")
        assert reader.undo_label == "Rename the project"


def test_that_opening_for_reading_writes_nothing(marked, folder):
    marked.close()
    before = contents(folder)
    with ProjectStore.open(folder, "Grace", mode="read") as reader:
        assert reader.read_only_reason == "It was opened for reading"
        with pytest.raises(ProjectError, match="opened for reading"):
            reader.undo()
    assert contents(folder)["project.sqlite"] == before["project.sqlite"]


def test_that_a_project_on_read_only_media_opens_for_reading(marked, folder, monkeypatch):
    last = marked.project
    marked.close()
    before = contents(folder)
    # A person who is root may write anywhere, so the question is answered for the test.
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with ProjectStore.open(folder, "Grace") as reader:
        assert reader.project == last
        assert reader.read_only_reason == "It lies where nothing can be written"
        with pytest.raises(ProjectError, match="nothing can be written") as refused:
            reader.undo()
        assert "copy" in refused.value.hint.lower(), "nobody else has it open"
        assert contents(folder) == before


def test_that_edits_left_in_the_log_are_found_on_read_only_media(marked, folder, tmp_path, monkeypatch):
    copy = tmp_path / "stick"
    shutil.copytree(folder, copy)  # as a killed process, or a careless copy, leaves it
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    before = contents(copy)
    with ProjectStore.open(copy, "Grace") as reader:
        assert reader.project == marked.project
        assert contents(copy) == before


# ---- what commands leave ----


def test_that_a_command_edits_a_project_that_nobody_has_open(marked, folder):
    marked.close()
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(replace(command.project, name="Galley"), "Rename the project")
        assert command.read_only_reason is None
    with ProjectStore.open(folder, "Ada") as again:
        assert again.project.name == "Galley"


def test_that_what_a_command_leaves_is_taken_in_as_one_undoable_edit(marked, folder):
    before = marked.project
    clip_id = next(iter(before.clips))
    with ProjectStore.open(folder, "command", mode="command") as command:
        after = edits.set_tracks(command.project, clip_id, "ab" * 16)
        after, _ = edits.mark_segment(after, clip_id, next(iter(before.labels)), 100, 140, author="command")
        command.edit(after, "Extract 2D poses", source="BlazePose")
        assert command.project.clips[clip_id].tracks == "ab" * 16
    assert marked.project is before
    (changes,) = marked.take_in_results()
    assert changes.clips == {clip_id}
    assert marked.project == after
    newest = marked.journal[-1]
    assert (newest.label, newest.source, newest.author) == ("Extract 2D poses", "BlazePose", "command")
    marked.undo()
    assert marked.project == before
    assert marked.take_in_results() == []


def test_that_a_result_fits_beside_what_was_edited_meanwhile(marked, folder):
    clip_id = next(iter(marked.project.clips))
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(edits.set_tracks(command.project, clip_id, "ab" * 16), "Extract 2D poses")
    marked.edit(edits.rename_clip(marked.project, clip_id, "supper"), "Rename breakfast")
    marked.take_in_results()
    clip = marked.project.clips[clip_id]
    assert (clip.name, clip.tracks) == ("supper", "ab" * 16)
    marked.undo()
    assert (marked.project.clips[clip_id].name, marked.project.clips[clip_id].tracks) == ("supper", "")


def test_that_a_result_that_went_another_way_is_set_aside_with_the_reason(marked, folder):
    clip_id = next(iter(marked.project.clips))
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(edits.rename_clip(command.project, clip_id, "lunch"), "Rename breakfast")
        command.edit(edits.rename_clip(command.project, clip_id, "brunch"), "Rename lunch")
    (first, second) = [path.read_bytes() for path in inbox.waiting(folder)]
    marked.edit(edits.rename_clip(marked.project, clip_id, "supper"), "Rename breakfast")
    kept = marked.project
    assert marked.take_in_results() == []
    assert marked.project is kept
    aside = inbox.those_set_aside(folder)
    assert [each.path.read_bytes() for each in aside] == [first, second]
    assert all("name of a row of clips was changed meanwhile" in each.reason for each in aside)


def test_that_a_result_that_would_turn_a_segment_around_is_set_aside(marked, folder):
    clip_id = next(iter(marked.project.clips))
    segment = marked.project.clips[clip_id].segments[0].id
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(edits.move_ends(command.project, clip_id, segment, end_frame=15), "Move end of cut")
    marked.edit(edits.move_ends(marked.project, clip_id, segment, start_frame=20), "Move start of cut")
    kept = marked.project
    assert marked.take_in_results() == []
    assert marked.project is kept
    assert "runs forward in time" in inbox.those_set_aside(folder)[0].reason


def test_that_a_result_for_a_clip_that_was_deleted_is_set_aside(marked, folder):
    clip_id = next(iter(marked.project.clips))
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(edits.set_tracks(command.project, clip_id, "ab" * 16), "Extract 2D poses")
    marked.edit(marked.project.without_clip(clip_id), "Delete breakfast")
    assert marked.take_in_results() == []
    assert "added or removed meanwhile" in inbox.those_set_aside(folder)[0].reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not json at all", "cannot be read"),
        (b"{}", "cannot be read"),
        (b'{"project":"other","id":"1","author":"x","at":"","label":"","source":"","changes":[]}', "another project"),
        (b'{"format":9,"project":"other","id":"1","author":"x","at":"","label":"","source":"","changes":[]}', "newer"),
    ],
)
def test_that_an_odd_result_is_set_aside_and_not_lost(marked, folder, content, reason):
    (folder / "inbox").mkdir()
    (folder / "inbox" / "20260101-odd.json").write_bytes(content)
    assert marked.take_in_results() == []
    (aside,) = inbox.those_set_aside(folder)
    assert aside.path.read_bytes() == content
    assert reason in aside.reason


def test_that_a_result_taken_in_before_a_crash_is_not_taken_in_again(marked, folder):
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(edits.add_label(command.project, "peel", "action", author="command")[0], "Add peel")
    (path,) = inbox.waiting(folder)
    content = path.read_bytes()
    marked.take_in_results()
    marked.edit(edits.rename_label(marked.project, marked.project.label_named("peel", "action").id, "pare"), "Rename")
    path.write_bytes(content)  # as if the program had died before it removed the file
    kept = marked.project
    assert marked.take_in_results() == []
    assert marked.project is kept
    assert inbox.waiting(folder) == []


def test_that_a_result_that_stands_already_is_no_step(marked, folder):
    clip_id = next(iter(marked.project.clips))
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(edits.rename_clip(command.project, clip_id, "lunch"), "Rename breakfast")
    marked.edit(edits.rename_clip(marked.project, clip_id, "lunch"), "Rename breakfast by hand")
    assert marked.take_in_results() == []
    assert marked.undo_label == "Rename breakfast by hand"
    assert inbox.waiting(folder) == []
    assert inbox.those_set_aside(folder) == []


def test_that_a_command_says_whom_it_leaves_its_result_for(marked, folder):
    with ProjectStore.open(folder, "command", mode="command") as command:
        assert command.left_for.startswith("Ada is editing this project since ")
        with pytest.raises(ProjectError, match="Ada is editing"):
            command.undo()
    marked.close()
    with ProjectStore.open(folder, "command", mode="command") as command:
        assert command.left_for is None


def test_that_of_two_commands_at_once_the_first_takes_in_what_the_second_left(marked, folder):
    marked.close()
    with ProjectStore.open(folder, "first", mode="command") as first:
        with ProjectStore.open(folder, "second", mode="command") as second:
            second.edit(edits.add_label(second.project, "peel", "action", author="second")[0], "Add peel")
        first.edit(edits.add_label(first.project, "stir", "action", author="first")[0], "Add stir")
    with ProjectStore.open(folder, "Ada", mode="read") as again:
        assert {"peel", "stir"} <= {label.name for label in again.project.labels.values()}


def test_that_a_command_sees_what_others_left_before_it_and_does_not_leave_it_again(marked, folder):
    clip_id = next(iter(marked.project.clips))
    with ProjectStore.open(folder, "first", mode="command") as first:
        project, label = edits.add_label(first.project, "peel", "action", author="first")
        first.edit(project, "Add peel")
        first.edit(edits.rename_label(first.project, label.id, "pare"), "Rename peel")
    marked.edit(edits.rename_clip(marked.project, clip_id, "supper"), "Rename breakfast")
    with ProjectStore.open(folder, "second", mode="command") as second:
        assert second.project.label_named("pare", "action") is not None
        assert second.project.clips[clip_id].name == "supper"
        second.edit(second.project, "Add pare again")
        second.edit(edits.rename_label(second.project, label.id, "slice"), "Rename pare")
    assert len(inbox.waiting(folder)) == 3
    marked.take_in_results()
    assert inbox.those_set_aside(folder) == []
    assert [each.name for each in marked.project.labels.values() if each.id == label.id] == ["slice"]


def test_that_what_was_taken_in_stays_taken_in_for_the_next_command_whatever_the_inbox_still_holds(marked, folder):
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(edits.add_label(command.project, "peel", "action", author="command")[0], "Add peel")
    (path,) = inbox.waiting(folder)
    content = path.read_bytes()
    marked.take_in_results()
    marked.undo()
    path.write_bytes(content)
    (folder / "inbox" / "20260101-odd.json").write_bytes(b"not json at all")
    with ProjectStore.open(folder, "next", mode="command") as after:
        assert after.project == marked.project


def test_that_a_result_about_a_clip_that_is_gone_by_now_is_set_aside(marked, folder):
    clip_id = next(iter(marked.project.clips))
    with ProjectStore.open(folder, "command", mode="command") as command:
        clip = command.project.clips[clip_id]
        segment = replace(clip.segments[0], id=new_id())
        command.edit(command.project.with_clip(clip.with_segment(segment)), "Mark a segment")
    marked.edit(marked.project.without_clip(clip_id), "Delete breakfast")
    assert marked.take_in_results() == []
    assert "belongs to a clip that is gone" in inbox.those_set_aside(folder)[0].reason


def test_that_a_command_takes_in_what_waits_before_it_edits(marked, folder):
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(replace(command.project, name="Galley"), "Rename the project")
    marked.close()
    with ProjectStore.open(folder, "command", mode="command") as command:
        assert command.project.name == "Galley"


# ---- 2D tracks ----


@pytest.fixture
def poses():
    random = np.random.default_rng(1)
    return Poses2d(
        BLAZEPOSE_33,
        random.uniform(0, 640, (20, 2, 33, 2)).astype(np.float32),
        random.uniform(0, 1, (20, 2, 33)).astype(np.float32),
    )


def test_that_tracks_come_back_to_the_last_bit_and_memory_mapped(store, poses):
    back = store.tracks(store.write_tracks(poses))
    assert back.skeleton == BLAZEPOSE_33
    assert isinstance(back.joints_px, np.memmap)
    np.testing.assert_array_equal(back.joints_px, poses.joints_px)
    np.testing.assert_array_equal(back.confidence, poses.confidence)


def test_that_equal_tracks_have_one_name_and_others_another(store, folder, poses):
    name = store.write_tracks(poses)
    assert store.write_tracks(poses) == name
    moved = Poses2d(poses.skeleton, poses.joints_px + 1, poses.confidence)
    assert store.write_tracks(moved) != name
    assert len(list((folder / "tracks").iterdir())) == 2


def test_that_tracks_cut_short_are_refused_in_words_and_checked(marked, folder, poses):
    clip_id = next(iter(marked.project.clips))
    name = marked.write_tracks(poses)
    marked.edit(edits.set_tracks(marked.project, clip_id, name), "Extract 2D poses")
    path = folder / "tracks" / name / "joints_px.npy"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match="damaged"):
        marked.tracks(name)
    assert any(each.severity == "error" and "2D poses are damaged" in each.what for each in check(folder))


def test_that_a_single_changed_number_in_the_tracks_is_noticed_by_check(marked, folder, poses):
    clip_id = next(iter(marked.project.clips))
    name = marked.write_tracks(poses)
    marked.edit(edits.set_tracks(marked.project, clip_id, name), "Extract 2D poses")
    path = folder / "tracks" / name / "confidence.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert any("not the one it was written with" in each.what for each in check(folder))


@pytest.mark.parametrize("name", ["../../secret", "", "ab", "A" * 32])
def test_that_a_name_that_leads_elsewhere_is_refused(store, name):
    with pytest.raises(ProjectError):
        store.tracks(name)


# ---- files that cannot be opened ----


def test_that_a_newer_project_is_refused_and_left_untouched(marked, folder):
    marked.close()
    path = folder / "project.sqlite"
    content = bytearray(path.read_bytes())
    content[60:64] = (5).to_bytes(4, "big")
    path.write_bytes(content)
    for mode in ("write", "read", "command"):
        with pytest.raises(
            TooNewError, match=rf"made with a newer Posecast \(format 5, this one reads up to {FORMAT}\)"
        ):
            ProjectStore.open(folder, "Ada", mode=mode)
    assert contents(folder) == {"project.sqlite": bytes(content)}


def damaged_in(content, what):
    half = len(content) // 2
    match what:
        case "its beginning":
            return b"\0" * 16 + content[16:]
        case "its end":
            return content[: half // 4096 * 4096]
        case "its pages":
            return content[:4096] + os.urandom(len(content) - 4096)
        case "one page":
            return content[:8192] + b"\xff" * 4096 + content[12288:]
        case "a row":
            return content.replace(b'"start_frame":10', b'"start_frame":99', 1)
        case "a letter":
            return content.replace(b'"start_frame":10', b'"start_frame\xff:10', 1)
        case "everything":
            return b""
    raise AssertionError(what)


@pytest.mark.parametrize(
    "what", ["its beginning", "its end", "its pages", "one page", "a row", "a letter", "everything"]
)
def test_that_a_damaged_project_is_refused_and_left_untouched(marked, folder, what):
    marked.close()
    path = folder / "project.sqlite"
    content = damaged_in(path.read_bytes(), what)
    path.write_bytes(content)
    for mode in ("write", "read", "command"):
        with pytest.raises(FormatError, match="damaged"):
            ProjectStore.open(folder, "Ada", mode=mode)
    assert contents(folder) == {"project.sqlite": content}
    assert [each.severity for each in check(folder)] == ["error"]
    assert contents(folder) == {"project.sqlite": content}


def test_that_another_programs_database_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "project.sqlite") as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()
    with pytest.raises(FormatError, match="another program"):
        ProjectStore.open(tmp_path, "Ada")


def test_that_a_folder_without_a_project_says_so(tmp_path):
    with pytest.raises(ProjectError, match="holds no project"):
        ProjectStore.open(tmp_path, "Ada")
    with pytest.raises(ProjectError, match="holds no project"):
        check(tmp_path)


def test_that_a_project_is_never_made_over_another(marked, folder):
    with pytest.raises(ProjectError, match="already holds a project"):
        ProjectStore.create(folder, "Another", "Ada")
    assert len(marked.project.clips) == 1


# ---- a full disk ----


def fill(store):
    """Edits until one is refused; the refusal."""
    for at in range(400):
        before = store.project
        after, _ = edits.add_label(before, f"{at} " + "x" * 4000, "object", author="Ada")
        try:
            store.edit(after, "Add a long label")
        except ProjectError as refused:
            assert store.project is before
            return refused
    raise AssertionError("400 edits fitted")


def test_that_on_a_full_disk_the_edit_is_taken_back_and_all_before_is_safe(marked, folder):
    connection = marked._database._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages + 20}")
    refused = fill(marked)
    assert str(refused).startswith("Not saved: the disk is full. The last edit was taken back. Everything up to ")
    assert refused.hint == "Free space on it, then try again."
    kept = marked.project
    connection.execute(f"PRAGMA max_page_count={pages + 2000}")  # space was freed
    marked.edit(replace(kept, name="Galley"), "Rename the project")
    marked.undo()
    marked.close()
    with ProjectStore.open(folder, "Ada") as again:
        assert again.project == kept
    assert [each for each in check(folder) if each.severity == "error"] == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may make a tiny disk")
def test_that_a_disk_that_is_really_full_loses_nothing(tmp_path, poses):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody make a tiny disk")
    try:
        folder = disk / "project"
        with ProjectStore.create(folder, "Kitchen", "Ada") as store:
            assert "the disk is full" in str(fill(store))
            long = Poses2d(
                poses.skeleton, np.tile(poses.joints_px, (200, 1, 1, 1)), np.tile(poses.confidence, (200, 1, 1))
            )
            with pytest.raises(ProjectError, match="2D poses were not saved"):
                store.write_tracks(long)
            assert list((folder / "tracks").iterdir()) == []
            kept = store.project
        with ProjectStore.open(folder, "Ada") as again:
            assert again.project == kept
        assert check(folder) == []
    finally:
        subprocess.run(["umount", disk], check=True)


# ---- where it lies ----


def test_that_a_relative_video_lies_in_the_project_and_an_absolute_one_elsewhere(store, parts):
    clip = parts.clip()
    assert store.video_path(clip) == store.folder / "videos" / "breakfast.mp4"
    away = replace(clip, video=replace(clip.video, path="/media/stick/a.mp4"))
    assert store.video_path(away) == Path("/media/stick/a.mp4")


def test_that_a_commit_waits_for_the_disk_and_local_disks_use_a_write_ahead_log(marked):
    ask = marked._database._connection.execute
    assert ask("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert ask("PRAGMA journal_mode").fetchone() == ("wal",)


def test_that_a_network_disk_gets_a_rollback_journal(marked, folder, monkeypatch):
    last = marked.project
    marked.close()
    monkeypatch.setattr("core.project.database.is_on_network", lambda path: True)
    with ProjectStore.open(folder, "Ada") as there:
        assert there.project == last
        there.undo()
        assert not (folder / "project.sqlite-wal").exists()
        with ProjectStore.open(folder, "Grace") as reader:
            assert reader.project == there.project
    assert (folder / "project.sqlite").read_bytes()[18:20] == b"\x01\x01"


def test_that_this_disk_is_told_from_a_network_disk(tmp_path, monkeypatch):
    assert not is_on_network(tmp_path)
    if sys.platform != "linux":
        return
    listed = f"/dev/sda1 / ext4 rw 0 0\nserver:/home {tmp_path}/home nfs4 rw 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda self: listed)
    assert is_on_network(tmp_path / "home" / "project")
    assert not is_on_network(tmp_path / "homely")
