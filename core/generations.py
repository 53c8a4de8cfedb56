"""How motion is asked of a motion model, and what it answers, as values the studio can draw and keep. No torch.

A `Recipe` is everything a motion is made from: the same recipe gives the same motion on the same machine. Times are
seconds from the first new frame, at 30 frames a second; world metres, y up; rotations are local, in SMPL's sense, as
axis times angle. Bodies have no shape of their own here: any body may be shown in the pose.

The warm process is asked in `AskGenerate`, and answers in any number of `GeneratedSoFar` and one `Generated`.
"""

import msgspec
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import SKELETONS
from core.forecasts import Refusal
from core.geometry.rotations import matrices, rotation_vectors
from core.motion import Motion
from core.recordings import KEPT_HZ

RATE_HZ = KEPT_HZ


class PackedMotion(msgspec.Struct, frozen=True, kw_only=True):
    """A motion in few bytes: float32, little-endian, frames × joints × 3 and frames × 3."""

    skeleton: str  # "SMPL 24", "SMPL-H 52" or "SMPL-X 55"
    frames: int
    rotation_vectors: bytes
    translation_m: bytes
    rate_hz: float = RATE_HZ

    def __post_init__(self) -> None:
        joints = len(SKELETONS[self.skeleton]) if self.skeleton in SKELETONS else 0
        sizes = (len(self.rotation_vectors), len(self.translation_m))
        if sizes != (self.frames * joints * 12, self.frames * 12) or not joints:
            raise ValueError(f"{self.frames} frames of {self.skeleton!r} do not fill {sizes[0]} and {sizes[1]} bytes")


def packed(motion: Motion) -> PackedMotion:
    """The motion as a value; `unpacked` brings it back within float32."""
    return PackedMotion(
        skeleton=motion.skeleton.name,
        frames=len(motion),
        rotation_vectors=np.ascontiguousarray(rotation_vectors(motion.rotations), "<f4").tobytes(),
        translation_m=np.ascontiguousarray(motion.translation_m, "<f4").tobytes(),
        rate_hz=motion.rate_hz,
    )


def unpacked(value: PackedMotion) -> Motion:
    """The motion of the value, as matrices."""
    skeleton = SKELETONS[value.skeleton]
    vectors = np.frombuffer(value.rotation_vectors, "<f4").reshape(value.frames, len(skeleton), 3)
    translation_m = np.frombuffer(value.translation_m, "<f4").reshape(value.frames, 3)
    return Motion(skeleton, value.rate_hz, matrices(vectors.astype(np.float32)), translation_m.astype(np.float32))


# ---- the question ---------------------------------------------------------------------------------------------------


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a story: what is done, and for how long. Several actions are done at once."""

    actions: tuple[str, ...]
    seconds: float


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """A pose to pass through at `at_s`. Where it happens and which way it faces is left to the motion.

    `rotation_vectors` bind a whole body (joints × 3, in the model's order; the root's heading is not bound);
    `joints_m` bind only themselves: UPPER_BODY_9, in any frame with y up, which is then turned and moved to fit.
    """

    at_s: float
    rotation_vectors: tuple[tuple[float, float, float], ...] = ()
    joints_m: tuple[tuple[float, float, float], ...] = ()
    name: str = ""  # of it, for people: "clip_03, kick"


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen before the first new frame. `source` says where it is from, as the command line's `--past` does."""

    motion: PackedMotion
    source: str = ""


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """Codes of an earlier answer and which of its tokens stay: [start, end) ranges; the rest is drawn anew."""

    codes: tuple[tuple[int, ...], ...]  # tokens × books, of the new motion alone
    keep: tuple[tuple[int, int], ...]


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a motion is made from."""

    model: str  # a run's folder, or the name of a shipped checkpoint
    story: tuple[Part, ...]
    samples: int = 1
    seed: int = 0
    temperature: float = 1.0
    top_k: int = 0  # 0: all codes
    top_p: float = 1.0
    past: Past | None = None
    anchors: tuple[Anchor, ...] = ()
    locked: Locked | None = None
    keep_feet: bool = True  # heights corrected so that feet stand on the ground

    @property
    def seconds(self) -> float:
        """Of new motion."""
        return sum(part.seconds for part in self.story)


# ---- the answer -----------------------------------------------------------------------------------------------------


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One motion made. The past is not in it; its first frame follows the past's last."""

    motion: PackedMotion
    codes: tuple[tuple[int, ...], ...]  # tokens × books
    frames_a_token: int
    settled: int  # frames before this one move no more
    likely: float | None = None  # share of held-out real windows that the model finds less likely
    bits_per_code: float | None = None
    foot_skating_m_s: float | None = None  # mean speed of feet that stand
    anchors_off_mm: tuple[float, ...] = ()  # how far each pose was before it was blended in
    doubts: tuple[str, ...] = ()  # "feet slip", for people


class AskGenerate(msgspec.Struct, frozen=True, kw_only=True, tag="generate"):
    """Make what the recipe says; with `streamed`, say what there is of it on the way."""

    number: int
    recipe: Recipe
    streamed: bool = True


class GeneratedSoFar(msgspec.Struct, frozen=True, kw_only=True, tag="generated-so-far"):
    """The first frames of each sample; those from `settled` on still move."""

    number: int
    samples: tuple[Sample, ...]


class Generated(msgspec.Struct, frozen=True, kw_only=True, tag="generated"):
    """The whole answer. `notes` say what was done with the question: a past resampled, a length made in stretches."""

    number: int
    samples: tuple[Sample, ...]
    seconds_taken: float
    notes: tuple[str, ...] = ()


class NotGenerated(msgspec.Struct, frozen=True, kw_only=True, tag="not-generated"):
    """Why nothing was made. `nearest` are names the model knows, where one it does not know was asked for."""

    number: int
    refusal: Refusal
    nearest: tuple[str, ...] = ()


class AskAboutMotionModel(msgspec.Struct, frozen=True, kw_only=True, tag="about-motion-model"):
    """What a motion model knows."""

    number: int
    run: str


class AboutMotionModel(msgspec.Struct, frozen=True, kw_only=True):
    """A motion model as people see it."""

    name: str
    actions: tuple[tuple[str, int], ...]  # with how many stretches each was learned from
    skeleton: str
    frames_a_token: int
    books: int
    codes: int  # of each book
    longest_s: float  # what is longer is made in stretches
    takes_a_past: bool
    project: str
    sources: tuple[str, ...]
    preset: str = ""
    step: int = 0
    figures: dict[str, float] = {}
    ms_a_token: float = 0.0  # measured when it was loaded, one sample


class AboutMotion(msgspec.Struct, frozen=True, kw_only=True, tag="about-motion-model-answer"):
    """The answer to AskAboutMotionModel."""

    number: int
    about: AboutMotionModel


GenerationQuestion = AskGenerate | AskAboutMotionModel
GenerationAnswer = GeneratedSoFar | Generated | NotGenerated | AboutMotion


def rows(array: Float[ndarray, "rows 3"]) -> tuple[tuple[float, float, float], ...]:
    """An array as the values above hold it."""
    return tuple((float(x), float(y), float(z)) for x, y, z in array)
