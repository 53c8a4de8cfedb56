"""An output's origin, carried in the file itself wherever its format has a place that readers leave alone.

    .png    a tEXt chunk before the end            .mp4  a `free` box at the end
    .jpg    a comment segment at the beginning     .npz  the archive's comment        .glb  `asset.extras.posecast`
    .html .svg .md   a comment at the end
    others, and folders   NAME.origin.json beside; a run's folder has origin.json in it

In a file it is one line of plain characters: `posecast-origin:` and the compressed JSON in URL-safe base 64 between
angle brackets, so that finding it needs no reader of the format. What a file shows or holds is not touched.
"""

import base64
import re
import struct
import zipfile
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from core.errors import FormatError, TooNewError
from core.origins import FORMAT, Making, Origin, making

MARK = b"posecast-origin:<"
_FOUND = re.compile(re.escape(MARK) + rb"([A-Za-z0-9_=-]+)>")
_MOST_BYTES = 4 * 2**20  # of an origin, so that a hostile file cannot unfold without end
_COMMENTED = {".html": ("<!-- ", " -->"), ".svg": ("<!-- ", " -->"), ".md": ("<!-- ", " -->")}
_CARRY = (".png", ".jpg", ".jpeg", ".mp4", ".npz", ".glb", *_COMMENTED)
_PNG = b"\x89PNG\r\n\x1a\n"


@contextmanager
def carried(command: str, parameters: Mapping[str, Any], out: Path | None) -> Generator[Making]:
    """While this lasts `out` is made; at its good end it, and whatever was written whole on the way, carry that.

    A run's folder says it itself.
    """
    with making(command, parameters) as made:
        yield made
        if out is None or (out / "spec.json").is_file():
            return
        origin = made.origin()
        for path in dict.fromkeys(_says_it(out, each) for each in (out, *made.wrote)):
            if path.is_dir():  # others read whole folders: nothing is put among their files
                _beside(path.with_name(path.name + ".origin.json"), origin)
            elif path.is_file():
                put(path, origin)


def _says_it(out: Path, made: Path) -> Path:
    """The file itself, or the folder it lies in where it cannot and is one of many."""
    if made == out or made.suffix in _CARRY:
        return made
    if out in made.parents:
        return out
    return made if made.parent == out.parent else made.parent


def put(path: Path, origin: Origin) -> Path:
    """Let the file (or folder) carry it; the file where it stands then. An earlier one is taken back."""
    if path.is_dir():
        return _beside(path / "origin.json", origin)
    words = MARK + base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(origin), 9)) + b">"
    content = _stamped(path.suffix.lower(), path, words)
    if content is None:
        return _beside(path.with_name(path.name + ".origin.json"), origin)
    new = path.with_name(f".{path.stem}.stamped{path.suffix}")
    try:
        new.write_bytes(content)
        new.replace(path)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return path


def read(path: Path) -> Origin | None:
    """What a file or a folder says of its origin; None where it says nothing. FormatError where that is damaged."""
    for beside in (path / "origin.json", path.with_name(path.name + ".origin.json")):
        if beside.is_file():
            return _decoded(beside, beside.read_bytes())
    if not path.is_file():
        return None
    found = _FOUND.findall(path.read_bytes())
    if not found:
        return None
    try:
        unfolding = zlib.decompressobj()
        text = unfolding.decompress(base64.urlsafe_b64decode(found[-1]), _MOST_BYTES)
        if unfolding.unconsumed_tail:
            raise ValueError("too long")
    except (ValueError, zlib.error) as error:
        raise FormatError(path, f"what it says of its origin is damaged ({error})", hint="Take another copy.") from None
    return _decoded(path, text)


def without(path: Path) -> bytes:
    """The file's bytes as they were before it was stamped."""
    content = path.read_bytes()
    match path.suffix.lower():
        case ".png":
            return b"".join([_PNG, *(chunk for chunk in _chunks(content) if MARK not in chunk)])
        case ".mp4":
            return _without_box(content)
        case ".jpg" | ".jpeg":
            return content[:2] + content[4 + _short(content, 4) :] if content[6:].startswith(MARK) else content
        case ".npz" | ".zip":
            at = content.rfind(b"PK\x05\x06")
            return content[: at + 20] + b"\0\0" if at >= 0 and MARK in content[at:] else content
        case ".glb":
            return _glb(content, None) or content
        case ".html" | ".svg" | ".md":
            return re.sub(rb"\n<!-- " + _FOUND.pattern + rb" -->\n", b"", content)
        case _:
            return content


