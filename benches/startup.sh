#!/bin/sh
# How long it takes to make a container, run /bin/true in it and remove it: lab beside
# crun and runc on the same files, then every chapter's runtime, to see what each kernel
# feature costs.
#
#   benches/startup.sh [ROUNDS [PAUSE_MS]]      as root; 40 rounds and 70 ms if not given
#
# Each command is timed once a round, in random order, first back to back (hot), then
# with a pause before each (cold). Everything made is in one temporary directory, which
# is removed at the end.
set -eu

rounds=${1:-40}
pause=${2:-70}
cd "$(dirname "$0")/.."
say() { echo "$*" >&2; }
[ "$(id -u)" = 0 ] || { say "error: namespaces need root: run it with sudo"; exit 1; }

# Two builds of lab: the default one, and a static one if its target can be had.
musl=$(uname -m)-unknown-linux-musl
target=$(pwd)/target
target=${CARGO_TARGET_DIR:-$target}
say "building lab"
cargo build --quiet --release --package lab-cli --package lab-benches
lab=$target/release/lab
static=
if rustup target add "$musl" >/dev/null 2>&1; then
    say "building lab for $musl"
    cargo build --quiet --release --target "$musl" --package lab-cli
    static=$target/$musl/release/lab
else
    say "left out: a static build, since \`rustup target add $musl\` does not work here"
fi

# Not /tmp, which is memory on many hosts, while writable layers are on a disk. With
# TMPDIR=/dev/shm, the disk's part in the times goes away.
work=$(mktemp -d "${TMPDIR:-/var/tmp}/lab-startup.XXXXXX")
export LAB_STATE_DIR="$work/state" LAB_CACHE_DIR="$work/cache"
trap 'exec 3>&-; wait; rm -rf "$work"' EXIT # 3: see below
trap 'exit 1' HUP INT TERM

# crun and runc make places for their mounts in the root they get, so it is a copy of the
# image. Chapters 01 to 06 write into it as well.
bundle=$work/bundle
mkdir "$bundle"
"$lab" run chapter-07 --network none --view none -- /bin/true # builds the image
cp -a "$("$lab" rootfs path)" "$bundle/rootfs"

# What chapter 07 does, in the words of the OCI runtime specification: the same
# namespaces, mounts and files in /etc. Layers are not a runtime's business there, so
# crun and runc start on the plain directory, and have one mount less to do than lab.
for file in hostname hosts resolv.conf; do echo bench >"$bundle/$file"; done
cat >"$bundle/config.json" <<END
{
  "ociVersion": "1.0.2",
  "process": { "args": ["/bin/true"], "cwd": "/", "env": ["PATH=/usr/bin:/bin"],
               "user": { "uid": 0, "gid": 0 } },
  "root": { "path": "rootfs" },
  "hostname": "bench",
  "mounts": [
    { "type": "proc", "source": "proc", "destination": "/proc",
      "options": ["nosuid", "noexec", "nodev"] },
    { "type": "sysfs", "source": "sysfs", "destination": "/sys",
      "options": ["nosuid", "noexec", "nodev", "ro"] },
    { "type": "cgroup", "source": "cgroup", "destination": "/sys/fs/cgroup",
      "options": ["nosuid", "noexec", "nodev", "ro"] },
    { "type": "tmpfs", "source": "tmpfs", "destination": "/dev",
      "options": ["nosuid", "strictatime", "mode=755", "size=64k"] },
    { "type": "devpts", "source": "devpts", "destination": "/dev/pts",
      "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
    { "type": "tmpfs", "source": "shm", "destination": "/dev/shm",
      "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=64m"] },
    { "type": "mqueue", "source": "mqueue", "destination": "/dev/mqueue",
      "options": ["nosuid", "noexec", "nodev"] },
    { "type": "bind", "source": "hostname", "destination": "/etc/hostname", "options": ["bind"] },
    { "type": "bind", "source": "hosts", "destination": "/etc/hosts", "options": ["bind"] },
    { "type": "bind", "source": "resolv.conf", "destination": "/etc/resolv.conf",
      "options": ["bind"] }
  ],
  "linux": {
    "cgroupsPath": "/lab-startup-$$",
    "namespaces": [ { "type": "pid" }, { "type": "mount" }, { "type": "uts" },
                    { "type": "ipc" }, { "type": "network" }, { "type": "cgroup" } ]
  }
}
END

