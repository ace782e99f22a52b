#!/bin/sh
# For all processes of the machine together.
cat /proc/sys/kernel/pid_max
