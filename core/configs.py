"""Every knob of every model and run, with its default, its meaning and its range. No torch here.

The studio shows a config as a form, the command line takes `losses.pose2d=0.5`, and a checkpoint carries it in its
header: all three follow from the types below. The forecaster's knobs stand here, PoseGPT's in `posegpt_configs`;
`PRESETS` names the configs of both that have been tried.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from core import posegpt_configs
from core.errors import RunError
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
    knobs,
    with_overrides,
)
from core.posegpt_configs import PoseGpt

__all__ = ["PRESETS", "Config", "Forecaster", "PoseGpt", "knobs", "preset", "with_overrides"]


class ForecasterData(Group, frozen=True, kw_only=True):
    """What the forecaster sees of a clip, and what it is asked for."""

    past_steps: Annotated[
        int,
        Meta(ge=1, le=50, title="Past steps", description="How many steps back it looks. The paper: 10 for cooking."),
    ] = 5
    future_steps: Annotated[
        int,
        Meta(ge=1, le=50, title="Future steps", description="How many steps ahead it is measured and chosen on."),
    ] = 5
    poses: Annotated[
        Literal["characteristic", "middle", "random", "uncoupled"],
        Meta(
            title="Poses",
            description="Which instant stands for an action: the one marked by hand, the middle of its segment, a "
            "random frame of it, or frames at even distances in time that belong to no action.",
        ),
    ] = "characteristic"
    uncoupled_every_s: Annotated[
        float,
        Meta(gt=0.0, title="Uncoupled distance (s)", description="Time from pose to pose where poses are uncoupled."),
    ] = 3.0
    objects: Annotated[
        bool, Meta(title="Objects", description="Whether it is told which objects the steps so far have involved.")
    ] = True
    joint_map: Annotated[
        Literal["matched", "table5"],
        Meta(
            title="Joint map of the pose bank",
            description="matched: wrists, nose, mid-shoulders and mid-hips, as the 2D detector sees them. "
            "table5: finger tips, skull, neck and pelvis, as printed in the paper.",
        ),
    ] = "matched"
    bank: Annotated[
        str,
        Meta(
            title="Pose bank",
            description="Name of a pose bank of the project, or a bank's file. Empty: the one of simulated cooks that "
            "comes with Posecast.",
        ),
    ] = ""
    split: Annotated[
        str,
        Meta(
            title="Split",
            description="Name of the project's split to learn from. Empty: its only or first one, and where there is "
            "none, 70/15/15 with no performer in two parts.",
        ),
    ] = ""
    seen_times: Annotated[
        bool,
        Meta(
            title="Seen times",
            description="Whether it is told how long each seen step took and how much time lay between them.",
        ),
    ] = False
    shuffle_seen_poses: Annotated[
        bool,
        Meta(
            title="Shuffle the seen poses",
            description="A control: every seen pose is swapped for that of a random other step, so what is lost "
            "in the report is what the poses told.",
        ),
    ] = False


class ForecasterNetwork(Group, frozen=True, kw_only=True):
    """Widths of the generator. The paper prints them only as a picture, which no source gives in numbers: ours."""

    action_width: Annotated[Width, Meta(title="Action encoder")] = 128
    object_width: Annotated[Width, Meta(title="Object encoder")] = 64
    pose_width: Annotated[
        Width, Meta(title="Pose encoder", description="Width of the linear layer and of its three residual blocks.")
    ] = 256
    latent: Annotated[
        Width, Meta(title="Latent z", description="Width of the code that both decoders read, and of the layers at it.")
    ] = 256
    slope: Annotated[
        float, Meta(ge=0.0, lt=1.0, title="Leaky slope", description="Slope of the leaky ReLUs below zero.")
    ] = 0.2
    start_at_mean_pose: Annotated[
        bool,
        Meta(
            title="Start at the mean pose",
            description="The pose decoder begins by saying the pose bank's mean pose, facing the camera, instead of "
            "random joints: depth, which no picture shows, then starts from something human.",
        ),
    ] = True
    dropout: Annotated[
        float,
        Meta(
            ge=0.0, lt=1.0, title="Dropout", description="Share of each encoder's features hidden at a training step."
        ),
    ] = 0.0
    pose_from_action: Annotated[
        bool,
        Meta(
            title="Pose from action",
            description="The pose decoder is told the next action: the true one in training, the chosen one in use. "
            "Without it both are read from z alone, as in the paper.",
        ),
    ] = False
    counting: Annotated[
        bool,
        Meta(
            title="Counting as an input",
            description="The action decoder starts from an n-gram's log-probabilities, counted without the sequence "
            "that is learned from.",
        ),
    ] = False
    memory: Annotated[
        Literal["flat", "recurrent"],
        Meta(
            title="Memory",
            description="flat: the last steps side by side, as in the paper. recurrent: the same encoders read step by "
            "step, each with its own objects, and gated units keep what matters.",
        ),
    ] = "flat"
    memory_layers: Annotated[
        int, Meta(ge=1, le=4, title="Memory layers", description="Of a recurrent memory; each is as wide as z.")
    ] = 2
    noise: Annotated[
        int,
        Meta(
            ge=0,
            le=256,
            title="Noise input",
            description="Width of a random input to the pose decoder, so that several futures can be drawn. 0: none.",
        ),
    ] = 0


class ForecasterLosses(Group, frozen=True, kw_only=True):
    """What training weighs: L = action · CE + pose2d · ‖X − X̂‖² + adversarial · L_adv."""

    action: Annotated[Weight, Meta(title="λ action", description="Weight of the cross entropy of the next action.")] = (
        1.0
    )
    pose2d: Annotated[Weight, Meta(title="λ 2D pose", description="Weight of the reprojection loss.")] = 1.0
    adversarial: Annotated[
        Weight, Meta(title="λ adversarial", description="Weight of the critic's opinion of the 3D pose.")
    ] = 1.0
    pose2d_unit: Annotated[
        Literal["px", "dm"],
        Meta(
            title="2D unit",
            description="px: pixels of the original. dm: decimetres at the person's depth, the same for every camera.",
        ),
    ] = "dm"
    pose2d_kind: Annotated[
        Literal["squared", "distance"],
        Meta(
            title="2D distance",
            description="squared: as in the paper, summed over joints. distance: not squared, what the 2D error "
            "measures and less led by outliers.",
        ),
    ] = "distance"
    times: Annotated[
        Weight,
        Meta(
            title="λ times",
            description="Weight of the likelihood of when the next step comes and how long it takes. 0: not learned.",
        ),
    ] = 0.0
    objects: Annotated[
        Weight,
        Meta(
            title="λ objects",
            description="Weight of which objects the next step involves; a recurrent memory is then told them in a "
            "roll-out. 0: not learned.",
        ),
    ] = 0.0
    best_of: Annotated[
        int,
        Meta(
            ge=1,
            le=32,
            title="Best of",
            description="With a noise input: so many poses are drawn and the one nearest to what came is taught.",
        ),
    ] = 1
    label_smoothing: Annotated[
        float,
        Meta(ge=0.0, lt=1.0, title="Label smoothing", description="Share of the target spread over all actions."),
    ] = 0.0


class ForecasterCritic(Group, frozen=True, kw_only=True):
    """The Wasserstein critic of 3D poses. Sizes are RepNet's (Wandt, Rosenhahn 2019)."""

    kind: Annotated[
        Literal["clip", "gradient_penalty"],
        Meta(title="Kept Lipschitz by", description="Clipping its weights, or a penalty on its gradient."),
    ] = "gradient_penalty"
    clip: Annotated[float, Meta(gt=0.0, title="Clip", description="Largest weight where weights are clipped.")] = 0.01
    penalty: Annotated[Weight, Meta(title="Penalty", description="Weight of the gradient penalty.")] = 10.0
    steps: Annotated[
        int, Meta(ge=1, le=20, title="Critic steps", description="Steps of the critic for one of the generator.")
    ] = 1
    unit: Annotated[
        Literal["mm", "dm"],
        Meta(title="3D unit", description="Unit of the joints it sees; Ψ has its square."),
    ] = "dm"
    psi: Annotated[
        bool, Meta(title="Ψ", description="Whether it sees bone lengths and angles (Ψ = BᵀB) beside the joints.")
    ] = True
    joins_at: Annotated[
        float,
        Meta(
            ge=0.0,
            lt=1.0,
            title="Joins at",
            description="Share of the training after which it begins: what comes next is learned first, then how "
            "people stand.",
        ),
    ] = 0.0
    reach: Annotated[
        float,
        Meta(
            ge=0.0,
            le=1.0,
            title="Reach",
            description="Share of its gradient that goes on from the pose decoder to z; the decoder learns all of it.",
        ),
    ] = 1.0
    turn_forecasts: Annotated[
        bool,
        Meta(
            title="Turn forecasts too",
            description="Forecasts get a random heading before the critic sees them, as the bank's poses do. Otherwise "
            "it learns that people who face the camera are no real ones, and pulls them round.",
        ),
    ] = True
    learning_rate: Annotated[
        float, Meta(ge=0.0, le=1.0, title="Its learning rate", description="0: the generator's first one.")
    ] = 0.0
    joint_width: Annotated[Width, Meta(title="Joint path")] = 100
    psi_width: Annotated[Width, Meta(title="Ψ path", description="Width of the layers that read bone products.")] = 1000
    head_width: Annotated[Width, Meta(title="Head")] = 100
    slope: Annotated[float, Meta(ge=0.0, lt=1.0, title="Leaky slope", description="RepNet: Keras' default.")] = 0.3


