#!/bin/sh
# There is more than one that the runtime has made.
cat /sys/fs/cgroup/pids/lab-*/pids.max /sys/fs/cgroup/lab-*/pids.max 2>/dev/null | grep -v max
