"""Pages to be printed or shown: words, plates, lines and pictures placed in points, as pixels or as a PDF.

    page = Page(504, 300, WHITE)                     # 7 inches wide, as the text of a paper is
    page.words("What came", (10, 20), size=8, weight="SemiBold")
    page.picture(pixels, 10, 30, 120, 80, radius=3)
    write_pdf(path, [page], Provenance(...))

A point is 1/72 inch; places count from the top left corner. A page is drawn at `px_per_pt` pixels a point (4 are 288
a inch); give pictures in that size and nothing is scaled. In a PDF the page is one picture of all its pixels, and its
words lie over it unseen, so that they can be found and copied.
"""

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageDraw

from core.formats.provenance import Provenance
from core.opencv import cv2
from core.rendering.offscreen import rgb
from core.rendering.overlay import Weight, fitted, font_of
from core.whole_files import whole_file

Rgb = UInt8[ndarray, "height width 3"]
Held = Literal["left", "middle", "right"]

PX_PER_PT = 4.0
_FINER = 4  # edges are drawn so many times as large and averaged
_SHIFT = 4  # OpenCV draws at sixteenths of a pixel
_STRIPE = 1.6  # points, across the bars of a hatch and their gaps
_JPEG_QUALITY = 93


@dataclass(frozen=True)
class Ink:
    """What a page is drawn in: its ground, words from loud to quiet, hairlines, plates and the three verdicts."""

    ground: str
    words: str
    quiet: str
    faint: str
    line: str
    plate: str
    good: str
    bad: str
    is_dark: bool = False


WHITE = Ink("#ffffff", "#17181c", "#4b4f59", "#646974", "#dfe1e6", "#f1f2f4", "#187545", "#b8261b")
DARK_PAGE = Ink("#101114", "#e9eaed", "#adb1bb", "#8b909b", "#25272d", "#17181c", "#62c993", "#ff7a70", is_dark=True)


@dataclass(frozen=True)
class Written:
    """A line of words on a page: its left end, the middle of its height and its size, points."""

    text: str
    left: float
    middle: float
    size: float
    width: float


