#!/bin/sh
# Prints the value of SECRET in the container whose process has the number $1 on the host.
pid=$1

echo "I don't know yet about $pid"
