"""PoseGPT's knobs and presets: the auto-encoder of motion, its quantiser, the GPT over its codes. No torch.

`paper` follows the paper's text (its appendix), `published` the sizes and weights of its authors' public code,
`recommended` is ours, `small` is `recommended` in a size that two cores train in minutes, `smoke` in seconds. Where
they differ:

    knob                        paper              published          recommended          small
    data.body                   smplx              smplx              smpl                 smpl
    data lengths                64                 64                 16 to 320            16 to 320
    data.turn, tilt             any, 15 degrees    any, 15 degrees    none                 none
    autoencoder.layers          4,4,4              0,6                1,2,4                1,3
    autoencoder.width, heads    512, 5 of 32       384, 4 of 96       384, 6 of 64         128, 4 of 32
    autoencoder.feed_forward    512                1536               1536                 384
    autoencoder.downsampling    2                  2                  4                    4
    autoencoder.positions       once               before every layer once                 once
    autoencoder.root_input      absolute           absolute           deltas               deltas
    autoencoder.normalized      no                 no                 yes                  yes
    losses by                   l2                 l2                 l1                   l1
    losses.vertices             l2, 1              l1, 100            l1, 10, of the root  l1, 10, of the root
    losses.vertex_frames        0.2                0.1                0.2                  0.1, a tenth of points
    losses.velocity             0                  0                  20                   20
    quantizer.codes             256 a book         512 in all         256 a book           256 a book
    quantizer.update            gradient           gradient           running means        running means
    commitment, codebook        0.25, 1            1, 0.25; all × .25 0.25                 0.25
    gpt.layers, width, heads    8, 256, 4 of 256   8, 256, 4 of 64    8, 384, 6 of 64      4, 160, 4 of 40
    steps of the two stages     2 M, 2 M           2 M, 0.6 M         0.2 M, 0.1 M         6,000, 4,000
    learning rates              5e-5, 5e-5         5e-5, 1e-5         2e-4, to nothing     5e-4, to nothing

With running means, codes that stand for nothing are moved to where latents are. One frame is 1/30 s. A token stands for
`downsampling` frames.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from core.knobs import (
    Deterministic,
    Device,
    Group,
    Parts,
    ReportEvery,
    Samples,
    Seed,
    Threads,
    ValidateEvery,
    Weight,
    Width,
)

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
JOINTS = {"smpl": 24, "smplx": 55}
"""Of each body model that motion is learned on."""


class MotionData(Group, frozen=True, kw_only=True):
    """What motion is learned, and how windows are cut from it."""

    sets: Annotated[
        str,
        Meta(
            title="Data sets",
            description="Names of the project's data sets to learn from, with commas. Empty: all that have labels.",
        ),
    ] = ""
    split: Annotated[
        str,
        Meta(
            title="Split",
            description="Name of the split. Empty: each data set's only or first one, and where there is none, "
            "70/15/15 with no performer in two parts.",
        ),
    ] = ""
    body: Annotated[
        Literal["smpl", "smplx"],
        Meta(title="Body model", description="smpl: 24 joints. smplx: 55, with fingers, jaw and eyes."),
    ] = "smpl"
    least_frames: Annotated[int, Meta(ge=8, le=1024, title="Shortest window", description="Frames at 30 a second.")] = (
        16
    )
    most_frames: Annotated[
        int,
        Meta(
            ge=8,
            le=1024,
            title="Longest window",
            description="Frames at 30 a second. What is asked for beyond it is made in several stretches.",
        ),
    ] = 64
    mirror: Annotated[
        Share,
        Meta(title="Mirrored", description="Share of windows with left and right swapped, in their labels too."),
    ] = 0.5
    turn: Annotated[
        bool, Meta(title="Any heading", description="Windows begin with a random heading instead of none.")
    ] = False
    tilt_degrees: Annotated[
        float,
        Meta(ge=0.0, le=45.0, title="Tilt (degrees)", description="Windows are tilted and rolled by up to so much."),
    ] = 0.0
    balanced: Annotated[
        bool, Meta(title="Balanced", description="Every action comes as often, however rare it is.")
    ] = True


class MotionVqvae(Group, frozen=True, kw_only=True):
    """The auto-encoder: transformers over frames, then over tokens (section 3.1)."""

    layers: Annotated[
        str,
        Meta(
            pattern=r"^\d{1,2}(,\d{1,2}){0,5}$",
            title="Layers",
            description="Layers of each block of the encoder; the decoder mirrors them. Time is halved after a block "
            "until it is down-sampled.",
        ),
    ] = "1,3"
    width: Annotated[Width, Meta(title="Width")] = 128
    heads: Annotated[int, Meta(ge=1, le=64, title="Heads")] = 4
    head_width: Annotated[
        int, Meta(ge=0, le=1024, title="Head width", description="0: the width shared among the heads.")
    ] = 0
    feed_forward: Annotated[Width, Meta(title="Feed-forward width")] = 384
    dropout: Annotated[float, Meta(ge=0.0, lt=1.0, title="Dropout")] = 0.0
    downsampling: Annotated[
        Literal[1, 2, 4, 8], Meta(title="Frames a token", description="By how much time is down-sampled.")
    ] = 4
    causality: Annotated[
        Literal["offline", "past", "online"],
        Meta(
            title="Causality",
            description="offline: sees all frames, so it cannot go on from a past. past: tokens know no later frame. "
            "online: frames know no later token either.",
        ),
    ] = "past"
    root_input: Annotated[
        Literal["absolute", "deltas"],
        Meta(title="Root as input", description="Where the root is, or how fast it moves and how high it is."),
    ] = "deltas"
    positions: Annotated[
        Literal["once", "every layer"], Meta(title="Positions", description="Where the sine positions are added.")
    ] = "once"
    normalized: Annotated[
        bool,
        Meta(
            title="Normalised",
            description="Features are counted from their mean in their spread, latents have length one, and the maps "
            "begin so that frames get through. Neither paper nor code: without it thousands of steps pass first.",
        ),
    ] = True
    smoothing: Annotated[
        float,
        Meta(
            ge=0.0,
            le=5.0,
            title="Smoothing (frames)",
            description="Width of the bell over which frames are averaged on their way out, so that tokens join "
            "without a jerk. Not on-line, where no frame may wait for a later one. Neither paper nor code: 0 there.",
        ),
    ] = 1.3


class ProductQuantizer(Group, frozen=True, kw_only=True):
    """The bottleneck: each latent is cut into K parts, each replaced by the nearest of C codes."""

    books: Annotated[Literal[1, 2, 4, 8], Meta(title="Books (K)")] = 4
    codes: Annotated[int, Meta(ge=2, le=8192, title="Codes (C)")] = 256
    codes_per_part: Annotated[
        bool, Meta(title="C in every book", description="Otherwise C is of all books together.")
    ] = True
    width: Annotated[Width, Meta(title="Latent width", description="Of all books together.")] = 256
    update: Annotated[
        Literal["gradient", "running means"],
        Meta(
            title="Codes learn by",
            description="gradient: the codebook's loss. running means: of the latents they stand for; codes that stand "
            "for none are moved to where latents are.",
        ),
    ] = "running means"
    commitment: Annotated[Weight, Meta(title="Commitment", description="Weight that pulls latents to their codes.")] = (
        0.25
    )
    codebook: Annotated[
        Weight, Meta(title="Codebook", description="Weight that pulls codes to their latents, where they learn so.")
    ] = 1.0
    weight: Annotated[Weight, Meta(title="Weight", description="Of both together in the loss.")] = 1.0

    @property
    def codes_a_book(self) -> int:
        return self.codes if self.codes_per_part else self.codes // self.books


class MotionLosses(Group, frozen=True, kw_only=True):
    """What the auto-encoder's reconstruction is measured by."""

    rotations: Annotated[Weight, Meta(title="Joint rotations")] = 1.0
    root: Annotated[Weight, Meta(title="Root rotation")] = 1.0
    path: Annotated[Weight, Meta(title="Path", description="Of the root's place, in metres, steps summed up.")] = 1.0
    velocity: Annotated[
        Weight,
        Meta(title="Velocity", description="Of what surface points move from frame to frame. Neither paper nor code."),
    ] = 0.0
    vertices: Annotated[Weight, Meta(title="Vertices", description="Of points of the body's surface, in metres.")] = 1.0
    parameter_kind: Annotated[Literal["l1", "l2"], Meta(title="Parameters by")] = "l2"
    vertex_kind: Annotated[Literal["l1", "l2"], Meta(title="Vertices by")] = "l1"
    vertices_about: Annotated[
        Literal["world", "root"],
        Meta(
            title="Vertices seen from",
            description="world: where they are, so a step that is off weighs on all that follow. root: how the body "
            "stands; its way is left to path and velocity.",
        ),
    ] = "world"
    vertex_frames: Annotated[
        Share, Meta(title="Frames with vertices", description="Random share of the frames whose vertices are compared.")
    ] = 0.2
    vertex_share: Annotated[
        Share, Meta(title="Vertices compared", description="Share of the surface's points; the same ones throughout.")
    ] = 1.0


