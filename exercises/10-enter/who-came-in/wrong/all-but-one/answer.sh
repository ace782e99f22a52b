#!/bin/sh
# Everybody else in there.
inside=$(readlink "/proc/$1/ns/pid")
for dir in /proc/[0-9]*; do
    [ "$(readlink "$dir/ns/pid")" = "$inside" ] || continue
    awk '/^NSpid:/ && $NF != 1 { print $NF }' "$dir/status"
done | sort -n
