# `make demo` and `make test` need Python 3.11 or newer, make and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Nothing else in the environment is needed, as in `env -i make demo`.
PATH ?= /usr/local/bin:/usr/bin:/bin
export PATH

.PHONY: help demo test lint bench clean for-demo for-test

help:
	@echo "make demo    set up and run Weft's main job on real input"
	@echo "make test    lint, types, layers and all tests (under 8 minutes on 2 cores)"
	@echo "make lint    only ruff, mypy and import-linter"
	@echo "make bench   measure against the peers, side by side; writes benchmarks/README.md"
	@echo "make clean   remove what these commands made"

# Each looks whether the environment is up to date, and sets it up if not.
for-demo for-test:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Weft needs Python 3.11 or newer; say: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) scripts/make_venv.py $(VENV) $(subst for-,,$@)

demo: for-demo
	@$(BIN)/python examples/demo.py

lint: for-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest -n 2

bench: for-test
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache out-*