class Page:
    """A page of its own size that is drawn on in order."""

    def __init__(self, width: float, height: float, ink: Ink = WHITE, px_per_pt: float = PX_PER_PT) -> None:
        self.width, self.height, self.ink, self.px_per_pt = width, height, ink, px_per_pt
        self.written: list[Written] = []
        self._pixels = np.empty((self.px(height), self.px(width), 3), np.uint8)
        self._pixels[:] = rgb(ink.ground)

    def px(self, points: float) -> int:
        """So many points in whole pixels, one at least."""
        return max(round(points * self.px_per_pt), 1)

    def width_of(self, text: str, size: float, weight: Weight = "Regular") -> float:
        """How wide one line of words is, points."""
        return float(font_of(size * self.px_per_pt, weight).getlength(text)) / self.px_per_pt

    def words(
        self,
        text: str,
        at: tuple[float, float],
        *,
        size: float = 7.5,
        colour: str = "",
        weight: Weight = "Regular",
        most: float | None = None,
        held: Held = "left",
    ) -> float:
        """Write one line, `at` being its held end and middle; cut with an ellipsis at `most`; the width it took."""
        text = " ".join(text.split())
        scale = self.px_per_pt
        if most is not None:
            text = fitted(text, size * scale, weight, max(most, 0.0) * scale)
        width = self.width_of(text, size, weight)
        left = at[0] - {"left": 0.0, "middle": width / 2, "right": width}[held]
        font, top = font_of(size * scale, weight), at[1] - size
        # Only the strip it stands on is drawn: a page is large.
        rows = slice(max(int(top * scale), 0), max(int((at[1] + size) * scale) + 1, 0))
        columns = slice(max(int((left - size) * scale), 0), max(int((left + width + size) * scale) + 1, 0))
        part = self._pixels[rows, columns]
        if part.size and text:
            image = Image.fromarray(part)
            place = left * scale - columns.start, at[1] * scale - rows.start
            ImageDraw.Draw(image).text(place, text, fill=colour or self.ink.words, font=font, anchor="lm")
            part[:] = np.asarray(image)
            self.written.append(Written(text, left, at[1], size, width))
        return width

    def plate(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        colour: str,
        *,
        radius: float = 0.0,
        opacity: float = 1.0,
        hatch: int = 0,
    ) -> None:
        """A filled rectangle with round corners and smooth edges; hatched rising, falling or level from 1 on."""
        mask, x, y = self._mask(left, top, width, height, radius)
        if hatch:
            mask = mask * self._stripes(mask.shape, (hatch - 1) % 3)
        self._lay(np.broadcast_to(np.array(rgb(colour), np.uint8), (*mask.shape, 3)), mask * opacity, x, y)

    def frame(
        self, left: float, top: float, width: float, height: float, colour: str, *, line: float, radius: float = 0.0
    ) -> None:
        """The outline of a rectangle, `line` points thick, inside its edges."""
        mask, x, y = self._mask(left, top, width, height, radius)
        inner, inner_x, inner_y = self._mask(
            left + line, top + line, width - 2 * line, height - 2 * line, max(radius - line, 0.0)
        )
        rows, columns = inner.shape
        mask[inner_y - y : inner_y - y + rows, inner_x - x : inner_x - x + columns] *= 1 - inner
        self._lay(np.broadcast_to(np.array(rgb(colour), np.uint8), (*mask.shape, 3)), mask, x, y)

    def picture(
        self, pixels: Rgb, left: float, top: float, width: float, height: float, *, radius: float = 0.0
    ) -> None:
        """A picture in this place, its corners cut round."""
        mask, x, y = self._mask(left, top, width, height, radius)
        rows, columns = mask.shape
        if pixels.shape[:2] != mask.shape:
            smaller = pixels.shape[0] > rows
            pixels = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
        self._lay(pixels, mask, x, y)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float = 0.5) -> None:
        """Straight pieces from point to point."""
        scale = self.px_per_pt * 2**_SHIFT
        places = np.round(np.array(points) * scale - 2 ** (_SHIFT - 1)).astype(np.int32)
        thick = max(1, round(width * self.px_per_pt))
        cv2.polylines(self._pixels, [places], False, rgb(colour), thick, cv2.LINE_AA, _SHIFT)

    def dashes(self, one: tuple[float, float], other: tuple[float, float], colour: str, width: float = 0.8) -> None:
        """A broken line: 2.4 points of it, 1.8 of nothing."""
        start, end = np.array(one), np.array(other)
        length = float(np.linalg.norm(end - start))
        along = (end - start) / max(length, 1e-9)
        for at in np.arange(0, length, 4.2):
            ends = start + along * at, start + along * min(at + 2.4, length)
            self.line([(float(x), float(y)) for x, y in ends], colour, width)

    def dot(self, at: tuple[float, float], radius: float, colour: str) -> None:
        self.plate(at[0] - radius, at[1] - radius, 2 * radius, 2 * radius, colour, radius=radius)

    def chip(
        self, text: str, at: tuple[float, float], ground: str, ink: str, *, size: float = 7.0, most: float = 1e9,
        opacity: float = 1.0, weight: Weight = "SemiBold", held: Held = "left",
    ) -> tuple[float, float]:  # fmt: skip
        """A plate with words on it, `at` its top held corner; its width and height."""
        pad, height = 0.55 * size, 1.62 * size
        text = fitted(text, size * self.px_per_pt, weight, max(most - 2 * pad, 0.0) * self.px_per_pt)
        width = self.width_of(text, size, weight) + 2 * pad
        left = at[0] - {"left": 0.0, "middle": width / 2, "right": width}[held]
        self.plate(left, at[1], width, height, ground, radius=0.4 * size, opacity=opacity)
        self.words(text, (left + pad, at[1] + height / 2), size=size, colour=ink, weight=weight)
        return width, height

    def tick(self, at: tuple[float, float], size: float, colour: str, *, is_right: bool) -> None:
        """✓ or ✗ as lines, `at` its middle: no font has to have it."""
        x, y, half = at[0], at[1], size / 2
        if is_right:
            ways = [[(x - half, y + 0.05 * size), (x - 0.15 * size, y + 0.4 * size), (x + half, y - 0.4 * size)]]
        else:
            reach = 0.4 * size
            ways = [[(x - reach, y - reach), (x + reach, y + reach)], [(x - reach, y + reach), (x + reach, y - reach)]]
        for way in ways:
            self.line(way, colour, 0.16 * size)
        self.written.append(Written("✓" if is_right else "✗", x - half, y, size, size))

    def pixels(self) -> Rgb:
        """The page as it stands."""
        return self._pixels.copy()

    def copy(self) -> "Page":
        """The same page, to be drawn on apart from this one."""
        made = Page(self.width, self.height, self.ink, self.px_per_pt)
        made._pixels[:], made.written = self._pixels, list(self.written)
        return made

    def _mask(self, left: float, top: float, width: float, height: float, radius: float) -> tuple[np.ndarray, int, int]:
        """How much of each pixel a rectangle covers, 0 … 1, and where its first one lies."""
        scale = self.px_per_pt
        x, y = round(left * scale), round(top * scale)
        columns, rows = max(round((left + width) * scale) - x, 1), max(round((top + height) * scale) - y, 1)
        if radius <= 0:
            return np.ones((rows, columns), np.float32), x, y
        large = Image.new("L", (_FINER * columns, _FINER * rows))
        ImageDraw.Draw(large).rounded_rectangle(
            (0, 0, _FINER * columns - 1, _FINER * rows - 1), radius=radius * scale * _FINER, fill=255
        )
        mask = np.asarray(large.resize((columns, rows), Image.Resampling.BOX), np.float32) / 255
        return mask.copy(), x, y

    def _stripes(self, shape: tuple[int, int], kind: int) -> np.ndarray:
        """How much of each pixel stays, 0 … 1, where every other stripe is left out."""
        rows, columns = np.indices(shape)
        across = (rows + columns, rows - columns, rows)[kind] / (_STRIPE * self.px_per_pt)
        return np.clip(0.5 + 4 * (np.abs(across % 2 - 1) - 0.5), 0, 1).astype(np.float32)

    def _lay(self, pixels: np.ndarray, mask: np.ndarray, x: int, y: int) -> None:
        height, width = self._pixels.shape[:2]
        rows, columns = (
            slice(max(y, 0), min(y + mask.shape[0], height)),
            slice(max(x, 0), min(x + mask.shape[1], width)),
        )
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        inner = np.s_[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
        share, part = mask[inner][..., None], self._pixels[rows, columns]
        part[:] = (part + share * (pixels[inner].astype(np.float32) - part) + 0.5).astype(np.uint8)


# ---- files ----------------------------------------------------------------------------------------------------------


def write_jpeg(path: Path, picture: Rgb, said: Provenance | None = None, quality: int = _JPEG_QUALITY) -> None:
    """A JPEG; its comment says whose it is."""
    with whole_file(path) as beside:
        beside.write_bytes(as_jpeg(picture, quality, "" if said is None else said.sentence()))


def as_jpeg(picture: Rgb, quality: int = _JPEG_QUALITY, comment: str = "") -> bytes:
    """The picture's bytes as a JPEG."""
    held = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(picture))
    more = {"comment": comment.encode("utf-8")} if comment else {}
    image.save(held, format="JPEG", quality=quality, optimize=True, subsampling=0, **more)
    return held.getvalue()


