#!/bin/sh
# How long it takes to make a container, run /bin/true in it and remove it: lab beside the
# least that its work costs (benches/floor), and beside crun and runc on the same files;
# then every chapter's runtime, to see what each kernel feature costs; then each network,
# alone, beside another container and beside many; last, what it should be at most.
#
#   benches/startup.sh [ROUNDS [PAUSE_MS [MANY]]]
#
# As root; 100 rounds, 70 ms and 300 containers if not given: two minutes, when all is
# built. Each command is timed once a round, in random order, back to back (hot); those
# beside crun and runc also with a pause before each (cold). Everything made is in one
# temporary directory, which is removed at the end, and in a network namespace that ends
# with us. On a busy machine the times are somebody else's: see the load that is printed.
# shellcheck disable=SC2086 # $rest and its like are several words
set -eu

rounds=${1:-100}
pause=${2:-70}
many=${3:-300}
cd "$(dirname "$0")/.."
say() { echo "$*" >&2; }
[ "$(id -u)" = 0 ] || { say "error: namespaces need root: run it with sudo"; exit 1; }

# Two builds of lab: the default one, and a static one if its target can be had.
musl=$(uname -m)-unknown-linux-musl
target=$(pwd)/target
target=${CARGO_TARGET_DIR:-$target}
built=$target/release
say "building lab"
cargo build --quiet --release --package lab-cli --package lab-benches
if rustup target add "$musl" >/dev/null 2>&1; then
    say "building lab for $musl"
    cargo build --quiet --release --target "$musl" --package lab-cli --package lab-benches
    built=$target/$musl/release
else
    say "left out: a static build, since \`rustup target add $musl\` does not work here"
fi

# Not /tmp, which is memory on many hosts, while writable layers are on a disk. With
# TMPDIR=/dev/shm, the disk's part in the times goes away.
work=$(mktemp -d "${TMPDIR:-/var/tmp}/lab-startup.XXXXXX")
export LAB_STATE_DIR="$work/state" LAB_CACHE_DIR="$work/cache"
trap 'exec 3>&-; wait; rm -rf "$work"' EXIT # 3: see below
trap 'exit 1' HUP INT TERM

# What was just linked lies otherwise in memory than what was installed long ago, so that
# all are copied, in one go. How the copies lie is still a matter of luck, and of several
# per cent: of how many, two copies of the same program tell.
mkdir "$work/bin"
cp "$built/floor" "$work/bin/floor"
cp "$built/lab" "$work/bin/fastest"
cp "$built/lab" "$work/bin/fastest-again"
cp "$target/release/lab" "$work/bin/lab"
for runtime in crun runc; do
    if command -v "$runtime" >/dev/null; then
        cp "$(command -v "$runtime")" "$work/bin/"
    else
        say "left out: $runtime, which is not installed: apt-get install $runtime"
    fi
done
lab=$work/bin/fastest

# crun and runc make places for their mounts in the root they get, so it is a copy of the
# image. Chapters 01 to 06 write into it as well.
bundle=$work/bundle
mkdir "$bundle"
"$lab" run chapter-07 --network none --view none -- /bin/true # builds the image
image=$("$lab" rootfs path)
cp -a "$image" "$bundle/rootfs"

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

# A pipe from which others read until we end, whatever happens: we hold it open as
# descriptor 3, and nobody else may (3>&-).
mkfifo "$work/hold"
exec 3<>"$work/hold"

# The host on which all is measured: it has a network of its own. And crun does not start
# where cgroups v1 and v2 are both mounted, so that its mounts have no v2 there.
: >"$work/ready"
# shellcheck disable=SC2016 # expanded there
unshare --net --mount --propagation private sh -c '
    ip link set lo up
    ! grep -q " - cgroup " /proc/self/mountinfo ||
        for at in $(awk "\$3 == \"cgroup2\" { print \$2 }" /proc/self/mounts); do umount "$at"; done
    echo ready
    read -r line || true' <"$work/hold" >"$work/ready" 3>&- &
host=$!
inside() { nsenter --target "$host" --net --mount "$@" 3>&-; }

# Waits for that many lines in the file.
wait_for() {
    until [ "$(wc -l <"$work/ready")" -ge "$1" ]; do
        kill -0 $! 2>/dev/null || { say "error: $2 does not run"; exit 1; }
        sleep 0.02
    done
}
wait_for 1 "the host"

