# Tiebreak: `make demo` to try it, `make test` to test it. Both can be run again at any time.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
DEMO_DIR ?= $(CURDIR)/var/demo
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEMO_ENV = TIEBREAK_DEMO=true HTTPS=false TIEBREAK_VAR="$(DEMO_DIR)" SECRET_KEY="$$(cat "$(DEMO_DIR)/secret-key")"
IGNORED = .venv var build dist node_modules static/vendor tests bench docs
CHECK_ENV = TIEBREAK_VAR="$$(mktemp -d)" SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')"

.PHONY: help demo test test-all lint check messages format clean

help: ## Show what there is
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@echo "==> Making a virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit("Tiebreak needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "==> Installing Tiebreak with its pinned parts (some minutes the first time)"
	@$(PIP) install --quiet --progress-bar on -c constraints.txt -e ".[train,serve,demo,math]"
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "==> Installing Tiebreak and what its tests need (some minutes the first time)"
	@$(PIP) install --quiet --progress-bar on -c constraints.txt -e ".[train,serve,demo,math,dev]"
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo ## Load the sample projects, train a first model, serve on localhost:8000
	@mkdir -p "$(DEMO_DIR)"
	@test -s "$(DEMO_DIR)/secret-key" || (umask 077 && $(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))' > "$(DEMO_DIR)/secret-key")
	@echo "==> Preparing the database"
	@$(DEMO_ENV) $(BIN)/python manage.py migrate --verbosity 0
	@echo "==> Loading the sample projects (the first time, a reward model is trained on this machine)"
	@$(DEMO_ENV) $(BIN)/python manage.py load_demo
	@echo "==> Serving"
	@exec env $(DEMO_ENV) $(BIN)/python manage.py serve --port $(PORT)

test: $(VENV)/.dev ## Run the default tests
	@echo "==> Running the tests"
	@$(BIN)/python -m pytest

test-all: $(VENV)/.dev ## Run the slow, browser and PostgreSQL tests (they need chromium and postgresql)
	@echo "==> Running the slow, browser and PostgreSQL tests"
	@$(BIN)/python -m pytest -m "slow or browser or postgres"

lint: $(VENV)/.dev ## Run the static checks
	@echo "==> ruff" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "==> mypy" && $(BIN)/mypy .
	@echo "==> import-linter" && $(CHECK_ENV) $(BIN)/lint-imports
	@echo "==> djlint" && $(BIN)/djlint templates --lint --quiet
	@echo "==> migrations" && $(CHECK_ENV) $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "==> deployment" && $(CHECK_ENV) $(BIN)/python manage.py check --deploy --fail-level WARNING

check: lint test-all test ## Run everything that CI runs

messages: $(VENV)/.dev ## Collect the texts to translate into locale/, compile what is translated
	@for domain in django djangojs; do $(CHECK_ENV) $(BIN)/python manage.py makemessages --all --domain $$domain --no-location --no-obsolete --no-wrap $(IGNORED:%=--ignore "%") --verbosity 0; done
	@$(CHECK_ENV) $(BIN)/python manage.py compilemessages --ignore .venv --ignore node_modules --verbosity 0

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean: ## Remove the virtual environment and the demo
	rm -rf $(VENV) var
