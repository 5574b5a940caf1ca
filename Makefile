# Laddström: every task a developer or newcomer runs. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
# Test processes at once; most of a test's time is waiting for a broker.
JOBS ?= 3
.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  %-10s %s\n", $$1, $$2}'

.venv/.installed: requirements/dev.txt requirements/uv.txt pyproject.toml
	@echo "Creating .venv from the locked dependencies (about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Laddström needs Python 3.11 or newer; set PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --require-hashes requirements/dev.txt
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: setup
setup: .venv/.installed ## Create .venv from the locked dependencies

.PHONY: lock
lock: .venv/.installed ## Resolve the dependencies again into requirements/*.txt
	@cd $(CURDIR) && for group in runtime dev; do \
	  extra=$$( [ $$group = dev ] && echo "--group dev" || echo "--constraint requirements/dev.txt" ); \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links \
	    --no-header --python-version 3.11 pyproject.toml $$extra -o requirements/$$group.txt; done

.PHONY: format
format: setup ## Format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: check
check: setup ## Lint, types, architecture contracts, Dagster definitions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/dg check defs

.PHONY: test
test: check ## Everything CI checks: check, then all tests (the engine's reach every line) on both brokers
	@$(BIN)/python -m pytest -q -n $(JOBS) tests/models --cov=models --cov-fail-under=100 --cov-report=term-missing:skip-covered
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal --ignore=tests/models

.PHONY: e2e
e2e: setup ## Only the end-to-end tests
	@$(BIN)/python -m pytest -q tests/e2e

.PHONY: demo
demo: setup ## The whole pipeline on a made-up network, about a minute
	@LADDSTROM_HOME=.laddstrom-demo $(BIN)/laddstrom demo

.PHONY: bench
bench: setup ## The benchmarks: the stream beside stock Faust, step and schema check beside bare decoding (minutes)
	@$(BIN)/python benchmarks/stream.py
	@$(BIN)/python benchmarks/step.py
	@$(BIN)/python benchmarks/schemas.py

.PHONY: docs
docs: setup ## Write the pages that follow from the code
	@$(BIN)/python docs/generate.py
