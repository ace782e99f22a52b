#!/bin/sh
# Prints the IPv4 address of eth0 in the container whose first process has the number $1 on
# the host, such as 10.76.0.23.
pid=$1

echo "I don't know yet about $pid"
