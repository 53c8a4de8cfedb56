"""From the raw folder of MPII Cooking 2 and IKEA-ASM to what a forecaster learns from, on miniatures of them."""

import shutil
from contextlib import closing

import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.errors import RunError
from core.importing.preparing_videos import MIDDLE, prepare
from core.project import edits
from core.project.check import check
from core.project.clusters import learned_as, set_learned_as
from core.project.store import ProjectStore
from core.runs import Done, Note, PrepareData, Progress
from tests.core.formats import made_ikea_asm, made_mpii_cooking
from tests.core.formats.made_ikea_asm import VIDEOS, make_predictions
from tests.core.formats.made_mpii_cooking import CLIPS, FIRST, LASTS, RECIPE

FRAMES = FIRST + LASTS * len(RECIPE)
SMALL = 64 / 1920


@pytest.fixture(scope="session")
def cooking(tmp_path_factory):
    """The data set, and 2D poses of its videos that were extracted elsewhere."""
    folder = tmp_path_factory.mktemp("cooking")
    root = made_mpii_cooking.make(folder, videos=True)
    for clip in CLIPS:
        make_predictions(folder / "poses" / f"{clip}-cam-002", FRAMES, scale=SMALL)
    return root, folder / "poses"


@pytest.fixture(scope="session")
def furniture(tmp_path_factory):
    return made_ikea_asm.make(tmp_path_factory.mktemp("furniture"), videos=True, predictions=True)


@pytest.fixture
def place(tmp_path):
    with ProjectStore.create(tmp_path / "project", "Papers", "Ada"):
        return tmp_path / "project"


def spec_of(place, dataset, source, **more):
    out = str(place / "runs" / "prepare")
    return PrepareData(project=str(place), out=out, dataset=dataset, source=str(source), author="Ada", **more)


def notes_of(events):
    return [each.text for each in events if isinstance(each, Note)]


def project_in(place):
    with ProjectStore.open(place, "Ada", mode="read") as store:
        return store.project


def learned_steps(project):
    learned = {each.id for each in project.actions() if each.learned_name}
    return [each for clip in project.clips.values() for each in clip.segments if each.action in learned]


# ---- MPII Cooking 2 ----


def test_that_cooking_comes_with_videos_people_objects_clusters_and_its_makers_split(place, cooking):
    root, poses = cooking
    events = list(prepare(spec_of(place, "mpii-cooking-2", root, poses=str(poses))))
    project = project_in(place)
    assert len(project.clips) == len(CLIPS)
    for clip in project.clips.values():
        assert clip.video.path.endswith(f"{clip.name}.avi")
        assert clip.video.frame_count == FRAMES
        assert clip.performer == clip.name[:3]
        assert clip.tracks
        assert [each.end_frame - each.start_frame for each in clip.segments] == [LASTS] * len(RECIPE)
    assert learned_as(project) == {
        "enter": "", "take out in the background": "", "wash": "wash", "peel": "peel", "take out": "take out",
        "cut": "cut", "cut dice": "dice", "add": "add", "background": "",
    }  # fmt: skip
    (split,) = project.splits.values()
    assert split.name == "MPII Cooking 2"
    names = {part: {project.clips[each].name[:7] for each in ids} for part, ids in split.parts.items()}
    assert names == {"train": set(CLIPS[:3]), "validation": set(CLIPS[3:4]), "test": set(CLIPS[4:])}
    assert [each.severity for each in check(place)] == []
    assert isinstance(events[-1], Done)


def test_that_nothing_stands_in_for_a_characteristic_pose_unless_asked_and_then_it_says_so(place, cooking):
    root, poses = cooking
    spec = spec_of(place, "mpii-cooking-2", root, poses=str(poses))
    *_, done = said = list(prepare(spec))
    assert all(not clip.poses for clip in project_in(place).clips.values())
    assert "0 steps of 0 actions" in done.summary
    steps = len(learned_steps(project_in(place)))
    assert steps == 6 * len(CLIPS)
    assert any(f"{steps} segments have no characteristic pose" in each and "--draft-poses" in each
               for each in notes_of(said))  # fmt: skip
    *_, done = said = list(prepare(spec_of(place, "mpii-cooking-2", root, poses=str(poses), draft_poses=True)))
    assert f"Nobody chose {steps} of the characteristic poses yet: they are drafts" in notes_of(said)
    assert f"6 sequences, {steps} steps of 6 actions" in done.summary
    project = project_in(place)
    for clip in project.clips.values():
        for pose in clip.poses:
            segment = clip.segment(pose.segment)
            assert pose.made.source == MIDDLE
            assert pose.is_draft
            assert pose.frame == (segment.start_frame + segment.end_frame - 1) // 2
            assert pose.identity.pts >= 0
    assert {each.segment for clip in project.clips.values() for each in clip.poses} == {
        each.id for each in learned_steps(project)
    }


