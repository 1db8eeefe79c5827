//! `--verify`: what is written is decompressed first, from memory, and compared with what it was made of.
//!
//! Reads a member just as a decoder will, in order and from header to trailer, so it finds what a look at single blocks
//! could not: blocks in the wrong order, a window that is not the one a block was compressed with, sums combined
//! wrongly. That is one worker's at a time, about 800 MB/s of content.

use std::fmt;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::format::gzip::{self, MemberStart};

/// Bytes of content inflated at a time, to be summed up while they are in the cache.
const PIECE: usize = 64 * 1024;

/// A member, read back. Costly to make and used for member after member.
pub struct Verification {
    decoder: Decompress,
    content: Vec<u8>,
    crc: Crc,
    length: u64,
    /// The DEFLATE data is over.
    over: bool,
    /// What follows it.
    tail: Vec<u8>,
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification").field("length", &self.length).finish_non_exhaustive()
    }
}

/// What was made of an input is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch;

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("internal error: what was made of it does not decompress to it (found by --verify)")
    }
}

impl Verification {
    /// For any number of members.
    pub fn new() -> Self {
        Self {
            decoder: Decompress::new(false),
            content: Vec::with_capacity(PIECE),
            crc: Crc::new(),
            length: 0,
            over: false,
            tail: Vec::new(),
        }
    }

    /// Begins a member.
    pub fn restart(&mut self) {
        self.decoder.reset(false);
        (self.crc, self.length, self.over) = (Crc::new(), 0, false);
        self.tail.clear();
    }

    /// Takes in what is about to be written: whole blocks, which make the content so far `length` bytes with this `crc`;
    /// at the `first` call with the header, at the `last` with the trailer.
    pub fn take_in(
        &mut self,
        bytes: &[u8],
        (first, last): (bool, bool),
        crc: &Crc,
        length: u64,
    ) -> Result<(), Mismatch> {
        let mut bytes = bytes;
        if first {
            let mut header = bytes.iter().copied();
            match gzip::read_header(0, || Ok(header.next())) {
                Ok(MemberStart::Member(found)) => bytes = &bytes[found.size as usize..],
                _ => return Err(Mismatch),
            }
        }
        self.inflate(bytes)?;
        let trailer = if last { &gzip::trailer(crc.sum(), length)[..] } else { &[] };
        let right = self.crc.sum() == crc.sum() && self.length == length && self.over == last && self.tail == trailer;
        if right { Ok(()) } else { Err(Mismatch) }
    }

    fn inflate(&mut self, mut bytes: &[u8]) -> Result<(), Mismatch> {
        while !self.over {
            self.content.clear();
            let consumed = self.decoder.total_in();
            let status = self.decoder.decompress_vec(bytes, &mut self.content, FlushDecompress::None);
            bytes = &bytes[(self.decoder.total_in() - consumed) as usize..];
            self.crc.update(&self.content);
            self.length += self.content.len() as u64;
            match status {
                Ok(Status::StreamEnd) => self.over = true,
                // With room to spare, nothing more will come of these bytes.
                Ok(_) if bytes.is_empty() && self.content.len() < PIECE => return Ok(()),
                Ok(Status::BufError) if self.content.is_empty() => return Err(Mismatch),
                Ok(_) => {}
                Err(_) => return Err(Mismatch),
            }
        }
        self.tail.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate;
    use crate::settings::DEFAULT_ENGINE;

    /// Three blocks as a stream writes them, and the sums behind each.
    fn member() -> Vec<(Vec<u8>, Crc, u64)> {
        let content: Vec<u8> = (0..300_000u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        let mut compressor = deflate::new_compressor(DEFAULT_ENGINE, 6);
        let mut buffer = deflate::WindowBuffer::new();
        let (mut crc, mut length) = (Crc::new(), 0);
        let blocks = content.chunks(500_000);
        let last = blocks.len() - 1;
        let pieces = blocks.enumerate().map(|(i, block)| {
            let mut bytes = Vec::with_capacity(deflate::WORST_CASE + 300);
            if i == 0 {
                gzip::write_header(&gzip::Header { name: Some("n".as_ref()), ..gzip::Header::default() }, &mut bytes);
            }
            let window = (i * 500_000).min(deflate::WINDOW);
            let data = &content[i * 500_000 - window..i * 500_000 + block.len()];
            deflate::compress_block(&mut *compressor, buffer.fill(data), window..data.len(), i == last, &mut bytes);
            crc.update(block);
            length += block.len() as u64;
            if i == last {
                bytes.extend(gzip::trailer(crc.sum(), length));
            }
            let mut sum = Crc::new();
            sum.combine(&crc);
            (bytes, sum, length)
        });
        pieces.collect()
    }

    fn verify(verification: &mut Verification, pieces: &[(Vec<u8>, Crc, u64)]) -> Result<(), Mismatch> {
        verification.restart();
        let last = pieces.len() - 1;
        let mut each = pieces.iter().enumerate();
        each.try_for_each(|(i, (bytes, crc, length))| verification.take_in(bytes, (i == 0, i == last), crc, *length))
    }

    #[test]
    fn a_member_in_order_is_accepted_again_and_again() {
        let (mut verification, pieces) = (Verification::new(), member());
        assert!(pieces.len() == 3);
        for _ in 0..3 {
            assert_eq!(verify(&mut verification, &pieces), Ok(()));
        }
    }

    #[test]
    fn any_flipped_bit_and_any_block_out_of_place_is_found() {
        let (mut verification, pieces) = (Verification::new(), member());
        for piece in 0..pieces.len() {
            // Of the header only what a decoder checks.
            let skip = if piece == 0 { 12 } else { 0 };
            for at in (skip..pieces[piece].0.len()).step_by(997).chain([pieces[piece].0.len() - 1]) {
                let mut pieces = member();
                pieces[piece].0[at] ^= 1 << (at % 8);
                assert_eq!(verify(&mut verification, &pieces), Err(Mismatch), "byte {at} of piece {piece}");
            }
        }
        let mut swapped = member();
        swapped.swap(0, 1);
        assert_eq!(verify(&mut verification, &swapped), Err(Mismatch));
        let mut twice = member();
        twice[1].0 = pieces[0].0.clone();
        assert_eq!(verify(&mut verification, &twice), Err(Mismatch));
        let mut more = member();
        more[2].0.push(0);
        assert_eq!(verify(&mut verification, &more), Err(Mismatch));
        assert_eq!(verify(&mut verification, &pieces), Ok(()));
    }
}
