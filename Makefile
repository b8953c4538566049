# Aliases without logic; each sets up what it needs.
.PHONY: demo test gate soak fuzz audit faults contract coverage independent browser screens lint types sandbox bench lock

demo:    ; ./stagesync demo $(ARGS)
sandbox: ; ./stagesync sandbox $(ARGS)
contract: ; @.ci/setup dev && .venv/bin/python -m pytest -n 3 --dist loadgroup tests/contract $(ARGS)
test:    ; @.ci/setup dev && .venv/bin/python -m pytest -n 4 --dist loadgroup -m "not slow and not gate" $(ARGS)
gate:    ; @.ci/setup dev && .venv/bin/python -m pytest -n 4 --dist loadgroup -m "gate and not slow" $(ARGS)
soak:    ; @.ci/setup dev && .venv/bin/python -m pytest -n 2 -m slow --timeout=900 $(ARGS)
fuzz:    ; @.ci/setup dev && .ci/fuzz $(ARGS)
audit:   ; @.ci/setup dev && .ci/audit
faults:  ; @.ci/setup dev && .venv/bin/python -m tests.e2e.fault_table $(ARGS)
coverage: ; @.ci/setup dev && .ci/coverage
independent: ; @.ci/setup dev && .ci/independent $(ARGS)
browser: ; @.ci/setup dev && .ci/browser && .venv/bin/python -m pytest tests/browser $(ARGS)
screens: ; @.ci/setup dev && .ci/browser && .venv/bin/python -m tests.browser.screens $(ARGS)
lint:    ; @.ci/setup dev && .venv/bin/ruff check && .venv/bin/ruff format --check && .venv/bin/lint-imports
types:   ; @.ci/setup dev && .venv/bin/mypy
bench:   ; @.ci/setup dev && .venv/bin/python bench/evaluate.py && .venv/bin/python bench/backtest.py
lock:    ; @.ci/setup dev && .ci/lock
