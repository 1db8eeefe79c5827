//! From a file's name to its output's: which suffixes mean gzip, what is put in their place, and what of a name
//! that a header holds may be used.
//!
//! Content decides what a file is; the suffix only names. Names are bytes; nothing here looks at a file.

mod compressed_formats;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

pub use self::compressed_formats::is_compressed_format;
use crate::escaped_name::EscapedName;
use crate::io::temporary::is_temporary;

/// Suffixes that stand for gzip, in any case, and what takes their place: those that GNU gzip knows, and bgzip's.
const KNOWN: [(&str, &str); 8] =
    [(".gz", ""), (".bgz", ""), (".tgz", ".tar"), (".taz", ".tar"), (".z", ""), ("-gz", ""), ("-z", ""), ("_z", "")];

/// Suffixes by which a name that is not there may be meant, in the order of trying; GNU gzip's.
const TRIED: [&str; 4] = [".gz", ".z", "-z", ".Z"];

/// Most bytes of a name that a file system takes (NAME_MAX).
const LONGEST: usize = 255;

/// Most bytes of a path (PATH_MAX, less the zero byte).
const LONGEST_PATH: usize = 4095;

/// Splits `name` before the suffix that tells it is compressed: the run's own `suffix`, or a known one; and what
/// takes its place. A name that is all suffix has none.
pub fn split_suffix<'n>(name: &'n OsStr, suffix: &OsStr) -> Option<(&'n OsStr, &'n OsStr, &'static str)> {
    let bytes = name.as_bytes();
    let ends_with = |end: &[u8]| bytes.len() > end.len() && bytes[bytes.len() - end.len()..].eq_ignore_ascii_case(end);
    let known = || KNOWN.iter().map(|(end, instead)| (end.as_bytes(), *instead)).find(|(end, _)| ends_with(end));
    // A known suffix keeps its meaning when it is given as the run's own.
    let own = || ends_with(suffix.as_bytes()).then_some((suffix.as_bytes(), ""));
    let (end, instead) = match KNOWN.iter().any(|(end, _)| suffix.eq_ignore_ascii_case(end)) {
        true => known()?,
        false => own().or_else(known)?,
    };
    let (stem, end) = bytes.split_at(bytes.len() - end.len());
    Some((OsStr::from_bytes(stem), OsStr::from_bytes(end), instead))
}

/// The name of the file compressed from `name`.
pub fn compressed(name: &OsStr, suffix: &OsStr) -> OsString {
    let mut output = name.to_owned();
    output.push(suffix);
    output
}

/// The name of the file decompressed from `name`; `None` if no suffix tells.
pub fn decompressed(name: &OsStr, suffix: &OsStr) -> Option<OsString> {
    let (stem, _, instead) = split_suffix(name, suffix)?;
    let mut output = stem.to_owned();
    output.push(instead);
    Some(output)
}

/// Names that may be meant by `name` where nothing has that name itself.
pub fn meant_by(name: &OsStr, suffix: &OsStr) -> impl Iterator<Item = OsString> {
    // A name with a suffix means itself.
    let bare = split_suffix(name, suffix).is_none();
    let tried = std::iter::once(suffix.to_owned()).chain(TRIED.map(OsString::from)).filter(move |_| bare);
    tried.map(|end| compressed(name, &end))
}

/// The name that a header's FNAME stands for: what follows its last `/`. `None` for what is no name of a file
/// in a folder, would steer a terminal that lists it or pass for another name there, or is one of a temporary.
pub fn restored(stored: &[u8]) -> Option<OsString> {
    let name = last_part(stored);
    let sane = !matches!(name, b"" | b"." | b"..") && stored.len() <= LONGEST_PATH && name.len() <= LONGEST;
    let usable = sane && EscapedName::bytes(name).is_harmless() && !is_temporary(OsStr::from_bytes(name));
    usable.then(|| OsString::from_vec(name.to_vec()))
}

/// What follows the last `/`.
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
    fn a_suffix_gives_way_to_what_it_stands_for() {
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
    fn a_suffix_of_ones_own_comes_before_the_known_ones() {
        assert_eq!(stem("a.x", ".x").as_deref(), Some("a"));
        assert_eq!(stem("a.gz", ".x").as_deref(), Some("a"));
        assert_eq!(stem("axgz", "gz").as_deref(), Some("ax"));
        assert_eq!(stem("a.tgz", ".tgz").as_deref(), Some("a.tar"));
    }

    #[test]
    fn a_bare_name_may_mean_a_compressed_one() {
        let meant = |name, suffix| meant_by(OsStr::new(name), OsStr::new(suffix)).collect::<Vec<_>>();
        assert_eq!(meant("a", ".x"), ["a.x", "a.gz", "a.z", "a-z", "a.Z"]);
        assert!(meant("a.gz", ".gz").is_empty());
    }

    #[test]
    fn a_stored_name_is_one_name_in_one_folder() {
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
