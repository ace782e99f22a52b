#!/bin/sh
# Takes the children of a program that can join namespaces, whatever container they went to.
for dir in /proc/[0-9]*; do
    parent=$(awk '/^PPid:/ { print $2 }' "$dir/status")
    [ "$(cat "/proc/$parent/comm" 2>/dev/null)" = nsenter ] || continue
    awk '/^NSpid:/ { print $NF }' "$dir/status"
done | sort -n
