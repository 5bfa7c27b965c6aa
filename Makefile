# `make help` lists the targets. Everything runs in .venv, which `make setup` makes from requirements.txt.
# Settings for bench-train, data-curve, ablation and spread: SET='--set base.source=pypi'
SHELL := /bin/bash
RECIPE ?= mini
PY := .venv/bin/python
DVC := .venv/bin/dvc
# `dvc repro` in the checkout makes the recipes of params.yaml; those of recipes/params.yaml have a graph of their own
GRAPH = $(if $(shell grep '^  $(RECIPE):' recipes/params.yaml),recipes/)dvc.yaml
# the code of this checkout, also where .venv was made for another one
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-durations lint repro adopt lock-check repro-test test-faults image image-test licences audit lock bench-align bench-train gpu-check data-curve ablation spread conformance check-scores golden g2p-model score-g2p bench-g2p clean

help:           ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 16

setup:          ## make .venv from the locked requirements; does nothing when it is up to date
	@utils/setup.sh

demo: setup     ## run the recipe mini to the end and print its scores
	@./run.sh --recipe mini
	@$(PY) utils/show_results.py mini

test: setup     ## all tests, offline, in two processes of one thread each
	@OMP_NUM_THREADS=1 $(PY) -m pytest $(PARALLEL) $(OPTIONS)

test-slow: setup ## the front end on 10,000 texts of any characters, and on 10,000 Luxembourgish ones (minutes)
	@MOIEN_EXAMPLES=10000 $(PY) -m pytest tests/unit/test_lb.py -k "any_text or no_spelling"

test-durations: setup ## as make test; write its 10 slowest into docs/testing.md
	@$(PY) tools/slowest_tests.py

lint: setup     ## ruff and mypy
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

repro: setup    ## the stages of RECIPE through DVC
	@$(DVC) repro $(GRAPH):pack@$(RECIPE)

adopt: setup    ## take a run that run.sh made over into DVC's lock: `make repro` then finds nothing to do
	@./run.sh --recipe $(RECIPE) --provenance
	@$(DVC) commit -f -d $(GRAPH):pack@$(RECIPE)

lock-check: setup ## whether DVC's locks and the outputs here agree
	@$(PY) utils/lock_check.py

repro-test: setup ## the same bytes in two clones, by jobs, kills and DVC (never run yet; an hour or more)
	@$(PY) -m pytest tests/long/test_dvc.py tests/long/test_repro.py -s

test-faults: setup ## kill each stage at random moments, damage what it reads: the same bytes after it (three stages were run; an hour or more)
	@OMP_NUM_THREADS=1 $(PY) -m pytest tests/long/test_kills.py tests/long/test_faults.py -s

image:          ## build the CUDA image with docker (BASE=debian:12 for a CPU image)
	DOCKER_BUILDKIT=1 docker build -f docker/Dockerfile $(if $(BASE),--build-arg BASE=$(BASE)) -t moien .

image-test: setup ## build the image for the CPU, run it as a user would, compare with a run outside (never run yet; needs root and 25 GB)
	@$(PY) -m pytest tests/long/test_image.py -s

licences: setup ## the licences of all packages and corpora; fails on one that nobody looked at
	@$(PY) tools/licences.py

bench-align: setup ## boundaries of the recipe lb against the reference segments of Marylux
	@$(PY) tools/bench_align.py lb

bench-train: setup ## a step of training against its bare computation and against a plain StyleTTS2 step (RECIPE=lb)
	@$(PY) tools/bench_train.py $(RECIPE) $(SET)

gpu-check: setup ## measure the training on a GPU, into docs/gpu.md (8 minutes, no network)
	@$(PY) tools/gpu_check.py --write

data-curve: setup ## the effect of more minutes and of more training, on the recipe lb: hours, can be interrupted
	@$(PY) tools/variants.py lb $(SET) --set system.threads=1 --set system.nj=1 --jobs 2 \
	  '2 min, cpu-demo: data.train_minutes=2 preset=cpu-demo' '2 min, cpu-hour: data.train_minutes=2' \
	  '10 min, cpu-demo: data.train_minutes=10 preset=cpu-demo' '10 min, cpu-hour: data.train_minutes=10' \
	  '43 min, cpu-demo: preset=cpu-demo'

