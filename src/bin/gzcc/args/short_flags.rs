//! Command lines of files, levels and single-letter flags, parsed without clap.
//!
//! Before clap looks at the first argument, it builds the definition of all options. That took 40 % of the instructions of a
//! run over a file of 1 KB. So the usual command lines are parsed here. All others, and all errors, are left to clap, which
//! remains the definition: a test compares the results.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use super::definition::{Args, DEFAULT_SUFFIX};
use super::values::level;

/// Parses the arguments after the program's name. `None` if one of them is anything other than a file, a level or a flag that
/// [`set`] knows.
pub(super) fn parse(arguments: &[OsString]) -> Option<Args> {
    let mut args = Args { suffix: DEFAULT_SUFFIX.into(), ..Args::default() };
    for argument in arguments {
        match argument.as_bytes() {
            [b'-', cluster @ ..] if !cluster.is_empty() => parse_cluster(&mut args, cluster)?,
            _ => args.files.push(argument.clone()),
        }
    }
    Some(args)
}

/// Parses flags and levels behind one dash. Consecutive digits are one level.
fn parse_cluster(args: &mut Args, cluster: &[u8]) -> Option<()> {
    for part in cluster.chunk_by(|a, b| a.is_ascii_digit() && b.is_ascii_digit()) {
        match part {
            [flag] if !flag.is_ascii_digit() => set(args, *flag)?,
            digits => args.level = Some(level(str::from_utf8(digits).ok()?).ok()?),
        }
    }
    Some(())
}

/// Sets a flag, and resets the flag that it contradicts.
fn set(args: &mut Args, flag: u8) -> Option<()> {
    match flag {
        b'c' => args.stdout = true,
        b'd' => args.decompress = true,
        b'f' => args.force = true,
        b'k' => args.keep = true,
        b'l' => args.list = true,
        b'n' => (args.name, args.no_name) = (false, true),
        b'N' => (args.name, args.no_name) = (true, false),
        b'q' => (args.quiet, args.verbose) = (args.quiet.saturating_add(1), false),
        b'r' => args.recursive = true,
        b't' => args.test = true,
        b'v' => (args.quiet, args.verbose) = (0, true),
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::levels::expand_levels;

    /// Whether this module parses the line. It must then have the same result as clap.
    fn is_parsed(line: &[String]) -> bool {
        let arguments: Vec<OsString> = line.iter().map(OsString::from).collect();
        let with_program = [OsString::from("gzcc")].into_iter().chain(arguments.iter().cloned());
        let by_clap = Args::try_parse_from(expand_levels(with_program)).map(|args| format!("{args:?}")).ok();
        let here = parse(&arguments).map(|args| format!("{args:?}"));
        assert!(here.is_none() || here == by_clap, "{line:?}\nclap: {by_clap:?}\nhere: {here:?}");
        here.is_some()
    }

    #[test]
    fn every_line_that_is_parsed_has_the_result_of_clap() {
        // Two arguments of up to two letters: every letter, and every pair of flags in both orders.
        let letters: Vec<String> = (b'0'..=b'z').map(|letter| char::from(letter).to_string()).collect();
        let flags = ["c", "d", "f", "k", "l", "n", "N", "q", "r", "t", "v", "1", "12", "13"].map(str::to_owned);
        let mut lines: Vec<Vec<String>> = letters.iter().map(|letter| vec![format!("-{letter}")]).collect();
        for first in &flags {
            for second in &flags {
                lines.push(vec![format!("-{first}{second}"), "a".into()]);
                lines.push(vec![format!("-{first}"), "a".into(), format!("-{second}")]);
                lines.push(vec![format!("-{first}{second}{first}"), format!("-{second}")]);
            }
        }
        let parsed = lines.iter().filter(|line| is_parsed(line)).count();
        assert!(parsed > lines.len() * 3 / 4, "{parsed} of {}", lines.len());
    }

    #[test]
    fn only_files_levels_and_known_flags_are_parsed() {
        for line in ["", "a", "- a", "a -9 b", "-k9v", "-1k2", "-0012 a", "-qq a", "-vqv", "-dc a.gz", "a  b"] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert!(is_parsed(&words), "{line}");
        }
        for line in ["--", "-13", "-h", "-V", "--rm", "-o b a", "-ob a", "-j4", "-kS.z", "-é", "-1-2", "-99999999999"]
        {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert!(!is_parsed(&words), "{line}");
        }
        assert!(is_parsed(&[]));
    }
}
