"""`python -m tests.benchmarks [NAME …] [--out FILE]`: run the benchmarks, print one JSON object."""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path


def main() -> int:
    here = Path(__file__).parent
    known = sorted(each.stem.removeprefix("bench_") for each in here.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="posecast bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(known)}")
    parser.add_argument("--out", type=Path, help="also write the figures here")
    asked = parser.parse_args()
    unknown = [each for each in asked.names if each not in known]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}. Known: {', '.join(known)}.", file=sys.stderr)
        return 1
    report: dict[str, object] = {
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()}
    }
    for name in asked.names or known:
        print(f"{name} …", file=sys.stderr, flush=True)
        began = time.perf_counter()
        report[name] = importlib.import_module(f"tests.benchmarks.bench_{name}").run()
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
