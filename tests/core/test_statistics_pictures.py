"""Statistics as pictures: every figure is drawn as long, as bright and as often as it is."""

import csv

import numpy as np
import pytest

from core import statistics_pictures
from core.errors import FileError
from core.project.annotations import Project
from core.rendering.offscreen import rgb
from core.statistics import of_clips
from core.statistics_pictures import actions_picture, follows_picture, parts_picture, write_pictures
from tests.core.made_up_project import made_up


@pytest.fixture(scope="module")
def found():
    project = made_up(6, 8).project
    (split, *_) = project.splits.values()
    return of_clips(project, split)


def _pixels(picture, colour):
    return int((picture == np.array(rgb(colour))).all(-1).sum())


def test_that_a_folder_holds_every_picture_and_the_figures_in_tables(found, tmp_path):
    made = write_pictures(found, tmp_path / "out")
    assert {each.name for each in made} == {
        "actions.png", "durations.png", "follows.png", "parts.png", "actions.csv", "follows.csv",
    }  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "out" / "actions.csv").read_text().splitlines()))
    assert {row["action"]: int(row["times"]) for row in rows} == {each.name: each.count for each in found.actions}
    assert write_pictures(found, tmp_path / "out") == made


def test_that_bars_are_as_long_as_actions_are_frequent(found):
    picture = actions_picture(found)
    ink = {each.name: _pixels(picture, each.colour or statistics_pictures.LABEL_COLOURS[at])
           for at, each in enumerate(found.actions)}  # fmt: skip
    first, last = found.actions[0], found.actions[-1]
    assert ink[last.name] / ink[first.name] == pytest.approx(last.count / first.count, rel=0.15)


def test_that_what_always_follows_is_brighter_than_what_never_does(found):
    assert statistics_pictures._heat(0) == statistics_pictures.PANEL
    light = [sum(rgb(statistics_pictures._heat(share))) for share in np.linspace(0.01, 1, 30)]
    assert light == sorted(light)
    picture = follows_picture(found)
    assert _pixels(picture, statistics_pictures.PANEL) > 1000


def test_that_parts_fill_the_row_by_their_shares(found):
    picture = parts_picture(found)
    colours = [statistics_pictures._part_colour(found, at) for at in range(len(found.parts))]
    ink = [_pixels(picture[64:98], colour) for colour in colours]
    shares = np.array([each.items for each in found.parts]) / found.items
    np.testing.assert_allclose(np.array(ink) / sum(ink), shares, atol=0.06)


def test_that_nothing_to_draw_is_said(tmp_path):
    with pytest.raises(FileError, match="nothing is labelled"):
        write_pictures(of_clips(Project(id="0" * 32, name="empty")), tmp_path / "x")
