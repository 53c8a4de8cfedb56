"""Merging two people's states of a project: laws of the three-way merge, and copies on the disk merged for real."""

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from typer.testing import CliRunner

from core.__main__ import app
from core.errors import FileError, ProjectError
from core.project import edits, labelling, same_rows
from core.project.annotations import Clustering, FrameIdentity, Project, Provenance, Split, VideoFile
from core.project.check import check, findings_of
from core.project.database import Database
from core.project.merge_repairs import repaired
from core.project.merging import bring_tracks, opened_copy, save_report
from core.project.store import ProjectStore
from core.project.three_way import flat, planned
from tests.core.made_up_project import made_up

START = made_up(clips=3, steps=4).project
HERE = FrameIdentity(pts=0)
MADE = Provenance(author="Ada", at="2026-01-01T00:00:00.000+00:00")


# ---- laws, over random edits ----

EDIT = st.tuples(st.integers(0, 11), st.integers(0, 40), st.integers(1, 60), st.integers(1, 40))


def edited(project: Project, script, author: str) -> Project:
    """The project after a script of edits; what cannot be meant is left out."""
    for kind, which, frame, more in script:
        clips = list(project.clips.values())
        if not clips:
            return project
        clip = clips[which % len(clips)]
        segment = clip.segments[which % len(clip.segments)] if clip.segments else None
        labels = project.actions()
        try:
            match kind:
                case 0 | 1:
                    label = labels[more % len(labels)]
                    project, _ = edits.mark_segment(
                        project, clip.id, label.id, frame * 2, frame * 2 + more, author=author
                    )
                case 2 if segment:
                    project = edits.move_ends(project, clip.id, segment.id, end_frame=frame * 2, author=author)
                case 3 if segment:
                    project = edits.delete_segments(project, clip.id, segment.id)
                case 4 if segment:
                    project = edits.set_pose(project, clip.id, segment.id, frame, HERE, author=author)
                case 5 if segment:
                    moved = {"head": (float(frame), float(more), 1.0)} if frame % 2 else {"neck": (1.0, 2.0, 0.6)}
                    project = edits.set_joint_edits(project, clip.id, segment.id, moved, author=author)
                case 6 if segment:
                    project, _ = edits.split_segment(project, clip.id, segment.id, frame * 2, author=author)
                case 7 if segment:
                    project = edits.merge_with_next(project, clip.id, segment.id, author=author)
                case 8:
                    project, _ = edits.add_label(project, f"action {more % 4}", "action", author=author)
                case 9:
                    project = edits.remove_clip(project, clip.id) if which % 5 == 0 else project
                case 10 if segment:
                    project = edits.change_segment(
                        project, clip.id, segment.id, action=labels[more % len(labels)].id, author=author
                    )
                case 11:
                    label = labels[which % len(labels)]
                    project = edits.rename_label(project, label.id, f"{label.name} {more % 3}")
        except (ProjectError, ValueError):
            continue
    return project


def all_of(plan, choice):
    return {each.id: choice for each in plan.conflicts}


def content(project: Project):
    return {key: held for key, held in flat(project).items() if key[0] != "meta"}


SCRIPT = st.lists(EDIT, max_size=12)


@settings(max_examples=60, deadline=None)
@given(SCRIPT)
def test_that_what_one_side_alone_did_is_taken_whole_and_asks_nothing(script):
    theirs = edited(START, script, "Ben")
    plan = planned(START, START, theirs)
    assert plan.conflicts == ()
    assert content(plan.result({})) == content(theirs)
    assert planned(START, theirs, START).taken == planned(START, theirs, theirs).taken == ()


