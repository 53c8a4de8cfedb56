"""Forecasts beside what came as files: what each holds, where people stand in it, and what is refused.

Forecasts are made up: nine joints before a level camera, some right and some wrong, with times or without.
"""

import re

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from core.bodies.skeletons import UPPER_BODY_9
from core.comparisons import Compared, Comparison, load, on_ground, save
from core.errors import CoreError, FileError, FormatError
from core.exporting.comparison import ENDINGS, export, targets
from core.exporting.comparison_cells import Look, People
from core.exporting.comparison_figure import FigureWish, error_words, figure, rows_of, score_words
from core.forecast_cameras import lens_camera, standing_where_seen
from core.forecasts import Forecast, ForecastStep, Lens, StepTime
from core.geometry.cameras import pinhole, project
from core.picturing import steps_table
from core.project.store import ProjectStore
from core.rendering.probe import gl_problem
from core.run_folder import RunFolder
from core.runner import record
from core.runs import Done, ExportComparison, Failed
from core.video import open_video
from tests.core.made_up_project import ACTIONS, FOCAL, HEIGHT, WIDTH, pose_of
from tests.core.project_on_disk import project_on_disk

NECK = UPPER_BODY_9["neck"]
LENS = Lens(
    rotation=((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)), translation_m=(0.1, -0.2, 2.5),
    focal_px=(FOCAL, FOCAL), centre_px=((WIDTH - 1) / 2, (HEIGHT - 1) / 2), width=WIDTH, height=HEIGHT,
)  # fmt: skip
needs_3d = pytest.mark.skipif(bool(gl_problem()), reason="no 3D here")


def triples(points) -> tuple:
    return tuple(tuple(float(part) for part in point) for point in points)


def forecast_of(clip, poses, *, model="one", shift=0, times=True, lens: Lens | None = LENS) -> Forecast:
    """Three steps after the fourth pose; `shift` says other actions than came."""
    random, steps = np.random.default_rng(3 + shift), []
    at_frame = clip.poses[3].frame + 2
    for at, pose in enumerate(clip.poses[4:7]):
        true = ACTIONS.index(clip.name_of(pose))
        said_m, true_m = pose_of((true + shift) % 4, random), pose_of(true, random)
        joints_px = project(said_m, lens_camera(LENS))
        instant = (pose.frame - at_frame) / clip.video.rate_hz
        steps.append(
            ForecastStep(
                action=ACTIONS[(true + shift) % 4], confidence=0.6, best=((ACTIONS[true], 0.6),),
                joints_m=triples(said_m), joints_px=triples(joints_px), truth_action=ACTIONS[true],
                truth_frame=pose.frame, truth_px=triples(poses[pose.frame]), truth_seen=(True,) * 9,
                truth_m=triples(true_m), error_px=10.0 + at, error_mm=100.0 + at,
                time=StepTime(start_s=instant - 0.5, pose_s=instant + 0.1, end_s=instant + 0.6, low_s=instant - 1,
                              high_s=instant + 1) if times else None,
            )
        )  # fmt: skip
    return Forecast(model=model, clip_id=clip.id, at_frame=at_frame, lens=lens, camera_estimated=False,
                    seen_frames=tuple(each.frame for each in clip.poses[:4]), seen_actions=ACTIONS,
                    steps=tuple(steps), doubts=("Drawn flat.",))  # fmt: skip


class _Named:
    """A clip that says which action a pose belongs to."""

    def __init__(self, store: ProjectStore, number: int) -> None:
        self._clip, self._labels = list(store.project.clips.values())[number], store.project.labels

    def __getattr__(self, name: str):
        return getattr(self._clip, name)

    def name_of(self, pose) -> str:
        segment = next(each for each in self._clip.segments if each.start_frame <= pose.frame < each.end_frame)
        return self._labels[segment.action].name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects") / "made up"
    project_on_disk(folder, clips=2, film=True)
    return folder


@pytest.fixture
def store(folder):
    with ProjectStore.open(folder, "", mode="read") as store:
        yield store


def comparison_of(store, number=0, *, times=True, lens: Lens | None = LENS) -> Comparison:
    clip = _Named(store, number)
    poses = np.asarray(store.tracks(clip.tracks).joints_px[:, 0], float)
    said = [
        forecast_of(clip, poses, model=name, shift=shift, times=times, lens=lens)
        for name, shift in (("a", 0), ("b", 1))
    ]
    return Comparison(
        clip_id=clip.id, at_frame=said[0].at_frame, command="posecast compare a b",
        compared=(Compared(name="run-a", colour="#4fc7cf", forecast=said[0], note="recommended"),
                  Compared(name="run-b", colour="#e887b6", forecast=said[1])),
    )  # fmt: skip


