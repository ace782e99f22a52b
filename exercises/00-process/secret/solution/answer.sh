#!/bin/sh
tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^SECRET=//p'
