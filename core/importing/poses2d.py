"""2D poses into a project: onto the clip they name, or onto a new clip without a video.

Which clip they name: OpenPose's files say it (`<video>_<frame>_keypoints.json`), else their folder's name does; COCO's
images lie in a folder of the clip's name, else the file's own name counts. Where no clip of the project is called so,
one is made: its frames are counted from the files' numbers, and what the files do not say is taken for 30 frames a
second and 1920 × 1080 pixels. Taking the same poses again changes nothing.

Options, beside the format's own:
    new=yes          make a clip of their own, also where one of the project is called so; new=NAME calls it NAME
    size=1280x720    the new clip's picture, pixels
    rate_hz=25       the new clip's frames a second
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from core.errors import ProjectError
from core.exchanged import Report
from core.formats import Format, coco, ikea_asm_poses, openpose
from core.importing.annotations import UNKNOWN_RATE_HZ, UNKNOWN_SIZE
from core.importing.clips import without_ending
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import Clip, Project, VideoFile
from core.project.store import ProjectStore
from core.whole_files import as_file_name
from core.wording import counted

OPTIONS = ("new", "size", "rate_hz")
_LARGEST_PX = 32_768
_FASTEST_HZ = 1000.0
_OUTSIDE = 0.05  # of the joints; a hand may well leave the picture


@dataclass(frozen=True)
class _Wish:
    """What a person said of the new clip; None is unsaid."""

    new: bool
    name: str
    size: tuple[int, int] | None
    rate_hz: float | None


def names_of(known: Format, source: Path) -> tuple[str, ...]:
    """What the clip of these poses may be called, the surest name first. CoreError where the files cannot be read."""
    if known.read is openpose.read:
        found = (openpose.video_name(source), source.name)
    elif known.read is coco.read:
        found = (coco.folder_name(source), source.stem)
    elif known.read is ikea_asm_poses.read_pose2d and source.name == "pose2d":
        found = (source.resolve().parents[1].name,)
    else:
        found = (source.stem if source.is_file() else source.name,)
    return tuple(dict.fromkeys(each.strip() for each in found if each.strip()))


def clip_named(project: Project, names: Iterable[str]) -> Clip | None:
    """The clip called so, or whose video is, with an ending or without; ProjectError where several are."""
    for name in names:
        for fits in (
            [each for each in project.clips.values() if name in (each.name, as_file_name(each.name))],
            [each for each in project.clips.values() if without_ending(each.name) == without_ending(name)],
            [each for each in project.clips.values() if _video_name(each) == without_ending(name)],
        ):
            if len(fits) > 1:
                words = ", ".join(each.name for each in fits[:5])
                raise ProjectError(f"These poses are called {name}, as several clips are: {words}.", hint="Name one.")
            if fits:
                return fits[0]
    return None


def take_poses(
    known: Format, source: Path, store: ProjectStore, clip: Clip | None, author: str, options: Mapping[str, str]
) -> Report:
    """Put the poses of `source` on `clip`, or on the one they name, or on a new one; as one edit."""
    wish, own = _wish(known, options)
    if clip is not None and wish.new:
        raise ProjectError(f"They go to {clip.name} or to a new clip, not to both.", hint="Leave --clip or new out.")
    names = (wish.name,) if wish.name else names_of(known, source)
    project = store.project
    if clip is None:
        clip = clip_named(_without_videos(project) if wish.new else project, names)
    if clip is not None and _has_video(clip):
        _refuse_other_facts(clip, wish)
        size = (clip.video.width, clip.video.height)
        poses = known.read(source, size=size, frame_count=clip.video.frame_count, **_clip_option(known, own, clip.name))
        return _laid(known, store, project, clip, poses)
    if clip is not None:
        _refuse_other_facts(clip, wish)
        return _laid(known, store, *_grown(known, source, project, clip, own))
    return _on_a_new_clip(known, source, store, names[0], author, wish, own)


def _on_a_new_clip(
    known: Format, source: Path, store: ProjectStore, name: str, author: str, wish: _Wish, own: Mapping[str, str]
) -> Report:
    told = wish.size or (coco.picture_size(source) if known.read is coco.read else None)
    size, rate = told or UNKNOWN_SIZE, wish.rate_hz or UNKNOWN_RATE_HZ
    poses: Poses2d = known.read(source, size=size, frame_count=None, **_clip_option(known, own, name))
    there = _the_same(store, name, poses)
    if there is not None:
        return _laid(known, store, store.project, there, poses)
    if not len(poses):
        raise ProjectError(f"{source.name} holds no frame.", hint="Name the clip it belongs to.")
    video = VideoFile(
        path="", frame_count=len(poses), width=size[0], height=size[1], rate_hz=rate, duration_s=len(poses) / rate,
        size_bytes=0, fingerprint="",
    )  # fmt: skip
    project, clip = edits.add_clip(
        store.project, name, None, video, author=author, folder=store.folder, source=known.name
    )
    taken = [f"{rate:g} frames a second"] * (wish.rate_hz is None) + [f"{size[0]} × {size[1]} pixels"] * (told is None)
    notes = [f"{clip.name} is a new clip without a video"]
    if taken:
        options = ["--option rate_hz=25"] * (wish.rate_hz is None) + ["--option size=1280x720"] * (told is None)
        notes[0] += f", taken for {' and '.join(taken)}: the files do not say"
        notes.append(f"If that is wrong: undo, then say it as in {' '.join(options)}")
    if _outside(poses, size) > _OUTSIDE:
        far = poses.joints_px[poses.confidence > 0].max(axis=0)
        notes.append(f"Joints lie outside this picture, as far as {far[0]:.0f}, {far[1]:.0f}: its size is another")
    return _laid(known, store, project, clip, poses, notes)


def _grown(
    known: Format, source: Path, project: Project, clip: Clip, own: Mapping[str, str]
) -> tuple[Project, Clip, Poses2d]:
    """A clip without a video is as long as what is known of it."""
    video = clip.video
    more = {"size": (video.width, video.height), **_clip_option(known, own, clip.name)}
    poses: Poses2d = known.read(source, frame_count=None, **more)
    if len(poses) < video.frame_count:
        return project, clip, known.read(source, frame_count=video.frame_count, **more)
    if len(poses) > video.frame_count:
        longer = replace(video, frame_count=len(poses), duration_s=len(poses) / video.rate_hz)
        clip = replace(clip, video=longer)
        project = project.with_clip(clip)
    return project, clip, poses


def _laid(
    known: Format, store: ProjectStore, project: Project, clip: Clip, poses: Poses2d, notes: Iterable[str] = ()
) -> Report:
    """The poses as the clip's, and what is said of it."""
    tracks = store.write_tracks(poses)
    before = store.project.clips.get(clip.id)
    store.edit(edits.set_tracks(project, clip.id, tracks), f"Import 2D poses of {clip.name}", source=known.name)
    frames = np.flatnonzero(poses.seen().any(axis=(1, 2)))
    says = f"{clip.name}: {counted(len(frames), 'frame')} of {counted(poses.people, 'person', 'people')}"
    if len(frames) < len(poses):
        last = f", the last is {frames[-1]}" if len(frames) else ""
        says += f"; {len(poses) - len(frames)} of the clip's {len(poses)} frames have nobody{last}"
    if before is not None and before.tracks == tracks:
        says += ". They were in already; nothing has changed."
    elif before is not None and before.tracks:
        says += ". The 2D poses it had come back with undo."
    return Report(format=known.name, says="\n".join([says, *(f"  {each}." for each in notes)]))


