# Two commands do all set-up on a fresh machine: `make demo` and `make test`.
# Needs Python 3.11 or newer with venv, and make; everything else goes into .venv/.

PYTHON ?= python3
PYTEST_ARGS ?=
# Processes that tests run in: as many as there are cores, up to four. 0: none but pytest's own,
# which a debugger needs.
PYTEST_WORKERS ?= logical
BENCH_ARGS ?=
VENV   := .venv
BIN    := $(VENV)/bin
STATIC := .static

# One thread per process: trials run in parallel processes, and threaded BLAS in each of them
# would fight over the same cores.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export NUMEXPR_NUM_THREADS := 1

# numba's file cache notices a change in the file of a function, not in the files it calls into:
# the cache folder is named after the text of all kernels.
export NUMBA_CACHE_DIR := $(CURDIR)/.numba_cache/$(shell cat kernels/*.py | cksum | tr -s ' \t' '-')

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
LOCAL   := --no-build-isolation --editable
SOURCES := $(shell find bayesopt kernels -name "*.py" -o -name "*.sql" -o -name "*.css" -o -name "*.js" -o -name 'py.typed')

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow bench bench-quick lint types arch docs format clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.demo  ## tune a small CNN on real handwritten digits; run it again to resume
	$(BIN)/python docs/examples/digits_cnn/main.py $(DEMO_ARGS)

test: $(VENV)/.test  ## run the default test suite: PYTEST_WORKERS=0 for one process
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-slow: $(VENV)/.test  ## run the slow tests only
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

bench: $(VENV)/.bench  ## run benchmarks and make their report: BENCH_ARGS="--set small --peers all"
	$(BIN)/python -m benchmarks run $(BENCH_ARGS) --out results/bench.jsonl
	$(BIN)/python -m benchmarks report results/bench.jsonl --out results/report

bench-quick: $(VENV)/.bench  ## ours against stored results, in minutes: better, same or worse?
	$(BIN)/python -m benchmarks quick $(BENCH_ARGS)

lint: $(VENV)/.dev  ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev  ## put the style right where a tool can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STATIC)/.installed  ## check types, strictly
	cd $(STATIC) && ../$(BIN)/mypy --config-file ../pyproject.toml --cache-dir ../.mypy_cache -p bayesopt

arch: $(STATIC)/.installed  ## check that imports go down
	cd $(STATIC) && PYTHONPATH=. ../$(BIN)/lint-imports --config ../pyproject.toml --no-cache

docs: $(VENV)/.docs  ## build the documentation into site/html; warnings are errors
	$(BIN)/python -m sphinx -W -E --keep-going -q -b html -d site/doctrees docs site/html

clean:  ## remove everything that was made here, environments too; the demo's study stays
	rm -rf $(VENV) $(STATIC) build site *.egg-info .numba_cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find bayesopt kernels tests benchmarks docs -name __pycache__ -type d -exec rm -rf {} +

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, got $$($(PYTHON) -V 2>&1); try make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# setuptools first, at its pinned version: it builds the project itself.
$(VENV)/.build: $(VENV)/.created pyproject.toml constraints.txt
	$(INSTALL) setuptools
	@touch $@

$(VENV)/.demo: $(VENV)/.build
	$(INSTALL) $(LOCAL) '.[demo]'
	@touch $@

$(VENV)/.test: $(VENV)/.build
	$(INSTALL) $(LOCAL) '.[test]'
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: $(VENV)/.build
	$(INSTALL) $(LOCAL) '.[dev]'
	@touch $@ $(VENV)/.test $(VENV)/.demo

$(VENV)/.docs: $(VENV)/.build
	$(INSTALL) $(LOCAL) '.[docs]'
	@touch $@

$(VENV)/.bench: $(VENV)/.build
	$(INSTALL) $(LOCAL) '.[bench]'
	@touch $@ $(VENV)/.test $(VENV)/.demo

# Static tools do not follow the kernels/ mapping, so they look at an installed copy.
$(STATIC)/.installed: $(VENV)/.dev $(SOURCES)
	rm -rf $(STATIC) build
	$(INSTALL) --no-deps --no-build-isolation --target $(STATIC) .
	rm -rf build
	@touch $@
