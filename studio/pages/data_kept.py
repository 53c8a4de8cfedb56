"""The middle of the Data page for what is kept beside recordings: pose banks, and tables of characteristic poses.

Both show what is in them at once: a bank a dozen of its poses in space and whose they are, a table its rows.
"""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.formats.keypose_csv import RATES_HZ
from core.importing.recognition import spelled_size
from core.project.pose_banks import Glimpse
from studio import theme
from studio.data_sets import Contents, KeptTable
from studio.widgets import parts
from studio.widgets.job_words import grouped
from studio.widgets.pose_strip import PoseStrip
from studio.widgets.record_table import Cell, Column, Record, RecordTable
from studio.words import say

_SOURCES = (
    Column("Data set"),
    Column("Poses", 86, is_number=True),
    Column("Of frames", 96, is_number=True, rank=1),
    Column("Recordings", 90, is_number=True, rank=2),
    Column("Apart, mm", 84, is_number=True, rank=3),
    Column("Terms", 210, rank=4),
)
_ROWS = (
    Column("Recording"),
    Column("Frame", 78, is_number=True),
    Column("At, s", 78, is_number=True, rank=1),
    Column("First frame", 90, is_number=True, rank=4),
    Column("Remark", 190, rank=2),
    Column("File", 150, rank=3),
)


class BankView(QWidget):
    """What a pose bank is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.sums = parts.row(gap=28, margins=(2, 0, 0, 2))
        self.sources = RecordTable(_SOURCES, self.tr("Where the poses come from"), row_height=28)
        self.poses = PoseStrip()
        self.poses.setMaximumHeight(theme.px(460))
        self._about = parts.text("", "label", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        parts.fill(box, (self.sums, self._about, (self.poses, 3), (self.sources, 1)))
        self.setFocusProxy(self.sources)

    def show_bank(self, contents: Contents) -> None:
        """This bank, whose glimpse is there."""
        bank = contents.bank
        assert bank is not None
        terms = [each for each in dict.fromkeys(bank.licences.values()) if each]
        figures = [
            (grouped(bank.poses), self.tr("poses")),
            (spelled_size(contents.entry.size_bytes), self.tr("on the disk")),
            (grouped(sum(each.recordings for each in bank.sources)), self.tr("recordings")),
            (grouped(len(bank.sources)), self.tr("source") if len(bank.sources) == 1 else self.tr("sources")),
        ]
        parts.refill(self.sums, [_figure(number, words) for number, words in figures])
        parts.push_left(self.sums)
        comes = self.tr("Comes under: {terms}.").format(terms="; ".join(terms).rstrip(".")) if terms else ""
        about = self.tr(
            "What a forecaster's critic takes for human: upper bodies without a video, neck at the origin, facing "
            "ahead. Here are {count} from all through the bank."
        )
        self._about.setText(" ".join(filter(None, (about.format(count=len(bank.some_m)), comes))))
        self.sources.show_records([_source_record(bank, at) for at in range(len(bank.sources))])
        captions = [bank.source_of(each) for each in bank.at]
        self.poses.show_poses(bank.some_m, captions if len(bank.sources) > 1 else ())


class KeyposesView(QWidget):
    """The rows of tables of characteristic poses, as their makers wrote them."""

    def __init__(self) -> None:
        super().__init__()
        self.sums = parts.row(gap=28, margins=(2, 0, 0, 2))
        self.search = parts.search(self.tr("Find recordings"), "Q", width=theme.px(210))
        self.search.textChanged.connect(self._search)
        self.matching = parts.text("", "caption")
        self.table = RecordTable(_ROWS, self.tr("Characteristic poses"), row_height=28)
        self._records: list[tuple[str, Record]] = []
        self.setFocusProxy(self.table)
        about = self.tr("Other people's choice of frames, kept byte for byte: Export gives it back.")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        head = parts.row(self.search, self.matching, None, gap=8)
        parts.fill(box, (self.sums, parts.text(about, "label", wrap=True), head, (self.table, 1)))

    def show_tables(self, contents: Contents) -> None:
        """The rows of all tables of this set."""
        tables = contents.tables
        self._records = [each for table in tables for each in table_records(table)]
        names = {row.sample for table in tables for row in table.rows}
        forms = dict.fromkeys(
            say("{form}, {rate:g} a second", form=table.form, rate=RATES_HZ[table.form]) for table in tables
        )
        count = sum(len(table.rows) for table in tables)
        figures = [
            (grouped(count), self.tr("characteristic pose") if count == 1 else self.tr("characteristic poses")),
            (grouped(len(names)), self.tr("recording") if len(names) == 1 else self.tr("recordings")),
            *((form.partition(",")[0], form.partition(", ")[2]) for form in forms),
        ]
        parts.refill(self.sums, [_figure(number, words) for number, words in figures])
        parts.push_left(self.sums)
        self._search()

    def _search(self) -> None:
        words = self.search.text().casefold().replace(",", " ").split()
        found = [record for said, record in self._records if all(word in said for word in words)]
        self.table.show_records(found)
        of = self.tr("{found} of {all} rows")
        self.matching.setText(of.format(found=grouped(len(found)), all=grouped(len(self._records))) if words else "")


def _figure(number: str, words: str) -> QWidget:
    return parts.col(parts.text(number, "number"), parts.text(words, "caption"), gap=0)


def _source_record(bank: Glimpse, at: int) -> Record:
    source = bank.sources[at]
    refused = "\n".join(
        say("{count} left out: {rule}", count=grouped(count), rule=rule) for rule, count in source.refused.items()
    )
    terms = bank.licences.get(source.name, "")
    return Record(
        source.key,
        (
            Cell(source.name, strong=True, tip=source.name),
            Cell(grouped(source.poses)),
            Cell(grouped(source.frames), tip=refused),
            Cell(grouped(source.recordings)),
            Cell(f"{source.apart_mm:.0f}" if source.apart_mm else "–"),
            Cell(terms or "–", tip=terms),
        ),
    )


def table_records(table: KeptTable) -> list[tuple[str, Record]]:
    """Each row with the words that are searched."""
    rate_hz = RATES_HZ[table.form]
    return [
        (
            f"{row.sample} {row.comment} {table.name}".casefold(),
            Record(
                f"{table.name}:{row.line}",
                (
                    Cell(row.sample, strong=True, tip=say("{sample}, line {line}", sample=row.sample, line=row.line)),
                    Cell(grouped(row.frame)),
                    Cell(f"{row.frame / rate_hz:.2f}"),
                    Cell("–" if row.start is None else grouped(row.start)),
                    Cell(row.comment, tip=row.comment),
                    Cell(table.name, tip=table.name),
                ),
            ),
        )
        for row in table.rows
    ]
