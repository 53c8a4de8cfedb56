"""A forecast kept as a draft: what it becomes of a project, and what a person's hand makes of its provenance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.configs import ForecasterData
from core.datasets.steps import clip_sequences
from core.errors import ProjectError
from core.project import edits, provenance
from core.project.annotations import BY_HAND, FrameIdentity, Project, Provenance
from core.project.drafts import accept_forecast, confirm, is_unseen, label_foreseen
from core.project.store import ProjectStore
from core.statistics import of_clips

IDENTITY = FrameIdentity(pts=512)
RUN = "forecaster-08"


@pytest.fixture
def kitchen(parts):
    project = Project(id="0", name="Kitchen")
    for name in ("cut", "wash"):
        project, _ = edits.add_label(project, name, "action", author="Ada")
    clip = parts.clip(frames=900)
    project = project.with_clip(clip)
    project, _ = edits.mark_segment(project, clip.id, project.actions()[0].id, 10, 40, author="Ada")
    return project


def clip_of(project):
    (clip,) = project.clips.values()
    return clip


def accepted(project, action="cut", start=100, pose=130, end=160, **more):
    clip = clip_of(project)
    return accept_forecast(project, clip.id, action, start, pose, end, IDENTITY, run=RUN, author="Ines", **more)


def sources(project, segment_id):
    clip = clip_of(project)
    pose = clip.pose_of(segment_id)
    return clip.segment(segment_id).made.source, None if pose is None else pose.made.source


# ---- accepting ----


def test_that_an_accepted_step_is_a_draft_segment_with_its_draft_pose(kitchen):
    project, segment = accepted(kitchen)
    clip = clip_of(project)
    pose = clip.pose_of(segment.id)
    assert (segment.start_frame, pose.frame, segment.end_frame, pose.identity) == (100, 130, 160, IDENTITY)
    assert project.labels[segment.action].name == "cut"
    assert segment.is_draft
    assert pose.is_draft
    assert is_unseen(clip, segment)
    assert segment.made.author == "Ines"
    assert sources(project, segment.id) == ("draft: forecast by forecaster-08",) * 2


def test_that_the_clips_end_cuts_a_draft_and_refuses_one_that_lies_after_it(kitchen):
    _, segment = accepted(kitchen, start=850, pose=880, end=1000)
    assert segment.end_frame == 900
    for start, pose in ((850, 900), (900, 910)):
        with pytest.raises(ProjectError, match="after the clip's end"):
            accepted(kitchen, start=start, pose=pose, end=1000)


def test_that_a_pose_outside_its_own_segment_is_refused(kitchen):
    with pytest.raises(ProjectError, match="outside its own segment"):
        accepted(kitchen, start=100, pose=90, end=160)


def test_that_an_unknown_action_is_refused_unless_its_label_is_added_with_it(kitchen):
    with pytest.raises(ProjectError, match='"stir" is not an action'):
        accepted(kitchen, "stir")
    project, segment = accepted(kitchen, "stir", with_label=True)
    assert project.labels[segment.action].name == "stir"
    assert len(project.labels) == len(kitchen.labels) + 1


def test_that_a_clusters_word_means_the_label_most_marked_of_it(kitchen):
    cut, wash = kitchen.actions()
    for each in (cut, wash):
        kitchen = kitchen.with_label(replace(each, learned_as="prepare"))
    assert label_foreseen(kitchen, "prepare").id == cut.id
    for start in (300, 400):
        kitchen, _ = edits.mark_segment(kitchen, clip_of(kitchen).id, wash.id, start, start + 50, author="Ada")
    assert label_foreseen(kitchen, "prepare").id == wash.id
    assert label_foreseen(kitchen, "cut").id == cut.id  # its own name goes first
    assert label_foreseen(kitchen, "fly") is None


def test_that_undo_takes_an_accepted_forecast_back_exactly_also_after_a_restart(kitchen, folder):
    with ProjectStore.create(folder, "Kitchen", "Ines") as store:
        store.edit(replace(kitchen, id=store.project.id), "Fill")
        before = store.project
        after, segment = accepted(before)
        store.edit(after, f"Accept cut by {RUN}", source=f"forecast by {RUN}")
        assert store.undo_label == "Accept cut by forecaster-08"
    with ProjectStore.open(folder, "Ines") as store:
        assert clip_of(store.project).segment(segment.id).is_draft
        store.undo()
        assert store.project == before


# ---- what a hand makes of it ----


CORRECTIONS = {
    "its end": lambda p, c, s: edits.move_ends(p, c, s, end_frame=170, author="Ben"),
    "its label": lambda p, c, s: edits.change_segment(p, c, s, action=p.actions()[1].id, author="Ben"),
    "its pose": lambda p, c, s: edits.set_pose(p, c, s, 140, IDENTITY, author="Ben"),
    "no pose": lambda p, c, s: edits.remove_pose(p, c, s, author="Ben"),
    "its joints": lambda p, c, s: edits.set_joint_edits(p, c, s, {"neck": (1.0, 2.0, 1.0)}, author="Ben"),
    "a cut": lambda p, c, s: edits.split_segment(p, c, s, 120, author="Ben")[0],
}


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_that_any_change_by_hand_makes_a_draft_somebodys_correction(kitchen, correction):
    project, segment = accepted(kitchen)
    project = CORRECTIONS[correction](project, clip_of(project).id, segment.id)
    made = clip_of(project).segment(segment.id).made
    assert made.source == "forecast by forecaster-08, corrected by hand"
    assert made.author == "Ben"
    assert not clip_of(project).segment(segment.id).is_draft


def test_that_a_moved_end_leaves_the_poses_instant_what_it_was_nobodys_choice(kitchen):
    project, segment = accepted(kitchen)
    project = edits.move_ends(project, clip_of(project).id, segment.id, end_frame=170, author="Ben")
    clip = clip_of(project)
    assert clip.pose_of(segment.id).is_draft
    assert is_unseen(clip, clip.segment(segment.id))
    confirmed = confirm(project, clip.id, segment.id, author="Ben")
    assert sources(confirmed, segment.id) == (
        "forecast by forecaster-08, corrected by hand",
        "forecast by forecaster-08, confirmed by hand",
    )


def test_that_confirming_says_so_of_both_and_a_later_change_is_a_correction(kitchen):
    project, segment = accepted(kitchen)
    clip_id = clip_of(project).id
    project = confirm(project, clip_id, segment.id, author="Ben")
    assert sources(project, segment.id) == ("forecast by forecaster-08, confirmed by hand",) * 2
    assert confirm(project, clip_id, segment.id, author="Ben") is project
    project = edits.move_ends(project, clip_id, segment.id, end_frame=170, author="Ben")
    assert provenance.origin_of(sources(project, segment.id)[0]) == "corrected"


def test_that_setting_the_pose_where_it_stood_confirms_the_draft(kitchen):
    project, segment = accepted(kitchen)
    project = edits.set_pose(project, clip_of(project).id, segment.id, 130, IDENTITY, author="Ben")
    assert sources(project, segment.id) == ("forecast by forecaster-08, confirmed by hand",) * 2


def test_that_a_change_that_changes_nothing_leaves_a_draft_a_draft(kitchen):
    project, segment = accepted(kitchen)
    clip_id = clip_of(project).id
    same = edits.move_ends(project, clip_id, segment.id, start_frame=100, end_frame=160, author="Ben")
    same = edits.change_segment(same, clip_id, segment.id, action=segment.action, author="Ben")
    assert sources(same, segment.id) == sources(project, segment.id)


def test_that_both_halves_of_a_split_and_a_merge_with_work_by_hand_say_which_run_had_a_share(kitchen):
    project, segment = accepted(kitchen)
    clip_id = clip_of(project).id
    halves, second = edits.split_segment(project, clip_id, segment.id, 120, author="Ben")
    assert provenance.run_of(second.made.source) == RUN
    by_hand = clip_of(project).segments[0]
    merged = edits.merge_with_next(project, clip_id, by_hand.id, author="Ben")
    assert clip_of(merged).segment(by_hand.id).made.source == "forecast by forecaster-08, corrected by hand"
    assert edits.delete_segments(halves, clip_id, segment.id, second.id).clips[clip_id].segments == (by_hand,)


@given(st.sampled_from((BY_HAND, "imported ELAN file", "draft: the middle of the segment")))
def test_that_what_no_run_foresaw_is_never_marked_as_foreseen(source):
    made = Provenance(author="Ada", at="2026-01-01T00:00:00+00:00", source=source)
    assert provenance.corrected(made, "Ben") is made
    assert provenance.confirmed(made, "Ben") is made
    assert provenance.run_of(source) == ""


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40))
def test_that_the_run_is_known_through_every_state_whatever_it_is_called(run):
    draft = Provenance(author="Ada", at="2026-01-01T00:00:00+00:00", source=provenance.foreseen_by(run))
    if run.endswith((", corrected by hand", ", confirmed by hand")):
        return  # such a name would read as a state; run folders are never called so
    for made in (draft, provenance.corrected(draft), provenance.confirmed(draft)):
        assert provenance.run_of(made.source) == run
    assert [
        provenance.origin_of(each.source)
        for each in (draft, provenance.confirmed(draft), provenance.corrected(provenance.confirmed(draft)))
    ] == ["draft", "confirmed", "corrected"]


# ---- counted, and learned from only when looked at ----


def test_that_provenance_counts_drafts_corrections_and_confirmations_by_run(kitchen):
    project, _ = accepted(kitchen)
    project, second = accepted(project, "wash", 200, 220, 260)
    project, third = accepted(project, "wash", 300, 320, 360)
    clip_id = clip_of(project).id
    project = confirm(project, clip_id, second.id, author="Ben")
    project = edits.move_ends(project, clip_id, third.id, end_frame=370, author="Ben")
    found = {(each.origin, each.run): (each.segments, each.poses) for each in of_clips(project).origins}
    assert found == {
        ("by hand", ""): (1, 0),
        ("draft", RUN): (1, 2),
        ("corrected", RUN): (1, 0),
        ("confirmed", RUN): (1, 1),
    }


def test_that_a_draft_segment_teaches_nothing_until_somebody_has_looked_at_it(kitchen):
    project, segment = accepted(kitchen)
    data = ForecasterData()

    def steps(of):
        (sequence,) = clip_sequences(of, clip_of(of), lambda _: None, data)
        return [each.segment for each in sequence.steps], sequence.drafts

    assert steps(project) == ([], 1)
    looked_at = confirm(project, clip_of(project).id, segment.id, author="Ben")
    assert steps(looked_at) == ([segment.id], 0)
