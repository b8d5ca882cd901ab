# modelconv: build, test and measure. `make help` lists the targets.

SWIFT      ?= swift
PYTHON     ?= python3
JOBS       ?= 2
BUILD_FLAGS := --static-swift-stdlib -j $(JOBS)
MODELCONV  := .build/release/modelconv
VENV       := .venv
ORACLES    := Tests/Oracles
OPSETS     ?= 9,11,13,17,21

# Debian and Ubuntu package names.
NATIVE_PACKAGES := libhdf5-dev libzip-dev zlib1g-dev libopenblas-dev libprotobuf-dev libprotobuf-c-dev \
  protobuf-compiler protobuf-c-compiler libpng-dev libturbojpeg0-dev libtiff-dev libwebp-dev \
  libopenjp2-7-dev pkg-config

# Fixtures too large for the repository: a folder named by MODELCONV_SHARED, or `shared` beside the package.
SHARED := $(abspath $(or $(MODELCONV_SHARED),$(wildcard ../shared)))

SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: help build debug demo test unit-tests conformance-small conformance onnx-conformance layers fuzz-smoke bench networks docs lint format \
  schemas deps test-deps venv clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 22

build: deps ## release build, Swift standard library linked statically
	$(SWIFT) build -c release $(BUILD_FLAGS) --product modelconv

debug: deps ## debug build
	$(SWIFT) build -j $(JOBS)

demo: build ## convert, prove and look at the digits network in Samples
	@Samples/demo.sh $(MODELCONV)

test: build test-deps ## everything: Swift tests, conformance on small fixtures, ONNX Runtime as a second opinion
	@status=0; \
	$(MAKE) --no-print-directory unit-tests || status=1; \
	$(MAKE) --no-print-directory conformance-small || status=1; \
	$(PYTHON) $(ORACLES)/summary.py .build/test-reports || status=1; \
	exit $$status

unit-tests:
	@mkdir -p .build/test-reports && rm -f .build/test-reports/unit*
	$(if $(SHARED),MODELCONV_SHARED="$(SHARED)") $(SWIFT) test -j $(JOBS) --xunit-output .build/test-reports/unit.xml

conformance-small:
	@mkdir -p .build/test-reports && rm -f .build/test-reports/{conformance,cli,pictures}.json
	@status=0; \
	if [ -x $(VENV)/bin/python ]; then $(VENV)/bin/python $(ORACLES)/test_oracles.py || status=1; \
	$(VENV)/bin/python $(ORACLES)/onnx_roundtrip.py --binary $(MODELCONV) || status=1; \
	else echo "no Python oracles: their own tests are skipped"; fi; \
	if [ -x $(VENV)/bin/python ]; then $(VENV)/bin/python $(ORACLES)/fork_layers.py --binary $(MODELCONV) || status=1; \
	else echo "skipped: the layers of forks need numpy"; fi; \
	$(PYTHON) $(ORACLES)/cli_checks.py --binary $(MODELCONV) --report .build/test-reports/cli.json || status=1; \
	$(PYTHON) $(ORACLES)/conformance.py --binary $(MODELCONV) --oracle-python $(VENV)/bin/python \
	  --opsets $(OPSETS) --report .build/test-reports/conformance.json --disturb --roundtrip \
	  --fixtures Tests/Fixtures/caffe-layers --fixtures Tests/Fixtures/caffe-rejects --fixtures Samples/digits \
	  || status=1; \
	if [ -x $(VENV)/bin/python ]; then $(VENV)/bin/python $(ORACLES)/pictures_check.py --binary $(MODELCONV) \
	  --shared "$(SHARED)" --report .build/test-reports/pictures.json || status=1; fi; \
	if [ -x $(VENV)/bin/python ]; then \
	  $(VENV)/bin/python $(ORACLES)/onnx_versions.py --binary $(MODELCONV) --every 40 || status=1; fi; \
	exit $$status

conformance: build test-deps ## every fixture at hand, whole networks included, at every opset
	@mkdir -p .build/test-reports
	$(PYTHON) $(ORACLES)/conformance.py --binary $(MODELCONV) --oracle-python $(VENV)/bin/python \
	  --opsets $(OPSETS) --report .build/test-reports/conformance-all.json --disturb --roundtrip \
	  --fixtures Samples/digits --shared "$(SHARED)"
	@if [ -x $(VENV)/bin/python ]; then \
	  $(VENV)/bin/python $(ORACLES)/onnx_versions.py --binary $(MODELCONV) --missing && \
	  $(VENV)/bin/python $(ORACLES)/hostile_graphs.py --binary $(MODELCONV); fi

