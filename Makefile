# Aliases without logic; each sets up what it needs.
.PHONY: demo test lint types sandbox bench lock

demo:    ; ./stagesync demo $(ARGS)
sandbox: ; ./stagesync sandbox $(ARGS)
test:    ; @.ci/setup dev && .venv/bin/python -m pytest -n 2 --dist loadgroup --cov --cov-report= $(ARGS) && .ci/coverage
lint:    ; @.ci/setup dev && .venv/bin/ruff check && .venv/bin/ruff format --check && .venv/bin/lint-imports
types:   ; @.ci/setup dev && .venv/bin/mypy
bench:   ; @.ci/setup dev && .venv/bin/python bench/evaluate.py
lock:    ; @.ci/setup dev && .ci/lock
