//! Searches damaged data for a position at which decoding can continue, and confirms it.
//!
//! The header of a block or of a member is a guess, although random data hardly contains one. A candidate is confirmed by
//! decoding what follows it, so that other data does not become content. A stored block can contain a whole other .gz file,
//! though, whose blocks are as good as any.

use crate::format::crc32::Crc32;

use super::offsets::FileBit;
use crate::deflate::WINDOW;
use crate::format::gzip::{self, MemberStart, TRAILER};
use crate::inflate::block_finder::{canonical_start, is_distinct, is_stored};
use crate::inflate::markers::{MARKER, narrow_with_fill};
use crate::inflate::member_finder::{FIXED_FIELDS, find_any_header, is_any_header};
use crate::inflate::native::{DecodeStatus, DeflateDecoder, InvalidData};

/// Compressed bytes that confirm a block: as long as no error is met, more of them say nothing new, because each bit sequence
/// is valid in a complete code.
const CONFIRMING: usize = 4096;

/// Content that confirms a start in any case, so that the time is bounded in data that expands a lot.
const CONFIRMING_CONTENT: usize = 4 << 20;

/// Content of a member with a damaged header that is decoded, unless the header of its first block is distinct. Such a member is
/// small: fixed codes. In other data many positions look like fixed codes.
const INDISTINCT_CONTENT: usize = 256 * 1024;

/// Compressed bytes that confirm a block although an error follows: there may be several damaged places.
const CONFIRMING_BEFORE_ERROR: usize = 512;

/// Compressed bytes that confirm the data of a member whose header is damaged. It must refer to nothing before it.
const CONFIRMING_MEMBER: usize = 16 * 1024;

/// Symbols decoded at a time.
const STEP: usize = 64 * 1024;

/// Bytes after the start of a damaged header in which the member's data is expected: the fixed fields, and a name of up to
/// [`MAX_NAME`](gzip::MAX_NAME) bytes, twice for a comment.
const LONGEST_HEADER: usize = FIXED_FIELDS + 2 * (gzip::MAX_NAME + 1);

/// A position at which decoding can continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundStart {
    /// The header of a member, at this offset in the file in bytes.
    Member(u64),
    /// The data of a member whose header is damaged, at this offset in the file in bytes.
    MemberData(u64),
    /// The header of a block.
    Block { bit: FileBit, is_final: bool },
}

impl FoundStart {
    /// Its first bit.
    pub(super) fn bit(self) -> FileBit {
        match self {
            Self::Member(at) | Self::MemberData(at) => FileBit::of_byte(at),
            Self::Block { bit, .. } => bit,
        }
    }
}

/// What a search looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A member or a block of any kind.
    Any,
    /// A stored block that is not the last one. What follows it may be damaged if it is as long as the block with these bytes in
    /// its header: LEN and NLEN.
    Stored { lengths: [u8; 4] },
}

/// Whether a member with content can end with `trailer` before `rest`, which the file continues with: it ends there, or another
/// member or zeros follow. A trailer of zeros is more likely a part of data that is lost.
pub(super) fn is_plausible_end(trailer: [u8; TRAILER], rest: &[u8]) -> bool {
    let is_zero = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
    !is_zero(&trailer) && (is_any_header(rest) || is_zero(&rest[..rest.len().min(FIXED_FIELDS)]))
}

/// The result of decoding a candidate.
struct Trial {
    /// How it ended.
    end: TrialEnd,
    /// Compressed bytes that were decoded.
    consumed: usize,
    /// Symbols that were decoded.
    produced: usize,
    /// Blocks that ended.
    blocks: usize,
    /// CRC-32 of the content, if it has no unknown bytes.
    checksum: Crc32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TrialEnd {
    /// A limit was reached, without an error.
    Enough,
    NeedsInput,
    StreamEnd,
    Invalid,
}

/// Decodes candidates.
pub(super) struct StartSearch {
    decoder: DeflateDecoder<u16>,
    symbols: Vec<u16>,
    /// Symbols decoded so far.
    decoded: u64,
}

impl StartSearch {
    pub(super) fn new() -> Self {
        Self { decoder: DeflateDecoder::new(), symbols: Vec::new(), decoded: 0 }
    }

