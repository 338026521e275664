# Every target sets up what it needs: on a fresh machine `make demo` or `make test` is the first and only command.
# ENTERPRISES=file, PROGRAMME=code, OVERLAY=code, PACKS=folder: what `make demo` runs on.   TESTS="paths or options": what `make test` runs.

YUNQUAN := .venv/bin/yunquan
PY := .venv/bin/python
TESTS ?= tests
WORKERS ?= 2
STRICT = contracts infra/local $(wildcard services/*/domain)

.PHONY: help setup demo test lint format bench up down status schemas lock clean

help:
	@echo "make demo    one year of a programme, start to finish  [ENTERPRISES=file] [PROGRAMME=code] [OVERLAY=code] [PACKS=folder]"
	@echo "make test    lint, then every test                     [TESTS=tests/unit] [WORKERS=2]"
	@echo "make up      keep everything running for development; make down ends it; make status shows it"
	@echo "make bench   figures beside those of peers          [BENCH=settlement]"
	@echo "make lint | format | schemas | lock | setup | clean"

setup:
	@infra/local/setup.sh

demo: setup
	@$(YUNQUAN) demo $(if $(ENTERPRISES),--enterprises "$(ENTERPRISES)") $(if $(PROGRAMME),--programme "$(PROGRAMME)") $(if $(OVERLAY),--overlay "$(OVERLAY)") $(if $(PACKS),--packs "$(PACKS)")

test: lint
	@$(PY) -m infra.local.packages rabbitmq postgresql chinese-font pdftotext
	@$(PY) -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

lint: setup
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check . || { echo "not formatted: make format" >&2; exit 1; }
	@.venv/bin/mypy --no-error-summary $(STRICT)
	@report=$$(.venv/bin/lint-imports --no-logo) || { echo "$$report"; exit 1; }

format: setup
	@.venv/bin/ruff check --quiet --fix . || true
	@.venv/bin/ruff format --quiet .

bench: setup
	@$(PY) -m infra.local.packages rabbitmq postgresql
	@$(PY) -m benchmarks $(BENCH)

up: setup
	@$(YUNQUAN) up --detach

down:
	@if [ -x $(YUNQUAN) ]; then $(YUNQUAN) down; fi

status: setup
	@$(YUNQUAN) status

# The published schemas and contracts/asyncapi.yaml, from the classes in contracts/.
schemas: setup
	@$(PY) -m contracts.generate

# The locks name versions and hashes, and no index: they hold wherever the packages come from.
lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 2; }
	@for name in requirements requirements-dev; do \
	    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	        --no-emit-index-url --no-emit-find-links --output-file $$name.lock $$name.in || exit 1; \
	done
	@uv pip compile --quiet --universal --python-version 3.11 --no-deps --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --output-file requirements-schemas.lock requirements-schemas.in
	@if grep -nE '://|^--' requirements*.lock; then echo "a lock names an index" >&2; exit 1; fi

clean: down
	@rm -rf .venv .yunquan build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
