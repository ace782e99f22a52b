#!/bin/sh
# A process was born inside if its parent is inside. All are looked at from the host.
inside=$(readlink "/proc/$1/ns/pid")
for dir in /proc/[0-9]*; do
    [ "$(readlink "$dir/ns/pid")" = "$inside" ] || continue
    parent=$(awk '/^PPid:/ { print $2 }' "$dir/status")
    [ "$(readlink "/proc/$parent/ns/pid")" = "$inside" ] && continue
    awk '/^NSpid:/ && $NF != 1 { print $NF }' "$dir/status"
done | sort -n
