"""EPIC-KITCHENS-100's table of segments with the tables of its classes beside it, as its makers write them."""

from pathlib import Path

HEADER = (
    "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame,"
    "narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes"
)
ROWS = (
    "P01_11_0,P01,P01_11,00:00:00.560,00:00:00.00,00:00:01.89,1,113,take plate,fetch,0,plate,2,['plate'],[2]",
    "P01_11_1,P01,P01_11,00:00:01.700,00:00:01.56,00:01:02.45,93,3747,put plate in tap,put-down,1,plate:pasta,2,"
    "\"['plate:pasta', 'tap']\",\"[2, 0]\"",
    "P22_07_1,P22,P22_07,01:00:01.700,01:00:01.50,01:00:02.50,180090,180150,turn on tap,take,0,tap,0,['tap'],[0]",
)


def make(folder: Path) -> Path:
    path = folder / "EPIC_100_train.csv"
    path.write_text("\n".join((HEADER, *ROWS)) + "\n")
    (folder / "EPIC_100_verb_classes.csv").write_text(
        "id,key,instances,category\n0,take,\"['fetch', 'take']\",retrieve\n1,put,\"['put', 'put-down']\",leave\n"
    )
    (folder / "EPIC_100_noun_classes.csv").write_text(
        "id,key,instances,category\n0,tap,\"['tap']\",appliances\n2,plate,\"['plate', 'plate:pasta']\",crockery\n"
    )
    return path