def _stamped(ending: str, path: Path, words: bytes) -> bytes | None:
    """The file's bytes with the words in them; None where its format has no place for them."""
    if ending in _COMMENTED:
        before, after = _COMMENTED[ending]
        return without(path) + f"\n{before}".encode() + words + f"{after}\n".encode()
    plain = without(path) if ending in (".png", ".mp4", ".jpg", ".jpeg", ".npz") else b""
    match ending:
        case ".png" if plain.startswith(_PNG) and plain.endswith(_chunk(b"IEND", b"")):
            return plain[:-12] + _chunk(b"tEXt", b"Posecast origin\0" + words) + plain[-12:]
        case ".mp4" if plain[4:8] == b"ftyp":
            return plain + struct.pack(">I4s", 8 + len(words), b"free") + words
        case ".jpg" | ".jpeg" if plain.startswith(b"\xff\xd8") and len(words) < 65_000:
            return plain[:2] + b"\xff\xfe" + struct.pack(">H", 2 + len(words)) + words + plain[2:]
        case ".npz" if plain[-2:] == b"\0\0" and zipfile.is_zipfile(path) and len(words) < 65_000:
            return plain[:-2] + struct.pack("<H", len(words)) + words
        case ".glb":
            return _glb(path.read_bytes(), words)
        case _:
            return None


# ---- formats --------------------------------------------------------------------------------------------------------


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _chunks(content: bytes) -> list[bytes]:
    """A PNG's chunks, whole; what follows its end is dropped with it."""
    chunks, at = [], len(_PNG)
    while at + 12 <= len(content):
        end = at + 12 + struct.unpack_from(">I", content, at)[0]
        chunks.append(content[at:end])
        at = end
    return chunks


def _without_box(content: bytes) -> bytes:
    """A film without the box at its end, where that is ours."""
    at = content.rfind(MARK)
    starts = at - 8
    if at < 8 or content[at - 4 : at] != b"free":
        return content
    return content[:starts] if starts + struct.unpack_from(">I", content, starts)[0] == len(content) else content


def _glb(content: bytes, words: bytes | None) -> bytes | None:
    """A GLB with the words, or without any; None where it is none.

    A header of 12 bytes, then chunks of length, kind and content; the first is JSON, padded with spaces.
    """
    if content[:4] != b"glTF" or content[16:20] != b"JSON":
        return None
    length = struct.unpack_from("<I", content, 12)[0]
    said = msgspec.json.decode(content[20 : 20 + length])
    asset = said.setdefault("asset", {})
    extras = {name: each for name, each in asset.pop("extras", {}).items() if name != "posecast"}
    if words is not None:
        extras["posecast"] = words.decode()
    if extras:
        asset["extras"] = extras
    text = msgspec.json.encode(said)
    text += b" " * (-len(text) % 4)
    rest = content[20 + length :]
    head = content[:8] + struct.pack("<I", 20 + len(text) + len(rest))
    return head + struct.pack("<I", len(text)) + b"JSON" + text + rest


def _short(content: bytes, at: int) -> int:
    return struct.unpack_from(">H", content, at)[0]


def _beside(path: Path, origin: Origin) -> Path:
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(origin), indent=2))
    new.replace(path)
    return path


def _decoded(path: Path, text: bytes) -> Origin:
    try:
        if msgspec.json.decode(text).get("format", 0) > FORMAT:
            raise TooNewError(path, "its origin was written by a later version of Posecast", hint="Update Posecast.")
        return msgspec.json.decode(text, type=Origin)
    except (msgspec.DecodeError, msgspec.ValidationError, AttributeError) as error:
        raise FormatError(path, f"what it says of its origin is damaged ({error})", hint="Take another copy.") from None
