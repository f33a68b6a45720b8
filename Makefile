# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Bytecode is compiled at installation: nothing may be left to compile at the first command.
export PYTHONDONTWRITEBYTECODE := 1
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help venv demo test check types unit bench rules clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(STAMP) ## the virtual environment, with everything in it

$(STAMP): pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps -e . ; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e . ; \
	fi
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 0 $(VENV)/lib nexusops jobs || true
	touch $@

demo: $(STAMP) ## a university's mail, set up and kept for two months on the embedded tenant
	$(BIN)/nexusops demo

test: check unit ## everything: formatting, types, contracts, tests

check: $(STAMP) ## formatting, lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(STAMP) ## the tests
	$(BIN)/python -m pytest

bench: $(STAMP) ## the figures, medians of five
	$(BIN)/python benchmarks/run.py

rules: $(STAMP) ## the table rule -> test -> file; fails where a rule has no test
	$(BIN)/python -m tests.rules_table

clean: ## removes what was made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
