#!/bin/sh
# Installs what builds the book, and prints the directory of the programs:
#
#   book/install-tools.sh
#
# mdBook makes the pages, mdbook-i18n-helpers their translations. They are kept in
# $LAB_BOOK_TOOLS, or ~/.cache/container-lab/book-tools; what is there is not built again.
set -eu

case ${XDG_CACHE_HOME:-} in
/*) cache=$XDG_CACHE_HOME ;;
*) cache=$HOME/.cache ;; # a relative one is ignored, as its specification says
esac
tools=${LAB_BOOK_TOOLS:-$cache/container-lab/book-tools}

add() {
    name=$1 version=$2
    shift 2
    if grep -qs "^\"$name $version (" "$tools/.crates.toml"; then
        return
    fi
    echo "building $name $version, which takes some minutes" >&2
    # Without optimization: that takes half the time, and the book a second all the same.
    # Outside of the repository, whose settings are for the lessons.
    (
        cd /
        unset CARGO_TARGET_DIR
        cargo install --locked --debug --root "$tools" "$name@$version" "$@" >&2
    )
}

add mdbook 0.5.4 --no-default-features --features search
add mdbook-i18n-helpers 0.4.0

echo "$tools/bin"
