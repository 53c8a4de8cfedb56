"""The critic that keeps forecast poses human (Diller, Funkhouser, Dai: section 4.2; sizes are RepNet's)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterCritic
from core.geometry.differentiable import bone_products
from core.models.layers import ResidualBlock, mlp

JOINTS = len(UPPER_BODY_9)
PER_UNIT = {"m": 1.0, "dm": 10.0, "mm": 1000.0}


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
        self.read_psi = (
            nn.Sequential(nn.Linear(bones * bones, config.psi_width), ResidualBlock(config.psi_width, slope))
            if config.psi
            else None
        )
        read = config.joint_width + (config.psi_width if config.psi else 0)
        self.judge = nn.Sequential(nn.LeakyReLU(slope), *mlp(read, config.head_width, 1, slope))

    def forward(self, joints: Float[Tensor, "batch 9 3"]) -> Float[Tensor, " batch"]:
        features = self.read_joints(joints.flatten(1))
        if self.read_psi is not None:
            psi = bone_products(joints, UPPER_BODY_9.bones)
            features = torch.cat((features, self.read_psi(psi.flatten(1))), dim=-1)
        return self.judge(features).squeeze(-1)
