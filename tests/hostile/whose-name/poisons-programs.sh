#!/bin/sh
# Makes writable what it was shown, or takes it away and looks at what lies beneath, and leaves
# something there for whoever comes next.
spoil='
for place in /usr /usr/local/bin /bin /lib /work/program; do
    mount -o remount,bind,rw "$place"
    mount -o remount,rw "$place"
done
mount --rbind /usr/local/bin /mnt && mount -o remount,bind,rw /mnt
chmod 777 /work/program
for dir in /usr/local/bin /mnt; do
    echo poisoned > "$dir/tool"
done
umount /mnt
umount -l /usr/local/bin && echo poisoned > /usr/local/bin/tool
umount -l /work/program && chmod 777 /work/program
'
unshare -m sh -c "$spoil"
unshare -U -r -m sh -c "$spoil"
