#!/bin/sh
nsenter --target "$1" --uts hostname
