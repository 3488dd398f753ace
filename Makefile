# Everything a reader or a contributor runs. `make` alone lists the commands.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV ?= .venv
# The exact versions that CI uses. `make test CONSTRAINTS=` takes the newest that pyproject.toml allows.
CONSTRAINTS ?= constraints.txt
SEEDS ?= 5
PORT ?= 8000

BIN := $(VENV)/bin
RUN := $(BIN)/python
PIP := $(RUN) -m pip install --quiet $(if $(CONSTRAINTS),-c $(CONSTRAINTS))
HOOK := --jaxtyping-packages=cmlearn,beartype.beartype
HTML := _build/html

export OMP_NUM_THREADS ?= 1
export TQDM_DISABLE ?= 1
export HF_HUB_OFFLINE ?= 1

.PHONY: help book serve test lint types unit nbval stale html book-test browser notebooks lesson claims bench data data-check constraints lab clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(RUN):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip

$(VENV)/.book: pyproject.toml constraints.txt | $(RUN)
	$(RUN) tools/requirements.py book > $(VENV)/book.txt
	$(PIP) -r $(VENV)/book.txt
	touch $@

$(VENV)/.all: pyproject.toml constraints.txt | $(RUN)
	$(PIP) torch
	$(PIP) -e '.[lessons,book,test]'
	touch $@ $(VENV)/.book

$(VENV)/.data: tools/build_data/constraints.txt | $(VENV)/.all
	$(RUN) -m pip install --quiet -r tools/build_data/constraints.txt
	touch $@

book: $(VENV)/.book  ## build the HTML book from the notebooks and print the page to open
	@$(MAKE) --no-print-directory html
	@echo "Open file://$(CURDIR)/$(HTML)/index.html in a browser, or run: make serve"

html: $(VENV)/.book
	$(BIN)/jupyter-book build . --path-output . -W -n --keep-going -q

serve: book  ## serve the built book on localhost
	$(RUN) -m http.server --bind 127.0.0.1 --directory $(HTML) $(PORT)

test: $(VENV)/.all lint types unit stale nbval html book-test browser  ## everything: lint, types, tests, every lesson, the book, the browser
	@echo "All of it holds."

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/yamllint --strict .github _config.yml _toc.yml environment.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

types: $(VENV)/.all
	$(BIN)/mypy

# Two processes: jaxtyping's hook raises before our own error messages can.
unit: $(VENV)/.all  ## the package's tests
	$(BIN)/pytest -q -n 2 -m "not errors and not browser" $(HOOK) tests --ignore tests/test_book.py
	$(BIN)/pytest -q -m errors tests
	$(BIN)/pytest -q --doctest-modules cmlearn

stale: $(VENV)/.all
	$(RUN) -m tools.notebooks --check

nbval: $(VENV)/.all
	$(BIN)/pytest -q --nbval-lax --nbval-current-env --nbval-sanitize-with tests/nbval.cfg -n 2 --dist loadfile -p no:timeout notebooks

book-test: $(VENV)/.all
	$(BIN)/pytest -q tests/test_book.py

browser: $(VENV)/.all
	$(BIN)/pytest -q -n 2 -m browser tests/browser

notebooks: $(VENV)/.all  ## regenerate and execute the stale lessons
	$(RUN) -m tools.notebooks

lesson: $(VENV)/.all  ## one lesson: convert, run, nbval, page (LESSON=works/cca)
	$(RUN) -m tools.notebooks $(LESSON)
	$(BIN)/pytest -q --nbval-lax --nbval-current-env --nbval-sanitize-with tests/nbval.cfg -p no:timeout notebooks/$(LESSON).ipynb
	@$(MAKE) --no-print-directory html
	@echo "Open file://$(CURDIR)/$(HTML)/notebooks/$(LESSON).html"

claims: $(VENV)/.all  ## every claim under several seeds (SEEDS=5 LESSON=works/cca)
	$(RUN) -m tools.claims --seeds $(SEEDS) $(LESSON)

bench: $(VENV)/.all  ## speed and memory beside the libraries a reader would otherwise use
	$(RUN) -m benchmarks

data: $(VENV)/.data  ## rebuild the bundled data from the named packages
	$(RUN) -m tools.build_data

data-check: $(VENV)/.data
	$(RUN) -m tools.build_data --check

constraints: $(VENV)/.all  ## write constraints.txt from the current environment
	$(RUN) -m pip freeze --exclude-editable | sed -E 's/\+cpu$$//' | sort -f > constraints.txt

lab: $(VENV)/.all  ## JupyterLab on the lessons
	$(PIP) -e '.[lab]'
	$(BIN)/jupyter lab notebooks

clean:  ## remove what was built; the data and notebooks stay
	rm -rf _build .mypy_cache .ruff_cache .pytest_cache