class ForecasterOptimiser(Group, frozen=True, kw_only=True):
    """Adam, for generator and critic alike; as printed at a constant rate."""

    learning_rate: Annotated[float, Meta(gt=0.0, le=1.0, title="Learning rate")] = 1e-4
    weight_decay: Annotated[Weight, Meta(title="Weight decay")] = 1e-3
    batch: Annotated[int, Meta(ge=1, le=65536, title="Batch", description="Windows a step.")] = 256
    parts: Parts = 1
    schedule: Annotated[
        Literal["constant", "cosine"],
        Meta(title="Schedule", description="cosine: the generator's rate climbs, then falls to nothing."),
    ] = "constant"
    clip_gradient: Annotated[
        Weight, Meta(title="Largest gradient", description="Length to which the generator's gradient is cut. 0: never.")
    ] = 0.0


class Forecaster(Group, frozen=True, kw_only=True):
    """Next actions and their characteristic 3D poses (Diller, Funkhouser, Dai: section 4)."""

    data: Annotated[ForecasterData, Meta(title="Data")] = ForecasterData()
    network: Annotated[ForecasterNetwork, Meta(title="Network")] = ForecasterNetwork()
    losses: Annotated[ForecasterLosses, Meta(title="Losses")] = ForecasterLosses()
    critic: Annotated[ForecasterCritic, Meta(title="Critic")] = ForecasterCritic()
    optimiser: Annotated[ForecasterOptimiser, Meta(title="Optimiser")] = ForecasterOptimiser()
    steps: Annotated[int, Meta(ge=1, le=10_000_000, title="Training steps", description="Steps of the generator.")] = (
        4000
    )
    unroll: Annotated[
        int,
        Meta(
            ge=1,
            le=10,
            title="Unrolled steps",
            description="How many steps ahead training rolls out, each fed with the one before. The paper: 1.",
        ),
    ] = 1
    keep_made: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            title="Kept poses",
            description="So many poses, made at ten points of the training, are kept: examples of unreal ones for the "
            "classifier that measures 3D quality. 0: none.",
        ),
    ] = 0
    precision: Annotated[
        Literal["float32", "bfloat16"],
        Meta(title="Precision", description="Of matrix products. The weights stay float32."),
    ] = "float32"
    compiled: Annotated[
        bool,
        Meta(title="Compiled", description="Let torch compile the models first: minutes, once, on a graphics card."),
    ] = False
    seed: Seed = 0
    validate_every: ValidateEvery = 200
    report_every: ReportEvery = 25
    samples: Samples = 4
    threads: Threads = 1
    device: Device = "auto"
    deterministic: Deterministic = False


