#!/bin/sh
# Brings the translations up to date with the pages, after these were changed:
#
#   book/po/update.sh
#
# What is new is left empty, what was changed keeps its old translation and is marked
# `fuzzy`, for somebody to look at. Needs msgmerge, of Debian's package gettext.
set -eu
cd "$(dirname "$0")"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
./extract.sh "$dir"

for po in ./*.po; do
    # Without line numbers, which change with every line above.
    msgmerge --quiet --update --backup=none --add-location=file --no-wrap "$po" "$dir/messages.pot"
done
