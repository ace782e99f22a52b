#!/bin/sh
# Asks inside, for those whose parent is 0. But whoever asks has come in as well.
nsenter --target "$1" --mount --pid ps -o pid,ppid | awk '$2 == 0 && $1 != 1 { print $1 }'
