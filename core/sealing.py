"""Lets what a job made carry its origin: a record in the run's folder, a stamp in every file that left it.

`origin.json` in the folder also says the SHA-256 of what the run left there, so that a copy can be told from a change.
"""

from contextlib import closing
from pathlib import Path

import msgspec
from msgspec.structs import replace

from core import stamping
from core.errors import CoreError
from core.origins import Making, Origin, content_of, making
from core.runs import Done, Events, ExportBodies, ExportComparison, GenerateMotion, MakeProxy, Note, Spec

KEPT = (
    *("best.safetensors", "last.safetensors", "metrics.csv", "report.json", "report.md", "table.json", "table.md"),
    *("config.json", "split.json"),
)
"""Of what a run leaves in its folder, what stays as it is."""


def sealed(spec: Spec, events: Events) -> Events:
    """The same events; before the run says that it is done, what it made says where it came from."""
    with making(spec=msgspec.to_builtins(spec)) as made, closing(events):
        for event in events:
            if isinstance(event, Done) and not isinstance(spec, MakeProxy):
                try:
                    _seal(spec, made, event)
                except (OSError, CoreError) as error:
                    yield Note(f"What was made does not say where it came from: {error}")
            yield event


def _seal(spec: Spec, made: Making, done: Done) -> None:
    folder = Path(spec.out).resolve()
    origin = made.origin()
    outputs = {Path(each).resolve() for each in done.outputs} | {folder / name for name in KEPT}
    inside = sorted(each for each in outputs if each.is_relative_to(folder) and each.is_file())
    if isinstance(spec, ExportBodies | ExportComparison | GenerateMotion):
        for each in {each.resolve() for each in made.wrote} | outputs:
            if each.is_file() and not each.is_relative_to(folder):
                stamping.put(each, origin)
    told: Origin = replace(
        origin, outputs={str(each.relative_to(folder).as_posix()): content_of(each) for each in inside}
    )
    stamping.put(folder, told)