fuzz-smoke: build ## 500 mutated files: no signal, no status outside the contract
	$(PYTHON) $(ORACLES)/fuzz_smoke.py --binary $(MODELCONV) --count 500 --shared "$(SHARED)"
	@if [ -x $(VENV)/bin/python ]; then \
	  $(VENV)/bin/python $(ORACLES)/operand_shapes.py --binary $(MODELCONV) --shared "$(SHARED)" --every 31; fi

bench: build test-deps ## ratios to cp, cblas_sgemm, ONNX Runtime and OpenCV
	@if [ -x $(VENV)/bin/python ]; then $(VENV)/bin/python -c 'import cv2' 2>/dev/null \
	  || $(VENV)/bin/pip install -q -r $(ORACLES)/requirements-bench.txt || echo "OpenCV did not install: left out"; fi
	$(VENV)/bin/python $(ORACLES)/bench.py --binary $(MODELCONV) --data bench-data --shared "$(SHARED)"

onnx-conformance: build test-deps ## ONNX's own cases and models: run, converted at several operator sets, run again
	@mkdir -p .build/test-reports
	$(VENV)/bin/python $(ORACLES)/onnx_roundtrip.py --binary $(MODELCONV)
	$(VENV)/bin/python $(ORACLES)/onnx_types.py --binary $(MODELCONV) --corpus "$(SHARED)/corpus"
	$(PYTHON) $(ORACLES)/onnx_conformance.py --binary $(MODELCONV) --oracle-python $(VENV)/bin/python \
	  --corpus "$(SHARED)/corpus" --cache .build/onnx-oracles.json --report .build/test-reports/onnx.json

layers: build test-deps ## published ONNX models layer by layer against ONNX Runtime; rewrites proven on every case
	$(VENV)/bin/python $(ORACLES)/layers_check.py --binary $(MODELCONV) --shared "$(SHARED)"
	$(VENV)/bin/python $(ORACLES)/rewrites.py --binary $(MODELCONV) --shared "$(SHARED)" --passes all

networks: build test-deps ## prototxts of published nets in NETWORKS=FOLDER: filled, run, converted, compared
	cd $(ORACLES) && $(abspath $(VENV))/bin/python networks.py "$(abspath $(NETWORKS))" --binary $(abspath $(MODELCONV))

docs: build ## the pages of the documentation that are generated
	$(MODELCONV) list layers --page >Sources/ModelConv/ModelConv.docc/CaffeLayers.md
	$(PYTHON) $(ORACLES)/operator_table.py --binary $(MODELCONV) >Sources/ModelConv/ModelConv.docc/OnnxOperators.md

lint: ## swift-format in lint mode
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Package.swift

format: ## swift-format in place
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Package.swift

schemas: deps ## regenerate the C code of the protobuf schemas
	Schemas/generate.sh

# Installs what is missing and nothing else; needs root or sudo only when something is missing.
define install_packages
	@if command -v dpkg-query >/dev/null; then \
	  missing=""; \
	  for package in $(1); do \
	    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
	  done; \
	  if [ -n "$$missing" ]; then \
	    echo "installing:$$missing"; \
	    sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo -n"; \
	    $$sudo apt-get update -qq </dev/null && \
	    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing </dev/null || \
	    { echo "could not install:$$missing (as root: apt-get install$$missing)" >&2; exit 1; }; \
	  fi; \
	else \
	  echo "no dpkg here; the build needs the libraries behind these Debian packages: $(1)"; \
	fi
endef

deps:
	$(call install_packages,$(NATIVE_PACKAGES))

test-deps: deps
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || $(MAKE) --no-print-directory python-packages
	@$(MAKE) --no-print-directory venv

.PHONY: python-packages
python-packages:
	$(call install_packages,python3 python3-venv)

# Without the oracles the tests that need them are skipped with a message, so a failure here is not one of the build.
venv:
	@if ! cmp -s $(ORACLES)/requirements.txt $(VENV)/.installed; then \
	  $(PYTHON) -m venv $(VENV) && $(VENV)/bin/python -m pip install -q -r $(ORACLES)/requirements.txt \
	  && { $(VENV)/bin/python -m pip install -q -r $(ORACLES)/requirements-pictures.txt \
	    || echo "no scikit-image or OpenCV: comparisons of pictures will be skipped"; } \
	  && cp $(ORACLES)/requirements.txt $(VENV)/.installed \
	  || { rm -rf $(VENV); echo "no Python oracles: the comparisons with ONNX Runtime will be skipped" >&2; }; \
	fi

clean: ## remove what was built
	rm -rf .build $(VENV) bench-data demo-out
