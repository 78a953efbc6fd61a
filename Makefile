# Everything runs in .venv, from locked and hashed packages.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL_SELF := $(PIP) install --no-deps --no-build-isolation --editable .

.PHONY: run test lint check bench faults catalogues clean lock

run: .venv/runtime.stamp  ## Open the demo counter (without a terminal: ring up one demo sale)
	@$(BIN)/xuanpin pos demo

test: .venv/dev.stamp  ## Pass the tests
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: .venv/dev.stamp  ## Style, types, floors and rings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test  ## All that must hold before a change lands

bench: .venv/dev.stamp  ## Measure; prints a table of ratios and percentiles
	$(BIN)/python -m bench

faults: .venv/dev.stamp  ## Live through many more histories of faults than the tests do
	$(BIN)/python -m tests.faults
	XUANPIN_POWER_CUTS=20000 $(BIN)/python -m pytest tests/faults/test_power_loss.py

catalogues: .venv/dev.stamp  ## Compile the translations after editing a .po file
	for po in */locale/*/*.po */locale/*/LC_MESSAGES/*.po; do $(BIN)/pybabel -q compile -i $$po -o $${po%.po}.mo; done

lock:  ## Resolve the locks anew (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --group build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --group dev pyproject.toml -c requirements.lock \
		-o requirements-dev.lock

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/python.stamp:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "xuanpin needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/runtime.stamp: .venv/python.stamp requirements.lock pyproject.toml
	@echo "Installing xuanpin into .venv (once) …"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(INSTALL_SELF)
	@touch $@

.venv/dev.stamp: .venv/python.stamp requirements-dev.lock pyproject.toml
	@echo "Installing xuanpin and its test tools into .venv (once) …"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(INSTALL_SELF)
	@touch $@ .venv/runtime.stamp
