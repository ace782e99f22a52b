#!/bin/sh
# Right only for as long as the container stands in /tmp.
cat "/proc/$1/cwd/word"
