"""Motion from a recipe: window after window, told as it comes.

    for said in make(model, recipe):
        show(said.samples)            # frames from `settled` on still move
    said.done                         # the last one: whole samples, with what is known of them, and notes

Each window is drawn token by token (`models.sampling`), decoded with the model's own decoder, put back behind what came
before it (`pasts`), and stood on the ground (`feet`). Sample k of a seed is the same however many are asked for. What
is decoded again while it grows at least grows by half, so that decoding costs no more than a few times the whole.
World metres, y up, 30 frames a second. Letters: S samples, F frames, J joints, N tokens, K books.
"""

from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from msgspec.structs import replace
from numpy import ndarray
from torch import Tensor

from core.datasets.motion_windows import at_origin
from core.errors import RunError
from core.generation import asking, chaining
from core.generation.anchors import CANDIDATES, anchored_codes, bound, shifted
from core.generation.blending import blended
from core.generation.chaining import Window
from core.generation.feet import REACH, SLIPS_M_S, foot_skating_m_s, off_ground_m
from core.generation.locked import kept_of
from core.generation.motion_model import MotionModel
from core.generation.pasts import ground_below, put_back, taken
from core.generations import RATE_HZ, Recipe, Sample, packed, unpacked
from core.models.likelihoods import share_less_likely
from core.models.sampling import Draw, sample, uniforms
from core.motion import Motion

