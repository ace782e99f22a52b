#!/bin/sh
awk '$5 == "/data" { print $4 }' "/proc/$1/mountinfo"
