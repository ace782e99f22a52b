#!/bin/sh
# What it was yesterday.
echo bacedifo