def asked(file, **more) -> ExportComparison:
    return ExportComparison(project="", out=str(file.parent), file=str(file), **({"people": "joints"} | more))


def made(store, comparisons, wish):
    return drained(export(store, comparisons, wish))


def drained(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


# ---- values ---------------------------------------------------------------------------------------------------------


def test_that_a_comparison_comes_back_from_its_file_as_it_was(store, tmp_path):
    every = [comparison_of(store), comparison_of(store, 1)]
    save(every, tmp_path / "comparison.json")
    assert load(tmp_path / "comparison.json") == every
    (tmp_path / "bad.json").write_text('[{"clip_id": 3}]')
    with pytest.raises(FormatError, match="holds no forecasts"):
        load(tmp_path / "bad.json")
    with pytest.raises(FormatError, match="cannot be read"):
        load(tmp_path / "none.json")


def test_that_a_runs_colour_has_a_twin_on_each_ground_and_others_stay():
    assert on_ground("#4FC7CF", is_dark=False) == "#0c7c85"
    assert on_ground("#0c7c85", is_dark=True) == "#4fc7cf"
    assert on_ground("#123456", is_dark=True) == on_ground("#123456", is_dark=False) == "#123456"


# ---- cameras --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth_m", [1.2, 2.5, 6.0])
def test_that_somebody_seen_elsewhere_is_drawn_where_and_as_large_as_seen(depth_m):
    joints_m = pose_of(1, np.random.default_rng(4))
    there = replace(LENS, translation_m=(-0.4, 0.1, depth_m))
    seen_px = project(joints_m, lens_camera(there))
    camera = standing_where_seen(lens_camera(LENS), joints_m, seen_px, np.ones(9, bool))
    drawn_px = pinhole(joints_m @ camera.rotation.T + camera.translation_m, camera)
    np.testing.assert_allclose(drawn_px, seen_px, atol=1.5)


# ---- the figure -----------------------------------------------------------------------------------------------------


def test_that_a_cell_has_its_joints_where_the_picture_has_them(store):
    comparison = comparison_of(store)
    with People(store, comparison, Look(people="joints")) as people:
        step = people.forecasts[0].steps[0]
        plain = people.came(replace(step, truth_seen=(False,) * 9), 400, 300)
        joints = people.came(step, 400, 300)
        corner, scale = people._crop(np.asarray(step.truth_px), np.ones(9, bool), 400, 300)
    differs = (plain != joints).any(-1)
    assert differs.any()
    for joint in (NECK, UPPER_BODY_9["right_hand"]):
        x, y = np.round((np.asarray(step.truth_px[joint]) - corner) * scale - 0.5).astype(int)
        assert differs[y, x]


def test_that_the_video_in_a_cell_is_the_videos_own_pixels_moved_and_scaled(store):
    comparison = comparison_of(store)
    clip = store.project.clips[comparison.clip_id]
    with People(store, comparison, Look(people="joints")) as people, open_video(store.video_path(clip)) as video:
        whole = people._frame(7, np.array([-0.5, -0.5]), 1.0, WIDTH, HEIGHT, 0.0)
        np.testing.assert_array_equal(whole, video.frame(7))
        half = people._frame(7, np.array([-0.5, -0.5]), 0.5, WIDTH // 2, HEIGHT // 2, 0.0)
        means = video.frame(7).reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 3).mean((1, 3))
        assert np.abs(half - means).mean() < 1.0


def test_that_all_poses_of_a_moment_are_at_one_scale_with_the_neck_at_one_place(store):
    with People(store, comparison_of(store), Look(people="joints", over="plain")) as people:
        places = []
        for forecast in people.forecasts:
            for step in forecast.steps:
                joints_px = np.asarray(step.joints_px)
                corner, scale = people._crop(joints_px, np.ones(9, bool), 400, 300, inside=False)
                places.append(((joints_px[NECK] - corner) * scale, scale))
                inside = (joints_px - corner) * scale
                assert (inside > 0).all()
                assert (inside < (400, 300)).all()
    for place, scale in places:
        np.testing.assert_allclose(place, places[0][0])
        assert scale == places[0][1]


def test_that_the_figure_says_actions_verdicts_errors_and_times(store):
    comparison = comparison_of(store)
    with People(store, comparison, Look(people="joints")) as people:
        page = figure(store.project, people, FigureWish(steps=2))
        lined = rows_of(people, FigureWish())
    words = [each.text for each in page.written]
    assert words.count("✓") == 2
    assert words.count("✗") == 2
    assert {"What came", "run-a", "run-b", "recommended", "101 mm", "100 mm", "60 %", "Seen"} <= set(words)
    assert "100 mm · 2 of 2" in words  # of the two steps that are shown
    assert any(each.endswith("· 0 of 2") for each in words)
    assert f"+{lined.rows[0].seconds:.1f} s" in words
    assert "1 more step is not shown." in " ".join(words)
    assert page.width == pytest.approx(504.0)


def test_that_who_knows_no_doubt_has_no_share_beside_an_action_anywhere(store):
    comparison = comparison_of(store)
    again = [replace(step, knows_doubt=False, best=()) for step in comparison.compared[1].forecast.steps]
    said = replace(comparison.compared[1].forecast, steps=tuple(again))
    both = comparison.compared[0], replace(comparison.compared[1], forecast=said)
    with People(store, replace(comparison, compared=both), Look(people="joints")) as people:
        shares = [each for each in figure(store.project, people, FigureWish()).written if each.text.endswith(" %")]
    assert len(shares) == len(comparison.compared[0].forecast.steps)
    assert np.ptp([each.left for each in shares]) < 92, "they stand in the first column alone"
    assert "60 %" not in steps_table(said)
    assert "60 %" in steps_table(comparison.compared[0].forecast)


def test_that_a_colour_used_again_is_hatched_in_the_figure(store):
    one = comparison_of(store)
    again = replace(one.compared[1], colour=one.compared[0].colour, round=1)
    grounds = []
    for compared in (one.compared[0], again), (one.compared[0], replace(again, round=0)):
        with People(store, replace(one, compared=compared), Look(people="joints", over="plain")) as people:
            grounds.append(figure(store.project, people, FigureWish(steps=1)).pixels())
    inked = [(each == (0x4F, 0xC7, 0xCF)).all(-1).sum() for each in grounds]
    assert 0.5 * inked[1] < inked[0] < inked[1]


def test_that_many_runs_make_the_page_wider_and_never_the_cells_too_small(store):
    one = comparison_of(store)
    many = replace(one, compared=one.compared * 4)
    with People(store, many, Look(people="joints")) as people:
        page = figure(store.project, people, FigureWish(steps=1, with_past=False))
    assert page.width > 504
    left = sorted(each.left for each in page.written if each.text in ("run-a", "run-b"))
    assert min(np.diff(left)) >= 92


def test_that_an_unmarked_future_and_a_missing_step_are_said_and_not_invented(store):
    comparison = comparison_of(store)
    blank = {"truth_action": None, "truth_frame": None, "truth_px": None, "truth_seen": None, "truth_m": None,
             "error_px": None, "error_mm": None}  # fmt: skip
    unknown = [
        replace(each, forecast=replace(each.forecast, steps=tuple(replace(step, **blank) for step in steps)))
        for each, steps in zip(
            comparison.compared, (comparison.compared[0].forecast.steps, comparison.compared[1].forecast.steps[:2]),
            strict=True,
        )
    ]  # fmt: skip
    with People(store, replace(comparison, compared=tuple(unknown)), Look(people="joints")) as people:
        words = [each.text for each in figure(store.project, people, FigureWish()).written]
    assert words.count("not marked yet") == 3
    assert words.count("no step here") == 1
    assert not {"✓", "✗"} & set(words)


def test_that_scores_are_of_the_steps_shown(store):
    forecast = comparison_of(store).compared[0].forecast
    assert score_words(forecast, 3) == ("101 mm", "3 of 3")
    assert score_words(forecast, 1) == ("100 mm", "1 of 1")
    in_px = replace(forecast, steps=tuple(replace(step, error_mm=None) for step in forecast.steps))
    assert score_words(in_px, 3) == ("11.0 px", "3 of 3")
    assert error_words(in_px.steps[0]) == "10.0 px"


@needs_3d
@pytest.mark.slow
def test_that_bodies_stand_where_their_joints_are(store):
    comparison = comparison_of(store)
    with People(store, comparison, Look(people="body", over="plain")) as people:
        step = people.forecasts[0].steps[0]
        cell = people.foreseen(0, step, 360, 300)
        corner, scale = people._crop(np.asarray(step.joints_px), np.ones(9, bool), 360, 300, inside=False)
    body = (np.abs(cell.astype(int) - cell[2, 2]) > 12).any(-1)
    for joint in ("neck", "hip", "right_shoulder", "left_shoulder"):
        x, y = np.round((np.asarray(step.joints_px[UPPER_BODY_9[joint]]) - corner) * scale).astype(int)
        assert body[y - 2 : y + 3, x - 2 : x + 3].any()
    assert 0.02 < body.mean() < 0.7


# ---- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_that_each_moment_becomes_a_picture_that_says_whose_it_is(store, tmp_path, ending):
    every = [comparison_of(store), comparison_of(store, 1)]  # the second clip has no video
    done = made(store, every, asked(tmp_path / f"figure{ending}", steps=1))
    assert [each.name for each in done.files] == [f"figure{ending}", f"figure-2{ending}"]
    for file in done.files:
        with Image.open(file) as image:
            assert image.size[0] == 2016
            said = image.info["Copyright"] if ending == ".png" else image.info["comment"].decode()
            assert "no body's licence" in said
            assert "posecast compare a b" in str(image.info)


def test_that_a_pdf_has_a_page_a_moment(store, tmp_path):
    made(store, [comparison_of(store), comparison_of(store, 1)], asked(tmp_path / "figure.pdf", steps=1))
    assert (tmp_path / "figure.pdf").read_bytes().count(b"/Type /Page ") == 2


@pytest.mark.parametrize("times", [True, False])
def test_that_a_film_runs_over_the_clock_of_the_future(store, tmp_path, times):
    comparison = comparison_of(store, times=times)
    done = made(store, [comparison], asked(tmp_path / "film.mp4", steps=2, rate_hz=2.0))
    clip = store.project.clips[comparison.clip_id]
    last = comparison.compared[0].forecast.steps[1].truth_frame
    seconds = (last - comparison.at_frame) / clip.video.rate_hz + 0.8
    with open_video(tmp_path / "film.mp4") as film:
        assert len(film) == pytest.approx(2 * seconds + 1, abs=1)
        first, final = film.frame(0), film.frame(len(film) - 1)
    assert np.abs(first.astype(int) - final).mean() > 1
    assert "a film of" in done.says


def test_that_a_page_of_figures_needs_no_other_file_and_has_all_its_tables(store, tmp_path):
    strange = replace(comparison_of(store), why="<b>most</b> apart.")
    made(store, [strange, comparison_of(store, 1)], asked(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert text.count("data:image/jpeg;base64,") == 2
    assert text.count("Step by step") == text.count("Error by joint, mm") == 2
    assert text.count("✓") == 6
    assert text.count("✗") == 6
    assert "&lt;b&gt;most&lt;/b&gt;" in text
    assert "posecast compare a b" in text
    assert "Right hand" in text
    assert ">Neck<" not in text  # it is where all are laid on each other: no error to tell


def test_that_a_run_exports_what_its_folder_holds(store, folder, tmp_path):
    run = RunFolder(tmp_path / "export-01")
    wish = replace(asked(tmp_path / "figure.png", steps=1), project=str(folder), out=str(run.path))
    run.write_spec(wish)
    save([comparison_of(store)], run.path / wish.forecasts)
    events = list(record(run))
    assert isinstance(events[-1], Done)
    assert (tmp_path / "figure.png").is_file()
    (run.path / wish.forecasts).write_text("nonsense")
    assert isinstance(list(record(run))[-1], Failed)


def test_that_what_cannot_be_is_refused_before_anything_is_made(store, tmp_path):
    one = comparison_of(store)
    with pytest.raises(FileError, match=r"not written as \.gif"):
        made(store, [one], asked(tmp_path / "figure.gif"))
    with pytest.raises(FileError, match="no folder"):
        made(store, [one], asked(tmp_path / "none" / "figure.png"))
    with pytest.raises(FileError, match="nothing to compare"):
        made(store, [], asked(tmp_path / "figure.png"))
    with pytest.raises(CoreError, match="no longer in the project"):
        made(store, [replace(one, clip_id="gone")], asked(tmp_path / "figure.png"))
    empty = tuple(replace(each, forecast=replace(each.forecast, steps=())) for each in one.compared)
    with pytest.raises(CoreError, match="Nothing is forecast"):
        made(store, [replace(one, compared=empty)], asked(tmp_path / "figure.png"))
    (tmp_path / "figure.png").write_bytes(b"mine")
    with pytest.raises(FileError, match="is there already"):
        made(store, [one], asked(tmp_path / "figure.png"))
    assert (tmp_path / "figure.png").read_bytes() == b"mine"
    assert [each.name for each in tmp_path.iterdir()] == ["figure.png"]
    assert targets(tmp_path / "figure.png", 1, replaces=True)
    assert set(ENDINGS) == {".png", ".jpg", ".pdf", ".mp4", ".html"}
