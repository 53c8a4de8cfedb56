"""The processor and the graphics cards of this machine, what they hold, and what our jobs take of them. No torch.

`Watch` is asked again and again: what is busy is counted from one look to the next. NVIDIA's cards come from their
driver (NVML, loaded where there is one), the processor from the system (psutil). Memory is in bytes, shares are 0 to 1.
Where a container or a cluster's scheduler allows less memory than the machine has, that is what counts.

A job belongs to a device by its processes: `jobs` maps the process that `core.run_folder` names to the job's name, and
its children count with it. A look takes a few milliseconds; the first one on a machine with cards waits for the driver.
"""

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from core.errors import MachineError

Kind = Literal["cpu", "cuda", "mps"]

GET_TORCH = (
    "The installed torch is built for the CPU. Install the build for your driver, named by the selector on PyTorch's "
    "own start page, into the same environment; Posecast keeps it."
)


class Use(msgspec.Struct, frozen=True):
    """What one of our jobs takes of a device's memory."""

    job: str
    pid: int
    memory: int


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A processor or a card as it was at one look."""

    key: str  # "cpu", "cuda:0", "cuda:1", "mps": what stands for it in a line and in a config
    kind: Kind
    name: str
    memory_total: int  # what may be used of it; of a card its own, of Apple's the machine's
    memory_free: int
    busy: float | None = None  # since the look before; None at the first
    cores: int = 0  # of a processor, those that may be used
    used: tuple[Use, ...] = ()  # by our jobs
    uuid: str = ""  # of a card, as CUDA_VISIBLE_DEVICES takes it
    driver: str = ""
    usable: bool = True  # whether the torch that is installed can train on it
    hint: str = ""  # what to do where it cannot

    @property
    def memory_used(self) -> int:
        return max(self.memory_total - self.memory_free, 0)


class Watch:
    """Looks at the machine. Close it, or use it in a `with`: the driver is let go then."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._name = processor_name()
        self._before: tuple[float, float] | None = None  # seconds at work, and in all
        self._build = torch_build()
        self._nvml: Any = None
        self._cards: list[Any] = []
        self._begin_nvml()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the driver."""
        if self._nvml is not None:
            nvml, self._nvml, self._cards = self._nvml, None, []
            with suppress(nvml.NVMLError):
                nvml.nvmlShutdown()

    def look(self, jobs: Mapping[int, str] | None = None) -> list[Device]:
        """The processor, then the cards, as they are now; `jobs` are the processes of ours, by their names."""
        names = self._with_children(jobs or {})
        cards = [found for number, card in enumerate(self._cards) if (found := self._card(number, card, names))]
        return [self._processor(names), *cards, *_apple(self._build)]

    # ---- the processor ----

    def _processor(self, names: Mapping[int, str]) -> Device:
        memory = self._psutil.virtual_memory()
        total, free = memory.total, memory.available
        limit, held = _allowed()
        if 0 < limit < total:
            total, free = limit, min(free, max(limit - held, 0))
        return Device(
            key="cpu", kind="cpu", name=self._name, memory_total=total, memory_free=free, busy=self._busy(),
            cores=cores(), used=tuple(self._resident(names)),
        )  # fmt: skip

    def _busy(self) -> float | None:
        times = self._psutil.cpu_times()
        # A guest's time is counted in the user's as well.
        whole = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        at_work = whole - times.idle - getattr(times, "iowait", 0.0)
        before, self._before = self._before, (at_work, whole)
        if before is None or whole <= before[1]:
            return None
        return min(max((at_work - before[0]) / (whole - before[1]), 0.0), 1.0)

    def _resident(self, names: Mapping[int, str]) -> Iterable[Use]:
        """A job with its children is one."""
        sums: dict[str, tuple[int, int]] = {}
        for pid, name in names.items():
            with suppress(self._psutil.Error):
                held = self._psutil.Process(pid).memory_info().rss
                first, so_far = sums.get(name, (pid, 0))
                sums[name] = first, so_far + held
        return (Use(name, pid, held) for name, (pid, held) in sums.items())

    def _with_children(self, jobs: Mapping[int, str]) -> dict[int, str]:
        names = dict(jobs)
        for pid, name in jobs.items():
            with suppress(self._psutil.Error):
                names |= {child.pid: name for child in self._psutil.Process(pid).children(recursive=True)}
        return names

    # ---- NVIDIA's cards ----

    def _begin_nvml(self) -> None:
        try:
            import pynvml
        except ImportError:
            return
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:  # no driver here, or one that does not answer
            return
        self._nvml = pynvml
        with suppress(pynvml.NVMLError):
            count = pynvml.nvmlDeviceGetCount()
            found = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(count)]
            pieces = [piece for card in found for piece in self._pieces(card)]
            named = [(str(pynvml.nvmlDeviceGetUUID(each)), each) for each in pieces]
            self._cards = [card for _, card in seen(named, os.environ.get("CUDA_VISIBLE_DEVICES"))]

    def _pieces(self, card: Any) -> list[Any]:
        """The card, or the parts into which its owner has cut it: torch sees only those then."""
        nvml = self._nvml
        try:
            is_cut = nvml.nvmlDeviceGetMigMode(card)[0] == 1
        except nvml.NVMLError:  # most cards cannot be cut
            return [card]
        if not is_cut:
            return [card]
        pieces = []
        for number in range(nvml.nvmlDeviceGetMaxMigDeviceCount(card)):
            with suppress(nvml.NVMLError):  # there is no such part
                pieces.append(nvml.nvmlDeviceGetMigDeviceHandleByIndex(card, number))
        return pieces

    def _card(self, number: int, card: Any, names: Mapping[int, str]) -> Device | None:
        nvml = self._nvml
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(card)
        except nvml.NVMLError:  # it was taken away
            return None
        usable, hint = self._whether_usable()
        busy = None
        with suppress(nvml.NVMLError):  # a part of a card does not say
            busy = nvml.nvmlDeviceGetUtilizationRates(card).gpu / 100
        used: list[Use] = []
        with suppress(nvml.NVMLError):
            running = nvml.nvmlDeviceGetComputeRunningProcesses(card)
            used = [Use(names[each.pid], each.pid, each.usedGpuMemory or 0) for each in running if each.pid in names]
        return Device(
            key=f"cuda:{number}", kind="cuda", name=self._said("nvmlDeviceGetName", card) or "NVIDIA card",
            memory_total=memory.total, memory_free=memory.free, busy=busy, used=tuple(used),
            uuid=self._said("nvmlDeviceGetUUID", card), driver=self._said("nvmlSystemGetDriverVersion"),
            usable=usable, hint=hint,
        )  # fmt: skip

    def _said(self, ask: str, *of: Any) -> str:
        """What the driver answers; older ones answer in bytes."""
        with suppress(self._nvml.NVMLError):
            words = getattr(self._nvml, ask)(*of)
            return words.decode() if isinstance(words, bytes) else str(words)
        return ""

    def _whether_usable(self) -> tuple[bool, str]:
        if not self._build.startswith("CUDA"):
            return False, GET_TORCH if self._build else "torch is not installed."
        wanted = self._build.removeprefix("CUDA ")
        try:
            number = int(self._nvml.nvmlSystemGetCudaDriverVersion())
        except self._nvml.NVMLError:
            return True, ""
        known = number // 1000
        if wanted.partition(".")[0].isdigit() and int(wanted.partition(".")[0]) > known:
            hint = f"torch is built for CUDA {wanted}, and the driver knows up to {known}.{number % 1000 // 10}: "
            return False, hint + "update the driver, or install the torch built for it."
        return True, ""


def devices(jobs: Mapping[int, str] | None = None) -> list[Device]:
    """One look: what there is and what is free. How busy a processor is takes a `Watch`."""
    with Watch() as watch:
        return watch.look(jobs)


def chosen(wanted: str, found: Iterable[Device]) -> Device:
    """Where a config's `device` trains: the card that torch takes first, where `auto` finds one it can use.

    MachineError where the device is named and there is none, with what to do.
    """
    found = list(found)
    kinds = {"auto": ("cuda", "mps", "cpu")}.get(wanted, (wanted,))
    fitting = [each for kind in kinds for each in found if each.kind == kind]
    usable = [each for each in fitting if each.usable]
    if usable:
        return usable[0]
    what = {"cuda": "no graphics card", "mps": "no Apple graphics"}.get(wanted, "no such device")
    if fitting:
        raise MachineError(f"torch cannot use {fitting[0].name}.", hint=fitting[0].hint)
    raise MachineError(f"There is {what} here.", hint="Choose device=auto, or cpu.")


def seen(cards: list[tuple[str, Any]], visible: str | None) -> list[tuple[str, Any]]:
    """Those of `cards`, uuid and handle, that CUDA_VISIBLE_DEVICES leaves to us, in its order."""
    if visible is None:
        return cards
    left: list[tuple[str, Any]] = []
    for word in filter(None, (each.strip() for each in visible.split(","))):
        if word.lstrip("-").isdigit():
            if not 0 <= int(word) < len(cards):
                break  # CUDA takes none from the first wrong one on
            left.append(cards[int(word)])
        else:
            left += [each for each in cards if each[0].startswith(word)][:1]
    return left


def torch_build() -> str:
    """`CPU`, or the CUDA version that the installed torch was built for; empty where there is no torch."""
    try:
        location = metadata.distribution("torch").locate_file("torch/version.py")
        lines = Path(str(location)).read_text()
    except (metadata.PackageNotFoundError, OSError):
        return ""
    said = next((line for line in lines.splitlines() if line.startswith("cuda")), "")
    number = said.rpartition("=")[2].strip().strip("'\"")
    return "CPU" if number in ("", "None") else f"CUDA {number}"


def cores() -> int:
    """Of the processor, as many as this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def processor_name() -> str:
    """As its maker calls it, without ornament."""
    name = ""
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
            name = next((each.partition(":")[2] for each in lines if each.startswith("model name")), "")
    name = name or platform.processor() or platform.machine()
    for ornament in ("(R)", "(TM)", "(r)", "(tm)", " CPU", " Processor"):
        name = name.replace(ornament, "")
    return " ".join(name.partition(" @ ")[0].split())


