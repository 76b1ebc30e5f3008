# make help says what there is. Needs Python 3.10 to 3.12 with venv, and nothing else.

VENV := .venv
VOICEBOT := $(VENV)/bin/voicebot
CONFIG ?= config/voicebot.yaml
# More options for serve, demo, chat and bench: make run ARGS="--set sip.host=0.0.0.0"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run setup models demo chat bench test lint types tests format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: models ## set everything up and start the bot
	@$(VOICEBOT) serve --config $(CONFIG) $(ARGS)

setup: $(VENV)/.runtime-ready ## make .venv and install the locked packages

models: setup ## fetch and verify the models
	@$(VOICEBOT) models pull

demo: models ## ring the bot over real SIP and show the conversation
	@$(VOICEBOT) demo $(ARGS)

chat: models ## talk to a bot as text; ARGS="--bot service" for the English one
	@$(VOICEBOT) chat $(ARGS)

bench: models ## measure the turns of real calls
	$(VOICEBOT) bench turn $(ARGS)

test: lint types tests ## every check and every test

lint: $(VENV)/.dev-ready ## style
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.dev-ready ## static types
	$(VENV)/bin/mypy

tests: $(VENV)/.dev-ready ## fetch the models and run the tests
	@$(VOICEBOT) models pull
	@# Calls in real time lose a race on a busy machine now and then: what failed must pass when it runs again by itself.
	$(VENV)/bin/python -m pytest || $(VENV)/bin/python -m pytest --last-failed --last-failed-no-failures none

format: $(VENV)/.dev-ready ## put the code into shape
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

clean: ## remove .venv, build output and caches; models and recordings in var/ stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find voicebot telephony tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.runtime-ready: requirements.lock pyproject.toml scripts/setup
	@scripts/setup

$(VENV)/.dev-ready: requirements-dev.lock pyproject.toml scripts/setup
	@scripts/setup dev
