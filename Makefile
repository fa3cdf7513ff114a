# What people do with a checkout. Plain pip and python3 only; everything lands in .venv.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
LONG := long

.PHONY: help coverage install demo serve test test-long check format schema sheet editor bench lock clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

install: $(STAMP) ## Set up .venv with the pinned dependencies

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Mailwright needs Python 3.11 or newer; say which: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## Import, write, send, read, report, prove: the main job in a minute
	@$(BIN)/mailwright demo

serve: $(STAMP) ## Run the whole platform on http://127.0.0.1:8025
	@$(BIN)/mailwright serve

test: $(STAMP) ## Run the tests
	$(BIN)/python -m pytest -q -n auto --dist loadfile -m "not $(LONG)"

test-long: $(STAMP) ## Run the tests that take minutes
	$(BIN)/python -m pytest -q -m "$(LONG)"

check: $(STAMP) ## Format, lint, types, layers: what CI runs first
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/pyright

format: $(STAMP) ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: $(STAMP) ## Rewrite the first migration from store/tables/
	$(BIN)/python -m mailwright.store.migrations.regenerate

sheet: $(STAMP) ## Rewrite the sheet of what of Cakemail's API is answered
	$(BIN)/python -m tests.dialects.cakemail.sheet

editor: ## Bundle the body editor of the dashboard anew (needs Node 20 or newer)
	cd src/mailwright/web/editor && npm ci --ignore-scripts && npm run build

coverage: $(STAMP) ## Rewrite docs/coverage.md from the tests' marks
	$(BIN)/python -m tests.coverage_page

bench: $(STAMP) ## Measure import, fan-out, sending and the API on this machine
	$(BIN)/python -m benchmarks

lock: ## Resolve the dependencies anew (needs uv)
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --python-version 3.11 pyproject.toml -o requirements/base.txt
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --python-version 3.11 --extra dev pyproject.toml -o requirements/dev.txt

clean: ## Remove .venv and caches, never data
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis build dist
