"""The vocabulary as a whole: merged, split, ordered, counted, and ranges nobody learns from."""

import msgspec
import pytest

from core.errors import ProjectError
from core.project import edits
from core.project.annotations import Project
from core.project.clusters import learned_as, mapping_of, with_clusters
from core.project.labelling import (
    NOT_SAID,
    Uses,
    add_range,
    is_range,
    merge_labels,
    move_labels,
    ranges,
    relabel,
    remove_labels,
    segments_by,
    split_label,
)
from core.project.provenance import foreseen_by


@pytest.fixture
def kitchen(parts):
    """Two clips; cut twice, chop once and wash once in each, with a knife on every cut."""
    project = Project(id="0", name="Kitchen")
    for name in ("cut", "chop", "wash"):
        project = project.with_label(msgspec.structs.replace(parts.label(name), id=name))
    for name in ("knife", "blade"):
        project = project.with_label(msgspec.structs.replace(parts.label(name, "object"), id=name))
    for number, performer in enumerate(("Ada", "Bo")):
        clip = msgspec.structs.replace(parts.clip(f"clip {number}"), id=f"c{number}", performer=performer)
        for at, action in enumerate(("cut", "chop", "wash", "cut")):
            objects = ("knife",) if action == "cut" else ("knife", "blade") if action == "chop" else ()
            segment = msgspec.structs.replace(
                parts.segment(action, 100 * at, 100 * at + 50, objects=objects), id=f"{number}{at}"
            )
            clip = clip.with_segment(segment)
            if action != "wash":
                clip = clip.with_pose(parts.pose(segment.id, 100 * at + 20))
        project = project.with_clip(clip)
    return project


def actions(project):
    return [[each.action for each in clip.segments] for clip in project.clips.values()]


def test_that_merged_labels_are_one_in_every_clip_and_gone_from_mappings_with_their_key_handed_on(kitchen):
    kitchen = edits.set_label_key(kitchen, "chop", "4")
    kitchen, _, _ = with_clusters(kitchen, {"chop": "divide"})
    merged, count = merge_labels(kitchen, ("cut", "chop"), "cut")
    assert count == 2
    assert actions(merged) == [["cut", "cut", "wash", "cut"]] * 2
    assert list(merged.labels) == ["cut", "wash", "knife", "blade"]
    assert merged.labels["cut"].key == "4"
    assert set(mapping_of(merged)) == {"cut", "wash"}
    assert [clip.poses for clip in merged.clips.values()] == [clip.poses for clip in kitchen.clips.values()]


def test_that_merged_objects_stand_once_on_a_segment_and_kinds_do_not_mix(kitchen):
    merged, count = merge_labels(kitchen, ("knife", "blade"), "blade")
    assert count == 6
    assert [each.objects for each in merged.clips["c0"].segments] == [("blade",), ("blade",), (), ("blade",)]
    with pytest.raises(ProjectError, match="knife is an object and cut an action"):
        merge_labels(kitchen, ("cut", "knife"), "cut")


def test_that_a_draft_stays_a_draft_through_a_merge_and_is_looked_at_when_somebody_relabels_it(kitchen, parts):
    draft = msgspec.structs.replace(parts.made, source=foreseen_by("forecaster-01"))
    clip = kitchen.clips["c0"]
    kitchen = kitchen.with_clip(clip.with_segment(msgspec.structs.replace(clip.segments[1], made=draft)))
    merged, _ = merge_labels(kitchen, ("chop",), "cut")
    assert merged.clips["c0"].segments[1].is_draft
    looked_at = relabel(kitchen, {"c0": ("01",)}, "wash", author="Bo")
    assert not looked_at.clips["c0"].segments[1].is_draft
    assert actions(looked_at)[0] == ["cut", "wash", "wash", "cut"]
    assert looked_at.clips["c1"] is kitchen.clips["c1"]


