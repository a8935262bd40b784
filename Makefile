# Everything a newcomer needs: Python 3.11+, make and git. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
WORKERS ?= 2
DEVELOP := $(VENV)/.develop

.DEFAULT_GOAL := help
.PHONY: help demo heal-drill chaos test lint format bench schema lock clean
.DELETE_ON_ERROR:

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tact needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Could not create $(VENV). Is the disk full, or the venv module missing (Debian: install python3-venv)?"; rm -rf $(VENV); exit 1; }

$(RUNTIME): requirements/runtime.lock | $(VENV)/bin/python
	@$(PYTHON) bootstrap.py requirements/runtime.lock
	@touch $@

$(DEVELOP): requirements/develop.lock | $(VENV)/bin/python
	@$(PYTHON) bootstrap.py requirements/develop.lock
	@touch $@ $(RUNTIME)

demo: $(RUNTIME) ## a week of two workspaces in about two minutes, judged at the end (CSV=path for your own list)
	@$(BIN)/python -m cli demo $(if $(CSV),--csv "$(CSV)")

heal-drill: $(RUNTIME) ## rows corrupted in ten ways while campaigns run: all mended or proposed, none wrongly (CORRUPT=1000 STORED=100000)
	@$(BIN)/python -m embedded.drill $(if $(CORRUPT),--corrupt "$(CORRUPT)") $(if $(STORED),--stored "$(STORED)")

chaos: $(RUNTIME) ## everything killed while sends go out: nothing lost, nothing sent twice (SENDS=100000 SEED=7)
	@$(BIN)/python -m embedded.chaos $(if $(SENDS),--sends "$(SENDS)") $(if $(SEED),--seed "$(SEED)")

test: $(DEVELOP) ## every test, on a real broker and a real database
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) $(ARGS)

lint: $(DEVELOP) ## ruff and mypy (strict)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(DEVELOP) ## let ruff order and lay out the code
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

bench: $(RUNTIME) ## sends per second through the whole pipeline, beside a bare HTTP loop
	@$(BIN)/python -m bench $(ARGS)

schema: $(DEVELOP) ## write shared/db/schema.sql from the migrations
	@$(BIN)/python -m embedded.schema_file

PIN := uv pip compile -q --generate-hashes --python-version 3.11 --universal --no-header --no-emit-index-url

lock: ## pin pyproject.toml's dependencies and requirements/develop.in anew, with hashes (needs uv)
	$(PIN) pyproject.toml --extra services --extra embedded -o requirements/runtime.lock
	$(PIN) pyproject.toml -o requirements/client.lock -c requirements/runtime.lock
	$(PIN) pyproject.toml requirements/develop.in --extra services --extra embedded -o requirements/develop.lock -c requirements/runtime.lock

clean: ## forget what was built (the environment and the embedded servers' files)
	rm -rf $(VENV) build .cache .mypy_cache .ruff_cache
