"""Actions alone on many splits: what is compared, kept, and never looked at before its time."""

from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy import stats

from core.errors import RunError
from core.experiments import forecast_sequences
from core.experiments.forecast_intervals import paired
from core.experiments.forecast_learners import CHOSEN, methods
from core.experiments.forecast_sequences import compare_sequences, material_of
from core.project.annotations import Project
from core.reports import Table, read_report
from core.runs import CompareSequences, Done, Progress
from tests.core.made_up_project import made_up

TINY = ("steps=4", "validate_every=2", "report_every=2", "network.action_width=8", "network.latent=8")


@pytest.fixture(scope="module")
def project():
    return made_up(18, 10, stored_split=False).project


def _spec(out, **more):
    asked = {"splits": 3, "predict": 3, "methods": ("n-gram", "last"), "knobs": TINY} | more
    return CompareSequences(project="", out=str(out), **asked)


def _table(out: Path) -> Table:
    found = read_report(out / "table-sequences.json")
    assert isinstance(found, Table)
    return found


def _with_actions(project: Project, clip_id: str, like: str) -> Project:
    clip, other = project.clips[clip_id], project.clips[like]
    segments = tuple(
        replace(mine, action=theirs.action) for mine, theirs in zip(clip.segments, other.segments, strict=True)
    )
    return project.with_clip(replace(clip, segments=segments))


def test_that_an_n_gram_that_sees_the_direction_beats_one_that_does_not(project, tmp_path):
    *_, done = compare_sequences(_spec(tmp_path), project)
    assert isinstance(done, Done)
    rows = {row.name: row for row in _table(tmp_path).rows}
    assert rows["n-gram of order 2"].mean("top1") > 0.8
    assert rows["n-gram of order 0"].mean("top1") < 0.4
    assert rows[CHOSEN].mean("top1") > 0.8
    assert "difference" not in rows[CHOSEN].figures
    for name, row in rows.items():
        assert len(row.figures["top1"]) == len(row.by_step["top1"]) == 3, name
        assert np.allclose(np.mean(row.by_step["top1"], axis=1), row.figures["top1"])
        if name != CHOSEN:
            apart = np.subtract(row.figures["top1"], rows[CHOSEN].figures["top1"])
            assert np.allclose(row.figures["difference"], apart)
            assert row.mean("corrected_low") <= row.mean("low") <= row.mean("difference") <= row.mean("high")


def test_that_a_stopped_study_goes_on_to_the_same_figures(project, tmp_path, monkeypatch):
    asked = _spec(tmp_path / "whole", methods=("paper's head", "small, counting"), splits=1)
    list(compare_sequences(asked, project))
    broken = replace(asked, out=str(tmp_path / "broken"))
    with closing(compare_sequences(broken, project)) as events:
        for event in events:
            if isinstance(event, Progress) and event.doing == "the paper's head" and event.done == 2:
                break
    assert not (tmp_path / "broken" / "table-sequences.json").exists()
    list(compare_sequences(broken, project))
    whole, gone_on = _table(tmp_path / "whole"), _table(tmp_path / "broken")
    assert [row.figures for row in whole.rows] == [row.figures for row in gone_on.rows]
    assert [row.by_step for row in whole.rows] == [row.by_step for row in gone_on.rows]
    learned = []
    monkeypatch.setattr(forecast_sequences, "_scored", lambda *asked: learned.append(asked))
    list(compare_sequences(broken, project))
    assert not learned, "all of it was kept"


def test_that_other_settings_are_measured_anew(project, tmp_path):
    list(compare_sequences(_spec(tmp_path, methods=("paper's head",), splits=1), project))
    path = tmp_path / "splits" / "01" / "the-paper-s-head.json"
    before = msgspec.json.decode(path.read_bytes())
    list(compare_sequences(_spec(tmp_path, methods=("paper's head",), splits=1, knobs=(*TINY, "unroll=2")), project))
    assert msgspec.json.decode(path.read_bytes())["made_for"] != before["made_for"]


