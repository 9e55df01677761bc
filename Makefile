# Needs python3 (3.11 or newer) and make; everything else comes from the package registries.
PYTHON ?= python3
BIN := .venv/bin
BROWSER := clients/browser
# More than there are cores: tests wait for much of their time.
WORKERS ?= 4
# Those that run tests of the compiled wheel meanwhile: a quarter as many, and one at least.
BESIDE ?= $(shell echo $$((($(WORKERS) + 3) / 4)))
PYTEST := $(BIN)/python -m pytest --dist worksteal
TEST := $(PYTEST) -n $(WORKERS)
# Says what a command printed once it has ended, so that it does not stand amid other lines.
in_one_piece = said=$$($(1) 2>&1); ended=$$?; printf '%s\n' '$(1)' "$$said"; exit $$ended
# Runs Python with the compiled wheel before the checkout; COMPILED tells the tests so.
COMPILED := COMPILED=1 PYTHONSAFEPATH=1 PYTHONPATH=$(CURDIR)/.compiled
NOTHING_LOST := $(addprefix chaos/test_chaos.py::test_,nothing_is_lost_doubled_or_reordered nor_is_anything_in_a_page)
# What a player sees of the relay, tested over the link for other servers as well.
BOTH_LINKS := $(addprefix tests/,$(NOTHING_LOST) relay/node/test_connection.py relay/test_slow.py \
	clients/python/test_history.py \
	$(addprefix integration/test_,draining.py entering.py gaps.py raw_client.py restart.py))
# What runs through compiled code over the relay's own link.
COMPILED_TESTS := $(addprefix tests/,conformance/test_asgi.py $(firstword $(NOTHING_LOST)) \
	clients/bench/test_load.py clients/bench/sockets/test_reader.py clients/fuzz/codec/test_compiled.py $(addprefix protocol/test_,fast_path.py scan.py) \
	$(addprefix relay/,delivery history link policy/test_rate_limits.py room test_slow.py))
export VIRTUAL_ENV := $(CURDIR)/.venv
# Some containers set it. Hundreds of processes would compile all they import, a second each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo quick test test-all collected plain beside lint format bench chaos chaos-cluster conformance attack fuzz docs docs-serve build compiled clean chromium proxies tshark prometheus

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || sed -n 's/^\([a-z-]*\):[^#]*## /  make \1  /p' $(MAKEFILE_LIST)

setup: $(BIN)/.project ## make .venv with everything in it; then .venv/bin/relay works

demo: setup ## start a relay with bots in a room, and print its link
	$(BIN)/relay demo

test: chromium proxies tshark prometheus ## lint, then all tests: Python, TypeScript, and both in a headless browser
	$(MAKE) --no-print-directory -j 2 lint docs collected
	$(MAKE) --no-print-directory -j 2 plain beside

test-all: test ## the same, then the long versions of what has one
	$(TEST) -m long --timeout 600

# So that Python compiles the tests once, and not in each worker.
collected: setup
	@said=$$($(PYTEST) --collect-only -q 2>&1) || { printf '%s\n' "$$said"; exit 1; }

plain: setup
	$(TEST)

beside: compiled
	@$(call in_one_piece,LINK=portable $(COMPILED) $(PYTEST) -n $(BESIDE) $(BOTH_LINKS))
	@$(call in_one_piece,$(COMPILED) $(PYTEST) -n $(BESIDE) $(COMPILED_TESTS))

quick: setup ## lint of Python, and the pure tests: the fast loop
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(TEST) tests/protocol $(addprefix tests/relay/,broker delivery history lobby node room)

lint: setup ## formatting, ruff, mypy, import contracts, tsc
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python $(BROWSER)/node.py npm run --silent check

format: setup ## format and fix what can be fixed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: compiled ## measure the relay under load
	$(COMPILED) $(BIN)/python -m tests.benchmarks

chaos: setup ## cut and stall connections for long, and check that nothing is lost (ARGS="--from 1001" takes other seeds)
	$(BIN)/python -m tests.chaos $(ARGS)

chaos-cluster: setup ## kill and freeze relays and nats-servers that share rooms, and check the same (20 storms)
	$(BIN)/python -m tests.chaos.cluster $(ARGS)

