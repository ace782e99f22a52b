#!/bin/sh
# There is more than one that looks like it.
ls /sys/class/net | grep '^lab' | grep -v '^lab0$'
