#!/usr/bin/env bash
# The README's two commands on a machine that has nothing else: the smallest Debian with a
# C linker, this machine's Rust, and the sources. No nft, iptables, ip, ps or busybox.
#
#   tests/fresh-machine.sh                            both
#   tests/fresh-machine.sh cargo test --workspace cli any other command
#
# Needs root and debootstrap. What can be used again is kept below target/fresh-machine:
# the Debian as it was installed, and what cargo built in it. A run has a copy of the one,
# which is gone afterwards, and goes on with the other.
#
# It is entered with pivot_root(2), since the kernel makes no user namespace for a process
# whose root is no mount point (chroot). It has this machine's network and cgroups, and
# processes and mounts of its own, which end with it.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
kept=$checkout/target/fresh-machine

if [ "${1:-}" != --inside ]; then
    mkdir -p "$kept"
    exec 9> "$kept/lock"
    flock 9
    if [ ! -e "$kept/debian/root" ]; then
        rm -rf "$kept/unfinished"
        debootstrap --variant=minbase --include=gcc,libc6-dev bookworm "$kept/unfinished" \
            > "$kept/debootstrap.log" || { tail "$kept/debootstrap.log"; exit 1; }
        rm -rf "$kept"/unfinished/var/cache/apt/archives/*.deb "$kept/debian"
        mv "$kept/unfinished" "$kept/debian"
    fi
    cargo fetch --quiet --locked
    machine=$(mktemp -d "${TMPDIR:-/tmp}/fresh-machine-XXXXXX")
    trap 'rm -rf --one-file-system "$machine"' EXIT
    cp -a "$kept/debian/." "$machine"
    # As git would put them there, with the changes that are not committed yet.
    mkdir "$machine/root/container-lab"
    git ls-files -z --cached --others --exclude-standard | tar --null -T - -c --ignore-failed-read |
        tar -x -C "$machine/root/container-lab"
    RUST=$(rustc --print sysroot) CARGO=${CARGO_HOME:-$HOME/.cargo} \
        unshare --mount --propagation private --pid --fork --kill-child --uts --ipc \
        "$0" --inside "$machine" "$@"
    exit
fi

machine=$2
shift 2
mount --bind "$machine" "$machine"
cd "$machine"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmp tmp
mkdir -p "$kept/target" root/container-lab/target root/.cargo/registry opt/rust old
rm -rf "$kept/target/tmp" # images made of another machine's programs
mount --bind "$kept/target" root/container-lab/target
for shown in "$RUST:opt/rust" "$CARGO/registry:root/.cargo/registry"; do
    mount --bind "${shown%%:*}" "${shown#*:}"
    mount -o remount,bind,ro "${shown#*:}"
done
hostname fresh-machine
pivot_root . old
cd /root/container-lab
umount -l /old
rmdir /old

inside() {
    echo "# $*"
    env -i HOME=/root PATH=/opt/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        CARGO_NET_OFFLINE=true "$@"
}

if [ $# -gt 0 ]; then
    inside "$@"
    exit
fi
code=0
inside cargo run -- run chapter-07 -m 64m -- sh <<< 'cat /sys/fs/cgroup/memory*/memory.limit_in_bytes /sys/fs/cgroup/memory.max; exit 3' || code=$?
[ $code = 3 ] || { echo "the container ended with $code"; exit 1; }
inside cargo test --workspace