def _apple(build: str) -> list[Device]:
    if sys.platform != "darwin" or platform.machine() != "arm64":
        return []
    import psutil

    memory = psutil.virtual_memory()
    hint = "" if build else "torch is not installed."
    return [
        Device(
            key="mps", kind="mps", name="Apple graphics", memory_total=memory.total, memory_free=memory.available,
            usable=bool(build), hint=hint,
        )
    ]  # fmt: skip


_GROUPS = Path("/sys/fs/cgroup")


def _allowed() -> tuple[int, int]:
    """What a container or scheduler allows this process of memory, and what is held of it; zeros without a limit."""
    with suppress(OSError, ValueError):
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        own = next((each.partition("::")[2] for each in lines if each.startswith("0::")), "/")
        folder = _GROUPS / own.lstrip("/")
        lowest = (0, 0)
        while folder.is_relative_to(_GROUPS):
            with suppress(OSError, ValueError):
                limit = int((folder / "memory.max").read_text())
                if not lowest[0] or limit < lowest[0]:
                    lowest = limit, int((folder / "memory.current").read_text()) - _given_back(folder)
            folder = folder.parent
        return lowest
    return 0, 0


def _given_back(folder: Path) -> int:
    """Bytes of files kept in memory, which the system gives to whoever needs them."""
    with suppress(OSError, ValueError):
        lines = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return next(int(value) for name, value in lines if name == "inactive_file")
    return 0