def test_that_nothing_of_the_test_part_is_there_while_a_method_learns(project, tmp_path, monkeypatch):
    seen = []

    def watched(spec):
        def learn(method):
            def learn_and_look(examples, seed):
                seen.append({part: len(windows) for part, windows in examples.windows.items()})
                assert not examples.sequences["test"]
                return (yield from method.learn(examples, seed))

            return learn_and_look

        return tuple(type(each)(each.name, each.kind, each.settings, learn(each)) for each in methods(spec))

    monkeypatch.setattr(forecast_sequences, "methods", watched)
    list(compare_sequences(_spec(tmp_path, splits=1), project))
    assert len(seen) == 7
    assert all(each["test"] == 0 and each["train"] and each["validation"] for each in seen)


def test_that_a_head_that_begins_at_the_n_gram_is_the_n_gram_before_it_learns(project, tmp_path):
    still = (*TINY[1:], "steps=1", "optimiser.learning_rate=1e-9", "network.dropout=0")
    list(compare_sequences(_spec(tmp_path, methods=("counting as",), splits=1, knobs=still), project))
    chosen, *heads = _table(tmp_path).rows
    assert len(heads) == 2
    for head in heads:
        assert head.figures["top1"] == chosen.figures["top1"], head.name
        assert head.figures["top5"] == chosen.figures["top5"], head.name


def test_that_sequences_that_repeat_another_stay_on_its_side(project):
    clips = list(project.clips)
    twice = _with_actions(_with_actions(project, clips[3], clips[0]), clips[11], clips[0])
    material = material_of(twice, _spec(""))
    assert len(material.beside) >= 2
    names = [twice.clips[each].name for each in (clips[0], clips[3], clips[11])]
    apart = 0
    for seed in range(12):
        parts = material.parts(seed, twins_together=True)
        assert sorted(name for ids in parts.values() for name in ids) == sorted(set(material.names))
        assert len({part for part, ids in parts.items() for name in ids if name in names}) == 1
        free = material.parts(seed, twins_together=False)
        apart += len({part for part, ids in free.items() for name in ids if name in names}) > 1
    assert apart > 0, "without a word they may stand on both sides"


def test_that_windows_of_a_part_point_into_its_own_sequences(project):
    material = material_of(project, _spec(""))
    parts = material.parts(0, twins_together=True)
    examples = material.examples(parts)
    assert sum(map(len, examples.windows.values())) == len(material.windows)
    for part, windows in examples.windows.items():
        for row in range(len(windows)):
            steps = examples.sequences[part][windows.sequence[row]].steps
            last = steps[windows.seen_count[row] - 1].action
            assert examples.vocabulary.actions[windows.seen_actions[row, -1]] == last


def test_that_what_cannot_be_compared_is_said(project, tmp_path):
    with pytest.raises(RunError, match="No method") as refused:
        list(compare_sequences(_spec(tmp_path, methods=("oracle",)), project))
    assert "the last action again" in refused.value.hint
    with pytest.raises(RunError, match="50 more after it"):
        list(compare_sequences(_spec(tmp_path, predict=50), project))
    few = replace(project, clips=dict(list(project.clips.items())[:2]))
    with pytest.raises(RunError, match="nothing to split"):
        list(compare_sequences(_spec(tmp_path), few))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=30), st.floats(0.01, 1))
def test_that_the_interval_is_that_of_a_paired_t_test_and_the_corrected_one_is_wider(pairs, share):
    ours, theirs = zip(*pairs, strict=True)
    found = paired(ours, theirs, share)
    differences = np.subtract(ours, theirs)
    assert found.mean == pytest.approx(differences.mean())
    assert found.corrected_low <= found.low <= found.mean <= found.high <= found.corrected_high
    if np.ptp(differences) > 1e-6:
        low, high = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
        assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
        wider = (found.corrected_high - found.mean) / (found.high - found.mean)
        assert wider == pytest.approx(np.sqrt(1 + len(pairs) * share))


def test_that_one_split_gives_no_interval(tmp_path, project):
    list(compare_sequences(_spec(tmp_path, splits=1), project))
    row = _table(tmp_path).rows[1]
    assert "difference" in row.figures
    assert "low" not in row.figures
