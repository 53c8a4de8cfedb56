"""A few simulated clips, made once."""

import pytest

from core.datasets.kitchen.clip import KitchenClip, clip
from core.datasets.kitchen.cooks import cook
from core.datasets.kitchen.world import kitchen


@pytest.fixture(scope="session")
def clips() -> list[KitchenClip]:
    """Eight minutes of eight cooks in two kitchens."""
    rooms = [kitchen(0), kitchen(1)]
    return [clip(seed, 60, 30, rooms[seed % 2], cook(seed)) for seed in range(8)]
