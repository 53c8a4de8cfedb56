"""Which Posecast this is."""

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """The installed version, or that it runs from its source without being installed."""
    try:
        return metadata.version("posecast")
    except metadata.PackageNotFoundError:
        return "from source"
