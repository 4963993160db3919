# Everything happens in a virtual environment of the project's own.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test interop soak nodes bench check viewer viewer-check clean

demo: $(READY)
	$(BIN)/python examples/demo.py

test: $(READY)
	$(BIN)/python -m pytest

interop: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[interop]"
	$(BIN)/python -m pytest tests/interop

# Every fault with its big numbers, some 30 minutes; `make soak ONLY=F4` takes those of one.
soak: $(READY)
	cd tests && ../$(BIN)/python -m faults.soak --only "$(ONLY)" $(if $(ONLY),,--write)
	$(if $(ONLY),,cd tests && ../$(BIN)/python -m faults.canaries)

# A batch on two nodes, of which one is killed, some 3 minutes; on Linux, as root.
nodes: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[ray]"
	$(BIN)/python tests/nodes.py $(or $(PICTURES),8000) $(or $(FAULTS),0)

# Every figure beside its goal, some 12 minutes; `make bench ONLY=json` takes those of one heat.
bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	$(BIN)/python -m benchmarks --only "$(ONLY)"

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The page that reports are made of, from its source; it is committed, so that users need no Node.
viewer:
	cd viewer && npm ci && npm run build

# Is the committed page what its source makes, and does it work in a browser?
viewer-check: $(READY)
	cd viewer && npm ci && npm run build -- --outDir dist
	cmp viewer/dist/viewer.html taggers/compare/viewer.html
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[browser]"
	$(BIN)/python -m pytest tests/viewer

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) demo