@settings(max_examples=120, deadline=None)
@given(SCRIPT, SCRIPT)
def test_that_deciding_for_one_side_is_the_same_from_either_side(mine_did, theirs_did):
    mine, theirs = edited(START, mine_did, "Ada"), edited(START, theirs_did, "Ben")
    here, there = planned(START, mine, theirs), planned(START, theirs, mine)
    assert len(here.conflicts) == len(there.conflicts)

    def said(plan, choice):
        return {
            key: (clip, replace(value, made=MADE, id="") if hasattr(value, "made") else value)
            for key, (clip, value) in content(plan.result(all_of(plan, choice))).items()
        }

    assert said(here, "theirs") == said(there, "mine")
    assert said(here, "mine") == said(there, "theirs")


@settings(max_examples=120, deadline=None)
@given(SCRIPT, SCRIPT, st.sampled_from(["mine", "theirs", "both"]))
def test_that_a_merged_project_is_whole_and_nothing_either_side_added_is_lost_undecided(mine_did, theirs_did, choice):
    mine, theirs = edited(START, mine_did, "Ada"), edited(START, theirs_did, "Ben")
    plan = planned(START, mine, theirs)
    decisions = {each.id: choice if choice in each.choices else "mine" for each in plan.conflicts}
    merged, _ = repaired(plan.result(decisions), mine, (theirs, START))
    assert [each for each in findings_of(merged) if each.severity == "error"] == []
    assert not [each for each in findings_of(merged) if "called" in each.what and "two" in each.what]
    asked = {key for each in plan.conflicts for key in each.keys}
    base, rows = flat(START), flat(merged)
    for side in (flat(mine), flat(theirs)):
        assert [key for key in side if key not in base and key not in asked and key not in rows] == []
    if choice == "both":
        marked = [each for each in plan.conflicts if each.kind == "both marked"]
        assert all(key in rows for each in marked for key in each.keys)


@settings(max_examples=60, deadline=None)
@given(SCRIPT, SCRIPT, st.sampled_from(["mine", "theirs"]))
def test_that_a_second_merge_finds_nothing_whatever_was_decided(mine_did, theirs_did, choice):
    mine, theirs = edited(START, mine_did, "Ada"), edited(START, theirs_did, "Ben")
    plan = planned(START, mine, theirs)
    merged = plan.result(all_of(plan, choice))
    again = planned(theirs, merged, theirs)
    assert again.taken == again.conflicts == ()


# ---- each kind of conflict ----


def clip_and_segment(project: Project):
    clip = next(iter(project.clips.values()))
    return clip, clip.segments[1]


def test_that_two_fields_of_one_segment_changed_by_two_people_are_both_kept():
    clip, segment = clip_and_segment(START)
    mine = edits.move_ends(START, clip.id, segment.id, start_frame=segment.start_frame - 3)
    theirs = edits.change_segment(START, clip.id, segment.id, action="label-wash", objects=())
    plan = planned(START, mine, theirs)
    assert plan.conflicts == ()
    after = plan.result({}).clips[clip.id].segment(segment.id)
    assert (after.start_frame, after.action, after.objects) == (segment.start_frame - 3, "label-wash", ())


def test_that_one_end_moved_two_ways_is_asked_and_a_segment_never_ends_before_it_starts():
    clip, segment = clip_and_segment(START)  # 20 to 40
    mine = edits.move_ends(START, clip.id, segment.id, end_frame=25)
    theirs = edits.move_ends(START, clip.id, segment.id, start_frame=30, end_frame=50)
    (conflict,) = planned(START, mine, theirs).conflicts
    assert conflict.fields == ("start_frame", "end_frame")
    after = planned(START, mine, theirs).result({conflict.id: "theirs"}).clips[clip.id].segment(segment.id)
    assert (after.start_frame, after.end_frame) == (30, 50)


