#!/bin/sh
# The number of eth0 in the container means another link on the host, or none.
number=$(cat "/proc/$1/root/sys/class/net/eth0/ifindex")
grep -l "^$number\$" /sys/class/net/*/ifindex | cut -d / -f 5
