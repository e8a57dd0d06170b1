# Each target sets up what it needs; only Python 3.11 or newer (with venv) and make have to be there.
#
#   make demo      a capture of a real stack, decoded, encoded again and compared
#   make test      the tests, with few examples and without surveys, against the source tree: within three minutes
#   make check     what CI runs: format, lint, types, and all tests, with many examples, against the built wheel
#   make versions  the tests against the built wheel on every Python that the package claims
#   make pyodide   the tests of the pure core in Pyodide, under node (needs node and npm)
#   make lowest    the tests on the oldest Python with the oldest dependencies that the package claims
#   make bench     the benchmarks, peers in the same run; writes docs/benchmarks.md and its plot
#   make fuzz      the fuzzers, for FUZZ_SECONDS in all; what they find is in build/fuzz
#   make fuzz-bench  which planted bugs our fuzz kit and other fuzzers find, after how many cases (docs/maintaining/fuzz-bench.md)
#   make interop   the tests against live stacks: Linux, Open vSwitch, user-mode Linux (docs/maintaining/interop.md)
#   make docs      the site of the documentation, in build/docs; warnings are errors
#   make notebook  the notebook of the docs, run, exported and looked at in Chromium; its pictures are in build/notebook
#   make engines   the tests on DuckDB, Polars and Dask, and the examples of docs/engines.md
#   make release-check  whether what is here can be released: built twice bit for bit, contents, version and changelog
#   make mutants   what the tests say of a library with one thing changed (docs/maintaining/mutants.md)
#   make generate  write what is made from the declarations: the index of protocols, the pages, the JSON Schema, the manual page
#   make format    put the sources into the form that `make check` asks for
#   make clean     remove all that the targets above made
#
# PYTHON=... picks the interpreter; PYTEST_ARGS=... reaches pytest.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo test check generated-check format-check lint types wheel-test versions pyodide lowest bench fuzz fuzz-bench fuzz-bench-short interop docs notebook engines mutants release-check generate format clean FORCE

# The first interpreter that is new enough and can make environments.
usable = $(1) -c "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.15 python3.14 python3.13 python3.12 python3.11; do if $(call usable,$$p); then echo $$p; break; fi; done)
endif

VENV := .venv
# One worker a core; PYTEST_ARGS=-p no:xdist, or any other arguments, instead.
PYTEST_ARGS ?= -n auto
PY := $(VENV)/bin/python
PIP_OPTIONS := --quiet --disable-pip-version-check --retries 10 --timeout 60
# pyright asks for its newest release at each start otherwise.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
# Containers often set it. Hundreds of processes of the tests would then compile the sources, each for itself.
unexport PYTHONDONTWRITEBYTECODE

TYPED := src tests $(wildcard examples bench fuzz)
DEMO_CAPTURE := tests/captures/kernel-vxlan-inner-vlan.pcap

help:
	@sed -n 's/^#   //p' Makefile

# ---- environments: a stamp for each set of packages, older than pyproject.toml when that changed ----

# The stamp names its interpreter, so that another PYTHON makes the environment anew.
$(VENV)/.made: $(if $(filter-out $(shell cat $(VENV)/.made 2>/dev/null),$(PYTHON)),FORCE)
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer with the venv module was found; set PYTHON=..." >&2; exit 1; }
	@$(call usable,$(PYTHON)) || { echo "$(PYTHON) is older than Python 3.11 or lacks the venv module" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@# 25.1 is the first pip that installs dependency groups.
	$(PY) -m pip install $(PIP_OPTIONS) "pip>=25.1"
	@echo "$(PYTHON)" >$@

$(VENV)/.demo: $(VENV)/.made pyproject.toml
	$(PY) -m pip install $(PIP_OPTIONS) --editable ".[cli]"
	@touch $@

$(VENV)/.test: $(VENV)/.made pyproject.toml
	$(PY) -m pip install $(PIP_OPTIONS) --editable ".[cli,hypothesis,columns,arrow,pandas,polars,anonymise,remote,zstd]" --group test
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	$(PY) -m pip install $(PIP_OPTIONS) --editable ".[cli,hypothesis,columns,arrow,pandas,polars,anonymise,remote,zstd]" --group dev
	@touch $@

$(VENV)/.fuzz: $(VENV)/.made pyproject.toml
	$(PY) -m pip install $(PIP_OPTIONS) --editable ".[cli,hypothesis,columns]" --group fuzz
	@touch $@

$(VENV)/.fuzz-bench: $(VENV)/.made pyproject.toml
	$(PY) -m pip install $(PIP_OPTIONS) --editable ".[cli,hypothesis,columns]" --group fuzz-bench
	@touch $@

$(VENV)/.bench: $(VENV)/.made pyproject.toml
	$(PY) -m pip install $(PIP_OPTIONS) --editable ".[cli,columns,arrow,pandas,polars,sql]" --group bench
	@touch $@

$(VENV)/.docs: $(VENV)/.made pyproject.toml
	$(PY) -m pip install $(PIP_OPTIONS) --editable ".[cli,hypothesis,columns,arrow,pandas,anonymise]" --group docs
	@touch $@

$(VENV)/.notebook: $(VENV)/.made pyproject.toml
	$(PY) -m pip install $(PIP_OPTIONS) --editable ".[cli,hypothesis,columns,arrow,pandas]" --group notebook
	@touch $@

$(VENV)/.engines: $(VENV)/.made pyproject.toml
	$(PY) -m pip install $(PIP_OPTIONS) --editable ".[cli,columns,arrow,pandas,polars,sql]" --group engines
	@touch $@

# ---- for people ----

demo: $(VENV)/.demo
	$(VENV)/bin/overlaycodec show --verify $(DEMO_CAPTURE)

test: $(VENV)/.test
	HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-few} $(PY) -m pytest -m "not survey" $(PYTEST_ARGS)

