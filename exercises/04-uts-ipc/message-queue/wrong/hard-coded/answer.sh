#!/bin/sh
# As it was called yesterday.
echo bacedifo
