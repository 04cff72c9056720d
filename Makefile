# `make` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

demo: setup ## Set everything up, then make the example campaign
	$(BIN)/aigc run examples/coffee.yaml

test: setup browser ## Set everything up, then run the tests
	$(BIN)/python -m pytest -n 2

test-slow: setup ## Run the long tests: batches killed at random moments, again and again
	$(BIN)/python -m pytest -m slow -n 2

check: setup ## Lint, format, types, generated docs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy benchmarks/ui.py
	$(BIN)/python docs/generate.py --check

ui: setup ## Open the merchant's page
	$(BIN)/aigc ui

docs: setup ## Regenerate the generated docs
	$(BIN)/python docs/generate.py

screenshots: setup browser ## Take the docs' pictures of the page anew
	$(BIN)/python docs/screenshots.py

format: setup ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

setup: .venv/.installed .venv/.models ## Make the environment and fetch models and fonts

.venv/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -U pip
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	touch $@

.venv/.models: .venv/.installed aigc/_engines/models.toml
	$(BIN)/aigc models pull
	touch $@

# The page's test drives a real browser; Debian's and Ubuntu's package will do.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
	       && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || echo 'The test of the page needs Chromium: install it, e.g. sudo apt-get install chromium'

clean: ## Remove the environment and what was generated
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache

.PHONY: help demo test test-slow check ui docs screenshots format setup browser clean
