"""Light copies on the Annotate page: made beside the window, used while scrubbing, never for what a frame is."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel

from core.errors import FormatError
from core.video import frame_luma, open_video, proxy, write_video
from core.video.proxy import make_proxy
from studio import settings as preferences
from studio.display import Display
from studio.document import Document
from studio.jobs import Jobs
from studio.pages.annotate import AnnotatePage
from studio.widgets import frame_source
from studio.widgets.frame_source import FrameSource
from tests.studio.stand_ins import FittingModels, display
from tests.studio.test_annotate import FRAMES, a_video, document, video  # noqa: F401 (fixtures)
from tests.studio.test_video_view import shade_of


@pytest.fixture
def copies(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("POSECAST_LIGHT_COPIES", str(tmp_path / "copies"))
    return tmp_path / "copies"


@pytest.fixture
def source(qtbot):
    made = FrameSource()
    yield made
    made.close(wait=True)


def brightened(path: Path) -> None:
    """Put a copy in place whose pictures can be told from the original's."""
    (film,) = path.glob("*.mp4")
    with open_video(film) as copy:
        pictures = [
            np.minimum(copy.frame(number).astype(int) + 60, 255).astype(np.uint8) for number in range(len(copy))
        ]
        rate = copy.rate_hz
    film.unlink()
    with write_video(film, rate, 320, 180, 12, gop=8) as out:
        for picture in pictures:
            out.add(picture)


def test_that_scrubbing_shows_the_copy_and_rest_and_identity_the_original(source, qtbot, video, copies):  # noqa: F811
    list(make_proxy(video, copies))
    brightened(copies)
    came = []
    source.arrived.connect(lambda frame: came.append((frame.number, frame.is_light, shade_of(frame.image))))
    with qtbot.waitSignal(source.opened, timeout=30_000):
        source.open(video)
    source.want(70)
    qtbot.waitUntil(lambda: len(came) == 2, timeout=30_000)
    qtbot.waitUntil(source.is_settled, timeout=30_000)
    (first, light, bright), (again, sharp_is_light, plain) = came
    assert (first, light, again, sharp_is_light) == (70, True, 70, False)
    assert bright - plain > 40
    came.clear()
    with qtbot.waitSignal(source.identified, timeout=30_000) as told:
        source.identify(12)
    with open_video(video) as opened:
        assert told.args[1].luma == frame_luma(opened.frame(12))
        assert told.args[1].pts == opened.pts(12)
    source.use_light_copy(on=False)
    source.want(30)
    qtbot.waitUntil(lambda: bool(came) and source.is_settled(), timeout=30_000)
    assert came[0][:2] == (30, False)


def test_that_playing_on_from_a_sharp_picture_stays_sharp(source, qtbot, video, copies):  # noqa: F811
    list(make_proxy(video, copies))
    with qtbot.waitSignal(source.opened, timeout=30_000):
        source.open(video)
    source.want(20)
    qtbot.waitUntil(source.is_settled, timeout=30_000)
    came = []
    source.arrived.connect(lambda frame: came.append((frame.number, frame.is_light)))
    for number in range(21, 31):
        source.want(number)
        qtbot.waitUntil(lambda number=number: bool(came) and came[-1][0] == number, timeout=30_000)
    assert came == [(number, False) for number in range(21, 31)]


def test_that_a_wish_during_sharpening_is_answered_before_it_ends(source, qtbot, video, copies, monkeypatch):  # noqa: F811
    list(make_proxy(video, copies))
    monkeypatch.setattr(frame_source, "REST_S", 0.0)
    slow = frame_source.Video.approach
    sharpening = threading.Event()

    def approach(video, number):
        for _ in range(400):
            sharpening.set()
            time.sleep(0.005)
            yield
        yield from slow(video, number)

    monkeypatch.setattr(frame_source.Video, "approach", approach)
    came = []
    source.arrived.connect(lambda frame: came.append((frame.number, frame.is_light)))
    source.open(video)
    source.want(70)
    qtbot.waitUntil(sharpening.is_set, timeout=30_000)
    source.want(40)
    with qtbot.waitSignal(source.arrived, timeout=1_500):
        pass
    assert came[-1] == (40, True)


def test_that_playing_back_without_a_copy_decodes_before_it_is_asked(source, qtbot, tmp_path, copies):
    made = a_video(tmp_path / "long.mp4", 200)
    with qtbot.waitSignal(source.opened, timeout=30_000):
        source.open(made)
    came = []
    source.arrived.connect(lambda frame: came.append(frame.number))
    for number in range(199, 90, -1):
        source.want(number)
        qtbot.waitUntil(lambda number=number: bool(came) and came[-1] == number, timeout=30_000)
    assert came == list(range(199, 90, -1))


