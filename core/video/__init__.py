"""Frames of a video by number and by time, exactly; knowing a file and a frame again; writing a video.

A frame's number counts from 0 in presentation order of the original file. `pts` is the time stamp the file gives it,
in the stream's own ticks; seconds count from the first frame. Pictures are (height, width, 3) uint8 RGB as a player
shows them: a rotation noted in the file is carried out, pixels stay as stored (no stretching to a display aspect).

    with open_video("kitchen.mp4") as video:
        picture = video.frame(120)          # exactly the 121st frame
        seconds = video.time_s(120)

One `Video` is used by one thread at a time; several may be open on one file.
"""

from core.video.frames import Video, VideoFacts, file_fingerprint, open_video
from core.video.identity import LUMA_TOLERANCE, frame_luma, same_frame
from core.video.writing import VideoWriter, write_video

__all__ = [
    "LUMA_TOLERANCE",
    "Video",
    "VideoFacts",
    "VideoWriter",
    "file_fingerprint",
    "frame_luma",
    "open_video",
    "same_frame",
    "write_video",
]
