"""Words of every page and window are ready for translation: what the code hands to a widget passes the door, and in a
made-up language nothing that is shown, listed or painted is left in English, or has no room."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from core import configs
from studio import forecasters, motion_models, theme
from studio.data_sets import DataSets
from studio.document import Document
from studio.jobs import Jobs
from studio.pages.evaluate import EvaluatePage
from studio.pages.forecast import ForecastPage
from studio.pages.forecast_head import COMPARE
from studio.pages.generate import GeneratePage
from studio.reports import Reports
from studio.words import counted, listed
from tests.core.project_on_disk import project_on_disk, trained_run
from tests.studio import made_reports
from tests.studio.made_up_language import cut, untranslated
from tests.studio.stand_ins import ACTIONS, GeneratingModels, display
from tests.studio.test_forecast_page import Models
from tests.studio.test_generate_page import motion_run

STUDIO = Path(__file__).parents[2] / "studio"
MODULES = sorted(STUDIO.rglob("*.py"))

# ---- what the code hands over ----------------------------------------------------------------------------------------

SINKS = {
    *("setText", "setToolTip", "setAccessibleName", "setAccessibleDescription", "setPlaceholderText"),
    *("setWindowTitle", "setTitle", "setStatusTip", "setItemText", "setTabText", "setSpecialValueText"),
    *("addAction", "addItem", "addMenu", "addTab", "QLabel", "QCheckBox", "QRadioButton", "QPushButton", "QMenu"),
    *("QAction", "QListWidgetItem", "QTableWidgetItem", "put", "chip", "drawText", "getSaveFileName"),
    *("getOpenFileName", "getOpenFileNames", "getExistingDirectory"),
}
"""What shows the words it is given as they are."""
SAME_EVERYWHERE = re.compile(r"(– )?Posecast|PoseGPT|#\w+|[\w-]+\.(csv|toml)|\*\.\w+.*|steps=4000 .*")
"""Names, colours, names of files and how settings are written, the same in every language."""
UNDO_VERBS = {
    *("Accept", "Add", "Bring", "Change", "Cluster", "Confirm", "Copy", "Delete", "Find", "Give", "Keep", "Make"),
    *("Mark", "Merge", "Move", "Paste", "Recolour", "Relabel", "Remove", "Rename", "Reset", "Ripple", "Set", "Skip"),
    *("Split", "Take", "Use", "Detect", "Mirror", "Cut", "Lock", "Unlock"),
}
"""Undo steps begin with a verb and stay English: two people with two languages may share a journal."""
STAYS = {
    "__main__.py": "the command line is English",
    "settings.py": "comments of a file that is edited by hand",
    "keymap.py": "remarks on a file that is edited by hand",
    "data_sets.py": "a fault of the program, for whoever mends it",
}
STAYS_HERE = {
    "It cannot be read ",  # a fault of the program, with its Python name
    " beside ",  # how a draft's source names a forecaster: kept in the project
    "forecast by ",
    "pose of  at ",
    "motion of  frames",
    " frame ",
    " forecast at ",
    " compared at ",  # names of files that are exported
    " and  more",
    ", seed ",
    "story of ",  # names that kept motions are given once, for good
    "sample ",
    "frames of ",
    "check of ",
    "stills of ",
    "seeks of ",  # threads, for whoever looks at them in a debugger
    "Person ",  # a name that is given once
    "Posecast \n",
    "Posecast ",
    " – Posecast",
    " mm   ",
    " px   ",
    " pose of ",  # of an undo step: Move, or Set
    "made : ",  # a job's log
    "no joints ",
    "copy ",  # what a person waved off, a key
    "author ",
    "imported ",
    "unreadable answer: ",
    "no such commands: ",
    "Joint 1 px ",
    "Label ",
    "Sample ",  # looked up where they are shown, whole
    " overview.csv",
    " segments",
    " drafts",
    " clips",
    " labels",
    " actions",
    "  as ",  # parts of undo steps
    "by ",
    "cluster: ",
    "label: ",
    'cluster: ""',
    'label: ""',  # what is typed into search, in one language
}


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _bare(node: ast.expr) -> Iterator[str]:
    """Literal words in an argument that no call has in hand."""
    match node:
        case ast.Constant(value=str(words)):
            yield words
        case ast.JoinedStr(values=parts):
            yield "".join(each.value for each in parts if isinstance(each, ast.Constant))
        case ast.IfExp(body=one, orelse=other):
            yield from _bare(one)
            yield from _bare(other)
        case ast.BinOp(left=one, right=other):
            yield from _bare(one)
            yield from _bare(other)
        case _:
            return


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(STUDIO)))
def test_that_no_literal_words_are_handed_to_what_shows_them(module):
    found = [
        f"line {node.lineno}: {_called(node)}({words!r})"
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _called(node) in SINKS
        for argument in (node.args[:1] if _called(node) == "addItem" else node.args)
        for words in _bare(argument)
        if re.search(r"[A-Za-z]{3,}", words) and not SAME_EVERYWHERE.fullmatch(words.strip())
    ]
    assert found == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(STUDIO)))
def test_that_no_sentence_is_put_together_round_the_door(module):
    if module.name in STAYS:
        pytest.skip(STAYS[module.name])
    found = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.JoinedStr):
            continue
        words = "".join(each.value for each in node.values if isinstance(each, ast.Constant))
        is_prose = re.search(r"[A-Za-z]{2,}[:,;]? |[ ,][A-Za-z]{3,}", words) and not re.fullmatch(r"\W*\w{1,3}", words)
        if is_prose and words.split()[0].rstrip(":") not in UNDO_VERBS and words not in STAYS_HERE:
            found.append(f"line {node.lineno}: {words!r}")
    assert found == []


# ---- what is seen ----------------------------------------------------------------------------------------------------


def settled(page: QWidget, qtbot) -> QWidget:
    page.show()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    return page


@pytest.mark.parametrize("page", ["projects", "data", "train", "evaluate", "forecast", "generate"])
def test_that_an_empty_project_says_nothing_in_english(qtbot, pseudo, open_studio, page):
    presets = {each.rpartition("/")[2].rpartition("-")[2] for each in configs.PRESETS} | PRESETS
    shown = open_studio.window.show_page(page)
    qtbot.waitUntil(open_studio.window.is_settled, timeout=20_000)
    left = untranslated(shown, presets | {"kitchen-forecaster", "motion-gpt-small", "walk"})
    assert left == [], "\n".join(left)
    assert cut(shown) == []


PRESETS = {each.partition("/")[2] for each in configs.PRESETS} | {"paper"}
"""Presets are called as on the command line."""


@pytest.fixture
def forecast(qtbot, qapp, pseudo, tmp_path, monkeypatch):
    folder = tmp_path / "made up"
    project_on_disk(folder, film=True)
    trained_run(folder, "forecaster-01", "steps=4")
    trained_run(folder, "forecaster-02", "seed=4", "steps=4")
    monkeypatch.setattr(forecasters, "shipped_checkpoints", lambda _: {})
    theme.apply(qapp, theme.DARK)
    document, jobs = Document("test"), Jobs()
    page = ForecastPage(document, jobs, Models(), display(tmp_path))
    qtbot.addWidget(page)
    page.resize(1500, 900)
    page.space.viewport.is_settled = page.compared.space.viewport.is_settled = lambda: True
    document.open(folder)
    jobs.watch(folder / "runs")
    qtbot.waitUntil(jobs.is_settled)
    document.seek(82)
    yield settled(page, qtbot), document
    page.close()
    page.close_page()
    jobs.watch(None)
    document.close_project()


def test_that_a_forecast_and_runs_side_by_side_say_nothing_in_english(forecast, qtbot):
    page, document = forecast
    names = {each.name for each in document.project.labels.values()} | {"forecaster-01", "forecaster-02"}
    names |= {each.name for each in document.project.clips.values()} | PRESETS

    def left_of(shown: QWidget) -> str:
        return "\n".join(each for each in untranslated(shown, names) if not NOTES.search(each))

    assert left_of(page) == ""
    assert cut(page) == []
    page.head.tabs.setCurrentIndex(COMPARE)
    settled(page, qtbot)
    assert left_of(page) == ""


NOTES = re.compile(r"^Not enough past: this run looks back|n-gram of order")
"""What the core says of a forecast, and how it names a plain method, is English."""


def test_that_samples_tokens_and_a_story_say_nothing_in_english(qtbot, qapp, pseudo, tmp_path, monkeypatch):
    folder = tmp_path / "made up"
    project_on_disk(folder, clips=2)
    motion_run(folder)
    monkeypatch.setattr(motion_models, "shipped_checkpoints", lambda _: {})
    theme.apply(qapp, theme.DARK)
    document, jobs = Document("test"), Jobs()
    page = GeneratePage(document, jobs, GeneratingModels(), display(tmp_path), DataSets(document, jobs))
    qtbot.addWidget(page)
    page.resize(1500, 900)
    page.space.viewport.is_settled = lambda: True
    document.open(folder)
    jobs.watch(folder / "runs")
    page.show()
    qtbot.waitUntil(lambda: bool(page.generating.shown) and page.is_settled(), timeout=20_000)
    names = {each for each, _ in ACTIONS} | {"motion-01", "made for a test", "feet slip"}
    names |= {each.name for each in document.project.clips.values()}
    left, narrow = untranslated(page, names), cut(page)
    page.close()
    page.close_page()
    jobs.watch(None)
    document.close_project()
    assert left == [], "\n".join(left)
    assert narrow == []


def test_that_reports_say_nothing_in_english(qtbot, qapp, pseudo, tmp_path):
    theme.apply(qapp, theme.DARK)
    document, jobs = Document("test"), Jobs()
    reports = Reports(document, jobs)
    page = EvaluatePage(document, jobs, reports)
    qtbot.addWidget(page)
    page.resize(1500, 940)
    document.create(tmp_path / "kitchen", "Kitchen")
    made_reports.fill(document.folder / "runs")
    jobs.watch(document.folder / "runs")
    page.show()
    reports.look_again()
    qtbot.waitUntil(lambda: page.is_settled() and len(reports.entries()) == 6 and jobs.is_settled())
    left = [each for each in untranslated(page, {*made_reports.ACTIONS}) if not OF_CORE.search(each)]
    page.close()
    jobs.watch(None)
    reports.wait()
    document.close_project()
    assert left == [], "\n".join(left)


OF_CORE = re.compile(
    r"forecaster-0\d|report\.json|tables-01|Table 3|n-gram|zero velocity|by chance|Accuracy: |preset recommended"
)
"""What a report says of itself, and names of methods and runs, are kept in files and stay as they are."""
WINDOWS = (
    "settings",
    "keys",
    "new-project",
    "about",
    "labels",
    "clusters",
    "agreement",
    "merge-copy",
)


@pytest.mark.parametrize("command", WINDOWS)
def test_that_windows_say_nothing_in_english_and_have_room(qtbot, pseudo, open_studio, command):
    open_studio.window.show_page("annotate")
    known = set(open_studio.window.findChildren(QWidget))
    action = open_studio.window.actions_table.action(command)
    if not action.isEnabled() or command == "merge-copy":
        pytest.skip("nobody offers it without a clip, or it asks the system for a folder first")
    action.trigger()
    opened = [
        each for each in set(open_studio.window.findChildren(QWidget)) - known if each.isWindow() and each.isVisible()
    ]
    qtbot.wait(30)
    for made in opened:
        left = untranslated(made, KEYS_LIKE)
        assert left == [], "\n".join(left)
        assert cut(made) == []
        made.close()
    assert opened


KEYS_LIKE = {"SLEAP-like", "CVAT-like", "BORIS-like", "CC0", "SMPL-X", "neutral", "female", "male"}
"""Presets of keys, and forms of bodies, as their makers call them."""


def test_that_counts_and_lists_of_names_are_put_together_in_the_persons_language(qapp, pseudo):
    assert counted(1, "clip") == "⟦1 clip~~⟧"
    assert counted(3, "clip") == "⟦3 clips~~⟧"
    assert counted(2, "body", "bodies") == "⟦2 bodies~~~⟧"
    assert listed([]) == ""
    assert listed(["one"]) == "one"
    assert listed(["one", "two", "three"]) == "⟦one, two and three~~⟧"
