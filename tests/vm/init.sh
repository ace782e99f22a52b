#!/bin/sh
# The guest's init: makes the machine look as systemd would have left it, runs the
# command as from a login, and turns the machine off. See ../vm.sh for what is what.

. /vm/io/environment
case $(cat /proc/cmdline) in *lab.trial*) echo works > /vm/io/trial && poweroff=now ;; esac

power_off() {
    busybox sync
    busybox poweroff -f
}
[ -z "$poweroff" ] || power_off

# What the kernel itself asks for by name is loaded from here on: nf_tables, veth …
release=$(uname -r)
mkdir -p "/lib/modules/$release"
mount --bind "$kernel/lib/modules/$release" "/lib/modules/$release"

mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm /dev/mqueue
# The files in /dev whose opening loads a module: fuse, net/tun …
while read -r module name kind; do
    case $name in */*) mkdir -p "/dev/${name%/*}" ;; esac
    number=${kind#c}
    case $kind in c*) mknod "/dev/$name" c "${number%:*}" "${number#*:}" ;; esac
done 2> /dev/null < "/lib/modules/$release/modules.devname"
chmod 666 /dev/fuse /dev/net/tun
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock /run/netns
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
ln -s /proc/self/fd /dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${stream%:*}" "/dev/${stream#*:}"; done
hostname vm
# Neither is it the container that the other machine may be, nor has it that one's kernel.
rm -f /.dockerenv
mount --bind "$kernel/boot" /boot
ip link set lo up

# An overlay takes no layers of another one, nor mounts with mapped ids: what is written
# is on the disk, also the root file systems of `lab` and of the tests.
kept=${LAB_BIN_DIR%/*}/tmp
mkdir -p /vm/tmp /vm/lab /vm/kept /var/lib/lab "$kept"
chmod 1777 /vm/tmp
mount --bind /vm/lab /var/lib/lab
mount --bind /vm/kept "$kept"
export TMPDIR=/vm/tmp LAB_CACHE_DIR=/vm/cache

# Three controllers are handed down, as systemd does; the others wait for whoever needs
# them. And nobody is in the root cgroup, but somewhere below: cgroups(7).
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
echo '+cpu +memory +pids' > /sys/fs/cgroup/cgroup.subtree_control
session=/sys/fs/cgroup/user.slice/session.scope
mkdir -p "$session" /sys/fs/cgroup/init.scope
echo '+cpu +memory +pids' > /sys/fs/cgroup/user.slice/cgroup.subtree_control

# Another serial line would change what is printed: raw, a new line stays what it is.
stty -F /dev/ttyS1 raw -echo
(
    echo 0 > "$session/cgroup.procs"
    cd "$directory" || exit
    exec setsid --wait bash /vm/io/command # which was quoted by bash
) < /dev/null > /dev/ttyS1 2>&1
echo $? > /vm/io/status
stty -F /dev/ttyS1 > /dev/null # everything is said before the machine goes
power_off
