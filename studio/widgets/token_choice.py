"""Which tokens of a sample are chosen and which are locked. No Qt: the strip shows it, hands change it.

Locks belong to one sample each, and hold the codes they were set on: they go as soon as those change.
"""

from dataclasses import dataclass

from core.generations import Locked, Sample

Range = tuple[int, int]


@dataclass(frozen=True)
class Tokens:
    """What is shown: the codes, how many of a book's there are, and the time of a token."""

    number: int  # of the sample, from 1
    codes: tuple[tuple[int, ...], ...]  # tokens × books
    codes_a_book: int
    token_s: float
    settled_s: float  # what comes later still moves
    total: int  # tokens there will be; more than there are while they come in
    past: int = 0  # tokens before the first one

    @property
    def books(self) -> int:
        return len(self.codes[0]) if self.codes else 0


def tokens_of(number: int, sample: Sample, *, codes_a_book: int, total: int = 0, past_s: float = 0.0) -> Tokens:
    """A sample as the strip shows it; `total` where more tokens are to come."""
    token_s = sample.frames_a_token / sample.motion.rate_hz
    is_still = sample.settled >= sample.motion.frames  # the last token may reach beyond what was asked for
    return Tokens(
        number=number,
        codes=sample.codes,
        codes_a_book=codes_a_book,
        token_s=token_s,
        settled_s=len(sample.codes) * token_s if is_still else sample.settled / sample.motion.rate_hz,
        total=max(total, len(sample.codes)),
        past=int(past_s / token_s + 1e-6),
    )


class TokenChoice:
    """Of the sample that is shown."""

    def __init__(self) -> None:
        self.tokens: Tokens | None = None
        self.chosen: Range | None = None
        self.anchor = 0  # the token a stretch is chosen from
        self._locks: dict[int, dict[int, tuple[int, ...]]] = {}  # by sample: the codes of locked tokens

    def show(self, tokens: Tokens | None) -> None:
        """Another sample, or more of the same. Locks whose codes changed are gone; those not drawn yet wait."""
        other = tokens is None or self.tokens is None or tokens.number != self.tokens.number
        self.tokens = tokens
        if tokens is not None:
            self._drop_changed(tokens)
        if other or (self.chosen is not None and tokens is not None and self.chosen[1] > tokens.total):
            self.chosen = None

    def choose(self, stretch: Range | None) -> None:
        """A stretch of the tokens there are."""
        if stretch is not None and self.tokens is not None:
            start, end = max(stretch[0], 0), min(stretch[1], len(self.tokens.codes))
            stretch = (start, end) if start < end else None
        self.chosen = stretch

    @property
    def locks(self) -> tuple[Range, ...]:
        """Locked stretches of the sample that is shown, in order, each as long as it goes."""
        return _ranges(self._locked_tokens())

    @property
    def locked(self) -> Locked | None:
        """What stays when the rest is drawn anew; None while nothing is locked or not every locked token is there."""
        tokens, locks = self.tokens, self.locks
        if tokens is None or not locks or locks[-1][1] > len(tokens.codes):
            return None
        return Locked(codes=tokens.codes, keep=locks)

    @property
    def can_resample(self) -> bool:
        """Whether something is locked and something is not, and every token is there."""
        tokens = self.tokens
        if tokens is None or self.locked is None or len(tokens.codes) < tokens.total:
            return False
        return len(self._locked_tokens()) < tokens.total

    def stretch_at(self, token: int) -> Range | None:
        """The chosen stretch; without one the lock at this token."""
        return self.chosen or self.lock_at(token)

    def is_locked(self, stretch: Range) -> bool:
        """Whether all of it is."""
        return all(at in self._locked_tokens() for at in range(*stretch))

    def lock_at(self, token: int) -> Range | None:
        return next((each for each in self.locks if each[0] <= token < each[1]), None)

    def toggle_lock(self, stretch: Range) -> None:
        """Lock a stretch, or unlock it where all of it is."""
        if self.tokens is None:
            return
        locked = self._locks.setdefault(self.tokens.number, {})
        if self.is_locked(stretch):
            for at in range(*stretch):
                del locked[at]
        else:
            locked.update((at, self.tokens.codes[at]) for at in range(*stretch))

    def clear_locks(self) -> None:
        """Of every sample."""
        self._locks.clear()

    def token_at(self, seconds: float) -> int:
        """The token of a time, held inside."""
        tokens = self.tokens
        if tokens is None or not tokens.codes:
            return 0
        return min(max(int(seconds / tokens.token_s + 1e-9), 0), len(tokens.codes) - 1)

    # ---- by steps ----

    def reach_to(self, at: int) -> None:
        """From the anchor to this token."""
        self.choose((min(self.anchor, at), max(self.anchor, at) + 1))

    def extend(self, step: int, playhead: int) -> None:
        """Move the end of the stretch that is not its anchor; begin at the playhead."""
        if self.chosen is None:
            self.anchor = playhead
            self.reach_to(playhead)
            return
        start, end = self.chosen
        if self.anchor not in (start, end - 1):
            self.anchor = start
        moving = end - 1 if self.anchor == start else start
        self.reach_to(self._inside(moving + step))

    def walk(self, step: int, playhead: int) -> None:
        """One token on or back."""
        start, end = self.chosen or (playhead - step, playhead - step + 1)
        at = start + step if step < 0 else end - 1 + step
        self.anchor = self._inside(at)
        self.reach_to(self.anchor)

    def _inside(self, at: int) -> int:
        return min(max(at, 0), len(self.tokens.codes) - 1 if self.tokens is not None else 0)

    def _locked_tokens(self) -> dict[int, tuple[int, ...]]:
        return self._locks.get(self.tokens.number, {}) if self.tokens is not None else {}

    def _drop_changed(self, tokens: Tokens) -> None:
        locked = self._locks.get(tokens.number, {})
        for start, end in _ranges(locked):
            came = range(start, min(end, len(tokens.codes)))
            if end > tokens.total or any(locked[at] != tokens.codes[at] for at in came):
                for at in range(start, end):
                    del locked[at]


def _ranges(tokens: dict[int, tuple[int, ...]]) -> tuple[Range, ...]:
    """Tokens as stretches."""
    found: list[Range] = []
    for at in sorted(tokens):
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return tuple(found)
