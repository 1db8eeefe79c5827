//! `--verify`: decompresses the output before it is written, and compares the result with the content.
//!
//! Each member is read as any decoder reads it: in order, from header to trailer. So errors are found that a check of single
//! blocks would miss: blocks in the wrong order, a wrong window, wrongly combined CRCs. One worker at a time does this.

use std::fmt;

use crate::deflate::{Engine, WINDOW};
use crate::format::bgzf;
use crate::format::crc32::Crc32;
use crate::format::gzip::{self, MemberStart};
use crate::inflate::EngineDecoder;
use crate::inflate::native::DecodeStatus;

/// Bytes of content inflated at a time. They are still in the cache when their CRC is computed.
const CONTENT_BUFFER: usize = 128 * 1024;

/// Decompresses the members of a stream, one after the other. It is expensive to create, so it is reused.
pub(crate) struct Verification {
    decoder: EngineDecoder,
    /// The content that matches may refer to, and space for more.
    content: Box<[u8]>,
    /// End of the content.
    at: usize,
    crc: Crc32,
    length: u64,
    state: VerificationState,
    /// The bytes after the DEFLATE data.
    trailer: Vec<u8>,
}

/// How much of a member is decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum VerificationState {
    /// Nothing: the header follows.
    Header,
    /// The header and some of the DEFLATE data.
    Data,
    /// All DEFLATE data.
    Trailer,
}

/// The expected result after some blocks of a member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ContentSoFar {
    /// CRC-32 of the content.
    pub crc: u32,
    /// Length of the content in bytes.
    pub length: u64,
    /// Whether the member is complete, so that its trailer is expected.
    pub is_whole: bool,
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification").field("length", &self.length).finish_non_exhaustive()
    }
}

/// The output does not decompress to the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch;

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("internal error: what was made of it does not decompress to it")
    }
}

