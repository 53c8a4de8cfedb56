"""The figures of PoseGPT's paper as numbers, curves and sheets, on a project of one's own: one command each.

    figure6, figure7    capacity against R_S and FID, and what codes cost in bits: from the rows of Table 1
    figure8             next codes right while training, concatenated against summed: from the rows of Table 3
    figure9             quality by the length of the past, and by temperature
    figure10            round after round of going on from one's own motion: FID and foot skating
    figure11, figure12  two futures of one past; one pose with four actions. `samples`: actions by three samples

Figures 6 to 8 read the folder that the tables were made in. The others need a trained run. Each writes FIGURE.json,
FIGURE.md and FIGURE.png into the folder.
"""

import csv
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch

from core.datasets.motion_examples import motion_examples
from core.datasets.motion_windows import MotionWindows, at_origin, read_motion
from core.errors import RunError
from core.evaluation.labelled_motions import Motions, as_6d, together
from core.experiments.ablations import file_name, kept_rows, teacher
from core.experiments.judging import Judge, RealWindows, Scores, sampled, score
from core.generation.making import iterate, made
from core.generation.motion_model import MotionModel
from core.generations import Part, Past, Recipe, packed, unpacked
from core.models.motion_vqvae import MotionTensors
from core.models.sampling import Draw, sample, uniforms
from core.motion import Motion
from core.project.motion_frames import FrameReader
from core.rendering.boards import Rgb, stacked
from core.rendering.charts import Curve, curves_picture
from core.rendering.export import write_png
from core.rendering.motion_sheets import SheetRow, motions_picture
from core.runs import Done, Event, Events, Made, Progress, ReproduceTable

PAST_SHARES = (0.0, 0.125, 0.25, 0.5)
TEMPERATURES = (0.7, 0.85, 1.0, 1.15, 1.3)
ROUNDS, ROUND_SEEDS, ROUND_SAMPLES = 20, 2, 8
SHEET_ACTIONS, SHEET_SAMPLES = 8, 3
_SEEN_S = 1.0


@dataclass(frozen=True)
class _Said:
    """What a figure comes to."""

    title: str
    rows: list[dict[str, float | str]]
    picture: Rgb
    notes: tuple[str, ...] = ()


def figure(spec: ReproduceTable) -> Events:
    """One figure into the spec's folder."""
    folder = Path(spec.out)
    folder.mkdir(parents=True, exist_ok=True)
    yield Progress(0, 1, spec.what)
    if spec.what in _OF_TABLES:
        said = _OF_TABLES[spec.what](folder)
    else:
        if not spec.run:
            raise RunError(f"{spec.what} is of a trained model.", hint="Name its run: --run FOLDER")
        model = MotionModel.load(spec.run)
        if spec.what in ("figure11", "figure12", "samples"):
            said = _SHEETS[spec.what](spec, model)
        else:
            real, judge_ = yield from teacher(spec, model, folder)
            said = yield from (_figure9 if spec.what == "figure9" else _figure10)(spec, model, real, judge_)
    path = _write(spec, said, folder)
    yield Made("figure", str(path))
    yield Done(f"{said.title}: {folder.name}/{spec.what}.png", (str(path),))


# ---- of the tables' rows --------------------------------------------------------------------------------------------


def _figure6(folder: Path) -> _Said:
    rows = sorted(kept_rows(folder, "table1"), key=lambda row: row.bits_of_codes)
    table: list[dict[str, float | str]] = [
        {"row": row.name, "bits": row.bits_of_codes, "R_S": _known(row.scores.teaches), "FID": _fid(row.scores)}
        for row in rows
    ]
    pictures = []
    for figure_of in ("R_S", "FID"):
        curves = [
            Curve(f"T/Td {factor}", [float(each["bits"]) for each in some], [float(each[figure_of]) for each in some])
            for factor in (2, 4, 8)
            if (some := [each for each in table if str(each["row"]).endswith(f"T/Td {factor}")])
        ]
        pictures.append(curves_picture(f"{figure_of} by capacity", curves, "bits of a window's codes", figure_of))
    return _Said("Capacity against quality", table, stacked(pictures))


