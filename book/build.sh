#!/bin/sh
# Builds the book: in English into book/book, in Chinese into book/book/zh-CN.
#
#   book/build.sh                   both
#   book/build.sh --lang zh-CN      one of them; en removes the other
#
# `mdbook build book` makes the English one alone, and needs no gettext.
set -eu
cd "$(dirname "$0")"

case ${XDG_CACHE_HOME:-} in
/*) cache=$XDG_CACHE_HOME ;;
*) cache=$HOME/.cache ;; # a relative one is ignored, as its specification says
esac
tools=${LAB_BOOK_TOOLS:-$cache/container-lab/book-tools}
PATH="$tools/bin:$PATH"

build() {
    case $1 in
    # First: mdBook empties the directory that it writes to.
    en) mdbook build ;;
    *)
        # Optional in book.toml. Here it would be missed only by a reader.
        command -v mdbook-gettext > /dev/null || missing mdbook-gettext
        MDBOOK_BOOK__LANGUAGE=$1 mdbook build --dest-dir "book/$1"
        ;;
    esac
}

missing() {
    echo "$1: not found; hint: book/install-tools.sh installs it" >&2
    exit 1
}

command -v mdbook > /dev/null || missing mdbook

case $# in
0)
    build en
    build zh-CN
    ;;
2)
    if [ "$1" != --lang ] || [ "$2" != en ] && [ ! -e "po/$2.po" ]; then
        echo "usage: book/build.sh [--lang en|zh-CN]" >&2
        exit 2
    fi
    build "$2"
    ;;
*)
    echo "usage: book/build.sh [--lang en|zh-CN]" >&2
    exit 2
    ;;
esac
