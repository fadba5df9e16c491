# Two commands do all the set-up: `make demo` and `make test`. Needs Python 3.11+, make and git.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --frozen
JOBS ?= 2

.PHONY: demo test bench soak lint audit setup clean screenshots

demo: setup
	$(RUN) vigia demo

setup: .venv/.ready
	@$(RUN) python -m vigia.run.warm

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet uv

.venv/.ready: pyproject.toml uv.lock | $(if $(findstring .uv/,$(UV)),.uv/bin/uv)
	$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

# What is left out on this machine is said at the end of the run, with the reason.
test: setup
	sh tools/browser.sh
	$(RUN) python -m tools.run_tests

lint: setup
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) pyright
	$(RUN) lint-imports

# Known weaknesses of what uv.lock names; asks the package index, so it is no part of `make test`.
audit: setup
	$(UV) export --frozen --quiet --no-emit-project --all-groups > .venv/audit.txt
	$(UV) tool run pip-audit --disable-pip --require-hashes -r .venv/audit.txt

bench: setup
	$(UV) sync --frozen --quiet --group bench
	$(RUN) --group bench python -m bench

soak: setup
	$(RUN) python -m tools.soak

clean:
	rm -rf .venv .uv build dist artefacts demo-data .pytest_cache .ruff_cache .hypothesis

# Fresh pictures of the real demo for the README (needs chromium).
screenshots: setup
	$(RUN) python -m tools.screenshots
