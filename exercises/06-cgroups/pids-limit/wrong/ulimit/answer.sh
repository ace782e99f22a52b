#!/bin/sh
# That limit counts the processes of a user, wherever they are.
awk '/^Max processes/ { print $3 }' "/proc/$1/limits"
