"""Copies of good files with something wrong in them, and a reading of them within bounds.

    damaged(raw, random)                  bytes of a copy with one thing (or two) wrong in it
    with within_bounds(10, 1.5e9): ...    a reading that hangs or eats memory fails

What is done: cut short, bits flipped, stretches overwritten, numbers replaced (not a number, infinite, too long, ten to
the ninth), lines lost, doubled or exchanged, other encodings, nesting without end, entities that multiply, headers of
arrays that promise 10^9 rows or objects, members of archives damaged, promised larger, or packed from nothing but
zeros.
"""

import io
import re
import signal
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ODD_NUMBERS = (
    b"nan", b"NaN", b"inf", b"-Infinity", b"1e999", b"1000000000", b"-1", b"0", b"99999999999999999999", b"1,5", b"",
    b"9" * 5000, b"null", b'"3"', b"0x10", b"-2147483649",
)  # fmt: skip
_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
    + b"".join(b'<!ENTITY b%d "%s">' % (n, (b"&b%d;" % (n - 1) if n else b"&b;") * 10) for n in range(9))
    + b"]><a>&b8;</a>"
)
Damage = Callable[[bytes, np.random.Generator], bytes]


def damaged(raw: bytes, random: np.random.Generator) -> bytes:
    """A copy with something wrong in it; never the same bytes."""
    kinds: tuple[Damage, ...] = _ANY
    if raw[:4] == b"PK\x03\x04":
        kinds = (*_ANY, *(_in_archive,) * 12, _packed_zeros, _promised_size)
    elif raw[:6] == b"\x93NUMPY":
        kinds = (*_ANY, *(_of_array,) * 12)
    elif raw[:2048].isascii() or b"\0" not in raw[:2048]:
        kinds = (*_ANY, *_TEXT, *_TEXT)
    while True:
        made = kinds[random.integers(len(kinds))](raw, random)
        if random.random() < 0.1:
            made = _ANY[random.integers(len(_ANY))](made or b"\0", random)
        if made != raw:
            return made


# ---- of any file ----


def _cut_short(raw: bytes, random: np.random.Generator) -> bytes:
    return raw[: random.integers(len(raw))]


def _flipped(raw: bytes, random: np.random.Generator) -> bytes:
    bits = bytearray(raw)
    for _ in range(random.integers(1, 9)):
        bits[random.integers(len(bits))] ^= 1 << random.integers(8)
    return bytes(bits)


def _overwritten(raw: bytes, random: np.random.Generator) -> bytes:
    start, length = random.integers(len(raw)), random.integers(1, 64)
    fill = bytes([(0, 255, 0x39, 0x80, 0x2D)[random.integers(5)]]) * length
    return (raw[:start] + fill + raw[start + length :])[: len(raw)]


def _random_bytes(raw: bytes, random: np.random.Generator) -> bytes:
    start, length = random.integers(len(raw)), random.integers(1, 64)
    return raw[:start] + random.bytes(length) + raw[start + length :]


