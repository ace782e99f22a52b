#!/bin/sh
# How long one more command takes in a container that runs: `lab exec` of /bin/true beside
# crun's exec, each in a container of its own on the same files.
#
#   benches/exec.sh [ROUNDS]
#
# As root; 200 rounds if not given: half a minute, when all is built. Each command is timed
# once a round, in random order. What counts is the ratio of the medians, in one run: at most
# 0.7. On a busy machine the times are somebody else's: see the load that is printed.
set -eu

rounds=${1:-200}
cd "$(dirname "$0")/.."
say() { echo "$*" >&2; }
[ "$(id -u)" = 0 ] || { say "error: namespaces need root: run it with sudo"; exit 1; }
command -v crun >/dev/null || { say "error: crun is not installed: apt-get install crun"; exit 1; }

# The static build, where its target can be had.
musl=$(uname -m)-unknown-linux-musl
target=${CARGO_TARGET_DIR:-$(pwd)/target}
built=$target/release
say "building lab"
cargo build --quiet --release --package lab-benches
if rustup target add "$musl" >/dev/null 2>&1; then
    cargo build --quiet --release --target "$musl" --package lab-cli
    built=$target/$musl/release
else
    say "left out: a static build, since \`rustup target add $musl\` does not work here"
    cargo build --quiet --release --package lab-cli
fi

work=$(mktemp -d "${TMPDIR:-/var/tmp}/lab-exec.XXXXXX")
export LAB_STATE_DIR="$work/state" LAB_CACHE_DIR="$work/cache"
id=lab-exec-$$
clean_up() {
    exec 3>&-
    wait
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cp "$built/lab" "$work/lab"
cp "$(command -v crun)" "$work/crun-copy"

# All that shall stay reads from a pipe that we hold open, as descriptor 3.
mkfifo "$work/hold"
exec 3<>"$work/hold"
: >"$work/ready"

# crun does not run where cgroups v1 and v2 are both mounted: here they have no v2.
# shellcheck disable=SC2016 # expanded there
unshare --net --mount --propagation private sh -c '
    ! grep -q " - cgroup " /proc/self/mountinfo ||
        for at in $(awk "\$3 == \"cgroup2\" { print \$2 }" /proc/self/mounts); do umount "$at"; done
    echo ready
    read -r line || true' <"$work/hold" >"$work/ready" 3>&- &
host=$!
inside() { nsenter --target "$host" --net --mount "$@" 3>&-; }
wait_for() {
    until [ "$(wc -l <"$work/ready")" -ge "$1" ]; do
        kill -0 $! 2>/dev/null || { say "error: $2 does not run"; exit 1; }
        sleep 0.02
    done
}
wait_for 1 "the host"

# A container of chapter 07, and one of chapter 09.
started=1
for chapter in 07 09; do
    {
        exec 3>&-
        inside "$work/lab" run "$chapter" --network none --name "chapter-$chapter" -- \
            sh -c 'echo ready; read line; true' <"$work/hold" >>"$work/ready"
    } &
    started=$((started + 1))
    wait_for "$started" "chapter $chapter"
done

# One of crun's, with the same namespaces.
mkdir "$work/bundle"
cp -a "$(inside "$work/lab" rootfs path)" "$work/bundle/rootfs"
cat >"$work/bundle/config.json" <<END
{
  "ociVersion": "1.0.2",
  "process": { "args": ["sh", "-c", "echo ready; read line"], "cwd": "/",
               "env": ["PATH=/usr/bin:/bin"], "user": { "uid": 0, "gid": 0 } },
  "root": { "path": "rootfs" },
  "mounts": [ { "type": "proc", "source": "proc", "destination": "/proc" } ],
  "linux": {
    "cgroupsPath": "/$id",
    "namespaces": [ { "type": "pid" }, { "type": "mount" }, { "type": "uts" },
                    { "type": "ipc" }, { "type": "network" }, { "type": "cgroup" } ]
  }
}
END
{
    exec 3>&-
    inside "$work/crun-copy" --root "$work/crun" run --bundle "$work/bundle" "$id" \
        <"$work/hold" >>"$work/ready"
} &
wait_for $((started + 1)) "crun's container"

line() {
    printf '%s' "$1"; shift
    printf '\t%s' "$@"; echo
}
say "measuring: $rounds rounds"
echo "$(nproc) processors, Linux $(uname -r), load $(cut -d ' ' -f 1-3 /proc/loadavg)."
echo
{
    line "crun exec" "$work/crun-copy" --root "$work/crun" exec "$id" /bin/true
    line "lab exec, chapter 07" "$work/lab" exec chapter-07 /bin/true
    line "lab exec, chapter 09" "$work/lab" exec chapter-09 /bin/true
} | inside "$target/release/interleave" "$rounds" 0 "$work/times" "crun exec"
echo
median() { awk -F '\t' -v name="$1" '$1 == "hot" && $2 == name { print $3; exit }' "$work/times"; }
awk -v ours="$(median "lab exec, chapter 07")" -v theirs="$(median "crun exec")" 'BEGIN {
    ratio = ours / theirs
    printf "lab exec to crun exec: %.2f, at most 0.7: %s\n", ratio, ratio <= 0.7 ? "met" : "MISSED"
}'
