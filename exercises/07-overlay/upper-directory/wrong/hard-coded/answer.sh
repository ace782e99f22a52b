#!/bin/sh
# Where Docker has them.
echo /var/lib/docker/overlay2
