//! Levels as digits among short options: `-11` and `-k9v` contain one, `-j4` does not.
//!
//! Runs before clap, which has no options that are numbers.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Long options whose value may be the next argument. A test compares this list with the definition.
pub(super) const LONG_TAKE_VALUE: &[&str] = &[
    "--level",
    "--engine",
    "--output",
    "--output-dir",
    "--suffix",
    "--jobs",
    "--processes",
    "--memory",
    "--scheduler",
    "--max-size",
    "--fill",
    "--format",
    "--bytes",
    "--lines",
    "--tail",
    "--index-spacing",
    "--files-from",
    "--files0-from",
    "--include",
    "--exclude",
    "--older-than",
    "--newer-than",
    "--min-size",
    "--max-depth",
    "--shard",
    "--chunk-length",
    "--completions",
    "--install-docs",
    "--progress",
];

/// Short options whose value is the rest of the argument, or the next one.
const SHORT_TAKE_VALUE: &[u8] = b"joOpS";

/// Rewrites digits among short options as `--level=N`, a run of digits as one number: `-k11v` becomes
/// `-k --level=11 -v`. Values of options are not changed.
pub(super) fn expand_levels(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let mut expanded: Vec<OsString> = arguments.by_ref().take(1).collect();
    while let Some(argument) = arguments.next() {
        let bytes = argument.as_bytes();
        if bytes == b"--" {
            expanded.push(argument);
            break;
        }
        let next_is_value = match bytes {
            [b'-', cluster @ ..] if !cluster.is_empty() && cluster[0] != b'-' => expand_cluster(cluster, &mut expanded),
            _ => {
                // clap accepts any prefix of a long option.
                let takes_value =
                    bytes.len() > 2 && LONG_TAKE_VALUE.iter().any(|option| option.as_bytes().starts_with(bytes));
                expanded.push(argument);
                takes_value
            }
        };
        if next_is_value {
            expanded.extend(arguments.next());
        }
    }
    expanded.extend(arguments);
    expanded
}

/// Rewrites one argument of short options; returns whether the next argument is the value of its last option.
fn expand_cluster(cluster: &[u8], expanded: &mut Vec<OsString>) -> bool {
    let flags = cluster.iter().position(|b| SHORT_TAKE_VALUE.contains(b)).unwrap_or(cluster.len());
    let mut rest = &cluster[..flags];
    while let Some(start) = rest.iter().position(u8::is_ascii_digit) {
        let digits = rest[start..].iter().take_while(|b| b.is_ascii_digit()).count();
        push_cluster(expanded, &rest[..start]);
        let mut level = OsString::from("--level=");
        level.push(OsStr::from_bytes(&rest[start..start + digits]));
        expanded.push(level);
        rest = &rest[start + digits..];
    }
    push_cluster(expanded, &[rest, &cluster[flags..]].concat());
    flags + 1 == cluster.len()
}

fn push_cluster(arguments: &mut Vec<OsString>, letters: &[u8]) {
    if !letters.is_empty() {
        arguments.push(OsString::from_vec([b"-", letters].concat()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(line: &str) -> String {
        let arguments = ["gzcc"].into_iter().chain(line.split(' ')).map(OsString::from);
        let expanded = expand_levels(arguments).into_iter().skip(1);
        expanded.map(|argument| argument.into_string().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn consecutive_digits_are_one_level() {
        assert_eq!(expanded("-9"), "--level=9");
        assert_eq!(expanded("-11"), "--level=11");
        assert_eq!(expanded("-k9v a"), "-k --level=9 -v a");
        assert_eq!(expanded("-1k2"), "--level=1 -k --level=2");
    }

    #[test]
    fn digits_in_values_and_names_are_not_levels() {
        for line in ["-j4", "-j 4", "-kj4", "-S -9", "-o 7", "--jobs -3", "a -- -9", "-", "--level 3", "--eng -9", "9"]
        {
            assert_eq!(expanded(line), line);
        }
        assert_eq!(expanded("-9j4 -1"), "--level=9 -j4 --level=1");
    }
}
