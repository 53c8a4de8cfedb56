"""Answers to suggestions as rows of a project, and what a project's answers make of the weights. Pure, no torch.

A person accepts a suggested frame, skips it, or sets a pose of their own: then what was shown them loses, and the frame
they chose wins (`OWN_CHOICE`). Answers are rows like any other: undone, they are gone and count no more.
"""

from collections.abc import Iterable

from core.project.annotations import Project, Provenance, SuggestionAnswer, new_id
from core.suggesting.reasons import Signals, reasons_of
from core.suggesting.suggest import Suggestion, suggest_in
from core.suggesting.weights import Weights, weights_after

OWN_CHOICE = -1
"""The position of a frame that was set without being suggested."""


def weights_of(project: Project) -> Weights:
    """The weights after every answer that stands in the project, in the order they were given."""
    actions: dict[str, dict[str, str]] = {}
    answered = []
    for answer in sorted(project.answers.values(), key=lambda each: (each.made.at, each.id)):
        clip = project.clips.get(answer.clip)
        if answer.clip not in actions:
            actions[answer.clip] = {each.id: each.action for each in clip.segments} if clip is not None else {}
        answered.append((actions[answer.clip].get(answer.segment, ""), answer))
    return weights_after(answered)


def skipped_frames(project: Project) -> dict[str, tuple[int, ...]]:
    """Segment → the frames that somebody said no to."""
    frames: dict[str, tuple[int, ...]] = {}
    for answer in project.answers.values():
        if not answer.accepted:
            frames[answer.segment] = (*frames.get(answer.segment, ()), answer.frame)
    return frames


def suggest_anew(
    signals: Signals, start: int, end: int, weights: Weights, action: str, skipped: tuple[int, ...] = ()
) -> tuple[Suggestion, ...]:
    """As `suggest_in`, without what was skipped already."""
    return suggest_in(signals, start, end, weights.of(action), skipped=skipped)


def own_choice(signals: Signals, start: int, end: int, frame: int) -> Suggestion | None:
    """A frame that a person chose themselves, with its reasons; None outside of the segment or where nobody is seen."""
    reasons = reasons_of(signals, start, end)
    row = frame - reasons.start
    if not 0 <= row < len(reasons.seen) or not reasons.seen.any():
        return None
    return Suggestion(frame=frame, score=0.0, reasons=reasons.at(row), side=reasons.side)


def with_answer(
    project: Project, clip: str, segment: str, suggestion: Suggestion, position: int, *, accepted: bool, author: str
) -> Project:
    """The project with one more answer."""
    return project.with_answer(
        SuggestionAnswer(
            id=new_id(),
            clip=clip,
            segment=segment,
            frame=suggestion.frame,
            accepted=accepted,
            reasons=dict(suggestion.reasons),
            position=position,
            made=Provenance.now(author),
        )
    )


def with_own_choice(
    project: Project, clip: str, segment: str, chosen: Suggestion, shown: Iterable[Suggestion], *, author: str
) -> Project:
    """The project after a pose was set elsewhere than suggested: what was shown loses, what was chosen wins."""
    for position, each in enumerate(shown):
        project = with_answer(project, clip, segment, each, position, accepted=False, author=author)
    return with_answer(project, clip, segment, chosen, OWN_CHOICE, accepted=True, author=author)
