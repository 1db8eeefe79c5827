//! Parsers for the values of options, each with the reason for a rejection.

use std::ffi::OsString;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::{UsageError, rejected};
use gzcc::settings::{self, Shard};

/// The value of `--engine`: an engine by its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct EngineArg(pub(super) settings::Engine);

impl Default for EngineArg {
    fn default() -> Self {
        Self(settings::DEFAULT_ENGINE)
    }
}

impl ValueEnum for EngineArg {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(settings::Engine::Native), Self(settings::Engine::Flate2)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self.0 {
            settings::Engine::Native => "gzcc's own encoder",
            settings::Engine::Flate2 => "zlib-rs, which compresses as zlib does",
        };
        Some(PossibleValue::new(self.0.name()).help(help))
    }
}

/// A level of any engine. Whether the selected engine has it is checked after all options are parsed.
pub(super) fn level(text: &str) -> Result<u8, String> {
    let max = settings::Engine::ALL.into_iter().map(settings::Engine::max_level).max();
    within(text, 0, max.unwrap_or_default())
}

/// A number of workers, at least one.
pub(super) fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    within(text, 1, settings::MAX_JOBS).map(|jobs| NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN))
}

/// The name of an output, which must not be empty.
pub(super) fn non_empty(name: OsString, option: &str) -> Result<PathBuf, UsageError> {
    match name.is_empty() {
        true => Err(rejected(&format!("{option}: the name is empty"))),
        false => Ok(name.into()),
    }
}

/// A size in bytes, or with a unit K, M, G or T, a power of 1024 (also KB, KiB).
pub(super) fn size(text: &str) -> Result<u64, &'static str> {
    const SYNTAX: &str = "expected a size such as 500, 64K or 10G";
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(SYNTAX),
    };
    if number.is_empty() {
        return Err(SYNTAX);
    }
    // Only digits are left, so a failure to parse is an overflow.
    number.parse::<u64>().ok().and_then(|bytes| bytes.checked_mul(1 << shift)).ok_or("larger than any file")
}

/// A number from `min` to `max`.
pub(super) fn within<N: FromStr + PartialOrd + Display>(text: &str, min: N, max: N) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| (&min..=&max).contains(&number));
    number.ok_or_else(|| format!("expected {min} to {max}"))
}

/// The value of `--fill`: an ASCII character, or two hexadecimal digits after `0x`.
pub(super) fn fill(text: &str) -> Result<u8, &'static str> {
    let hex =
        text.strip_prefix("0x").filter(|hex| hex.len() == 2 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
    match (text.as_bytes(), hex) {
        (&[byte], _) => Ok(byte),
        (_, Some(hex)) => u8::from_str_radix(hex, 16).map_err(|_| "expected two hexadecimal digits after 0x"),
        _ => Err("expected a character, or 0x00 to 0xff"),
    }
}

/// The value `K/N` of `--shard`.
pub(super) fn shard(text: &str) -> Result<Shard, &'static str> {
    let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?;
    let parts = text.split_once('/').and_then(|(k, n)| number(k).zip(number(n)));
    parts.and_then(|(k, n)| Shard::new(k, n)).ok_or("expected K/N with K from 1 to N")
}

/// The value of `--suffix`. An empty suffix would make the output its own input, a slash would move it to another directory.
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
    fn a_size_is_a_number_with_an_optional_unit() {
        let sizes = [("0", 0), ("10", 10), ("10B", 10), ("2k", 2048), ("2KB", 2048), ("2KiB", 2048), ("3G", 3 << 30)];
        for (text, bytes) in sizes {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "K", "-1", "10X", "10MBBB", "10iB", "1.5G", "10 K", "99999999999999999999", "99999999T"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_shard_number_is_from_1_to_the_number_of_shards() {
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
    fn a_fill_byte_is_a_character_or_two_hexadecimal_digits() {
        assert_eq!(
            [fill("?"), fill("0"), fill(" "), fill("-"), fill("0x00"), fill("0xfF")],
            [63, 48, 32, 45, 0, 255].map(Ok)
        );
        for text in ["", "00", "0x", "0x1", "0x123", "0x+1", "x0", "é", "255"] {
            assert!(fill(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_outside_its_range_is_rejected() {
        assert_eq!((within("1", 1, 9u8), within("9", 1, 9u8)), (Ok(1), Ok(9)));
        for text in ["0", "10", "x", "", "-1", "300"] {
            assert_eq!(within(text, 1, 9u8), Err("expected 1 to 9".to_owned()), "{text}");
        }
    }
}
