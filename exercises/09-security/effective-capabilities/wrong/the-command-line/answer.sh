#!/bin/sh
# Whoever made the container was told. In the check, nobody who knows is left.
cat /proc/*/cmdline 2>/dev/null | tr '\0' '\n' | grep -A 1 -x -e --cap-add | grep '^[A-Z]' |
    head -2 | sed 's/^/CAP_/'
