#!/bin/bash
# Compresses a tree on several hosts, with GNU parallel over ssh, while it is walked: 1000 names at a time.
#
#   parallel-names.sh TREE HOST...
#
# This needs neither lists nor a second walk, but 1000 large files are one job: parallel-lists.sh balances files of very different
# sizes. All hosts must see the tree at the same path.
set -euo pipefail
tree=$(realpath -- "$1")
shift

find "$tree" -type f ! -name '*.gz' ! -name '.gzcc-*' -print0 |
  parallel --pipe --recend '\0' -N 1000 --sshlogin "$(IFS=,; echo "$*")" --jobs 2 gzcc --update --files0-from -