def test_that_preparing_twice_changes_nothing_and_what_a_person_changed_stays(place, cooking):
    root, poses = cooking
    spec = spec_of(place, "mpii-cooking-2", root, poses=str(poses), draft_poses=True)
    list(prepare(spec))
    with ProjectStore.open(place, "Ada") as store:
        project = store.project
        project = set_learned_as(project, project.label_named("cut dice", "action").id, "cut")
        clip = next(iter(project.clips.values()))
        project = edits.set_pose(project, clip.id, clip.poses[0].segment, 24, clip.poses[0].identity, author="Ada")
        store.edit(project, "By hand")
        kept = store.project
        assert not kept.clips[clip.id].pose_of(clip.poses[0].segment).is_draft
    list(prepare(spec))
    with ProjectStore.open(place, "Ada") as store:
        assert store.project == kept
        assert store.undo_label == "By hand"


def test_that_given_characteristic_poses_find_their_segments_and_the_steps_are_learned(place, cooking, tmp_path):
    root, poses = cooking
    table = tmp_path / "poses.csv"
    third = FIRST - 1 + 2 * LASTS
    rows = "".join(
        f"{clip}-cam-002,,{action},,{third + LASTS * at},{third + LASTS * (at + 1)},,,{third + LASTS * at + 3},,,\n"
        for clip in CLIPS
        for at, action in enumerate(("wash", "peel"))
    )
    table.write_text("clip,actor,action,objects,start_frame,end_frame,start_s,end_s,pose_frame,pose_s,made_by,source\n"
                     + rows + "s99-d99-cam-002,,cut,,0,5,,,2,,,\n")  # fmt: skip
    spec = spec_of(place, "mpii-cooking-2", root, poses=str(poses), characteristic_poses=str(table))
    *_, done = said = list(prepare(spec))
    assert "6 sequences, 12 steps of 2 actions" in done.summary
    assert "poses.csv: 12 of 13 characteristic poses found their segment" in notes_of(said)
    assert "Left out of poses.csv: no clip 's99-d99-cam-002'" in notes_of(said)
    for clip in project_in(place).clips.values():
        assert [each.frame for each in clip.poses] == [third + 3, third + LASTS + 3]


def test_that_a_studio_that_has_the_project_open_takes_everything_in(place, cooking):
    root, poses = cooking
    with ProjectStore.open(place, "Ada") as studio:
        *_, done = prepare(spec_of(place, "mpii-cooking-2", root, poses=str(poses), draft_poses=True))
        assert studio.project.clips == {}
        assert len(studio.take_in_results()) == 3
        assert all(clip.tracks and clip.poses for clip in studio.project.clips.values())
        assert f"{6 * len(CLIPS)} steps" in done.summary
    assert [each.severity for each in check(place)] == []


def test_that_reading_given_poses_keeps_what_was_read_when_it_is_stopped(place, cooking):
    root, poses = cooking
    spec = spec_of(place, "mpii-cooking-2", root, poses=str(poses))
    with closing(prepare(spec)) as events:
        for event in events:
            if isinstance(event, Progress) and event.doing == f"2D poses of {CLIPS[2]}-cam-002":
                break
    stopped = project_in(place)
    assert [bool(clip.tracks) for clip in stopped.clips.values()] == [True, True, False, False, False, False]
    list(prepare(spec))
    assert all(clip.tracks for clip in project_in(place).clips.values())


def test_that_a_folder_of_poses_of_other_clips_is_refused_and_damaged_ones_are_named(place, cooking, tmp_path):
    root, _ = cooking
    make_predictions(tmp_path / "poses" / "elsewhere", 3)
    with pytest.raises(RunError, match="2D poses of none of the clips"):
        list(prepare(spec_of(place, "mpii-cooking-2", root, poses=str(tmp_path / "poses"))))
    folder = make_predictions(tmp_path / "poses" / f"{CLIPS[0]}-cam-002", 3)
    (folder / "scan_video_000000000001_keypoints.json").write_text('{"people": [')
    spec = spec_of(place, "mpii-cooking-2", root, poses=str(tmp_path / "poses"), extract_poses=False)
    said = notes_of(prepare(spec))
    assert any(each.startswith(f"Without 2D poses: {CLIPS[0]}-cam-002: scan_video_000000000001") for each in said)
    assert any(each.startswith("Without 2D poses: 6 clips") for each in said)


def test_that_a_folder_that_is_something_else_is_refused_before_anything_changes(place, furniture, tmp_path):
    with pytest.raises(RunError, match="is not MPII Cooking 2"):
        list(prepare(spec_of(place, "mpii-cooking-2", furniture)))
    with pytest.raises(RunError, match="is not there"):
        list(prepare(spec_of(place, "ikea-asm", tmp_path / "absent")))
    assert project_in(place).clips == {}


