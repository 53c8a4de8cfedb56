"""Devices are found without torch, and what is said of them is what their driver and the system say."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from core import devices
from core.devices import Device, Watch, chosen, seen
from core.errors import MachineError

ROOT = Path(__file__).resolve().parents[2]
GB = 2**30


class NoAnswer(Exception):
    """What the driver's binding raises."""


class Driver(SimpleNamespace):
    """A machine with cards, as NVIDIA's driver tells of it."""

    def __init__(self, *cards, cuda=13000, cut=()):
        super().__init__(
            NVMLError=NoAnswer,
            nvmlInit=lambda: self.open.append(1),
            nvmlShutdown=lambda: self.open.pop(),
            nvmlDeviceGetCount=lambda: len(cards),
            nvmlDeviceGetHandleByIndex=lambda number: cards[number],
            nvmlDeviceGetMigMode=self._mig,
            nvmlDeviceGetMaxMigDeviceCount=lambda card: 7,
            nvmlDeviceGetMigDeviceHandleByIndex=self._piece,
            nvmlDeviceGetMemoryInfo=lambda card: SimpleNamespace(total=80 * GB, free=(80 - card["held"]) * GB),
            nvmlDeviceGetUtilizationRates=lambda card: SimpleNamespace(gpu=card["busy"]),
            nvmlDeviceGetComputeRunningProcesses=lambda card: [
                SimpleNamespace(pid=pid, usedGpuMemory=held) for pid, held in card.get("running", {}).items()
            ],
            nvmlDeviceGetName=lambda card: card["name"],
            nvmlDeviceGetUUID=lambda card: card["uuid"],
            nvmlSystemGetDriverVersion=lambda: b"580.12",
            nvmlSystemGetCudaDriverVersion=lambda: cuda,
        )
        self.cut, self.open = cut, []

    def _mig(self, card):
        if not self.cut:
            raise NoAnswer
        return 1, 1

    def _piece(self, card, number):
        if number >= len(self.cut):
            raise NoAnswer
        return self.cut[number]


def card(number=0, *, held=2, busy=41, **more):
    return {"name": "NVIDIA H100", "uuid": f"GPU-{number:04d}", "held": held, "busy": busy, **more}


