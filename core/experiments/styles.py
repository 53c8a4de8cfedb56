"""A split by style: which of a data set's recordings a model learns from, when they differ in how an action is done.

Bandai-Namco's motions are filmed in fifteen styles (happy, tired, old …). The actions that are filmed in all of them
are split by style, so that a model is measured on styles it has never seen; what is filmed in a few styles only is
learned from and not measured. The style is the text of a recording's stretch.
"""

from collections import defaultdict

import numpy as np

from core.errors import ProjectError
from core.project.motion_sets import MotionRow, MotionSet, MotionSplit

SHARES = {"train": 10, "validation": 2, "test": 3}
"""Of fifteen styles."""


def store_split(motion_set: MotionSet, *, seed: int = 0) -> MotionSplit:
    """The split of that seed, stored with the set; the one that is there where it was stored before."""
    name = f"styles-{seed}"
    if name in motion_set.splits():
        return motion_set.splits()[name]
    by_action: dict[str, dict[str, list[MotionRow]]] = defaultdict(lambda: defaultdict(list))
    for row in motion_set.rows.values():
        for stretch in row.stretches[:1]:
            by_action[" ".join(stretch.labels)][stretch.text].append(row)
    every = sorted({style for styles in by_action.values() for style in styles})
    whole = sorted(action for action, styles in by_action.items() if len(styles) == len(every))
    if len(every) != sum(SHARES.values()) or len(whole) < 2:
        raise ProjectError(
            f"{motion_set.facts.name} has {len(every)} styles, and {len(whole)} actions in all of them",
            hint="This split is for the motions of Bandai-Namco: fifteen styles. Use: posecast split",
        )
    order = [every[at] for at in np.random.default_rng(seed).permutation(len(every))]
    part_of = dict(zip(order, [part for part, count in SHARES.items() for _ in range(count)], strict=True))
    parts: dict[str, list[str]] = {part: [] for part in SHARES}
    for action, styles in sorted(by_action.items()):
        for style, found in sorted(styles.items()):
            parts[part_of[style] if action in whole else "train"] += sorted(row.name for row in found)
    split = MotionSplit(
        name=name,
        how=f"by style, seed {seed}: {len(whole)} actions in all styles; tested on {', '.join(order[-3:])}, "
        f"chosen on {', '.join(order[-5:-3])}",
        parts={part: tuple(names) for part, names in parts.items()},
    )
    motion_set.store_split(split)
    return split
