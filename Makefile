# The targets: make run | test | test-long | test-unit | fuzz | simulate | chaos | check | migrate | events | bench | bench-matching | soak | load. See README.md.
PYTHON ?= python3
VENV := .venv
PEERS := .venv-bench
# Generates a client in a test, from packages that do not fit beside ours.
CLIENTS := .venv-clients
BIN := $(VENV)/bin
STAMPS := .stamps
# With this set, every process would recompile everything it imports at each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-long test-unit fuzz simulate chaos check migrate events bench bench-matching soak load image-check format install install-dev install-clients web web-dev

run: install web
	@exec $(BIN)/python -m server run

install:
	@$(PYTHON) -I server/bootstrap.py $(VENV) requirements.txt $(STAMPS)/requirements requirements-dev.txt

install-dev:
	@$(PYTHON) -I server/bootstrap.py $(VENV) requirements-dev.txt $(STAMPS)/requirements

install-clients: install-dev $(CLIENTS)/installed

$(CLIENTS)/installed: requirements-clients.txt
	@echo "tallyroom: installing the generator of Python clients (once)"
	@$(BIN)/python -m venv --clear --without-pip $(CLIENTS)
	@$(BIN)/python -m pip --python $(CLIENTS)/bin/python install --quiet --disable-pip-version-check \
		--require-hashes --only-binary :all: -r $<
	@touch $@

# Splink and recordlinkage bring packages that nothing else here needs, so they are installed only for this.
bench-matching: install-dev $(PEERS)/installed
	$(BIN)/python -m bench engine matching

$(PEERS)/installed: requirements-bench.txt
	@echo "tallyroom: installing the peers of the matching benchmarks (once)"
	@$(BIN)/python -m venv --clear --without-pip $(PEERS)
	@$(BIN)/python -m pip --python $(PEERS)/bin/python install --quiet --disable-pip-version-check --only-binary :all: -r $<
	@touch $@

# Built once, and again when a source changes. Without Node, only the API is served.
web:
	@$(PYTHON) -I server/build_web.py build web $(STAMPS)/web

# A build needs fewer packages than the tests, so `make run` does not wait for the rest.
web-dev:
	@$(PYTHON) -I server/build_web.py install web

# For two cores. A fourth process would take 12 s of computing for itself, and the browser tests, which one process runs,
# would get a smaller share and end last.
SUITE := --numprocesses 3 --dist loadfile --no-loadscope-reorder
test: install-dev web-dev web
	$(BIN)/python -m pytest -m "not long" $(SUITE)

# What takes long and shows more of what those tests show: further cases and formats, other screens, generated clients.
test-long: install-dev install-clients web-dev web
	$(BIN)/python -m pytest -m long $(SUITE)

# Needs no database and no processes, so it takes only seconds; meant to be run while writing code.
test-unit: install-dev
	$(BIN)/python -m pytest -m unit --numprocesses 2 --dist loadfile

# Damages files for about ten minutes, and sends every document to the server; `make test` does it for seconds.
fuzz: install-dev
	$(BIN)/python -m pytest tests/rules/test_fuzz.py tests/reading/test_damage.py --hypothesis-profile fuzz --timeout 0 --numprocesses 2

# Runs the relay in many orders of what happens at once; `make test` does so for seconds. ARGS="--seed 7" shows one run.
SEEDS ?= 10000
simulate: install-dev
	@PYTHONPATH=.:client exec $(BIN)/python -m tests.realtime.simulation --seeds $(SEEDS) $(ARGS)

# Kills, freezes and cuts everything for ten minutes, and then compares what clients have with the database; `make test` does
# so for seconds. SEED=7 chooses the same faults again.
SECONDS ?= 600
chaos: install-dev
	@PYTHONPATH=.:client exec $(BIN)/python -m tests.chaos --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(ARGS)

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m server check-generated
	$(BIN)/python -m matching.reading.cells.build --check
	@$(PYTHON) -I server/build_web.py check web

format: install-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	@$(PYTHON) -I server/build_web.py format web

migrate: install
	@exec $(BIN)/python -m server migrate

events: install
	$(BIN)/python -m server write-generated

bench: install-dev
	$(BIN)/python -m bench

# Fails if memory, tasks, descriptors or the time until an event arrives grow.
MINUTES ?= 60
soak: install-dev
	@PYTHONPATH=. exec $(BIN)/python -m bench.soak $(MINUTES)

# Opens Locust's page at http://localhost:8089. Options go into ARGS; see docs/load-testing.md.
HOST ?= http://127.0.0.1:2000
load: install-dev
	@PYTHONPATH=. exec $(BIN)/locust --locustfile bench/load/locustfile.py --host $(HOST) --web-host 127.0.0.1 $(ARGS)

image-check:
	@sh .ci/image-check
