# Every target makes what it needs: a machine with Python 3.10 or newer and PyPI is enough for
# `run`, `test`, `check` and `bench`; `interop` also installs real tools, and says which.

# The first of these that is there, runs and is new enough; `make PYTHON=/path/to/python` decides.
PYTHONS := python3 python3.13 python3.12 python3.11 python3.10 python
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Further words for pytest: make test ARGS='-k codec -x'
ARGS :=

.DEFAULT_GOAL := help
.PHONY: help run test check lint types imports format interop interop-tools bench \
    bench-figures bench-instructions bench-manifests bench-build bench-local soak harden docs templates lock hooks clean
.DELETE_ON_ERROR:

help:
	@echo 'make run      serve the example functions, with lines to paste'
	@echo 'make test     run the tests that need only Python and PyPI'
	@echo 'make check    lint, types and the direction of imports'
	@echo 'make interop  install the real tools (Docker Engine, NGINX, faas-cli) and test with them'
	@echo 'make harden   slow clients by the hundred, fuzzers, generated input for minutes'
	@echo 'make bench    compare the server with its peers, one core each'
	@echo 'make soak     half an hour of mixed load: does anything grow?'
	@echo 'make bench-manifests  render and lint a project of 1,000 functions'
	@echo 'make bench-build  from an edited line to a pushed image, beside docker and pip'
	@echo 'make bench-local  the local platform beside the function itself, NGINX and Envoy'
	@echo 'make bench-instructions  compare the instructions of a request with what they were'
	@echo 'make format   let ruff put the code in its form'
	@echo 'make hooks    run the checks before each commit'
	@echo 'make docs     write the generated parts of the pages'
	@echo 'make templates  write what follows from the version in templates/'
	@echo 'make lock     resolve the locked requirements anew'
	@echo 'make clean    remove the environment and the caches'

# Two steps into one environment: what serving needs, then what working on the project needs.
$(VENV)/.made:
	@for python in $(or $(PYTHON),$(PYTHONS)); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || continue; \
	    "$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
	        echo "error: $$python cannot make environments: its venv or ensurepip is missing" >&2; \
	        echo "  hint: on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	    echo "making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv --clear $(VENV) || exit 1; \
	    touch $@; exit 0; \
	done; \
	echo "error: no Python 3.10 or newer among: $(or $(PYTHON),$(PYTHONS))" >&2; \
	echo "  hint: make PYTHON=/path/to/python3" >&2; exit 1

$(VENV)/.run: $(VENV)/.made requirements.lock pyproject.toml
	@echo 'installing the locked requirements'
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo 'installing the locked requirements of the tests'
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run
	@$(BIN)/wherry up functions

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(ARGS)

check: lint types imports

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

imports: $(VENV)/.dev
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

interop-tools:
	tests/interop/tools.sh

interop: $(VENV)/.dev interop-tools
	tests/interop/run.sh $(BIN)/python -m pytest -m interop $(ARGS)

bench: $(VENV)/.run
	$(BIN)/python -m benchmarks.serving $(ARGS)

# Counts, not seconds: it may run while the machine does something else. Needs valgrind.
# The fuzzer is large and has wheels for some Pythons only, so the tests do not ask for it.
harden: $(VENV)/.dev
	$(PIP) install --no-build-isolation -e '.[fuzz]'
	$(BIN)/python -m pytest -m hardening -s $(ARGS)

bench-instructions: $(VENV)/.run
	$(BIN)/python -m benchmarks.instructions $(ARGS)

# It reads the same files with PyYAML too, to compare.
bench-manifests: $(VENV)/.dev
	$(BIN)/python -m benchmarks.manifests $(ARGS)

# Beside Docker and pip, with a registry on loopback; needs what `make interop-tools` installs.
bench-build: $(VENV)/.dev
	sh tests/interop/run.sh $(BIN)/python -m benchmarks.build $(ARGS)

# Needs wrk, and NGINX and Envoy for the comparison; wants a machine without other work.
bench-local: $(VENV)/.dev
	$(BIN)/python -m benchmarks.local $(ARGS)

soak: $(VENV)/.run
	$(BIN)/python -m benchmarks.soak $(ARGS)

# The plots and the figures in the pages from the published runs, without measuring.
bench-figures: $(VENV)/.run
	$(BIN)/python -m benchmarks.serving.publication
	$(BIN)/python -m benchmarks.soak.publication

docs: $(VENV)/.run
	$(BIN)/python docs/generate.py

templates: $(VENV)/.run
	$(BIN)/python -m wherry_build.template

hooks: $(VENV)/.dev
	$(BIN)/pre-commit install

# uv resolves for every supported Python at once; it is needed here only. What is locked stays as it
# is where it may: `make lock UPGRADE=--upgrade` takes the newest.
UPGRADE :=
lock: $(VENV)/.made
	@$(PIP) install uv
	printf 'hatchling>=1.27,<2\neditables>=0.5,<1\n' | $(BIN)/uv pip compile --quiet $(UPGRADE) \
	    --universal --python-version 3.10 --generate-hashes --no-emit-package wherry \
	    --custom-compile-command 'make lock' --extra all -o requirements.lock \
	    pyproject.toml functions/*/requirements.txt -
	$(BIN)/uv pip compile --quiet $(UPGRADE) \
	    --universal --python-version 3.10 --generate-hashes --no-emit-package wherry \
	    --custom-compile-command 'make lock' --extra dev -o requirements-dev.lock \
	    -c requirements.lock pyproject.toml functions/*/requirements.txt

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