class MotionGpt(Group, frozen=True, kw_only=True):
    """The next code from the codes so far, the action and the length (section 3.2)."""

    layers: Annotated[int, Meta(ge=1, le=48, title="Layers")] = 4
    width: Annotated[Width, Meta(title="Width")] = 160
    heads: Annotated[int, Meta(ge=1, le=64, title="Heads")] = 4
    head_width: Annotated[
        int, Meta(ge=0, le=1024, title="Head width", description="0: the width shared among the heads.")
    ] = 0
    feed_forward: Annotated[Width, Meta(title="Feed-forward width")] = 640
    dropout: Annotated[float, Meta(ge=0.0, lt=1.0, title="Dropout")] = 0.2
    conditioning: Annotated[
        Literal["token", "sum", "concatenate"],
        Meta(
            title="Action and length",
            description="token: as an extra token in front. sum, concatenate: with every token.",
        ),
    ] = "concatenate"
    length: Annotated[
        bool, Meta(title="Knows the length", description="Whether it is told how many frames to make.")
    ] = True
    head: Annotated[
        Literal["linear", "mlp", "autoregressive"],
        Meta(
            title="Head",
            description="autoregressive: the code of a book also reads those of the books before it.",
        ),
    ] = "autoregressive"


class StageTraining(Group, frozen=True, kw_only=True):
    """How one of the two stages is trained."""

    steps: Annotated[int, Meta(ge=1, le=10_000_000, title="Steps")] = 4000
    batch: Annotated[int, Meta(ge=1, le=65536, title="Batch", description="Windows a step.")] = 32
    learning_rate: Annotated[float, Meta(gt=0.0, le=1.0, title="Learning rate")] = 5e-4
    parts: Parts = 1
    schedule: Annotated[
        Literal["constant", "cosine"],
        Meta(title="Schedule", description="cosine: warms up, then falls to a hundredth."),
    ] = "cosine"
    weight_decay: Annotated[Weight, Meta(title="Weight decay")] = 0.0
    clip_gradient: Annotated[
        float, Meta(ge=0.0, title="Largest gradient", description="Its norm is cut to it. 0: never.")
    ] = 1.0


