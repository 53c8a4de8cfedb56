"""Lists every source text of the studio as a Qt `.ts` file, for a translator: `python tools/texts.py posecast.ts`.

Read from the code, without running it: what is given to `say`, `said` and `counted`, to the parts that look up their
words themselves, to dialogs and notices, tables of words, the settings of a training, and `self.tr`, whose context is
its class. A text with named
places ("{count} clips left") is listed as it stands; the places keep their names in every language.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = "Posecast"
_DOORS = {
    *(
        "say",
        "said",
        "text",
        "button",
        "search",
        "panel",
        "segmented",
        "state_card",
        "field",
        "Button",
        "Notice",
        "_Stop",
        "_counted",
        "_button",
        "_menu_button",
        "_Side",
    ),
    *(
        "Command",
        "_everywhere",
        "_of",
        "Preset",
        "Place",
        "WordsDialog",
        "FindingsDialog",
        "tool",
        "Tool",
        "Column",
        "RecordTable",
        "Dialog",
    ),
}
_NAMES_FIRST = {"Command", "_everywhere", "_of", "Place", "Column"}
"""Their first texts are names the program knows them by."""


def main(target: Path) -> int:
    """Write the file; how many texts it lists goes to the terminal."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted((ROOT / "studio").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for context, source, line in _texts(tree):
            found.setdefault(context, {}).setdefault(source, f"{file.relative_to(ROOT).as_posix()}:{line}")
    configs = ROOT / "core" / "configs.py"
    for source, line in _knobs(ast.parse(configs.read_text(encoding="utf-8"))):
        found.setdefault(CONTEXT, {}).setdefault(source, f"core/configs.py:{line}")
    target.write_text(_as_ts(found), encoding="utf-8")
    sys.stdout.write(f"{sum(map(len, found.values()))} texts in {target.name}\n")
    return 0


def _texts(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """Context, source text and line of everything that passes a door."""
    for outer in ast.walk(tree):
        of_class = outer.name if isinstance(outer, ast.ClassDef) else ""
        inside = ast.walk(outer) if of_class else ()
        for node in inside:
            if isinstance(node, ast.Call) and _name(node) == "tr":
                yield from ((of_class, source, node.lineno) for source in _literals(node.args[:1]))
    yield from _named(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) == "counted":
            yield from ((CONTEXT, source, node.lineno) for source in _counts(node))
        elif isinstance(node, ast.Call) and _name(node) in _DOORS:
            name = _name(node)
            given = [*node.args, *(each.value for each in node.keywords)]
            for source in _literals(given):
                if name not in _NAMES_FIRST or " " in source or source[:1].isupper():
                    yield CONTEXT, source, node.lineno
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict | ast.Tuple):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(each, ast.Name) and each.id.isupper() for each in targets):
                sources = _literals(list(_parts(node.value)))
                yield from ((CONTEXT, source, node.lineno) for source in sources if source[:1].isupper())


def _knobs(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Titles and helps of settings, and the words one chooses from; forms are made from them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) == "Meta":
            given = [each.value for each in node.keywords if each.arg in ("title", "description")]
            yield from ((source, node.lineno) for source in _literals(given))
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal":
            words = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            yield from ((source.replace("_", " "), node.lineno) for source in _literals(words))


def _named(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """Texts that have a name before they pass the door: `words = …` and then `say(words)`, or a title of a dialog."""
    known: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    known.setdefault(target.id, []).append(node.value)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        first = node.args[0] if node.args else None
        if _name(node) in ("say", "said") and isinstance(first, ast.Name):
            yield from ((CONTEXT, source, node.lineno) for source in _literals(known.get(first.id, [])))
        elif _name(node) == "__init__" and first is not None:  # a window's title
            yield from ((CONTEXT, source, node.lineno) for source in _literals([first]) if source[:1].isupper())


def _counts(call: ast.Call) -> Iterator[str]:
    """One and many of what is counted."""
    things = list(_literals([*call.args[1:], *(each.value for each in call.keywords)]))
    if things:
        yield f"{{count}} {things[0]}"
        yield f"{{count}} {things[1] if len(things) > 1 else things[0] + 's'}"


def _parts(table: ast.expr) -> Iterator[ast.expr]:
    """What stands in a table of words; the keys of a dict are names for the program."""
    match table:
        case ast.Dict(values=values):
            for each in values:
                yield from _parts(each)
        case ast.Tuple(elts=parts):
            for each in parts:
                yield from _parts(each)
        case _:
            yield table


def _name(call: ast.Call) -> str:
    of = call.func
    return of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""


def _literals(nodes: list[ast.expr]) -> Iterator[str]:
    """Plain texts among these, also the two of a choice; those with a word in them."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if sum(letter.isalpha() for letter in node.value) > 1:
                yield node.value
        elif isinstance(node, ast.IfExp):
            yield from _literals([node.body, node.orelse])


def _as_ts(found: dict[str, dict[str, str]]) -> str:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<!DOCTYPE TS>", '<TS version="2.1" sourcelanguage="en">']
    for context, texts in sorted(found.items()):
        lines += ["<context>", f"    <name>{escape(context)}</name>"]
        for source, place in texts.items():
            file, _, line = place.rpartition(":")
            lines += [
                "    <message>",
                f'        <location filename="{escape(file)}" line="{line}"/>',
                f"        <source>{escape(source)}</source>",
                '        <translation type="unfinished"></translation>',
                "    </message>",
            ]
        lines.append("</context>")
    return "\n".join([*lines, "</TS>"]) + "\n"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("posecast.ts")))
