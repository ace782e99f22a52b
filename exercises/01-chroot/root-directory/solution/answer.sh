#!/bin/sh
cat "/proc/$1/root/tmp/word"
