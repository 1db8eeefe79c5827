//! What a member's content comes to, and whether that is what its trailer says.

use flate2::Crc;

use super::MemberEnd;
use crate::format::gzip::Damage;

/// CRC-32 and length of the member that is being read.
#[derive(Debug, Default)]
pub struct MemberChecksum {
    crc: Crc,
    length: u64,
}

impl MemberChecksum {
    /// Takes in content, and compares the members that end in it with their trailers; what is wrong with the first
    /// bad one, and where it ends.
    pub fn check(&mut self, bytes: &[u8], member_ends: &[MemberEnd]) -> Result<(), (Damage, usize)> {
        let mut start = 0;
        for &MemberEnd { at, offset, crc, length } in member_ends {
            self.take_in(&bytes[start..at]);
            start = at;
            if self.crc.sum() != crc {
                return Err((Damage::Crc(offset, crc, self.crc.sum()), at));
            }
            if self.length as u32 != length {
                return Err((Damage::Length(offset, length, self.length as u32), at));
            }
            *self = Self::default();
        }
        self.take_in(&bytes[start..]);
        Ok(())
    }

    fn take_in(&mut self, content: &[u8]) {
        self.crc.update(content);
        self.length += content.len() as u64;
    }
}