def _figure7(folder: Path) -> _Said:
    rows = [row for row in kept_rows(folder, "table1") if row.scores.on_held_out is not None]
    table: list[dict[str, float | str]] = []
    for row in rows:
        codes = row.scores.on_held_out
        assert codes is not None
        table.append(
            {
                "row": row.name, "bits a second": codes.bits_a_second, "bits a code": codes.bits_a_code,
                "bits a dimension": codes.bits_a_dimension,
            }
        )  # fmt: skip
    pictures = []
    for figure_of in ("bits a second", "bits a code"):
        curves = []
        for books in (1, 2, 4, 8):
            some = [
                each for each in table if str(each["row"]).startswith(f"K {books},") and "T/Td 2" in str(each["row"])
            ]
            sizes = [float(str(each["row"]).split("C ")[1].split(",")[0]) for each in some]
            if some:
                curves.append(Curve(f"K {books}", sizes, [float(each[figure_of]) for each in some]))
        pictures.append(curves_picture(f"What codes cost: {figure_of}", curves, "codes in a book (C)", figure_of))
    return _Said("What the GPT needs to say the codes of unseen motion", table, stacked(pictures))


def _figure8(folder: Path) -> _Said:
    table, curves = [], []
    for row in kept_rows(folder, "table3"):
        points = _curve(folder / "runs" / file_name(row.name) / "metrics.csv", "validation/accuracy")
        if points:
            steps, values = zip(*points, strict=True)
            curves.append(Curve(row.name, steps, [100 * each for each in values]))
            table.append({"row": row.name, "best %": 100 * max(values), "last %": 100 * values[-1]})
    if not curves:
        raise RunError("Table 3 has no rows here yet.", hint="posecast reproduce posegpt/table3, into the same folder.")
    picture = curves_picture("Next codes right on motion not learned from", curves, "step of the GPT", "%")
    return _Said("Concatenated against summed", table, picture)


def _curve(path: Path, name: str) -> list[tuple[float, float]]:
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [(float(row["step"]), float(row["value"])) for row in csv.DictReader(file) if row["name"] == name]


_OF_TABLES = {"figure6": _figure6, "figure7": _figure7, "figure8": _figure8}

# ---- of a model -----------------------------------------------------------------------------------------------------


def _figure9(
    spec: ReproduceTable, model: MotionModel, real: RealWindows, judge_: Judge
) -> Generator[Event, None, _Said]:
    """The same windows with more and more of them seen; and, from nothing, at several temperatures."""
    like = real.held_out[: spec.windows]
    table: list[dict[str, float | str]] = []
    parts = len(PAST_SHARES) + len(TEMPERATURES)
    for number, share in enumerate(PAST_SHARES):
        yield Progress(number, parts, f"{share:.0%} seen")
        motions = after_past(model, like, share, seed=spec.seed)
        table.append(_row(f"{share:.1%} seen", share, score("samples", motions, real, judge_, seed=spec.seed)))
    for number, temperature in enumerate(TEMPERATURES):
        yield Progress(len(PAST_SHARES) + number, parts, f"temperature {temperature:g}")
        motions = sampled(model, like, seed=spec.seed, draw=Draw(temperature=temperature))
        row = _row(f"temperature {temperature:g}", temperature, score("samples", motions, real, judge_, seed=spec.seed))
        table.append(row)
    pictures = []
    for title, x_name, some in (
        ("By how much was seen", "share of the window", table[: len(PAST_SHARES)]),
        ("By temperature, nothing seen", "temperature", table[len(PAST_SHARES) :]),
    ):
        for figure_of in ("FID", "R_T"):
            xs = [float(each["at"]) for each in some]
            curves = [Curve("samples", xs, [float(each[figure_of]) for each in some])]
            if figure_of == "FID":
                curves.append(Curve("real with itself", xs, [float(each["real"]) for each in some], dashed=True))
            pictures.append(curves_picture(title, curves, x_name, figure_of, height=300))
    return _Said("Quality by past and by temperature", table, stacked(pictures))


def after_past(model: MotionModel, like: Motions, share: float, *, seed: int) -> Motions:
    """Samples that go on from the first `share` of the motions, each with its own actions and length."""
    if share and not model.takes_a_past:
        raise RunError(
            f"{model.name} sees whole motions at once, so nothing can be seen before it.",
            hint="Take a run of causality past or online.",
        )
    factor, found = model.factor, []
    like = like[np.argsort(like.frames, kind="stable")]  # those of about one length together
    for at in range(0, len(like), 64):
        part = like[at : at + 64]
        frames = int(part.frames.min()) // factor * factor
        tokens, seen = frames // factor, round(share * frames / factor)
        motion = MotionTensors(
            torch.from_numpy(part.rotations_6d[:, :frames]), torch.from_numpy(part.path_m[:, :frames])
        )
        labels, whole = torch.from_numpy(part.labels).float(), torch.full((len(part),), frames)
        with torch.inference_mode():
            past = model.autoencoder.encode(motion)[:, :seen] if seen else None
            numbers = uniforms(seed, at + len(part), tokens - seen, model.books)[at:]
            new = deque(sample(model.gpt, labels, whole, tokens - seen, numbers, Draw(), past=past), maxlen=1).pop()
            back = model.autoencoder.decode(new if past is None else torch.cat([past, new], dim=1))
        lengths = np.full(len(part), frames)
        found.append(Motions(back.rotations_6d.numpy(), back.path_m.numpy(), lengths, part.labels))
    return together(found)