def test_that_joints_moved_by_two_people_meet_joint_by_joint():
    clip, segment = clip_and_segment(START)
    mine = edits.set_joint_edits(START, clip.id, segment.id, {"head": (1.0, 2.0, 1.0)})
    theirs = edits.set_joint_edits(START, clip.id, segment.id, {"neck": (3.0, 4.0, 0.6)})
    plan = planned(START, mine, theirs)
    assert plan.conflicts == ()
    pose = plan.result({}).clips[clip.id].pose_of(segment.id)
    assert pose.joint_edits == {"head": (1.0, 2.0, 1.0), "neck": (3.0, 4.0, 0.6)}
    other = edits.set_joint_edits(START, clip.id, segment.id, {"head": (9.0, 2.0, 1.0)})
    (conflict,) = planned(START, mine, other).conflicts
    assert conflict.fields == ("joint_edits",)


def test_that_a_pose_set_anew_on_one_segment_by_both_is_one_question():
    clip, segment = clip_and_segment(START)
    bare = edits.remove_pose(START, clip.id, segment.id)
    mine = edits.set_pose(bare, clip.id, segment.id, 22, HERE, author="Ada")
    theirs = edits.set_pose(bare, clip.id, segment.id, 35, HERE, author="Ben")
    (conflict,) = planned(bare, mine, theirs).conflicts
    assert conflict.kind == "two poses"
    for choice, frame in (("mine", 22), ("theirs", 35)):
        after = planned(bare, mine, theirs).result({conflict.id: choice}).clips[clip.id]
        assert [each.frame for each in after.poses if each.segment == segment.id] == [frame]


@pytest.mark.parametrize("swapped", [False, True])
def test_that_a_segment_deleted_by_one_and_given_another_pose_by_the_other_is_one_question(swapped):
    clip, segment = clip_and_segment(START)
    gone = edits.delete_segments(START, clip.id, segment.id)
    posed = edits.set_pose(START, clip.id, segment.id, 37, HERE, author="Ben")
    mine, theirs = (posed, gone) if swapped else (gone, posed)
    (conflict,) = planned(START, mine, theirs).conflicts
    assert conflict.kind == ("deleted there" if swapped else "deleted here")
    keep = planned(START, mine, theirs).result({conflict.id: "mine" if swapped else "theirs"}).clips[clip.id]
    assert keep.pose_of(segment.id).frame == 37
    assert keep.segment(segment.id) is not None
    away = planned(START, mine, theirs).result({conflict.id: "theirs" if swapped else "mine"}).clips[clip.id]
    assert away.segment(segment.id) is None
    assert away.pose_of(segment.id) is None


def test_that_a_clip_taken_out_by_one_and_marked_by_the_other_is_one_question():
    clip, _ = clip_and_segment(START)
    mine = edits.remove_clip(START, clip.id)
    theirs, _ = edits.mark_segment(START, clip.id, "label-cut", 90, 95, author="Ben")
    (conflict,) = planned(START, mine, theirs).conflicts
    assert (conflict.kind, conflict.clip) == ("deleted here", clip.id)
    back = planned(START, mine, theirs).result({conflict.id: "theirs"})
    assert back.clips[clip.id] == theirs.clips[clip.id]


def test_that_segments_both_marked_are_asked_in_as_small_groups_as_can_be():
    clip = next(iter(START.clips.values()))
    bare = START.with_clip(replace(clip, segments=(), poses=()))

    def marked(project, author, *spans):
        for start, end in spans:
            project, _ = edits.mark_segment(project, clip.id, "label-cut", start, end, author=author)
        return project

    mine = marked(bare, "Ada", (0, 20), (20, 60), (80, 90))
    theirs = marked(bare, "Ben", (0, 22), (22, 58), (100, 120))
    plan = planned(bare, mine, theirs)
    assert [each.kind for each in plan.conflicts] == ["both marked"] * 2
    both = plan.result(all_of(plan, "both")).clips[clip.id].segments
    assert len(both) == 6
    theirs_only = plan.result(all_of(plan, "theirs")).clips[clip.id].segments
    assert [(each.start_frame, each.end_frame) for each in theirs_only] == [(0, 22), (22, 58), (80, 90), (100, 120)]


