#!/bin/sh
# That is the host's /tmp.
cat /tmp/word
