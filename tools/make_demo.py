"""Makes the demo project that ships again: `python tools/make_demo.py`. About 15 minutes on two cores.

Four simulated cooks, a minute each, filmed and with 2D poses as the detector found them in the film. People, dishes
and marks follow from the seed; ids and dates are new each time.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from core.commands.answers import run_to_the_end
from core.demo import pack_demo
from core.runs import MakeDemo

SHIPPED = Path(__file__).resolve().parents[1] / "resources" / "demo"
CLIPS, SECONDS, SEED = 4, 60.0, 7
MOST_MB = 8.0


def main() -> int:
    """1 where the project came out larger than what may ship."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "Demo kitchen"
        done = run_to_the_end(
            MakeDemo(
                folder=str(folder), out=str(folder / "runs" / "make-demo"), clips=CLIPS, seconds=SECONDS, seed=SEED
            ),
            as_json=False,
        )
        packed = Path(work) / "packed"
        pack_demo(folder, packed)
        size_mb = sum(each.stat().st_size for each in packed.rglob("*") if each.is_file()) / 1e6
        print(f"{done.summary}; {size_mb:.1f} MB")
        if size_mb > MOST_MB:
            print(f"More than {MOST_MB:g} MB: not shipped.", file=sys.stderr)
            return 1
        shutil.rmtree(SHIPPED, ignore_errors=True)
        shutil.copytree(packed, SHIPPED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