def test_that_a_label_removed_by_one_and_used_by_the_other_stays():
    base, spare = edits.add_label(START, "peel", "action", author="Ada")
    mine = edits.remove_label(base, spare.id)
    clip, _ = clip_and_segment(START)
    theirs, _ = edits.mark_segment(base, clip.id, spare.id, 90, 95, author="Ben")
    for own, other in ((mine, theirs), (theirs, mine)):
        plan = planned(base, own, other)
        merged, notes = repaired(plan.result(all_of(plan, "theirs")), own, (other, base))
        assert spare.id in merged.labels
        assert "peel" in notes[0]


@pytest.mark.parametrize("swapped", [False, True])
def test_that_what_stays_though_one_side_took_it_out_keeps_its_part_and_its_cluster(swapped):
    clip, _ = clip_and_segment(START)
    base = START.with_split(Split(id="s", name="s", parts={"train": ("clip-01",), "test": (clip.id,)}, made=MADE))
    base, unused = edits.add_label(base, "peel", "action", author="Ada")
    base = base.with_clustering(Clustering(id="c", name="c", learned={unused.id: "cut"}, made=MADE))
    gone = labelling.remove_labels(edits.remove_clip(base, clip.id), [unused.id])
    at_work, _ = edits.mark_segment(base, "clip-01", unused.id, 90, 95, author="Ben")
    at_work, _ = edits.mark_segment(at_work, clip.id, "label-cut", 90, 95, author="Ben")
    mine, theirs = (at_work, gone) if swapped else (gone, at_work)
    plan = planned(base, mine, theirs)
    stays, goes = ("mine", "theirs") if swapped else ("theirs", "mine")
    merged, _ = repaired(plan.result(all_of(plan, stays)), mine, (theirs, base))
    assert clip.id in merged.clips
    assert merged.splits["s"].parts == {"train": ("clip-01",), "test": (clip.id,)}
    assert merged.clusterings["c"].learned == {unused.id: "cut"}
    merged, _ = repaired(plan.result(all_of(plan, goes)), mine, (theirs, base))
    assert clip.id not in merged.clips
    assert merged.splits["s"].parts == {"train": ("clip-01",), "test": ()}


def test_that_splits_and_clusterings_meet_clip_by_clip_and_label_by_label():
    grouping = Clustering(id="c", name="coarse", learned={"label-take": "move"}, made=MADE)
    base = START.with_clustering(grouping).with_split(
        Split(id="s", name="mine", parts={"train": ("clip-00", "clip-01", "clip-02"), "test": ()}, made=MADE)
    )
    mine = base.with_clustering(replace(grouping, learned={**grouping.learned, "label-cut": "cut"}))
    theirs = base.with_clustering(replace(grouping, learned={**grouping.learned, "label-wash": "cut"}))
    parts = (
        {"train": ("clip-00", "clip-02"), "test": ("clip-01",)},
        {"train": ("clip-00", "clip-01"), "test": ("clip-02",)},
    )
    mine = mine.with_split(replace(base.splits["s"], parts=parts[0]))
    theirs = theirs.with_split(replace(base.splits["s"], parts=parts[1]))
    after = planned(base, mine, theirs).result({})
    assert after.clusterings["c"].learned == {"label-take": "move", "label-cut": "cut", "label-wash": "cut"}
    assert after.splits["s"].parts["train"] == ("clip-00",)
    assert set(after.splits["s"].parts["test"]) == {"clip-01", "clip-02"}


# ---- copies on the disk ----

VIDEO = VideoFile(
    path="", frame_count=1000, width=64, height=48, rate_hz=25.0, duration_s=40.0, size_bytes=9, fingerprint="ab"
)


