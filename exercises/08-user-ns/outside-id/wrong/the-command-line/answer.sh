#!/bin/sh
# Whoever made the container was told. In the check, nobody who knows is left.
cat /proc/*/cmdline 2>/dev/null | tr '\0' '\n' | grep -A 1 -x -e --user | sed -n 2p |
    while read -r id; do echo $((100000 + id)); done
