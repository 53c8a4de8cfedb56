"""Building a pose bank from the window: the command, the dialog, and the job it starts in its turn."""

from PySide6.QtCore import QObject

from core.catalog import key_of
from core.errors import CoreError
from core.runs import BuildPoseBank
from studio.actions import Handlers
from studio.data_sets import DataSets
from studio.document import Document
from studio.importing import Importing
from studio.main_window import MainWindow
from studio.widgets.bank_dialog import BankDialog, Source
from studio.widgets.notices import Notice


class Banking(QObject):
    """Knows which data sets a bank can be built of. The import's queue begins the job: it reads what others write."""

    def __init__(self, document: Document, sets: DataSets, importing: Importing, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._sets, self._importing, self._window = document, sets, importing, window

    def handlers(self) -> Handlers:
        return {"build-bank": self.ask}

    def ask(self) -> BankDialog | None:
        """Open the dialog; without any motion say what is missing."""
        sources = self._sources()
        if not sources:
            words = self.tr("A pose bank is made of recorded motion. Import some first, such as AMASS or BVH files.")
            if any(entry.contents is None for entry in self._sets.entries()):
                words = self.tr("The data sets are being read. Try again in a moment.")
            self._window.notices.show(Notice(self.tr("No motion to build it of"), words, "motion"))
            return None
        taken = [key_of(each) for each in self._document.project.items.values()]
        dialog = BankDialog(sources, taken, self._window)

        def begin(wish: BuildPoseBank) -> None:
            try:
                self._importing.start(wish)
            except CoreError as error:
                dialog.refuse(f"{error} {error.hint}".strip())
                return
            dialog.close()
            self._window.show_page("data")

        dialog.wanted.connect(begin)
        dialog.show()
        return dialog

    def _sources(self) -> list[Source]:
        found = (entry.contents.entry for entry in self._sets.entries() if entry.contents is not None)
        return [
            Source(each.key, each.name, each.recordings, each.seconds, each.licence)
            for each in found
            if each.holds == "motion" and each.recordings and not each.problem
        ]
