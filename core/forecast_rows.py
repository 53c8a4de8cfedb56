"""The tables of the forecaster's paper as rows: what is trained for each, and what the paper prints there.

A `Run` is a training by its departures from the base config; lines of tables refer to runs by name, so a run that
several tables show is trained once. Two runs that come out as the same config (such as "five steps" over a base that
has five) are one. The paper's figures (Diller, Funkhouser, Dai: Tables 1 to 4) stand as MPII Cooking 2 / IKEA-ASM.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core import configs
from core.configs import Forecaster
from core.errors import RunError
from core.knobs import with_overrides
from core.reports import Column, Kind

OURS, RECOMMENDED = "ours", "recommended"

RUNS: Mapping[str, tuple[str, ...]] = {
    OURS: (),
    "middle poses": ("data.poses=middle",),
    "random poses": ("data.poses=random",),
    "uncoupled poses": ("data.poses=uncoupled",),
    "action only": ("losses.pose2d=0", "losses.adversarial=0"),
    "action and 2D": ("losses.adversarial=0",),
    "2D only": ("losses.action=0", "losses.adversarial=0"),
    "2D and 3D": ("losses.action=0",),
    "ten steps": ("data.past_steps=10", "data.future_steps=10"),
    "five steps": ("data.past_steps=5", "data.future_steps=5"),
    "five steps, middle poses": ("data.past_steps=5", "data.future_steps=5", "data.poses=middle"),
    "five steps, random poses": ("data.past_steps=5", "data.future_steps=5", "data.poses=random"),
    "five steps, uncoupled poses": ("data.past_steps=5", "data.future_steps=5", "data.poses=uncoupled"),
    "weights clipped": ("critic.kind=clip", "critic.steps=5"),
    "gradient penalty": ("critic.kind=gradient_penalty", "critic.steps=1"),
    "without Ψ": ("critic.psi=false",),
    "without objects": ("data.objects=false",),
    "seen poses shuffled": ("data.shuffle_seen_poses=true",),
    "the paper's weights, rescaled": (
        "losses.action=1111.1", "losses.pose2d=1", "losses.adversarial=0.1111", "losses.pose2d_unit=dm",
        "losses.pose2d_kind=squared", "critic.unit=dm",
    ),
    "pose from action": ("network.pose_from_action=true",),
    "counting as an input": ("network.counting=true",),
    "without counting": ("network.counting=false",),
    "several futures": (
        "network.pose_from_action=true", "network.noise=16", "losses.times=1", "losses.best_of=8",
    ),
    "several futures, seen times": (
        "network.pose_from_action=true", "network.noise=16", "losses.times=1", "losses.best_of=8",
        "data.seen_times=true",
    ),
    RECOMMENDED: (),
}  # fmt: skip
"""Over the preset that is asked for; `recommended` over its own."""
_BEYOND = "recommended (beyond the paper)"
_SHARED = ("data.future_steps", "data.split", "data.bank", "data.joint_map", "device", "threads")
"""What `recommended` has of the base, so that both are measured on the same steps of the same clips."""


@dataclass(frozen=True)
class Line:
    """A row of a table: a run of `RUNS`, or a method that a report names (`method` is how its name begins)."""

    name: str
    run: str = ""
    method: str = ""
    label_network: str = ""  # gru or transformer: trained over labels alone
    kind: Kind = "run"
    paper: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TableOf:
    """A table: its title, what it stands for, and its lines."""

    title: str
    about: str
    lines: tuple[Line, ...]
    columns: tuple[str, ...]


COLUMNS = {
    each.key: each
    for each in (
        Column(key="mpjpe_px", words="2D error", unit="px", better="less"),
        Column(key="mpjpe_torso", words="2D error by torso length", unit="%", better="less"),
        Column(key="relative", words="2D error by the better of zero velocity and train average", better="less",
               digits=2),
        Column(key="quality", words="3D quality", better="more", digits=2),
        Column(key="top1", words="top-1", unit="%", better="more"),
        Column(key="top5", words="top-5", unit="%", better="more"),
        Column(key="mpjpe_mm", words="3D error", unit="mm", better="less", digits=0),
        Column(key="pa_mpjpe_mm", words="aligned 3D error", unit="mm", better="less", digits=0),
        Column(key="bones_off", words="bones of no human length", unit="%", better="less"),
        Column(key="limits_off", words="poses past joint limits", unit="%", better="less"),
        Column(key="calibration_error", words="calibration error", unit="%", better="less"),
        Column(key="best_of_px", words="2D error of the nearest future", unit="px", better="less"),
        Column(key="apart_mm", words="futures apart", unit="mm"),
        Column(key="time_error_s", words="time error", unit="s", better="less", digits=2),
        Column(key="time_within", words="came inside the 80 % interval", unit="%"),
    )
}  # fmt: skip
_POSES = ("mpjpe_px", "mpjpe_torso", "relative", "quality")
_ACTIONS = ("top1", "top5")
_BODIES = ("mpjpe_mm", "pa_mpjpe_mm", "bones_off", "limits_off")
_ALL = (*_POSES, *_ACTIONS, *_BODIES)
OF_POSES = frozenset((*_POSES, *_BODIES, "best_of_px", "apart_mm"))
"""What says nothing where poses are not taught."""
OF_ACTIONS = frozenset((*_ACTIONS, "calibration_error"))


def _printed(px: str = "", quality: str = "", top1: str = "", top5: str = "") -> dict[str, str]:
    named = {"mpjpe_px": px, "quality": quality, "top1": top1, "top5": top5}
    return {key: text for key, text in named.items() if text}


_WHY = (
    "The paper's figures are of other data: its characteristic poses, cameras and splits are not published, and the "
    "pictures have another size. What compares is the order of rows."
)
_PAPER_OURS = _printed("50 / 40", "0.55 / 0.31", "29 % / 29 %", "62 % / 63 %")

TABLES: Mapping[str, TableOf] = {
    "table1": TableOf(
        "Table 1: beside plainer methods",
        "Stands for the paper's Table 1. Its AVT, RepNet + DLow and RepNet + GSPS are not run here; they stand as "
        f"printed. {_WHY}",
        (
            Line("zero velocity", method="zero velocity", kind="plain", paper=_printed("118 / 74")),
            Line("train average", method="train average", kind="plain", paper=_printed("166 / 91")),
            Line("bank's mean pose", method="bank's mean pose", kind="plain"),
            Line("last action again", method="last action again", kind="plain"),
            *(Line(f"n-gram of order {order}", method=f"n-gram, order {order}", kind="plain") for order in range(5)),
            Line("n-gram chosen on validation", method="n-gram*", kind="plain"),
            Line("GRU over labels", label_network="gru", kind="plain"),
            Line("transformer over labels", label_network="transformer", kind="plain"),
            Line("AVT, RGB", kind="plain", paper=_printed(top1="19 % / 22 %", top5="48 % / 60 %")),
            Line("AVT, RGB and skeleton", kind="plain", paper=_printed(top1="20 % / 23 %", top5="46 % / 59 %")),
            Line("RepNet + DLow", kind="plain", paper=_printed("89 / 51", "0.70 / 0.30")),
            Line("RepNet + GSPS", kind="plain", paper=_printed("75 / 55", "0.57 / 0.11")),
            Line("ours", run=OURS, paper=_PAPER_OURS),
            Line(_BEYOND, run=RECOMMENDED),
        ),
        _ALL,
    ),
    "table2": TableOf(
        "Table 2: which pose stands for an action",
        f"Stands for the paper's Table 2 (MPII Cooking 2). {_WHY}",
        (
            Line("uncoupled", run="uncoupled poses", paper=_printed("75", "0.29", "28 %", "59 %")),
            Line("middle", run="middle poses", paper=_printed("58", "0.45", "26 %", "57 %")),
            Line("random", run="random poses", paper=_printed("67", "0.37", "22 %", "55 %")),
            Line("characteristic", run=OURS, paper=_printed("50", "0.55", "29 %", "62 %")),
        ),
        _ALL,
    ),
    "table3": TableOf(
        "Table 3: which losses",
        f"Stands for the paper's Table 3. {_WHY}",
        (
            Line("action", run="action only", paper=_printed(top1="21 % / 24 %", top5="50 % / 59 %")),
            Line("action, 2D", run="action and 2D",
                 paper=_printed("62 / 46", "0.10 / 0.05", "26 % / 27 %", "60 % / 60 %")),
            Line("2D", run="2D only", paper=_printed("54 / 44", "0.21 / 0.09")),
            Line("2D, 3D", run="2D and 3D", paper=_printed("58 / 43", "0.53 / 0.29")),
            Line("action, 2D, 3D", run=OURS, paper=_PAPER_OURS),
        ),
        _ALL,
    ),
    "table4": TableOf(
        "Table 4: which pose stands for an action, five steps back and five ahead",
        "Stands for the paper's Table 4 (appendix B, IKEA-ASM). What it prints for characteristic poses is not "
        f"quite what its Table 1 prints for the same. {_WHY}",
        (
            Line("uncoupled", run="five steps, uncoupled poses", paper=_printed("64", "0.30", "28 %", "56 %")),
            Line("middle", run="five steps, middle poses", paper=_printed("47", "0.35", "28 %", "59 %")),
            Line("random", run="five steps, random poses", paper=_printed("49", "0.24", "28 %", "62 %")),
            Line("characteristic", run="five steps", paper=_printed("41", "0.35", "29 %", "62 %")),
        ),
        _ALL,
    ),
    "figure3": TableOf(
        "Figure 3: accuracy of actions over the steps ahead",
        f"Stands for the paper's Figure 3: every step is foreseen from the ones foreseen before it. {_WHY}",
        (
            Line("action only", run="action only"),
            Line("action, 2D", run="action and 2D"),
            Line("action, 2D, 3D", run=OURS),
            Line(_BEYOND, run=RECOMMENDED),
            Line("n-gram chosen on validation", method="n-gram*", kind="plain"),
        ),
        _ACTIONS,
    ),
    "choices": TableOf(
        "What was chosen, and what else could have been",
        "No table of the paper: each row departs from ours in one thing. Two rows with the same figures are one run: "
        "what ours has already.",
        (
            Line("ours", run=OURS),
            *(
                Line(name, run=name)
                for name in (
                    "weights clipped", "gradient penalty", "without Ψ", "without objects", "ten steps", "five steps",
                    "seen poses shuffled", "the paper's weights, rescaled", "pose from action",
                    "counting as an input", "without counting",
                )
            ),
        ),
        _ALL,
    ),
    "futures": TableOf(
        "Several futures, sure of themselves as far as they are right, with times",
        "No table of the paper, which foresees one future without times.",
        (
            Line("one future", run=OURS),
            Line("several futures", run="several futures"),
            Line("several futures, seen times", run="several futures, seen times"),
            Line(_BEYOND, run=RECOMMENDED),
            Line("n-gram chosen on validation, usual times", method="n-gram*", kind="plain"),
        ),
        ("mpjpe_px", "best_of_px", "apart_mm", "quality", "top1", "calibration_error", "time_error_s", "time_within"),
    ),
}  # fmt: skip


def config_of(run: str, preset: str, knobs: tuple[str, ...], seed: int) -> Forecaster:
    """What a run trains with; RunError where the preset is none of the forecaster's."""
    base = configs.preset(preset)
    if not isinstance(base, Forecaster):
        raise RunError(f"{preset} trains no forecaster.", hint="Take forecaster/recommended, or forecaster/paper.")
    if run == RECOMMENDED:
        given = configs.knobs(with_overrides(base, knobs))
        own = configs.preset(preset_of(run, preset))
        assert isinstance(own, Forecaster)
        return with_overrides(own, [*(f"{knob}={given[knob]}" for knob in _SHARED), f"seed={seed}"])
    return with_overrides(base, [*knobs, *RUNS[run], f"seed={seed}"])


def preset_of(run: str, preset: str) -> str:
    """The preset that a run departs from."""
    return "forecaster/recommended" if run == RECOMMENDED else preset


def distinct(runs: Mapping[str, Forecaster]) -> dict[str, str]:
    """Each run's name → the name of the first run with the same config."""
    first: dict[Forecaster, str] = {}
    return {name: first.setdefault(config, name) for name, config in runs.items()}


def lines_of(what: str, rows: tuple[str, ...]) -> tuple[Line, ...]:
    """Of a table's lines, those of these names, or with these words in their name where none has it; else all."""
    lines = TABLES[what].lines
    names = {line.name for line in lines}

    def asked(line: Line) -> bool:
        return any(line.name == row if row in names else row in line.name for row in rows)

    return tuple(line for line in lines if not rows or asked(line))
