//! The command line: what was typed, checked and turned into plain types.

use std::ffi::OsString;
use std::num::NonZeroUsize;

use clap::Parser;

use crate::contenders::Peer;

/// Races gzcc's engines against everybody else's: in memory, on one core, in turn.
#[derive(Parser)]
#[command(name = "peers")]
pub struct Arguments {
    /// Levels to race, numbers and ranges: 1,2,6-9
    #[arg(long, default_value = "1,2,6,9,12", value_parser = levels)]
    pub levels: Levels,

    /// How often everybody runs; what is printed are medians
    #[arg(long, value_name = "N", default_value = "5")]
    pub rounds: NonZeroUsize,

    /// Bytes of a block of libdeflate and ISA-L, each compressed alone (gzcc has its own, each with the window before it)
    #[arg(long, value_name = "SIZE", default_value = "1M", value_parser = size)]
    pub block: usize,

    /// Who runs
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["native", "flate2", "libdeflate", "isal"])]
    pub peers: Vec<Peer>,

    /// Whose levels are held against the targets
    #[arg(long, value_enum, value_name = "PEER", default_value = "native")]
    pub ours: Peer,

    /// Says which of gzcc's levels are slower and not smaller than another, and whether sizes fall with the level
    #[arg(long)]
    pub domination: bool,

    /// Files; a word that ends in a colon begins a group, whose files count together: logs: a.log b.log text: c.txt
    #[arg(required = true, value_name = "[GROUP:] FILES")]
    pub files: Vec<OsString>,
}

/// Levels in order, each once. A type of its own, as clap takes a bare Vec for an option that repeats.
#[derive(Clone)]
pub struct Levels(pub Vec<u8>);

fn levels(typed: &str) -> Result<Levels, String> {
    let number = |text: &str| match text.parse::<u8>() {
        Ok(level) if level <= 12 => Ok(level),
        _ => Err(format!("'{text}' is no level from 0 to 12")),
    };
    let mut levels = Vec::new();
    for part in typed.split(',') {
        match part.split_once('-') {
            Some((first, last)) => levels.extend(number(first)?..=number(last)?),
            None => levels.push(number(part)?),
        }
    }
    levels.sort_unstable();
    levels.dedup();
    match levels.is_empty() {
        true => Err("no level from the first to the last".into()),
        false => Ok(Levels(levels)),
    }
}

/// A size in bytes, with K or M; 1 GiB at most, as ISA-L counts in 32 bits.
fn size(typed: &str) -> Result<usize, String> {
    let (digits, unit) = match typed.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1 << 10),
        None => match typed.strip_suffix(['M', 'm']) {
            Some(digits) => (digits, 1 << 20),
            None => (typed, 1),
        },
    };
    match digits.parse::<usize>().ok().and_then(|n| n.checked_mul(unit)) {
        Some(size) if (1..=1 << 30).contains(&size) => Ok(size),
        _ => Err("not a size from 1 to 1024M".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_numbers_and_ranges() {
        assert_eq!(levels("6,1-3,2").map(|it| it.0), Ok(vec![1, 2, 3, 6]));
        for wrong in ["", "13", "3-1", "1-", "x"] {
            assert!(levels(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!((size("7"), size("64K"), size("1M")), (Ok(7), Ok(64 << 10), Ok(1 << 20)));
        for wrong in ["0", "1025M", "M", "-1", "99999999999999999999"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
