"""Laws of the one history: undo leads back to the start, redo forward again, and the journal alone to the present."""

import os
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.project import edits
from core.project.annotations import FrameIdentity, Project
from core.project.check import check
from core.project.journal import Entry, StaleError, Steps, inverse, rebased
from core.project.rows import Row, RowChange, places_after, rows_that_differ, with_rows
from core.project.store import ProjectStore

SOAK = 10 if os.environ.get("POSECAST_SOAK") else 1
WORDS = [
    *("label", "clip", "segment", "segment", "pose", "move", "split", "merge", "delete_segment", "joints", "actor"),
    *("delete_clip", "reorder_labels", "reorder_clips", "reorder_actors", "insert_first", "carry_over", "divide"),
    *("rename", "key", "nothing"),
]
MOVES = st.tuples(st.sampled_from(WORDS), st.integers(0, 99), st.integers(0, 99))
BEGIN = [("label", 1, 0), ("label", 2, 0), ("label", 3, 1), ("clip", 1, 1), ("clip", 2, 2), ("segment", 0, 30),
         ("segment", 0, 7), ("actor", 0, 1), ("actor", 0, 2)]  # fmt: skip
"""Something for the moves to move."""


def edited(project: Project, parts, what: str, a: int, b: int) -> Project:
    """The project after one edit; unchanged where the edit makes no sense yet."""
    clips = list(project.clips.values())
    clip = clips[a % len(clips)] if clips else None
    segment = clip.segments[b % len(clip.segments)] if clip is not None and clip.segments else None
    actions = project.actions()
    if what == "label":
        return edits.label_for(project, f"label {a}", ("action", "object")[b % 2], author="x")[0]
    if what == "clip":
        return project.with_clip(parts.clip(f"clip {a} {b}"))
    if what == "rename":
        return replace(project, name=f"name {a}")
    if what == "reorder_labels":
        rows = list(project.labels.items())
        return replace(project, labels=dict(rows[a % 5 :] + rows[: a % 5]))
    if what == "reorder_clips":
        return replace(project, clips=dict(reversed(project.clips.items())))
    if what == "insert_first":
        label = parts.label(f"first {a} {b}")
        return replace(project, labels={label.id: label, **project.labels})
    if what == "divide":
        ids = tuple(project.clips)
        return edits.add_split(project, "split", {"train": ids[: a % 3], "test": ids[a % 3 :]}, author="x")[0]
    if what == "key" and actions:
        return project.with_label(replace(actions[a % len(actions)], key=""))
    if clip is None:
        return project
    if what == "segment" and actions:
        action = actions[b % len(actions)].id
        return edits.mark_segment(project, clip.id, action, 10 * a, 10 * a + b + 1, author="x")[0]
    if what == "delete_clip":
        return edits.remove_clip(project, clip.id)
    if what == "actor":
        return edits.add_actor(project, clip.id, f"cook {b}", author="x")[0]
    if what == "reorder_actors":
        return project.with_clip(replace(clip, actors=clip.actors[::-1]))
    if segment is None:
        return project
    match what:
        case "pose":
            return edits.set_pose(project, clip.id, segment.id, a * b, FrameIdentity(pts=a), author="x")
        case "move":
            return edits.move_ends(project, clip.id, segment.id, start_frame=a, end_frame=a + b + 1)
        case "split" if segment.end_frame - segment.start_frame > 1:
            return edits.split_segment(project, clip.id, segment.id, segment.start_frame + 1, author="x")[0]
        case "merge" if segment is not clip.segments[-1]:
            return edits.merge_with_next(project, clip.id, segment.id)
        case "delete_segment":
            return edits.delete_segments(project, clip.id, segment.id)
        case "joints" if clip.pose_of(segment.id):
            return edits.set_joint_edits(project, clip.id, segment.id, {"head": (a / 3, b / 7, 1.0)})
        case "carry_over" if len(clips) > 1:  # a segment goes to another clip under its own id
            other = clips[(a + 1) % len(clips)]
            if other.id == clip.id:
                return project
            bare = replace(segment, actor="")
            return project.with_clip(clip.without_segment(segment.id)).with_clip(other.with_segment(bare))
    return project


def same_order(left: Project, right: Project) -> bool:
    return all(list(getattr(left, table)) == list(getattr(right, table)) for table in ("labels", "clips", "splits"))