# ---- presets --------------------------------------------------------------------------------------------------------


def paper() -> Forecaster:
    """The published weights, units and rates. Sized for a graphics card: the authors trained 12 hours on one."""
    return Forecaster(
        data=ForecasterData(past_steps=10, future_steps=10, joint_map="table5"),
        network=ForecasterNetwork(
            action_width=512, object_width=512, pose_width=1024, latent=1024, start_at_mean_pose=False
        ),
        losses=ForecasterLosses(action=1e6, pose2d=1.0, adversarial=1.0, pose2d_unit="px", pose2d_kind="squared"),
        critic=ForecasterCritic(kind="clip", steps=5, unit="mm", turn_forecasts=False),
        optimiser=ForecasterOptimiser(batch=4096),
        steps=20_000,
        validate_every=500,
        report_every=50,
    )


def paper_furniture() -> Forecaster:
    """As published for IKEA-ASM: five steps back, five ahead."""
    published = paper()
    return replace(published, data=replace(published.data, past_steps=5, future_steps=5))


def paper_rescaled() -> Forecaster:
    """The published weights put into decimetres at the person's depth, where a picture's size does not matter.

    A metre is about 300 pixels in the paper's pictures: a squared pixel is then 1/900 of a squared decimetre, so all
    three weights are divided by 900; the critic's unit shrinks by 100 too.
    """
    published = paper()
    return replace(
        published,
        losses=replace(published.losses, action=1111.0, pose2d=1.0, adversarial=0.111, pose2d_unit="dm"),
        critic=replace(published.critic, unit="dm"),
    )


