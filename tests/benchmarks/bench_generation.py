"""What making motion costs: 150 tokens (10 s) from a GPT, alone and with seven others, with the decoding and without.

`run()` gives seconds (the best of some rounds) for untrained models in the sizes of the presets `small` and
`published`, both at two frames a token, on one thread and on all. The peers of the same run: the same model and drawing
without what is kept (each token computes everything anew), and the rate of a bare product of matrices. For comparison
the authors' public code, measured elsewhere and not run again here: 2.2 s for 300 frames once, 11.2 s for eight.

Where there is a graphics card, also samples of 10 s a second there.
"""

import json
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import torch

from core.knobs import with_overrides
from core.models.posegpt import PoseGpt
from core.models.sampling import Draw, sample, uniforms
from core.posegpt_configs import PRESETS

ROUNDS = 5
ACTIONS, FRAMES = 16, 300
SIZES = ("small", "published")
QUOTED = {"once s": 2.2, "eight s": 11.2}


def run(rounds: int = ROUNDS) -> dict[str, object]:
    """Name → figure, by size and number of threads."""
    report: dict[str, object] = {"authors' public code, measured elsewhere": QUOTED}
    for threads in sorted({1, os.cpu_count() or 1}):
        with _threads(threads):
            for name in SIZES:
                report[f"{name}, threads {threads}"] = _figures(_model(name), rounds, peers=threads == 1)
            report[f"matrix products, gigaflop/s, threads {threads}"] = round(_product_rate(rounds), 1)
    if torch.cuda.is_available():
        report["graphics card"] = {name: _on_card(_model(name).cuda(), rounds) for name in SIZES}
    return report


def _model(name: str) -> PoseGpt:
    config = with_overrides(
        PRESETS[f"posegpt/{name}"](),
        ["data.least_frames=16", "data.most_frames=320", "autoencoder.downsampling=2"],
    )
    torch.manual_seed(0)
    return PoseGpt.build(config, ACTIONS).eval()


def _figures(model: PoseGpt, rounds: int, *, peers: bool) -> dict[str, float]:
    figures: dict[str, float] = {}
    for samples in (1, 8):
        drawn = _best_s(lambda samples=samples: _drawn(model, samples), rounds)
        figures[f"{samples} drawn s"] = round(drawn, 3)
        figures[f"{samples} drawn and decoded s"] = round(_best_s(lambda n=samples: _made(model, n), rounds), 3)
        if peers:
            peer = _best_s(lambda samples=samples: _drawn(model, samples, cached=False), 1)
            figures[f"{samples} drawn without what is kept s"] = round(peer, 3)
            figures[f"{samples} drawn, times as fast for what is kept"] = round(peer / drawn, 1)
    figures["first frames of one s"] = round(_best_s(lambda: _first_frames(model, 1), rounds), 4)
    figures["first frames of eight s"] = round(_best_s(lambda: _first_frames(model, 8), rounds), 4)
    return figures


def _on_card(model: PoseGpt, rounds: int, samples: int = 512) -> dict[str, float]:
    def made() -> None:
        _made(model, samples)
        torch.cuda.synchronize()

    taken = _best_s(made, rounds)
    return {"samples": samples, "s": round(taken, 3), "samples of 10 s a second": round(samples / taken, 1)}


# ---- what is measured -----------------------------------------------------------------------------------------------


def _pieces(model: PoseGpt, samples: int, *, cached: bool = True) -> Generator[torch.Tensor]:
    device = model.gpt.start.device
    labels = torch.nn.functional.one_hot(torch.arange(samples) % ACTIONS, ACTIONS).float().to(device)
    tokens = FRAMES // model.autoencoder.factor
    chance = uniforms(0, samples, tokens, model.gpt.books).to(device)
    frames = torch.full((samples,), FRAMES, device=device)
    yield from sample(model.gpt, labels, frames, tokens, chance, Draw(), cached=cached)


def _drawn(model: PoseGpt, samples: int, *, cached: bool = True) -> torch.Tensor:
    return [*_pieces(model, samples, cached=cached)][-1]


@torch.inference_mode()
def _made(model: PoseGpt, samples: int) -> None:
    model.autoencoder.decode(_drawn(model, samples))


@torch.inference_mode()
def _first_frames(model: PoseGpt, samples: int) -> None:
    pieces = _pieces(model, samples)
    model.autoencoder.decode(next(pieces))
    pieces.close()


def _product_rate(rounds: int) -> float:
    square = torch.randn(1024, 1024)
    return 2 * 1024**3 / _best_s(lambda: square @ square, 4 * rounds) / 1e9


def _best_s(action: Callable[[], object], rounds: int) -> float:
    action()  # what is done once only is not counted
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return min(taken)


@contextmanager
def _threads(count: int) -> Generator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
