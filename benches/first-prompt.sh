#!/usr/bin/env bash
# From a fresh clone to the first instruction in a container, cold build included.
# The goal is 60 seconds on two processors. Downloads count if the registry is cold.
set -euo pipefail
cd "$(dirname "$0")/.."

clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone --quiet . "$clone/container-lab"
cd "$clone/container-lab"

start=$(date +%s.%N)
env -u CARGO_TARGET_DIR cargo run -q -- run chapter-07 -- sh -c 'echo "first prompt of $(hostname)"'
end=$(date +%s.%N)
awk -v start="$start" -v end="$end" -v cpus="$(nproc)" \
    'BEGIN { printf "clone to first prompt: %.1f s on %d processors\n", end - start, cpus }'
