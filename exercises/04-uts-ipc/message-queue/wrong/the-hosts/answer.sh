#!/bin/sh
# This mount was made in the IPC namespace of the host.
ls /dev/mqueue
