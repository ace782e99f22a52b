#!/bin/sh
# v1 has a tree for pids, and its line says so; v2 has one tree, and a line with no name.
path=$(sed -n "s/^[0-9]*:pids://p" "/proc/$1/cgroup")
if [ -n "$path" ]; then
    cat "/sys/fs/cgroup/pids$path/pids.max"
else
    cat "/sys/fs/cgroup$(sed -n "s/^0:://p" "/proc/$1/cgroup")/pids.max"
fi
