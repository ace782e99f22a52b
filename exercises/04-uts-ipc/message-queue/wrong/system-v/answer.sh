#!/bin/sh
# The other kind of queues.
nsenter --target "$1" --ipc ipcs --queues
