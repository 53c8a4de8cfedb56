"""PoseGPT whole: the auto-encoder of motion, and the GPT over its codes, as a checkpoint holds them.

    model = PoseGpt.build(config, actions=7)               # untrained
    model = PoseGpt.of_checkpoint(load_motion_model(path))

The tensors of a checkpoint are named `autoencoder.…` and `gpt.…`. A token stands for `autoencoder.factor` frames, at 30
a second; the GPT knows windows of up to `most_frames`.
"""

from torch import Tensor, nn

from core.errors import CoreError, FormatError
from core.models.checkpoints import Checkpoint, PoseGptHeader
from core.models.motion_gpt import MotionGpt
from core.models.motion_vqvae import MotionVqvae
from core.posegpt_configs import JOINTS
from core.posegpt_configs import PoseGpt as Config

_MOST_WORDS = 90  # letters of what torch says


class PoseGpt(nn.Module):
    """Both models of a config, made for so many actions."""

    def __init__(self, config: Config, actions: int) -> None:
        super().__init__()
        self.autoencoder = MotionVqvae(config.autoencoder, config.quantizer, joints_of(config))
        most_frames = max(config.data.least_frames, config.data.most_frames)
        self.gpt = MotionGpt(
            config.gpt,
            books=self.autoencoder.books,
            codes=self.autoencoder.codes,
            actions=actions,
            most_tokens=self.autoencoder.tokens(most_frames),
            most_frames=most_frames,
        )

    @classmethod
    def build(cls, config: Config, actions: int) -> "PoseGpt":
        """Untrained, its weights drawn from torch's own stream."""
        return cls(config, actions)

    @classmethod
    def of_checkpoint(cls, checkpoint: Checkpoint[PoseGptHeader]) -> "PoseGpt":
        """With the weights of a checkpoint; FormatError where they are not those of its config."""
        try:
            model = cls(checkpoint.header.config, len(checkpoint.header.actions))
            model.take(checkpoint.tensors)
        except (RuntimeError, CoreError) as error:
            raise FormatError(
                checkpoint.path,
                f"its weights do not fit the model of its config ({_first(error)})",
                hint="It was made by another version of Posecast: train it again.",
            ) from None
        return model.eval()

    def take(self, tensors: dict[str, Tensor]) -> None:
        """Put weights in, by their names in a checkpoint; RuntimeError where one is missing or of another shape."""
        for name, part in (("autoencoder", self.autoencoder), ("gpt", self.gpt)):
            own = {
                each.removeprefix(f"{name}."): value for each, value in tensors.items() if each.startswith(f"{name}.")
            }
            part.load_state_dict(own)

    def tensors(self) -> dict[str, Tensor]:
        """The weights by the names that a checkpoint gives them."""
        return dict(self.state_dict())


def _first(error: Exception) -> str:
    """What does not fit, without the whole list of it."""
    said = str(error).strip().splitlines()[-1].strip()
    return said if len(said) <= _MOST_WORDS else f"{said[: said.rfind(' ', 0, _MOST_WORDS)].rstrip(',')} …"


def joints_of(config: Config) -> int:
    """Of the body that is learned."""
    return JOINTS[config.data.body]
