#!/usr/bin/env bash
# The one door for all checks, the same for a person and for CI: format, lint, types, import contracts, tests.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
step() { printf '\033[1m==>\033[0m %s\n' "$*"; }
step "format"; $bin/ruff format --check --quiet .
step "lint"; $bin/ruff check --quiet .
step "types"; $bin/basedpyright
step "import contracts"; $bin/lint-imports --no-logo 2>/dev/null || $bin/lint-imports
step "tests"
# Two processes on two cores; each keeps to one thread, so that they do not take turns.
export OMP_NUM_THREADS=1 QT_QPA_PLATFORM=offscreen
exec $bin/python -m pytest -q -n "${POSECAST_TEST_PROCESSES:-2}" --dist loadfile "$@"