@pytest.fixture
def copies(tmp_path):
    """Ada's project with a marked clip, and Ben's copy of it in a folder of another name."""
    with ProjectStore.create(tmp_path / "ada", "Kitchen", "Ada") as store:
        project, cut = edits.add_label(store.project, "cut", "action", author="Ada")
        project, clip = edits.add_clip(project, "breakfast", None, VIDEO, author="Ada", folder=store.folder)
        for start in (0, 100, 200):
            project, segment = edits.mark_segment(project, clip.id, cut.id, start, start + 80, author="Ada")
            project = edits.set_pose(project, clip.id, segment.id, start + 40, HERE, author="Ada")
        store.edit(project, "Mark breakfast")
    shutil.copytree(tmp_path / "ada", tmp_path / "bens copy")
    return tmp_path / "ada", tmp_path / "bens copy"


def do(folder, author, *steps):
    with ProjectStore.open(folder, author) as store:
        for name, step in steps:
            clip = next(iter(store.project.clips.values()))
            store.edit(step(store.project, clip), name)


def mark(start, end, author, label="cut"):
    def step(project, clip):
        project, found = edits.label_for(project, label, "action", author=author)
        return edits.mark_segment(project, clip.id, found.id, start, end, author=author)[0]

    return f"Mark {label}", step


def merge(folder, other, prefer="theirs", *, same_labels=True):
    with ProjectStore.open(folder, "Ada") as store:
        copy = opened_copy(other, mine=store.project, here=store.folder, same_labels=same_labels)
        if copy.is_nothing_new:
            return copy
        store.edit(bring_tracks(copy, copy.outcome(copy.preferring(prefer))).project, copy.label, source=copy.source)
    return copy


def spans(folder):
    with ProjectStore.open(folder, "x", mode="read") as store:
        (clip,) = store.project.clips.values()
        return [(each.start_frame, each.end_frame, each.made.author) for each in clip.segments]


def test_that_a_merge_brings_what_is_new_once_and_is_one_step(copies):
    ada, ben = copies
    do(ben, "Ben", mark(400, 450, "Ben"), mark(500, 550, "Ben"))
    copy = merge(ada, ben)
    assert copy.label == "Merge Ben's copy"
    assert spans(ada)[3:] == [(400, 450, "Ben"), (500, 550, "Ben")]
    assert merge(ada, ben).is_nothing_new
    assert [each for each in check(ada) if each.severity == "error"] == []
    with ProjectStore.open(ada, "Ada") as store:
        assert store.undo_label == "Merge Ben's copy"
        store.undo()
        assert len(next(iter(store.project.clips.values())).segments) == 3
        assert not opened_copy(ben, mine=store.project, here=ada).is_nothing_new
        store.redo()
        assert len(next(iter(store.project.clips.values())).segments) == 5
        assert opened_copy(ben, mine=store.project, here=ada).is_nothing_new


def test_that_a_later_merge_brings_only_what_came_since_and_asks_nothing_again(copies):
    ada, ben = copies
    do(ben, "Ben", ("Move end", lambda p, clip: edits.move_ends(p, clip.id, clip.segments[0].id, end_frame=95)))
    do(ada, "Ada", ("Move end", lambda p, clip: edits.move_ends(p, clip.id, clip.segments[0].id, end_frame=70)))
    assert len(merge(ada, ben, "mine").plan.conflicts) == 1
    do(ben, "Ben", mark(600, 650, "Ben"))
    later = merge(ada, ben)
    assert (len(later.plan.taken), later.plan.conflicts) == (1, ())
    assert spans(ada) == [(0, 70, "Ada"), (100, 180, "Ada"), (200, 280, "Ada"), (600, 650, "Ben")]


def test_that_merging_back_and_forth_comes_to_rest_with_both_alike(copies):
    ada, ben = copies
    do(ben, "Ben", mark(400, 450, "Ben", "stir"), mark(500, 550, "Ben"))
    do(ada, "Ada", mark(700, 750, "Ada", "stir"), mark(510, 560, "Ada"))
    merge(ada, ben, "theirs")
    assert merge(ben, ada, "theirs").plan.conflicts == ()
    assert spans(ada) == spans(ben)
    assert merge(ada, ben).is_nothing_new
    assert merge(ben, ada).is_nothing_new
    with ProjectStore.open(ben, "Ben", mode="read") as store:
        assert [each.name for each in store.project.actions()] == ["cut", "stir"]


