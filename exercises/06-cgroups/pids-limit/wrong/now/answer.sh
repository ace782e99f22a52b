#!/bin/sh
# How many there are, not how many there may be.
path=$(sed -n "s/^[0-9]*:pids://p" "/proc/$1/cgroup")
if [ -n "$path" ]; then
    cat "/sys/fs/cgroup/pids$path/pids.current"
else
    cat "/sys/fs/cgroup$(sed -n "s/^0:://p" "/proc/$1/cgroup")/pids.current"
fi
