"""Steps that never wait for the device: what would make one wait is refused, on a processor too."""

from contextlib import contextmanager

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Unlooked(TorchDispatchMode):
    """Refuses every operation whose result, or its shape, is known only once the device has got there."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "_unique2", "repeat_interleave.Tensor")

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = str(func).removeprefix("aten.")
        assert not name.startswith(self.WAITING), f"a step waits at {name}"
        assert name != "index.Tensor" or all(each is None or each.dtype != torch.bool for each in args[1]), name
        return func(*args, **(kwargs or {}))


@contextmanager
def unlooked(monkeypatch):
    """Within it, no value of a tensor is looked at."""

    def waits(*_):
        raise AssertionError("a step looked at a value")

    with monkeypatch.context() as patched, Unlooked():
        for name in ("tolist", "numpy", "cpu"):
            patched.setattr(torch.Tensor, name, waits)
        yield
