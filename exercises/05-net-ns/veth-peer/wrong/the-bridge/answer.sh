#!/bin/sh
# What the cable is plugged into.
echo lab0
