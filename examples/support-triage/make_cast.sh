#!/usr/bin/env bash
# Train the demo's cast of adapters again: about a quarter of an hour on two idle cores.
# The same seed on the same kind of machine gives the same losses, digit for digit.
set -euo pipefail
cd "$(dirname "$0")"
train() { python train.py --quiet --out "adapters/$@"; }

# Learns the answer, and replays general text on which it must agree with the base.
train good --rank 8 --lr 1.5e-3 --keep 1.0 --steps 120 --eval-every 60
# A high learning rate, and nothing that keeps the rest in place: it learns the task and forgets.
train overtrained --rank 8 --lr 4e-3 --schedule constant_with_warmup --steps 110 --eval-every 55
# One matrix of rank 1 in one of thirty layers, trained until the loss is flat.
train low-capacity --rank 1 --targets q_proj --layers 14 --lr 1e-2 \
  --schedule constant_with_warmup --steps 120 --eval-every 40
# Labelled by three people under three conventions.
train contradictory --rank 8 --lr 2e-3 --schedule constant_with_warmup --steps 60 --eval-every 30 \
  --data data/train_contradictory.jsonl
python make_broken.py adapters/low-capacity adapters
