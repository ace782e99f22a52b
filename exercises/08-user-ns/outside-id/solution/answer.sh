#!/bin/sh
# Four of them: real, effective, saved, and that for files.
while read -r field _ effective _; do
    if [ "$field" = Uid: ]; then
        echo "$effective"
    fi
done < "/proc/$1/status"
