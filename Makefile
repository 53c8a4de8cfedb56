# Two commands are all a newcomer needs: `make demo` and `make test`.
.PHONY: demo test check bench suggestions soak setup clean

demo: ## set everything up and open the studio on the demo kitchen
	@tools/setup.sh run
	@tools/demo.sh

test: ## set everything up and run every check
	@tools/setup.sh dev
	@tools/check.sh

setup: ## only set everything up
	@tools/setup.sh dev

check: test

bench: ## measure speed beside peers, as JSON
	@tools/setup.sh bench
	@.venv/bin/python -m tests.benchmarks

suggestions: ## how often suggested poses hit known ones: make suggestions KITCHEN=… DEMO=… VIDEOS=…
	@tools/setup.sh dev
	@PYTHONPATH=. .venv/bin/python tools/measure_suggestions.py --kitchen $(KITCHEN) --demo $(DEMO) --videos $(VIDEOS) --out docs/results/suggestions.json

soak: ## the long tests in full
	@tools/setup.sh dev
	@POSECAST_SOAK=1 .venv/bin/python -m pytest -q -m soak

texts: ## list every source text for a translator, as posecast.ts
	@.venv/bin/python tools/texts.py posecast.ts

clean: ## remove what setup made
	rm -rf .venv
