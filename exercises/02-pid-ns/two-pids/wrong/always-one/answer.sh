#!/bin/sh
# Only the first process of a container is number 1.
echo 1
