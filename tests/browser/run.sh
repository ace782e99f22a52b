#!/usr/bin/env bash
# Opens every page of the built book in Chromium, wide and narrow, light and dark:
#
#     tests/browser/run.sh [BOOK]      BOOK: book/book, as book/build.sh leaves it
#
# It needs the programs chromium and node, and no package of either.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

for program in chromium node; do
    if ! command -v "$program" > /dev/null; then
        echo "tests/browser: there is no $program: apt-get install chromium nodejs" >&2
        exit 1
    fi
done
exec node "$here/main.mjs" "${1:-$here/../../book/book}"
