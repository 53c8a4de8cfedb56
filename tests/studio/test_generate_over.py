"""A sample over a clip's video: where its person stands, on the clock of the page, taken out as it is shown."""

import numpy as np
import pytest

from core.generations import unpacked
from core.rendering.probe import gl_problem
from studio import motion_models, theme
from studio.data_sets import DataSets
from studio.document import Document
from studio.jobs import Jobs
from studio.pages.generate import GeneratePage
from tests.core.project_on_disk import project_on_disk
from tests.studio.stand_ins import GeneratingModels, display
from tests.studio.test_generate_page import motion_run

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)", extend=True)
AT = 40


@pytest.fixture
def page(qtbot, qapp, monkeypatch, tmp_path):
    """The page on a project with a film, its first answer there."""
    monkeypatch.setattr(motion_models, "shipped_checkpoints", lambda _: {})
    theme.apply(qapp, theme.DARK)
    folder = tmp_path / "made up"
    project_on_disk(folder, clips=2, film=True)
    motion_run(folder)
    document, jobs = Document("test"), Jobs()
    sets = DataSets(document, jobs)
    page = GeneratePage(document, jobs, GeneratingModels(), display(tmp_path), sets)
    qtbot.addWidget(page)
    page.space.viewport.is_settled = lambda: True
    document.open(folder)
    jobs.watch(folder / "runs")
    page.show()
    qtbot.waitUntil(lambda: bool(page.generating.shown) and page.is_settled(), timeout=30_000)
    yield page
    page.close()
    page.close_page()
    jobs.watch(None)
    document.close_project()
    sets.wait()


def opened(page, qtbot):
    if gl_problem() is not None:
        pytest.skip(gl_problem())
    document = page._document
    document.choose_clip(next(iter(document.project.clips)))
    document.seek(AT)
    page.over.open(1)
    qtbot.waitUntil(lambda: page.over.is_open and page.over.is_settled, timeout=60_000)
    return page.over


def test_that_the_sample_begins_where_the_clips_person_stands_and_looks(page, qtbot):
    over = opened(page, qtbot)
    assert page.generating.chosen == 1
    shot = over.shown().shot
    (body,) = shot.scene.bodies
    fitted = over.fits.of(over._from.wish)
    # The person's own body and place; heights follow the person too, so that feet are where they are in the picture.
    np.testing.assert_allclose(body.translation_m[0, [0, 2]], np.array(fitted.translation_m)[[0, 2]], atol=0.3)
    np.testing.assert_allclose(body.betas[: len(fitted.betas)], fitted.betas, atol=1e-6)
    sample = unpacked(page.generating.now.sample.motion)
    assert len(body.rotations) == len(sample)
    gone_m = np.linalg.norm(np.diff(body.translation_m, axis=0), axis=-1)
    np.testing.assert_allclose(gone_m, np.linalg.norm(np.diff(sample.translation_m, axis=0), axis=-1), rtol=0.2)


def test_that_the_film_stands_or_goes_on_under_it(page, qtbot):
    over = opened(page, qtbot)
    assert set(over.shown().shot.footage.frames) == {AT}
    over.window.goes_on.setChecked(True)
    qtbot.waitUntil(lambda: over.is_settled, timeout=60_000)
    frames = over.shown().shot.footage.frames
    assert frames[0] == AT
    assert list(frames) == sorted(frames)
    assert frames[-1] > AT
    assert len(frames) == page.generating.now.frames


def test_that_export_takes_out_what_the_window_shows_and_closing_it_gives_the_page_back(page, qtbot):
    over = opened(page, qtbot)
    assert page.shown().shot.footage is not None
    page.generating.seek(12)
    assert "0.40 s later" in over.window.caption.text()
    over.window.close()
    assert not over.is_open
    assert getattr(page.shown().shot, "footage", None) is None


def test_that_why_there_is_nothing_to_put_it_over_is_said(page):
    said = []
    page.over.says.connect(said.append)
    document = page._document
    document.choose_clip(list(document.project.clips)[1])  # a clip without a video
    page.commands()["over-video"]()
    assert said == ["Choose a clip with a video first: the sample begins where its person stands."]
    assert not page.over.is_open
