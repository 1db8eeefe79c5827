//! Verifies the content of members against their trailers.

use flate2::Crc;

use super::MemberEnd;
use crate::format::gzip::{Damage, Trailer};

/// CRC-32 and length of the content of the current member so far.
#[derive(Debug, Default)]
pub struct MemberChecksum {
    crc: Crc,
    length: u64,
}

/// A member that does not match its trailer.
#[derive(Debug)]
pub struct BadMember {
    /// How they differ.
    pub damage: Damage,
    /// The end of the member's content in the checked bytes.
    pub end: usize,
}

impl MemberChecksum {
    /// Adds content, and compares each member that ends in it with its trailer.
    ///
    /// # Errors
    /// The first bad member.
    pub fn check(&mut self, bytes: &[u8], member_ends: &[MemberEnd]) -> Result<(), BadMember> {
        let mut start = 0;
        for &MemberEnd { at, offset, trailer } in member_ends {
            self.add(&bytes[start..at]);
            start = at;
            let actual = Trailer { crc: self.crc.sum(), length: self.length as u32 };
            let stored = trailer.unwrap_or(actual);
            if actual.crc != stored.crc {
                return Err(BadMember { damage: Damage::Crc(offset, stored.crc, actual.crc), end: at });
            }
            if actual.length != stored.length {
                return Err(BadMember { damage: Damage::Length(offset, stored.length, actual.length), end: at });
            }
            *self = Self::default();
        }
        self.add(&bytes[start..]);
        Ok(())
    }

    fn add(&mut self, content: &[u8]) {
        self.crc.update(content);
        self.length += content.len() as u64;
    }
}
