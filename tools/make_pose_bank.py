"""Makes resources/pose_bank/kitchen.safetensors again: `python tools/make_pose_bank.py`.

The critic's real poses, of cooks whom no demo shows, in kitchens that no demo films (core.datasets.kitchen.seeds).
`python tools/make_pose_bank.py SEED COUNT FILE` makes another bank of the kind, such as the one that 3D quality is
measured against.
"""

import sys
from pathlib import Path

from core.datasets.kitchen.bank import bank_poses, bank_upper_bodies
from core.datasets.pose_bank import facing_ahead, table5, write_bank

SEED, COUNT = 0, 16_000
PLACE = Path(__file__).resolve().parents[1] / "resources" / "pose_bank" / "kitchen.safetensors"


def main(seed: int, count: int, place: Path) -> None:
    maps = {
        "matched": facing_ahead(bank_upper_bodies(seed, count)),
        "table5": facing_ahead(table5(bank_poses(seed, count))),
    }
    write_bank(place, maps, f"simulated kitchen, bank seed {seed}")
    print(f"{place.name}: {count} poses in {len(maps)} joint maps, {place.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            main(SEED, COUNT, PLACE)
        case [seed, count, place] if seed.isdigit() and count.isdigit():
            main(int(seed), int(count), Path(place))
        case _:
            sys.exit("Usage: python tools/make_pose_bank.py [SEED COUNT FILE]")
