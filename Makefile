# LinkXG. `make` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
TEST_STAMP := $(VENV)/.installed-test
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help run test test-topologies check bench screenshots lock clean parts

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUN_STAMP) ## Install, then serve three example companies: prints sign-ins, clients and curl commands
	@$(BIN)/linkxg demo

test: $(TEST_STAMP) parts check ## Install what the tests need, check the code, run every test
	@# The tests start hundreds of processes; without bytecode, as with PYTHONDONTWRITEBYTECODE, each would compile it all.
	@$(BIN)/python -m compileall -q src sdk tests
	$(BIN)/python -m pytest --numprocesses 3 --dist loadscope

test-topologies: $(TEST_STAMP) parts ## Run the black-box suite on two workers and on two nodes as well
	$(BIN)/python -m pytest --wider-topologies

check: $(TEST_STAMP) ## Check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/basedpyright

bench: $(TEST_STAMP) ## Measure the service, its peers and the floors: Markdown tables and a chart (needs wrk)
	@command -v wrk >/dev/null || { echo "wrk is missing: apt-get install wrk"; exit 1; }
	PYTHONPATH=tests $(BIN)/python -m bench

screenshots: $(TEST_STAMP) parts ## Retake the screenshots of docs/ and the README (needs Chromium)
	$(BIN)/python -m tests.browser.screenshots

lock: ## Pin the dependencies again, with hashes and without any address (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  requirements/build.in -o requirements/build.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra valkey pyproject.toml -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra valkey --group test --group check pyproject.toml -c requirements/run.txt -o requirements/test.txt

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# PostgreSQL, Redis, Chromium and nginx are real processes in the tests; where one cannot be installed, its tests are skipped with the reason.
parts:
	@sh tests/install_parts.sh

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements/build.txt requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

$(TEST_STAMP): requirements/test.txt sdk/python/pyproject.toml sdk/guard/pyproject.toml $(RUN_STAMP)
	$(PIP) install --require-hashes -r requirements/test.txt
	$(PIP) install --no-build-isolation --no-deps -e sdk/python -e sdk/guard
	@touch $@
