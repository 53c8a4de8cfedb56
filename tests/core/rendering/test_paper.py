"""Pages in points: where things land, what is written, and a PDF whose parts are where its table says."""

import io
import re
import zlib

import numpy as np
import pytest
from PIL import Image

from core.formats.provenance import Provenance
from core.rendering.paper import DARK_PAGE, WHITE, Page, as_jpeg, pdf_of, write_jpeg, write_pdf

SAID = Provenance("Free for anything.", "A title with (brackets) and ✓", "posecast compare one")


def test_that_a_plate_covers_its_points_and_nothing_else():
    page = Page(20, 10, WHITE, 4.0)
    page.plate(5, 2, 10, 4, "#ff0000")
    inked = (page.pixels() == (255, 0, 0)).all(-1)
    rows, columns = np.where(inked)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 23, 20, 59)
    assert inked.sum() == 16 * 40


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_that_a_hatched_plate_is_half_ground_and_no_two_hatches_are_alike(kind):
    shares, plates = [], []
    for hatch in (kind, kind % 3 + 1):
        page = Page(40, 40, WHITE, 4.0)
        page.plate(4, 4, 32, 32, "#000000", hatch=hatch)
        plates.append(page.pixels()[16:144, 16:144, 0] / 255.0)
        shares.append(plates[-1].mean())
        assert (page.pixels()[:16] == 255).all()
    assert shares == pytest.approx([0.5, 0.5], abs=0.05)
    assert np.abs(plates[0] - plates[1]).mean() > 0.2


def test_that_round_corners_are_cut_alike_on_all_four():
    page = Page(20, 20, WHITE, 4.0)
    page.plate(5, 5, 10, 10, "#000000", radius=3)
    pixels = page.pixels()
    for other in (pixels[::-1], pixels[:, ::-1], pixels.transpose(1, 0, 2)):
        np.testing.assert_allclose(pixels, other, atol=1)
    assert tuple(pixels[20, 20]) == (255, 255, 255)


def test_that_what_reaches_over_the_edge_is_cut():
    page = Page(10, 10, WHITE, 2.0)
    page.plate(-5, -5, 8, 8, "#000000")
    page.picture(np.full((40, 40, 3), 9, np.uint8), 8, 8, 20, 20)
    pixels = page.pixels()
    assert (pixels[:6, :6] == 0).all()
    assert (pixels[16:, 16:] == 9).all()
    assert (pixels[6:16, 6:16] == 255).all()


def test_that_a_picture_of_the_right_size_is_laid_down_unchanged():
    page = Page(30, 30, DARK_PAGE, 3.0)
    pixels = np.random.default_rng(1).integers(0, 255, (page.px(10), page.px(12), 3), np.uint8)
    page.picture(pixels, 5, 6, 12, 10)
    np.testing.assert_array_equal(page.pixels()[18:48, 15:51], pixels)


@pytest.mark.parametrize("held", ["left", "right", "middle"])
def test_that_words_are_held_where_they_say(held):
    page = Page(100, 20, WHITE, 4.0)
    width = page.width_of("forecast", 8)
    page.words("forecast", (50, 10), size=8, held=held)
    inked = np.where((page.pixels() < 128).any((0, 2)))[0] / 4.0
    expected = {"left": 50.0, "right": 50.0 - width, "middle": 50.0 - width / 2}[held]
    assert inked.min() == pytest.approx(expected, abs=1.0)
    assert inked.max() == pytest.approx(expected + width, abs=1.0)
    assert page.written[0].left == pytest.approx(expected)


def test_that_words_wider_than_their_room_end_in_an_ellipsis():
    page = Page(100, 20, WHITE)
    assert page.words("a very long name of a run", (5, 10), size=8, most=40) <= 40
    assert page.written[0].text.endswith("…")


def test_that_a_copy_is_drawn_on_apart():
    page = Page(10, 10)
    page.words("one", (1, 5), size=4)
    other = page.copy()
    other.plate(0, 0, 10, 10, "#000000")
    other.words("two", (1, 5), size=4)
    assert [each.text for each in page.written] == ["one"]
    assert page.pixels().max() == 255


def test_that_a_tick_is_not_a_cross():
    pages = []
    for is_right in (True, False):
        page = Page(20, 20)
        page.tick((10, 10), 10, "#000000", is_right=is_right)
        pages.append(page.pixels())
    assert (pages[0] != pages[1]).any()
    np.testing.assert_allclose(pages[1], pages[1][:, ::-1], atol=80)  # a cross is the same mirrored


def test_that_every_part_of_a_pdf_is_where_its_table_says():
    pages = []
    for name in ("first", "second"):
        page = Page(200, 100)
        page.words(f"{name} (page) \\", (10, 20), size=9)
        pages.append(page)
    whole = pdf_of(pages, SAID)
    table = int(re.search(rb"startxref\n(\d+)", whole)[1])
    entries = re.findall(rb"(\d{10}) 00000 n", whole[table:])
    assert whole[table : table + 4] == b"xref"
    for number, place in enumerate(entries, start=1):
        assert whole[int(place) :].startswith(f"{number} 0 obj\n".encode())
    assert whole.count(b"/Type /Page ") == 2
    assert whole.count(b"/MediaBox [0 0 200.00 100.00]") == 2


def test_that_a_pdf_holds_every_pixel_of_its_page_and_its_words():
    page = Page(60, 30)
    page.words("What came (marked)", (2, 10), size=6)
    page.plate(10, 15, 20, 10, "#4fc7cf", radius=2)
    whole = pdf_of([page], SAID)
    streams = [zlib.decompress(each) for each in re.findall(rb"stream\n(.*?)\nendstream", whole, re.DOTALL)]
    pixels = page.pixels()
    assert np.frombuffer(streams[1], np.uint8).reshape(pixels.shape).tolist() == pixels.tolist()
    assert rb"(What came \(marked\)) Tj" in streams[0]
    assert b"3 Tr" in streams[0]  # unseen: the picture shows them
    assert SAID.title.encode("utf-16-be").hex().encode() in whole


def test_that_a_jpeg_says_whose_it_is_and_looks_like_the_page(tmp_path):
    page = Page(60, 30)
    page.plate(10, 5, 20, 20, "#4fc7cf")
    write_jpeg(tmp_path / "page.jpg", page.pixels(), SAID)
    with Image.open(tmp_path / "page.jpg") as image:
        assert "Free for anything" in image.info["comment"].decode()
        assert np.abs(np.asarray(image).astype(int) - page.pixels()).mean() < 2
    assert len(as_jpeg(page.pixels(), 40)) < len(as_jpeg(page.pixels(), 95))
    assert Image.open(io.BytesIO(as_jpeg(page.pixels()))).size == (240, 120)


def test_that_a_page_nobody_can_write_is_refused_in_words(tmp_path):
    from core.errors import FileError

    with pytest.raises(FileError, match="there is no folder"):
        write_pdf(tmp_path / "nowhere" / "page.pdf", [Page(10, 10)], SAID)