def _missing_piece(raw: bytes, random: np.random.Generator) -> bytes:
    start, length = random.integers(len(raw)), random.integers(1, max(len(raw) // 3, 2))
    return raw[:start] + raw[start + length :]


def _repeated_piece(raw: bytes, random: np.random.Generator) -> bytes:
    start, length = random.integers(len(raw)), random.integers(1, max(len(raw) // 3, 2))
    return raw[: start + length] + raw[start:]


_ANY: tuple[Damage, ...] = (_cut_short, _flipped, _overwritten, _random_bytes, _missing_piece, _repeated_piece)

# ---- of text ----


def _odd_number(raw: bytes, random: np.random.Generator) -> bytes:
    found = list(_NUMBER.finditer(raw))
    if not found:
        return _flipped(raw, random)
    chosen = found[random.integers(len(found))]
    return raw[: chosen.start()] + _ODD_NUMBERS[random.integers(len(_ODD_NUMBERS))] + raw[chosen.end() :]


def _early_odd_number(raw: bytes, random: np.random.Generator) -> bytes:
    """Counts and sizes stand at the beginning."""
    head = raw[: max(len(raw) // 8, 200)]
    return _odd_number(head, random) + raw[len(head) :]


def _all_nines(raw: bytes, random: np.random.Generator) -> bytes:
    start = random.integers(len(raw))
    end = start + random.integers(1, 400)
    return raw[:start] + re.sub(rb"\d", b"9", raw[start:end]) + raw[end:]


def _lines_moved(raw: bytes, random: np.random.Generator) -> bytes:
    lines = raw.splitlines(keepends=True)
    one, other = random.integers(len(lines)), random.integers(len(lines))
    match random.integers(3):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case _:
            lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines) or b" "


def _other_encoding(raw: bytes, random: np.random.Generator) -> bytes:
    text = raw.decode("utf-8", errors="replace")
    match random.integers(4):
        case 0:
            return text.encode("utf-16")
        case 1:
            return text.encode("utf-32")
        case 2:
            at = random.integers(len(raw))
            return raw[:at] + "Käfer".encode("latin-1") + raw[at:]
        case _:
            at = random.integers(len(raw))
            return raw[:at] + b"\0\xff\xfe" + raw[at:]


def _nested(raw: bytes, random: np.random.Generator) -> bytes:
    at = random.integers(len(raw))
    deep = (b"[" * 100_000, b'{"a":' * 100_000, b"<a>" * 100_000, b"(" * 100_000, b"{ JOINT a\n" * 50_000)
    return raw[:at] + deep[random.integers(len(deep))] + raw[at:]


def _multiplying(raw: bytes, random: np.random.Generator) -> bytes:
    if b"<" not in raw[:400]:
        return _odd_number(raw, random)
    return _BOMB if random.random() < 0.5 else _BOMB.partition(b"<a>")[0] + re.sub(rb">([^<]+)<", b">&b8;<", raw)


_TEXT: tuple[Damage, ...] = (
    _odd_number, _odd_number, _early_odd_number, _early_odd_number, _all_nines, _lines_moved, _other_encoding, _nested,
    _multiplying,
)  # fmt: skip

# ---- of arrays and archives ----


def _of_array(raw: bytes, random: np.random.Generator) -> bytes:
    """An .npy whose header promises something else, or whose numbers are none."""
    header = raw.find(b"{")
    end = raw.find(b"}", header) + 1
    if header < 0 or not end:
        return _flipped(raw, random)
    said = raw[header:end]
    match random.integers(6):
        case 0:
            new = re.sub(rb"\((\d*)", b"(1000000000", said, count=1)
        case 1:
            new = re.sub(rb"'shape': \([^)]*\)", b"'shape': (" + b"65536, " * 4 + b")", said)
        case 2:
            new = re.sub(rb"'descr': '[^']*'", b"'descr': '|O'", said)
        case 3:
            new = re.sub(rb"'descr': '[^']*'", b"'descr': '<f2'", said)
        case 4:
            new = re.sub(rb"'shape': \([^)]*\)", b"'shape': (-5, 3)", said)
        case _:
            body = bytearray(raw)
            room = len(raw) - raw.find(b"\n") - 9
            at = raw.find(b"\n") + 1 + 8 * int(random.integers(max(room // 8, 1)))
            body[at : at + 8] = struct.pack("<d", (np.nan, np.inf, 1e300)[random.integers(3)])
            return bytes(body[: len(raw)])
    return raw[:header] + new + raw[end:]


def _in_archive(raw: bytes, random: np.random.Generator) -> bytes:
    """A member damaged, the archive around it whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = {each: archive.read(each) for each in archive.namelist()}
    except (zipfile.BadZipFile, OSError):
        return _flipped(raw, random)
    name = list(members)[random.integers(len(members))]
    match random.integers(8):
        case 0:
            del members[name]
        case 1:
            members[name] = members[list(members)[random.integers(len(members))]]
        case 2 | 3:
            members[name] = _ANY[random.integers(len(_ANY))](members[name], random)
        case _:
            members[name] = _of_array(members[name], random)
    return _packed(members)


def _packed_zeros(raw: bytes, random: np.random.Generator) -> bytes:
    """A member of 300 MB that packs to nothing."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    name = list(members)[random.integers(len(members))]
    members[name] = members[name][:128] + bytes(300_000_000)
    return _packed(members, zipfile.ZIP_DEFLATED)


def _promised_size(raw: bytes, random: np.random.Generator) -> bytes:
    """A list of contents that promises gigabytes."""
    at = raw.rfind(b"PK\x01\x02")
    return raw[: at + 24] + struct.pack("<I", 4_000_000_000) + raw[at + 28 :] if at >= 0 else _flipped(raw, random)


def _packed(members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


# ---- reading within bounds ----


class TooSlowError(BaseException):
    """No reader catches this."""


@contextmanager
def within_bounds(limit_s: float, more_bytes: float) -> Iterator[None]:
    """What is done here takes no longer, and no more memory than this process had before."""
    import resource

    def ring(*_: object) -> None:
        raise TooSlowError(f"more than {limit_s} s")

    before = resource.getrlimit(resource.RLIMIT_AS)
    held = 4096 * int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else None
    handler = signal.signal(signal.SIGALRM, ring)
    if held is not None:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (held + int(more_bytes), before[1]))
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)
