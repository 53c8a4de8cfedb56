"""BORIS's exports: tabular events of a new and an old version, aggregated events, as the program writes them."""

from pathlib import Path

NEW = (
    "Observation id\tObservation date\tDescription\tObservation duration\tObservation type\tSource\tTime offset (s)\t"
    "Media duration (s)\tFPS\tSubject\tBehavior\tBehavioral category\tModifier #1\tBehavior type\tTime\t"
    "Media file name\tImage index\tImage file path\tComment\n"
)
OLD_ABOVE = (
    "Observation id\tobservation #1\n\nMedia file(s)\n\nPlayer #1\tC:\\films\\kitchen.mp4\n\n"
    "Observation date\t2016-11-27 01:57:26\n\nDescription\t\n\nTime offset (s)\t0.0\n\n"
    "independent variables\nvariable\tvalue\na\t12\n\n"
    "Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\tStatus\n"
)
AGGREGATED = (
    "Observation id,Observation date,Description,Media file,Total length,FPS,Subject,Behavior,Behavioral category,"
    "Modifiers,Behavior type,Start (s),Stop (s),Duration (s),Comment start,Comment stop\n"
)


def new_row(time: str, behavior: str, kind: str, subject: str = "No focal subject", media: str = "kitchen.mp4",
            source: str = "player #1:films/kitchen.mp4", modifier: str = "", lengths: str = "60.000",
            rates: str = "25.000") -> str:  # fmt: skip
    return (
        f"obs 1\t2024-02-03 10:00:00\t\t60\tMedia file(s)\t{source}\t0.0\t{lengths}\t{rates}\t{subject}\t{behavior}\t\t"
        f"{modifier}\t{kind}\t{time}\t{media}\t75\tNA\t\n"
    )


def make(folder: Path) -> Path:
    path = folder / "events.tsv"
    rows = (
        new_row("1.000", "cut", "START", modifier="bread|knife"),
        new_row("2.000", "stir", "START", subject="Bob"),
        new_row("2.400", "tap", "POINT"),
        new_row("3.000", "cut", "STOP", modifier="bread|knife"),
        new_row("4.500", "stir", "STOP", subject="Bob"),
    )
    path.write_text(NEW + "".join(rows), encoding="utf-8")
    return path
