# Everything that a person or CI runs. Only python3 (3.11 to 3.13, with venv) and make are assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUTPUT ?= output
WORKERS ?= auto

.PHONY: help setup setup-dev run test bench synth build lock clean

help: ## What there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.local ## Make .venv with the command .venv/bin/dicom-deid

setup-dev: $(VENV)/.dev ## The same, with all that tests, benches and the CDK app need

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.local: requirements-local.lock pyproject.toml | $(VENV)/.python
	test -e $(VENV)/.dev || $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-local.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml package-lock.json | $(VENV)/.python
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npm ci --silent --no-audit --no-fund
	touch $@

run: $(VENV)/.local ## Run the sample set, or SOURCE=… OUTPUT=… your own files
ifdef SOURCE
	$(BIN)/dicom-deid run "$(SOURCE)" "$(OUTPUT)"
else
	$(BIN)/dicom-deid demo "$(OUTPUT)"
endif

test: $(VENV)/.dev ## Lint, types, import rules, tests with coverage
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=lambdas:. $(BIN)/lint-imports
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/pytest -n $(WORKERS) --cov --cov-report=term:skip-covered

bench: $(VENV)/.dev ## Measure speed, leaks and coverage beside the peers (long)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m bench

synth: $(VENV)/.dev ## The CloudFormation templates, offline, into cdk.out/
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npx --no-install cdk synth --quiet

build: $(VENV)/.dev ## The Lambda assets, into build/
	$(BIN)/python -m packaging_assets

PIN := .cache/lock/bin/uv pip compile pyproject.toml --generate-hashes --no-emit-index-url --no-header --no-annotate -q
ON_LAPTOPS := --universal --python-version 3.11
ON_LAMBDA := --python-version 3.13 --python-platform aarch64-unknown-linux-gnu -c requirements-dev.lock

lock: ## Pin everything anew (for maintainers)
	$(PYTHON) -m venv .cache/lock && .cache/lock/bin/python -m pip install --quiet uv
	$(PIN) $(ON_LAPTOPS) --extra dev -o requirements-dev.lock
	$(PIN) $(ON_LAPTOPS) --extra local --extra build -c requirements-dev.lock -o requirements-local.lock
	$(PIN) $(ON_LAMBDA) -o requirements-lambda-header.lock
	$(PIN) $(ON_LAMBDA) --extra pixels -o requirements-lambda-pixels.lock

clean: ## Remove what was made here
	rm -rf $(VENV) .cache cdk.out build node_modules
