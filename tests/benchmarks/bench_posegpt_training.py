"""How much of a training step of PoseGPT is matrix products, at the speed that this machine multiplies matrices.

A step's products are counted (`torch.utils.flop_counter`) and divided by what the step takes; so is the best of a few
bare products of matrices on the same number of threads, taken by turns with the steps. The ratio is the share of the
time that products would need if nothing else were done and every one were as fast as the best. Seconds are of the
processor, which other programs on the machine do not lengthen as they do the clock's; the clock's share stands beside.
Where there is a graphics card, a step is compared with the same model in a plain loop in float32 as well: no
bfloat16, no fused optimiser. Compiled stacks are measured beside, for whoever decides whether they pay.
"""

import json
import time
from collections.abc import Callable
from statistics import median
from types import SimpleNamespace

import numpy as np
import torch
from msgspec.structs import replace
from torch.utils.flop_counter import FlopCounterMode

from core import configs
from core.geometry.rotations import matrices
from core.models.motion_gpt import MotionGpt
from core.models.motion_vqvae import MotionVqvae
from core.training.motion_gpt import CodeBatch, GptTraining
from core.training.motion_vqvae import AutoencoderTraining

ROUNDS = 3
FRAMES = 64
ACTIONS = 60
SIDES = (512, 1024, 2048)


def run(rounds: int = ROUNDS, threads: int = 1) -> dict[str, float | str]:
    """Name → figure."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        figures: dict[str, float | str] = {"threads": threads}
        for preset in ("posegpt/published", "posegpt/small"):
            config = configs.preset(preset)
            for stage, made in (("auto-encoder", _autoencoder), ("GPT", _gpt)):
                figures |= {
                    f"{preset}, {stage}: {name}": value
                    for name, value in _beside_products(made(config, torch.device("cpu")), rounds).items()
                }
        figures |= _on_a_card(configs.preset("posegpt/published"))
    finally:
        torch.set_num_threads(before)
    return figures


# ---- what is trained ------------------------------------------------------------------------------------------------


def _autoencoder(config: configs.PoseGpt, device: torch.device) -> AutoencoderTraining:
    rng = np.random.default_rng(0)
    joints, batch = (24 if config.data.body == "smpl" else 55), config.autoencoder_training.batch
    turns = matrices(rng.normal(0, 0.3, (batch, FRAMES, joints, 3)))
    windows = SimpleNamespace(
        rotations_6d=np.concatenate([turns[..., 0], turns[..., 1]], -1).astype(np.float32),
        path_m=rng.normal(0, 0.3, (batch, FRAMES, 3)).astype(np.float32),
        real=np.ones((batch, FRAMES), bool),
    )
    torch.manual_seed(0)
    model = MotionVqvae(config.autoencoder, config.quantizer, joints).to(device)
    random = torch.Generator(device).manual_seed(0)
    return AutoencoderTraining(config, model, lambda: windows, [], random, device, lambda *_: None, lambda _: None)


def _gpt(config: configs.PoseGpt, device: torch.device) -> GptTraining:
    books = config.quantizer.books
    codes = config.quantizer.codes if config.quantizer.codes_per_part else config.quantizer.codes // books
    batch, tokens = config.gpt_training.batch, FRAMES // config.autoencoder.downsampling
    torch.manual_seed(0)
    model = MotionGpt(
        config.gpt, books=books, codes=codes, actions=ACTIONS, most_tokens=tokens, most_frames=FRAMES
    ).to(device)  # fmt: skip
    windows = CodeBatch(
        codes=torch.randint(codes, (batch, tokens, books), device=device),
        real=torch.ones(batch, tokens, dtype=torch.bool, device=device),
        labels=torch.eye(ACTIONS, device=device)[torch.arange(batch) % ACTIONS],
        frames=torch.full((batch,), FRAMES, device=device),
    )
    random = torch.Generator(device).manual_seed(0)
    return GptTraining(config, model, lambda: windows, [], random, device, lambda *_: None, lambda _: None)


# ---- beside bare products -------------------------------------------------------------------------------------------


def _beside_products(training: AutoencoderTraining | GptTraining, rounds: int) -> dict[str, float]:
    def step() -> None:
        training.take_step(look=False)

    step()
    with FlopCounterMode(display=False) as counter:
        step()
    products = counter.get_total_flops()
    # By turns, so that both meet the same machine; the best of each.
    repeats = max(int(4e10 / products), 1)
    own, clock, best, best_clock = [], [], [], []
    for _ in range(rounds):
        rates = [_rate(side) for side in SIDES]
        best.append(max(each[0] for each in rates))
        best_clock.append(max(each[1] for each in rates))
        seconds = _seconds(step, repeats)
        own.append(seconds[0])
        clock.append(seconds[1])
    return {
        "GFLOP of products a step": round(products / 1e9, 2),
        "processor s a step": round(min(own), 4),
        "clock s a step": round(min(clock), 4),
        "GFLOP/s of the step": round(products / min(own) / 1e9, 1),
        "GFLOP/s of bare products": round(max(best) / 1e9, 1),
        "share of bare products %": round(100 * products / min(own) / max(best), 1),
        "share by the clock %": round(100 * products / min(clock) / max(best_clock), 1),
    }


def _rate(side: int) -> tuple[float, float]:
    """Of two square matrices: operations a second of the processor, and of the clock."""
    one, other = torch.randn(side, side), torch.randn(side, side)
    repeats = max(int(4e9 / side**3), 1)
    seconds = _seconds(lambda: one @ other, repeats)
    return 2 * side**3 / seconds[0], 2 * side**3 / seconds[1]


def _seconds(action: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Of the processor a thread, and of the clock, for one time."""
    action()
    clock, own = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        action()
    own = (time.process_time() - own) / torch.get_num_threads()
    return own / repeats, (time.perf_counter() - clock) / repeats


# ---- on a graphics card ---------------------------------------------------------------------------------------------


def _on_a_card(config: configs.PoseGpt) -> dict[str, float | str]:
    if not torch.cuda.is_available():
        return {"graphics card": "none here"}
    device, figures = torch.device("cuda"), dict[str, float | str]()
    figures["graphics card"] = torch.cuda.get_device_name()
    for stage, made in (("auto-encoder", _autoencoder), ("GPT", _gpt)):
        plain = made(replace(config, precision="float32"), device)
        descent = plain._descent
        descent._optimiser = torch.optim.AdamW(
            descent._weights, lr=config.autoencoder_training.learning_rate, foreach=False
        )
        compiled = made(config, device)
        for each in compiled._model.modules():
            if type(each).__name__ == "Stack":
                each.compile()
        ms = {
            "plain float32": _card_ms(plain),
            "as trained": _card_ms(made(config, device)),
            "as trained, stacks compiled": _card_ms(compiled),
        }
        figures |= {f"{stage}: {name}, ms a step": round(value, 3) for name, value in ms.items()}
        figures |= {
            f"{stage}: {name}, times as fast": round(ms["plain float32"] / value, 2) for name, value in ms.items()
        }
    return figures


def _card_ms(training: AutoencoderTraining | GptTraining, steps: int = 30) -> float:
    for _ in range(10):
        training.take_step(look=False)
    taken = []
    for _ in range(5):
        torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(steps):
            training.take_step(look=False)
        torch.cuda.synchronize()
        taken.append(1000 * (time.perf_counter() - began) / steps)
    return median(taken)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
