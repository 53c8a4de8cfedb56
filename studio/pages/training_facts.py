"""What there is to learn from and what learning it would take: counted before a run begins, not guessed from its name.

Nothing is read here: a project lies in memory, and what its data sets hold was counted off the window's thread.
"""

from collections.abc import Iterable, Sequence

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from core.posegpt_configs import PoseGpt
from core.posegpt_sizes import autoencoder_numbers, gpt_numbers
from core.preflight import Holds
from core.project.annotations import Project
from core.project.motion_sets import actions_in_names
from core.recordings import KEPT_HZ
from studio.data_sets import Contents, Entry
from studio.widgets import parts
from studio.widgets.job_words import grouped
from studio.words import say


class _Facts(QFrame):
    """Names with values under each other, and a sentence below."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.setObjectName("well")
        self.values: dict[str, QLabel] = {name: parts.text("", "strong") for name in names}
        self.missing = parts.text("", "caption", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 10, 8)
        box.setSpacing(4)
        self._rows = [parts.row(parts.text(name, "label"), None, value) for name, value in self.values.items()]
        for row in self._rows:
            box.addWidget(row)
        box.addWidget(self.missing)

    def show_room(self, *, is_low: bool) -> None:
        """Where there is little room, the first line alone: how much there is to learn from."""
        for row in self._rows[1:]:
            row.setVisible(not is_low)

    def _say(self, values: Sequence[str], missing: Sequence[str]) -> None:
        for label, value in zip(self.values.values(), values, strict=True):
            label.setText(value)
        words = ", ".join(missing)
        self.missing.setText(f"{words[:1].upper()}{words[1:]}." if words else "")
        self.missing.setVisible(bool(words))


class ForecasterFacts(_Facts):
    """What the project holds for a forecaster."""

    def __init__(self) -> None:
        super().__init__(self.tr("Steps to learn from"), self.tr("Actions"), self.tr("Clips with steps"))
        self.holds = Holds()

    def show_project(self, project: Project | None) -> str:
        """Count; the answer is why there is nothing to learn, or nothing."""
        clips = list(project.clips.values()) if project is not None else []
        posed = [each for each in clips if each.poses]
        steps = sum(len(each.poses) for each in clips)
        actions = {
            segment.action for clip in posed for segment in clip.segments if clip.pose_of(segment.id) is not None
        }
        without = sum(len(each.segments) - len(each.poses) for each in clips)
        no_tracks = sum(not each.tracks for each in posed)
        missing = []
        if without > 0:
            many = say("{count} segments have no pose yet", count=grouped(without))
            missing.append(say("1 segment has no pose yet") if without == 1 else many)
        if no_tracks:
            many = say("{count} clips have no 2D poses", count=grouped(no_tracks))
            missing.append(say("1 clip has no 2D poses") if no_tracks == 1 else many)
        of_all = say("{some} of {all}", some=grouped(len(posed)), all=grouped(len(clips)))
        self._say((grouped(steps), grouped(len(actions)), of_all), missing)
        self.holds = Holds(steps=steps, clips=len(clips), actions=max(len(actions), 1))
        if steps < 2:
            return self.tr("Mark some actions and their characteristic poses on Annotate first.")
        return ""


class MotionFacts(_Facts):
    """What the project's data sets hold for a motion model, and how large it is."""

    def __init__(self) -> None:
        super().__init__(
            self.tr("Labelled stretches"), self.tr("Actions"), self.tr("Model, numbers"),
        )  # fmt: skip
        self.holds = Holds()

    def show_sets(self, entries: Sequence[Entry], config: PoseGpt | None) -> str:
        """Count; the answer is why there is nothing to learn, or nothing."""
        wanted = {name.strip() for name in config.data.sets.split(",") if name.strip()} if config is not None else set()
        counted = [each.contents for each in entries if each.contents is not None]
        found = [
            each.statistics
            for each in counted
            if each.statistics is not None and each.entry.holds in ("motion", "labels") and each.statistics.stretches
            if not wanted or wanted & _names(each)
        ]
        stretches, seconds = sum(each.stretches for each in found), sum(each.labelled_s for each in found)
        actions = len({action.name for each in found for action in each.actions})
        by_name = not stretches
        if by_name:
            stretches, actions, seconds = _by_name(each for each in counted if not wanted or wanted & _names(each))
        reading = any(each.contents is None for each in entries)
        missing = [self.tr("the data sets are being counted")] if reading else []
        if by_name and stretches:
            missing.append(self.tr("nothing is labelled: actions are what folders and names say"))
        size = "–"
        self.holds = Holds()
        if config is not None and stretches:
            longest = min(config.data.most_frames, seconds / stretches * KEPT_HZ)
            mean = max((config.data.least_frames + longest) / 2, config.data.least_frames)
            self.holds = Holds(actions=actions, motion_frames=round(seconds * KEPT_HZ), mean_frames=mean)
            numbers = autoencoder_numbers(config) + gpt_numbers(config, actions)
            size = f"{numbers / 1e6:.3g} M"
        self._say((grouped(stretches), grouped(actions), size), missing)
        if not stretches and not reading:
            if wanted:
                return self.tr("No data set of that name has labelled motion.")
            return self.tr("Import motion with actions on Data first: BVH in folders, AMASS with BABEL, GRAB …")
        return ""


def _names(contents: Contents) -> set[str]:
    return {contents.key, contents.entry.name}


def _by_name(sets: Iterable[Contents]) -> tuple[int, int, float]:
    """Recordings, actions and seconds of sets whose recordings say by their names what they are of."""
    said, seconds = dict[tuple[str, str], str](), 0.0
    for each in sets:
        rows = [row for row in each.rows if row.body] if each.entry.holds == "motion" else []
        actions = actions_in_names([row.name for row in rows])
        said |= {(each.key, name): action for name, action in actions.items()}
        seconds += sum(row.duration_s for row in rows if row.name in actions)
    return len(said), len(set(said.values())), seconds
