"""Milliseconds to pose a body: ours in numpy for the screen and through smplx in torch, beside smplx's own layer.

Every body moves all its joints, another way each time; "hands flat" leaves the fingers. The peer is smplx's SMPL layer
in the same run on the same bodies; the largest difference of any vertex is given with it (it too works in single
precision here). "Dense" are correctives as a person's own files have them, made up here, since none can be shipped.
"""

import os
import statistics
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO

import numpy as np
import smplx
import torch
from scipy.spatial.transform import Rotation
from smplx.utils import Struct

from core.bodies import library
from core.bodies.model_files import BodyModel
from core.bodies.parametric import ParametricBody
from core.bodies.skinning import Body

POSES = 16
BATCH = 64


def run() -> dict[str, float | str]:
    figures: dict[str, float | str] = {"load before": round(os.getloadavg()[0], 1), "threads": torch.get_num_threads()}
    smpl = library.body("built-in/smpl/neutral").model
    face = library.body("built-in/smplx/neutral").model
    bodies = {
        "built-in SMPL": smpl,
        "built-in SMPL-X": face,
        "SMPL with dense correctives": as_dense(smpl),
        "SMPL-X with dense correctives": as_dense(face),
    }
    for name, model in bodies.items():
        figures |= on_screen(name, Body(model))
    figures["built-in SMPL, ms to shape a body"] = took(lambda: Body(smpl).shaped(np.ones(10)), 10)
    figures |= one_by_smplx(smpl)
    for name in ("built-in SMPL", "built-in SMPL-X"):
        figures |= in_torch(name, bodies[name])
    figures |= batch_by_smplx(smpl)
    return figures


def as_dense(model: BodyModel) -> BodyModel:
    rng = np.random.default_rng(0)
    size = (3 * len(model.template_m), 9 * (len(model.parents) - 1))
    return replace(model, correctives_m=rng.normal(0, 1e-4, size).astype(np.float32))


def rotations(count: int, joints: int) -> np.ndarray:
    vectors = np.random.default_rng(1).normal(0, 0.4, (count * joints, 3))
    return Rotation.from_rotvec(vectors).as_matrix().astype(np.float32).reshape(count, joints, 3, 3)


def took(work: Callable[[], object], rounds: int) -> float:
    """Median milliseconds."""
    work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(times), 2)


def on_screen(name: str, body: Body) -> dict[str, float | str]:
    joints = len(body.parents)
    figure = body.shaped(np.ones(10))
    poses = {"": rotations(POSES, joints)}
    if joints > 24:
        poses[", hands flat"] = rotations(POSES, 22)
    made: dict[str, float | str] = {}
    for which, turned in poses.items():
        at = iter(range(10**6))
        made[f"{name}{which}, ms a body"] = took(
            lambda turned=turned, at=at: figure.pose(turned[next(at) % POSES], np.zeros(3)), 60
        )
    return made


def layer_of_smplx(model: BodyModel, batch: int) -> smplx.SMPL:
    arrays = {
        "v_template": model.template_m,
        "shapedirs": model.shapes_m,
        "posedirs": model.dense_correctives_m.reshape(len(model.template_m), 3, -1),
        "J_regressor": model.regressor,
        "weights": model.weights,
        "f": model.faces,
        "kintree_table": np.array([model.parents, range(len(model.parents))]),
    }
    with redirect_stdout(StringIO()):
        return smplx.SMPL("", data_struct=Struct(**arrays), batch_size=batch)


def one_by_smplx(model: BodyModel) -> dict[str, float | str]:
    layer, turned = layer_of_smplx(model, 1), torch.tensor(rotations(1, 24))
    betas = torch.ones(1, 10)
    with torch.no_grad():
        pose = lambda: layer(betas, turned[:, 1:], turned[:, :1], torch.zeros(1, 3), pose2rot=False)  # noqa: E731
        ms, theirs_m = took(pose, 40), pose().vertices[0].numpy()
    ours_m = Body(model).shaped(np.ones(10)).pose(turned[0].numpy(), np.zeros(3))
    return {
        "built-in SMPL by smplx, ms a body": ms,
        "built-in SMPL, largest difference to smplx, micrometres": round(
            1e6 * float(np.abs(ours_m - theirs_m).max()), 2
        ),
    }


def in_torch(name: str, model: BodyModel) -> dict[str, float | str]:
    body, turned = ParametricBody(model), torch.tensor(rotations(BATCH, len(model.parents)))
    betas, nowhere_m = torch.ones(BATCH, 10), torch.zeros(BATCH, 3)
    with torch.no_grad():
        forward = took(lambda: body(betas, turned, nowhere_m), 8)
    turned.requires_grad_()
    both = took(lambda: body(betas, turned, nowhere_m).vertices_m.sum().backward(), 5)
    return {f"{name}, batch of 64 in torch, ms": forward, f"{name}, batch of 64 with gradients, ms": both}


def batch_by_smplx(model: BodyModel) -> dict[str, float | str]:
    layer, turned = layer_of_smplx(model, BATCH), torch.tensor(rotations(BATCH, 24))
    betas, nowhere_m = torch.ones(BATCH, 10), torch.zeros(BATCH, 3)
    with torch.no_grad():
        ms = took(lambda: layer(betas, turned[:, 1:], turned[:, :1], nowhere_m, pose2rot=False), 8)
    return {"built-in SMPL by smplx's layer, batch of 64, ms": ms}
