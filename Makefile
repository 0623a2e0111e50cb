# The torch that is tested; have another with `make install TORCH=torch`.
TORCH ?= torch==2.13.0
PYTHON ?= python3
DATABASE ?= modadd.db
BIN := .venv/bin

REPORT ?= report
# In the order of the files, the browser's first: a long one that came last would keep one core.
ON_EVERY_CORE := --numprocesses auto --dist loadfile --no-loadscope-reorder

.PHONY: reproduce report dashboard screenshots test install lint types kernels stress coverage bench clean

reproduce: install
	$(BIN)/modadd reproduce --database "$(DATABASE)"

report: install
	$(BIN)/modadd report --database "$(DATABASE)" --to "$(REPORT)"

dashboard: install
	MODADD_DATABASE="$(DATABASE)" $(BIN)/streamlit run dashboard/app.py

screenshots: install
	PYTHONPATH=tests $(BIN)/python tests/browser/screenshots.py "$(DATABASE)" docs/screenshots

test: install
	$(MAKE) --jobs 2 lint types kernels
	$(BIN)/pytest $(ON_EVERY_CORE)

install: .venv/.installed

# Again where another torch is asked for than was installed.
OTHER := $(if $(filter file,$(origin TORCH)),,$(if $(filter $(TORCH),$(shell cat .venv/.installed 2>/dev/null)),,again))
.PHONY: again

# One pip command, so that the pinned torch is the only one ever resolved.
.venv/.installed: pyproject.toml $(OTHER)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)" --editable '.[test]'
	echo "$(TORCH)" > $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

# Compiled on one core while types are checked on another, so that no test waits for it.
kernels: install
	@at=$$(mktemp -d); trap 'rm -r "$$at"' EXIT; set -e; \
	for words in "reproduce table-1 table-2 --seeds 0" audit; do \
		$(BIN)/modadd $$words --database "$$at/small.db" >/dev/null; \
	done

stress: install
	$(BIN)/pytest -s -m stress
	$(BIN)/python tests/mutations.py

# Of the science and the store, by branches; what runs in other processes does not count.
coverage: install
	$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)" --editable '.[test,coverage]'
	$(BIN)/coverage run -m pytest --ignore=tests/browser
	$(BIN)/coverage report

bench: install
	$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)" --editable '.[test,bench]'
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/bench.py
	$(BIN)/pytest -s -m stress tests/browser/speed.py

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
