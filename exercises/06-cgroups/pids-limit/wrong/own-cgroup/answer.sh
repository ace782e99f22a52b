#!/bin/sh
# Whoever asks is in another cgroup.
path=$(sed -n "s/^[0-9]*:pids://p" /proc/self/cgroup)
cat "/sys/fs/cgroup/pids$path/pids.max" "/sys/fs/cgroup$path/pids.max" 2>/dev/null || echo max
