#!/bin/sh
sed -n 's/^NSpid:.*[[:space:]]//p' "/proc/$1/status"
