"""The Generate page: a question asked at every change, samples that stream in beside each other, one clock for all.

A stand-in makes walks in this process, after a turn of the event loop; one test asks the real process and a tiny,
untrained model.
"""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSlider, QToolButton

from core import configs
from core.bodies.skeletons import UPPER_BODY_9
from core.forecasts import Forecast, ForecastStep, Refusal
from core.generations import Anchor, Locked, NotGenerated, Part, Past, packed
from core.motion import Motion
from core.project import edits
from core.run_folder import RunFolder
from core.runs import Done, TrainPoseGpt
from studio import motion_models, theme
from studio.commands import BY_NAME, PAGE_OF
from studio.data_sets import DataSets
from studio.document import Document
from studio.jobs import Jobs
from studio.models_client import ModelsClient
from studio.pages.generate import GeneratePage
from studio.pages.generate_cards import CardFacts
from studio.pages.generate_moving import Moving, ends_of, form_of
from studio.pages.generate_pasts import PoseChoice
from studio.pages.generate_space import APART_M, standing_of
from studio.widgets.posed import PosedBody
from tests.core.project_on_disk import project_on_disk
from tests.studio.stand_ins import GeneratingModels, display, made_sample

BODY = "built-in/smpl/neutral"


def motion_run(folder, name="motion-01"):
    """The folder a training of a motion model leaves; what its weights are is the warm process's business."""
    out = folder / "runs" / name
    kept = RunFolder(out)
    config = configs.PRESETS["posegpt/smoke"]()
    assert isinstance(config, configs.PoseGpt)
    kept.write_spec(TrainPoseGpt(project=str(folder), out=str(out), config=config))
    (out / "best.safetensors").write_bytes(b"")
    kept.append(Done(summary="trained"))
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects") / "made up"
    project_on_disk(folder, clips=3)
    motion_run(folder)
    return folder


@pytest.fixture
def page_of(qtbot, qapp, folder, monkeypatch, tmp_path):
    """The page on the made-up project, asked by `GeneratingModels`."""
    monkeypatch.setattr(motion_models, "shipped_checkpoints", lambda _: {})
    theme.apply(qapp, theme.DARK)
    document, jobs = Document("test"), Jobs()
    sets = DataSets(document, jobs)
    made = []

    def make(models, *, runs=folder / "runs"):
        page = GeneratePage(document, jobs, models, display(tmp_path), sets)
        qtbot.addWidget(page)
        page.resize(1500, 900)
        page.space.viewport.is_settled = lambda: True  # the picture in space has tests of its own
        document.open(folder)
        jobs.watch(runs)
        qtbot.waitUntil(jobs.is_settled)
        made.append(page)
        page.show()
        return page

    yield make
    for page in made:
        page.close()
        page.close_page()
    jobs.watch(None)
    document.close_project()
    sets.wait()


@pytest.fixture
def models():
    return GeneratingModels()


@pytest.fixture
def page(page_of, models, qtbot):
    """The page with its first answer."""
    made = page_of(models)
    qtbot.waitUntil(lambda: bool(made.generating.shown) and made.is_settled(), timeout=20_000)
    return made


def settle(page, qtbot):
    qtbot.waitUntil(page.is_settled, timeout=20_000)


def test_that_a_quick_model_is_asked_at_once_about_what_it_learned_most_of(page, models):
    (recipe,) = models.recipes
    assert recipe.story == (Part(actions=("walk",), seconds=4.0),)
    assert recipe.model == page.models.run
    assert len(page.generating.shown) == 4
    assert [card.facts.number for card in page.cards.cards] == [1, 2, 3, 4]
    assert "likely 0.70, feet slip" in page.cards.cards[1].accessibleName()
    assert "of 4.00 s" in page.space.viewport.caption()
    assert "all four" in page.space.viewport.caption()


def test_that_every_change_is_asked_once_it_stands_still_and_only_the_last_of_many(page, models, qtbot):
    for seconds in (1.0, 1.5, 2.0, 2.5):
        page.panel.duration.slider.setValue(round((seconds - 0.1) / 0.1))
    settle(page, qtbot)
    assert [each.seconds for each in models.recipes] == [4.0, 2.5]
    assert page.generating.frames == 75
    page.panel.seed.setValue(5)
    settle(page, qtbot)
    assert models.recipes[-1].seed == 5


