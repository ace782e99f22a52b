#!/bin/sh
# Writes what there is to translate into DIR/messages.pot:
#
#   book/po/extract.sh DIR          ends with 127 where the tools are missing
set -eu

tools=${LAB_BOOK_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/container-lab/book-tools}
PATH="$tools/bin:$PATH"

for program in mdbook mdbook-xgettext; do
    if ! command -v "$program" > /dev/null; then
        echo "$program: not found; hint: book/install-tools.sh installs it" >&2
        exit 127
    fi
done

# Without what the pages include: code and output are the same in every language. mdBook
# then warns that nothing resolves the includes, each time.
MDBOOK_BUILD__USE_DEFAULT_PREPROCESSORS=false MDBOOK_OUTPUT='{"xgettext": {}}' MDBOOK_LOG=error \
    mdbook build "$(dirname "$0")/.." --dest-dir "$1"
