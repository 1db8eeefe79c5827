//! Names of outputs: the suffixes of gzip, their replacements, and the names in gzip headers.
//!
//! The suffix decides about names only; the content decides whether a file is gzip. Names are bytes. Nothing here reads a file.

mod compressed_formats;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

pub use self::compressed_formats::is_compressed_format;
use crate::escaped_name::EscapedName;
use crate::io::temporary::is_temporary;

/// The suffixes of GNU gzip and bgzip, upper or lower case, and their replacements in the name of the decompressed file.
const KNOWN: [(&str, &str); 8] =
    [(".gz", ""), (".bgz", ""), (".tgz", ".tar"), (".taz", ".tar"), (".z", ""), ("-gz", ""), ("-z", ""), ("_z", "")];

/// The suffixes that are added to a name that does not exist, in this order, as in GNU gzip.
const IMPLIED: [&str; 4] = [".gz", ".z", "-z", ".Z"];

/// The largest number of bytes in a file name (NAME_MAX).
const MAX_NAME: usize = 255;

/// The largest number of bytes in a path (PATH_MAX without the zero byte).
const MAX_PATH: usize = 4095;

/// A name with a suffix.
pub struct SuffixedName<'n> {
    /// The part before the suffix.
    pub stem: &'n OsStr,
    /// The suffix as it is in the name.
    pub suffix: &'n OsStr,
    /// Replaces the suffix in the name of the decompressed file.
    pub replacement: &'static str,
}

/// Splits `name` if it ends with the run's own `suffix` or a known one. A name that consists of a suffix only has none.
pub fn split_suffix<'n>(name: &'n OsStr, suffix: &OsStr) -> Option<SuffixedName<'n>> {
    let bytes = name.as_bytes();
    let ends_with = |end: &[u8]| bytes.len() > end.len() && bytes[bytes.len() - end.len()..].eq_ignore_ascii_case(end);
    let known =
        || KNOWN.iter().map(|(end, replacement)| (end.as_bytes(), *replacement)).find(|(end, _)| ends_with(end));
    // A known suffix keeps its replacement if it is the run's own suffix.
    let own = || ends_with(suffix.as_bytes()).then_some((suffix.as_bytes(), ""));
    let (end, replacement) = match KNOWN.iter().any(|(end, _)| suffix.eq_ignore_ascii_case(end)) {
        true => known()?,
        false => own().or_else(known)?,
    };
    let (stem, end) = bytes.split_at(bytes.len() - end.len());
    Some(SuffixedName { stem: OsStr::from_bytes(stem), suffix: OsStr::from_bytes(end), replacement })
}

/// The name of the file compressed from `name`.
pub fn compressed(name: &OsStr, suffix: &OsStr) -> OsString {
    let mut output = name.to_owned();
    output.push(suffix);
    output
}

/// The name of the file decompressed from `name`; `None` if it has no suffix of gzip.
pub fn decompressed(name: &OsStr, suffix: &OsStr) -> Option<OsString> {
    let SuffixedName { stem, replacement, .. } = split_suffix(name, suffix)?;
    let mut output = stem.to_owned();
    output.push(replacement);
    Some(output)
}

/// The names that an argument `name` can mean if no file has that name: `name` with a suffix. None if it has one already.
pub fn with_suffixes(name: &OsStr, suffix: &OsStr) -> impl Iterator<Item = OsString> {
    let bare = split_suffix(name, suffix).is_none();
    let suffixes = std::iter::once(suffix.to_owned()).chain(IMPLIED.map(OsString::from)).filter(move |_| bare);
    suffixes.map(|end| compressed(name, &end))
}

/// The file name in the header field FNAME: the part after the last `/`. `None` if it is empty, `.`, `..`, too long, the name of a
/// temporary file, or if it contains characters that control a terminal or make the name look like another one.
pub fn restored(stored: &[u8]) -> Option<OsString> {
    let name = last_part(stored);
    let is_valid = !matches!(name, b"" | b"." | b"..") && stored.len() <= MAX_PATH && name.len() <= MAX_NAME;
    let usable = is_valid && EscapedName::bytes(name).is_printable() && !is_temporary(OsStr::from_bytes(name));
    usable.then(|| OsString::from_vec(name.to_vec()))
}

/// The part of a stored name after the last `/`.
pub fn last_part(stored: &[u8]) -> &[u8] {
    stored.rsplit(|&b| b == b'/').next().unwrap_or(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(name: &str, suffix: &str) -> Option<String> {
        decompressed(OsStr::new(name), OsStr::new(suffix)).map(|name| name.into_string().unwrap())
    }

    #[test]
    fn a_suffix_is_removed_or_replaced() {
        for (name, expected) in [
            ("a.gz", "a"),
            ("a.GZ", "a"),
            ("a.bgz", "a"),
            ("a.tgz", "a.tar"),
            ("a.TAZ", "a.tar"),
            ("a.z", "a"),
            ("a.Z", "a"),
            ("a-gz", "a"),
            ("a-z", "a"),
            ("a_z", "a"),
            ("a.gz.gz", "a.gz"),
        ] {
            assert_eq!(stem(name, ".gz").as_deref(), Some(expected), "{name}");
        }
        for name in ["a", ".gz", "agz", "a.gzip", "a.zst", "_z"] {
            assert_eq!(stem(name, ".gz"), None, "{name}");
        }
    }

    #[test]
    fn the_suffix_of_the_run_comes_before_the_known_ones() {
        assert_eq!(stem("a.x", ".x").as_deref(), Some("a"));
        assert_eq!(stem("a.gz", ".x").as_deref(), Some("a"));
        assert_eq!(stem("axgz", "gz").as_deref(), Some("ax"));
        assert_eq!(stem("a.tgz", ".tgz").as_deref(), Some("a.tar"));
    }

    #[test]
    fn a_name_without_suffix_can_mean_names_with_one() {
        let names = |name, suffix| with_suffixes(OsStr::new(name), OsStr::new(suffix)).collect::<Vec<_>>();
        assert_eq!(names("a", ".x"), ["a.x", "a.gz", "a.z", "a-z", "a.Z"]);
        assert!(names("a.gz", ".gz").is_empty());
    }

    #[test]
    fn a_stored_name_is_reduced_to_a_safe_file_name() {
        let name = |stored: &str| restored(stored.as_bytes()).map(|name| name.into_string().unwrap());
        assert_eq!(name("a.log").as_deref(), Some("a.log"));
        assert_eq!(name("/etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(name("../../a").as_deref(), Some("a"));
        assert_eq!(restored(b"caf\xe9").unwrap().as_bytes(), b"caf\xe9", "names are bytes");
        assert_eq!(name(&format!("{}/a", "d".repeat(4093))).as_deref(), Some("a"));
        assert_eq!(name(&format!("{}/a", "d".repeat(4094))), None);
        for refused in [
            "",
            ".",
            "..",
            "a/",
            "a/..",
            "a\nb",
            "\x1b[2J",
            "a\x7f",
            "a\u{9b}2J",
            "a\u{202e}b",
            ".gzcc-0123456789abcdef",
        ] {
            assert_eq!(name(refused), None, "{refused:?}");
        }
    }
}