def test_that_colours_and_keys_that_clashed_are_settled_once_and_not_again_on_the_way_back(copies):
    ada, ben = copies
    for who, folder, words in (("Ben", ben, ("stir", "pour")), ("Ada", ada, ("peel", "grate"))):
        for at, word in enumerate(words):
            do(folder, who, mark(400 + 100 * at + len(who + word), 450 + 100 * at, who, word))
    merge(ada, ben, "both")
    back = merge(ben, ada, "both")
    assert back.outcome({}).notes == ()

    def vocabulary(folder):
        with ProjectStore.open(folder, "x", mode="read") as store:
            return {each.name: (each.key, each.colour) for each in store.project.actions()}

    assert vocabulary(ada) == vocabulary(ben)
    assert len(set(vocabulary(ada).values())) == len({colour for _, colour in vocabulary(ada).values()}) == 5


def test_that_labels_of_one_name_are_one_label_unless_somebody_says_no(copies):
    ada, ben = copies
    do(ben, "Ben", mark(400, 450, "Ben", "stir"))
    do(ada, "Ada", mark(700, 750, "Ada", "stir"))
    with ProjectStore.open(ada, "Ada") as store:
        apart = opened_copy(ben, mine=store.project, here=ada, same_labels=False)
        assert len(apart.offered) == 1
        outcome = apart.outcome({})
        assert [each.name for each in outcome.project.actions()] == ["cut", "stir", "stir 2"]
        assert len({each.key for each in outcome.project.actions()}) == 3
        assert any("stir 2" in each for each in outcome.notes)
        one = opened_copy(ben / "project.sqlite", mine=store.project, here=ada)
        assert [each.name for each in one.outcome({}).project.actions()] == ["cut", "stir"]
        assert "One label where both made one: 1\n  stir\n" in one.report({})
        assert "One label" not in apart.report({})


def test_that_the_same_video_added_twice_is_one_clip(copies):
    ada, ben = copies
    video = replace(VIDEO, fingerprint="cd", size_bytes=77)

    def add(author):
        def step(project, clip):
            project, new = edits.add_clip(project, "lunch", None, video, author=author, folder=ada)
            label = project.label_named("cut", "action")
            return edits.mark_segment(project, new.id, label.id, 10, 20, author=author)[0]

        return "Add lunch", step

    do(ada, "Ada", add("Ada"))
    do(ben, "Ben", add("Ben"))
    merge(ada, ben)
    with ProjectStore.open(ada, "Ada", mode="read") as store:
        assert [(each.name, len(each.segments)) for each in store.project.clips.values()] == [
            ("breakfast", 3),
            ("lunch", 1),
        ]
    assert merge(ada, ben).is_nothing_new


def test_that_undecided_conflicts_refuse_and_newer_decides_by_the_journal(copies):
    ada, ben = copies
    do(ada, "Ada", ("Move end", lambda p, clip: edits.move_ends(p, clip.id, clip.segments[0].id, end_frame=70)))
    do(ben, "Ben", ("Move end", lambda p, clip: edits.move_ends(p, clip.id, clip.segments[0].id, end_frame=95)))
    with ProjectStore.open(ada, "Ada") as store:
        copy = opened_copy(ben, mine=store.project, here=ada)
        with pytest.raises(ProjectError, match="1 conflict to decide"):
            copy.outcome({})
        (conflict,) = copy.plan.conflicts
        assert (copy.who(conflict, "mine").name, copy.who(conflict, "theirs").name) == ("Ada", "Ben")
        assert copy.preferring("newer") == {conflict.id: "theirs"}
        report = copy.report({conflict.id: "theirs"})
    assert "end of cut" in report
    assert "0:02.80 (frame 70) (Ada" in report
    assert "decided: theirs" in report


