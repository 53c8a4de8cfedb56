"""Makes resources/pose_bank/kitchen.safetensors again: `python tools/make_pose_bank.py`.

The critic's real poses, of cooks whom no demo shows, in kitchens that no demo films (core.datasets.kitchen.seeds).
"""

from pathlib import Path

from core.datasets.kitchen.bank import bank_poses, bank_upper_bodies
from core.datasets.pose_bank import facing_ahead, table5, write_bank

SEED, COUNT = 0, 16_000
PLACE = Path(__file__).resolve().parents[1] / "resources" / "pose_bank" / "kitchen.safetensors"


def main() -> None:
    maps = {
        "matched": facing_ahead(bank_upper_bodies(SEED, COUNT)),
        "table5": facing_ahead(table5(bank_poses(SEED, COUNT))),
    }
    write_bank(PLACE, maps, f"simulated kitchen, bank seed {SEED}")
    print(f"{PLACE.name}: {COUNT} poses in {len(maps)} joint maps, {PLACE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