def test_that_videos_that_lie_elsewhere_are_found_where_they_are(place, cooking, tmp_path):
    root, _ = cooking
    bare = tmp_path / "annotations"
    shutil.copytree(root, bare, ignore=shutil.ignore_patterns("videos"))
    wanted = spec_of(place, "mpii-cooking-2", bare, videos=str(root / "videos"), extract_poses=False)
    assert list(prepare(wanted))
    clips = project_in(place).clips.values()
    assert len(clips) == len(CLIPS)
    assert all(clip.video.path.endswith(f"{clip.name}.avi") for clip in clips)
    assert {clip.video.frame_count for clip in clips} == {FRAMES}


# ---- IKEA-ASM ----


def test_that_furniture_comes_with_its_predictions_and_a_split_that_keeps_repeated_sequences_together(place, furniture):
    *_, done = said = list(prepare(spec_of(place, "ikea-asm", furniture, draft_poses=True)))
    project = project_in(place)
    assert [each.name for each in project.clips.values()] == list(VIDEOS)
    assert all(clip.tracks and clip.video.path for clip in project.clips.values())
    assert {action for action, learned in learned_as(project).items() if not learned} == {"other", "lay down leg"}
    drawn, own = project.splits.values()
    assert (drawn.name, own.name) == ("IKEA-ASM 70/15/15", "IKEA-ASM cross environment")
    part_of = {project.clips[each].name: part for part, ids in drawn.parts.items() for each in ids}
    assert sorted(part_of) == sorted(VIDEOS)
    assert part_of[VIDEOS[1]] == part_of[VIDEOS[3]]
    assert set(part_of.values()) == {"train", "validation", "test"}
    assert "data.past_steps=5" in done.summary
    assert any("does the same in the same order as an earlier one" in each for each in notes_of(said))


def test_that_the_options_of_a_format_are_passed_on_and_others_refused(place, furniture):
    result = CliRunner().invoke(
        app, ["prepare", "ikea-asm", str(furniture), str(place), "--option", "camera=dev1", "--no-extraction"]
    )
    assert result.exit_code == 0, result.output
    assert all(not clip.tracks and not clip.video.path for clip in project_in(place).clips.values()), "dev3 has both"
    with pytest.raises(RunError, match="IKEA-ASM has no option 'lens'") as refused:
        list(prepare(spec_of(place, "ikea-asm", furniture, options={"lens": "1"})))
    assert refused.value.hint == "It has: camera, poses."


@pytest.mark.slow
def test_that_poses_are_seen_in_videos_that_have_none_and_a_stopped_run_goes_on(place, tmp_path):
    root = made_ikea_asm.make(tmp_path / "raw", videos=True)
    spec = spec_of(place, "ikea-asm", root)
    with closing(prepare(spec)) as events:
        for event in events:
            if isinstance(event, Progress) and event.doing.startswith("2D poses of") and event.done > 80:
                break
    stopped = project_in(place)
    assert [bool(clip.tracks) for clip in stopped.clips.values()] == [True, False, False, False]
    with ProjectStore.open(place, "Ada") as store:
        assert store.read_only_reason is None, "nothing holds the project after a stop"
    list(prepare(spec))
    project = project_in(place)
    assert all(clip.tracks for clip in project.clips.values())
    first = next(iter(stopped.clips))
    assert project.clips[first].tracks == stopped.clips[first].tracks
    with ProjectStore.open(place, "Ada", mode="read") as store:
        assert len(store.tracks(project.clips[first].tracks)) == made_ikea_asm.FRAMES


def test_that_without_videos_and_poses_the_actions_are_still_there(place, tmp_path):
    root = made_ikea_asm.make(tmp_path / "raw")
    *_, done = said = list(prepare(spec_of(place, "ikea-asm", root, draft_poses=True)))
    assert "18 steps" in done.summary
    assert any(each.startswith("Without 2D poses: 4 clips") for each in notes_of(said))


# ---- all the way ----


@pytest.mark.slow
def test_that_a_forecaster_trains_on_what_was_prepared_from_the_raw_folder(place, tmp_path):
    root = made_mpii_cooking.make(tmp_path / "raw", rounds=3, videos=True)
    for clip in CLIPS:
        make_predictions(tmp_path / "poses" / f"{clip}-cam-002", FIRST + LASTS * len(RECIPE) * 3, scale=SMALL)

    def posecast(*arguments):
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        assert result.exit_code == 0, result.output
        return result.output

    said = posecast(
        "prepare", "mpii-cooking-2", root, place, "--poses", tmp_path / "poses", "--draft-poses"
    )  # fmt: skip
    assert f"{18 * len(CLIPS)} steps of 6 actions" in said
    run = tmp_path / "run"
    posecast("train", "forecaster/smoke", "steps=40", "validate_every=20", "--project", place, "--out", run)
    report = posecast("evaluate", run, "--split", "test")
    assert "26 windows of 2 clips, 5 steps ahead" in report
    rows = {
        line.split("|")[1].strip(): line.split("|")[2].strip()
        for line in report.splitlines()
        if line.startswith("|") and " %" in line
    }
    assert rows["n-gram, order 1 (chosen)"] == "100.0 %", "what is done goes round a recipe"
    assert float(rows["run"].rstrip(" %")) > 100 / 6, "better than a guess among six clusters"
