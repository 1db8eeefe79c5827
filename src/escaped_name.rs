//! Escapes names for messages, so that a name stays on one line and does not control the terminal (P8).
//!
//! Names are bytes. Bytes that are not UTF-8, control characters and characters that reorder text are escaped; all
//! others are printed unchanged. An escaped name is never used to open a file.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A name whose [`Display`](fmt::Display) is escaped.
#[derive(Clone, Copy, Debug)]
pub struct EscapedName<'a>(&'a [u8]);

impl<'a> EscapedName<'a> {
    /// A path or file name.
    pub fn path(path: &'a (impl AsRef<Path> + ?Sized)) -> Self {
        Self(path.as_ref().as_os_str().as_bytes())
    }

    /// A name as bytes, such as one from a gzip header.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Text that may contain names, such as an error message of a library.
    pub fn text(text: &'a (impl AsRef<OsStr> + ?Sized)) -> Self {
        Self(text.as_ref().as_bytes())
    }
}

impl EscapedName<'_> {
    /// Whether the name can be printed unescaped. Bytes that are not UTF-8 do not control a terminal.
    pub fn is_printable(self) -> bool {
        self.0.utf8_chunks().all(|chunk| !chunk.valid().chars().any(|c| c.is_control() || reorders(c)))
    }
}

impl fmt::Display for EscapedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("''");
        }
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\n' => f.write_str("\\n")?,
                    '\t' => f.write_str("\\t")?,
                    '\r' => f.write_str("\\r")?,
                    '\0'..='\x1f' | '\x7f' => write!(f, "\\x{:02x}", u32::from(c))?,
                    _ if c.is_control() || reorders(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                    _ => write!(f, "{c}")?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Whether the character is a line or paragraph separator, or changes the direction of the text after it (Unicode
/// Standard Annex 9). A name with such a character can look like another name.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(bytes: &[u8]) -> String {
        EscapedName::text(OsStr::from_bytes(bytes)).to_string()
    }

    #[test]
    fn plain_and_accented_names_are_unchanged() {
        assert_eq!(escaped("a b-ü.log".as_bytes()), "a b-ü.log");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escaped(b"a\nb\x1b[31m\x7f"), "a\\nb\\x1b[31m\\x7f");
        assert_eq!(escaped("\u{9b}31m\u{202e}gpj".as_bytes()), "\\u{9b}31m\\u{202e}gpj");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_escaped() {
        assert_eq!(escaped(b"caf\xe9.log"), "caf\\xe9.log");
    }

    #[test]
    fn an_empty_name_is_visible() {
        assert_eq!(escaped(b""), "''");
    }
}
