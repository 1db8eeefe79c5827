//! How a name looks in a message: whole, on one line, and harmless to a terminal.
//!
//! Names are bytes. What is no UTF-8 and what would steer a terminal or reorder its text is
//! escaped; everything else stands as it is. Never used to open anything.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A name, to be written into a message with `{}`.
#[derive(Clone, Copy, Debug)]
pub struct EscapedName<'a>(&'a [u8]);

impl<'a> EscapedName<'a> {
    /// A path or file name.
    pub fn path(path: &'a (impl AsRef<Path> + ?Sized)) -> Self {
        Self(path.as_ref().as_os_str().as_bytes())
    }

    /// A name that is no path of ours.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Any text that holds names, such as somebody else's error message.
    pub fn text(text: &'a (impl AsRef<OsStr> + ?Sized)) -> Self {
        Self(text.as_ref().as_bytes())
    }
}

impl EscapedName<'_> {
    /// Whether a terminal that is sent it as it is shows it as it is. (What is no UTF-8 steers nothing.)
    pub fn is_harmless(self) -> bool {
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

/// Line and paragraph separators, and the marks that change the direction of the text after them
/// (Unicode Standard Annex 9): a name with those can pass for another.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        EscapedName::text(OsStr::from_bytes(bytes)).to_string()
    }

    #[test]
    fn plain_and_accented_names_stay_as_they_are() {
        assert_eq!(shown("a b-ü.log".as_bytes()), "a b-ü.log");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(shown(b"a\nb\x1b[31m\x7f"), "a\\nb\\x1b[31m\\x7f");
        assert_eq!(shown("\u{9b}31m\u{202e}gpj".as_bytes()), "\\u{9b}31m\\u{202e}gpj");
    }

    #[test]
    fn bytes_that_are_no_utf8_are_escaped() {
        assert_eq!(shown(b"caf\xe9.log"), "caf\\xe9.log");
    }

    #[test]
    fn an_empty_name_can_be_seen() {
        assert_eq!(shown(b""), "''");
    }
}