# Where cgroups are, as the floor wants to know it.
# shellcheck disable=SC2016 # expanded by awk
groups=$(inside awk '$3 == "cgroup" && $4 !~ /name=/ { print $2 }' /proc/self/mounts)
kind=cgroup
[ -n "$groups" ] || {
    kind=cgroup2
    groups=$(inside awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
}

# Starts chapter 07 on the bridge, to stay until we end; the file gets its name.
started=1
stay() {
    {
        exec 3>&-
        inside "$lab" run chapter-07 --view none -- sh -c 'hostname; read line' \
            <"$work/hold" >>"$work/ready"
    } &
    started=$((started + 1))
    wait_for "$started" "a container beside"
}

# A line for `interleave`: a name, a program, its arguments, with tabs between them.
line() {
    printf '%s' "$1"; shift
    printf '\t%s' "$@"; echo
}
oci() {
    [ ! -x "$work/bin/$1" ] ||
        line "$1" "$work/bin/$1" --root "$work/$1" run --bundle "$bundle" "lab-startup-$$"
}
run_07="run chapter-07 --network"
rest="--view none -- /bin/true"
floor() { line floor "$work/bin/floor" "$image" "$LAB_STATE_DIR" "$kind" $groups; }
none() { line "--network none" "$lab" $run_07 none $rest; }
bridge() { line "--network bridge" "$lab" $run_07 bridge $rest; }
ports() { line "-p 127.0.0.1:18181:80" "$lab" $run_07 bridge -p 127.0.0.1:18181:80 $rest; }
view() { line "lab view" "$lab" view "$1"; }
{
    floor
    [ "$built" = "$target/release" ] || {
        line "lab, static" "$lab" $run_07 none $rest
        line "lab, static, copied again" "$work/bin/fastest-again" $run_07 none $rest
    }
    line "lab" "$work/bin/lab" $run_07 none $rest
    oci crun
    oci runc
} >"$work/runtimes"
{
    floor
    # Chapter 00 has the host's root, so it runs the image's program from there.
    line "chapter-00 process" "$lab" run 00 --view none -- "$bundle/rootfs/bin/true"
    for chapter in "01 chroot" "02 pid-ns" "03 mount-ns" "04 uts-ipc"; do
        line "chapter-$chapter" "$lab" run "${chapter%% *}" --rootfs "$bundle/rootfs" $rest
    done
    for chapter in "05 net-ns" "06 cgroups" "07 overlay" "08 user-ns" "09 security"; do
        line "chapter-$chapter" "$lab" run "${chapter%% *}" --rootfs "$bundle/rootfs" \
            --network none $rest
    done
} >"$work/chapters"

# measure TABLE ROUNDS PAUSE REFERENCE…, where each reference gives a column of ratios. The
# commands come from standard input, and the times are kept for the end.
measure() {
    table=$1
    shift
    rounds_here=$1 pause_here=$2
    shift 2
    echo
    inside "$target/release/interleave" "$rounds_here" "$pause_here" "$work/$table.times" "$@"
    echo
}
load() { cut -d ' ' -f 1-3 /proc/loadavg; }

say "measuring: $rounds rounds of each table"
echo "$(nproc) processors, Linux $(uname -r), load $(load). Medians and best tenths of $rounds."
echo "lab's root and the floor's is an overlay; crun and runc start on the plain directory,"
echo "with the same namespaces and mounts. The floor is what chapter 07 asks of the kernel,"
echo "and nothing else. All without a network:"
measure runtimes "$rounds" "$pause" floor crun crun/tenth <"$work/runtimes"
echo "Each chapter's runtime, without a network:"
measure chapters "$rounds" 0 floor "chapter-07 overlay" "chapter-08 user-ns" <"$work/chapters"
echo "Chapter 07 with each network, alone (the bridge is made and removed each time):"
{ floor; none; bridge; ports; } | measure alone $((rounds / 4 + 1)) 0 "--network none"
stay
name=$(sed -n 2p "$work/ready")
echo "The same beside another container on the bridge, and a look at that one:"
{ floor; none; bridge; ports; view "$name"; } | measure beside "$rounds" 0 "--network none"
say "starting $many containers"
while [ "$started" -le "$many" ]; do stay; done
echo "The same beside $many of them:"
{ floor; none; bridge; view "$name"; } | measure crowd "$rounds" 0 "--network none"

# What a start should cost at most. A time that was not taken is none.
time_of() { # TABLE hot|cold NAME [tenth]
    [ "${4:-}" = tenth ] && column=4 || column=3
    awk -F '\t' -v kind="$2" -v name="$3" -v column=$column \
        '$1 == kind && $2 == name { print $column; exit }' "$work/$1.times"
}
bar() { # WHAT LIMIT UNIT EXPRESSION: the last one in awk's language
    case "$4" in
    *"()"*) printf '%-56s %8s   at most %5s %-3s\n' "$1" "?" "$2" "$3" ;;
    *) awk -v what="$1" -v limit="$2" -v unit="$3" "BEGIN {
           value = $4
           printf \"%-56s %8.2f   at most %5s %-3s %s\n\", what, value, limit, unit,
                  value <= limit ? \"met\" : \"MISSED\" }" ;;
    esac
}
# The same as a term of such an expression.
of() { echo "($(time_of "$@"))"; }
grep -q "lab, static" "$work/runtimes" && best="lab, static" || best=lab
none="--network none"

echo "What it should be at most; load $(load):"
echo
for kind in hot cold; do
    bar "chapter 07, $kind, to the floor" 1.45 × \
        "$(of runtimes $kind "$best") / $(of runtimes $kind floor)"
done
bar "chapter 07 to crun's best tenth" 0.6 × \
    "$(of runtimes hot "$best") / $(of runtimes hot crun tenth)"
bar "the bridge beside another container to no network" 1.25 × \
    "$(of beside hot "--network bridge") / $(of beside hot "$none")"
bar "a published port to no network" 3 × \
    "$(of beside hot "-p 127.0.0.1:18181:80") / $(of beside hot "$none")"
bar "chapter 09 to chapter 08" 1.25 × \
    "$(of chapters hot "chapter-09 security") / $(of chapters hot "chapter-08 user-ns")"
bar "a look beside $many containers" 10 ms "$(of crowd hot "lab view") / 1000"
# What the floor takes longer is the kernel's.
bar "a start longer for each container alive, by our own part" 4 µs \
    "(($(of crowd hot "$none") - $(of beside hot "$none")) \
    - ($(of crowd hot floor) - $(of beside hot floor))) / ($many - 1)"
