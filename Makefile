# Everything abate does from a clone. Needs Python 3.11 to 3.14 and make; each target installs
# what it needs into .venv, in the versions of constraints.txt.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# How many tests run at once; those of one file run one after the other.
JOBS ?= auto
# In the order of the folders: the files with the fewest tests take longest, and must not be last.
BY_FILE := --dist loadfile --no-loadscope-reorder
# Where the wheel is tried, as `python3.12 python3.13`; on each Python that is here, without it.
PYTHONS ?=
# How large the benchmarks are, and how often the peers run: see benchmarks/README.md.
OBSERVATIONS ?=
INDEX_PROCEDURES ?=
SCORES ?=
PEOPLE ?=
PEER_SCORES ?=
PEER_RUNS ?=
# How many made-up cohorts are attacked.
SEEDS ?= 50

# Not empty: `make test` and `make test-servers` measure what they cover.
COVERAGE ?=
ifneq ($(COVERAGE),)
export COVERAGE_CORE := $(shell $(PYTHON) -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")')
endif
RUN := $(BIN)/$(if $(COVERAGE),coverage run,python) -m pytest

# For each pip below, and for each build that it starts. Relative: pip splits these at blanks.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
NEWEST := env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT

.DEFAULT_GOAL := help
.PHONY: help demo test grid attack test-servers test-browser test-lowest test-latest check format lint types coverage wheel bench constraints clean

help:
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.runtime  ## the published study, out of a FHIR server and back to it
	@$(BIN)/abate demo

test: $(VENV)/.dev  ## the tests; COVERAGE=1 also measures what they cover
	@$(if $(COVERAGE),$(BIN)/coverage erase)
	$(RUN) --numprocesses $(JOBS) $(BY_FILE)

grid: $(VENV)/.dev  ## each fault of a server by each way to pull: rows lost, rows doubled
	$(BIN)/python -m pytest --quiet --numprocesses $(JOBS) tests/grid
	@$(BIN)/python docs/make_grid.py

attack: $(VENV)/.dev  ## try to derive values of a few patients from the reports of SEEDS cohorts
	ABATE_ATTACK_SEEDS=$(SEEDS) $(BIN)/python -m pytest --quiet --numprocesses $(JOBS) tests/attack

test-servers: $(VENV)/.dev  ## the tests against a real FHIR server (needs Java 17 and Maven)
	@command -v mvn >/dev/null || { echo "make test-servers needs Maven and Java 17, and mvn is not here"; exit 1; }
	$(RUN) tests/servers

test-browser: $(VENV)/.dev  ## look at the page in a real browser (needs chromium)
	@command -v chromium >/dev/null || { echo "make test-browser needs chromium, and it is not here"; exit 1; }
	$(BIN)/python -m pytest tests/browser

test-lowest: $(VENV)/.made  ## the statistics on the lowest versions of scipy and numpy that we allow
	$(PYTHON) -m venv $(VENV)/lowest
	$(NEWEST) $(VENV)/lowest/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(NEWEST) $(VENV)/lowest/bin/python -m pip install --quiet --editable . --group dev --constraint tests/analyses/lowest.txt
	$(VENV)/lowest/bin/python -m pytest --numprocesses $(JOBS) tests/analyses tests/disclosure

test-latest: $(VENV)/.made  ## the tests on the newest version of everything; no gate
	$(PYTHON) -m venv --clear $(VENV)/latest
	$(NEWEST) $(VENV)/latest/bin/python -m pip install --quiet --upgrade pip
	$(NEWEST) $(VENV)/latest/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager --editable . --group dev
	@$(VENV)/latest/bin/python .ci/compare.py
	@$(NEWEST) $(VENV)/latest/bin/python -m pip list --outdated | sed '1i Newer, but not allowed by pyproject.toml or by another package:'
	$(VENV)/latest/bin/python -m pytest --numprocesses $(JOBS) $(BY_FILE)

check: format-check lint types  ## format, lint and types, as the daily checks want them

.PHONY: format-check
format-check: $(VENV)/.dev
	$(BIN)/ruff format --check .

format: $(VENV)/.dev  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev  ## lint the code, and hold the layers of the imports
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.dev  ## check the types (mypy, strict)
	$(BIN)/mypy

coverage: $(VENV)/.dev  ## what the last `make test` covered
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

wheel: $(VENV)/.dev  ## build the wheel, look into it, and run the demo from it in fresh environments
	WHEEL_PYTHONS="$(PYTHONS)" $(BIN)/python -m pytest tests/wheel

bench: $(VENV)/.dev $(VENV)/.peers  ## speed: start, demo, cohort, analyses, the pull; beside orjson and peers
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/cohort.py $(OBSERVATIONS)
	$(BIN)/python benchmarks/analyses.py $(INDEX_PROCEDURES)
	$(BIN)/python benchmarks/pull.py $(SCORES)
	$(BIN)/python benchmarks/share.py $(PEOPLE)
	$(BIN)/python benchmarks/peers.py $(VENV)/peers/bin/python $(PEER_SCORES) $(PEER_RUNS)

constraints: $(VENV)/.dev  ## write constraints.txt: the newest versions that pyproject.toml allows
	$(NEWEST) $(BIN)/python .ci/constraints.py > $(VENV)/constraints.txt
	@mv $(VENV)/constraints.txt constraints.txt

clean:  ## remove what make made
	rm -rf $(VENV) dist build .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache

$(VENV)/.made: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 15) else "abate needs Python 3.11 to 3.14, and $(PYTHON) is " + sys.version.split()[0] + ". Say: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/.runtime: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

# Never in the environment of the tests: they bring their own pandas, aiohttp and antlr.
$(VENV)/.peers: $(VENV)/.made pyproject.toml
	$(PYTHON) -m venv $(VENV)/peers
	$(NEWEST) $(VENV)/peers/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(NEWEST) $(VENV)/peers/bin/python -m pip install --quiet --group peers
	@touch $@
