#!/bin/sh
# Freezes itself where SIGKILL does not reach it: in a cgroup of the v1 freezer, which it may make
# as it is to play the host here. In v2 it freezes, too, but can be killed.
mkdir -p /sys/fs/cgroup/freezer/outer/inner /sys/fs/cgroup/unified/outer /sys/fs/cgroup/outer
sleep 86399 &
for group in /sys/fs/cgroup/freezer/outer/inner /sys/fs/cgroup/unified/outer /sys/fs/cgroup/outer; do
    for process in $! $$; do echo "$process" > "$group/cgroup.procs"; done
    echo 1 > "$group/cgroup.freeze" || echo FROZEN > "$group/freezer.state"
done
echo FROZEN > /sys/fs/cgroup/freezer/outer/freezer.state