@pytest.mark.soak
@settings(max_examples=15 * SOAK, deadline=None)
@given(moves=st.lists(MOVES, max_size=20), reopen_after=st.integers(0, 29))
def test_that_undoing_every_edit_returns_the_very_first_project(parts, moves, reopen_after):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "kitchen"
        store = ProjectStore.create(folder, "Kitchen", "Ada")
        try:
            first = store.project
            for at, (what, a, b) in enumerate([*BEGIN, *moves]):
                if at == reopen_after:
                    before = store.project
                    store.close()
                    store = ProjectStore.open(folder, "Ada")
                    assert store.project == before
                    assert same_order(store.project, before)
                after = edited(store.project, parts, what, a, b)
                store.edit(after, what)
                assert same_order(store.project, after)
            last = store.project
            store.close()
            assert [each for each in check(folder) if "journal" in each.what] == []
            store = ProjectStore.open(folder, "Ada")
            assert store.project == last
            assert same_order(store.project, last)
            undone = 0
            while store.undo() is not None:
                undone += 1
            assert store.project == first
            store.close()
            store = ProjectStore.open(folder, "Ada")
            assert store.project == first
            while store.redo() is not None:
                undone -= 1
            assert undone == 0
            assert store.project == last
            assert same_order(store.project, last)
        finally:
            store.close()


@pytest.mark.soak
@settings(max_examples=40 * SOAK, deadline=None)
@given(moves=st.lists(MOVES, min_size=1, max_size=30), cut=st.integers(0, 39))
def test_that_the_rows_that_differ_turn_one_project_into_the_other_and_back(parts, moves, cut):
    before = Project(id="1", name="Kitchen")
    moves = [*BEGIN, *moves]
    for what, a, b in moves[:cut]:
        before = edited(before, parts, what, a, b)
    places = places_after({}, rows_that_differ(None, before, {}))
    after = before
    for what, a, b in moves[cut:]:
        after = edited(after, parts, what, a, b)
    there = rows_that_differ(before, after, places)
    afterwards = places_after(places, there)
    built = with_rows(before, there, afterwards)
    assert built == after
    assert same_order(built, after)
    assert rows_that_differ(after, after, afterwards) == ()
    back = inverse(there)
    assert with_rows(after, back, places_after(afterwards, back)) == before
    assert inverse(back) == there


def test_that_what_an_edit_does_not_touch_is_shared(marked, parts):
    project = marked.project
    places = places_after({}, rows_that_differ(None, project, {}))
    after = project.with_label(parts.label("peel"))
    changes = rows_that_differ(project, after, places)
    built = with_rows(project, changes, places_after(places, changes))
    assert built.clips is project.clips
    assert all(built.labels[key] is project.labels[key] for key in project.labels)


def test_that_steps_follow_from_the_rows_alone():
    steps = Steps()

    def row(sequence, undoes=""):
        entry = Entry(
            sequence=sequence, id=f"row {sequence}", author="", at="", label=f"{sequence}", source="", undoes=undoes
        )
        return steps.follow(entry).kind

    kinds = [row(1), row(2), row(3), row(4, "row 3"), row(5, "row 2"), row(6, "row 5"), row(7, "row 6")]
    assert kinds == ["edit", "edit", "edit", "undo", "undo", "redo", "undo"]
    assert [each.id for each in steps.undo] == []
    assert [each.id for each in steps.redo] == ["row 4", "row 7"]
    assert row(8) == "edit"
    assert ([each.id for each in steps.undo], steps.redo) == (["row 8"], [])


def body(**fields):
    return Row(body=msgspec.Raw(msgspec.json.encode(fields)))


def test_that_a_change_is_carried_onto_a_row_that_moved_on_elsewhere():
    change = RowChange(table="labels", id="1", before=body(a=1, b=1), after=body(a=2, b=1))
    (fitted,) = rebased([change], lambda key: body(a=1, b=5))
    assert msgspec.json.decode(fitted.after.body) == {"a": 2, "b": 5}
    assert msgspec.json.decode(fitted.before.body) == {"a": 1, "b": 5}


def test_that_a_change_that_stands_already_is_left_out():
    change = RowChange(table="labels", id="1", before=body(a=1), after=body(a=2))
    assert rebased([change], lambda key: body(a=2)) == ()


@pytest.mark.parametrize(
    ("before", "after", "now"),
    [
        (body(a=1), body(a=2), body(a=3)),  # the same field two ways
        (body(a=1), body(a=2), None),  # changed here, removed there
        (body(a=1), None, body(a=3)),  # removed here, changed there
        (None, body(a=1), body(a=3)),  # added twice, differently
    ],
)
def test_that_two_ways_for_one_row_are_stale(before, after, now):
    with pytest.raises(StaleError):
        rebased([RowChange(table="labels", id="1", before=before, after=after)], lambda key: now)
