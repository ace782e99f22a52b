#!/bin/sh
# All of it is in there, for those who can read it.
sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$1/status"