def test_that_a_slow_model_is_asked_only_when_told_to(page_of, models, qtbot):
    models.ms_a_token = 200.0
    page = page_of(models)
    settle(page, qtbot)
    assert not models.recipes
    assert page.states.words() == "Nothing generated yet"
    assert not page.panel.again.isChecked()
    qtbot.mouseClick(page.panel.button, Qt.MouseButton.LeftButton)
    settle(page, qtbot)
    assert len(models.recipes) == 1
    assert len(page.generating.shown) == 4
    # Now it is known to be quick here, and the next change is asked by itself.
    assert page.panel.again.isChecked()


def test_that_again_at_every_change_can_be_switched_off(page, models, qtbot):
    qtbot.mouseClick(page.panel.again, Qt.MouseButton.LeftButton)
    page.panel.seed.setValue(17)
    qtbot.wait(120)
    assert len(models.recipes) == 1
    page.commands()["generate"]()
    settle(page, qtbot)
    assert models.recipes[-1].seed == 17


def test_that_an_answer_takes_the_place_of_the_one_before_sample_by_sample_and_nothing_blanks(page, models, qtbot):
    models.rest_after_ms = 150
    page.generating.seek(90)  # the first half of the new answer does not reach it
    before = [each.sample for each in page.generating.shown]
    page.panel.seed.setValue(99)
    qtbot.waitUntil(lambda: len(models.recipes) == 2)
    qtbot.wait(60)
    assert [each.sample for each in page.generating.shown] == before
    assert "question before" in page.space.viewport.caption()
    page.generating.seek(20)  # now it does
    assert all(not each.is_whole for each in page.generating.shown)
    assert page.generating.settled == 30
    assert "still moving from 1.00 s" in page.clock.groove.accessibleDescription()
    assert page.cards.cards[0].facts.words == "still coming"
    assert not page.cards.cards[0].keep.isEnabled()
    settle(page, qtbot)
    assert all(each.is_whole and each.asked.seed == 99 for each in page.generating.shown)
    assert page.generating.settled == page.generating.frames


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)", extend=True)
def test_that_an_unknown_action_is_not_asked_and_the_nearest_are_offered(page, models, qtbot):
    page.panel.action.setFocus()
    page.panel.action.selectAll()
    qtbot.keyClicks(page.panel.action, "wallk")
    qtbot.keyClick(page.panel.action, Qt.Key.Key_Return)
    assert page.panel._unknown.text() == '"wallk" is not an action of this model'
    assert page.panel.action.text() == "wallk"
    assert not page.panel.button.isEnabled()
    qtbot.wait(20)  # what was there before goes with a turn of the event loop
    chips = page.panel._nearest.findChildren(QPushButton)
    assert chips[0].text() == "walk"
    qtbot.mouseClick(next(each for each in chips if each.text() == "walk-left"), Qt.MouseButton.LeftButton)
    settle(page, qtbot)
    assert models.recipes[-1].story[0].actions == ("walk-left",)
    assert page.panel._refusal.isHidden()
    assert page.panel.button.isEnabled()


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)", extend=True)
def test_that_two_actions_at_once_are_typed_with_a_plus(page, models, qtbot):
    page.panel.action.setFocus()
    page.panel.action.selectAll()
    qtbot.keyClicks(page.panel.action, "Walk + wave")
    qtbot.keyClick(page.panel.action, Qt.Key.Key_Return)
    settle(page, qtbot)
    assert models.recipes[-1].story[0].actions == ("walk", "wave")


def test_that_enter_in_a_field_keeps_nothing_and_del_throws_nothing_away(page, qtbot):
    shown = list(page.generating.shown)
    for field in (page.panel.action, page.panel.seed.lineEdit(), page.panel.duration.number.lineEdit()):
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Delete):
            event = _override(key)
            assert page.panel._keys.eventFilter(field, event)
            assert event.isAccepted()
    assert page.generating.shown == shown


def _override(key):
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent

    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    return event


def test_that_longer_than_the_model_is_said_before_it_is_asked(page, models, qtbot):
    assert page.panel._note.isHidden()
    page.panel.duration.number.setValue(14.0)
    assert page.panel._note.text() == "14 s is beyond this model's 4 s: made in stretches, joined."
    settle(page, qtbot)
    assert models.recipes[-1].seconds == 14.0


