"""Motion of a recipe as files, made by a job: many samples, long stories, films of them. The same bits as at once.

The recipe is a file of `core.generations.Recipe`, in the run's folder where the spec says nothing else; what is written
is what `posecast generate` writes (core.exporting.generated). Between two tokens it can be stopped, and then there is
no file.
"""

from collections import deque
from math import ceil
from pathlib import Path

from core.bodies import library
from core.exporting.generated import free, write
from core.generation.making import Making, make
from core.generation.motion_model import MotionModel
from core.generation_words import recipe_of_file
from core.generations import RATE_HZ
from core.kept_motions import fingerprint_of
from core.runs import Done, Events, GenerateMotion, Made, Note, Progress


def generate(spec: GenerateMotion) -> Events:
    """Carry `spec` out. CoreError in words, before anything is drawn, where it cannot be."""
    recipe, file = recipe_of_file(Path(spec.out) / spec.recipe), Path(spec.file)
    free(file, recipe.samples, replaces=spec.replaces)
    library.choice(spec.body)
    model = MotionModel.load(recipe.model)
    tokens = max(1, ceil(recipe.seconds * RATE_HZ / model.factor))
    last: deque[Making] = deque(maxlen=1)
    for done, making in enumerate(make(model, recipe, streamed=False)):
        last.append(making)
        yield Progress(min(done, tokens - 1), tokens, "token")
    made = last.pop()
    for words in made.notes:
        yield Note(words)
    checkpoint = "" if model.path is None else fingerprint_of(model.path)
    written = yield from write(
        file, made.samples, recipe, body=spec.body, checkpoint=checkpoint, replaces=spec.replaces
    )
    for path in written.files:
        yield Made("motion", str(path))
    yield Done(written.says, tuple(str(path) for path in written.files))
