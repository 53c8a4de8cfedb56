"""A tiny PoseGPT with drawn weights, and motion to go on from."""

import numpy as np
import torch

from core.bodies.skeletons import SMPL_24, SMPLX_55
from core.generation.motion_model import MotionModel
from core.generations import PackedMotion, packed
from core.geometry.rotations import about_y, matrices
from core.models.checkpoints import PoseGptHeader
from core.models.posegpt import PoseGpt
from core.motion import Motion
from core.posegpt_configs import MotionData, MotionGpt, MotionVqvae, ProductQuantizer
from core.posegpt_configs import PoseGpt as Config

ACTIONS = ("bow", "run", "walk", "walk-left", "wave")


def made_config(causality="past", downsampling=4, body="smpl", most_frames=64, root_input="deltas") -> Config:
    return Config(
        data=MotionData(least_frames=16, most_frames=most_frames, body=body),
        autoencoder=MotionVqvae(
            layers="1,1,1", width=32, heads=2, feed_forward=48, downsampling=downsampling, causality=causality,
            root_input=root_input,
        ),
        quantizer=ProductQuantizer(books=2, codes=16, width=16),
        gpt=MotionGpt(layers=1, width=32, heads=2, feed_forward=48, dropout=0.1),
    )  # fmt: skip


def made_whole(config: Config, actions=ACTIONS, seed=1) -> PoseGpt:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        whole = PoseGpt.build(config, len(actions)).eval()
    with torch.no_grad():  # actions are heard, as after training
        whole.gpt.action_parts.weight.mul_(30)
    return whole


def made_header(config: Config, actions=ACTIONS, **more) -> PoseGptHeader:
    return PoseGptHeader(
        made_by="a test", config=config, preset="posegpt/smoke", actions=actions, windows=dict.fromkeys(actions, 3),
        project="made", data_fingerprint="0", split={}, step=7,
        **{"real_bits": tuple(np.linspace(3.0, 5.0, 21).tolist()), **more},
    )  # fmt: skip


def made_model(**knobs) -> MotionModel:
    config = made_config(**knobs)
    return MotionModel.of(made_whole(config), made_header(config), "made")


def wandering(frames: int, seed=0, joints=24, rate_hz=30.0, turn=0.0, move=(0.0, 0.0, 0.0)) -> PackedMotion:
    """Someone who walks along and turns smoothly, upright; the whole turned about the vertical and then moved."""
    random = np.random.default_rng(seed)
    time = np.arange(frames) / rate_hz
    waves = random.normal(size=(joints, 3, 2)) * 0.3
    vectors = sum(waves[None, ..., k] * np.sin((k + 1) * time)[:, None, None] for k in range(2))
    vectors[:, 0] *= 0.3
    rotations = matrices(vectors)
    rotations[:, 0] = about_y(0.4 * time + 0.3) @ rotations[:, 0]
    path_m = np.stack([0.7 * time, 0.95 + 0.02 * np.sin(3 * time), 0.3 * np.sin(time)], axis=-1)
    # The root joint stands at the rest body's place plus the path: turned about the world's own axis.
    from core.recordings import reference_joints_m

    rest_m = reference_joints_m()[0]
    by = about_y(turn)
    path_m = (path_m + rest_m) @ by.T + np.asarray(move) - rest_m
    rotations[:, 0] = by @ rotations[:, 0]
    return packed(Motion({24: SMPL_24, 55: SMPLX_55}[joints], rate_hz, rotations, path_m))
