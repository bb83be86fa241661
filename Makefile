# Two commands do everything from a fresh clone: `make demo` and `make test`. Both make and reuse .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: demo test lint types test-torch test-tensorflow test-both test-slow array-api layers overhead bench clean

demo: $(INSTALLED)
	UNIFW_BACKEND=torch $(BIN)/python examples/digits.py
	UNIFW_BACKEND=tensorflow $(BIN)/python examples/digits.py

test: lint types test-torch test-tensorflow test-both

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

# Each in processes of its own: that one backend works without the other is part of what is tested. A worker for each
# core, of one thread: more would only wait for each other.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal

test-torch: $(INSTALLED)
	UNIFW_BACKEND=torch $(PYTEST)

test-tensorflow: $(INSTALLED)
	UNIFW_BACKEND=tensorflow $(PYTEST)

test-both: $(INSTALLED)
	env -u UNIFW_BACKEND $(PYTEST)

test-slow: $(INSTALLED)
	UNIFW_BACKEND=torch $(PYTEST) tests -m slow
	UNIFW_BACKEND=tensorflow $(PYTEST) tests -m slow

overhead: $(INSTALLED)
	$(BIN)/python benchmarks/overhead.py --write docs/overhead.md

# One area each: bench-autodiff, bench-compile, bench-optim, bench-sequence, ...
bench-%: $(INSTALLED)
	$(BIN)/python benchmarks/$*.py --write docs/$*-speed.md

# Native code, Keras and unifw on the same work, in turns: ask an idle machine.
bench: $(INSTALLED)
	PYTHONPATH=benchmarks $(BIN)/python -m suite --write docs

array-api: $(INSTALLED)
	env -u UNIFW_BACKEND $(BIN)/python tests/conformance/table.py

layers: $(INSTALLED)
	env -u UNIFW_BACKEND $(BIN)/python -m pytest tests/parity tests/unit -m variants -k test_layer
	env -u UNIFW_BACKEND $(BIN)/python -m tests.parity.layers_page

# torch goes first and alone, so that nothing that depends on it chooses another build.
$(INSTALLED): pyproject.toml constraints.txt tests/plugin/pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) torch
	$(PIP) --editable ".[torch,tensorflow-cpu,examples,benchmarks,dev]" --editable tests/plugin
	touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
