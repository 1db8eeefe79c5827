#!/bin/bash
# Compresses the files of name lists on several hosts, with GNU parallel over ssh.
#
#   name-lists.sh TREE LISTS 400
#   parallel-lists.sh LISTS REPORTS HOST...
#
# Each host works on two lists at a time, so it has work while it connects or ends a list. All hosts must see the tree, LISTS and
# REPORTS at the same paths. Lists that failed, or whose host failed, run again, on another host if there is one.
set -eu
lists=$(realpath -- "$1")
mkdir -p "$2"
reports=$(realpath -- "$2")
shift 2

# GNU parallel replaces {}. The shells of the hosts read the rest.
printf -v command 'gzcc --update --json --files0-from %q/{} >> %q/{}.json' "$lists" "$reports"
ls "$lists" | parallel --sshlogin "$(IFS=,; echo "$*")" --jobs 2 --retries 3 --joblog "$reports/joblog" "$command"
