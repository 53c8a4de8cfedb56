"""Reads pickles of arrays without running anything that is in them.

A pickle names classes and functions and has them called. Here every name that a body model may use stands for
something harmless of this module: no name is ever looked up, so nothing foreign is imported, called or set. What
NumPy, SciPy and chumpy would have made is kept as the plain values it was to be made of; `as_array` makes the array,
after checking that the values fit together. Any other name ends the reading with `RefusedError`, which says it.

Pickles of Python 2 (as SMPL's own) and of all protocols of Python 3 are read. Memory and time are not limited here:
`restricted_process` does that.
"""

import pickle
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from io import BufferedIOBase
from typing import Any

import numpy as np
from numpy import ndarray

_PLAIN_KIND = re.compile(r"[<>=|]?[biufcSU?]\d{0,5}")
_SPARSE = {f"{layout}_{kind}": layout for layout in ("csc", "csr", "coo") for kind in ("matrix", "array")}


class RefusedError(Exception):
    """The pickle wants something that no body model needs. `wanted` is its name, `posix.system` for instance."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted


class UnfitError(Exception):
    """Something is not the array it should be, in words."""


def load(stream: BufferedIOBase) -> Any:
    """What the pickle holds: plain values, and stand-ins that `as_array` understands."""
    # Python 2's strings are bytes; latin-1 keeps each of them.
    return _Reader(stream, encoding="latin1").load()


def as_array(value: Any, depth: int = 0) -> ndarray:
    """The array that a value of the pickle stands for. UnfitError where it stands for none."""
    if depth > 16:
        raise UnfitError("is nested too deeply")
    if isinstance(value, _Array):
        made = value.made
        return made if isinstance(made, ndarray) else as_array(made, depth + 1)
    if isinstance(value, ndarray | int | float | str | bytes | np.generic):
        return np.asarray(value)
    if isinstance(value, list | tuple) and all(isinstance(each, int | float) for each in value):
        return np.asarray(value)
    if isinstance(value, _Object):
        if value.kind not in _KINDS:
            raise UnfitError(f"is computed by {value.kind}, which is not read")
        return _KINDS[value.kind](value, depth + 1)
    raise UnfitError("is not an array")


def objects_in(value: Any) -> list[Any] | None:
    """What an array of objects holds, in its order; None of anything else."""
    return value.objects if isinstance(value, _Array) else None


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = _NAMES.get((module, name)) or _NAMES.get((module.replace("numpy._core", "numpy.core"), name))
        if known is not None:
            return known
        if module.startswith("scipy.sparse") and name in _SPARSE:
            return _stand_in(_SPARSE[name])
        if module == "chumpy" or module.startswith("chumpy."):
            return _stand_in(name if name in _KINDS else f"chumpy's {name}")
        raise RefusedError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise RefusedError(f"persistent object {pid!r}"[:80])


class _Sealed(type):
    """Of the classes that a pickle gets to see: they cannot be changed through it."""

    def __setattr__(cls, name: str, _: Any) -> None:
        raise RefusedError(f"setting {name}"[:80])


class _Object(metaclass=_Sealed):
    """Stands for an object of a foreign class: only remembers what it would have been made of."""

    kind = ""

    def __init__(self, *args: Any, **named: Any) -> None:
        self.given = args
        self.state: Mapping[str, Any] = named

    def __setstate__(self, state: Any) -> None:
        # Copied into a new dict: the state of a stand-in is never its own attributes.
        self.state = dict(state) if isinstance(state, dict) else {}


_made: dict[str, type[_Object]] = {}


def _stand_in(kind: str) -> type[_Object]:
    return _made.setdefault(kind, _Sealed("_Object", (_Object,), {"kind": kind}))


class _Kind(metaclass=_Sealed):
    """Stands for a dtype: only numbers, truth values and plain text."""

    def __init__(self, code: Any = "", *_: Any) -> None:
        self.code = code if isinstance(code, str) else ""

    def __setstate__(self, state: Any) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else ""
        if order in ("<", ">") and self.code and self.code[0] not in "<>":
            self.code = order + self.code.lstrip("=|")

    @property
    def dtype(self) -> np.dtype[Any]:
        if not _PLAIN_KIND.fullmatch(self.code):
            raise UnfitError(
                "holds objects instead of numbers" if "O" in self.code else f"is of the kind {self.code!r}"
            )
        return np.dtype(self.code)


class _Array(metaclass=_Sealed):
    """Stands for an array: its shape, kind and bytes, or the objects in it, which are left alone."""

    def __init__(self) -> None:
        self._shape: tuple[Any, ...] = (0,)
        self._kind: Any = None
        self._raw: Any = b""
        self._is_fortran = False

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 4:
            raise pickle.UnpicklingError("an array without a shape")
        *_, self._shape, self._kind, self._is_fortran, self._raw = state

    @classmethod
    def of(cls, raw: Any, kind: Any, shape: Any, is_fortran: bool) -> "_Array":
        array = cls()
        array.__setstate__((shape, kind, is_fortran, raw))
        return array

    @property
    def objects(self) -> list[Any] | None:
        is_of_objects = isinstance(self._kind, _Kind) and self._kind.code.startswith("O")
        return list(self._raw) if is_of_objects and isinstance(self._raw, list) else None

    @property
    def made(self) -> Any:
        """The array; of an array that holds one object, that object."""
        if not isinstance(self._kind, _Kind):
            raise UnfitError("is an array of no kind")
        if isinstance(self._raw, list):
            if len(self._raw) == 1:
                return self._raw[0]
            raise UnfitError("holds objects instead of numbers")
        dtype = self._kind.dtype
        shape = (self._shape,) if isinstance(self._shape, int) else tuple(self._shape)
        if not all(isinstance(side, int) and side >= 0 for side in shape):
            raise UnfitError("has no proper shape")
        raw = self._raw.encode("latin1") if isinstance(self._raw, str) else self._raw
        if not isinstance(raw, bytes | bytearray) or _product(shape) * dtype.itemsize != len(raw):
            raise UnfitError("has another size than it says")
        if not raw:
            return np.zeros(shape, dtype)
        return np.frombuffer(raw, dtype).reshape(shape, order="F" if self._is_fortran else "C")


def _product(sides: Sequence[int]) -> int:
    product = 1
    for side in sides:
        product *= side
    return product


class _Frombuffer(metaclass=_Sealed):
    def __new__(cls, raw: Any, kind: Any, shape: Any, order: Any = "C") -> Any:
        return _Array.of(raw, kind, shape, order == "F")


class _Scalar(metaclass=_Sealed):
    def __new__(cls, kind: Any, raw: Any = b"") -> Any:
        if isinstance(kind, _Kind) and isinstance(raw, str | bytes):
            return _Array.of(raw, kind, (), False)
        raise RefusedError("numpy.core.multiarray.scalar of an object")


class _Encode(metaclass=_Sealed):
    """How Python 3 writes bytes for Python 2."""

    def __new__(cls, text: Any, encoding: Any = "") -> Any:
        if isinstance(text, str) and encoding in ("latin1", "latin-1"):
            return text.encode("latin1")
        raise RefusedError(f"_codecs.encode to {encoding!r}"[:80])


class _NoBytes(metaclass=_Sealed):
    """How Python 3 writes no bytes for Python 2."""

    def __new__(cls, *given: Any) -> Any:
        if given:
            raise RefusedError("builtins.bytes of something")
        return b""


class _New(metaclass=_Sealed):
    """How the oldest protocols make objects: only those of this module."""

    def __new__(cls, kind: Any, *_: Any) -> Any:
        if isinstance(kind, type) and issubclass(kind, _Object | _Array | _Kind):
            return kind()
        raise RefusedError("copyreg._reconstructor of something else")


class _Reconstruct(metaclass=_Sealed):
    def __new__(cls, *_: Any) -> Any:
        return _Array()


class _Marker(metaclass=_Sealed):
    """Stands for a class that a pickle only points at."""

    __slots__ = ()


_NAMES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Marker,
    ("numpy", "dtype"): _Kind,
    ("numpy.core.multiarray", "_reconstruct"): _Reconstruct,
    ("numpy.core.multiarray", "scalar"): _Scalar,
    ("numpy.core.numeric", "_frombuffer"): _Frombuffer,
    ("_codecs", "encode"): _Encode,
    ("collections", "OrderedDict"): OrderedDict,
    **{(module, "_reconstructor"): _New for module in ("copy_reg", "copyreg")},
    **{
        (module, kind.__name__): known
        for module in ("__builtin__", "builtins")
        for kind, known in ((object, _Marker), (bytes, _NoBytes), (set, set), (frozenset, frozenset), (slice, slice))
    },
}


# ---- what the stand-ins for SciPy's and chumpy's objects are as arrays ----


def _sparse(made: _Object, depth: int) -> ndarray:
    state = made.state
    shape = state.get("_shape", state.get("shape"))
    if not (
        isinstance(shape, tuple) and len(shape) == 2 and all(isinstance(side, int) and side >= 0 for side in shape)
    ):
        raise UnfitError("is a sparse matrix without a shape")
    data = as_array(state.get("data"), depth)
    if made.kind == "coo":
        places = state.get("coords") or (state.get("row"), state.get("col"))
        rows, columns = (as_array(place, depth) for place in places)
    else:
        starts, inner = as_array(state.get("indptr"), depth), as_array(state.get("indices"), depth)
        steps = np.diff(starts.astype(np.int64))
        outer_count = shape[1] if made.kind == "csc" else shape[0]
        if starts.shape != (outer_count + 1,) or (steps < 0).any() or starts[0] != 0 or starts[-1] != len(inner):
            raise UnfitError("is a sparse matrix whose parts do not fit together")
        outer = np.repeat(np.arange(outer_count), steps)
        rows, columns = (inner, outer) if made.kind == "csc" else (outer, inner)
    # SciPy would trust the indices; wrong ones would be written outside of the array.
    fits = data.ndim == 1 and data.shape == rows.shape == columns.shape
    if not fits or (len(data) and not (_within(rows, shape[0]) and _within(columns, shape[1]))):
        raise UnfitError("is a sparse matrix whose parts do not fit together")
    if shape[0] * shape[1] > _MOST_ELEMENTS:
        raise UnfitError("is far larger than a body needs")
    full = np.zeros(shape, data.dtype)
    np.add.at(full, (rows, columns), data)  # twice the same place counts twice, as in SciPy
    return full


_MOST_ELEMENTS = 500_000_000


def _within(indices: ndarray, count: int) -> bool:
    return indices.dtype.kind in "iu" and int(indices.min()) >= 0 and int(indices.max()) < count


def _plain(made: _Object, depth: int) -> ndarray:
    return as_array(made.state.get("x"), depth)


def _select(made: _Object, depth: int) -> ndarray:
    """Indexing in chumpy: places in the flattened array, and the shape of what they are."""
    source = as_array(made.state.get("a"), depth).reshape(-1)
    places = as_array(made.state.get("idxs"), depth).reshape(-1)
    if not _within(places, len(source)):
        raise UnfitError("is a selection of what is not there")
    picked = source[places]
    return _shaped(picked, made.state.get("preferred_shape", len(picked)), depth)


def _reshape(made: _Object, depth: int) -> ndarray:
    return _shaped(as_array(made.state.get("a"), depth), made.state.get("newshape"), depth)


def _shaped(array: ndarray, shape: Any, depth: int) -> ndarray:
    sides = shape if isinstance(shape, list | tuple) else (shape,)
    try:
        return array.reshape([int(as_array(side, depth)) for side in sides])
    except (ValueError, TypeError):
        raise UnfitError("has another size than it says") from None


def _transpose(made: _Object, depth: int) -> ndarray:
    axes = made.state.get("axes")
    array = as_array(made.state.get("a"), depth)
    try:
        return array.T if axes is None else np.transpose(array, [int(axis) for axis in as_array(axes, depth)])
    except ValueError:
        raise UnfitError("is turned about axes it does not have") from None


_KINDS: dict[str, Callable[[_Object, int], ndarray]] = {
    "csc": _sparse,
    "csr": _sparse,
    "coo": _sparse,
    "Ch": _plain,
    "Select": _select,
    "Reshape": _reshape,
    "reshape": _reshape,
    "transpose": _transpose,
}
