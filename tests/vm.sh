#!/usr/bin/env bash
# Runs a command on a second kernel: Debian's newest, with nothing but cgroup v2.
#
#   tests/vm.sh                           the test suite, built first; not exercises and book
#   tests/vm.sh chapter_06 chapter_09     the tests with these words in their names
#   tests/vm.sh -- lab doctor             a command, with the built programs in $PATH
#
# It boots in seconds, because there is no system to install. What the guest sees as /
# is this machine's /, read-only, under an overlay that takes the writes and is gone
# with it. So what was built here runs there, and nothing there can hurt this machine:
#
#   this machine                        the guest, a qemu process
#     /  ── 9p, read-only ────────────▶   /       overlay: 9p below, tmpfs on top
#     an empty disk, ext4 ─ virtio ───▶   /vm     $TMPDIR, records, images and layers
#     a temporary directory ── 9p ────▶   /vm/io  what to run, and its exit status
#                                         /sys/fs/cgroup   v2, as systemd leaves it
#
# Needs qemu-system-x86, busybox-static, kmod and e2fsprogs; the kernel is downloaded
# with apt once and kept in $XDG_CACHE_HOME/container-lab/vm. Without KVM the guest's
# processors are emulated, about 15 times slower: build here, only run there.
#
# The environment: LAB_VM_CACHE    another directory for the kernel
#                  LAB_VM_KERNEL   another kernel: linux-image-6.1.0-56-amd64
#                  LAB_VM_ACCEL    kvm or tcg, instead of trying
#                  LAB_VM_TIMEOUT  seconds until the guest is given up, 3600
set -euo pipefail

checkout=$(cd "$(dirname "$0")/.." && pwd)
cache=${LAB_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/container-lab/vm}
timeout=${LAB_VM_TIMEOUT:-3600}

die() { printf 'vm.sh: %s\n' "$*" >&2; exit 125; }

main() {
    local program
    for program in qemu-system-x86_64 busybox modprobe mkfs.ext4; do
        command -v "$program" > /dev/null ||
            die "no $program: apt-get install qemu-system-x86 busybox-static kmod e2fsprogs"
    done
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    find_kernel
    write_orders "$@"
    make_initrd
    make_disk
    choose_accelerator
    boot "$timeout" "$accelerator" || true # what counts is what the guest wrote
    # The kernel's messages are of interest only if it did not come to an end.
    [[ -s $work/io/status ]] || { tail -n 40 "$work/console" >&2; die "the guest gave no status"; }
    exit "$(< "$work/io/status")"
}

