//! The reference decoder: RFC 1952, with flate2 for each member. gzcc is stricter than the RFC only with BGZF blocks,
//! whose check is repeated here.

use std::fmt;
use std::io::Read as _;

use flate2::bufread::GzDecoder;

/// The result for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is valid.
    Whole,
    /// Its members are valid, and other data follows them.
    Garbage,
    /// It is damaged, with this message.
    Bad(String),
}

/// The content up to the end or the damage, and the verdict.
pub struct Read {
    pub content: Vec<u8>,
    pub verdict: Verdict,
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after {} bytes", self.verdict, self.content.len())
    }
}

/// Decompresses `file`, but stops after slightly more than `enough` bytes of content. With `pass_through`, data that is
/// not gzip is content.
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
            Ok(_) if content.len() > enough => return bad("too long for this test"),
            Ok(_) => {}
        }
        let size = rest.len() - decoder.into_inner().len();
        if trusted_size(rest).is_some_and(|said| said != size) {
            return bad("its size is another");
        }
        rest = &rest[size..];
    }
    let begun = rest.len() < file.len();
    match rest {
        _ if content.len() > enough => bad("too long for this test"),
        [] if begun || pass_through => Verdict::Whole,
        _ if pass_through => {
            content.extend(rest);
            Verdict::Whole
        }
        // One byte of the magic number may be garbage, but a truncated file is more likely.
        [] | [0x1f] => bad("truncated"),
        _ if !begun => bad("not gzip"),
        _ if rest.iter().all(|&byte| byte == 0) => Verdict::Whole,
        _ => Verdict::Garbage,
    }
}

/// The size in the header of a BGZF block at the start of `bytes`, if gzcc trusts it: a member or the end follows, and
/// the trailer's length is valid for a block.
fn trusted_size(bytes: &[u8]) -> Option<usize> {
    let header = bytes.get(..12).filter(|header| header[3] == 4)?;
    let extra = usize::from(u16::from_le_bytes([header[10], header[11]]));
    // gzcc looks for the field only in headers of up to 64 bytes; longer ones are rare.
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