bench: $(VENV)/.bench
	$(PY) -m bench --into docs/benchmarks.md $(BENCH_ARGS)

FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.fuzz
	$(PY) -m fuzz --seconds $(FUZZ_SECONDS)

# An hour or two, with Debian's afl++ and clang. The short form takes at most five minutes, with what is installed.
fuzz-bench: $(VENV)/.fuzz-bench
	$(PY) -m fuzz.bench --into docs/maintaining/fuzz-bench.md $(FUZZ_BENCH_ARGS)

fuzz-bench-short: $(VENV)/.test
	$(PY) -m fuzz.bench --short

# REQUIRE=1 makes a stack that cannot run here a failure. A worker starts a peer once for all tests of a file.
interop: PYTEST_ARGS = -n 2 --dist loadfile
interop: $(VENV)/.test
	$(PY) -m pytest -m interop $(if $(REQUIRE),--require-interop) tests/interop $(PYTEST_ARGS)

# Nothing is downloaded while building. The notebooks are executed.
docs: $(VENV)/.docs
	$(PY) -m sphinx --quiet --fail-on-warning --keep-going --builder html docs build/docs

# Needs Debian's package chromium. One process: Jupyter runs the notebook once for all tests.
notebook: $(VENV)/.notebook
	$(PY) -m pytest -m notebook tests/notebook -p no:xdist

# One process: Dask starts its own.
engines: $(VENV)/.engines
	$(PY) -m pytest -m engines tests/engines -p no:xdist

mutants: $(VENV)/.dev
	$(PY) -m tests.tools.mutants $(MUTANTS_ARGS)

# TAG=v0.2.0 asks for a release of that version.
release-check: $(VENV)/.dev
	$(PY) -m tests.tools.release_check $(if $(TAG),--tag $(TAG))
	$(PY) -m twine check --strict build/release/first/*

generate: $(VENV)/.test
	$(PY) -m tests.tools.protocol_index
	$(PY) -m tests.tools.public_api
	$(PY) -m tests.tools.rfc_coverage
	$(PY) docs/generate.py

format: $(VENV)/.dev
	$(PY) -m ruff check --fix --exit-zero --quiet
	$(PY) -m ruff format

clean:
	@# The userland of .ci/newer-debian belongs to root.
	rm -rf build 2>/dev/null || sudo -n rm -rf build
	rm -rf $(VENV) dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- what CI runs ----

check: generated-check format-check lint types wheel-test

generated-check: $(VENV)/.dev
	$(PY) -m tests.tools.protocol_index --check

format-check: $(VENV)/.dev
	$(PY) -m ruff format --check

lint: $(VENV)/.dev
	$(PY) -m ruff check
	$(PY) -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(PY) -m check_jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[dm]*.yml

types: $(VENV)/.dev
	$(PY) -m mypy $(TYPED)
	$(PY) -m pyright --pythonpath $(PY)

# Built by way of the source distribution, so that both are known to be whole.
WHEEL := build/dist/.built
$(WHEEL): $(VENV)/.dev pyproject.toml README.md LICENSE docs/man/overlaycodec.1 $(shell find src -type f -not -path "*/__pycache__/*")
	rm -rf build/dist
	@mkdir -p build/dist
	$(PY) -m build --outdir build/dist >build/build.log 2>&1 || { cat build/build.log; exit 1; }
	@touch $@

# The wheel's tests run in environments that never see src/; tests/conftest.py makes sure of it. These are all tests, with
# as many examples as CI takes; the other Pythons take fewer.
wheel-test: $(WHEEL)
	HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-ci} .ci/test-wheel $(PY) $(PYTEST_ARGS)

versions: $(WHEEL)
	.ci/test-versions $(PYTEST_ARGS)

pyodide: PYTEST_ARGS =
pyodide: $(WHEEL)
	.ci/test-pyodide $(PYTEST_ARGS)

lowest: $(WHEEL)
	LOWEST=1 .ci/test-versions $(PYTEST_ARGS)
