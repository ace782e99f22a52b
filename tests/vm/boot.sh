#!/bin/busybox sh
# The guest's first program, from its initrd: mounts the real root and goes there.
# See ../vm.sh for what is what.

# An empty directory is all that is known here: each tool is busybox's.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev

give_up() {
    echo "boot.sh: $*"
    $b poweroff -f
}

while read -r module; do
    $b insmod "/modules/$module" || give_up "module $module"
done < /modules/order

# Read-only, so the guest may keep what it has read without asking again: cache=loose.
options=trans=virtio,version=9p2000.L,msize=512000
$b mount -t 9p -o "ro,cache=loose,$options" root /host || give_up "mount /"

# tmpfs takes what an overlay cannot offer to another overlay: a place for upper layers.
$b mount -t tmpfs -o mode=755 layer /layer
$b mkdir /layer/upper /layer/work
$b mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work overlay /root ||
    give_up "mount the overlay"

$b mkdir -p /root/vm
$b mount -t ext4 -o discard /dev/vda /root/vm || give_up "mount /vm"
$b mkdir /root/vm/io
$b mount -t 9p -o "$options" io /root/vm/io || give_up "mount /vm/io"
$b mount --move /dev /root/dev
$b mount --move /proc /root/proc

# Not chroot: pivot_root(2), which containers use, wants / to be a mount.
exec $b switch_root /root /bin/sh /vm/io/init
