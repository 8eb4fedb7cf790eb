# Each target first installs what it needs into .venv, if that is missing or older than its lock.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode

FIGURES := $(addprefix tests/test_,numerals.py measures.py trends.py claims.py identities.py plan.py)

.PHONY: reports test quick lint lab check bench messages lock
.DELETE_ON_ERROR:

reports: .venv/installed
	$(BIN)/analysis reports

# Each module in one worker, which makes once what it shares; a third works while two wait.
test: lint
	$(BIN)/frictionless validate data/datapackage.json
	$(BIN)/analysis check > /dev/null
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

# What is cheap to know: lint, types, rooms, and the figures.
quick: lint
	$(BIN)/pytest -q $(FIGURES)

lint: .venv/tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo > /dev/null || $(BIN)/lint-imports

lab: .venv/installed
	$(BIN)/analysis lab

check: .venv/installed
	$(BIN)/analysis check

bench: .venv/tests
	$(BIN)/python benchmarks/bench.py

# For maintainers: collect what is shown, from code, templates and notebooks, into the catalogue.
CATALOGUE := src/analysis/present/locale/zh_Hans/LC_MESSAGES/analysis.po
messages: .venv/installed
	$(BIN)/pybabel -q extract --mapping-file=pyproject.toml --add-location=file --sort-by-file \
	  --output-file=messages.pot .
	$(BIN)/pybabel -q update --input-file=messages.pot --output-file=$(CATALOGUE) --locale=zh_Hans \
	  --no-fuzzy-matching --ignore-obsolete --omit-header --width=100
	rm messages.pot

# For maintainers: resolve the ranges of pyproject.toml anew; the second lock adds to the first.
RESOLVE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-header --no-annotate --python-version 3.11 pyproject.toml
lock: .venv/installed
	$(RESOLVE) --upgrade --all-extras -o requirements-test.lock
	$(RESOLVE) --upgrade --extra install -c requirements-test.lock -o requirements.lock

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12")'
	@echo "Installing into .venv: half a minute, once"
	@$(PYTHON) -m venv --clear .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	@$(BIN)/pip --quiet --disable-pip-version-check install --require-hashes -r .venv/uv.lock
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/tests: .venv/installed requirements-test.lock
	@echo "Installing what the tests need into .venv: some seconds, once"
	@$(INSTALL) --require-hashes -r requirements-test.lock
	@touch $@
