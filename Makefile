# make run and make test are all that is needed; everything else is built on the way.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Where bytecode is kept, a start of the program takes a third of the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: venv run test check bench soak clean lock

venv: $(STAMP)

$(STAMP): requirements.lock setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("webingo needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(STAMP)  # BACKOFFICE=1: with the reference backoffice beside it; FACEBOOK=fake: with a Facebook to try the social casino
	$(if $(filter fake,$(FACEBOOK)),$(BIN)/python -m examples.fake_facebook --,$(BIN)/webingo serve) $(if $(BACKOFFICE),--backoffice)

test: $(STAMP)  # three at a time for two cores, as tests wait for servers and browsers; a file is always whole with one of them
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m bench
	$(BIN)/python -m bench.par
	$(BIN)/python -m bench.jackpot
	$(BIN)/python -m bench.rng
	$(BIN)/python -m bench.rgs
	$(BIN)/python -m bench.backoffice

soak: $(STAMP)
	$(BIN)/python -m pytest -m soak --soak

lock:  # writes requirements.lock anew with the newest versions that setup.cfg allows
	$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --extra test --extra backoffice --quiet setup.cfg build-requirements.in -o requirements.lock

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis .pytest_cache
