"""What the Generate page shows in space as one value, for whoever takes a picture, a film or bodies out of it."""

from core.generations import RATE_HZ
from core.rendering.views import View
from core.whole_files import as_file_name
from studio.keeping import name_of
from studio.pages.generate_moving import MovingSamples
from studio.pages.generate_space import Arrangement, Scene, aside_m, seen_samples
from studio.widgets.motion_shot import Made, shot_of
from studio.widgets.scene_view import Looks
from studio.widgets.shown import Shown, nothing
from studio.words import say


def shown_of(scene: Scene | None, moving: MovingSamples, arrangement: Arrangement, view: View, looks: Looks) -> Shown:
    """The samples that are seen, as they stand, from the first new frame to the last."""
    if scene is None or not scene.samples:
        return nothing(say("No motion is shown. Generate one, or choose one that was kept."))
    if any(not scene.samples[at].is_whole for at in seen_samples(scene, arrangement)):
        return nothing(say("The motion is still coming. Export it when it is whole."))
    aside, form = aside_m(scene, moving, arrangement), scene.form
    made: list[Made] = []
    for at in seen_samples(scene, arrangement):
        x, y, z = aside[at]
        made.append(
            Made(
                scene.samples[at].sample.motion,
                form.body,
                form.betas,
                scene.colours[at],
                f"sample {scene.samples[at].number + 1}",
                (x, y + form.lift_m, z),
            )
        )
    asked = scene.samples[scene.chosen].asked
    name = as_file_name(f"{name_of(asked)}, seed {asked.seed}", f"motion of {asked.seconds * RATE_HZ:.0f} frames")
    return shot_of(made, name, at=scene.frame, view=view, looks=looks)
