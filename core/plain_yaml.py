"""YAML as people write it by hand: plain values, and the line that each stands in. No torch.

Only plain values are made: text, numbers, yes and no, lists, tables. A tag that would make anything else, an alias, and
a key that stands twice are refused, each with its line. JSON is read alike, since all of it is YAML.
"""

from pathlib import Path
from typing import Any

from core.errors import FormatError

MOST_BYTES = 1_000_000
Place = tuple[str | int, ...]
Lines = dict[Place, int]
"""The line, from 1, of every value by the keys and numbers that lead to it; () is the whole."""


def read(path: Path) -> tuple[Any, Lines]:
    """What a file says. FormatError names the line and what is wrong with it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FormatError(path, "it is too large to be written by hand", hint="Name another file.")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise FormatError(path, "it is no text", hint="Save it as UTF-8 text.") from None
    except OSError as error:
        raise FormatError(path, f"it cannot be read: {error.strerror or error}", hint="Name another file.") from None
    return parse(text, path)


def parse(text: str, path: Path) -> tuple[Any, Lines]:
    """The same of a text; `path` is what it is called in words."""
    import yaml

    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise _refused(path, _line(event), f"*{event.anchor} repeats another value", "Write the value again.")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            raise FormatError(path, "it is empty", hint="Write what is to be done.")
        lines: Lines = {}
        value = _value(node, (), lines, path)
    except yaml.reader.ReaderError as error:
        raise FormatError(path, f"it is no text: {error.reason}", hint="Save it as UTF-8 text.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "it cannot be read"
        raise _refused(path, mark.line + 1 if mark else 1, said, "Write it as name: value, one a line.") from None
    except (ValueError, OverflowError, RecursionError) as error:  # a date that is none, brackets without end
        raise FormatError(path, f"it cannot be read: {error}", hint="Write plain values.") from None
    return value, lines


def _value(node: Any, place: Place, lines: Lines, path: Path) -> Any:
    import yaml

    lines[place] = _line(node)
    match node:
        case yaml.MappingNode() if node.tag == "tag:yaml.org,2002:map":
            made: dict[str, Any] = {}
            for key_node, value_node in node.value:
                if not isinstance(key_node, yaml.ScalarNode) or key_node.tag.endswith(":merge"):
                    raise _refused(path, _line(key_node), "a name is expected", "Write it as name: value.")
                key = key_node.value
                if key in made:
                    raise _refused(path, _line(key_node), f"{key} stands there twice", "Keep one of them.")
                made[key] = _value(value_node, (*place, key), lines, path)
                lines[*place, key] = _line(key_node)
            return made
        case yaml.SequenceNode() if node.tag == "tag:yaml.org,2002:seq":
            return [_value(each, (*place, at), lines, path) for at, each in enumerate(node.value)]
        case yaml.ScalarNode() if node.tag in _PLAIN:
            if node.tag.endswith(":timestamp"):
                return node.value
            return yaml.SafeLoader("").construct_object(node)
    tag = node.tag.replace("tag:yaml.org,2002:", "!!")
    raise _refused(path, _line(node), f"{tag} is no plain value", "Only text, numbers, true, false, lists and tables.")


_PLAIN = {f"tag:yaml.org,2002:{each}" for each in ("str", "int", "float", "bool", "null", "timestamp")}


def _line(node: Any) -> int:
    return node.start_mark.line + 1


def _refused(path: Path, line: int, why: str, hint: str) -> FormatError:
    return FormatError(path, f"line {line}: {why}", hint=hint)