def test_that_a_split_label_stands_behind_the_first_and_takes_only_what_was_named(kitchen):
    by_person = segments_by(kitchen, "cut", "person")
    assert by_person == {"Ada": {"00", "03"}, "Bo": {"10", "13"}}
    assert segments_by(kitchen, "chop", "object")["blade"] == {"01", "11"}
    assert segments_by(kitchen, "wash", "object") == {NOT_SAID: {"02", "12"}}
    assert set(segments_by(kitchen, "wash", "clip")) == {"clip 0", "clip 1"}
    after, made = split_label(kitchen, "cut", "slice", by_person["Bo"] | {"01"}, author="Ada")
    assert [each.name for each in after.labels.values()][:3] == ["cut", "slice", "chop"]
    assert actions(after) == [["cut", "chop", "wash", "cut"], [made.id, "chop", "wash", made.id]]
    assert merge_labels(after, (made.id,), "cut")[0].clips == kitchen.clips
    with pytest.raises(ProjectError, match="cannot be its name"):
        split_label(kitchen, "cut", "wash", ("00",), author="Ada")


def test_that_objects_are_split_too(kitchen):
    after, made = split_label(
        kitchen, "knife", "bread knife", segments_by(kitchen, "knife", "clip")["clip 1"], author=""
    )
    assert after.clips["c0"] is kitchen.clips["c0"]
    assert after.clips["c1"].segments[1].objects == (made.id, "blade")


@pytest.mark.parametrize(
    ("moved", "before", "order"),
    [
        (("wash",), "cut", ["wash", "cut", "chop", "knife", "blade"]),
        (("cut", "chop"), "", ["wash", "knife", "blade", "cut", "chop"]),
        (("cut", "wash"), "wash", ["chop", "cut", "wash", "knife", "blade"]),
        (("chop",), "wash", ["cut", "chop", "wash", "knife", "blade"]),
    ],
)
def test_that_labels_are_put_before_another_in_their_own_order(kitchen, moved, before, order):
    assert list(move_labels(kitchen, moved, before).labels) == order


def test_that_an_order_survives_the_file(kitchen, store):
    store.edit(kitchen, "Fill")
    store.edit(move_labels(kitchen, ("wash",), "cut"), "Move wash")
    folder = store.folder
    store.close()
    again = type(store).open(folder, "Ada")
    try:
        assert list(again.project.labels)[:2] == ["wash", "cut"]
        again.undo()
        assert list(again.project.labels) == list(kitchen.labels)
    finally:
        again.close()


def test_that_counts_follow_every_change_and_what_is_used_is_not_removed(kitchen):
    uses = Uses().look(kitchen)
    assert (uses.segments["cut"], uses.poses["cut"], uses.segments["knife"], uses.poses["wash"]) == (4, 4, 6, 0)
    assert uses.in_clip("c1") == {"cut": 2, "chop": 1, "wash": 1, "knife": 3, "blade": 1}
    uses.look(edits.delete_segments(kitchen, "c0", "00"))
    assert uses.segments["cut"] == 3
    uses.look(kitchen.without_clip("c1"))
    assert uses.segments["cut"] == 2
    with pytest.raises(ProjectError, match="wash is used by 2 segments"):
        remove_labels(kitchen, ("wash",))
    without, _ = edits.add_label(kitchen, "stir", "action", author="Ada")
    assert remove_labels(without, (without.label_named("stir", "action").id,)).labels == kitchen.labels


def test_that_a_range_is_what_models_leave_out(kitchen):
    kitchen, out = add_range(kitchen, "out of the picture", author="Ada")
    assert (out.colour, out.key) == (edits.BACKGROUND_COLOUR, "")
    assert ranges(kitchen) == {out.id}
    left_out, _, _ = with_clusters(kitchen, {"wash": ""})
    assert ranges(left_out) == {out.id, "wash"}
    assert learned_as(left_out)["out of the picture"] == ""
    assert not is_range(kitchen.labels["knife"])
