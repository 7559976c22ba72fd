# Two commands need nothing but Python 3.11 and make: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check fix bench bench-gate demo schema clean help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Start everything here; Ctrl-C stops it
	@exec $(BIN)/python manage.py up

demo: $(VENV)/.installed ## Fill the running instance with a few thousand varied calls
	@exec $(BIN)/python manage.py demo

test: $(VENV)/.installed-dev ## Run the whole test suite
	@sh deploy/test-machine.sh
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.installed-dev ## Format, lint, types, walls between the rooms, missing migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	PARAPET_SECRET_KEY=check $(BIN)/python manage.py makemigrations --check --dry-run --settings console.settings.test

fix: $(VENV)/.installed-dev ## Format, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev ## Measure the proxy and the receiver against their floors
	$(BIN)/python -m tests.benchmarks.proxy
	$(BIN)/python -m tests.benchmarks.receiver

bench-gate: $(VENV)/.installed-dev ## Measure the gate by simulation; VERDICTS=file replays stored verdicts too
	$(BIN)/python -m tests.benchmarks.gate $(if $(VERDICTS),--verdicts $(VERDICTS))
	$(BIN)/python -m tests.benchmarks.calibration

schema: $(VENV)/.installed-dev ## Write schema.sql: what all migrations add up to
	$(BIN)/python -m ingest.clickhouse.schema

clean: ## Remove the environment and the caches, not the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Parapet needs Python 3.11 or newer; set PYTHON=/path/to/it."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing: apt-get install python3-venv."; exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Parapet into $(VENV) (a few minutes the first time)"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Parapet and its tools into $(VENV)"
	@# The tests train and run small models: PyTorch's CPU build is a fifteenth of the one for GPUs.
	@$(PIP) install --retries 0 --timeout 60 --index-url https://download.pytorch.org/whl/cpu torch==2.13.0 2>/dev/null || $(PIP) install torch==2.13.0
	@$(PIP) install --use-pep517 --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed
