"""Bodies fitted to joints, as values that the studio can draw, and how the warm process is asked for them. No torch.

A pose to fit is either joints in space (metres, right-handed, y up, any place) or joints in a picture, in pixels of the
original, together with the camera that took it. The body comes back as shape, rotations and place: `skinning.Body`
with the same key makes its vertices, in the frame of the joints or of the camera's world.
"""

import msgspec

from core.geometry.cameras import Camera, as_numbers, from_numbers

Triple = tuple[float, float, float]


class PoseToFit(msgspec.Struct, frozen=True, kw_only=True):
    """The joints of one person at one moment; where `seen` is False the place means nothing."""

    joints: tuple[tuple[float, ...], ...]  # (x, y, z) metres, or (x, y) pixels where the question has a view
    seen: tuple[bool, ...]


class FitView(msgspec.Struct, frozen=True, kw_only=True):
    """The camera of pixels, as in `core.geometry.cameras.Camera`."""

    rotation: tuple[Triple, Triple, Triple]
    translation_m: Triple
    focal_px: tuple[float, float]
    centre_px: tuple[float, float]
    width: int
    height: int
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    estimated: bool = False


class FittedPose(msgspec.Struct, frozen=True, kw_only=True):
    """A body in one pose."""

    betas: tuple[float, ...]
    rotations: tuple[Triple, ...]  # one rotation vector a joint of the body, in its parent's frame
    translation_m: Triple
    error: float  # mean over the given joints: metres, or pixels where the question had a view


class AskFit(msgspec.Struct, frozen=True, kw_only=True, tag="fit"):
    """Fit a body to each pose; to all of them with one shape and smoothly over time where they are a sequence."""

    number: int
    body: str  # key of a body: core.bodies.library
    skeleton: str  # a name of core.bodies.skeletons.SKELETONS
    poses: tuple[PoseToFit, ...]
    view: FitView | None = None
    is_sequence: bool = False
    is_one_person: bool = False  # one shape for all poses, though they do not follow each other in time
    rate_hz: float = 30.0  # of a sequence


class Fitted(msgspec.Struct, frozen=True, kw_only=True, tag="fit"):
    """The answer to AskFit; None where too little of a pose was seen to fit anything."""

    number: int
    poses: tuple[FittedPose | None, ...]


def view_of(camera: Camera) -> FitView:
    """A camera as a question carries it."""
    return FitView(**as_numbers(camera))


def camera_of_view(view: FitView) -> Camera:
    """The camera a question carries."""
    return from_numbers(view)
