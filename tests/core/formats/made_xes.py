"""An XES log as IKEA-ASM's is written: one event a segment, frames with the end included."""

from pathlib import Path

EVENTS = (("NA", 0, 57), ("flip table", 58, 170), ("spin leg", 171, 203))


def event(action: str, start: int, end: int) -> str:
    flag = '<string key="na:is_no_event" value="true" />' if action == "NA" else ""
    return (
        f'<event><date key="time:timestamp" value="1970-01-01T00:{start // 60:02}:{start % 60:02}Z" />'
        f'<int key="segment:start_timestamp" value="{start}" /><int key="segment:end_timestamp" value="{end}" />'
        f'<int key="segment:duration_frames" value="{end - start + 1}" />{flag}'
        f'<string key="concept:name" value="{action}" /></event>'
    )


def log(*traces: str) -> str:
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        '<log xmlns="http://www.xes-standard.org/" xes.version="1.0">'
        '<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext" />'
        '<classifier name="Activity" keys="concept:name" /><global scope="event">'
        '<string key="concept:name" value="__INVALID__" /></global>'
        f'<string key="concept:name" value="gt_segments" />{"".join(traces)}</log>'
    )


def trace(name: str, *events: str) -> str:
    names = f'<string key="concept:name" value="0" /><string key="case:name" value="{name}" />'
    return f"<trace>{names}{''.join(events)}</trace>"


def make(folder: Path) -> Path:
    path = folder / "keep_na.xes"
    events = [event(*each) for each in EVENTS]
    names = "Lack_TV_Bench/0025_black_table", "Kallax_Shelf_Drawer/0001_oak_floor"
    path.write_text(log(*(trace(name, *events) for name in names)), encoding="utf-8")
    return path
