#!/bin/sh
# Keeps network namespaces, whose memory is in nobody's account, as long as it gets more.
number=0
while [ $number -lt 5000 ]; do
    : > /tmp/$number
    unshare -n mount --bind /proc/self/ns/net /tmp/$number || break
    number=$((number + 1))
done
[ $number -lt 100 ] || echo "exit code 99"