def _figure10(
    spec: ReproduceTable, model: MotionModel, real: RealWindows, judge_: Judge
) -> Generator[Event, None, _Said]:
    """Each round goes on from the one before."""
    seconds = 64 / 30
    rounds: list[list[Motions]] = [[] for _ in range(ROUNDS)]
    actions = [model.actions.index(name) for name in real.classes]
    for number, action in enumerate(actions):
        yield Progress(number, len(actions), f"{ROUNDS} rounds of {model.actions[action]}")
        for seed in range(ROUND_SEEDS):
            part = Part(actions=(model.actions[action],), seconds=seconds)
            recipe = Recipe(
                model=spec.run, story=(part,), samples=ROUND_SAMPLES, seed=spec.seed + seed, keep_feet=False
            )
            for at, motions in enumerate(iterate(model, recipe, ROUNDS)):
                rounds[at].append(_motions(motions, action, len(model.actions)))
    table: list[dict[str, float | str]] = []
    for at, some in enumerate(rounds):
        table.append(_row(f"round {at + 1}", at + 1, score("samples", together(some), real, judge_, seed=spec.seed)))
    pictures = []
    for figure_of, y_name in (("FID", "FID to held-out motion"), ("skating", "m/s of standing feet"), ("R_T", "R_T")):
        curves = [Curve("samples", [float(each["at"]) for each in table], [float(each[figure_of]) for each in table])]
        if figure_of == "FID":
            xs = [float(each["at"]) for each in table]
            curves.append(Curve("real with itself", xs, [float(each["real"]) for each in table], dashed=True))
        pictures.append(curves_picture("Going on from one's own motion", curves, "round", y_name, height=300))
    return _Said(f"{ROUNDS} rounds", table, stacked(pictures), (trend_of(table),))


def trend_of(table: Sequence[dict[str, float | str]]) -> str:
    """Whether FID stays where it is after round 3, as far as real motion's distance to itself tells."""
    after = [float(each["FID"]) for each in table[2:]]
    moved = float(np.polyfit(range(len(after)), after, 1)[0]) * len(after)
    spread = max(float(each["spread of real"]) for each in table)
    return (
        f"From round 3 to {len(table)} FID moves by {moved:+.2f} along its trend; the distance of real motion to "
        f"itself scatters by {spread:.2f}: {'flat' if abs(moved) <= spread else 'not flat'}."
    )


def _row(name: str, at: float, scores: Scores) -> dict[str, float | str]:
    held = scores.to_held_out
    return {
        "row": name, "at": at, "FID": _fid(scores), "real": held.fid_of_real if held else float("nan"),
        "spread of real": held.fid_of_real_deviation if held else float("nan"), "R_T": scores.recognised,
        "skating": scores.foot_skating_m_s, "jerk": scores.peak_jerk_m_s3,
    }  # fmt: skip


def _known(figure: float | None) -> float:
    """Not a number where it was not measured: curves leave it out, tables show a dash."""
    return float("nan") if figure is None else figure


def _fid(scores: Scores) -> float:
    return scores.to_held_out.fid if scores.to_held_out is not None else float("nan")


def _motions(motions: Sequence[Motion], action: int, actions: int) -> Motions:
    """Put at the origin, as windows are."""
    put = [at_origin(each.rotations.astype(np.float32), each.translation_m.astype(np.float32)) for each in motions]
    labels = np.zeros((len(put), actions), bool)
    labels[:, action] = True
    frames = np.full(len(put), len(put[0][1]))
    return Motions(as_6d(np.stack([one for one, _ in put])), np.stack([one for _, one in put]), frames, labels)


# ---- people to look at ----------------------------------------------------------------------------------------------


