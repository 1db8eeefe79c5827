//! What a file is by the letter of RFC 1952, with flate2 for each member. Where gzcc is stricter than the letter, which
//! is with BGZF blocks alone, that is written out here.

use std::fmt;
use std::io::Read as _;

use flate2::bufread::GzDecoder;

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in order.
    Whole,
    /// The same, but there is something behind its members.
    Garbage,
    /// It is damaged, in these words.
    Bad(String),
}

/// A file, decompressed as far as it goes.
pub struct Read {
    pub content: Vec<u8>,
    pub verdict: Verdict,
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after {} bytes", self.verdict, self.content.len())
    }
}

/// Decompresses `file`, but stops some way behind `enough` bytes of content. What is no gzip data is content as it
/// stands if it may `pass_through`.
pub fn read(file: &[u8], pass_through: bool, enough: usize) -> Read {
    let mut content = Vec::new();
    let verdict = verdict(file, pass_through, enough, &mut content);
    Read { content, verdict }
}

fn verdict(file: &[u8], pass_through: bool, enough: usize, content: &mut Vec<u8>) -> Verdict {
    let mut rest = file;
    let bad = |reason: &str| Verdict::Bad(reason.into());
    while rest.starts_with(&[0x1f, 0x8b]) && content.len() <= enough {
        let mut decoder = GzDecoder::new(rest);
        let limit = (enough + 1) as u64;
        match (&mut decoder).take(limit).read_to_end(content) {
            Err(error) => return bad(&error.to_string()),
            Ok(_) if content.len() > enough => return bad("longer than anybody waits for"),
            Ok(_) => {}
        }
        let size = rest.len() - decoder.into_inner().len();
        if believed_size(rest).is_some_and(|said| said != size) {
            return bad("its size is another");
        }
        rest = &rest[size..];
    }
    let begun = rest.len() < file.len();
    match rest {
        _ if content.len() > enough => bad("longer than anybody waits for"),
        [] if begun || pass_through => Verdict::Whole,
        _ if pass_through => {
            content.extend(rest);
            Verdict::Whole
        }
        // One byte of a member's two is too little to tell it from garbage, but a file that was cut is likelier.
        [] | [0x1f] => bad("truncated"),
        _ if !begun => bad("not gzip"),
        _ if rest.iter().all(|&byte| byte == 0) => Verdict::Whole,
        _ => Verdict::Garbage,
    }
}

/// The size that a BGZF block at the beginning of `bytes` says it has, if it is believed: with a member, or nothing,
/// behind it, and before that a length that a block may have.
fn believed_size(bytes: &[u8]) -> Option<usize> {
    let header = bytes.get(..12).filter(|header| header[3] == 4)?;
    let extra = usize::from(u16::from_le_bytes([header[10], header[11]]));
    // Headers of other people's making are seldom longer, and nobody looks further.
    let mut fields = bytes.get(12..12 + extra).filter(|_| 12 + extra <= 64)?;
    let size = loop {
        let length = usize::from(u16::from_le_bytes([*fields.get(2)?, *fields.get(3)?]));
        let field = fields.get(4..4 + length)?;
        if fields.starts_with(b"BC") && length == 2 {
            break usize::from(u16::from_le_bytes([field[0], field[1]])) + 1;
        }
        fields = &fields[4 + length..];
    };
    let (block, next) = bytes.split_at_checked(size)?;
    let length = u32::from_le_bytes(*block.last_chunk()?);
    let well_placed = next.is_empty() || next.starts_with(&[0x1f, 0x8b]);
    (size >= 12 + extra + 8 && length <= 65_536 && well_placed).then_some(size)
}
