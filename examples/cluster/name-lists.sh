#!/bin/bash
# Divides the files of a tree into lists of names with equal work. The tree is walked once, for all hosts.
#
#   name-lists.sh TREE LISTS COUNT
#
# LISTS/000001 and so on, at most COUNT lists, each for gzcc --files0-from. The largest files come first: the lists that are left
# at the end are short files, so no host waits long for another one.
set -euo pipefail
tree=$(realpath -- "$1") lists=$2 count=$3

mkdir -p "$lists"
files=$(mktemp)
trap 'rm -f "$files"' EXIT
find "$tree" -type f ! -name '*.gz' ! -name '.gzcc-*' -printf '%s %p\0' | sort -z -n -r > "$files"
perl -0 -e '
  my ($files, $lists, $count) = @ARGV;
  # A file takes the time of its bytes, and that of 16 KiB to be opened, created and named.
  sub work { my ($size) = split / /, $_[0]; return $size + 16384 }
  open my $in, "<", $files or die "$files: $!\n";
  my $left = 0;
  $left += work($_) while <$in>;
  seek $in, 0, 0;
  my ($number, $work, $out) = (0, 0, undef);
  while (<$in>) {
    if (!$out) {
      my $list = sprintf "%s/%06d", $lists, ++$number;
      open $out, ">", $list or die "$list: $!\n";
    }
    print $out substr $_, 1 + index $_, " " or die "$lists: $!\n";
    $work += work($_);
    # The work that is left is divided among the lists that are left.
    if ($work * ($count - $number + 1) >= $left) {
      close $out or die "$lists: $!\n";
      ($left, $work, $out) = ($left - $work, 0, undef);
    }
  }
  !$out or close $out or die "$lists: $!\n";
' "$files" "$lists" "$count"
