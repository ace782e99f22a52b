#!/bin/sh
# What it was yesterday.
echo /srv/photos
