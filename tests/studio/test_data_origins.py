"""What the Data page says of how segments came about: nothing without models, else run by run."""

from msgspec.structs import replace

from core.statistics import OriginFacts, of_clips
from studio.pages.data_statistics import DataStatistics, origin_words
from tests.core.made_up_project import made_up


def test_that_drafts_are_said_run_by_run_and_work_by_hand_alone_says_nothing(qtbot):
    plain = of_clips(made_up(clips=3).project)
    assert origin_words(plain) == ""
    origins = (
        OriginFacts(origin="by hand", segments=21, poses=21),
        OriginFacts(origin="draft", run="forecaster-08", segments=1, poses=2),
        OriginFacts(origin="corrected", run="forecaster-08", segments=2, poses=1),
        OriginFacts(origin="draft", run="forecaster-09", segments=3, poses=3),
    )
    found = replace(plain, origins=origins)
    words = "By hand 21. forecaster-08: 1 draft, 2 corrected. forecaster-09: 3 drafts."
    assert origin_words(found) == words
    panel = DataStatistics()
    qtbot.addWidget(panel)
    panel.show_statistics(found)
    assert (panel.origins.text(), panel.origins.isHidden()) == (words, False)
    panel.show_statistics(plain)
    assert panel.origins.isHidden()
