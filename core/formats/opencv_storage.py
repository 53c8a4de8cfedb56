"""What OpenCV's FileStorage writes, YAML and XML, as plain values: numbers, text, lists and named values.

Only the forms that its writer and ROS' use are read: indented names, `-` lists, flow lists and maps over several
lines, tags such as `!!opencv-matrix` (passed over), and in XML elements with numbers between them. OpenCV's own reader
ends the whole program over some damaged files, so it is not used. A ValueError says which line is wrong. Files are
small (`cameras.bytes_of`); what is nested deeper than cameras need is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from core.formats.markup import small_tree

_DEEPEST = 12
_LISTED = "_"  # what OpenCV's XML calls the parts of a list
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_ODD = {".nan": "nan", ".inf": "inf", "+.inf": "inf", "-.inf": "-inf"}
_NAMED = re.compile(r"""(?:"([^"]*)"|'([^']*)'|([^\s"'\[\]{},:#][^\[\]{},:#]*?))\s*:(?:\s+|$)""")
_PASSED_OVER = re.compile(r"(?:!\S*|&\S+)\s*")  # tags and anchors
_TOKEN = re.compile(r"""\s*(?:([\[\]{},:])|"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\[\]{},:\s][^\[\]{},:]*))""")


def from_xml(text: bytes) -> Any:
    """The values below the root of an XML file."""
    return _of_element(small_tree(text), 0)


def _of_element(element: ElementTree.Element, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    inside = list(element)
    if inside and all(each.tag == _LISTED for each in inside):
        return [_of_element(each, depth + 1) for each in inside]
    if inside:
        return {each.tag: _of_element(each, depth + 1) for each in inside}
    words = (element.text or "").split()
    values = [_scalar(each) for each in words]
    if len(values) > 1 and all(isinstance(each, float) for each in values):
        return values
    return values[0] if len(values) == 1 else " ".join(words) or None


def from_yaml(text: str) -> Any:
    """The values of a YAML file, with or without OpenCV's first line."""
    lines = list(_lines_of(text))
    if not lines:
        return {}
    value, at = _block(lines, 0, 0)
    if at < len(lines):
        raise ValueError(f"line {lines[at].number}: it stands further left than what is before it")
    return value


@dataclass(frozen=True)
class _Line:
    number: int
    indent: int
    text: str


def _lines_of(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.splitlines(), start=1):
        content = re.sub(r"(^|\s)#.*", "", line).rstrip()
        stripped = content.lstrip(" \t")
        if stripped and not stripped.startswith(("%", "---", "...")):
            yield _Line(number, len(content) - len(stripped), stripped)


def _block(lines: list[_Line], at: int, depth: int) -> tuple[Any, int]:
    """What stands at the indent of `lines[at]`, and the line behind it."""
    if depth > _DEEPEST:
        raise ValueError(f"line {lines[at].number}: it is nested too deeply")
    indent = lines[at].indent
    if lines[at].text.startswith("- ") or lines[at].text == "-":
        return _list(lines, at, indent, depth)
    held: dict[str, Any] = {}
    while at < len(lines) and lines[at].indent == indent:
        line = lines[at]
        named = _NAMED.match(line.text)
        if named is None:
            raise ValueError(f"line {line.number}: {line.text[:40]!r} names no value")
        name = next(each for each in named.groups() if each is not None)
        held[name], at = _value(lines, at, line.text[named.end() :], indent, depth)
    return held, at


def _list(lines: list[_Line], at: int, indent: int, depth: int) -> tuple[list[Any], int]:
    held = []
    while at < len(lines) and lines[at].indent == indent and lines[at].text.startswith("-"):
        value, at = _value(lines, at, lines[at].text[1:].lstrip(), indent, depth)
        held.append(value)
    return held, at


def _value(lines: list[_Line], at: int, rest: str, indent: int, depth: int) -> tuple[Any, int]:
    """What follows a name or a dash: on its line, or below it."""
    rest = _PASSED_OVER.sub("", rest, count=1) if rest.startswith(("!", "&")) else rest
    number, at = lines[at].number, at + 1
    if rest.startswith(("[", "{")):
        parts, open_ = [rest], _still_open(rest)
        while open_ > 0 and at < len(lines):
            parts.append(lines[at].text)
            open_ += _still_open(lines[at].text)
            at += 1
        return _flow(" ".join(parts), number), at
    if rest:
        return _scalar(rest), at
    is_below = at < len(lines) and (
        lines[at].indent > indent or (lines[at].indent == indent and lines[at].text.startswith("- "))
    )
    return _block(lines, at, depth + 1) if is_below else (None, at)


def _still_open(text: str) -> int:
    bare = re.sub(r""""(?:[^"\\]|\\.)*"|'[^']*'""", "", text)
    return sum(bare.count(each) for each in "[{") - sum(bare.count(each) for each in "]}")


def _flow(text: str, number: int) -> Any:
    """`[ 1., 2., [ 3. ] ]` or `{ rows: 3, data: [ … ] }`."""
    tokens: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"line {number}: {text[at : at + 20]!r} cannot be read")
        mark, double, single, plain = found.groups()
        quoted = double if double is not None else single
        tokens.append(("mark", mark) if mark else ("text", quoted) if quoted is not None else ("plain", plain.strip()))
        at = found.end()
    tokens.reverse()
    value = _flow_value(tokens, number, 0)
    if tokens:
        raise ValueError(f"line {number}: something stands behind its last bracket")
    return value


def _flow_value(tokens: list[tuple[str, str]], number: int, depth: int) -> Any:
    if not tokens or depth > _DEEPEST:
        raise ValueError(f"line {number}: " + ("it is nested too deeply" if tokens else "a bracket is not closed"))
    kind, word = tokens.pop()
    if kind != "mark":
        return word if kind == "text" else _scalar(word)
    if word not in "[{":
        raise ValueError(f"line {number}: a {word} stands where a value should")
    held: dict[str, Any] = {}
    listed: list[Any] = []
    while True:
        if not tokens:
            raise ValueError(f"line {number}: a bracket is not closed")
        if tokens[-1] == ("mark", "]" if word == "[" else "}"):
            tokens.pop()
            return listed if word == "[" else held
        if word == "{":
            name = str(tokens.pop()[1])
            if not tokens or tokens.pop() != ("mark", ":"):
                raise ValueError(f"line {number}: {name[:20]!r} names no value")
            held[name] = _flow_value(tokens, number, depth + 1)
        else:
            listed.append(_flow_value(tokens, number, depth + 1))
        if tokens and tokens[-1] == ("mark", ","):
            tokens.pop()


def _scalar(word: str) -> float | str | None:
    word = word.strip()
    if word.lower() in _ODD:
        return float(_ODD[word.lower()])
    if _NUMBER.fullmatch(word):
        return float(word)
    if word in ("~", "null", "Null", "NULL"):
        return None
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word
