#!/bin/sh
# The environment of this shell is another one.
echo "$SECRET"