# Sets `kernel`, an unpacked package in the cache, and `release`, what uname -r will say.
find_kernel() {
    # linux-image-amd64 is an empty package: it depends on the newest kernel there is.
    local package=${LAB_VM_KERNEL:-} unpack
    [[ $package ]] ||
        package=$(apt-cache depends linux-image-amd64 2> /dev/null |
            awk '$1 == "Depends:" && /linux-image-[0-9]/ { print $2; exit }')
    # Without apt's lists, the newest of the cache will do.
    [[ $package ]] || package=$(cd "$cache" 2> /dev/null && ls -d linux-image-* | sort -V | tail -n 1)
    [[ $package ]] || die "apt knows no linux-image-amd64: apt-get update"
    kernel=$cache/$package release=${package#linux-image-}
    [[ -d $kernel ]] && return
    # Unpacked beside its place and renamed: what is in the cache is whole.
    mkdir -p "$cache"
    unpack=$(mktemp -d "$cache/.unpack-XXXXXX")
    (
        cd "$unpack"
        # As root, apt would rather download as _apt, who may not write here.
        apt-get -qq -o APT::Sandbox::User=root download "$package" &&
            dpkg-deb -x "$package"_*.deb root && depmod -b root "$release"
    ) >&2 || { rm -rf "$unpack"; die "cannot download $package"; }
    mv -T "$unpack/root" "$kernel" 2> /dev/null || true # somebody else was faster
    rm -rf "$unpack"
}

# Writes what the guest is to do into the directory that both see.
write_orders() {
    local directory=$PWD bin
    local -a order
    cd "$checkout"
    bin=$(realpath -m "${LAB_BIN_DIR:-${CARGO_TARGET_DIR:-target}/debug}")
    [[ ${LAB_BIN_DIR:-} ]] || cargo build --quiet --workspace || die "the programs do not build"
    if [[ ${1:-} == -- ]]; then
        order=("${@:2}")
    else
        # Cargo tells where it has put the test program: "Executable main.rs (target/…)".
        order=("$(cargo test --package lab-tests --no-run 2>&1 | sed -n 's/.*Executable.*(\(.*\))$/\1/p')")
        [[ ${order[0]} ]] || die "the tests do not build: cargo test --package lab-tests"
        order=("$(realpath "${order[0]}")" "$@")
        # A compiler takes too long there, and so does what a checked program may take ten
        # seconds for; the book's pages are of this kernel.
        [[ $# -gt 0 ]] || order+=(--skip exercises:: --skip grade:: --skip book
            --skip sandbox::a_program_gets_so_many_namespaces)
        directory=$checkout/tests
    fi
    mkdir "$work/io"
    {
        printf 'export LANG=C.UTF-8 HOME=%q PATH=%q\n' "$HOME" "$bin:$PATH"
        # Told where they are, the tests need no cargo.
        printf 'export LAB_BIN_DIR=%q INSTA_WORKSPACE_ROOT=%q INSTA_UPDATE=no\n' "$bin" "$checkout"
        # There, what it prints always goes to a terminal.
        [[ -t 1 ]] || echo export NO_COLOR=1
        declare -px | sed -nE 's/^declare -x ((LAB_NO_SKIP|LAB_ROOTFS_FROM|LAB_TEST_|RUST_)\w*=)/export \1/p'
        printf 'kernel=%q directory=%q\n' "$kernel" "$directory"
    } > "$work/io/environment"
    printf '%q ' "${order[@]}" > "$work/io/command"
    cp "$checkout/tests/vm/init.sh" "$work/io/init"
}

# Packs the guest's first file system: busybox, what mounts the real one, and the
# modules for that, in the order in which they need each other.
make_initrd() {
    local root=$work/initrd module path
    mkdir -p "$root"/{bin,dev,proc,host,layer,root,modules}
    cp "$(command -v busybox)" "$root/bin/busybox"
    cp "$checkout/tests/vm/boot.sh" "$root/init"
    chmod +x "$root/init"
    for module in virtio_pci virtio_blk ext4 9pnet_virtio 9p overlay; do
        # Says nothing of what is built into the kernel.
        modprobe -d "$kernel" -S "$release" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
        cp "$path" "$root/modules/"
        basename "$path" >> "$root/modules/order"
    done
    (cd "$root" && find . | busybox cpio -o -H newc 2> /dev/null) > "$work/initrd.cpio"
}

# Makes the guest's disk. The file has holes: it takes the room that is written to.
make_disk() {
    truncate --size=4G "$work/disk"
    # Nobody needs it after a crash, so it keeps no journal.
    mkfs.ext4 -q -O ^has_journal -m 0 "$work/disk"
}

# Sets `accelerator`: KVM where it is more than a file in /dev, emulation elsewhere.
choose_accelerator() {
    accelerator=${LAB_VM_ACCEL:-}
    [[ $accelerator ]] && return
    accelerator=tcg
    [[ -w /dev/kvm ]] && grep -qwE 'vmx|svm' /proc/cpuinfo || return 0
    # In a virtual machine that claims to nest, KVM may start and then hang: a guest
    # that only boots and goes gets ten seconds.
    boot 10 kvm lab.trial=1 && [[ -s $work/io/trial ]] && accelerator=kvm
    return 0
}

# Runs a guest to its end: boot SECONDS ACCELERATOR [KERNEL PARAMETER].
boot() {
    # The first serial line is the kernel's, the second one is what the command says.
    # Testing the ciphers that ext4 brings along has hung on an emulated processor.
    timeout --foreground --kill-after=5 "$1" qemu-system-x86_64 \
        -accel "$2" -cpu max -smp 2 -m 2048 \
        -nodefaults -no-user-config -display none -no-reboot \
        -serial "file:$work/console" -serial stdio \
        -kernel "$kernel/boot/vmlinuz-$release" -initrd "$work/initrd.cpio" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests cgroup_no_v1=all ${3:-}" \
        -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
        -device virtio-9p-pci,fsdev=root,mount_tag=root \
        -fsdev local,id=io,path="$work/io",security_model=none \
        -device virtio-9p-pci,fsdev=io,mount_tag=io \
        -drive "if=virtio,file=$work/disk,format=raw,cache=unsafe,discard=unmap" \
        -device virtio-rng-pci < /dev/null
}

main "$@"