def test_that_a_refusal_stands_beside_what_is_shown_and_takes_nothing_away(page, models, qtbot):
    models.refuse_motion_with = NotGenerated(number=0, refusal=Refusal(message="a.npz: no room", hint="Free some."))
    page.panel.seed.setValue(1)
    settle(page, qtbot)
    assert page._beside.text() == "a.npz: no room. Free some."
    assert len(page.generating.shown) == 4
    models.refuse_motion_with = None
    page.panel.seed.setValue(2)
    settle(page, qtbot)
    assert page._beside.text() == "made for a test"


def test_that_without_a_model_the_way_to_one_is_shown(page_of, models, qtbot, tmp_path):
    (tmp_path / "none").mkdir()
    page = page_of(models, runs=tmp_path / "none")
    settle(page, qtbot)
    assert page.states.words() == "No motion model yet"
    asked = []
    page.asks.connect(asked.append)
    button = next(each for each in page.states.findChildren(QPushButton) if each.text() == "Train one")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked == ["page-train"]
    assert not page.panel.button.isEnabled()
    assert page.panel.model.placeholderText() == "None yet"
    assert page.panel.duration.number.value() == 4.0


def test_that_a_damaged_model_is_said_in_words(page_of, models, qtbot):
    models.about_refusal = Refusal(message="best.safetensors is cut off.", hint="Copy it again.")
    page = page_of(models)
    settle(page, qtbot)
    assert page.states.words() == "motion-01 cannot be used"
    assert "cut off" in " ".join(each.text() for each in page.states.findChildren(QLabel))
    models.about_refusal = None  # copied again, and looked at again
    page.hide()
    page.show()
    qtbot.waitUntil(lambda: bool(page.generating.shown) and page.is_settled(), timeout=20_000)


def test_that_all_samples_share_one_clock_and_space_plays_it_round(page, qtbot):
    page.commands()["to-end"]()
    assert page.generating.frame == 119
    page.commands()["step"]()
    assert page.generating.frame == 119
    page.commands()["step-back-10"]()
    assert page.generating.frame == 109
    page.commands()["play"]()
    qtbot.waitUntil(lambda: page.generating.frame < 60, timeout=5000)  # it loops
    page.commands()["play-stop"]()
    for shown, body in zip(page.generating.shown, page.space.viewport.standing()[0].bodies, strict=True):
        frame = page.generating.frame
        place_m = Moving(shown.sample.motion).places_m[frame]
        np.testing.assert_allclose(body.pose.translation_m, place_m, atol=1e-4)


def test_that_samples_stand_side_by_side_on_top_or_alone(page):
    def moved():
        return [each.moved_m for each in page.space.viewport.standing()[0].bodies]

    apart = np.linalg.norm(np.diff(np.array(moved()), axis=0), axis=1)
    np.testing.assert_allclose(apart, APART_M, atol=1e-6)
    # Across the way they face, which is z: nobody walks through another.
    np.testing.assert_allclose(np.array(moved())[:, 2], 0, atol=1e-6)
    page.commands()["arrangement"]()
    page.generating.seek(40)
    page._draw()
    assert moved() == [(0.0, 0.0, 0.0)] * 4
    (standing,) = page.space.viewport.standing()
    assert [(each.opacity, each.label) for each in standing.bodies] == [(1.0, "1"), *[(0.42, "")] * 3]
    assert len(standing.trails) == 4 * bool(page.generating.frame)  # of the chosen one alone
    page.commands()["sample-3"]()
    page.commands()["arrangement"]()
    page._draw()
    (alone,) = page.space.viewport.standing()[0].bodies
    assert alone.label == "3"
    assert alone.colour == page.generating.colour(2)


