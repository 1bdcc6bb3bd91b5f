# Needs only Python 3.11 or newer and make. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
COMPILE := $(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header
export PYTHONDONTWRITEBYTECODE ?=

.DEFAULT_GOAL := help
.PHONY: help demo run doctor wd test check format lock bench clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F '\t' '{printf "  make %-8s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Creating the virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(BIN)/python
	@echo "Installing the pinned requirements (the first time this takes a few minutes) ..."
	@$(PIP) install --quiet -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing the tools for tests and checks ..."
	@$(PIP) install --quiet -r requirements-dev.txt
	@touch $@

demo: $(VENV)/.run ## the bot in your browser: no token, no GPU, no download
	@$(BIN)/python -m bot demo $(ARGS)

run: $(VENV)/.run ## the bot on Discord, settings from .env
	@$(BIN)/python -m bot run $(ARGS)

doctor: $(VENV)/.run ## check this machine and the settings
	@$(BIN)/python -m bot doctor $(ARGS)

wd: $(VENV)/.run ## install what the WD tagger needs, the other picture classifier
	@$(PIP) install --quiet -r requirements-wd.txt

test: $(VENV)/.dev ## the whole test suite
	@echo "Running the tests ..."
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.dev ## lint, format, types and import rules
	@echo "Checking lint, format, types and import rules ..."
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev ## mend lint and format where that can be done by itself
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

lock: $(VENV)/.dev ## pin the requirements again from the .in files
	@echo "Resolving the requirements ..."
	@$(COMPILE) --output-file requirements.txt requirements.in
	@$(COMPILE) --output-file requirements-wd.txt requirements-wd.in
	@$(COMPILE) --output-file requirements-dev.txt requirements-dev.in
	@# The machine that pins may have a CPU or CUDA build: the pin must fit every build of that version.
	@sed -i.bak -E 's/^(torch==[0-9.]+)\+[a-z0-9]+/\1/' requirements.txt requirements-wd.txt requirements-dev.txt && rm -f requirements*.txt.bak
	@echo "Pinned: $$(grep -c == requirements.txt) to run, $$(grep -c == requirements-dev.txt) with the tools."

bench: $(VENV)/.run ## every measurement of docs/benchmarks.md
	@$(BIN)/python -m benchmarks

clean: ## remove the virtual environment and the caches (never your data)
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
