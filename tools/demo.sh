#!/usr/bin/env bash
# Opens the studio on the demo kitchen; without a display, gives the tour in words and pictures instead.
set -euo pipefail
cd "$(dirname "$0")/.."
if problem=$(.venv/bin/python -m core.doctor --display); then
  exec .venv/bin/posecast-studio --demo
fi
echo "$problem The tour follows without a window."
exec .venv/bin/posecast tour