def test_that_ghosts_are_of_the_sample_and_before_its_first_frame_of_the_past_in_the_colour_of_truth(page):
    scene = page.space.scene
    turns = np.tile(np.eye(3, dtype=np.float32), (30, 24, 1, 1))
    past = packed(Motion(made_motion_skeleton(), 30.0, turns, np.linspace([0, 1, -1], [0, 1, 0], 30)))
    from dataclasses import replace

    early = standing_of(replace(scene, past=past, frame=18), page.moving, "one").ghosts
    assert [each.colour for each in early] == [scene.colours[0], theme.DARK.truth]
    ways_m = [each.pose.translation_m[2] for each in early if isinstance(each, PosedBody)]
    assert ways_m == pytest.approx([0.5 * 6 / 30, np.linspace(-1, 0, 30)[30 - 6]], abs=1e-4)
    assert not standing_of(replace(scene, frame=0), page.moving, "one").ghosts


def made_motion_skeleton():
    from core.bodies.skeletons import SMPL_24

    return SMPL_24


def test_that_trails_go_with_hands_and_feet(page, qtbot):
    page.generating.seek(60)
    settle(page, qtbot)
    sample = page.generating.shown[0].sample
    ends_m = ends_of(sample.motion, form_of(BODY, None))
    trails = page.space.viewport.standing()[0].trails
    assert len(trails) == 16
    moved = page.space.viewport.standing()[0].bodies[0].moved_m
    np.testing.assert_allclose(trails[0].points_m[-1], ends_m[60, 0] + np.array(moved), atol=1e-5)
    np.testing.assert_allclose(trails[0].points_m[0], ends_m[42, 0] + np.array(moved), atol=1e-5)


def test_that_a_taller_body_stands_on_the_same_ground(page, qtbot):
    page.panel.height_field.number.setValue(1.90)
    settle(page, qtbot)
    form = form_of(BODY, 1.90)
    assert form.height_m == pytest.approx(1.90, abs=2e-3)
    body = page.space.viewport.standing()[0].bodies[0]
    assert body.pose.betas == form.betas
    from core.bodies import library

    tall, _ = library.body(BODY).rest(np.array(form.betas))
    plain, _ = library.body(BODY).rest()
    assert tall[:, 1].min() + form.lift_m == pytest.approx(plain[:, 1].min(), abs=1e-5)


def test_that_number_keys_choose_and_del_throws_away(page):
    page.commands()["sample-4"]()
    assert page.generating.chosen == 3
    assert page.cards.cards[3].isChecked()
    page.commands()["throw-away"]()
    assert len(page.generating.shown) == 3
    assert page.generating.chosen == 2
    assert page.cards.cards[3].isHidden()
    page.commands()["sample-8"]()
    assert page.generating.chosen == 2


def test_that_the_story_is_edited_on_its_track_and_part_by_part_at_the_left(page, models, qtbot):
    story = (Part(actions=("walk",), seconds=2.0), Part(actions=("wave",), seconds=1.0))
    page.line.story_changed.emit(story, ())
    settle(page, qtbot)
    assert models.recipes[-1].story == story
    page.line.part_chosen.emit(1)
    assert page.panel.action.text() == "wave"
    page.panel.duration.number.setValue(3.0)
    settle(page, qtbot)
    assert models.recipes[-1].story == (story[0], Part(actions=("wave",), seconds=3.0))


def test_that_locked_tokens_stay_for_another_seed_and_go_with_another_action(page, models, qtbot):
    codes = page.generating.shown[0].sample.codes
    locked = Locked(codes=codes, keep=((3, 6),))
    before = page.question.recipe.seed
    page.line.resample_wanted.emit(locked)
    settle(page, qtbot)
    assert models.recipes[-1].locked == locked
    assert models.recipes[-1].seed != before
    page.question.name_action("run")
    settle(page, qtbot)
    assert models.recipes[-1].locked is None


def test_that_motion_goes_on_from_the_last_result(page, models, qtbot):
    page.panel.goes_on.past["result"].click()
    settle(page, qtbot)
    past = models.recipes[-1].past
    assert past.source == "the last result"
    assert past.motion.frames == 30
    last = Moving(made_sample(models.recipes[0], 0).motion).places_m[-1]
    np.testing.assert_allclose(Moving(past.motion).places_m[-1], last, atol=1e-6)
    page.panel.goes_on.past["nothing"].click()
    settle(page, qtbot)
    assert models.recipes[-1].past is None