impl Verification {
    /// For any number of members.
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            decoder: EngineDecoder::new(engine),
            content: vec![0; WINDOW + CONTENT_BUFFER].into_boxed_slice(),
            at: 0,
            crc: Crc32::new(),
            length: 0,
            state: VerificationState::Header,
            trailer: Vec::new(),
        }
    }

    /// Starts a member.
    pub(crate) fn restart(&mut self) {
        self.decoder.restart();
        self.at = 0;
        (self.crc, self.length, self.state) = (Crc32::new(), 0, VerificationState::Header);
        self.trailer.clear();
    }

    /// Decompresses the next `bytes` of the member, which contain whole blocks, and compares the content so far with
    /// `expected`.
    pub(crate) fn check(&mut self, mut bytes: &[u8], expected: &ContentSoFar) -> Result<(), Mismatch> {
        if self.state == VerificationState::Header {
            let mut header = bytes.iter().copied();
            match gzip::read_header(0, || Ok(header.next())) {
                Ok(MemberStart::Member(found)) => bytes = &bytes[found.size as usize..],
                _ => return Err(Mismatch),
            }
            self.state = VerificationState::Data;
        }
        self.inflate(bytes)?;
        let &ContentSoFar { crc, length, is_whole } = expected;
        let trailer = if is_whole { &gzip::trailer(crc, length)[..] } else { &[] };
        let has_ended = self.state == VerificationState::Trailer;
        let is_equal = self.crc.sum() == crc && self.length == length;
        if is_equal && has_ended == is_whole && self.trailer == trailer { Ok(()) } else { Err(Mismatch) }
    }

    /// Decompresses the next `bytes`, whole members of BGZF, and compares the content of all members so far with `expected`.
    pub(crate) fn check_members(&mut self, mut bytes: &[u8], expected: &ContentSoFar) -> Result<(), Mismatch> {
        let &ContentSoFar { crc, length, is_whole } = expected;
        if is_whole {
            bytes = bytes.strip_suffix(&bgzf::END_MARKER).ok_or(Mismatch)?;
        }
        while !bytes.is_empty() {
            let sizes = bgzf::parse_header(bytes).ok_or(Mismatch)?;
            let (member, next) = bytes.split_at_checked(sizes.block).ok_or(Mismatch)?;
            let before = (std::mem::replace(&mut self.crc, Crc32::new()), std::mem::take(&mut self.length));
            self.decoder.restart();
            (self.at, self.state) = (0, VerificationState::Data);
            self.trailer.clear();
            self.inflate(&member[sizes.header..])?;
            if self.state != VerificationState::Trailer || self.trailer != gzip::trailer(self.crc.sum(), self.length) {
                return Err(Mismatch);
            }
            let crc = std::mem::replace(&mut self.crc, before.0);
            self.crc.combine(&crc);
            self.length += before.1;
            bytes = next;
        }
        if self.crc.sum() == crc && self.length == length { Ok(()) } else { Err(Mismatch) }
    }

    fn inflate(&mut self, mut bytes: &[u8]) -> Result<(), Mismatch> {
        while self.state == VerificationState::Data {
            if self.at == self.content.len() {
                self.content.copy_within(self.at - WINDOW.., 0);
                self.at = WINDOW;
            }
            let decoded = self.decoder.decode(bytes, &mut self.content, self.at).map_err(|_| Mismatch)?;
            bytes = &bytes[decoded.consumed..];
            let end = self.at + decoded.produced;
            self.crc.update(&self.content[self.at..end]);
            self.length += decoded.produced as u64;
            self.at = end;
            match decoded.status {
                DecodeStatus::StreamEnd => self.state = VerificationState::Trailer,
                DecodeStatus::NeedsInput => return Ok(()),
                DecodeStatus::OutputFull | DecodeStatus::BlockEnd => {}
            }
        }
        self.trailer.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate;
    use crate::settings::DEFAULT_ENGINE;

    /// The bytes of a block as a stream writes them, and the expected content up to its end.
    type Block = (Vec<u8>, ContentSoFar);

    /// A member of three blocks.
    fn member() -> Vec<Block> {
        let content: Vec<u8> = (0..300_000u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        let mut compressor = deflate::new_compressor(DEFAULT_ENGINE, 6);
        let mut buffer = deflate::WindowBuffer::new();
        let (mut crc, mut length) = (Crc32::new(), 0);
        let blocks = content.chunks(500_000);
        let last = blocks.len() - 1;
        let blocks = blocks.enumerate().map(|(i, block)| {
            let mut bytes = Vec::with_capacity(deflate::WORST_CASE + 300);
            if i == 0 {
                gzip::write_header(&gzip::Header { name: Some("n".as_ref()), ..gzip::Header::default() }, &mut bytes);
            }
            let window = (i * 500_000).min(deflate::WINDOW);
            let data = &content[i * 500_000 - window..i * 500_000 + block.len()];
            compressor.compress_block(buffer.fill(data), window..data.len(), i == last, &mut bytes);
            crc.update(block);
            length += block.len() as u64;
            if i == last {
                bytes.extend(gzip::trailer(crc.sum(), length));
            }
            (bytes, ContentSoFar { crc: crc.sum(), length, is_whole: i == last })
        });
        blocks.collect()
    }

    fn verify(verification: &mut Verification, blocks: &[Block]) -> Result<(), Mismatch> {
        verification.restart();
        blocks.iter().try_for_each(|(bytes, expected)| verification.check(bytes, expected))
    }

    #[test]
    fn a_correct_member_is_accepted_each_time() {
        let (mut verification, blocks) = (Verification::new(DEFAULT_ENGINE), member());
        assert!(blocks.len() == 3);
        for _ in 0..3 {
            assert_eq!(verify(&mut verification, &blocks), Ok(()));
        }
    }

    #[test]
    fn a_flipped_bit_or_a_misplaced_block_is_found() {
        let (mut verification, blocks) = (Verification::new(DEFAULT_ENGINE), member());
        for block in 0..blocks.len() {
            // Decoders do not check the rest of the header.
            let skip = if block == 0 { 12 } else { 0 };
            for at in (skip..blocks[block].0.len()).step_by(997).chain([blocks[block].0.len() - 1]) {
                let mut blocks = member();
                blocks[block].0[at] ^= 1 << (at % 8);
                assert_eq!(verify(&mut verification, &blocks), Err(Mismatch), "byte {at} of block {block}");
            }
        }
        let mut swapped = member();
        swapped.swap(0, 1);
        assert_eq!(verify(&mut verification, &swapped), Err(Mismatch));
        let mut twice = member();
        twice[1].0 = blocks[0].0.clone();
        assert_eq!(verify(&mut verification, &twice), Err(Mismatch));
        let mut more = member();
        more[2].0.push(0);
        assert_eq!(verify(&mut verification, &more), Err(Mismatch));
        assert_eq!(verify(&mut verification, &blocks), Ok(()));
    }
}
