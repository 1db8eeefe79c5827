//! The command line: options and files, parsed and checked.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Parser;

use crate::engines::Peer;

/// Compares gzcc's engines with other DEFLATE libraries: in memory, on one core, interleaved.
#[derive(Parser)]
#[command(name = "peers")]
pub struct Args {
    /// Levels to measure, numbers and ranges: 1,2,6-9
    #[arg(long, default_value = "1,2,6,9,12", value_parser = levels)]
    pub levels: Levels,

    /// Number of rounds; the medians are printed
    #[arg(long, value_name = "N", default_value = "5")]
    pub rounds: NonZeroUsize,

    /// Block size of libdeflate and ISA-L, which compress each block independently (gzcc uses its own blocks)
    #[arg(long, value_name = "SIZE", default_value = "1M", value_parser = size)]
    pub block: usize,

    /// Engines to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["native", "flate2", "libdeflate", "zlib", "isal"])]
    pub peers: Vec<Peer>,

    /// Engine whose levels are compared with the targets
    #[arg(long, value_enum, value_name = "PEER", default_value = "native")]
    pub ours: Peer,

    /// Report each level of gzcc that is slower than another without being smaller, or larger than a lower level
    #[arg(long)]
    pub domination: bool,

    /// Compare sizes alone: fast, and independent of the load
    #[arg(long)]
    pub sizes: bool,

    /// File that keeps the sizes of engines other than gzcc's from run to run
    #[arg(long, value_name = "FILE", requires = "sizes")]
    pub known_sizes: Option<PathBuf>,

    /// Also measure made-up content, each as a group of its own; with --sizes as the files of one group
    #[arg(long)]
    pub made: bool,

    /// Report each level of gzcc that is more than twice as slow a byte on a group as on the group of this name
    #[arg(long, value_name = "GROUP")]
    pub slow_against: Option<String>,

    /// Print the table of tests/library/made_sizes.txt: the smallest size of each made-up content at levels 4 to 12
    #[arg(long)]
    pub bounds: bool,

    /// Files, or directories whose subdirectories are groups; an argument that ends in a colon starts a group, which is measured as a whole: logs: a.log b.log text: c.txt
    #[arg(required_unless_present_any = ["made", "bounds"], value_name = "[GROUP:] FILES")]
    pub files: Vec<OsString>,
}

/// Distinct levels in ascending order. A newtype, because clap treats a plain Vec as an option that repeats.
#[derive(Clone)]
pub struct Levels(pub Vec<u8>);

fn levels(text: &str) -> Result<Levels, String> {
    let number = |text: &str| match text.parse::<u8>() {
        Ok(level) if level <= 12 => Ok(level),
        _ => Err(format!("invalid level '{text}': expected 0 to 12")),
    };
    let mut levels = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            Some((first, last)) => levels.extend(number(first)?..=number(last)?),
            None => levels.push(number(part)?),
        }
    }
    levels.sort_unstable();
    levels.dedup();
    match levels.is_empty() {
        true => Err("the range is empty".into()),
        false => Ok(Levels(levels)),
    }
}

/// A size in bytes, or with a unit K or M. At most 1 GiB, because ISA-L counts in 32 bits.
fn size(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1 << 10),
        None => match text.strip_suffix(['M', 'm']) {
            Some(digits) => (digits, 1 << 20),
            None => (text, 1),
        },
    };
    match digits.parse::<usize>().ok().and_then(|n| n.checked_mul(unit)) {
        Some(size) if (1..=1 << 30).contains(&size) => Ok(size),
        _ => Err("expected a size from 1 to 1024M".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_a_list_of_numbers_and_ranges() {
        assert_eq!(levels("6,1-3,2").map(|it| it.0), Ok(vec![1, 2, 3, 6]));
        for wrong in ["", "13", "3-1", "1-", "x"] {
            assert!(levels(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_size_has_an_optional_unit() {
        assert_eq!((size("7"), size("64K"), size("1M")), (Ok(7), Ok(64 << 10), Ok(1 << 20)));
        for wrong in ["0", "1025M", "M", "-1", "99999999999999999999"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
