"""Whatever is wrong with a file, its reader gives a value or says what is wrong and where, soon and in little memory.

Every made-up file of every format is damaged in many ways, a twentieth of them here and all 200 under POSECAST_SOAK=1,
where the counts are kept in docs/results/hostile_files.json.
"""

import json
import os
import shutil
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.errors import CoreError
from core.formats import FORMATS
from core.importing.apart import Check, Refused, Worker
from core.importing.recognition import claims, what_is
from tests.core.formats.hostile import damaged, within_bounds
from tests.core.formats.samples import makers

ROOT = Path(__file__).resolve().parents[3]
ALL = 200
ROUNDS = ALL if os.environ.get("POSECAST_SOAK") else 10
LIMIT_S, MORE_BYTES = 10.0, 1.5e9
MAKERS = makers()

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="alarms and limits are POSIX")


def files_of(sample):
    return [sample] if sample.is_file() else sorted(each for each in sample.rglob("*") if each.is_file())


def read_to_the_end(known, path):
    """As the import reads it; 2D poses onto the pictures that they are of."""
    if known.holds == "2D poses":
        known.read(path, size=(640, 360) if known.name == "COCO keypoints" else (640, 480), frame_count=None)
    elif known.holds in ("motion", "motion labels"):
        for _ in known.read(path):
            pass
    else:
        known.read(path)


def test_that_every_format_has_a_made_up_file_that_it_claims(tmp_path):
    claimed = set()
    for name, make in MAKERS.items():
        folder = tmp_path / name
        folder.mkdir()
        sample = make(folder)
        claimed |= {each.name for path in (sample, *files_of(sample)) for each in claims(path)}
    assert {each.name for each in FORMATS} - claimed == set()


@pytest.mark.parametrize("name", MAKERS)
def test_that_a_made_up_file_is_claimed_by_one_format_alone(tmp_path, name):
    sample = MAKERS[name](tmp_path)
    found = what_is(sample)
    for path in found.files:
        assert len(claims(path)) <= 1


@pytest.mark.soak
@pytest.mark.parametrize("name", MAKERS)
def test_that_a_damaged_file_is_read_or_refused_in_words_soon_and_in_little_memory(tmp_path, name):
    (tmp_path / "good").mkdir()
    good = MAKERS[name](tmp_path / "good")
    found = what_is(good)
    known, counts, slowest_s = found.format, Counter(), 0.0
    paths = files_of(good)
    names = {each.name for each in (good, *good.parents[:1], *paths, *(path.parent for path in paths))}
    with Worker(limit_s=LIMIT_S, limit_bytes=3 * 2**30) as worker, warnings.catch_warnings():
        read_to_the_end(known, found.files[0])  # or every damaged one would be refused for another reason
        warnings.simplefilter("ignore")
        for seed in range(ROUNDS):
            random = np.random.default_rng([seed, *name.encode()])
            folder = tmp_path / f"{seed}"
            shutil.copytree(tmp_path / "good", folder)
            chosen = paths[random.integers(len(paths))]
            place = folder / chosen.relative_to(tmp_path / "good")
            place.write_bytes(damaged(chosen.read_bytes(), random))
            whole = found.files[0]
            source = folder / (whole if whole.is_dir() else chosen).relative_to(tmp_path / "good")
            began = time.perf_counter()
            says = refusal_apart(worker, known, source) if known.is_native else refusal(known, source, seed, name)
            slowest_s = max(slowest_s, time.perf_counter() - began)
            if says is not None:
                assert any(each in says for each in names), f"seed {seed}: no file is named: {says}"
            counts["refused" if says is not None else "read"] += 1
            shutil.rmtree(folder)
    assert counts.total() == ROUNDS
    if ROUNDS == ALL:
        keep(name, known.name, counts, slowest_s)


def refusal(known, source, seed, name):
    """What is said of a file that is refused; None where it is read."""
    try:
        with within_bounds(LIMIT_S, MORE_BYTES):
            for each in FORMATS:
                each.sniff(source)
            read_to_the_end(known, source)
    except CoreError as error:
        return str(error)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        pytest.fail(f"{name}, seed {seed}: {type(error).__name__}: {error}\n{traceback.format_exc()[-1500:]}")
    return None


def refusal_apart(worker, known, source):
    (*_, last) = worker.read(Check(path=str(source), format=known.name))
    if isinstance(last, Refused):
        assert not last.details, last.details[-1500:]
        return last.reason if source.name in last.reason else f"{source.name}: {last.reason}"
    return None


def keep(sample, known, counts, slowest_s):
    """The figures of one sample among those of all."""
    path = ROOT / "docs" / "results" / "hostile_files.json"
    held = json.loads(path.read_text()) if path.exists() else {}
    held[sample] = {
        "format": known,
        "read": counts["read"],
        "refused": counts["refused"],
        "slowest s": round(slowest_s, 2),
    }
    path.write_text(json.dumps(dict(sorted(held.items())), indent=1) + "\n")
