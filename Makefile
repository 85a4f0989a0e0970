# `make demo` and `make test` need Python 3.11 or newer, make and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: help demo test lint bench clean

help:
	@echo "make demo    set up and run Weft's main job on real input"
	@echo "make test    lint, types, layers and all tests (under 8 minutes on 2 cores)"
	@echo "make lint    only ruff, mypy and import-linter"
	@echo "make bench   measure against the peers, side by side; writes benchmarks/README.md"
	@echo "make clean   remove what these commands made"

# Made anew when pyproject.toml is newer than the environment.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Weft needs Python 3.11 or newer; say: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) scripts/make_venv.py $(VENV)
	@touch $@

demo: $(STAMP)
	@$(BIN)/python examples/demo.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest -n 2

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache out-*
