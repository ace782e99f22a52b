#!/bin/sh
# The host has a name, too.
hostname