def test_that_what_is_no_copy_is_refused_in_words_and_nothing_changes(copies, tmp_path):
    ada, ben = copies
    ProjectStore.create(tmp_path / "other", "Garden", "Cem").close()
    with ProjectStore.open(ada, "Ada") as store:
        before = store.project
        with pytest.raises(ProjectError, match="no common beginning") as refused:
            opened_copy(tmp_path / "other", mine=store.project, here=ada)
        assert "Import" in refused.value.hint
        with pytest.raises(ProjectError, match="this project itself"):
            opened_copy(tmp_path / "bens copy" / ".." / "ada", mine=store.project, here=ada)
        with pytest.raises(ProjectError, match="holds no project"):
            opened_copy(tmp_path, mine=store.project, here=ada)
        file = ben / "project.sqlite"
        whole = file.read_bytes()
        file.write_bytes(whole[:3000])
        with pytest.raises(FileError, match=r"bens copy/project.sqlite: the project file is damaged"):
            opened_copy(ben, mine=store.project, here=ada)
        file.write_bytes(whole[:60] + (99).to_bytes(4, "big") + whole[64:])
        with pytest.raises(FileError, match="newer Posecast"):
            opened_copy(ben, mine=store.project, here=ada)
        assert store.project is before


def test_that_a_copy_somebody_is_editing_is_read_beside_them(copies):
    ada, ben = copies
    with ProjectStore.open(ben, "Ben") as at_work:
        (clip,) = at_work.project.clips.values()
        at_work.edit(edits.delete_segments(at_work.project, clip.id, clip.segments[2].id), "Delete cut")
        merge(ada, ben)
        assert len(spans(ada)) == 2
        at_work.undo()
    merge(ada, ben)
    assert len(spans(ada)) == 3


def test_that_the_command_lists_conflicts_merges_once_decided_and_finds_nothing_then(copies):
    ada, ben = copies
    do(ada, "Ada", ("Move end", lambda p, clip: edits.move_ends(p, clip.id, clip.segments[0].id, end_frame=70)))
    do(ben, "Ben", ("Move end", lambda p, clip: edits.move_ends(p, clip.id, clip.segments[0].id, end_frame=95)))

    def posecast(*words):
        return CliRunner().invoke(app, ["merge", str(ben), "--project", str(ada), *words])

    asked = posecast()
    assert (asked.exit_code, "--prefer mine, theirs or newer" in asked.output) == (1, True)
    assert posecast("--dry-run", "--prefer", "theirs").exit_code == 0
    assert spans(ada)[0][1] == 70
    done = posecast("--prefer", "theirs")
    assert (done.exit_code, spans(ada)[0][1]) == (0, 95)
    assert len(list((ada / "merges").glob("*.txt"))) == 1
    assert "nothing new" in posecast().output


def test_that_a_merge_that_cannot_be_saved_leaves_no_report_and_one_without_a_report_is_not_made(copies, monkeypatch):
    ada, ben = copies
    do(ben, "Ben", mark(400, 450, "Ben"))

    def merged():
        return CliRunner().invoke(app, ["merge", str(ben), "--project", str(ada)])

    def full(*_):
        raise ProjectError("Not saved: the disk is full")

    (ada / "merges").write_text("in the way")
    assert merged().exit_code == 1
    assert len(spans(ada)) == 3
    (ada / "merges").unlink()
    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", full)
        assert "disk is full" in merged().output
    assert list((ada / "merges").iterdir()) == []
    assert merged().exit_code == 0
    assert len(spans(ada)) == 4
    assert len(list((ada / "merges").iterdir())) == 1


