//! Verifies the content of members against their trailers.

use flate2::Crc;

use super::MemberEnd;
use crate::format::gzip::Damage;

/// CRC-32 and length of the content of the current member so far.
#[derive(Debug, Default)]
pub struct MemberChecksum {
    crc: Crc,
    length: u64,
}

impl MemberChecksum {
    /// Adds content, and compares each member that ends in it with its trailer.
    ///
    /// # Errors
    /// The damage of the first bad member, and the offset of its end in `bytes`.
    pub fn check(&mut self, bytes: &[u8], member_ends: &[MemberEnd]) -> Result<(), (Damage, usize)> {
        let mut start = 0;
        for &MemberEnd { at, offset, crc, length } in member_ends {
            self.add(&bytes[start..at]);
            start = at;
            if self.crc.sum() != crc {
                return Err((Damage::Crc(offset, crc, self.crc.sum()), at));
            }
            if self.length as u32 != length {
                return Err((Damage::Length(offset, length, self.length as u32), at));
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
