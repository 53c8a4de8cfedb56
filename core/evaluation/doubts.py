"""What makes a forecast less sure than usual, as plain sentences, and what makes it none at all."""

from collections.abc import Iterator, Sequence

import numpy as np

from core.configs import ForecasterData
from core.datasets.action_sequences import Vocabulary
from core.datasets.steps import Sequence as Steps
from core.errors import RunError
from core.project.annotations import Project
from core.wording import counted, nearest


def refuse_foreign_words(project: Project, words: Vocabulary) -> None:
    """RunError where a run knows none of the project's actions: it would forecast another world."""
    here = sorted({label.learned_name for label in project.labels.values() if label.kind == "action"} - {""})
    if not here or set(here) & set(words.actions):
        return
    like = {name: nearest(name, words.actions)[:1] for name in here}
    near = [f"{name} → {found[0]}" for name, found in like.items() if found]
    raise RunError(
        f"This run knows none of the project's actions. It knows {listed(sorted(words.actions))}; "
        f"the project has {listed(here)}.",
        hint=f"Nearest: {listed(near)}. Learn labels as these on the Data page, or choose another run."
        if near
        else "Choose a run that learned from such clips, or train one.",
    )


def doubts_about(
    project: Project,
    sequence: Steps,
    seen: int,
    at_frame: int,
    words: Vocabulary,
    data: ForecasterData,
    trained: ForecasterData,
) -> Iterator[str]:
    """Of a forecast from a sequence of which `seen` steps have been seen by `at_frame`."""
    steps = sequence.steps[:seen]
    looked_at = steps[-data.past_steps :]
    yield from _about_tracks(sequence, looked_at[-1].frame)
    if sequence.track.poses is not None:
        if not looked_at[-1].pose.visible.any():
            yield "The person was not found in the last step's frame."
        numberless = sum(_numberless(sequence, step.frame) for step in looked_at)
        if numberless:
            verb = "has" if numberless == 1 else "have"
            yield f"{counted(numberless, 'joint')} of the past {verb} no numbers in the 2D poses and count as not seen."
    yield from _about_the_camera(project, sequence)
    if len(looked_at) < data.past_steps:
        yield (
            f"Not enough past: this run looks back {data.past_steps} steps; {len(looked_at)} "
            f"{'is' if len(looked_at) == 1 else 'are'} marked before. The missing ones are masked."
        )
    actions = sorted({step.action for step in looked_at} - set(words.actions))
    if actions:
        yield f"It does not know {listed(actions)}; such steps count by their pose alone."
    objects = sorted({each for step in steps for each in step.objects} - set(words.objects)) if data.objects else []
    if objects:
        yield f"It does not know the {'object' if len(objects) == 1 else 'objects'} {listed(objects)}."
    if data.poses in ("characteristic", "uncoupled"):
        marked = {pose.segment for pose in sequence.clip.poses}
        unmarked = sum(
            segment.end_frame <= at_frame and segment.id not in marked and not segment.is_draft
            for segment in sequence.clip.segments
            if segment.actor == sequence.actor
        )
        if unmarked and data.poses == "characteristic":
            yield f"Not counted for want of a characteristic pose: {counted(unmarked, 'earlier segment')}."
    drafts = sum(
        each.is_draft and each.actor == sequence.actor and each.start_frame <= at_frame
        for each in sequence.clip.segments
    )
    if drafts:
        yield f"{counted(drafts, 'draft')} before this {'is' if drafts == 1 else 'are'} not counted: confirm to count."
    if data.future_steps > trained.future_steps:
        yield f"It was chosen for {trained.future_steps} steps ahead; later ones were never measured."


def _about_tracks(sequence: Steps, last_frame: int) -> Iterator[str]:
    clip, poses = sequence.clip, sequence.track.poses
    if poses is None and clip.tracks:
        name = next((actor.name for actor in clip.actors if actor.id == sequence.actor), "")
        whom = f"{name} is matched to" if name else "The steps are of"
        yield (
            f"{whom} person {sequence.track.person + 1}, whom the 2D poses do not hold: "
            "the forecast goes by actions and objects alone."
        )
    elif poses is None:
        yield "This clip has no 2D poses: the forecast goes by actions and objects alone."
    elif last_frame >= len(poses):
        yield (
            f"The 2D poses end at frame {len(poses)} of {clip.video.frame_count}: later steps are looked at "
            "without a pose."
        )


def _about_the_camera(project: Project, sequence: Steps) -> Iterator[str]:
    camera = sequence.view.camera
    row = project.cameras.get(sequence.clip.camera)
    if camera.estimated:
        known = f" (± {row.error_px:.0f} px)" if row is not None and row.error_px is not None else ""
        yield f"The camera is estimated{known}: sizes and depths are guesses; errors in pixels hold."


def _numberless(sequence: Steps, frame: int) -> int:
    """Joints of a frame whose place is no number although the detector says it saw them."""
    poses, person = sequence.track.poses, sequence.track.person
    if poses is None or not 0 <= frame < len(poses):
        return 0
    bad = ~np.isfinite(poses.joints_px[frame, person]).all(-1) | ~np.isfinite(poses.confidence[frame, person])
    return int(bad.sum())


def listed(words: Sequence[str]) -> str:
    """Up to four words, and how many more."""
    shown = ", ".join(words[:4])
    return f"{shown} and {len(words) - 4} more" if len(words) > 4 else shown