def test_that_2d_poses_come_along_and_where_they_are_missing_it_is_said(copies):
    ada, ben = copies
    poses = made_up(clips=1, steps=2).tracks["tracks-00"]
    with ProjectStore.open(ben, "Ben") as store:
        (clip,) = store.project.clips.values()
        name = store.write_tracks(poses)
        store.edit(edits.set_tracks(store.project, clip.id, name), "Extract 2D poses")
    shutil.copytree(ben / "tracks", ben / "elsewhere")
    shutil.rmtree(ben / "tracks")
    with ProjectStore.open(ada, "Ada") as store:
        copy = opened_copy(ben, mine=store.project, here=ada)
        without = bring_tracks(copy, copy.outcome({}))
        assert next(iter(without.project.clips.values())).tracks == ""
        assert "goes on without" in without.notes[0]
    shutil.move(ben / "elsewhere", ben / "tracks")
    merge(ada, ben)
    with ProjectStore.open(ada, "Ada", mode="read") as store:
        (clip,) = store.project.clips.values()
        assert (store.tracks(clip.tracks).joints_px == poses.joints_px).all()


def test_that_files_of_what_they_added_stay_where_they_lie_and_results_that_wait_are_named(copies):
    ada, ben = copies
    (ben / "videos").mkdir()
    (ben / "videos" / "lunch.mp4").write_bytes(b"a video")
    lunch = replace(VIDEO, fingerprint="other")

    def add(project, _clip):
        return edits.add_clip(project, "lunch", ben / "videos" / "lunch.mp4", lunch, author="Ben", folder=ben)[0]

    do(ben, "Ben", ("Add lunch", add))
    with ProjectStore.open(ben, "Ben"), ProjectStore.open(ben, "a command", mode="command") as command:
        (clip, _) = command.project.clips.values()
        command.edit(edits.rename_clip(command.project, clip.id, "brunch"), "Rename clip")
        with ProjectStore.open(ada, "Ada") as store:
            copy = opened_copy(ben, mine=store.project, here=ada)
            assert any("1 result waits there" in each for each in copy.brought)
            store.edit(copy.outcome({}).project, copy.label)
            (_, there) = store.project.clips.values()
            assert store.video_path(there).read_bytes() == b"a video"


def test_that_a_person_taken_out_by_one_and_acting_for_the_other_stays():
    clip, _ = clip_and_segment(START)
    base, cook = edits.add_actor(START, clip.id, "cook", author="Ada")
    mine = base.with_clip(replace(base.clips[clip.id], actors=()))
    theirs, _ = edits.mark_segment(base, clip.id, "label-cut", 90, 95, author="Ben", actor=cook.id)
    plan = planned(base, mine, theirs)
    merged, notes = repaired(plan.result(all_of(plan, "mine")), mine, (theirs, base))
    assert merged.clips[clip.id].actors == (cook,)
    assert "cook" in notes[0]


def test_that_two_merges_of_one_second_keep_a_report_each(tmp_path):
    ada, ben = tmp_path / "ada", tmp_path / "ben"
    ProjectStore.create(ada, "Kitchen", "Ada").close()
    shutil.copytree(ada, ben)
    with ProjectStore.open(ada, "Ada") as store:
        copy = opened_copy(ben, mine=store.project, here=ada)
        kept = [save_report(copy, f"report {n}") for n in range(5)]
    assert [each.read_text(encoding="utf-8") for each in kept] == [f"report {n}" for n in range(5)]


def test_that_two_rows_that_are_one_here_stay_two_rows_there():
    one, _ = edits.add_label(Project(id="p", name="p"), "wash", "action", author="Ada")
    (mine,) = one.labels
    both, _ = edits.add_label(one, "rinse", "action", author="Cem")
    both, _ = edits.add_label(both, "scrub", "action", author="Ben")
    theirs = replace(both, labels={key: each for key, each in both.labels.items() if key != mine})
    kept = same_rows.renamed(theirs, dict.fromkeys(theirs.labels, mine))
    assert [each.name for each in kept.labels.values()] == ["rinse", "scrub"]
    assert mine in kept.labels
