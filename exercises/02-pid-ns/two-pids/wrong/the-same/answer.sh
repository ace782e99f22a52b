#!/bin/sh
# That is the number on the host.
echo "$1"
