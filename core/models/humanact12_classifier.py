"""HumanAct12's own classifier: the one that published figures on HumanAct12 are measured with.

A person gives its file (`action_recognition_model_humanact12.tar` of Action2Motion, MIT licence); its weights are not
ours to ship. Nothing in the file is run: arrays alone are read. It hears 24 joints of SMPL, metres, y DOWN as the data
set has them, from where the first joint, the pelvis, is at the first frame; two recurrent layers of 128, then 30
features (tanh), then twelve actions. Its makers begin it at a random state; here it begins at zero, so that it answers
alike each time. Letters: B windows, F frames.
"""

import pickle
import warnings
from pathlib import Path

import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError
from torch import Tensor, nn

from core.errors import FormatError
from core.models.action_classifier import Judged

ACTIONS = (
    "warm up", "walk", "run", "jump", "drink", "lift dumbbell", "sit", "eat", "turn steering wheel", "phone", "boxing",
    "throw",
)  # fmt: skip
"""In the order of its answers."""
JOINTS = 24
_NO_PICKLE = (EOFError, AttributeError, pickle.UnpicklingError)


class HumanAct12Classifier(nn.Module):
    """The network of the file; `load` fills it."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(3 * JOINTS, 128, 2, batch_first=True)
        self.linear1 = nn.Linear(128, 30)
        self.linear2 = nn.Linear(30, len(ACTIONS))

    def forward(self, joints_m: Float[Tensor, "B F 24 3"], frames: Int[Tensor, " B"]) -> Judged:
        """What it says of joints with y UP, as ours are; the frames from `frames` on are not heard."""
        down = joints_m * joints_m.new_tensor([1.0, -1.0, -1.0])  # half a turn about x
        centred = (down - down[:, :1, :1]).flatten(2)
        after, _ = self.recurrent(centred)
        features = torch.tanh(self.linear1(after[torch.arange(len(after), device=after.device), frames - 1]))
        return Judged(self.linear2(features), features)


def load(path: Path) -> HumanAct12Classifier:
    """The classifier in a file of its makers; FormatError where it is another file."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected pickle protocol")  # where that matters, it is refused below
            held = torch.load(path, map_location="cpu", weights_only=True)
        model = HumanAct12Classifier()
        model.load_state_dict(held["model"])
    except FileNotFoundError:
        raise FormatError(path, "there is no such file", hint="Name Action2Motion's classifier file.") from None
    except (SafetensorError, OSError, RuntimeError, LookupError, TypeError, ValueError, *_NO_PICKLE) as error:
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise FormatError(
            path,
            f"it is not HumanAct12's classifier ({first})",
            hint="It comes with Action2Motion, as model_file/action_recognition_model_humanact12.tar.",
        ) from None
    return model.eval()
