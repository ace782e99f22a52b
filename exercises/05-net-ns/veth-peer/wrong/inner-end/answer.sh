#!/bin/sh
# As it is called inside.
echo eth0
