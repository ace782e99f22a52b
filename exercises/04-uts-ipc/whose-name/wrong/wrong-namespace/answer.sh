#!/bin/sh
# The mount namespace is another matter than the UTS namespace.
nsenter --target "$1" --mount hostname