def _the_same(store: ProjectStore, name: str, poses: Poses2d) -> Clip | None:
    """The clip without a video that these poses made before, under the name they got then."""
    numbered = re.compile(re.escape(name) + r"( \d+)?")
    there = [each for each in _without_videos(store.project).clips.values() if numbered.fullmatch(each.name)]
    tracks = store.write_tracks(poses) if there else ""
    return next((each for each in there if each.tracks == tracks), None)


def _wish(known: Format, options: Mapping[str, str]) -> tuple[_Wish, dict[str, str]]:
    """What is said of the new clip, and the format's own options."""
    unknown = sorted(set(options) - {*OPTIONS, *known.options})
    if unknown:
        names = ", ".join((*known.options, *OPTIONS))
        raise ProjectError(f"{known.name} has no option {unknown[0]!r}", hint=f"Its options: {names}.")
    new = options.get("new", "").strip()
    size, rate_hz = None, None
    if "size" in options:
        match = re.fullmatch(r"(\d{1,5})\s*[x×X*]\s*(\d{1,5})", options["size"].strip())
        size = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 0 < min(size) <= max(size) <= _LARGEST_PX:
            raise ProjectError(f"{options['size']!r} is no size of a picture", hint="Write for instance size=1280x720.")
    if "rate_hz" in options:
        try:
            rate_hz = float(options["rate_hz"])
        except ValueError:
            rate_hz = math.nan
        if not 0 < rate_hz <= _FASTEST_HZ:
            raise ProjectError(f"{options['rate_hz']!r} is no rate of frames", hint="Write for instance rate_hz=25.")
    is_name = new.lower() not in ("", "yes", "no")
    own = {name: value for name, value in options.items() if name not in OPTIONS}
    return _Wish(new.lower() not in ("", "no"), new if is_name else "", size, rate_hz), own


def _refuse_other_facts(clip: Clip, wish: _Wish) -> None:
    """A size or rate that is not the clip's would be lost without a word."""
    video = clip.video
    hint = "Leave that option out, or make a clip of their own with new=NAME."
    if wish.size not in (None, (video.width, video.height)):
        wanted = f"{wish.size[0]} × {wish.size[1]}" if wish.size else ""
        raise ProjectError(f"{clip.name} has pictures of {video.width} × {video.height}, not {wanted}.", hint=hint)
    if wish.rate_hz is not None and abs(wish.rate_hz - video.rate_hz) > 1e-6:
        raise ProjectError(f"{clip.name} has {video.rate_hz:g} frames a second, not {wish.rate_hz:g}.", hint=hint)


def _clip_option(known: Format, own: Mapping[str, str], name: str) -> dict[str, Any]:
    return {"clip": own.get("clip") or as_file_name(name)} if "clip" in known.options else {}


def _has_video(clip: Clip) -> bool:
    return bool(clip.video.path or clip.video.fingerprint)


def _without_videos(project: Project) -> Project:
    return replace(project, clips={key: clip for key, clip in project.clips.items() if not _has_video(clip)})


def _video_name(clip: Clip) -> str:
    return without_ending(Path(clip.video.path).name) if clip.video.path else ""


def _outside(poses: Poses2d, size: tuple[int, int]) -> float:
    """The share of found joints that lie outside a picture of this size."""
    places = poses.joints_px[poses.confidence > 0]
    return float(((places < 0) | (places > size)).any(-1).mean()) if len(places) else 0.0
