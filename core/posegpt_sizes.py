"""How large a PoseGPT is and what training it costs, from its config alone. No torch.

Numbers are counted exactly. Arithmetic and memory are those of the matrix products, a step's batch being as long as its
windows are on average: a guess before a run begins, until the run itself says how fast it goes.
"""

from dataclasses import dataclass

from core.posegpt_configs import JOINTS, PoseGpt, StageTraining

FLOPS_A_SECOND = 40e9
"""What one thread of a common processor does of it, products small and large."""
_STEP_S = 0.02
"""What a step costs beside its products."""
_BASE_BYTES = 400e6
"""The program and its libraries before anything is trained."""
_BYTES_A_NUMBER = 16
"""Weight, gradient, and Adam's two means."""


@dataclass(frozen=True)
class Cost:
    """Of a whole run on a processor. Numbers are a model's weights and codes."""

    autoencoder_numbers: int
    gpt_numbers: int
    seconds: float
    bytes: float


@dataclass(frozen=True)
class _Layers:
    """Blocks of one width: their numbers, and arithmetic and values kept for so many windows of so many tokens."""

    count: int
    width: int
    inner: int
    feed_forward: int

    @property
    def numbers(self) -> int:
        products = 4 * self.width * self.inner + 2 * self.width * self.feed_forward
        return self.count * (products + 6 * self.width + 3 * self.inner + self.feed_forward) + 2 * self.width

    def flops(self, windows: int, tokens: float) -> float:
        attention = 12 * tokens * tokens * self.inner
        return windows * (6 * self.numbers * tokens + self.count * attention)

    def values(self, windows: int, tokens: float) -> float:
        return windows * tokens * self.count * (6 * self.width + 5 * self.inner + 3 * self.feed_forward)


def cost_of(config: PoseGpt, *, actions: int, mean_frames: float, bank_frames: int = 0) -> Cost:
    """What the run would take; `bank_frames` are all that there are to learn from."""
    auto, gpt = autoencoder_numbers(config), gpt_numbers(config, actions)
    seconds = bytes_kept = 0.0
    joints = JOINTS[config.data.body]
    if config.stages != "gpt":
        stage = config.autoencoder_training
        flops, values = _autoencoder_step(config, stage, mean_frames)
        seconds += stage.steps * _seconds(config, flops)
        bytes_kept = _BYTES_A_NUMBER * auto + 4 * values
    if config.stages != "autoencoder":
        stage = config.gpt_training
        flops, values = _gpt_step(config, stage, mean_frames)
        making_codes = _autoencoder_step(config, stage, mean_frames)[0] / 6  # half of it, and nothing back
        seconds += stage.steps * _seconds(config, flops + making_codes)
        bytes_kept = max(bytes_kept, 4 * auto + _BYTES_A_NUMBER * gpt + 4 * values)
    bank_bytes = 4 * bank_frames * (6 * joints + 3)
    return Cost(auto, gpt, seconds, _BASE_BYTES + bank_bytes + bytes_kept)


def _seconds(config: PoseGpt, flops: float) -> float:
    return _STEP_S + flops / (FLOPS_A_SECOND * config.threads)


def autoencoder_numbers(config: PoseGpt) -> int:
    """All weights of the auto-encoder, and its codes."""
    auto, books = config.autoencoder, config.quantizer
    width, latent = auto.width, books.width
    root = 3 if auto.root_input == "absolute" else 4
    features = 6 * JOINTS[config.data.body]
    halvings = auto.downsampling.bit_length() - 1
    codes = latent * config.quantizer.codes_a_book
    heads = 2 * _linear(width, width) + _linear(width, features) + _linear(width, root)
    between = _linear(width, latent) + _linear(latent, width) + halvings * 2 * _linear(2 * width, width)
    between += halvings * width  # the way up has twice as many outputs
    if auto.normalized:  # straight ways beside the heads, a norm of the latents, and short ways of a token's frames
        heads += _linear(width, features) + _linear(width, root)
        frames = auto.downsampling * (features + root)
        heads += _linear(frames, width) + _linear(width, latent) + _linear(frames, latent)
        heads += _linear(latent, latent) + 2 * _linear(latent, frames)
        between += 2 * latent
    layers = 2 * sum(each.numbers for each, _ in _blocks(config))
    return _linear(features + root, width) + layers + between + codes + heads


def gpt_numbers(config: PoseGpt, actions: int) -> int:
    """All weights of the GPT for so many actions."""
    gpt, width, books = config.gpt, config.gpt.width, config.quantizer.books
    codes, frames = config.quantizer.codes_a_book, max(config.data.least_frames, config.data.most_frames)
    tables = codes + 1 + -(-frames // config.autoencoder.downsampling) + actions
    tables += frames + 1 if gpt.length else 0
    parts = 4 if gpt.length else 3
    mix = _linear(parts * width, width) if gpt.conditioning == "concatenate" else 0
    return tables * width + mix + _gpt_layers(config).numbers + _head_numbers(config, books, codes)


def _head_numbers(config: PoseGpt, books: int, codes: int) -> int:
    width = config.gpt.width
    if config.gpt.head == "linear":
        return _linear(width, books * codes)
    inner = _linear(width, books * width) + books * codes * (width + 1)
    return inner + (books * width * width if config.gpt.head == "autoregressive" else 0)


def _autoencoder_step(config: PoseGpt, stage: StageTraining, frames: float) -> tuple[float, float]:
    flops = values = 0.0
    for layers, factor in _blocks(config):
        flops += 2 * layers.flops(stage.batch, frames / factor)
        values += 2 * layers.values(stage.batch, frames / factor)
    features, width = 6 * JOINTS[config.data.body], config.autoencoder.width
    outside = 2 * features * width + 3 * width * width
    return flops + 6 * outside * stage.batch * frames, values + stage.batch * frames * (6 * features + 6 * width)


def _gpt_step(config: PoseGpt, stage: StageTraining, frames: float) -> tuple[float, float]:
    tokens, layers = frames / config.autoencoder.downsampling, _gpt_layers(config)
    books, codes = config.quantizer.books, config.quantizer.codes_a_book
    head = _head_numbers(config, books, codes)
    flops = layers.flops(stage.batch, tokens) + 6 * head * stage.batch * tokens
    # Logits, their likelihoods, and the gradient of both.
    return flops, layers.values(stage.batch, tokens) + stage.batch * tokens * books * (3 * codes + 4 * config.gpt.width)


def _blocks(config: PoseGpt) -> list[tuple[_Layers, int]]:
    """The encoder's, each with how many frames one of its tokens is."""
    auto = config.autoencoder
    inner = auto.heads * (auto.head_width or auto.width // auto.heads)
    return [
        (_Layers(int(count), auto.width, inner, auto.feed_forward), min(2**number, auto.downsampling))
        for number, count in enumerate(auto.layers.split(","))
    ]


def _gpt_layers(config: PoseGpt) -> _Layers:
    gpt = config.gpt
    return _Layers(gpt.layers, gpt.width, gpt.heads * (gpt.head_width or gpt.width // gpt.heads), gpt.feed_forward)


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs
