# Everything a newcomer needs: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
ONCE ?=
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/app ## show the main job on embedded servers (ONCE=1 ends by itself)
	$(BIN)/invekto demo $(if $(ONCE),--once)

up: .venv/app ## start everything in one terminal, with the vendors' sandboxes
	$(BIN)/invekto up --sandbox

test: .venv/dev ## run the whole suite
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: .venv/dev ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

faults: .venv/dev ## the long form of killing processes half way
	$(BIN)/python -m tests.faults

bench: .venv/dev ## measure ours against floors, side by side
	$(BIN)/python -m tests.bench

matrix: .venv/app ## refresh the table of plugins
	$(BIN)/invekto plugin matrix

clean: ## forget the environment and the embedded servers' data
	rm -rf .venv .invekto

.venv/app: pyproject.toml ports/pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed"'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ./ports -e .
	touch $@

.venv/dev: .venv/app
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e './ports[conformance]' -e '.[dev]'
	touch $@

.PHONY: help demo up test lint format faults bench matrix clean
