# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# uv is many times faster than pip, so it is used where it is there and works.
UV     := $(shell uv --version >/dev/null 2>&1 && echo uv)
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help venv demo test check unit stories hours kill bench bench-tenant faults rules reference lock clean fuzz fuzz-guided docs

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

venv: $(STAMP) ## the virtual environment, with everything in it

# Everything is compiled here: with PYTHONDONTWRITEBYTECODE set, Python would compile it anew at each start.
$(STAMP): pyproject.toml requirements.lock
ifeq ($(UV),uv)
	test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV)
	uv pip install --quiet --python $(BIN)/python -r requirements.lock
	uv pip install --quiet --python $(BIN)/python --no-deps -e .
else
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
endif
	$(BIN)/python -m compileall -q -j 0 $(VENV)/lib nexusops jobs
	touch $@

demo: $(STAMP) ## a university's mail, set up and kept for two months on the embedded tenant
	$(BIN)/nexusops demo

# One after the other even under `make -j`, so that pytest's closing line is the last.
test: check ## everything: formatting, lint, types, import contracts, tests
	@$(MAKE) --no-print-directory unit

check: $(STAMP) ## formatting, lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini
	$(BIN)/lint-imports

unit: $(STAMP) ## the tests, on all cores
	$(BIN)/python -m pytest -n auto

stories: $(STAMP) ## every scenario, the long ones too
	NEXUSOPS_LONG_STORIES=1 $(BIN)/python -m pytest tests/scenarios

hours: $(STAMP) ## random hours of a small university: the plan from the diff is that from scratch (half an hour)
	NEXUSOPS_HOURS=80 $(BIN)/python -m pytest -n 0 tests/plan/test_hours_of_histories.py

kill: $(STAMP) ## runs killed after every transaction, and at three hundred random moments, and finished (half an hour)
	NEXUSOPS_KILL_POINTS=all $(BIN)/python -m pytest tests/apply/test_killed_runs.py
	NEXUSOPS_KILLS=100 $(BIN)/python -m pytest tests/safety/test_kills_at_random.py \
	  tests/safety/test_full_disks_and_lost_databases.py tests/safety/test_undo_limits.py

fuzz: $(STAMP) ## two thousand broken inputs of every sort
	NEXUSOPS_FUZZ=2000 $(BIN)/python -m pytest tests/safety/test_fuzz.py tests/safety/test_fuzz_of_answers.py \
	  tests/safety/test_spoiled_rows.py

# Coverage-guided, where there is a wheel of atheris for this machine; it is no part of the gate.
GUIDED := plan.json zone manifest.json cards.csv policy.toml nexusops.toml answer
fuzz-guided: $(STAMP) ## inputs that grow towards code not reached yet, SECONDS=120 for each of seven sorts
ifeq ($(UV),uv)
	uv pip install --quiet --python $(BIN)/python --only-binary :all: --target build/atheris 'atheris>=2.3,<4'
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --target build/atheris 'atheris>=2.3,<4'
endif
	for sort in $(GUIDED); do \
	  PYTHONPATH=build/atheris:tests $(BIN)/python -m building.guided $$sort $(or $(SECONDS),120) || exit 1; \
	done

bench: $(STAMP) ## the figures as a table: medians, processor time, memory, ratios (an hour)
	$(BIN)/python -m compileall -q nexusops jobs
	PYTHONPATH=tests $(BIN)/python -m benchmarks.run $(FIGURES)

bench-tenant: $(STAMP) ## applying 5,000 changes against the documented limits, and reading at size (minutes)
	$(BIN)/python -m benchmarks.tenant

faults: $(STAMP) ## docs/faults.md anew: operation x fault x outcome (a minute)
	PYTHONPATH=tests $(BIN)/python -m building.fault_table

rules: $(STAMP) ## the table rule -> test -> file; fails where a rule has no test
	$(BIN)/python -m tests.rules_table

reference: $(STAMP) ## docs/reference anew from the source
	$(BIN)/python -m tests.reference

# The generator is no part of the gate: it is installed when somebody wants the pages as a site.
docs: $(STAMP) ## the pages of docs/ as a site in build/docs; a broken link fails
ifeq ($(UV),uv)
	uv pip install --quiet --python $(BIN)/python -r docs/requirements.lock
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r docs/requirements.lock
endif
	rm -rf build/docs
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -b html docs build/docs
	@echo build/docs/index.html

# With hashes: what a mirror or a proxy gives in place of a file of that version is not installed.
COMPILE := uv pip compile --quiet --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
  --no-emit-find-links

lock: ## the lock files anew from pyproject.toml; versions that still fit stay
	$(COMPILE) --extra dev -o requirements.lock pyproject.toml
	$(COMPILE) --constraint requirements.lock -o docs/systemd/requirements.lock pyproject.toml
	$(COMPILE) --extra docs --constraint requirements.lock -o docs/requirements.lock pyproject.toml

clean: ## removes what was made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find nexusops jobs tests -name __pycache__ -prune -exec rm -rf {} +
