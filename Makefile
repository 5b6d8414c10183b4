# The same commands here and in CI.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup drill test check bench bench-recovery lock wheel

setup: .setup-stamp

.setup-stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "error: no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

drill: setup
	$(BIN)/lab drill conn-reset

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# About 7 minutes on an otherwise idle machine; clients that are missing are named in the table (benchmarks/README.md).
bench: setup
	@$(MAKE) --no-print-directory benchmarks/.venv/bin/locust || echo "no Locust: the table says so" >&2
	$(BIN)/python -m benchmarks

# In an environment of its own: neither ours nor the lock file know of it.
benchmarks/.venv/bin/locust:
	$(PYTHON) -m venv benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --disable-pip-version-check locust==2.47.0

# About 11 minutes: the responder beside supervisors (benchmarks/README.md).
bench-recovery: setup
	@$(MAKE) --no-print-directory benchmarks/.supervisors/bin/gunicorn || echo "no supervisors: the table says so" >&2
	$(BIN)/python -m benchmarks.recovery

# uvicorn as in requirements.lock: gunicorn's worker runs in the project's interpreter, with these before its own packages.
benchmarks/.supervisors/bin/gunicorn:
	$(PYTHON) -m venv benchmarks/.supervisors
	benchmarks/.supervisors/bin/python -m pip install --quiet --disable-pip-version-check \
		supervisor==4.3.0 circus==0.19.0 gunicorn==27.0.1 uvicorn-worker==0.4.0 uvicorn==0.54.0 httptools==0.9.0

# Hashes for every platform, no index addresses.
lock: setup
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-header --no-annotate --output-file requirements.lock pyproject.toml

wheel: setup
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .
