"""Bodies fitted to joints, beside smplfitter on the same bodies in the same run.

Known bodies of random shapes (betas within ±2) in poses recorded from dancers and actors where the folder of real
motion is beside the checkout, else in made-up swinging ones. Ours gets joints and nothing else; smplfitter needs all
vertices (6.9 k) and gets the joints too. Wanted on two idle cores: at most 3 mm from 24 joints at 15 ms a frame over 64
frames and 100 ms for one; elbows and wrists within 10 mm from nine joints. Processor milliseconds say how fast the same
work is on an idle machine. Each figure is the mean over bodies and stretches; times are medians.
"""

import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from core.bodies.fitting import Fit, fit_joints
from core.bodies.fitting_landmarks import joints_at_rest, landmarks_of
from core.bodies.kinematics import place_joints
from core.bodies.skeletons import BLAZEPOSE_33, BODY_25, HUMAN36M_17, SMPL_24, UPPER_BODY_9, Skeleton
from core.bodies.skinning import Body

AMASS = Path(__file__).resolve().parents[3] / "shared" / "data" / "amass" / "amass_sample.npz"
FRAMES = 64
BODIES = 4


def poses() -> tuple[str, np.ndarray, np.ndarray, float]:
    """(whose, rotations (frames, 24, 3, 3), translation, rate): recorded ones, else made-up ones."""
    if AMASS.is_file():
        with np.load(AMASS) as motion:
            turned = Rotation.from_rotvec(motion["poses"][:, :72].reshape(-1, 3)).as_matrix().reshape(-1, 24, 3, 3)
            upright = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0.0]])  # its z is up
            turned[:, 0] = upright @ turned[:, 0]
            turned[:, 22:] = np.eye(3)
            return "recorded (AMASS)", turned, motion["trans"] @ upright.T, float(motion["mocap_framerate"])
    rng, at = np.random.default_rng(0), np.arange(600)[:, None, None] / 60
    vectors = 0.3 * np.sin(2 * np.pi * rng.uniform(0.2, 0.8, (24, 3)) * at + rng.uniform(0, 6, (24, 3)))
    vectors[:, [4, 5], 0] = np.abs(vectors[:, [4, 5], 0])
    vectors[:, [4, 5], 1:] = 0
    vectors[:, [18, 19]] *= [0, 1, 0]
    vectors[:, 18, 1], vectors[:, 19, 1] = -np.abs(vectors[:, 18, 1]), np.abs(vectors[:, 19, 1])
    vectors[:, 22:] = 0
    return (
        "made up",
        Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(-1, 24, 3, 3),
        np.zeros((600, 3)),
        60.0,
    )


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What came of it, milliseconds, processor milliseconds."""
    began, worked = time.perf_counter(), time.process_time()
    made = work()
    return made, 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)


class Known:
    """Somebody whose joints and vertices are known in some frames."""

    def __init__(self, body: Body, betas: np.ndarray, rotations: np.ndarray, translation_m: np.ndarray) -> None:
        self.body, self.betas, self.rotations, self.translation_m = body, betas, rotations, translation_m
        rest, moves = joints_at_rest(body)
        self.world, self.joints_m = place_joints(rotations, translation_m, rest + moves @ betas, body.parents)

    def of(self, skeleton: Skeleton) -> np.ndarray:
        marks = landmarks_of(self.body, skeleton)
        offsets = marks.offsets_m + marks.offset_shapes_m @ self.betas
        points = self.joints_m[:, marks.fixed_to] + (self.world[:, marks.fixed_to] @ offsets[..., None])[..., 0]
        return marks.mix @ points

    def vertices_m(self) -> np.ndarray:
        figure = self.body.shaped(self.betas)
        return np.stack([figure.pose(*each) for each in zip(self.rotations, self.translation_m, strict=True)])

    def off_mm(self, fit: Fit, joints: list[int]) -> float:
        rest, moves = joints_at_rest(self.body)
        _, places = place_joints(fit.rotations, fit.translation_m, rest + moves @ fit.betas, self.body.parents)
        return 1000 * float(np.linalg.norm((places - self.joints_m)[:, joints], axis=-1).mean())


def people(body: Body, count: int, frames: int) -> list[Known]:
    _, rotations, translation_m, _ = poses()
    rng = np.random.default_rng(7)
    starts = np.linspace(0, len(rotations) - frames, count).astype(int)
    return [
        Known(body, rng.uniform(-2, 2, 10), rotations[start : start + frames], translation_m[start : start + frames])
        for start in starts
    ]


def run() -> dict[str, float | str]:
    body = Body.load()
    whose, _, _, rate_hz = poses()
    figures: dict[str, float | str] = {"poses": whose, "load before": round(os.getloadavg()[0], 1)}
    arms = [18, 19, 20, 21]
    for skeleton in (SMPL_24, UPPER_BODY_9, BODY_25, BLAZEPOSE_33, HUMAN36M_17):
        landmarks_of(body, skeleton)
        for frames, way, options in (
            (FRAMES, "64 frames", {}),
            (FRAMES, "64 frames smoothly", {"rate_hz": rate_hz}),
            (1, "one pose", {}),
        ):
            given, elbows, took, worked = [], [], [], []
            for who in people(body, BODIES, frames):
                work = partial(fit_joints, body, who.of(skeleton), skeleton, **options)
                fit, ms, cpu_ms = timed(work)
                given.append(1000 * float(fit.error.mean()))
                elbows.append(who.off_mm(fit, arms))
                took.append(ms / frames)
                worked.append(cpu_ms / frames)
            name = f"{skeleton.name}, {way}"
            figures[f"{name}: joints mm off"] = round(statistics.mean(given), 2)
            figures[f"{name}: elbows and wrists mm off"] = round(statistics.mean(elbows), 2)
            figures[f"{name}: ms a frame"] = round(statistics.median(took), 1)
            figures[f"{name}: processor ms a frame"] = round(statistics.median(worked), 1)
    figures |= smplfitter_figures(body)
    return figures


def smplfitter_figures(body: Body) -> dict[str, float | str]:
    """The peer on the same people; it is given their vertices, which a detector never has."""
    try:
        import torch
        from smplfitter.pt import BodyFitter, BodyModel
    except ImportError:
        return {"smplfitter": "left out: it is not installed"}
    figures: dict[str, float | str] = {"smplfitter is given": "6.9 k vertices and 24 joints; ours the joints alone"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = BodyModel("smpl", "neutral", model_root=write_for_smplfitter(body, Path(folder)), num_betas=10)
        fitter = BodyFitter(model)
        for frames, way in ((FRAMES, "64 frames"), (1, "one pose")):
            off, took, worked = [], [], []
            for who in people(body, BODIES, frames):
                vertices = torch.from_numpy(who.vertices_m().astype(np.float32))
                joints = torch.from_numpy(who.joints_m.astype(np.float32))

                def fit(vertices: Any = vertices, joints: Any = joints) -> Any:
                    with torch.no_grad():
                        return fitter.fit(
                            vertices, joints, num_iter=3, beta_regularizer=1.0, share_beta=True,
                            requested_keys=["pose_rotvecs", "shape_betas", "trans"],
                        )  # fmt: skip

                fit()  # the first call of a size is slower
                made, ms, cpu_ms = timed(fit)
                with torch.no_grad():
                    there = model(made["pose_rotvecs"], made["shape_betas"], made["trans"])["joints"]
                off.append(1000 * float((there - joints).norm(dim=-1).mean()))
                took.append(ms / frames)
                worked.append(cpu_ms / frames)
            figures[f"smplfitter, {way}: joints mm off"] = round(statistics.mean(off), 2)
            figures[f"smplfitter, {way}: ms a frame"] = round(statistics.median(took), 1)
            figures[f"smplfitter, {way}: processor ms a frame"] = round(statistics.median(worked), 1)
    return figures


def write_for_smplfitter(body: Body, folder: Path) -> str:
    """The built-in body under the names the peer looks for."""
    import pickle

    import scipy.sparse

    model = body.model
    correctives = model.correctives_m
    dense = correctives.toarray() if scipy.sparse.issparse(correctives) else np.asarray(correctives)
    vertices = len(model.template_m)
    arrays = {
        "v_template": model.template_m, "shapedirs": model.shapes_m, "posedirs": dense.reshape(vertices, 3, -1),
        "J_regressor": scipy.sparse.csc_matrix(model.regressor), "weights": model.weights, "f": model.faces,
        "kintree_table": np.array([[2**32 - 1, *model.parents[1:]], list(range(24))], np.uint32),
    }  # fmt: skip
    place = folder / "smpl"
    place.mkdir()
    (place / "basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl").write_bytes(pickle.dumps(arrays))
    np.save(place / "kid_template.npy", np.zeros((vertices, 3)))
    return str(place)
