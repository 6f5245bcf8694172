# `make` prints the menu. The environment is .venv; stamps inside it make every target repeatable.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo serve test test-long check bench clean

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check --quiet --quiet
# Test workers; each starts its own PostgreSQL.
JOBS ?= 2
DATA ?=
CUSTOMERS ?= 20000
PORT ?= 8000
ONLY ?=

help: ## this menu
	@echo "Regulars: turns one-time buyers into regulars. Needs Python 3.11 or newer and make."
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | \
	  while IFS=$$'\t' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: $(VENV)/.dev ## environment with everything needed for development

demo: $(VENV)/.installed ## a filled shop at a printed address (CUSTOMERS=20000 PORT=8000 DATA=file)
	@$(VENV)/bin/regulars demo --customers $(CUSTOMERS) --port $(PORT) $(if $(DATA),--data "$(DATA)")

serve: $(VENV)/.installed ## the product on the data folder (REGULARS_DATA, else ./var)
	@$(VENV)/bin/regulars serve --port $(PORT)

test: $(VENV)/.dev $(VENV)/.translated ## all tests but the long ones (ONLY=path for some)
	$(PY) -m pytest -n $(JOBS) --dist loadfile -m "not long" -ra $(ONLY)

test-long: $(VENV)/.dev $(VENV)/.translated ## kill campaigns, simulations, large data
	$(PY) -m pytest -m long -ra $(ONLY)

check: $(VENV)/.dev ## format, lint, types, floors
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(CHECK_ENV) $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache

bench: $(VENV)/.dev ## every bar of benchmarks/ against its rival (ONLY=name for one)
	$(PY) -m benchmarks $(ONLY)

clean: ## remove the environment and caches; the data folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# mypy's Django plugin reads the settings; an address given means that no server is started for it.
CHECK_ENV := DATABASE_URL=postgresql:///none REGULARS_HAS_ROLES=1 REGULARS_SECRET_KEY=check

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Regulars needs Python 3.11 or newer; name one by PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python cannot make environments here; on Debian: apt install python3-venv"; exit 1; }

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the product needs ..."
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what development needs ..."
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

TEXTS := $(shell find regulars -name '*.po' 2>/dev/null)
$(VENV)/.translated: $(TEXTS) $(VENV)/.installed
	$(PY) -c 'from regulars.web.translations import compile_all; compile_all()'
	@touch $@
