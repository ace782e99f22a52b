#!/bin/sh
# Where the range begins, and so what root would be.
echo 100000