@pytest.fixture
def driver(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def put_in(*cards, build="CUDA 13.0", **how):
        made = Driver(*cards, **how)
        monkeypatch.setitem(sys.modules, "pynvml", made)
        monkeypatch.setattr(devices, "torch_build", lambda: build)
        return made

    return put_in


def test_that_a_look_needs_no_torch():
    code = "import core.devices, sys; core.devices.devices(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_that_the_processor_comes_first_with_the_memory_and_cores_that_may_be_used():
    first = devices.devices()[0]
    assert (first.key, first.kind, first.usable) == ("cpu", "cpu", True)
    assert first.name
    assert first.cores == devices.cores() >= 1
    assert 0 < first.memory_free <= first.memory_total


def test_that_a_processor_says_how_busy_it_was_between_two_looks(monkeypatch):
    times = iter([(10.0, 0.0, 90.0), (10.0, 3.0, 91.0)])

    class Times(tuple):
        idle = property(lambda self: self[2])

    with Watch() as watch:
        monkeypatch.setattr(watch._psutil, "cpu_times", lambda: Times(next(times)))
        assert watch.look()[0].busy is None
        assert watch.look()[0].busy == 0.75


def test_that_cards_are_told_with_memory_use_and_driver(driver):
    made = driver(card(0, held=2), card(1, held=50, busy=100))
    with Watch() as watch:
        cards = watch.look()[1:]
    assert [each.key for each in cards] == ["cuda:0", "cuda:1"]
    assert [each.memory_used // GB for each in cards] == [2, 50]
    assert [each.busy for each in cards] == [0.41, 1.0]
    assert {each.driver for each in cards} == {"580.12"}
    assert all(each.usable for each in cards)
    assert not made.open  # the driver was let go


def test_that_memory_counts_to_the_job_whose_process_or_child_holds_it(driver):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        driver(card(0, running={child.pid: 3 * GB, 999_999_999: 5 * GB}))
        with Watch() as watch:
            import os

            processor, first = watch.look({os.getpid(): "forecaster-08"})
        assert [(each.job, each.memory) for each in first.used] == [("forecaster-08", 3 * GB)]
        assert [each.job for each in processor.used] == ["forecaster-08"]
        assert processor.used[0].memory > 10_000_000
    finally:
        child.communicate()


@pytest.mark.parametrize(
    ("build", "cuda", "says"),
    [("CPU", 13000, "built for the CPU"), ("", 13000, "not installed"), ("CUDA 13.0", 12040, "up to 12.4")],
)
def test_that_a_card_torch_cannot_use_says_what_to_do(driver, build, cuda, says):
    driver(card(), build=build, cuda=cuda)
    with Watch() as watch:
        found = watch.look()
    assert not found[1].usable
    assert says in found[1].hint
    assert chosen("auto", found).kind == "cpu"
    with pytest.raises(MachineError) as refused:
        chosen("cuda", found)
    assert "H100" in str(refused.value)
    assert refused.value.hint == found[1].hint


def test_that_a_driver_of_the_same_series_is_new_enough(driver):
    driver(card(), build="CUDA 12.8", cuda=12040)
    with Watch() as watch:
        assert watch.look()[1].usable


def test_that_a_card_cut_in_parts_is_its_parts(driver):
    driver(card(), cut=(card(5), card(6)))
    with Watch() as watch:
        assert [each.uuid for each in watch.look()[1:]] == ["GPU-0005", "GPU-0006"]


def test_that_a_machine_without_driver_has_its_processor(driver):
    made = driver()

    def refuse():
        raise NoAnswer

    made.nvmlInit = refuse
    with Watch() as watch:
        assert [each.kind for each in watch.look()] == ["cpu"]


def test_that_a_card_taken_away_while_it_is_watched_is_left_out(driver):
    made = driver(card(0), card(1))
    with Watch() as watch:
        assert len(watch.look()) == 3

        def gone(handle):
            raise NoAnswer

        made.nvmlDeviceGetMemoryInfo = gone
        assert len(watch.look()) == 1


@pytest.mark.parametrize(
    ("visible", "left"),
    [(None, "abc"), ("", ""), ("2,0", "ca"), ("1,9,0", "b"), ("-1", ""), ("GPU-b", "b"), ("GPU-c,GPU-a", "ca")],
)
def test_that_only_cards_left_to_this_process_are_seen_in_their_order(visible, left):
    cards = [(f"GPU-{name}", name) for name in "abc"]
    assert "".join(name for _, name in seen(cards, visible)) == left


def test_that_auto_takes_a_card_before_the_processor_and_none_is_made_up():
    processor = Device(key="cpu", kind="cpu", name="P", memory_total=8, memory_free=4)
    apple = Device(key="mps", kind="mps", name="A", memory_total=8, memory_free=4)
    assert chosen("auto", [processor]) is processor
    assert chosen("auto", [processor, apple]) is apple
    assert chosen("cpu", [processor, apple]) is processor
    with pytest.raises(MachineError, match="no graphics card"):
        chosen("cuda", [processor, apple])


def test_that_apples_graphics_are_found_with_the_memory_they_share(monkeypatch):
    psutil.virtual_memory()  # it loads the reader of this system before that is called another
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    apple = next(each for each in devices.devices() if each.kind == "mps")
    assert (apple.key, apple.usable) == ("mps", True)
    assert 0 < apple.memory_free <= apple.memory_total
    assert chosen("auto", devices.devices()).key == "mps"
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert all(each.kind != "mps" for each in devices.devices())


def test_that_what_a_scheduler_allows_of_memory_is_what_there_is(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text(str(GB))
    (tmp_path / "memory.current").write_text(str(GB // 2))
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {GB // 4}\n")
    monkeypatch.setattr(devices, "_GROUPS", tmp_path)
    first = devices.devices()[0]
    assert first.memory_total == GB
    assert first.memory_free == GB - GB // 4
