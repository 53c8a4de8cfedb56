"""Tables of marks, the program's own, back onto the clips they were made on, as one edit that changes nothing twice."""

from pathlib import Path

from core.errors import FormatError
from core.exchanged import Report
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.marks import Mark
from core.importing.annotations import take_annotations
from core.project.annotations import Clip
from core.project.provenance import run_of
from core.project.store import ProjectStore
from core.wording import counted


def take_marks(
    rows: list[Mark], store: ProjectStore, *, source: Path, format_name: str, author: str, clip: Clip | None = None
) -> Report:
    """Put the rows of the table `source` on the clips they name, or all on `clip`."""
    by_clip: dict[str, list[ForeignSegment]] = {}
    for row in rows:
        segment = ForeignSegment(
            row.action,
            row.start_frame,
            row.end_frame,
            objects=row.objects,
            actor=row.actor,
            pose_frame=row.pose_frame,
            pose_source=row.pose_source,
            source=row.source if run_of(row.source) else "",
        )
        by_clip.setdefault(row.clip, []).append(segment)
    if clip is not None and len(by_clip) > 1:
        hint = f"Leave --clip out, or give a table of one clip. It names {', '.join(sorted(by_clip)[:5])}."
        raise FormatError(source, f"it holds marks of {len(by_clip)} clips, not of one", hint=hint)
    clips = tuple(ForeignClip(name, tuple(segments)) for name, segments in by_clip.items())
    label = f"Import {counted(len(rows), 'segment')} from {source.name}"
    return take_annotations(
        Annotations(clips),
        store,
        source=format_name,
        author=author,
        folder=store.folder,
        clip=clip,
        label=label,
        own=True,
    )