def write_pdf(path: Path, pages: Sequence[Page], said: Provenance) -> None:
    """The pages as a PDF, each in its own size, with words that can be found."""
    with whole_file(path) as beside:
        beside.write_bytes(pdf_of(pages, said))


def pdf_of(pages: Sequence[Page], said: Provenance) -> bytes:
    """A PDF 1.5: for each page a picture without loss, and its words over it in the unseen mode (3)."""
    first = (
        4  # 1 the catalog, 2 the list of pages, 3 the font, then three a page, and last what the file says of itself
    )
    numbers = [first + 3 * at for at in range(len(pages))]
    about = first + 3 * len(pages)
    things: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{each} 0 R' for each in numbers)}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in zip(numbers, pages, strict=True):
        things.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {page.width:.2f} {page.height:.2f}] "
            f"/Resources << /Font << /F 3 0 R >> /XObject << /P {number + 2} 0 R >> >> "
            f"/Contents {number + 1} 0 R >>".encode()
        )
        things.append(_stream("", _drawn(page)))
        pixels = page.pixels()
        rows, columns = pixels.shape[:2]
        things.append(
            _stream(
                f"/Type /XObject /Subtype /Image /Width {columns} /Height {rows} /ColorSpace /DeviceRGB "
                "/BitsPerComponent 8 ",
                pixels.tobytes(),
            )
        )
    facts = {"Title": said.title, "Subject": said.note, "Keywords": said.terms, "Producer": said.made_by}
    things.append(
        ("<< " + " ".join(f"/{key} {_as_utf16(words)}" for key, words in facts.items() if words) + " >>").encode()
    )
    return _file_of(things, about)


def _drawn(page: Page) -> bytes:
    lines = [f"q {page.width:.2f} 0 0 {page.height:.2f} 0 0 cm /P Do Q", "BT 3 Tr"]
    for each in page.written:
        said = each.text.encode("cp1252", "replace")
        plain = b"".join(b"\\" + bytes([byte]) if byte in b"()\\" else bytes([byte]) for byte in said)
        low = page.height - each.middle - 0.35 * each.size
        lines.append(f"/F {each.size:.2f} Tf 1 0 0 1 {each.left:.2f} {low:.2f} Tm ({plain.decode('latin-1')}) Tj")
    return "\n".join([*lines, "ET"]).encode("latin-1")


def _stream(facts: str, content: bytes) -> bytes:
    packed = zlib.compress(content, 7)
    head = f"<< {facts}/Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
    return head.encode() + packed + b"\nendstream"


def _as_utf16(words: str) -> str:
    return f"<FEFF{words.encode('utf-16-be').hex()}>"


def _file_of(things: Sequence[bytes], about: int) -> bytes:
    whole = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, thing in enumerate(things, start=1):
        places.append(len(whole))
        whole += f"{number} 0 obj\n".encode() + thing + b"\nendobj\n"
    table = len(whole)
    whole += f"xref\n0 {len(things) + 1}\n0000000000 65535 f \n".encode()
    whole += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    whole += f"trailer\n<< /Size {len(things) + 1} /Root 1 0 R /Info {about} 0 R >>\n".encode()
    whole += f"startxref\n{table}\n%%EOF\n".encode()
    return bytes(whole)
