#!/bin/sh
# Whoever made the container was told. In the check, nobody who knows is left.
cat /proc/*/cmdline 2>/dev/null | tr '\0' '\n' | sed -n 's/^echo \([a-z]*\) > .*/\1/p' | head -1
