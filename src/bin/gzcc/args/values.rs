//! Values of options, as they are typed: what they may be, and why not.

use std::ffi::OsString;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::{Usage, refused};
use gzcc::settings::{self, Shard};

/// An engine, by its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Engine(pub(super) settings::Engine);

impl ValueEnum for Engine {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(settings::Engine::Native), Self(settings::Engine::Flate2)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let who = match self.0 {
            settings::Engine::Native => "gzcc's own encoder",
            settings::Engine::Flate2 => "zlib-rs, which compresses as zlib does",
        };
        Some(PossibleValue::new(self.0.name()).help(who))
    }
}

/// A level of any engine; whether the one that is asked for has it cannot be told before all has been read.
pub(super) fn level(text: &str) -> Result<u8, String> {
    let most = settings::Engine::ALL.into_iter().map(settings::Engine::max_level).max();
    within(text, 0, most.unwrap_or_default())
}

/// Workers, one at least.
pub(super) fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    within(text, 1, settings::MAX_JOBS).map(|jobs| NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN))
}

/// The name of an output.
pub(super) fn non_empty(name: OsString, option: &str) -> Result<PathBuf, Usage> {
    match name.is_empty() {
        true => Err(refused(&format!("{option}: the name is empty"))),
        false => Ok(name.into()),
    }
}

/// A size in bytes, or with K, M, G or T in powers of 1024 (also KB, KiB).
pub(super) fn size(text: &str) -> Result<u64, &'static str> {
    const NO_SIZE: &str = "expected a size such as 500, 64K or 10G";
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(NO_SIZE),
    };
    if number.is_empty() {
        return Err(NO_SIZE);
    }
    // It has nothing but digits, so there is only one thing that can be wrong with it.
    number.parse::<u64>().ok().and_then(|bytes| bytes.checked_mul(1 << shift)).ok_or("larger than any file")
}

/// A number from `least` to `most`.
pub(super) fn within<N: FromStr + PartialOrd + Display>(text: &str, least: N, most: N) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| (&least..=&most).contains(&number));
    number.ok_or_else(|| format!("expected {least} to {most}"))
}

/// A part of a work that is shared, as `K/N`.
pub(super) fn shard(text: &str) -> Result<Shard, &'static str> {
    let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?;
    let parts = text.split_once('/').and_then(|(k, n)| number(k).zip(number(n)));
    parts.and_then(|(k, n)| Shard::new(k, n)).ok_or("expected K/N with K from 1 to N")
}

/// An output must have another name than its input, in the same folder.
pub(super) fn suffix(suffix: OsString) -> Result<OsString, &'static str> {
    match suffix.as_bytes() {
        b"" => Err("the suffix is empty"),
        bytes if bytes.contains(&b'/') => Err("the suffix has a slash"),
        _ => Ok(suffix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_or_without_a_unit() {
        let sizes = [("0", 0), ("10", 10), ("10B", 10), ("2k", 2048), ("2KB", 2048), ("2KiB", 2048), ("3G", 3 << 30)];
        for (text, bytes) in sizes {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "K", "-1", "10X", "10MBBB", "10iB", "1.5G", "10 K", "99999999999999999999", "99999999T"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_shard_is_one_of_so_many() {
        for (text, of) in [("1/1", 1), ("4/4", 4), ("03/08", 8), ("1/4294967295", u32::MAX)] {
            let number = text.split('/').next().unwrap().parse().unwrap();
            assert_eq!(shard(text).ok(), Shard::new(number, of), "{text}");
        }
        for text in
            ["0/4", "5/4", "1/0", "0/0", "x", "", "/", "1", "/4", "1/", "-1/4", "+1/4", "1/4/4", "1/99999999999"]
        {
            assert!(shard(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_is_within_its_bounds() {
        assert_eq!((within("1", 1, 9u8), within("9", 1, 9u8)), (Ok(1), Ok(9)));
        for text in ["0", "10", "x", "", "-1", "300"] {
            assert_eq!(within(text, 1, 9u8), Err("expected 1 to 9".to_owned()), "{text}");
        }
    }
}
