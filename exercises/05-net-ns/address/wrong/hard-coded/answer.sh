#!/bin/sh
# The first one of the pool?
echo 10.76.0.2
