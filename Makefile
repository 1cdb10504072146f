SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
PORT ?= 5000

.DEFAULT_GOAL := help
.PHONY: help start reproduce status ui new-method test test-all lint check clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

reproduce: $(VENV)/run ## set up, run the whole grid, say where the results are (EXPERIMENT=small: a few minutes, or a protocol)
	@python -m stages.tools.reproduce $(if $(EXPERIMENT),--experiment $(EXPERIMENT))

start: $(VENV)/run ## your own pairs: look at a folder or a table, train on it, write a page (PAIRS=~/photos, NAME=photos)
	@python -m stages.tools.start "$(PAIRS)" $(if $(NAME),--name "$(NAME)")

status: $(VENV)/run ## what of the grid is done, running, missing or failed, and about how long the rest takes
	@python -m stages.tools.status

ui: $(VENV)/run ## every run in the browser: parameters, curves, tables and figures (PORT=5000)
	@test -f mlflow.db || { echo "mlflow.db: there are no runs yet; run make reproduce first."; exit 2; }
	@echo "http://127.0.0.1:$(PORT)   (Ctrl-C stops it)"
	@mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --port $(PORT) --workers 1

new-method: $(VENV)/dev ## start a method: its file, its settings, its test (NAME=my_method)
	@python -m stages.tools.new_method "$(NAME)"

test: $(VENV)/dev ## set up and run the fast tests
	@python -m pytest -m "not slow"

test-all: $(VENV)/dev ## the slow tests, too: whole runs, the browser, whole reports
	@python -m pytest

lint: $(VENV)/dev ## style and types
	@ruff check . && ruff format --check . && mypy

check: $(VENV)/dev ## are the tables what the records give, and the records what the code gives?
	@dvc repro --quiet --force --single-item report
	@python -m stages.tools.readme > /dev/null
	@git diff --exit-code --stat -- reports README.md docs \
	  || { echo "This is not what the records give: run make reproduce and python -m stages.tools.readme, and commit."; exit 1; }
	@plan=$$(dvc repro --allow-missing --dry) || exit 1; ! grep "Running stage" <<< "$$plan" | grep -v "viewer@" \
	  || { echo "The records are older than the code: run make reproduce and commit."; exit 1; }
	@python -m stages.tools.check_records

clean: ## remove what can be computed again, the environment included
	@rm -rf $(VENV) .cells data build mlflow.db mlruns

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1): Python 3.11, 3.12 or 3.13 is needed; set PYTHON=/path/to/it."; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run: requirements.txt | $(VENV)/bin/pip
	@pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/run
	@pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
