#!/bin/sh
# It is there for a look by hand. In the check, no such program is left.
for lab in lab /work/program /proc/[0-9]*/exe; do
    "$lab" view --pid "$1" --json 2>/dev/null </dev/null && break
done | grep -o '"10[0-9.]*/' | tr -d '"/' | grep -v '\.[01]$' | head -1
