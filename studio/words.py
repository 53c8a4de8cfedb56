"""The one door through which the words a person reads go to a translator.

A source text is plain English in the code. `said` looks up one that has no values in it; `say` looks up a text with
named places and then fills them, so that another language can put them in another order: `say("{count} clips left",
count=3)`, never an f-string with words in it. The parts of `studio.widgets.parts`, notices, dialogs, menus and the
table of commands pass what they are given through `said` themselves, so a plain literal given to them needs nothing.
Names that people gave (clips, labels, runs, folders) are not words of the studio: they are filled in, never looked up.

The names of undo steps and the messages of `core` stay in English: the first are kept in the project's journal, which
two people with two languages may share; the second are also what the command line prints.
A count of things goes through `counted`, whose plural a translator can give in every form that their language has.
`tools/texts.py` lists every source text as a Qt `.ts` file; `lrelease` makes of it what `speak` reads at the start.
"""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

CONTEXT = "Posecast"
"""The context of every source text, so that one text has one translation. Texts of `self.tr` have their class's."""


def speak(app: QCoreApplication, folder: Path) -> bool:
    """Take the translation for the system's languages from `folder` (posecast_de.qm), and Qt's own words with it.

    Whether there is one; without, everything stays English.
    """
    system = QLocale()
    spoken = QTranslator(app)
    if not spoken.load(system, "posecast", "_", str(folder)):
        return False
    app.installTranslator(spoken)
    of_qt = QTranslator(app)
    if of_qt.load(system, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(of_qt)
    return True


def said(words: str) -> str:
    """A source text in the person's language; as it is where there is no translation."""
    return QCoreApplication.translate(CONTEXT, words) if words else ""


def say(source: str, /, **values: object) -> str:
    """A source text with named places, in the person's language and filled in."""
    words = said(source)
    return words.format(**values) if values else words


def counted(count: int, thing: str, things: str = "") -> str:
    """`1 clip`, `3 clips` in the person's language; looked up as "{count} clip" or "{count} clips", with the number."""
    source = f"{{count}} {thing if count == 1 else things or thing + 's'}"
    return QCoreApplication.translate(CONTEXT, source, "", count).format(count=count)


def lasting(seconds: float) -> str:
    """`40 s`, `12 min`, `3.4 h`: how long something takes or took."""
    if seconds < 90:
        return say("{seconds} s", seconds=max(1, round(seconds)))
    if seconds < 5400:
        return say("{minutes} min", minutes=round(seconds / 60))
    return say("{hours:.1f} h", hours=seconds / 3600)


def listed(names: Sequence[str]) -> str:
    """`one`, `one and two`, `one, two and three` in the person's language."""
    *most, last = [*names] or [""]
    return say("{names} and {last}", names=", ".join(most), last=last) if most else last