def test_that_motion_goes_on_from_what_a_clips_person_did(page, models, qtbot):
    page._document.seek(80)
    page.panel.goes_on.past["clip"].click()
    qtbot.waitUntil(lambda: models.recipes[-1].past is not None, timeout=60_000)
    past = models.recipes[-1].past
    assert past.source.startswith("clip:")
    assert models.asked[-1].is_sequence
    assert past.motion.skeleton == "SMPL 24"
    assert past.motion.frames == len(models.asked[-1].poses)
    assert "s of it" in page.panel.goes_on._past_words.text()


def test_that_a_model_of_whole_motions_offers_no_past(page_of, models, qtbot):
    models.takes_a_past = False
    page = page_of(models)
    settle(page, qtbot)
    choices = page.panel.goes_on.past
    assert choices["nothing"].isEnabled()
    assert not any(choice.isEnabled() for kind, choice in choices.items() if kind != "nothing")


def test_that_a_past_at_another_rate_is_said(page, qtbot):
    turns = np.tile(np.eye(3, dtype=np.float32), (60, 24, 1, 1))
    motion = packed(Motion(made_motion_skeleton(), 120.0, turns, np.zeros((60, 3), np.float32)))
    page.pasts.came.emit(Past(motion=motion, source="motion:set/walk@0.00-0.50"))
    assert page.panel.goes_on._past_words.text() == "0.5 s of it at 120 frames a second: taken at 30"
    settle(page, qtbot)


def test_that_a_characteristic_pose_becomes_one_to_pass_through(page, models, qtbot):
    (choice, *_) = page.pasts.poses()
    assert isinstance(choice, PoseChoice)
    page.panel.poses.pass_through(choice)
    qtbot.waitUntil(lambda: bool(page.question.recipe.anchors), timeout=60_000)
    (anchor,) = page.question.recipe.anchors
    assert anchor.name == choice.name
    # Of the made-up project nine joints are known: legs that nobody saw are no pose to pass through.
    assert not anchor.rotation_vectors
    assert len(anchor.joints_m) == 9
    assert anchor.at_s == pytest.approx(2.4)
    page.question.change_anchor(0, 1.25)
    assert page.question.recipe.anchors[0].at_s == 1.25
    out = next(each for each in page.panel.poses.findChildren(QToolButton) if "no more" in each.toolTip())
    qtbot.mouseClick(out, Qt.MouseButton.LeftButton)
    assert not page.question.recipe.anchors
    settle(page, qtbot)


def test_that_joints_moved_by_hand_are_passed_through_where_they_were_put(page, models, qtbot):
    (choice, *_) = page.pasts.poses()
    project = page._document.project
    clip = project.clips[choice.clip_id]
    pose = next(each for each in clip.poses if each.frame == choice.frame)
    moved = edits.set_joint_edits(project, clip.id, pose.segment, {"right_hand": (40.0, 50.0, 1.0)})
    assert page._document.edit(moved, "Move a joint")
    page.panel.poses.pass_through(choice)
    qtbot.waitUntil(lambda: bool(page.question.recipe.anchors), timeout=60_000)
    assert models.asked[-1].poses[0].joints[UPPER_BODY_9["right_hand"]] == (40.0, 50.0)
    page._document.undo()
    settle(page, qtbot)


def a_forecast(*actions, clip_id="clip-00"):
    joints_m = ((0.0, 0.5, 0.1), (0.0, 0.4, 0.0), (-0.2, 0.4, 0.0), (-0.3, 0.2, 0.0), (-0.3, 0.0, 0.2))
    joints_m = (*joints_m, (0.2, 0.4, 0.0), (0.3, 0.2, 0.0), (0.3, 0.0, 0.2), (0.0, 0.0, 0.0))
    steps = tuple(
        ForecastStep(action=each, confidence=0.5, best=((each, 0.5),), joints_m=joints_m, joints_px=((0.0, 0.0),) * 9)
        for each in actions
    )
    return Forecast(
        model="forecaster-01", clip_id=clip_id, at_frame=40, seen_frames=(), seen_actions=(), steps=steps,
        camera_estimated=False,
    )  # fmt: skip