    /// Symbols decoded so far, the measure of the work for candidates.
    pub(super) fn decoded(&self) -> u64 {
        self.decoded
    }

    /// Whether decoding can continue at `candidate`, which begins in the first byte of `input`. `at_end` means that the file ends
    /// with `input`.
    pub(super) fn confirms(&mut self, input: &[u8], candidate: FoundStart, at_end: bool) -> bool {
        match candidate {
            FoundStart::Member(_) => self.confirms_member(input, at_end),
            FoundStart::MemberData(_) => self.confirms_member_data(input),
            FoundStart::Block { bit, is_final } => {
                let window = [MARKER; WINDOW];
                self.decoder.restart_at(bit.in_byte());
                self.decoder.set_window(&window);
                let trial = self.decode(input, if is_final { input.len() } else { CONFIRMING }, CONFIRMING_CONTENT);
                match trial.end {
                    TrialEnd::Enough => true,
                    TrialEnd::StreamEnd => is_end_of_member(&input[trial.consumed..], at_end),
                    // The header of a stored block alone is weak.
                    TrialEnd::NeedsInput => !is_final || at_end && !is_stored(input, bit.in_byte().into()),
                    TrialEnd::Invalid => {
                        !is_final
                            && trial.produced > 0
                            && (trial.blocks > 0 || trial.consumed >= CONFIRMING_BEFORE_ERROR)
                    }
                }
            }
        }
    }

    /// Whether a member with a valid header is at the start of `data`. Its data must begin with a block.
    fn confirms_member(&mut self, data: &[u8], at_end: bool) -> bool {
        let mut bytes = data.iter();
        if !matches!(gzip::read_header(0, || Ok(bytes.next().copied())), Ok(MemberStart::Member(_))) {
            return false;
        }
        let input = bytes.as_slice();
        self.decoder.restart();
        let trial = self.decode(input, CONFIRMING, CONFIRMING_CONTENT);
        match trial.end {
            TrialEnd::Enough | TrialEnd::StreamEnd => true,
            TrialEnd::NeedsInput => at_end,
            TrialEnd::Invalid => trial.produced > 0,
        }
    }

    /// The index in `data` of the first member whose data has a block that starts at `bit`, an index in bits. The member is not
    /// inside of a stored block then.
    pub(super) fn find_member_with_block(&mut self, data: &[u8], bit: u64) -> Option<usize> {
        let end = (bit / 8) as usize;
        let mut first = 0;
        while let Some(at) = find_any_header(data, first..end) {
            if self.has_block_at(&data[at..], bit - 8 * at as u64) {
                return Some(at);
            }
            first = at + 1;
        }
        None
    }

    /// Whether a block of the member at the start of `data` starts at `bit`, an index in bits.
    fn has_block_at(&mut self, data: &[u8], bit: u64) -> bool {
        let mut bytes = data.iter();
        if !matches!(gzip::read_header(0, || Ok(bytes.next().copied())), Ok(MemberStart::Member(_))) {
            return false;
        }
        self.decoder.restart();
        self.symbols.resize(STEP, 0);
        let (mut consumed, mut at) = (data.len() - bytes.as_slice().len(), 0);
        if canonical_start(data, 8 * consumed as u64) == bit {
            return true;
        }
        while 8 * consumed as u64 <= bit + 7 {
            let Ok(decoded) = self.decoder.decode(&data[consumed..], &mut self.symbols, at) else { return false };
            (consumed, at) = (consumed + decoded.consumed, at + decoded.produced);
            match decoded.status {
                DecodeStatus::NeedsInput | DecodeStatus::StreamEnd => return false,
                DecodeStatus::BlockEnd => {
                    let end = 8 * consumed as u64 - u64::from(self.decoder.unused_bits());
                    if canonical_start(data, end) == bit {
                        return true;
                    }
                }
                DecodeStatus::OutputFull => {
                    self.decoder.extend_window(&self.symbols[..at]);
                    at = 0;
                }
            }
        }
        false
    }

