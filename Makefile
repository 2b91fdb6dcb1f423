# Two commands are enough: `make serve` and `make test`. Each prepares what it needs.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
SERVE := .venv/serve
DEV := .venv/dev
pip_install = $(1)/bin/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help serve test check format train reproduce results bench notebook evaluate predict lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(SERVE)/ready ## Start the service on http://HOST:PORT with the embedded bundles
	@$(SERVE)/bin/digitserve serve --host $(HOST) --port $(PORT)

test: $(DEV)/ready ## Run every test
	$(DEV)/bin/python -m pytest --cov --cov-report=term

check: $(DEV)/ready ## Lint, check types and import rules; change nothing
	$(DEV)/bin/ruff check
	$(DEV)/bin/ruff format --check
	$(DEV)/bin/mypy
	$(DEV)/bin/lint-imports

format: $(DEV)/ready ## Mend what the linter and the formatter can
	$(DEV)/bin/ruff check --fix
	$(DEV)/bin/ruff format

RECIPE ?= textbook
SEED ?= 10
OUT ?= runs/$(RECIPE)-$(SEED)
train: $(DEV)/ready ## Train RECIPE with SEED into OUT and write its report
	$(DEV)/bin/python -m training train --recipe $(RECIPE) --seed $(SEED) --out $(OUT)

reproduce: $(DEV)/ready ## Train RECIPE over five seeds and write docs/results.md
	$(DEV)/bin/python -m training reproduce --recipe $(RECIPE) --seeds 5

UPLOADS ?=
UCI ?=
results: $(DEV)/ready ## Measure the bundles (UPLOADS=DIR: real uploads, UCI=FILE: its digits); write docs/results.md
	$(DEV)/bin/python -m training benchmark $(if $(UPLOADS),--uploads $(UPLOADS)) $(if $(UCI),--uci $(UCI))

QUICK ?=
bench: $(SERVE)/ready ## Measure the service beside its peers; write docs/benchmarks.md (QUICK=1: a draft in build/)
	$(SERVE)/bin/python -m benchmarks compare $(if $(QUICK),--quick)
	$(SERVE)/bin/python -m benchmarks study $(if $(QUICK),--quick)
	$(SERVE)/bin/python -m benchmarks performance $(if $(QUICK),--quick)

notebook: $(DEV)/ready ## Build and execute docs/chapter8.ipynb from its source
	$(DEV)/bin/python docs/build_notebook.py

evaluate: $(SERVE)/ready ## Score the embedded bundle on its 10,000 test digits
	@$(SERVE)/bin/digitserve evaluate

FILE ?= docs/images/seven.png
predict: $(SERVE)/ready ## Recognise the digit in FILE
	@$(SERVE)/bin/digitserve predict $(FILE)

lock: ## Resolve the hash-locked requirements anew
	requirements/lock.sh

clean: ## Remove the virtual environments and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage

# A virtual environment is made anew when its locked requirements change.
$(SERVE)/ready: requirements/service.txt requirements/build.txt pyproject.toml
$(DEV)/ready: requirements/dev.txt requirements/build.txt pyproject.toml

ifndef LOCKED
# Another make may be at it: wait for it, then look again whether there is anything left to do.
$(SERVE)/ready $(DEV)/ready:
	@$(PYTHON) requirements/locked.py $(@D).lock $(MAKE) --no-print-directory LOCKED=1 $@
else
$(SERVE)/ready:
	@echo "Preparing $(SERVE) (service dependencies only, about 20 s)"
	@$(call make_venv,$(SERVE),requirements/service.txt)

$(DEV)/ready:
	@echo "Preparing $(DEV) (TensorFlow and the test tools, about 2 min)"
	@$(call make_venv,$(DEV),requirements/dev.txt)
endif

define make_venv
	rm -rf $(1)
	$(PYTHON) -m venv $(1)
	$(call pip_install,$(1)) --require-hashes -r $(2) -r requirements/build.txt
	$(call pip_install,$(1)) --no-deps --no-build-isolation -e .
	@touch $(1)/ready
endef
