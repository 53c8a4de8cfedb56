#!/usr/bin/env bash
# Makes .venv and installs Posecast into it at the versions of constraints.txt.
#   tools/setup.sh run    what the studio needs
#   tools/setup.sh dev    that, and what the checks need
#   tools/setup.sh bench  that, and the peers that the benchmarks measure beside
# Says what it will download before it does, keeps a torch that already fits, and does nothing twice.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-run}

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

python=""
for each in "${PYTHON:-}" python3.13 python3.12 python3.11 python3.14 python3 python; do
  [ -n "$each" ] && command -v "$each" >/dev/null 2>&1 || continue
  if "$each" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$each
    break
  fi
done
if [ -z "$python" ]; then
  echo "Posecast needs Python 3.11 or later, with its venv module. Install it (Debian: apt-get install python3 python3-venv)," >&2
  echo "or name one: PYTHON=/path/to/python3.11 make demo" >&2
  exit 1
fi

"$python" tools/system_libraries.py --install

stamp=.venv/.set-up-$mode-$(cat pyproject.toml constraints.txt tools/setup.sh | "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])')
[ -e "$stamp" ] && exit 0

if [ ! -x .venv/bin/python ]; then
  say "Making .venv with $("$python" --version)"
  "$python" -m venv .venv
fi
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

wanted=$(sed -n 's/^torch==//p' constraints.txt)
if .venv/bin/python -c 'import sys, importlib.metadata as m; v = m.version("torch").split("+")[0].split("."); sys.exit((int(v[0]), int(v[1])) < (2, 11))' 2>/dev/null; then
  say "Keeping torch $(.venv/bin/python -c 'import importlib.metadata as m; print(m.version("torch"))')"
else
  say "Downloading torch $wanted: about 200 MB where your index serves the CPU build, 3 GB where it serves the CUDA build"
  pip install --quiet "torch==$wanted"
fi
extra=""
[ "$mode" = dev ] && extra="[dev]"
[ "$mode" = bench ] && extra="[dev,bench]"
say "Downloading the other packages: about 350 MB (Qt 90, VTK 150, OpenCV 70, PyAV 35, the rest small)"
grep -v '^torch==' constraints.txt > .venv/constraints.txt
pip install --quiet --constraint .venv/constraints.txt --editable ".$extra"
rm -f .venv/.set-up-"$mode"-*
touch "$stamp"
say "Ready: .venv/bin/posecast and .venv/bin/posecast-studio"
