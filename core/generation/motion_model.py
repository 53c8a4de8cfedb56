"""A trained PoseGPT, loaded to make motion: its header, both its parts, and motion to codes and back as numpy.

    model = MotionModel.load("runs/walks")             # or the name of a shipped one
    codes = model.encoded(rotations, path_m)           # windows at the origin: `motion_windows.at_origin`
    rotations, path_m = model.decoded(codes)

Metres, y up, 30 frames a second; local rotations as matrices. Letters: B windows, F frames, J joints, N tokens, K
books, A actions.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from core.bodies.skeletons import SMPL_24, SMPLX_55, Skeleton
from core.demo import find_run
from core.errors import FormatError, RunError
from core.generation.asking import UnknownActionError
from core.generations import RATE_HZ, AboutMotionModel
from core.geometry.rotations import frame_of
from core.models import checkpoints
from core.models.checkpoints import PoseGptHeader
from core.models.motion_gpt import MotionGpt
from core.models.motion_vqvae import MotionTensors, MotionVqvae
from core.models.posegpt import PoseGpt
from core.models.sampling import Draw, sample, uniforms

_TIMED_TOKENS = 8


@dataclass(frozen=True)
class MotionModel:
    """Ready to make motion; nothing in it learns."""

    name: str
    header: PoseGptHeader
    autoencoder: MotionVqvae
    gpt: MotionGpt
    path: Path | None = None  # of the checkpoint

    @classmethod
    def load(cls, run: str | Path) -> "MotionModel":
        """Of a run's folder, a checkpoint, or the name of a shipped one; in words where it is no motion model."""
        folder = find_run(str(run), "posegpt")
        path = checkpoints.find(folder)
        checkpoint = checkpoints.load_motion_model(path)
        name = folder.parent.name if folder.is_file() else folder.resolve().name
        if checkpoint.header.stage != "gpt":
            raise RunError(
                f"{name} has learned its auto-encoder alone, and making motion needs its GPT too.",
                hint="Let its training go on, or train one over it: posegpt-gpt/small.",
            )
        if any(bool(each.isnan().any()) for each in checkpoint.tensors.values()):
            raise FormatError(path, "some of its weights are no numbers", hint="Copy it again, or train.")
        whole = PoseGpt.of_checkpoint(checkpoint)
        return cls.of(whole, checkpoint.header, name, path)

    @classmethod
    def of(cls, whole: PoseGpt, header: PoseGptHeader, name: str, path: Path | None = None) -> "MotionModel":
        """Of a model that is there already, as it is."""
        whole = whole.eval().requires_grad_(requires_grad=False)
        return cls(name, header, whole.autoencoder, whole.gpt, path)

    # ---- what it is ----

    @property
    def actions(self) -> tuple[str, ...]:
        return self.header.actions

    @property
    def joints(self) -> int:
        return self.autoencoder.joints

    @property
    def skeleton(self) -> Skeleton:
        return {24: SMPL_24, 55: SMPLX_55}[self.joints]

    @property
    def factor(self) -> int:
        """Frames a token."""
        return self.autoencoder.factor

    @property
    def books(self) -> int:
        return self.autoencoder.books

    @property
    def codes(self) -> int:
        """Of each book."""
        return self.autoencoder.codes

    @property
    def most_frames(self) -> int:
        """Of a window, past included; whole tokens."""
        return self.gpt.most_frames // self.factor * self.factor

    @property
    def least_frames(self) -> int:
        """Of the shortest window it was trained on."""
        return min(self.header.config.data.least_frames, self.most_frames)

    @property
    def takes_a_past(self) -> bool:
        """Whether what was seen can be told to it: its tokens know no later frame."""
        return self.header.config.autoencoder.causality != "offline"

    @property
    def streams(self) -> bool:
        """Whether frames it has decoded move no more: they know no later token."""
        return self.header.config.autoencoder.causality == "online"

    def about(self) -> AboutMotionModel:
        """It, as people see it; times how fast it draws."""
        windows = self.header.windows
        return AboutMotionModel(
            name=self.name,
            actions=tuple((action, windows.get(action, 0)) for action in self.actions),
            skeleton=self.skeleton.name,
            frames_a_token=self.factor,
            books=self.books,
            codes=self.codes,
            longest_s=self.most_frames / RATE_HZ,
            takes_a_past=self.takes_a_past,
            project=self.header.project,
            sources=self.header.sources,
            preset=self.header.preset,
            step=self.header.step,
            figures=self.header.figures,
            ms_a_token=self._ms_a_token(),
        )

    # ---- what it does ----

    def labels(self, actions: Sequence[str]) -> Float[Tensor, " A"]:
        """k-hot; UnknownActionError with the nearest names for one it does not know."""
        found = torch.zeros(len(self.actions))
        for action in actions:
            if action not in self.actions:
                raise UnknownActionError(action, self.actions)
            found[self.actions.index(action)] = 1.0
        return found

    @torch.inference_mode()
    def encoded(self, rotations: Float[ndarray, "B F J 3 3"], path_m: Float[ndarray, "B F 3"]) -> Int[Tensor, "B N K"]:
        """The codes of windows that stand at the origin."""
        columns = np.concatenate([rotations[..., 0], rotations[..., 1]], axis=-1).astype(np.float32)
        motion = MotionTensors(torch.from_numpy(columns), torch.from_numpy(path_m.astype(np.float32)))
        return self.autoencoder.encode(motion)

    @torch.inference_mode()
    def decoded(self, codes: Int[Tensor, "B N K"]) -> tuple[Float[ndarray, "B F J 3 3"], Float[ndarray, "B F 3"]]:
        """The windows that codes stand for, `factor` frames of each token."""
        motion = self.autoencoder.decode(codes)
        columns = motion.rotations_6d.numpy()
        rotations = frame_of("x", columns[..., :3], "y", columns[..., 3:])
        return rotations, motion.path_m.numpy().astype(float)

    def _ms_a_token(self) -> float:
        tokens = min(_TIMED_TOKENS, self.gpt.most_tokens)
        labels, frames = torch.zeros(1, len(self.actions)), torch.tensor([self.most_frames])
        numbers = uniforms(0, 1, tokens, self.books)
        best = float("inf")
        for _ in range(2):  # the first time prepares what is kept
            begun = time.perf_counter()
            for _codes in sample(self.gpt, labels, frames, tokens, numbers, Draw()):
                pass
            best = min(best, time.perf_counter() - begun)
        return 1000 * best / tokens
