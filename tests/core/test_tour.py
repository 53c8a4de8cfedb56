"""The tour and `render`: the shipped demo and checkpoint, seen without a window."""

import numpy as np
import pytest

from core.bodies.skeletons import UPPER_BODY_9
from core.opencv import cv2
from core.picturing import ClipPainter, render_clip, sheet
from core.project.store import ProjectStore
from core.rendering.overlay import Words, draw_chip, draw_skeleton, fitted, ink_on
from core.tour import take_tour
from core.video import open_video


@pytest.mark.slow
def test_that_the_tour_tells_what_was_forecast_and_shows_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    said: list[str] = []
    report = take_tour(tmp_path / "out", say=said.append)
    text = "\n".join(said)
    assert f"{report.right} of {len(report.forecast.steps)} actions as they came" in text
    assert all(step.action in text for step in report.forecast.steps)
    assert report.known == len(report.forecast.steps) == 5
    for picture in (*report.pictures,):
        image = cv2.imread(picture)
        assert image.std() > 5, picture
    with open_video(report.video) as film, ProjectStore.open(tmp_path / "data/posecast/Demo kitchen", "", mode="read"):
        assert 10 <= film.duration_s <= 13
        assert film.height > 360  # the strip of actions stands below the frame


@pytest.mark.slow
def test_that_rendering_draws_joints_on_the_frame_it_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    from core.demo import open_demo

    with ProjectStore.open(open_demo(), "", mode="read") as store:
        clip = next(iter(store.project.clips.values()))
        assert render_clip(store, clip, tmp_path / "one.png", start_s=10.0) == 1
        assert render_clip(store, clip, tmp_path / "some.mp4", start_s=10.0, end_s=10.5) == 16
        with open_video(store.video_path(clip)) as video:
            plain, drawn = video.frame(300), ClipPainter(store, clip, video).annotated(300)
    picture = cv2.cvtColor(cv2.imread(str(tmp_path / "one.png")), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(picture, drawn)
    changed = np.any(plain != drawn, axis=-1).mean()
    assert 0.002 < changed < 0.2


def test_that_a_dashed_skeleton_covers_less_than_a_solid_one_and_an_unseen_one_nothing():
    joints = np.array([[50, 10], [50, 30], [30, 32], [25, 60], [20, 85], [70, 32], [75, 60], [80, 85], [50, 90]], float)
    seen = np.ones(9, bool)
    inked = []
    for options in ({}, {"dashed": True}, None):
        picture = np.zeros((100, 100, 3), np.uint8)
        draw_skeleton(
            picture, UPPER_BODY_9, joints, seen if options is not None else ~seen, bones="#ffffff", **options or {}
        )
        inked.append((picture.min(-1) > 200).sum())
    solid, dashed, unseen = inked
    assert solid > 1.3 * dashed > 0
    assert unseen == 0


def test_that_words_on_a_chip_can_be_read_on_any_label():
    assert ink_on("#F1D146") != ink_on("#2B2F3A")
    picture = np.zeros((40, 200, 3), np.uint8)
    width, height = draw_chip(picture, Words("pick up  92 %", ink_on("#70F1A7"), 14), (4, 4), "#70F1A7")
    assert picture[4 + height // 2, 8].tolist() == [0x70, 0xF1, 0xA7]
    assert not picture[:, width + 5 :].any()


def test_that_long_words_end_in_dots_within_their_width():
    assert fitted("put", 12, "SemiBold", 200) == "put"
    cut = fitted("attach drawer back panel", 12, "SemiBold", 80)
    assert cut.endswith("…")
    assert len(cut) < len("attach drawer back panel")


def test_that_a_sheet_holds_every_picture_once():
    pictures = [np.full((4, 6, 3), 10 * number, np.uint8) for number in range(1, 6)]
    whole = sheet(pictures, columns=3, gap=1)
    assert whole.shape == (2 * 5 + 1, 3 * 7 + 1, 3)
    assert [(whole == 10 * number).all(-1).sum() for number in range(1, 6)] == [24] * 5
