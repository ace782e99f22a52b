#!/bin/sh
# That is who owns its root directory.
stat -c %u "/proc/$1/root/"
