#!/bin/sh
# The mount on /, its options, and of these the one that counts.
sed -n 's|^.* / / .*upperdir=\([^,]*\).*|\1|p' "/proc/$1/mountinfo"