UNUSUAL = 0.05
"""A motion likelier than fewer real ones than this share is said to be unusual."""
_GROWS = 1.5
_WORDS = ("", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Making:
    """What there is of a motion so far; `done` of all of it."""

    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()
    done: bool = False


@dataclass(frozen=True)
class _Bodies:
    """Motion of all samples in the recipe's world."""

    rotations: Float[ndarray, "S F J 3 3"]
    path_m: Float[ndarray, "S F 3"]

    def __getitem__(self, frames: slice) -> "_Bodies":
        return _Bodies(self.rotations[:, frames], self.path_m[:, frames])

    def __len__(self) -> int:
        return self.path_m.shape[1]

    def of(self, rows: Int[ndarray, " B"]) -> "_Bodies":
        """Those samples, in that order."""
        return _Bodies(self.rotations[rows], self.path_m[rows])

    def then(self, others: "_Bodies") -> "_Bodies":
        return _Bodies(
            np.concatenate([self.rotations, others.rotations], axis=1),
            np.concatenate([self.path_m, others.path_m], axis=1),
        )


def make(model: MotionModel, recipe: Recipe, *, streamed: bool = True) -> Iterator[Making]:
    """What the recipe asks for; RunError in words, here and not later, where it cannot be made.

    Without `streamed` nothing is decoded on the way, and what is said between is empty: a moment to stop at.
    """
    with _one_thread():
        maker = _Maker(model, recipe)
    return _on_one_thread(maker.made(streamed=streamed))


def made(model: MotionModel, recipe: Recipe) -> Making:
    """All of it at once."""
    return deque(make(model, recipe, streamed=False), maxlen=1).pop()


def iterate(model: MotionModel, recipe: Recipe, rounds: int) -> Iterator[list[Motion]]:
    """The story over and over, each time going on from its end: the motion of every sample, round by round."""
    whole = [unpacked(each.motion) for each in made(model, replace(recipe, story=recipe.story * rounds)).samples]
    ends = chaining.ends_of(recipe.story * rounds)[len(recipe.story) - 1 :: len(recipe.story)]
    for start, end in zip((0, *ends), ends, strict=False):
        yield [
            Motion(each.skeleton, each.rate_hz, each.rotations[start:end], each.translation_m[start:end])
            for each in whole
        ]


@contextmanager
def _one_thread() -> Generator[None]:
    """Sums depend on the number of threads, and a recipe makes the same bits wherever it is made.

    One is also the fastest for a few samples, and leaves the others to whoever else computes meanwhile.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _on_one_thread(pieces: Generator[Making]) -> Iterator[Making]:
    with closing(pieces):
        while True:
            with _one_thread():
                said = next(pieces, None)
            if said is None:
                return
            yield said


class _Maker:
    """One recipe on its way."""

    def __init__(self, model: MotionModel, recipe: Recipe) -> None:
        asking.check(recipe, model.actions, model.factor)
        self._model, self._recipe = model, recipe
        self._draw = Draw(recipe.temperature, recipe.top_k, recipe.top_p)
        self._notes: list[str] = []
        past = self._taken()
        self._windows = chaining.windows_of(
            recipe.story,
            frames_a_token=model.factor,
            least_frames=model.least_frames,
            most_frames=model.most_frames,
            past=0 if past is None else len(past),
        )
        if len(self._windows) > 1 and not model.takes_a_past:
            raise RunError(
                f"{model.name} sees whole motions at once, so it cannot go on from one.",
                hint=f"Ask it for one action of {model.most_frames / RATE_HZ:g} s at most.",
            )
        self._say_how_it_is_cut()
        frames, tokens = self._windows[-1].end, sum(each.tokens for each in self._windows)
        self._targets = bound(recipe.anchors, frames, model.joints, has_past=past is not None)
        self._kept = kept_of(recipe.locked, tokens, model.books, model.codes)
        self._numbers = uniforms(recipe.seed, recipe.samples, tokens, model.books)
        self._ground_m = 0.0 if past is None else ground_below(past)
        self._past = self._bodies_of(past)

    def _taken(self) -> Motion | None:
        if self._recipe.past is None:
            return None
        if not self._model.takes_a_past:
            raise RunError(
                f"{self._model.name} sees whole motions at once, so it cannot go on from a past.",
                hint="Ask it from nothing, or use a model of causality past or online.",
            )
        past, notes = taken(self._recipe.past, self._model.joints, self._model.factor)
        self._notes += notes
        return past

    def _say_how_it_is_cut(self) -> None:
        longest_s = self._model.most_frames / RATE_HZ
        number = 0
        for part, end in zip(self._recipe.story, chaining.ends_of(self._recipe.story), strict=True):
            pieces = 0
            while number < len(self._windows) and self._windows[number].end <= end:
                number, pieces = number + 1, pieces + 1
            if pieces > 1:
                count = _WORDS[pieces] if pieces < len(_WORDS) else str(pieces)
                beyond = "is beyond" if part.seconds > longest_s else "and a second of past are beyond"
                self._notes.append(
                    f"{part.seconds:g} s {beyond} this model's {longest_s:.3g} s: made in {count} stretches, joined."
                )

    def _bodies_of(self, past: Motion | None) -> _Bodies:
        """The past of every sample, as much of it as is gone on from, on a ground at 0."""
        samples, joints = self._recipe.samples, self._model.joints
        if past is None:
            return _Bodies(np.zeros((samples, 0, joints, 3, 3)), np.zeros((samples, 0, 3)))
        kept = max(self._windows[0].carried, chaining.FAR_ENOUGH)
        rotations = past.rotations[-kept:].astype(float)
        path_m = past.translation_m[-kept:].astype(float) - [0.0, self._ground_m, 0.0]
        return _Bodies(*(np.broadcast_to(each, (samples, *each.shape)) for each in (rotations, path_m)))

    # ---- window after window ----

    def made(self, *, streamed: bool) -> Generator[Making]:
        so_far, before = self._past, len(self._past)
        codes: list[Tensor] = []
        bits = np.zeros(self._recipe.samples)
        for window in self._windows:
            stretch = _Stretch(self._model, window, so_far, keep_feet=self._recipe.keep_feet)
            drawn = torch.zeros(0)
            shown = 0
            for drawn in self._drawn(stretch):
                if not streamed:
                    yield Making(())
                elif not self._targets and _GROWS * shown <= drawn.shape[1] < window.tokens:
                    shown = drawn.shape[1]
                    there = so_far.then(stretch.bodies(drawn))[before:]
                    settled = window.start + (stretch.settled(shown) if self._model.streams else 0)
                    yield Making(self._so_far(there, [*codes, drawn], settled), tuple(self._notes))
            codes.append(drawn)
            bits += window.tokens * stretch.bits_per_code(drawn)
            so_far = so_far.then(stretch.bodies(drawn))
            if streamed and window is not self._windows[-1]:
                settled = 0 if self._targets else window.end
                yield Making(self._so_far(so_far[before:], codes, settled), tuple(self._notes))
        yield self._whole(so_far, codes, bits / sum(each.tokens for each in self._windows))

    def _drawn(self, stretch: "_Stretch") -> Iterator[Int[Tensor, "S n K"]]:
        """The new codes of a window, in growing pieces."""
        window = stretch.window
        here = slice(window.first_token, window.first_token + window.tokens)
        codes, is_kept = (each[here] for each in self._kept)
        inside = shifted(self._targets, -window.start, window.frames)
        samples = self._recipe.samples
        if inside:
            drawn = anchored_codes(
                _Drawing(stretch, self._recipe.seed, here, self._draw),
                inside,
                samples=samples,
                tokens=window.tokens,
                frames_a_token=self._model.factor,
                books=self._model.books,
                kept=(codes, is_kept),
            )
            yield torch.from_numpy(drawn)
            return
        fixed = None
        if is_kept.any():
            fixed = torch.from_numpy(codes).expand(samples, -1, -1), torch.from_numpy(is_kept).expand(samples, -1)
        yield from stretch.drawn(self._numbers[:, here], self._draw, fixed)

    # ---- what is said ----

    def _so_far(self, new: _Bodies, codes: list[Tensor], settled: int) -> tuple[Sample, ...]:
        whole = torch.cat(codes, dim=1).tolist()
        return tuple(
            Sample(
                motion=packed(self._motion(new, number)),
                codes=tuple(map(tuple, whole[number])),
                frames_a_token=self._model.factor,
                settled=min(settled, len(new)),
            )
            for number in range(self._recipe.samples)
        )

    def _whole(self, so_far: _Bodies, codes: list[Tensor], bits: ndarray) -> Making:
        before = len(self._past)
        off_mm: list[tuple[float, ...]] = [()] * self._recipe.samples
        if self._targets:
            so_far, off_mm = self._met(so_far)
        samples = []
        new = so_far[before:]
        for number, said in enumerate(self._so_far(new, codes, len(new))):
            skating_m_s = foot_skating_m_s(self._motion(new, number), self._ground_m)
            likely = share_less_likely(float(bits[number]), self._model.header.real_bits)
            doubts = [
                *(["feet slip"] if skating_m_s > SLIPS_M_S else []),
                *(["unusual"] if likely is not None and likely < UNUSUAL else []),
            ]
            samples.append(
                replace(
                    said,
                    likely=likely,
                    bits_per_code=float(bits[number]),
                    foot_skating_m_s=skating_m_s,
                    anchors_off_mm=off_mm[number],
                    doubts=tuple(doubts),
                )
            )
        return Making(tuple(samples), tuple(self._notes), done=True)

    def _met(self, so_far: _Bodies) -> tuple[_Bodies, list[tuple[float, ...]]]:
        """The poses blended in, feet put back on the ground after it: only heights change, so the poses stay."""
        before, has_past = len(self._past), len(self._past) > 0
        met: list[Motion] = []
        off_mm: list[tuple[float, ...]] = []
        new = so_far[before:]
        for number in range(self._recipe.samples):
            own = Motion(self._model.skeleton, RATE_HZ, new.rotations[number], new.path_m[number])
            motion, off = blended(own, self._targets, has_past=has_past)
            met.append(motion)
            off_mm.append(tuple(off))
        whole = so_far[:before].then(
            _Bodies(np.stack([each.rotations for each in met]), np.stack([each.translation_m for each in met]))
        )
        return _on_ground(whole, before) if self._recipe.keep_feet else whole, off_mm

    def _motion(self, new: _Bodies, number: int) -> Motion:
        path_m = new.path_m[number] + [0.0, self._ground_m, 0.0]
        return Motion(self._model.skeleton, RATE_HZ, new.rotations[number], path_m)


class _Stretch:
    """One window: what it goes on from, as codes, and how its own codes become motion behind that."""

    def __init__(self, model: MotionModel, window: Window, so_far: _Bodies, *, keep_feet: bool) -> None:
        self.model, self.window = model, window
        self._keep_feet = keep_feet
        self._before = so_far[max(len(so_far) - max(window.carried, chaining.FAR_ENOUGH), 0) :]
        self.samples = len(so_far.path_m)
        self._past = torch.zeros(self.samples, 0, model.books, dtype=torch.long)
        if window.carried:
            past = so_far[len(so_far) - window.carried :]
            placed = [at_origin(*each) for each in zip(past.rotations, past.path_m, strict=True)]
            self._past = model.encoded(*(np.stack(each) for each in zip(*placed, strict=True)))
        self._labels = model.labels(window.actions)

    def drawn(
        self,
        numbers: Float[Tensor, "B N K"],
        draw: Draw,
        fixed: tuple[Int[Tensor, "B N K"], Bool[Tensor, "B N"]] | None,
        of: Int[ndarray, " B"] | None = None,
    ) -> Iterator[Int[Tensor, "B n K"]]:
        """New codes in growing pieces; row b goes on from the past of sample `of[b]`."""
        past = self._past_of(of)
        tokens = numbers.shape[1]
        labels, frames = self._told(len(past))
        return sample(self.model.gpt, labels, frames, tokens, numbers, draw, past=past, fixed=fixed)

    def bodies(self, codes: Int[Tensor, "B n K"], of: Int[ndarray, " B"] | None = None) -> _Bodies:
        """The new frames alone, in the world of what came before, none beyond the window's end."""
        carried, end = self.window.carried, self.window.carried + self.window.frames
        said = _Bodies(*self.model.decoded(torch.cat([self._past_of(of), codes], dim=1)))[:end]
        before = self._before if of is None else self._before.of(of)
        if carried:
            last = (before.rotations[:, -1], before.path_m[:, -1])
            said = _Bodies(*put_back(last, said.rotations, said.path_m, carried))
        if not self._keep_feet:
            return said
        return _on_ground(before.then(said), len(before))[len(before) :]

    def settled(self, tokens: int) -> int:
        """How many of its frames move no more when so many tokens are drawn, decoded on-line."""
        return max(tokens * self.model.factor - (REACH + 1 if self._keep_feet else 0), 0)

    def log_probabilities(
        self, codes: Int[Tensor, "B n K"], of: Int[ndarray, " B"] | None = None
    ) -> Float[Tensor, "B n K"]:
        past = self._past_of(of)
        with torch.inference_mode():
            whole = self.model.gpt.log_probabilities(torch.cat([past, codes], dim=1), *self._told(len(past)))
        return whole[:, past.shape[1] :]

    def bits_per_code(self, codes: Int[Tensor, "B n K"]) -> Float[ndarray, " B"]:
        return (self.log_probabilities(codes).double().mean((1, 2)) / -np.log(2)).numpy()

    def _past_of(self, of: Int[ndarray, " B"] | None) -> Int[Tensor, "B P K"]:
        return self._past if of is None else self._past[torch.from_numpy(of)]

    def _told(self, count: int) -> tuple[Float[Tensor, "B A"], Int[Tensor, " B"]]:
        return self._labels.expand(count, -1), torch.full((count,), self.window.told)


class _Drawing:
    """A window's candidates, as anchors ask for them: 16 rows a sample, numbered through."""

    def __init__(self, stretch: _Stretch, seed: int, tokens: slice, draw: Draw) -> None:
        self._stretch, self._seed, self._tokens, self._draw = stretch, seed, tokens, draw

    def draw(
        self, numbers: Int[ndarray, " B"], kept: Int[ndarray, "B n K"], is_kept: Bool[ndarray, "B n"]
    ) -> Int[ndarray, "B n K"]:
        """Codes of n tokens after the past, those that are kept as they are."""
        books = self._stretch.model.books
        chance = uniforms(self._seed, int(numbers.max()) + 1, self._tokens.stop, books)
        chance = chance[torch.from_numpy(numbers), self._tokens][:, : kept.shape[1]]
        fixed = (torch.from_numpy(kept), torch.from_numpy(is_kept))
        codes = kept
        for drawn in self._stretch.drawn(chance, self._draw, fixed, numbers // CANDIDATES):
            codes = drawn.numpy()
        return codes

    def decode(self, codes: Int[ndarray, "B n K"]) -> tuple[Float[ndarray, "B F J 3 3"], Float[ndarray, "B F 3"]]:
        """New frames alone, in the recipe's world; rows stand sample by sample."""
        bodies = self._stretch.bodies(torch.from_numpy(codes), self._rows(len(codes)))
        return bodies.rotations, bodies.path_m

    def log_probabilities(self, codes: Int[ndarray, "B n K"]) -> Float[ndarray, "B n K"]:
        """Natural logarithms."""
        return self._stretch.log_probabilities(torch.from_numpy(codes), self._rows(len(codes))).numpy()

    def _rows(self, count: int) -> Int[ndarray, " B"]:
        samples = self._stretch.samples
        return np.arange(count) // (count // samples)


def _on_ground(bodies: _Bodies, fixed: int) -> _Bodies:
    off_m = off_ground_m(bodies.rotations, bodies.path_m, fixed=fixed)
    return _Bodies(bodies.rotations, bodies.path_m - off_m[..., None] * [0.0, 1.0, 0.0])