class PoseGpt(Group, frozen=True, kw_only=True):
    """Motion from an action, a duration and any past (Lucas, Baradel, Weinzaepfel, Rogez)."""

    data: Annotated[MotionData, Meta(title="Data")] = MotionData()
    autoencoder: Annotated[MotionVqvae, Meta(title="Auto-encoder")] = MotionVqvae()
    quantizer: Annotated[ProductQuantizer, Meta(title="Quantiser")] = ProductQuantizer()
    losses: Annotated[MotionLosses, Meta(title="Losses")] = MotionLosses()
    autoencoder_training: Annotated[StageTraining, Meta(title="Training the auto-encoder")] = StageTraining()
    gpt: Annotated[MotionGpt, Meta(title="GPT")] = MotionGpt()
    gpt_training: Annotated[StageTraining, Meta(title="Training the GPT")] = StageTraining()
    stages: Annotated[
        Literal["both", "autoencoder", "gpt"],
        Meta(title="Stages", description="gpt: over the codes of the auto-encoder of another run."),
    ] = "both"
    autoencoder_run: Annotated[
        str,
        Meta(
            title="Auto-encoder of",
            description="Folder of the run whose auto-encoder is used, where only the GPT is trained.",
        ),
    ] = ""
    seed: Seed = 0
    validate_every: ValidateEvery = 250
    report_every: ReportEvery = 25
    samples: Samples = 4
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        Meta(title="Precision", description="auto: bfloat16 on a graphics card, float32 on the processor."),
    ] = "auto"
    threads: Threads = 1
    device: Device = "auto"
    deterministic: Deterministic = False


# ---- presets --------------------------------------------------------------------------------------------------------


_OURS = MotionLosses(path=0.5, vertices=10.0, velocity=20.0, parameter_kind="l1", vertices_about="root")


