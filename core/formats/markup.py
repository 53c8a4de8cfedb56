"""XML of others, read as a stream: elements begin and end, nothing else happens.

A document type is refused (it could name other files, or grow without bound), and depth, texts and the number of
elements are bounded, so no file makes more of itself than it is. Names come without their prefix.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from core.errors import CoreError, FileError, FormatError

_CHUNK = 1 << 16
_DEEPEST = 100
_MOST_ELEMENTS = 20_000_000
_LONGEST_TEXT = 1 << 20
_HINT = "The file may be damaged or cut short; export it again."


class Element(NamedTuple):
    """An element that begins (`ends` False) or ends, then with the text that stood in it."""

    tag: str
    ends: bool
    line: int
    given: dict[str, str]
    text: str = ""


def elements(path: Path) -> Iterator[Element]:
    """Every element of the file, where it begins and where it ends; FormatError names the line that is wrong."""
    found: list[Element] = []
    parser = _Parser(path, found)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                parser.take(chunk)
                yield from found
                found.clear()
            parser.take(b"", last=True)
            yield from found
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check the path.") from None


def root_of(path: Path) -> Element | None:
    """The outermost element, or None where this is no XML; reads no further."""
    try:
        with path.open("rb") as file:
            if file.read(4).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] not in (b"<", b""):
                return None
        return next(elements(path), None)
    except (CoreError, OSError):
        return None


def small_tree(text: bytes) -> ElementTree.Element:
    """The outermost element of a small file and all that is in it. ValueError says in which line what is wrong."""
    builder, open_ = ElementTree.TreeBuilder(), 0
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def begin(name: str, given: dict[str, str]) -> None:
        nonlocal open_
        open_ += 1
        if open_ > _DEEPEST:
            raise ValueError(f"line {parser.CurrentLineNumber}: more than {_DEEPEST} elements in each other")
        builder.start(name, given)

    def end(name: str) -> None:
        nonlocal open_
        open_ -= 1
        builder.end(name)

    def refuse(*_: object) -> None:
        raise ValueError(f"line {parser.CurrentLineNumber}: it declares a document type, which is not read")

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise ValueError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from None
    except LookupError as error:
        raise ValueError(f"its text cannot be read ({error})") from None
    return builder.close()


class _Parser:
    def __init__(self, path: Path, found: list[Element]) -> None:
        self._path = path
        self._found = found
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self._elements = 0
        self._characters = 0
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._begin
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text
        self._expat.StartDoctypeDeclHandler = self._refuse_type

    def take(self, chunk: bytes, *, last: bool = False) -> None:
        try:
            self._expat.Parse(chunk, last)
        except expat.ExpatError as error:
            raise self._wrong(f"not well-formed XML ({expat.ErrorString(error.code)})", error.lineno) from None
        except (LookupError, ValueError) as error:
            raise self._wrong(f"its text cannot be read ({error})") from None

    def _begin(self, name: str, given: dict[str, str]) -> None:
        self._elements += 1
        self._characters = 0
        if len(self._open) >= _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise self._wrong(f"more than {_DEEPEST} elements in each other, or {_MOST_ELEMENTS} in all")
        self._open.append((_plain(name), given, []))
        self._found.append(Element(_plain(name), False, self._expat.CurrentLineNumber, given))

    def _end(self, _: str) -> None:
        tag, given, text = self._open.pop()
        self._found.append(Element(tag, True, self._expat.CurrentLineNumber, given, "".join(text)))

    def _text(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > _LONGEST_TEXT:
            raise self._wrong(f"a text of more than {_LONGEST_TEXT} characters")
        if self._open:
            self._open[-1][2].append(text)

    def _refuse_type(self, *_: object) -> None:
        raise self._wrong("it declares a document type, which is not read", hint="Take the DOCTYPE line out.")

    def _wrong(self, what: str, line: int | None = None, *, hint: str = _HINT) -> FormatError:
        return FormatError(self._path, f"line {line or self._expat.CurrentLineNumber}: {what}", hint=hint)


def _plain(name: str) -> str:
    return name.rpartition(":")[2]
