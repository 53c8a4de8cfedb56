"""Speed, measured beside a peer or the machine's own limit in the same run. `make bench` prints the figures as JSON.

Each bench_*.py has `run() -> dict[str, float | str]`: figures named with their unit. Nothing here asserts a time:
machines differ, and the ratio to what ran beside it is what counts.
"""
