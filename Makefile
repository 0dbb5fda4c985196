# Every goal is one line that can be typed by hand; `make` alone lists them.
# Only `env` and `lock` need a Python of the system, everything else uses .venv.

VENV    := .venv
PY      := $(VENV)/bin/python
# An interpreter of your choice: make env PYTHON=/usr/bin/python3.12
PYTHON  ?=
# make demo ONCE=1 ends by itself.
ONCE    ?=
# make torture SEED=7 SECONDS=120 repeats a run, shorter.
SEED    ?=
SECONDS ?=
# More to hand to pytest: make test ARGS="-k slices -x"
ARGS    ?=

.DEFAULT_GOAL := help
.PHONY: help env demo run test bench torture check lock clean

help: ## list the goals
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## build .venv from the locked requirements (skipped while it is current)
	@sh requirements/build_env.sh "$(VENV)" "$(PYTHON)"

demo: env ## a month of reports through every ledger's simulator; ONCE=1 ends by itself
	@$(PY) manage.py demo $(if $(ONCE),--once)

run: env ## the real thing: migrate, web and cluster (settings from .env)
	@$(PY) manage.py serve

# Its many processes would compile the product again and again where no bytecode is kept.
test: env ## the test suite: SQLite, or the database of DATABASE_URL
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

bench: env ## reports per second, calls, statements, memory, share of the limits
	@$(PY) manage.py bench $(ARGS)

torture: env ## kills, lost answers and late stores against every ledger (SEED=, SECONDS=)
	@$(PY) manage.py torture $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

check: env ## style, the arrows between the rooms, Django's checks, missing migrations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/lint-imports
	$(PY) manage.py check --settings tests.settings --fail-level WARNING
	$(PY) manage.py makemigrations --settings tests.settings --check --dry-run

lock: ## write the locked requirements anew: make lock ARGS="--upgrade-package django"
	@sh requirements/lock.sh $(ARGS)

clean: ## remove the environment and what tools left behind; databases in var/ stay
	rm -rf $(VENV) .venv-lock .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