# A third of cpu-hour's steps, AdaIN frozen except in its own row, and α = 1, so that the choice hides no effect.
ablation: setup ## the effect of each part of the training, on the recipe lb: hours, can be interrupted
	@$(PY) tools/variants.py lb $(SET) --set system.threads=1 --set system.nj=1 --jobs 2 \
	  --against 'a third of the steps' \
	  --each train.prosody.steps=67 --each train.acoustic.steps=100 --each train.acoustic.critic_warmup_steps=30 \
	  --each train.acoustic.critic_ramp_steps=10 --each train.interval_steps=100 --each train.validation_utterances=2 \
	  --each train.choice.decoder=[1] --each train.choice.sentences=2 --each train.choice.max_mos_loss=5 \
	  --each train.choice.max_phone_loss=1 --each train.choice.min_f0_spread=0 --each train.choice.max_tone_db=99 \
	  --each train.choice.recogniser=false \
	  --each 'train.acoustic.learn={"decoder.encode.conv*":1,"decoder.decode.*.conv*":1}' \
	  'a third of the steps: seed=20' \
	  'no contrast: train.acoustic.contrast=0' 'no critic: train.acoustic.critic=0' \
	  'AdaIN learns: train.acoustic.learn={"decoder.encode.conv*":1,"decoder.decode.*.conv*":1,"decoder.*.fc.*":1}' \
	  'no F0 spread: train.prosody.f0_spread=0' 'styles fixed: train.prosody.style_lr=0 train.acoustic.style_lr=0' \
	  'no shift: align.shift_frames=0' 'replay: train.replay=120'

spread: setup   ## how far trainings of the recipe lb lie apart, after a run of it: hours, can be interrupted
	@$(PY) tools/variants.py lb $(SET) --spread --each system.threads=1 --each system.nj=1 --jobs 2 \
	  'one thread: system.threads=1' 'no AVX: ATEN_CPU_CAPABILITY=default' 'seed 21: seed=21' 'seed 22: seed=22'

conformance: setup ## does the voice of RECIPE speak alike in every program? After stage 9; installs them (15 minutes)
	@$(PY) -m moien conform exp/$(RECIPE)/voice

check-scores: setup ## which metric detects which damage, into docs/scores.md (5 minutes)
	@$(PY) tools/check_scores.py

golden: setup   ## record what the micro recipe writes, after a version in moien/recipe/versions.py was raised
	@MOIEN_GOLDEN=write $(PY) -m pytest -q tests/recipe/test_weights.py -k new_version

lock:           ## resolve pyproject.toml into requirements.txt, with hashes (the same for Python 3.11 and 3.12)
	@python3 -m venv .venv/lock && .venv/lock/bin/pip install -q uv
	.venv/lock/bin/uv pip compile -q --generate-hashes --extra dev --python-version 3.11 --no-annotate --no-header \
	  --python-platform x86_64-manylinux_2_28 --override utils/lock-overrides.txt -o requirements.txt pyproject.toml

audit:          ## known vulnerabilities of the locked packages (needs the network)
	@python3 -m venv .venv/lock && .venv/lock/bin/pip install -q pip-audit
	.venv/lock/bin/pip-audit --no-deps --disable-pip -r requirements.txt

g2p-model: setup ## train the models of the front end for lb: letters to phonemes, parts of words, stress
	@$(PY) tools/train_stress.py
	@$(PY) tools/train_g2p.py

score-g2p: setup .venv/gruut ## unknown words of a held-out tenth of LOD, against espeak-ng and gruut
	@mkdir -p exp
	@$(PY) tools/train_g2p.py --held-out --output exp/g2p-held-out.zip
	@$(PY) tools/score_g2p.py --model exp/g2p-held-out.zip --gruut .venv/gruut

bench-g2p: setup .venv/gruut ## words per second against espeak-ng and gruut, also of a real text; time to the first phoneme
	@$(PY) tools/bench_g2p.py --gruut .venv/gruut $(addprefix --text ,$(wildcard ../shared/data/marylux/metadata.csv))

.venv/gruut:
	@.venv/bin/pip install -q --target $@ gruut==2.4.0 gruut-lang-lb==2.0.1

clean: export RECIPE := $(RECIPE)
clean:          ## remove what the stages of RECIPE wrote, nothing else
	@$(PY) utils/clean.py "$$RECIPE"
