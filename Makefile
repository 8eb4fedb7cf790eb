# Each target builds .venv first if it is missing or older than the lock.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: reports test lab check bench messages lock
.DELETE_ON_ERROR:

reports: .venv/installed
	$(BIN)/analysis reports

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo > /dev/null || $(BIN)/lint-imports
	$(BIN)/frictionless validate data/datapackage.json
	$(BIN)/analysis check > /dev/null
	$(BIN)/pytest

lab: .venv/installed
	$(BIN)/jupyter lab notebooks

check: .venv/installed
	$(BIN)/analysis check

bench: .venv/installed
	$(BIN)/python benchmarks/bench.py

# For maintainers: collect what is shown, from code, templates and notebooks, into the catalogue.
CATALOGUE := src/analysis/present/locale/zh_Hans/LC_MESSAGES/analysis.po
messages: .venv/installed
	$(BIN)/pybabel -q extract --mapping-file=pyproject.toml --add-location=file --sort-by-file \
	  --output-file=messages.pot .
	$(BIN)/pybabel -q update --input-file=messages.pot --output-file=$(CATALOGUE) --locale=zh_Hans \
	  --no-fuzzy-matching --ignore-obsolete --omit-header --width=100
	rm messages.pot

# For maintainers: resolve the ranges of pyproject.toml anew.
lock: .venv/installed
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate --all-extras --python-version 3.11 --upgrade -o requirements.lock pyproject.toml

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip --quiet --disable-pip-version-check install --require-hashes -r requirements.lock
	$(BIN)/pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation --editable .
	@touch $@