    /// Whether the data of a member is at the start of `data`: its content matches its trailer, or a distinct header begins a lot
    /// of data that refers to nothing before it.
    fn confirms_member_data(&mut self, data: &[u8]) -> bool {
        self.decoder.restart();
        let is_distinct = is_distinct(data, 0);
        let most_content = if is_distinct { CONFIRMING_CONTENT } else { INDISTINCT_CONTENT };
        let trial = self.decode(data, data.len(), most_content);
        match (trial.end, data[trial.consumed..].first_chunk()) {
            (TrialEnd::StreamEnd, Some(&trailer)) => {
                let trailer = gzip::read_trailer(trailer);
                trailer.crc == trial.checksum.sum() && trailer.length == trial.produced as u32 && trial.produced > 0
            }
            (TrialEnd::StreamEnd, None) => false,
            _ => trial.consumed >= CONFIRMING_MEMBER && is_distinct,
        }
    }

    /// The index of the data of a member whose header, which begins at index `at`, is damaged.
    pub(super) fn find_member_data(&mut self, data: &[u8], at: usize) -> Option<usize> {
        (at + 1..data.len().min(at + LONGEST_HEADER)).find(|&at| self.confirms_member_data(&data[at..]))
    }

    /// Decodes up to `most` bytes of `input`, whose start the decoder is at, and about `most_content` bytes of content.
    fn decode(&mut self, input: &[u8], most: usize, most_content: usize) -> Trial {
        self.symbols.resize(STEP, 0);
        let limit = input.len().min(most);
        let (mut at, mut checksum) = (0, Crc32::new());
        let (mut consumed, mut produced, mut blocks) = (0, 0, 0);
        let end = loop {
            let decoded = self.decoder.decode(&input[consumed..limit], &mut self.symbols, at);
            let (used, new) = match decoded {
                Ok(decoded) => (decoded.consumed, decoded.produced),
                Err(InvalidData { consumed, produced }) => (consumed, produced),
            };
            add_to(&mut checksum, &self.symbols[at..at + new]);
            (consumed, produced, at) = (consumed + used, produced + new, at + new);
            match decoded.map(|decoded| decoded.status) {
                Err(_) => break TrialEnd::Invalid,
                Ok(DecodeStatus::StreamEnd) => break TrialEnd::StreamEnd,
                Ok(DecodeStatus::NeedsInput) if limit < input.len() => break TrialEnd::Enough,
                Ok(DecodeStatus::NeedsInput) => break TrialEnd::NeedsInput,
                _ if produced >= most_content => break TrialEnd::Enough,
                Ok(DecodeStatus::BlockEnd) => blocks += 1,
                Ok(DecodeStatus::OutputFull) => {
                    self.decoder.extend_window(&self.symbols[..at]);
                    at = 0;
                }
            }
        };
        self.decoded += produced as u64;
        Trial { end, consumed, produced, blocks, checksum }
    }
}

/// Adds symbols to a CRC.
fn add_to(checksum: &mut Crc32, symbols: &[u16]) {
    let mut bytes = [0; 4096];
    for piece in symbols.chunks(bytes.len()) {
        let bytes = &mut bytes[..piece.len()];
        narrow_with_fill(piece, 0, bytes);
        checksum.update(bytes);
    }
}

/// Whether `rest`, which follows DEFLATE data, can be a trailer and what follows a member.
fn is_end_of_member(rest: &[u8], at_end: bool) -> bool {
    let Some((&trailer, behind)) = rest.split_first_chunk() else { return at_end };
    (at_end || behind.len() >= FIXED_FIELDS) && is_plausible_end(trailer, behind)
}
