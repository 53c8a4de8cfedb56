"""What is said of a model before it is trained: its numbers are those of the model itself."""

import pytest
from msgspec.structs import replace

from core import configs
from core.models.posegpt import PoseGpt
from core.posegpt_configs import PRESETS
from core.posegpt_sizes import cost_of


def counted(config, actions):
    model = PoseGpt.build(config, actions)
    books = sum(each.numel() for name, each in model.autoencoder.named_buffers() if name.endswith("codebooks"))
    parts = (sum(each.numel() for each in part.parameters()) for part in (model.autoencoder, model.gpt))
    return next(parts) + books, next(parts)


@pytest.mark.parametrize(
    "changed",
    [
        (),
        ("data.body=smplx", "autoencoder.root_input=absolute", "autoencoder.layers=1,2,1", "autoencoder.head_width=8"),
        ("autoencoder.normalized=false",),
        ("gpt.head=linear", "gpt.conditioning=sum", "autoencoder.downsampling=1"),
        ("gpt.head=mlp", "gpt.length=false", "quantizer.update=gradient", "quantizer.codes_per_part=false"),
        ("autoencoder.downsampling=8", "autoencoder.layers=1,1,1", "data.most_frames=100", "gpt.head_width=12"),
    ],
)
def test_that_the_numbers_are_those_of_the_model(changed):
    config = configs.with_overrides(configs.preset("posegpt/smoke"), changed)
    cost = cost_of(config, actions=7, mean_frames=40)
    assert (cost.autoencoder_numbers, cost.gpt_numbers) == counted(config, 7)


def test_that_more_work_takes_longer_and_more_memory():
    small, smoke = (cost_of(PRESETS[f"posegpt/{name}"](), actions=5, mean_frames=60) for name in ("small", "smoke"))
    assert small.seconds > 10 * smoke.seconds
    assert small.bytes > smoke.bytes
    config = PRESETS["posegpt/small"]()
    longer = cost_of(config, actions=5, mean_frames=120)
    assert longer.seconds > small.seconds
    assert longer.bytes > small.bytes
    alone = cost_of(replace(config, stages="autoencoder"), actions=5, mean_frames=60)
    assert alone.seconds < small.seconds
    assert cost_of(config, actions=5, mean_frames=60, bank_frames=10**7).bytes > small.bytes + 10**9