def _samples(spec: ReproduceTable, model: MotionModel) -> _Said:
    """Actions by samples, from nothing."""
    _require_known(spec, model)
    windows = model.header.windows
    often = sorted(model.actions, key=lambda name: -windows.get(name, 0))
    chosen = (spec.rows or often)[:SHEET_ACTIONS]
    rows, table = [], []
    for action in chosen:
        recipe = Recipe(
            model=spec.run, story=(Part(actions=(action,), seconds=2.0),), samples=SHEET_SAMPLES, seed=spec.seed
        )
        for number, each in enumerate(made(model, recipe).samples):
            rows.append(
                SheetRow(f"{action}, sample {number + 1}", unpacked(each.motion), caption=_caption(each.likely))
            )
            table.append({"row": action, "sample": number + 1, "likely": _known(each.likely)})
    return _Said("Samples from nothing", table, motions_picture(f"{model.name}: from nothing", rows))


def _figure11(spec: ReproduceTable, model: MotionModel) -> _Said:
    """Two futures each of two pasts."""
    rows, table = [], []
    for past, action in _pasts(spec, model, 2):
        rows += _futures(spec, model, past, [action], 2, table)
    return _Said("Two futures of one past", table, motions_picture(f"{model.name}: two futures of one past", rows))


def _figure12(spec: ReproduceTable, model: MotionModel) -> _Said:
    """One past, four actions."""
    _require_known(spec, model)
    past, own = _pasts(spec, model, 1)[0]
    others = [name for name in (spec.rows or model.actions) if name != own]
    table: list[dict[str, float | str]] = []
    rows = _futures(spec, model, past, [own, *others[:3]], 1, table)
    return _Said("One past, four actions", table, motions_picture(f"{model.name}: one past, four actions", rows))


def _require_known(spec: ReproduceTable, model: MotionModel) -> None:
    """UnknownActionError where an action is asked for that the model does not know."""
    model.labels(spec.rows)


def _futures(
    spec: ReproduceTable, model: MotionModel, past: Motion, actions: Sequence[str], samples: int,
    table: list[dict[str, float | str]],
) -> list[SheetRow]:  # fmt: skip
    rows = []
    for action in actions:
        recipe = Recipe(
            model=spec.run, story=(Part(actions=(action,), seconds=2.0),), samples=samples, seed=spec.seed,
            past=Past(motion=packed(past), source="held-out motion"),
        )  # fmt: skip
        for number, each in enumerate(made(model, recipe).samples):
            name = f"{action}, future {number + 1}" if samples > 1 else action
            rows.append(SheetRow(name, unpacked(each.motion), past, _caption(each.likely)))
            table.append({"row": name, "likely": _known(each.likely)})
    return rows


def _pasts(spec: ReproduceTable, model: MotionModel, count: int) -> list[tuple[Motion, str]]:
    """The first second of held-out stretches, of as many actions."""
    config = model.header.config
    examples = motion_examples(Path(spec.project), config.data, config.seed)
    windows = MotionWindows(examples.labelled[spec.part], examples.learned_as, frames=60, joints=model.joints)
    found: dict[str, tuple[Motion, str]] = {}
    order = np.random.default_rng(spec.seed).permutation(len(windows.pieces))
    for at in order:
        piece = windows.pieces[int(at)]
        action = windows.classes[piece.classes[0]]
        if action not in found and action in model.actions and piece.end - piece.start >= 60:
            start = piece.start + (piece.end - piece.start) // 3
            rotations, path_m = read_motion(
                FrameReader(), piece.labelled, start, start + int(_SEEN_S * 30), model.joints
            )
            found[action] = (Motion(model.skeleton, 30.0, rotations, path_m), action)
        if len(found) == count:
            return list(found.values())
    raise RunError(f"The {spec.part} part has no second of {count} actions.", hint="Choose another: --part train")


def _caption(likely: float | None) -> str:
    return "" if likely is None else f"likely {likely:.2f}"


_SHEETS = {"samples": _samples, "figure11": _figure11, "figure12": _figure12}

# ---- files ----------------------------------------------------------------------------------------------------------


def _write(spec: ReproduceTable, said: _Said, folder: Path) -> Path:
    picture = folder / f"{spec.what}.png"
    write_png(picture, said.picture)
    (folder / f"{spec.what}.json").write_bytes(msgspec.json.format(msgspec.json.encode(said.rows)))
    lines = [f"# {spec.what}: {said.title}", ""]
    if said.rows:
        names = list(said.rows[0])
        lines += ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
        lines += ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in said.rows]
    lines += ["", *said.notes, f"Seed {spec.seed}, {spec.part} part, {spec.windows} windows."]
    (folder / f"{spec.what}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return picture


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return "–" if np.isnan(value) else f"{value:.3f}".rstrip("0").rstrip(".")
