//! The public reader of damaged gzip data.

use std::io::{self, Read};

use crate::error::FinalError;
use crate::format::gzip::ReadError;
use crate::inflate::{CompressedSource, Loss, SalvageTotals, Salvager, read_uninterrupted};

/// Bytes of content decoded at a time.
const CONTENT: usize = 64 * 1024;

/// Reads everything that can be decoded of damaged or truncated gzip data: the content before the damage, and the content from the
/// next block or member after it. A byte that refers to lost content becomes the fill byte. An undamaged file gives exactly its
/// content.
///
/// [`take_losses`](Self::take_losses) says where content is lost or not certain. Content of a member without a matching CRC-32 is
/// never certain: damage can change it without an error.
///
/// Memory is at most 16 MiB, whatever the data expands to, and one [`Loss`] for each damaged place until they are taken.
///
/// ```
/// use std::io::Read;
///
/// # fn main() -> std::io::Result<()> {
/// let mut encoder = gzcc::Encoder::new(Vec::new());
/// std::io::Write::write_all(&mut encoder, b"a truncated file")?;
/// let mut file = encoder.finish()?;
/// file.truncate(file.len() - 10);
///
/// let mut reader = gzcc::SalvageReader::new(&file[..], b'?');
/// let mut content = Vec::new();
/// reader.read_to_end(&mut content)?;
/// assert!(b"a truncated file".starts_with(&content[..]));
/// assert_eq!(reader.take_losses().len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A read fails if the source does, and at the end if nothing was salvaged: the data is not gzip data. An error is final.
#[derive(Debug)]
pub struct SalvageReader<R> {
    source: R,
    salvager: Salvager,
    content: Vec<u8>,
    /// Bytes of `content` that were read.
    at: usize,
    losses: Vec<Loss>,
    totals: SalvageTotals,
    end: Option<Result<(), FinalError>>,
}

/// The caller's reader, as a source of the salvager.
struct DamagedSource<'a, R>(&'a mut R);

impl<R: Read> CompressedSource for DamagedSource<'_, R> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_uninterrupted(self.0, buffer)
    }
}

impl<R: Read> SalvageReader<R> {
    /// Reads from `source`. Unknown bytes become `fill`.
    pub fn new(source: R, fill: u8) -> Self {
        Self {
            source,
            salvager: Salvager::new(fill),
            content: Vec::with_capacity(CONTENT),
            at: 0,
            losses: Vec::new(),
            totals: SalvageTotals::default(),
            end: None,
        }
    }

    /// The losses that were found since the last call. Their content may not be read yet.
    pub fn take_losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.losses)
    }

    /// The figures so far. They are complete at the end.
    pub fn totals(&self) -> SalvageTotals {
        self.totals
    }

    /// Decodes the next content.
    fn decode(&mut self) {
        self.at = 0;
        let bytes = std::mem::take(&mut self.content);
        let content = self.salvager.next(&mut DamagedSource(&mut self.source), bytes);
        self.content = content.bytes;
        self.end = content.end.map(|end| match end {
            Ok(_) => Ok(()),
            Err(ReadError::Source(error)) => Err(FinalError::from(&error)),
            Err(ReadError::Damage(damage)) => {
                Err(FinalError::from(&io::Error::new(io::ErrorKind::InvalidData, damage)))
            }
        });
        if let Some(report) = content.salvage {
            self.losses.extend(report.losses);
            self.totals = report.totals;
        }
    }
}

impl<R: Read> Read for SalvageReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.content.len() {
            match &self.end {
                None => self.decode(),
                Some(Ok(())) => return Ok(0),
                Some(Err(error)) => return Err(error.again()),
            }
        }
        let read = (&self.content[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}