def test_that_a_slow_video_gets_its_copy_in_a_job_and_the_picture_takes_it(document, qtbot, copies, monkeypatch):  # noqa: F811
    monkeypatch.setattr(proxy, "SLOW_MS", 0.0)
    monkeypatch.setattr(proxy, "MUCH_PIXELS", 0.0)
    jobs = Jobs()
    jobs.watch(document.folder / "runs")
    page = AnnotatePage(document, jobs, FittingModels(), display(document.folder.parent))
    qtbot.addWidget(page)
    page.show()
    said = []
    monkeypatch.setattr(
        page.picture.words, "_light_copy", lambda clip, state, percent: said.append(percent) or page.head
    )
    own = document.video_path(document.clip_id)
    before, marked = own.read_bytes(), document.project
    qtbot.waitUntil(lambda: proxy.kept(copies).copies == 1, timeout=60_000)
    qtbot.waitUntil(
        lambda: jobs.job("light-copy") is not None and jobs.job("light-copy").state == "done", timeout=30_000
    )
    document.seek(FRAMES - 5)
    came = []
    page.picture._source.arrived.connect(lambda frame: came.append((frame.number, frame.is_light)))
    document.seek(3)
    document.seek(FRAMES - 20)
    qtbot.waitUntil(page.is_settled, timeout=30_000)
    assert came[-1] == (FRAMES - 20, False)
    assert own.read_bytes() == before
    assert document.project is marked, "a copy is no part of the project"
    page.close_page()
    jobs.watch(None)


def test_that_nothing_is_copied_where_it_is_turned_off(document, qtbot, copies, monkeypatch):  # noqa: F811
    monkeypatch.setattr(proxy, "SLOW_MS", 0.0)
    monkeypatch.setattr(proxy, "MUCH_PIXELS", 0.0)
    wishes = preferences.load(document.folder.parent / "settings.toml")
    wishes.light_copies = False
    jobs, choices = Jobs(), Display(wishes)
    jobs.watch(document.folder / "runs")
    page = AnnotatePage(document, jobs, FittingModels(), choices)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(page.is_settled, timeout=30_000)
    qtbot.wait(1200)
    assert jobs.jobs() == []
    assert not copies.exists()
    page.close_page()
    jobs.watch(None)


def test_that_a_project_open_for_reading_makes_no_copy_and_says_so(document, qtbot, copies, monkeypatch):  # noqa: F811
    monkeypatch.setattr(proxy, "SLOW_MS", 0.0)
    monkeypatch.setattr(proxy, "MUCH_PIXELS", 0.0)
    monkeypatch.setattr(Document, "read_only_reason", property(lambda self: "Open for reading"))
    assert_no_copy_and_said(document, qtbot, "the project is open for reading")


def assert_no_copy_and_said(document, qtbot, words):  # noqa: F811
    jobs = Jobs()
    jobs.watch(document.folder / "runs")
    page = AnnotatePage(document, jobs, FittingModels(), display(document.folder.parent))
    qtbot.addWidget(page)
    page.show()
    page.picture.words._later.add(f"no joints {document.clip_id}")
    qtbot.waitUntil(lambda: words in words_on(page), timeout=30_000)
    assert jobs.jobs() == []
    page.close_page()
    jobs.watch(None)


def words_on(page) -> str:
    return " ".join(each.text() for each in page.view.state.findChildren(QLabel))


def test_that_a_file_that_can_no_longer_be_reached_is_said_while_it_is_shown(source, qtbot, tmp_path, monkeypatch):
    own = a_video(tmp_path / "on a stick.mp4", 30)
    with qtbot.waitSignal(source.opened, timeout=30_000):
        source.open(own)

    def gone(_, number, longest):
        own.unlink(missing_ok=True)
        raise FormatError(own, "cannot be read as a video (Input/output error)")

    monkeypatch.setattr(frame_source.Video, "scaled", gone)
    with qtbot.waitSignal(source.failed, timeout=30_000) as told:
        source.want(20)
    assert "can no longer be reached" in told.args[0]
    qtbot.waitUntil(source.is_settled, timeout=30_000)


def test_that_a_full_disk_is_said_and_the_original_goes_on(document, qtbot, copies, monkeypatch):  # noqa: F811
    monkeypatch.setattr(proxy, "SLOW_MS", 0.0)
    monkeypatch.setattr(proxy, "MUCH_PIXELS", 0.0)
    monkeypatch.setattr(proxy, "SPARE_BYTES", 1 << 60)
    assert_no_copy_and_said(document, qtbot, "GB left. The original is shown.")
