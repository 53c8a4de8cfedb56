"""Codes of an earlier answer that stay while the rest is drawn anew. No torch.

    codes, is_kept = kept_of(recipe.locked, tokens, books, codes_a_book)

Letters: N tokens, K books.
"""

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from core.errors import ProjectError
from core.generations import Locked


def kept_of(
    locked: Locked | None, tokens: int, books: int, codes_a_book: int
) -> tuple[Int[ndarray, "N K"], Bool[ndarray, " N"]]:
    """Codes and which of them stay, for so many tokens. ProjectError where they are another's.

    A range that ends beyond the motion is cut; what is kept of codes that are not there is refused.
    """
    codes, is_kept = np.zeros((tokens, books), int), np.zeros(tokens, bool)
    if locked is None or not locked.keep:
        return codes, is_kept
    for start, end in locked.keep:
        if not 0 <= start < end:
            raise ProjectError(
                f"Tokens {start} to {end} are no stretch to keep.", hint="A stretch runs forward, from token 0 on."
            )
        is_kept[start:end] = True
    last = int(np.flatnonzero(is_kept)[-1]) + 1 if is_kept.any() else 0
    if len(locked.codes) < last:
        raise ProjectError(
            f"Token {last} is to stay, and the motion it is from has {len(locked.codes)}.",
            hint="Lock a stretch of the motion that is shown.",
        )
    for at, row in enumerate(locked.codes[:tokens]):
        if len(row) != books or not all(0 <= code < codes_a_book for code in row):
            raise ProjectError(
                f"Token {at + 1} is none of this model's: it has {books} books of {codes_a_book} codes.",
                hint="Lock a stretch of a motion that the same model made.",
            )
        codes[at] = row
    return codes, is_kept