# A line for `interleave`: a name, a program, its arguments, with tabs between them.
line() {
    printf '%s' "$1"; shift
    printf '\t%s' "$@"; echo
}
oci() {
    if command -v "$1" >/dev/null; then
        line "$1" "$1" --root "$work/$1" run --bundle "$bundle" "lab-startup-$$"
    else
        say "left out: $1, which is not installed: apt-get install $1"
    fi
}
run_07="run chapter-07 --network"
rest="--view none -- /bin/true"
fastest=${static:-$lab}
# shellcheck disable=SC2086 # several words each
{
    [ -z "$static" ] || line "lab, static" "$static" $run_07 none $rest
    line "lab" "$lab" $run_07 none $rest
    oci crun
    oci runc
} >"$work/runtimes"
# shellcheck disable=SC2086
{
    # Chapter 00 has the host's root, so it runs the image's program from there.
    line "chapter-00 process" "$fastest" run 00 --view none -- "$bundle/rootfs/bin/true"
    for chapter in "01 chroot" "02 pid-ns" "03 mount-ns" "04 uts-ipc"; do
        line "chapter-$chapter" "$fastest" run "${chapter%% *}" --rootfs "$bundle/rootfs" $rest
    done
    for chapter in "05 net-ns" "06 cgroups" "07 overlay"; do
        line "chapter-$chapter" "$fastest" run "${chapter%% *}" --rootfs "$bundle/rootfs" \
            --network none $rest
    done
} >"$work/chapters"
# shellcheck disable=SC2086
for network in host none bridge; do
    line "--network $network" "$fastest" $run_07 $network $rest
done >"$work/networks"

# crun does not start where cgroups v1 and v2 are both mounted. There, everything is
# measured in a mount namespace without the v2 mount.
unified=/sys/fs/cgroup/unified
measure() { "$target/release/interleave" "$rounds" "$pause" "$1" <"$2"; }
if grep -q " $unified .* - cgroup2 " /proc/self/mountinfo; then
    say "cgroups v1 and v2 are both mounted: measured without $unified, for crun's sake"
    measure() {
        unshare --mount --propagation private sh -c "umount $unified"' && exec "$@"' sh \
            "$target/release/interleave" "$rounds" "$pause" "$1" <"$2"
    }
fi

say "measuring $rounds rounds hot, then $rounds cold with pauses of $pause ms, four times"
echo "Medians of $rounds. lab's root is an overlay; crun and runc start on the plain"
echo "directory, with the same namespaces and mounts. All without a network:"
echo
measure crun "$work/runtimes"
echo
echo "Each chapter's runtime, without a network; the ratio is to the last one:"
echo
measure "chapter-07 overlay" "$work/chapters"
echo
echo "Chapter 07 with each network, alone on the host (bridge and cgroups made and removed):"
echo
measure "--network none" "$work/networks"

# A container that is there all the time: it reads from a pipe that we hold open as
# descriptor 3, so it ends when we do, whatever happens.
mkfifo "$work/hold"
"$fastest" run chapter-07 --view none -- sh -c 'echo ready; read line' \
    <"$work/hold" >"$work/ready" &
exec 3>"$work/hold"
until [ -s "$work/ready" ]; do
    kill -0 $! 2>/dev/null || { say "error: the container beside does not run"; exit 1; }
    sleep 0.05
done
echo
echo "The same beside another container, which shares the bridge and the parent cgroups:"
echo
measure "--network none" "$work/networks"
