#!/bin/sh
# Another line of the same file.
awk '/^PPid:/ { print $2 }' "/proc/$1/status"
