"""A tiny motion model, untrained and seeded: what holds of any weights holds of it."""

import numpy as np
import pytest

from core.generations import PackedMotion
from tests.core.generation.made_model import made_model, wandering


@pytest.fixture(scope="session")
def model():
    return made_model()


@pytest.fixture(scope="session")
def online():
    return made_model(causality="online")


@pytest.fixture(scope="session")
def past() -> PackedMotion:
    return wandering(50, seed=3)


@pytest.fixture
def random():
    return np.random.default_rng(0)
