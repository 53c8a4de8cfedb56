"""Next actions and their characteristic 3D poses, and the critic that keeps the poses human.

Diller, Funkhouser, Dai, "FutureHuman3D", section 4: three encoders (actions and objects small, poses one linear layer
and three residual blocks) → latent z → action logits and 9 × 3 joints. The pose is in the levelled frame of its clip,
metres, neck at the origin. Letters: N past steps, A actions, O objects, Z latent; M steps of a roll-out.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterCritic, ForecasterNetwork
from core.geometry.differentiable import Views, bone_products, see

JOINTS = len(UPPER_BODY_9)
NECK = UPPER_BODY_9["neck"]
PER_UNIT = {"m": 1.0, "dm": 10.0, "mm": 1000.0}


@dataclass(frozen=True)
class Past:
    """What was seen of a batch: one-hot actions, seen poses with their visible flag, objects. Padding is all zero."""

    actions: Float[Tensor, "batch N A"]
    poses: Float[Tensor, "batch N 9 3"]  # x, y, 1 where visible
    objects: Float[Tensor, "batch O"]

    @classmethod
    def of(
        cls,
        actions: Int[Tensor, "batch N"],
        poses: Float[Tensor, "batch N 9 2"],
        visible: Bool[Tensor, "batch N 9"],
        objects: Bool[Tensor, "batch O"],
        action_count: int,
    ) -> "Past":
        """From numbers; an action of -1 (unknown, or padding) is all zero."""
        one_hot = functional.one_hot(actions.clamp_min(0), action_count) * (actions >= 0)[..., None]
        seen = torch.cat((poses, torch.ones_like(poses[..., :1])), dim=-1) * visible[..., None]
        return cls(one_hot.float(), seen, objects.float())

    def followed_by(self, action: Int[Tensor, " batch"], pose: Float[Tensor, "batch 9 2"]) -> "Past":
        """This past with a forecast step pushed in and the oldest pushed out; objects are carried along."""
        one_hot = functional.one_hot(action, self.actions.shape[-1]).to(self.actions.dtype)
        seen = torch.cat((pose, torch.ones_like(pose[..., :1])), dim=-1)
        return Past(
            torch.cat((self.actions[:, 1:], one_hot[:, None]), dim=1),
            torch.cat((self.poses[:, 1:], seen[:, None]), dim=1),
            self.objects,
        )


@dataclass(frozen=True)
class Next:
    """One step ahead: action logits, the levelled pose, and the latent both were read from."""

    logits: Float[Tensor, "batch A"]
    joints_m: Float[Tensor, "batch 9 3"]
    latent: Float[Tensor, "batch Z"]


class ResidualBlock(nn.Module):
    """Two linear layers beside a straight path."""

    def __init__(self, width: int, slope: float) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.LeakyReLU(slope), nn.Linear(width, width), nn.LeakyReLU(slope), nn.Linear(width, width)
        )

    def forward(self, features: Float[Tensor, "batch width"]) -> Float[Tensor, "batch width"]:
        return features + self.inner(features)


class Forecaster(nn.Module):
    """The generator: what comes next, from what was seen."""

    def __init__(self, network: ForecasterNetwork, *, past_steps: int, actions: int, objects: int) -> None:
        super().__init__()
        self.past_steps, self.action_count, self.object_count = past_steps, actions, objects
        self.dropout = network.dropout
        slope, latent = network.slope, network.latent
        self.encode_actions = _mlp(past_steps * actions, network.action_width, network.action_width, slope)
        self.encode_objects = _mlp(max(objects, 1), network.object_width, network.object_width, slope)
        self.encode_poses = nn.Sequential(
            nn.Linear(past_steps * JOINTS * 3, network.pose_width),
            *(ResidualBlock(network.pose_width, slope) for _ in range(3)),
        )
        joined = network.action_width + network.object_width + network.pose_width
        self.join = nn.Sequential(nn.LeakyReLU(slope), *_mlp(joined, latent, latent, slope))
        self.decode_action = nn.Sequential(nn.LeakyReLU(slope), *_mlp(latent, latent, actions, slope))
        self.decode_pose = nn.Sequential(nn.LeakyReLU(slope), *_mlp(latent, latent, JOINTS * 3, slope))

    def start_at(self, pose_m: Float[Tensor, "9 3"]) -> None:
        """Let the pose decoder say `pose_m` whatever it sees, until it learns better."""
        last = self.decode_pose[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.weight.zero_()
            last.bias.copy_(pose_m.flatten())

    def forward(self, past: Past, generator: torch.Generator | None = None) -> Next:
        """Without a generator nothing is dropped: that is how a trained model is used."""
        objects = past.objects if self.object_count else past.objects.new_zeros(len(past.objects), 1)
        encoded = (
            self.encode_actions(past.actions.flatten(1)),
            self.encode_objects(objects),
            self.encode_poses(past.poses.flatten(1)),
        )
        latent = self.join(_dropped(torch.cat(encoded, dim=-1), self.dropout, generator))
        return Next(self.decode_action(latent), self._pose(latent), latent)

    def _pose(self, latent: Float[Tensor, "batch Z"]) -> Float[Tensor, "batch 9 3"]:
        joints_m = self.decode_pose(latent).unflatten(-1, (JOINTS, 3))
        return joints_m - joints_m[:, NECK : NECK + 1]  # the neck is the origin, exactly

    def roll_out(
        self, past: Past, views: Views, steps: int, generator: torch.Generator | None = None
    ) -> list[tuple[Next, Float[Tensor, "batch 9 2"]]]:
        """`steps` ahead, each with its pose as the camera sees it: the newest of what the next step sees."""
        ahead = []
        for _ in range(steps):
            step = self(past, generator)
            seen = see(step.joints_m, views)
            ahead.append((step, seen))
            past = past.followed_by(step.logits.argmax(-1), seen)
        return ahead


class Critic(nn.Module):
    """Scores poses: high where they look like the bank's. Sees the joints and Ψ = BᵀB over the eight bones.

    Its unit (`per_metre`) sets how strong its gradients are; joints come to `forward` in that unit.
    """

    def __init__(self, config: ForecasterCritic) -> None:
        super().__init__()
        self.per_metre = PER_UNIT[config.unit]
        slope, bones = config.slope, len(UPPER_BODY_9.bones)
        # The neck is always 0 and says nothing, but the printed input has all nine joints.
        self.read_joints = nn.Sequential(
            nn.Linear(JOINTS * 3, config.joint_width),
            ResidualBlock(config.joint_width, slope),
            nn.LeakyReLU(slope),
            nn.Linear(config.joint_width, config.joint_width),
        )
        self.read_psi = nn.Sequential(
            nn.Linear(bones * bones, config.psi_width),
            ResidualBlock(config.psi_width, slope),
        )
        self.judge = nn.Sequential(
            nn.LeakyReLU(slope),
            *_mlp(config.joint_width + config.psi_width, config.head_width, 1, slope),
        )

    def forward(self, joints: Float[Tensor, "batch 9 3"]) -> Float[Tensor, " batch"]:
        psi = bone_products(joints, UPPER_BODY_9.bones)
        features = torch.cat((self.read_joints(joints.flatten(1)), self.read_psi(psi.flatten(1))), dim=-1)
        return self.judge(features).squeeze(-1)


def _mlp(read: int, width: int, written: int, slope: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(read, width), nn.LeakyReLU(slope), nn.Linear(width, written))


def _dropped(
    features: Float[Tensor, "batch width"], share: float, generator: torch.Generator | None
) -> Float[Tensor, "batch width"]:
    # Not nn.Dropout: its random numbers would come from a global stream that a resumed run cannot put back.
    if generator is None or share == 0:
        return features
    kept = torch.rand(features.shape, generator=generator, device=features.device) >= share
    return features * kept / (1 - share)
