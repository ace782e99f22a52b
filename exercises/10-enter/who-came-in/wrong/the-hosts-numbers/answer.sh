#!/bin/sh
# Finds them, and tells the numbers that nobody in the container knows.
inside=$(readlink "/proc/$1/ns/pid")
for dir in /proc/[0-9]*; do
    [ "$(readlink "$dir/ns/pid")" = "$inside" ] || continue
    parent=$(awk '/^PPid:/ { print $2 }' "$dir/status")
    [ "$(readlink "/proc/$parent/ns/pid")" = "$inside" ] && continue
    awk '/^NSpid:/ && $NF != 1 { print $2 }' "$dir/status"
done | sort -n
