"""Cameras of a project: which one filmed a clip, cameras as rows and back, and what is done to them. No torch.

A clip's camera is the calibrated one its project holds, or an estimated one. Edits are pure, as those of
`core.project.edits`: they take a project and return the edited one.
"""

from msgspec.structs import replace

from core.errors import ProjectError
from core.geometry.cameras import Camera, as_numbers, estimated_camera, from_numbers, is_same_shape, resized
from core.project.annotations import CameraRow, Clip, Project, Provenance, new_id


def camera_of(project: Project, clip: Clip) -> Camera:
    """The clip's calibrated camera in the video's own size, or an estimated one."""
    row = project.cameras.get(clip.camera)
    if row is None:
        return estimated_camera(clip.video.width, clip.video.height)
    return resized(camera_from_row(row), clip.video.width, clip.video.height)


def camera_from_row(row: CameraRow) -> Camera:
    """A row's camera, in the size it was found for."""
    return from_numbers(row)


def row_of(name: str, camera: Camera, made: Provenance, *, how: str = "", error_px: float | None = None) -> CameraRow:
    """A camera as a new row."""
    return CameraRow(id=new_id(), name=name, how=how, error_px=error_px, made=made, **as_numbers(camera))


def fits(row: CameraRow, clip: Clip) -> bool:
    """Whether the camera's pictures have the shape of the clip's."""
    return is_same_shape((row.width, row.height), (clip.video.width, clip.video.height))


def camera_named(project: Project, name: str) -> CameraRow:
    """The camera a person means by its name, its id or the start of it."""
    rows = project.cameras.values()
    found = [each for each in rows if each.name == name]
    found = found or [each for each in rows if len(name) >= 4 and each.id.startswith(name)]
    if len(found) != 1:
        names = ", ".join(sorted(each.name for each in rows)[:8]) or "none yet"
        many = f"several cameras are called {name!r}" if found else f"there is no camera {name!r}"
        raise ProjectError(many, hint=f"Cameras of this project: {names}.")
    return found[0]


def clips_of(project: Project, camera_id: str) -> tuple[Clip, ...]:
    """The clips that it filmed."""
    return tuple(each for each in project.clips.values() if each.camera == camera_id)


def rename_camera(project: Project, camera_id: str, name: str) -> Project:
    """Call a camera differently."""
    row = project.cameras[camera_id]
    others = replace(project, cameras={key: each for key, each in project.cameras.items() if key != camera_id})
    if not name.strip() or free_name(others, name) != name.strip():
        raise ProjectError(f'"{name.strip()}" cannot be its name', hint="Type a name that no other camera has.")
    return project.with_camera(replace(row, name=name.strip()))


def remove_camera(project: Project, camera_id: str) -> Project:
    """Take a camera out; the clips it filmed get an estimated one."""
    for clip in clips_of(project, camera_id):
        project = project.with_clip(replace(clip, camera=""))
    return replace(project, cameras={key: each for key, each in project.cameras.items() if key != camera_id})


def free_name(project: Project, name: str) -> str:
    """`name`, or with the first number that makes it the only one."""
    name = name.strip() or "camera"
    taken = {each.name for each in project.cameras.values()}
    return next(each for each in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if each not in taken)
