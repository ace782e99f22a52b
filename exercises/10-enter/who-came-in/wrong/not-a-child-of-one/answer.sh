#!/bin/sh
# All but the children of PID 1: also what the newcomers have started.
inside=$(readlink "/proc/$1/ns/pid")
for dir in /proc/[0-9]*; do
    [ "$(readlink "$dir/ns/pid")" = "$inside" ] || continue
    awk -v first="$1" '/^PPid:/ { parent = $2 }
        /^NSpid:/ && $NF != 1 && parent != first { print $NF }' "$dir/status"
done | sort -n
