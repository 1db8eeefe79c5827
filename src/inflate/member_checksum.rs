//! Verifies the content of members against their trailers.

use super::MemberEnd;
use crate::format::crc32::Crc32;
use crate::format::gzip::{Damage, Trailer};

/// CRC-32 and length of the content of the current member so far.
#[derive(Debug, Default)]
pub struct MemberChecksum {
    crc: Crc32,
    length: u64,
    /// The content before a point in the middle of the member is not known, so the member cannot be compared with its trailer.
    is_partial: bool,
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
    /// Starts in the middle of a member.
    pub fn inside_member() -> Self {
        Self { is_partial: true, ..Self::default() }
    }

    /// Adds content, and compares each member that ends in it with its trailer. `crcs` are [`Content::crcs`](super::Content::crcs);
    /// those that are missing are computed.
    ///
    /// # Errors
    /// The first bad member.
    pub fn check(&mut self, bytes: &[u8], member_ends: &[MemberEnd], crcs: Vec<Crc32>) -> Result<(), BadMember> {
        let (mut start, mut crcs) = (0, crcs.into_iter());
        for &MemberEnd { at, offset, trailer } in member_ends {
            self.add(&bytes[start..at], crcs.next());
            start = at;
            if self.is_partial {
                *self = Self::default();
                continue;
            }
            let actual = Trailer { crc: self.crc.sum(), length: self.length as u32 };
            if let Some(damage) = trailer.and_then(|stored| stored.damage(actual, offset)) {
                return Err(BadMember { damage, end: at });
            }
            *self = Self::default();
        }
        self.add(&bytes[start..], crcs.next());
        Ok(())
    }

    /// Adds content with this CRC, if it is known.
    fn add(&mut self, content: &[u8], crc: Option<Crc32>) {
        match crc {
            None => self.crc.update(content),
            Some(crc) if self.length == 0 => self.crc = crc,
            Some(crc) => self.crc.combine(&crc),
        }
        self.length += content.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inflate::Content;

    /// Content with members that end at these offsets. `bad` is the index of one whose trailer is wrong.
    fn content(bytes: &[u8], ends: &[usize], bad: Option<usize>) -> Content {
        let starts = [0].into_iter().chain(ends.iter().copied());
        let member_end = |(i, (start, &at)): (usize, (usize, &usize))| {
            let mut crc = Crc32::new();
            crc.update(&bytes[start..at]);
            let trailer = Trailer { crc: crc.sum() ^ u32::from(bad == Some(i)), length: (at - start) as u32 };
            MemberEnd { at, offset: 0, trailer: Some(trailer) }
        };
        let member_ends = starts.zip(ends).enumerate().map(member_end).collect();
        Content { bytes: bytes.to_vec(), member_ends, ..Content::default() }
    }

    #[test]
    fn crcs_that_are_known_and_those_that_are_computed_give_the_same_result() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        let ends = [0, 0, 1, 700, 50_000, 50_000, 99_000];
        for bad in (0..ends.len()).map(Some).chain([None]) {
            for known in [false, true] {
                let mut checksum = MemberChecksum::default();
                let mut content = content(&bytes, &ends, bad);
                if known {
                    content.compute_crcs();
                }
                let result = checksum.check(&content.bytes, &content.member_ends, content.crcs);
                assert_eq!(result.err().map(|error| error.end), bad.map(|bad| ends[bad]), "{bad:?}, {known}");
                if bad.is_none() {
                    // The last member continues in the next part.
                    let mut next = self::content(&bytes, &[], None);
                    next.compute_crcs();
                    checksum.check(&next.bytes, &[], if known { next.crcs } else { Vec::new() }).unwrap();
                    let mut whole = Crc32::new();
                    whole.update(&bytes[99_000..]);
                    whole.update(&bytes);
                    assert_eq!((checksum.crc.sum(), checksum.length), (whole.sum(), 101_000));
                }
            }
        }
    }
}