conformance: setup ## judge the WebSocket class by the whole Autobahn suite
	$(BIN)/python -m tests.conformance

attack: compiled ## attack a relay in many ways, and measure what its players notice
	$(COMPILED) $(BIN)/python -m tests.attack

fuzz: compiled ## search the codec and the room for long
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -m fuzz -n 2 --timeout 0
	$(BIN)/python -m tests.fuzz.agreement
	$(MAKE) --no-print-directory guided

.PHONY: guided
guided: $(BIN)/.atheris ## search with coverage as the guide (ARGS="--seconds 600 --target room" takes one target)
	$(BIN)/python -m tests.fuzz.guided $(ARGS)

docs: setup ## make the site of the docs, which relays serve at /guide; a warning or a dead link fails
	$(BIN)/python docs/build.py

docs-serve: docs ## the same, and serve it at http://localhost:8080
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory relay/guide 8080

build: docs ## build the wheel and the sdist into dist/, with the site of the docs
	$(BIN)/uv build --no-build-isolation --offline

compiled: .compiled/.built ## build the wheel with a compiled hot path, for machines like this one

clean: ## remove what the other targets made
	rm -rf .venv .compiled .fuzz dist docs/_build relay/guide relay/web $(BROWSER)/node_modules $(BROWSER)/typedoc/node_modules tests/fuzz/jazzer/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

chromium: setup
	@$(BIN)/python -m tests.helpers.chromium --install

proxies: setup
	@$(BIN)/python -m tests.helpers.proxies --install

tshark: setup
	@$(BIN)/python -m tests.helpers.tshark --install

prometheus: setup
	@$(BIN)/python -m tests.helpers.prometheus --install

# The stamps below make a second run instant.

$(BIN)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Roomwire needs Python 3.11 or newer, and $(PYTHON) is %d.%d: install a newer one and name it, as in: make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo '$(PYTHON) cannot make virtual environments: install its venv package (Debian, Ubuntu: apt-get install python3-venv) and run make again.' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

$(BIN)/uv: $(BIN)/.venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements.lock)"
	@touch $@

$(BIN)/.locked: requirements.lock $(BIN)/uv
	$(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@touch $@

$(BIN)/.project: pyproject.toml $(BIN)/.locked relay/web/.built
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Node is taken from PyPI where the machine has none.
$(BIN)/.node: $(BROWSER)/node.lock $(BIN)/.locked
	@$(BIN)/python $(BROWSER)/node.py find >/dev/null || $(BIN)/uv pip install --quiet --require-hashes -r $(BROWSER)/node.lock
	@touch $@

# Where there is no wheel of it, the lock names none, and the search says so.
$(BIN)/.atheris: tests/fuzz/atheris.lock $(BIN)/.project
	-$(BIN)/uv pip install --quiet --require-hashes -r tests/fuzz/atheris.lock
	@touch $@

# Nice, as `make test` builds it while tests run that wait for what happens in time. One warning of
# gcc's would take a third of its time: mypyc indents lines by hundreds of columns.
.compiled/.built: $(BIN)/.project pyproject.toml $(wildcard $(addsuffix /*.py,roomwire roomwire/* protocol protocol/* relay relay/* clients/* clients/*/* clients/*/*/*))
	@$(BIN)/python -m tests.helpers.compiler
	@rm -f dist/*-cp*.whl
	HATCH_BUILD_HOOK_ENABLE_MYPYC=1 CPPFLAGS='$(CPPFLAGS) -Wno-misleading-indentation' nice $(BIN)/uv build --quiet --no-build-isolation --offline
	@rm -rf .compiled
	@$(BIN)/uv pip install --quiet --no-deps --offline --target .compiled dist/*-cp*.whl
	@touch $@

# Folders are named too: their time changes when a file is removed.
relay/web/.built: $(BIN)/.node $(wildcard protocol/vectors/* $(addprefix $(BROWSER)/,*.json *.mjs src src/* src/*/* src/*/*/* src/*/*/*/*))
	$(BIN)/python $(BROWSER)/node.py build