def small() -> Forecaster:
    """The paper's form at a size that two cores train in minutes; chosen on the validation cooks of the demo kitchen.

    Narrow, since the data are few; dropout and three unrolled steps, since it is rolled out on people it has not seen.
    The critic is narrower than RepNet's, with which a step takes several times as long.
    """
    return Forecaster(
        network=ForecasterNetwork(pose_width=128, latent=128, dropout=0.3),
        losses=ForecasterLosses(action=10.0, adversarial=0.6),
        critic=ForecasterCritic(psi_width=128),
        optimiser=ForecasterOptimiser(learning_rate=5e-4, batch=128),
        steps=1200,
        unroll=3,
    )


def recommended() -> Forecaster:
    """Beyond the paper: the past read step by step, each step with its own objects; times and objects foreseen too.

    Chosen on the validation cooks of a simulated kitchen of 360 clips.
    """
    return Forecaster(
        data=ForecasterData(past_steps=30),
        network=ForecasterNetwork(pose_width=128, latent=192, dropout=0.35, memory="recurrent"),
        losses=ForecasterLosses(action=1.0, pose2d=1.0, adversarial=2.0, times=0.3, objects=0.3),
        critic=ForecasterCritic(psi_width=128, learning_rate=2e-3, joins_at=0.5, reach=0.3),
        optimiser=ForecasterOptimiser(
            learning_rate=2e-3, weight_decay=0.0, batch=48, schedule="cosine", clip_gradient=1.0
        ),
        steps=1500,
        unroll=5,
        validate_every=150,
    )


def futures() -> Forecaster:
    """Several futures at once: a noise input to a pose decoder that is told the action, the best of eight taught."""
    one = recommended()
    return replace(
        one,
        network=replace(one.network, pose_from_action=True, noise=16),
        losses=replace(one.losses, times=1.0, best_of=8),
    )


def smoke() -> Forecaster:
    """Seconds on two cores, to see a whole run end; enough to learn one short clip by heart."""
    return Forecaster(
        network=ForecasterNetwork(action_width=64, object_width=32, pose_width=64, latent=64),
        losses=ForecasterLosses(action=10.0, adversarial=0.6),
        critic=ForecasterCritic(psi_width=64),
        optimiser=ForecasterOptimiser(learning_rate=1e-3, batch=64),
        steps=150,
        validate_every=50,
        report_every=10,
    )


Config = Forecaster | PoseGpt

PRESETS: dict[str, Callable[[], Config]] = {
    "forecaster/paper": paper,
    "forecaster/paper-furniture": paper_furniture,
    "forecaster/paper-rescaled": paper_rescaled,
    "forecaster/small": small,
    "forecaster/recommended": recommended,
    "forecaster/futures": futures,
    "forecaster/smoke": smoke,
    **posegpt_configs.PRESETS,
}


def preset(name: str) -> Config:
    """The config of that name; RunError lists the names where there is none."""
    if name not in PRESETS:
        raise RunError(f"there is no preset {name!r}", hint=f"There are: {', '.join(PRESETS)}.")
    return PRESETS[name]()