def test_that_a_forecast_becomes_a_story_through_its_poses(page, models, qtbot):
    page.panel.goes_on.past["result"].click()
    settle(page, qtbot)
    said = []
    page.says.connect(said.append)
    page.generating.set_again(on=False)
    page.ahead.ask(a_forecast("Wave", "stir", "run"))
    settle(page, qtbot)
    asked = models.recipes[-1]
    assert [part.actions for part in asked.story] == [("wave",), ("walk",), ("run",)]
    assert [each.name for each in asked.anchors] == ["1. Wave", "2. stir", "3. run"]
    ends = np.cumsum([part.seconds for part in asked.story])
    for anchor, start, end in zip(asked.anchors, (0, *ends), ends, strict=False):
        assert start < anchor.at_s < end
    assert asked.past is None
    assert "stir as walk" in said[-1]


def test_that_a_forecast_waits_for_what_the_model_knows(page_of, models, qtbot):
    page = page_of(models)
    page.ahead.ask(a_forecast("run"))
    qtbot.waitUntil(lambda: bool(models.recipes), timeout=20_000)
    settle(page, qtbot)
    assert not page.ahead.is_waiting
    assert [part.actions for part in models.recipes[-1].story] == [("run",)]


def test_that_poses_stay_inside_a_story_that_grows_shorter(page, qtbot):
    page.question.add_anchor(Anchor(at_s=3.5, joints_m=((0.0, 0.0, 0.0),) * 9, name="reach"))
    page.question.change_part(seconds=2.0)
    assert page.question.recipe.anchors[0].at_s == 2.0
    settle(page, qtbot)


def test_that_a_card_says_what_may_be_doubted(page):
    sample = page.generating.shown[0].sample
    from msgspec.structs import replace

    doubted = replace(sample, likely=0.03, doubts=("unusual",), anchors_off_mm=(41.0,))
    assert CardFacts(1, "#ffffff", doubted).words == "likely 0.03, unusual, pose 41 mm off, blended"
    assert CardFacts(1, "#ffffff", sample, is_whole=False).words == "still coming"


def test_that_every_control_has_a_name_and_every_command_a_function(page):
    named = (QPushButton, QToolButton, QComboBox, QSlider)
    nameless = [
        each
        for kind in named
        for each in page.findChildren(kind)
        if not (each.accessibleName() or getattr(each, "text", str)() or each.toolTip())
        and not each.objectName().startswith("qt_")
    ]
    assert not nameless
    offered = set(page.commands())
    wanted = {name for name, each in BY_NAME.items() if each.where == "generate"}
    assert wanted <= offered
    assert all(each in BY_NAME for each in offered)
    assert all("generate" in PAGE_OF[BY_NAME[name].where] or BY_NAME[name].where == "everywhere" for name in offered)


def test_that_nothing_is_cut_in_a_small_window_with_large_words(page, qapp, qtbot):
    theme.apply(qapp, theme.DARK, 130)
    try:
        page.resize(1200, 654)
        qtbot.wait(20)
        for label in page.panel.findChildren(QPushButton):
            if label.isVisible() and not isinstance(label.parent(), QComboBox):
                assert label.width() >= label.minimumSizeHint().width() - 24, label.text()
        assert page.width() == 1200
        assert page.space.viewport.height() >= 120
        assert isinstance(page.grab(), QPixmap)
    finally:
        theme.apply(qapp, theme.DARK)


@pytest.mark.slow
def test_that_the_real_process_makes_motion_with_an_untrained_model(page_of, folder, qtbot):
    from core.models import checkpoints
    from tests.core.generation.made_model import made_config, made_header, made_whole

    config = made_config()
    run = folder / "runs" / "motion-01" / "best.safetensors"
    checkpoints.save(run, made_header(config), made_whole(config).tensors())
    client = ModelsClient()
    try:
        page = page_of(client)
        qtbot.waitUntil(lambda: bool(page.generating.shown), timeout=90_000)
        settle(page, qtbot)
        assert len(page.generating.shown) == 4
        first = [each.sample for each in page.generating.shown]
        page.question.change(samples=2)
        page.generating.generate()
        settle(page, qtbot)
        # Sample k is the same however many are asked for.
        assert [each.sample.codes for each in page.generating.shown] == [each.codes for each in first[:2]]
        page.question.change(story=(Part(actions=("wallk",), seconds=1.0),))
        page.generating.generate()
        qtbot.waitUntil(lambda: page.generating.refused is not None, timeout=20_000)
        assert "walk" in page.generating.refused.nearest
    finally:
        client.close()
        run.write_bytes(b"")
