#!/bin/sh
# Counts how long the book is, and prints it: words and minutes of each chapter, pages.
#
#   book/numbers.sh
#
# The same table is on the start page: the test that this runs writes it there.
set -eu
cd "$(dirname "$0")/.."

INSTA_UPDATE=always cargo test -q -p lab-tests the_book_knows_how_long_it_is > /dev/null
# Without the links and the emphasis.
sed -E 's/\[([^]]*)\]\([^)]*\)/\1/g; s/\*\*//g; /^\|[-:|]*$/d' book/src/generated/numbers.md
