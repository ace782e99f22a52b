#!/bin/sh
# Prints what this project could leave on a host, in a form that is the same before and
# after when nothing was left:
#
#   tests/host-state.sh > before; cargo test --workspace; tests/host-state.sh | diff before -
#
# What changes by itself is left out: counters, ages, addresses that the kernel learned,
# processes of others. What belongs to somebody else's run is listed as well: compare
# on a host where nobody runs `lab` meanwhile.

export LC_ALL=C

section() {
    printf '\n## %s\n' "$1"
}

section 'mounts of this namespace'
# target, root of the mount, file system, source: no numbers, which are given anew.
awk '{ for (i = 7; $i != "-"; i++); print $5, $4, $(i + 1), $(i + 2) }' /proc/self/mountinfo | sort

section 'network links'
ls /sys/class/net | sort

section 'addresses'
if command -v ip > /dev/null; then
    ip -oneline -4 address | awk '{ print $2, $4 }' | sort
fi

section 'addresses taken on lab0'
if [ -e /sys/class/net/lab0 ] && command -v ip > /dev/null; then
    ip -4 neigh show dev lab0 nud permanent | sort
fi

section 'routes'
if command -v ip > /dev/null; then
    ip -4 route show table all | sed 's/ linkdown//' | sort
fi

section 'packet filter'
# Tables of the kernel that iptables has once used stay, without any rule of ours.
if command -v nft > /dev/null; then
    nft list ruleset 2> /dev/null | grep -w 'lab[^ ]*'
fi
for save in iptables-save iptables-legacy-save; do
    if command -v "$save" > /dev/null; then
        "$save" 2> /dev/null | grep -w 'lab[^ ]*'
    fi
done

section 'switches of the network'
for switch in /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/route_localnet \
    /proc/sys/net/ipv4/conf/*/accept_redirects /proc/sys/net/ipv6/conf/*/accept_ra; do
    [ -e "$switch" ] || continue
    printf '%s %s\n' "$switch" "$(cat "$switch")"
done

section 'network namespaces with a name'
ls /run/netns 2> /dev/null | sort

section 'cgroups'
# A v2 tree that was used keeps its controllers handed down, by design.
grep ' - cgroup' /proc/self/mountinfo | cut -d' ' -f5 | while read -r mount; do
    find "$mount" -mindepth 1 -maxdepth 3 -type d -path '*/lab-*'
done | sort

section 'records and layers'
for dir in /var/lib/lab "${LAB_STATE_DIR:-/var/lib/lab}"; do
    find "$dir" -mindepth 1 -maxdepth 3 ! -path "$dir/containers" 2> /dev/null
done | sort -u

section 'processes'
# Containers before their start, their inits, and the programs themselves.
for stat in /proc/[0-9]*/comm; do
    read -r name 2> /dev/null < "$stat" || continue
    case $name in
        lab | lab:* | chapter-0*) echo "$name" ;;
    esac
done | sort | uniq -c

section 'message queues, shared memory, semaphores'
for kind in msg shm sem; do
    awk -v kind="$kind" 'NR > 1 { print kind, $1, $2 }' "/proc/sysvipc/$kind"
done

section 'temporary files'
find "${TMPDIR:-/tmp}" /dev/shm /dev/mqueue -mindepth 1 -maxdepth 1 \
    \( -name 'lab*' -o -name '.tmp*' -o -name '.lab*' \) 2> /dev/null | sort
