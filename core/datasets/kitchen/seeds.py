"""Which seeds are whose, so that people, clips and kitchens of demos and of the pose bank can never meet.

A demo's seed gives it people and clips of its own; its kitchens are always the same few, as one lab films in the same
rooms. The pose bank's people, clips and kitchens lie in a range that no demo reaches.
"""

from core.errors import RunError

COOKS_A_DEMO = 1_000
CLIPS_A_DEMO = 100_000
HIGHEST_DEMO = 1_000_000
BANK = 10**12
"""From here on seeds are the pose bank's."""
DEMO_KITCHENS = (0, 1, 2)


def check_demo(seed: int, clips: int) -> None:
    """RunError where a demo would leave its range."""
    if not 0 <= seed < HIGHEST_DEMO:
        raise RunError(f"{seed} is no seed of a demo", hint=f"Take one from 0 to {HIGHEST_DEMO - 1}.")
    if not 1 <= clips <= CLIPS_A_DEMO:
        raise RunError(f"A demo cannot have {clips} clips", hint=f"Ask for 1 to {CLIPS_A_DEMO}.")


def demo_cook(demo_seed: int, number: int) -> int:
    return demo_seed * COOKS_A_DEMO + number


def demo_clip(demo_seed: int, number: int) -> int:
    return demo_seed * CLIPS_A_DEMO + number


def bank_cook(bank_seed: int, number: int) -> int:
    return BANK + bank_seed * CLIPS_A_DEMO + number


def bank_clip(bank_seed: int, number: int) -> int:
    return BANK + bank_seed * CLIPS_A_DEMO + number


def bank_kitchen(bank_seed: int, number: int) -> int:
    return BANK + bank_seed * CLIPS_A_DEMO + number
