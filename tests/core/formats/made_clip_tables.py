"""A table of clips as the program writes it."""

from pathlib import Path

TEXT = (
    "clip,frames,seconds,rate_hz,width,height,segments,poses,missing,actions,people,performer,camera,video,split: own\n"
    'a.mp4,900,30.0,30.0,640,360,12,10,2,4,1,Ann,"left, high",a.mp4,train\n'
    "b.mp4,250,10.0,25.0,640,360,0,0,0,0,0,,,,test\n"
    "c.mp4,250,10.0,25.0,640,360,0,0,0,0,0,,,,\n"
)


def make(folder: Path) -> Path:
    path = folder / "clips.csv"
    path.write_text(TEXT, encoding="utf-8")
    return path
