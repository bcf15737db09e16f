# make run    sets everything up and serves the dashboard
# make test   sets everything up and runs all tests
# make lint   checks format, style and types
#
# PORT=8501         where to serve
# ADDRESS=0.0.0.0   which interface to serve on; 127.0.0.1 (this machine only) unless given
# HOST=name         the name or address by which others open it, for a classroom

PYTHON ?= python3
PORT ?= 8501
ADDRESS ?= 127.0.0.1
HOST ?= localhost
BIN = .venv/bin

.PHONY: run test lint clean

run: .venv/installed
	@echo "LQ-VAE Lab: http://$(HOST):$(PORT)"
	@$(BIN)/streamlit run app/main.py \
		--server.port $(PORT) --server.address $(ADDRESS) --browser.serverAddress $(HOST) \
		--server.allowedHosts localhost --server.allowedHosts 127.0.0.1 \
		--server.allowedHosts $(HOST)

test: .venv/installed-dev
	@$(BIN)/python -m pytest --ignore=tests/browser --numprocesses 2 --dist loadfile
	@$(BIN)/python -m pytest tests/browser  # a browser and its server take both cores

lint: .venv/installed-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

clean:
	rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
		|| { echo "Python 3.11 or 3.12 is needed: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/installed: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing what the dashboard needs; the first time this takes some minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "Installing what the tests need."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
