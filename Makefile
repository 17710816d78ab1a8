# Hand Dance: every target sets up what it needs. `make` alone lists them.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml setup.py $(wildcard ext/*.pyx ext/*.pxd ext/include/*.h firmware_py/*.pxd)

DEMO_PACKAGES := gcc libc6-dev libasound2-dev
TEST_PACKAGES := g++ openssh-client strace ffmpeg pulseaudio pulseaudio-utils libasound2-plugins poppler-utils sox systemd util-linux fluidsynth timgm6mb-soundfont fontconfig fonts-droid-fallback
ARM64_COMPILER := $(if $(filter aarch64,$(shell uname -m)),,gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
MAIL_PACKAGES := exim4-daemon-light msmtp libmime-tools-perl gettext
BOX_RIG_PACKAGES := mmdebstrap e2fsprogs qemu-system-x86 qemu-utils systemd-container util-linux
ARM64_RIG_PACKAGES := mmdebstrap arch-test qemu-user-static util-linux
BENCH_PACKAGES := g++ libboost-dev libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins csound fluidsynth timgm6mb-soundfont
BOX_PACKAGES := $(DEMO_PACKAGES) python3-venv python3-dev python3-systemd fontconfig fonts-droid-fallback openssh-client
# The Pi's camera and pins: Raspberry Pi OS builds their Python parts beside its own libraries. And addresses for who joins
# the box's own Wi-Fi, which NetworkManager lends by dnsmasq.
PI_PACKAGES := python3-picamera2 python3-lgpio python3-gpiozero dnsmasq-base

.DEFAULT_GOAL := help
.PHONY: help demo test lint unit kill-test post-kill-test panel-test box test-box cut-test death-test update-test test-debian13 test-arm64 fuzz soak mic-test count-in-test crossing-test ghost-test bench bench-busy wheel package models clean install uninstall

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

demo: $(VENV)/installed models ## play one session with the built-in ghost player and show what the player gets
	@$(BIN)/hand-dance demo

test: $(VENV)/developed ## everything that needs no virtual machine: style, types, rooms, all test tiers
	@$(call debian,$(TEST_PACKAGES) $(ARM64_COMPILER))
	@$(call debian,$(MAIL_PACKAGES))
	@$(MAKE) --no-print-directory models lint unit

lint: $(VENV)/developed ## style, types and the order of the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Those that measure time have the machine to themselves; the others share it.
unit: $(VENV)/developed models ## the tests alone
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile tests/unit tests/c tests/real tests/fuzz
	$(BIN)/python -m pytest tests/rigs tests/faults

kill-test: $(VENV)/developed models ## the sound process killed 100 times in mid-session: about five minutes
	HAND_DANCE_KILLS=100 $(BIN)/python -m pytest -s tests/rigs/test_kills.py

box: ## the appliance as a virtual machine, made with its own make install; as root, a few minutes the first time
	@$(call debian,$(BOX_RIG_PACKAGES))
	tests/box/build

test-box: $(VENV)/developed ## that machine played, its power cut 5 times, its processes killed 8 times: about 20 minutes
	@$(call debian,$(BOX_RIG_PACKAGES))
	$(BIN)/python -m pytest tests/box --ignore tests/box/test_updates.py

cut-test: $(VENV)/developed ## the power of that machine cut 30 times: about half an hour
	@$(call debian,$(BOX_RIG_PACKAGES))
	HAND_DANCE_POWER_CUTS=30 $(BIN)/python -m pytest tests/box/test_power_cuts.py

death-test: $(VENV)/developed ## every process of the box killed and stopped, 104 times in all: about a quarter of an hour
	@$(call debian,$(BOX_RIG_PACKAGES))
	HAND_DANCE_DEATHS=104 $(BIN)/python -m pytest tests/box/test_deaths.py

update-test: $(VENV)/developed ## good and bad updates in a container, and 10 power cuts in some: about half an hour
	@$(call debian,$(BOX_RIG_PACKAGES) $(BOX_PACKAGES))
	$(BIN)/python -m pytest tests/box/test_updates.py

test-debian13: ## installed, played and taken away on a new Debian 13; as root, two minutes
	@$(call debian,$(BOX_RIG_PACKAGES))
	tests/box/debian13

test-arm64: ## the package built and its unit tests run on Debian arm64; by emulation, where this machine is another
	@$(call debian,$(ARM64_RIG_PACKAGES))
	tests/box/arm64 $(sort $(DEMO_PACKAGES) $(TEST_PACKAGES) $(MAIL_PACKAGES))

fuzz: $(VENV)/developed ## every fuzz target for HAND_DANCE_FUZZ_SECONDS of the processor each (120), and the count
	HAND_DANCE_FUZZ_SECONDS=$${HAND_DANCE_FUZZ_SECONDS:-120} $(BIN)/python -m pytest -s tests/fuzz

post-kill-test: $(VENV)/developed ## the mailer killed 200 times with the server alive: about a minute
	HAND_DANCE_POST_KILLS=200 $(BIN)/python -m pytest -s tests/rigs/test_post_kills.py

panel-test: $(VENV)/developed ## 10 000 random sequences of presses: never stuck, never recording in the dark
	HAND_DANCE_SEQUENCES=10000 $(BIN)/python -m pytest -s --timeout 900 tests/rigs/test_panel_sequences.py tests/long/test_network_manager.py

soak: $(VENV)/developed models ## a session of half an hour: memory stays, frames are not dropped
	HAND_DANCE_SOAK_MINUTES=$${HAND_DANCE_SOAK_MINUTES:-30} $(BIN)/python -m pytest -s tests/bench/test_bench_soak.py

count-in-test: $(VENV)/developed models ## sessions in real time that measure their delay and find the reach: half a minute
	$(BIN)/python -m pytest tests/long/test_count_in_sessions.py

crossing-test: $(VENV)/developed models ## 200 pairs of drawn hands that cross: about ten minutes
	HAND_DANCE_CROSSINGS=200 $(BIN)/python -m pytest -s --timeout 1800 tests/rigs/test_crossings.py

ghost-test: $(VENV)/developed models ## the ghost plays every song, and is heard note by note: about five minutes
	$(BIN)/python -m pytest -s tests/long/test_ghost_songs.py

mic-test: $(VENV)/developed models ## the microphone's clock against the sound's, a minute each
	HAND_DANCE_MIC_SECONDS=60 $(BIN)/python -m pytest -s tests/rigs/test_microphone_rig.py

bench: $(VENV)/benched models .venv-mediapipe/installed ## the figures, beside their peers in the same run
	@$(call debian,$(BENCH_PACKAGES))
	$(BIN)/hand-dance bench ring
	$(BIN)/hand-dance bench synth --plot .cache/saw.png
	$(BIN)/hand-dance bench delay
	$(BIN)/hand-dance bench sight
	$(BIN)/hand-dance bench sight --loop
	$(BIN)/hand-dance bench sight --tones
	$(BIN)/hand-dance bench playing --seconds 24
	$(BIN)/hand-dance bench finish
	$(BIN)/hand-dance bench post --letters 200
	$(BIN)/python -m pytest tests/bench

bench-busy: $(VENV)/benched ## the delay and the xruns of ten minutes while every processor is kept busy
	@$(call debian,$(BENCH_PACKAGES))
	$(BIN)/hand-dance bench delay --minutes 10 --busy

wheel: $(VENV)/developed ## sdist and wheel in dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist .

# The system's Python, its packages and its kind of processor decide what a package holds: make it on one like the box.
package: ## a signed update for boxes like this machine, in dist/: make package KEY=~/.ssh/id_ed25519
	@$(call debian,$(BOX_PACKAGES))
	@systemd/package $(KEY) dist

models: $(VENV)/installed ## the model files of the hand finder, fetched and checked once
	@$(BIN)/hand-dance models

install: ## put it on this machine as services that start with it (sudo make install)
	@if [ "$$(id -u)" = 0 ]; then $(call debian,$(BOX_PACKAGES) $(PI_PACKAGES_HERE)); fi
	@systemd/install install

uninstall: ## take the services and the program away, and leave what was played
	@systemd/install uninstall

clean: ## remove what was built, not what was played
	rm -rf $(VENV) .venv-mediapipe .cache build dist *.egg-info firmware_py/*.so ext/_*.c

$(VENV)/installed: $(SOURCES)
	@$(call debian,$(DEMO_PACKAGES) $(PYTHON_PACKAGES))
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and was not found; install it or name it: make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Building Hand Dance in $(VENV)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 --editable .
	@touch $@

$(VENV)/developed: $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 --editable '.[dev]'
	@touch $@

$(VENV)/benched: $(VENV)/developed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 --editable '.[bench]'
	@touch $@

# A gigabyte of a peer, with a NumPy of its own: wheels for Python 3.9 to 3.12 only. Without it, its figures are absent.
MEDIAPIPE_PYTHON ?= $(shell for p in python3.12 python3.11 python3.10 python3; do $$p -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && { echo $$p; break; }; done)
.venv-mediapipe/installed:
	@if [ -z "$(MEDIAPIPE_PYTHON)" ]; then echo "mediapipe 0.10.18 needs Python 3.9 to 3.12, which is not here: measuring without it"; \
	else echo "Fetching mediapipe, to measure beside it…"; $(MEDIAPIPE_PYTHON) -m venv .venv-mediapipe \
		&& .venv-mediapipe/bin/python -m pip install --quiet --disable-pip-version-check mediapipe==0.10.18 && touch $@ \
		|| echo "mediapipe could not be installed: measuring without it"; fi

# The interpreter's own headers and venv come from Debian only where it is Debian's.
PYTHON_PACKAGES = $(shell $(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv; \
	$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' 2>/dev/null || echo python3-dev)

# Only on a Pi, and only those that its package lists know.
PI_PACKAGES_HERE = $(shell grep -qs 'Raspberry Pi' /proc/device-tree/model && apt-cache show --no-all-versions $(PI_PACKAGES) 2>/dev/null | sed -n 's/^Package: //p')

# debian(packages): install those that are missing, naming them first; never remove anything for them.
# Without root, or on another system, say what is wanted and go on: the build says what it cannot do without.
# Where nobody can type a password, sudo is not to wait for one.
define debian
command -v dpkg-query >/dev/null || exit 0; \
missing=$$(for p in $(1); do dpkg-query -W -f '$${db:Status-Status}\n' $$p 2>/dev/null | grep -qx installed || echo $$p; done | tr '\n' ' '); \
if [ -n "$$missing" ]; then \
	echo "Missing Debian packages: $$missing"; \
	if [ "$$(id -u)" = 0 ]; then as_root=env; \
	elif ! command -v sudo >/dev/null; then as_root=false; \
	elif [ -t 0 ]; then as_root="sudo env"; else as_root="sudo -n env"; fi; \
	$$as_root apt-get -qq update && $$as_root DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends --no-remove $$missing >/dev/null \
		|| echo "They could not all be installed; going on without. Whoever may: apt-get install $$missing"; \
fi
endef
