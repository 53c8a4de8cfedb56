"""Tables of forecasters on disk: for machines, for people, for spreadsheets; and the names of what lies beside them.

table-KEY.json   a `core.reports.Table`
table-KEY.md     the same as a page
table-KEY.csv    one line a row, seed by seed
"""

from pathlib import Path

import msgspec

from core import report_tables
from core.errors import FormatError
from core.reports import Table, read_report
from core.runs import Made
from core.whole_files import whole_file


def write_table(table: Table, folder: Path) -> tuple[Made, ...]:
    """All three; older ones of the same table are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    name = _named(table.key)
    texts = {
        "json": msgspec.json.format(msgspec.json.encode(table), indent=2) + b"\n",
        "md": report_tables.markdown(table).encode(),
        "csv": report_tables.csv_text(table).encode(),
    }
    for ending, text in texts.items():
        put(folder / f"{name}.{ending}", text)
    return tuple(Made(table.title, str(folder / f"{name}.{ending}")) for ending in texts)


def table_there(folder: Path, key: str) -> Table | None:
    """The table as it was written last; None where there is none that can be read."""
    try:
        found = read_report(folder / f"{_named(key)}.json")
    except FormatError:
        return None
    return found if isinstance(found, Table) else None


def _named(key: str) -> str:
    return key if key.startswith("table") else f"table-{key}"


def put(path: Path, content: bytes) -> None:
    """Whole or not at all, in a folder that is made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as beside:
        beside.write_bytes(content)


def file_name(name: str) -> str:
    """Letters and digits of a row's name, joined by hyphens."""
    plain = "".join(each if each.isalnum() else "-" for each in name.lower())
    return "-".join(part for part in plain.split("-") if part)
