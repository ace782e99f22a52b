#!/bin/sh
# What it would hand on, which is nothing.
names="chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap
linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module
sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time
sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog
wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"

mask=$(sed -n 's/^CapInh:[[:space:]]*/0x/p' "/proc/$1/status")
number=0
for name in $names; do
    if [ $(((mask >> number) & 1)) = 1 ]; then
        echo "CAP_$name" | tr a-z A-Z
    fi
    number=$((number + 1))
done
