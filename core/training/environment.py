"""Writes where a training runs and what it takes: the run's `environment.json` (core.run_facts says what is in it).

At the start, at every validation and at the end: the newest words of a run that was killed are those of its last
validation. Seconds are of the clock that a sleeping machine stops; a paused training has ended its attempt. The peak
of memory is that of the whole process, the system's own figure, and what torch ever took of a graphics card.
"""

import os
import platform
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import msgspec
import torch
from msgspec.structs import replace

from core import origins
from core.devices import processor_name
from core.launched import launched
from core.processes import host
from core.run_facts import ENVIRONMENT, Attempt, Environment, environment_of
from core.whole_files import whole_file

_PACKAGES = ("torch", "numpy", "msgspec", "safetensors", "av", "opencv-python", "smplx", "tensorboardX", "psutil")


class Account:
    """The open entry of one attempt."""

    def __init__(
        self,
        folder: Path,
        device: torch.device,
        *,
        done: int,
        fingerprint: str,
        parts: Mapping[str, Collection[str]],
        windows: int,
    ) -> None:
        self._path, self._device = folder / ENVIRONMENT, device
        before = environment_of(folder) if done else None
        self._since = time.monotonic()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        attempt = Attempt(
            started=time.time(),
            first_step=done,
            last_step=done,
            device=device.type,
            device_name=name_of(device),
            threads=torch.get_num_threads(),
            workers=launched().count,
            niceness=os.nice(0) if hasattr(os, "nice") else 0,
            host=host(),
            pid=os.getpid(),
            command=_command(),
        )
        self._said = Environment(
            made_by=origins.made_by(),
            commit=commit(),
            python=platform.python_version(),
            system=f"{platform.system()} {platform.release()} {platform.machine()}",
            processor=processor_name(),
            cores=os.cpu_count() or 0,
            memory_bytes=_memory_bytes(),
            cards=tuple(torch.cuda.get_device_name(each) for each in range(torch.cuda.device_count())),
            cuda=torch.version.cuda or "",
            cudnn=str(torch.backends.cudnn.version() or "") if torch.cuda.is_available() else "",
            packages=_packages(),
            data_fingerprint=fingerprint,
            parts={part: len(names) for part, names in parts.items()},
            windows=windows,
            attempts=(*(before.attempts if before else ()), attempt),
        )
        self._write()

    @property
    def said(self) -> Environment:
        """As it was written last."""
        return self._said

    def tell(self, step: int, *, is_over: bool = False) -> None:
        """The run is at this step."""
        attempt = replace(
            self._said.attempts[-1],
            last_step=step,
            seconds=time.monotonic() - self._since,
            ended=time.time() if is_over else None,
            memory_peak_bytes=memory_peak_bytes(),
            device_memory_peak_bytes=self._device_peak(),
        )
        self._said = replace(self._said, attempts=(*self._said.attempts[:-1], attempt))
        self._write()

    def _device_peak(self) -> int:
        match self._device.type:
            case "cuda":
                return torch.cuda.max_memory_allocated(self._device)
            case "mps":
                return torch.mps.driver_allocated_memory()
            case _:
                return 0

    def _write(self) -> None:
        with whole_file(self._path) as beside:
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(self._said), indent=2))


def memory_peak_bytes() -> int:
    """The most memory that this process ever held; 0 where the system does not say."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    with suppress(OSError, StopIteration):
        # What `getrusage` says counts also what the process that started this one held.
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(next(each.split()[1] for each in lines if each.startswith("VmHWM")))
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


def name_of(device: torch.device) -> str:
    """What its maker calls it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else processor_name()


def commit(root: Path = Path(__file__).parents[2]) -> str:
    """Of the source, where it is a checkout: read from git's own files, nothing is started."""
    try:
        head = (root / ".git/HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        loose = root / ".git" / ref
        if loose.is_file():
            return loose.read_text().strip()
        packed = (root / ".git/packed-refs").read_text().splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {ref}")), "")
    except OSError:
        return ""


def _command() -> str:
    """How the process was started, without the folder that Python lies in and without whose home a path is in."""
    said = [Path(sys.argv[0]).name if sys.argv else "", *sys.argv[1:]]
    return " ".join(origins.short(each) for each in said if each)


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