def paper() -> PoseGpt:
    """As the paper's text has it: 2 million steps of each stage, for a graphics card."""
    stage = StageTraining(steps=2_000_000, batch=64, learning_rate=5e-5, schedule="constant", clip_gradient=0.0)
    return PoseGpt(
        data=MotionData(body="smplx", least_frames=64, most_frames=64, turn=True, tilt_degrees=15.0),
        autoencoder=MotionVqvae(
            layers="4,4,4", width=512, heads=5, head_width=32, feed_forward=512, dropout=0.1, downsampling=2,
            causality="past", root_input="absolute", positions="once", normalized=False, smoothing=0.0,
        ),
        quantizer=ProductQuantizer(
            books=4, codes=256, codes_per_part=True, width=256, update="gradient", commitment=0.25, codebook=1.0,
        ),
        losses=MotionLosses(vertex_kind="l2", vertices=1.0, vertex_frames=0.2),
        autoencoder_training=stage,
        gpt=MotionGpt(layers=8, width=256, heads=4, head_width=256, feed_forward=1024, dropout=0.2),
        gpt_training=stage,
        validate_every=5000,
        report_every=100,
    )  # fmt: skip


def published() -> PoseGpt:
    """As the authors' code trains it. There 0.25 weighs on the codes, not on the latents, and C is of all books."""
    return PoseGpt(
        data=MotionData(body="smplx", least_frames=64, most_frames=64, turn=True, tilt_degrees=15.0),
        autoencoder=MotionVqvae(
            layers="0,6", width=384, heads=4, feed_forward=1536, dropout=0.0, downsampling=2, causality="past",
            root_input="absolute", positions="every layer", normalized=False, smoothing=0.0,
        ),
        quantizer=ProductQuantizer(
            books=4, codes=512, codes_per_part=False, width=256, update="gradient", commitment=1.0, codebook=0.25,
            weight=0.25,
        ),
        losses=MotionLosses(vertex_kind="l1", vertices=100.0, vertex_frames=0.1),
        autoencoder_training=StageTraining(
            steps=2_000_000, batch=64, learning_rate=5e-5, schedule="constant", clip_gradient=0.0
        ),
        gpt=MotionGpt(layers=8, width=256, heads=4, feed_forward=1024, dropout=0.2),
        gpt_training=StageTraining(
            steps=600_000, batch=32, learning_rate=1e-5, schedule="constant", clip_gradient=0.0
        ),
        validate_every=5000,
        report_every=100,
    )  # fmt: skip


def recommended() -> PoseGpt:
    """Ours, for large data on a graphics card: every length that can be asked for is trained."""
    return PoseGpt(
        data=MotionData(least_frames=16, most_frames=320),
        autoencoder=MotionVqvae(layers="1,2,4", width=384, heads=6, feed_forward=1536, dropout=0.1),
        autoencoder_training=StageTraining(steps=200_000, batch=128, learning_rate=2e-4),
        losses=_OURS,
        gpt=MotionGpt(layers=8, width=384, heads=6, feed_forward=1536, dropout=0.2),
        gpt_training=StageTraining(steps=100_000, batch=128, learning_rate=2e-4),
        validate_every=2000,
        report_every=100,
    )


def small() -> PoseGpt:
    """`recommended` for two cores and hours of motion at most: minutes a stage."""
    return PoseGpt(
        data=MotionData(least_frames=16, most_frames=320),
        autoencoder_training=StageTraining(steps=6000, batch=16),
        losses=replace(_OURS, vertex_frames=0.1, vertex_share=0.1),
    )


def smoke() -> PoseGpt:
    """Seconds on two cores, to see a whole run end."""
    return PoseGpt(
        data=MotionData(least_frames=16, most_frames=64),
        autoencoder=MotionVqvae(layers="1,1", width=32, heads=2, feed_forward=64),
        quantizer=ProductQuantizer(books=2, codes=32, width=32),
        losses=replace(_OURS, vertex_frames=0.1, vertex_share=0.02),
        autoencoder_training=StageTraining(steps=60, batch=8, learning_rate=2e-3),
        gpt=MotionGpt(layers=1, width=32, heads=2, feed_forward=64, dropout=0.0),
        gpt_training=StageTraining(steps=60, batch=8, learning_rate=2e-3),
        validate_every=30,
        report_every=10,
    )


def _alone(make: Callable[[], PoseGpt], stage: Literal["autoencoder", "gpt"]) -> Callable[[], PoseGpt]:
    return lambda: replace(make(), stages=stage)


_SIZES = {"paper": paper, "published": published, "recommended": recommended, "small": small, "smoke": smoke}

PRESETS: dict[str, Callable[[], PoseGpt]] = {
    **{f"posegpt/{name}": make for name, make in _SIZES.items()},
    **{f"posegpt-autoencoder/{name}": _alone(make, "autoencoder") for name, make in _SIZES.items()},
    **{f"posegpt-gpt/{name}": _alone(make, "gpt") for name, make in _SIZES.items()},
}
