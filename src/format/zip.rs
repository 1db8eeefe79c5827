//! The first entry of a zip file: its local header and the data descriptor behind its data (APPNOTE.TXT sections 4.3.7 and 4.3.9).
//!
//! Pure functions of their arguments. The central directory at the end of the file is not used, so a zip file can be read from a
//! pipe.

use std::io;

use super::gzip::{Damage, ReadError, Trailer};

/// The signature of a local header.
pub const ENTRY_SIGNATURE: [u8; 4] = *b"PK\x03\x04";

/// The signature of the directory, behind the last entry.
pub const DIRECTORY_SIGNATURE: [u8; 4] = *b"PK\x01\x02";

/// The signature that a data descriptor may begin with.
const DESCRIPTOR_SIGNATURE: [u8; 4] = *b"PK\x07\x08";

/// General purpose flags: the entry is encrypted; a data descriptor follows the data.
const FLAG_ENCRYPTED: u16 = 1 << 0;
const FLAG_DESCRIPTOR: u16 = 1 << 3;

/// The extra field of an entry whose sizes have 64 bits.
const EXTRA_ZIP64: u16 = 1;

/// The size in a header if the extra field has it.
const SIZE_IN_EXTRA: u32 = u32::MAX;

/// Compression methods.
const METHOD_STORED: u16 = 0;
const METHOD_DEFLATED: u16 = 8;

/// How an entry is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZipMethod {
    /// Not compressed. The data has this many bytes.
    Stored(u64),
    /// A DEFLATE stream, which marks its own end.
    Deflated,
}

/// The local header of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZipEntry {
    /// How the data is compressed.
    pub method: ZipMethod,
    /// CRC-32 and length of the content, or none if a data descriptor has them.
    trailer: Option<Trailer>,
    /// The sizes in a data descriptor have 64 bits.
    is_zip64: bool,
    /// Size of the header in bytes.
    pub header_size: u64,
}

impl ZipEntry {
    /// Reads a local header, without its signature, from `next`, which returns `None` at the end of the data.
    ///
    /// # Errors
    /// If the entry is encrypted, compressed by another method, or stored with its length behind it; if the data ends; and the
    /// errors of `next`.
    pub fn read(next: impl FnMut() -> io::Result<Option<u8>>) -> Result<Self, ReadError> {
        let mut fields = Fields { next, offset: ENTRY_SIGNATURE.len() as u64 };
        let [_version, flags, method, _time, _date] =
            [fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?];
        let [crc, compressed, size] = [fields.u32()?, fields.u32()?, fields.u32()?];
        let [name_length, extra_length] = [fields.u16()?, fields.u16()?];
        for _ in 0..name_length {
            fields.byte()?;
        }
        let zip64_sizes = fields.zip64_sizes(extra_length)?;
        if flags & FLAG_ENCRYPTED != 0 {
            return Err(Damage::ZipEncrypted.into());
        }
        let stored_length = match zip64_sizes {
            Some(sizes) if compressed == SIZE_IN_EXTRA => sizes.compressed,
            _ => compressed.into(),
        };
        let length = match zip64_sizes {
            Some(sizes) if size == SIZE_IN_EXTRA => sizes.content as u32,
            _ => size,
        };
        let method = match method {
            // Only the directory has the length of such an entry.
            METHOD_STORED if flags & FLAG_DESCRIPTOR != 0 => return Err(Damage::ZipMethod(method).into()),
            METHOD_STORED => ZipMethod::Stored(stored_length),
            METHOD_DEFLATED => ZipMethod::Deflated,
            method => return Err(Damage::ZipMethod(method).into()),
        };
        let trailer = (flags & FLAG_DESCRIPTOR == 0).then_some(Trailer { crc, length });
        Ok(Self { method, trailer, is_zip64: zip64_sizes.is_some(), header_size: fields.offset })
    }

    /// The CRC-32 and the length of the content. Reads the data descriptor behind the data, at `offset`, if there is one.
    ///
    /// # Errors
    /// If the data ends, and the errors of `next`.
    pub fn trailer(&self, offset: u64, next: impl FnMut() -> io::Result<Option<u8>>) -> Result<Trailer, ReadError> {
        if let Some(trailer) = self.trailer {
            return Ok(trailer);
        }
        let mut fields = Fields { next, offset };
        // The signature is optional.
        let first = fields.u32()?;
        let crc = if first.to_le_bytes() == DESCRIPTOR_SIGNATURE { fields.u32()? } else { first };
        if self.is_zip64 {
            fields.u64()?;
            return Ok(Trailer { crc, length: fields.u64()? as u32 });
        }
        fields.u32()?;
        Ok(Trailer { crc, length: fields.u32()? })
    }
}

/// The sizes in the extra field.
#[derive(Clone, Copy)]
struct Zip64Sizes {
    content: u64,
    compressed: u64,
}

/// Reads numbers, the lowest byte first.
struct Fields<N> {
    next: N,
    offset: u64,
}

impl<N: FnMut() -> io::Result<Option<u8>>> Fields<N> {
    fn byte(&mut self) -> Result<u8, ReadError> {
        let byte = (self.next)()?.ok_or(Damage::Truncated(self.offset))?;
        self.offset += 1;
        Ok(byte)
    }

    fn u16(&mut self) -> Result<u16, ReadError> {
        Ok(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn u32(&mut self) -> Result<u32, ReadError> {
        Ok(u32::from(self.u16()?) | u32::from(self.u16()?) << 16)
    }

    fn u64(&mut self) -> Result<u64, ReadError> {
        Ok(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    /// Reads the extra field, of `length` bytes. Returns the sizes of 64 bits in it.
    fn zip64_sizes(&mut self, length: u16) -> Result<Option<Zip64Sizes>, ReadError> {
        let end = self.offset + u64::from(length);
        let mut sizes = None;
        while self.offset + 4 <= end {
            let [id, size] = [self.u16()?, self.u16()?];
            let field_end = end.min(self.offset + u64::from(size));
            if id == EXTRA_ZIP64 && self.offset + 16 <= field_end {
                sizes = Some(Zip64Sizes { content: self.u64()?, compressed: self.u64()? });
            }
            self.skip_to(field_end)?;
        }
        self.skip_to(end)?;
        Ok(sizes)
    }

    fn skip_to(&mut self, offset: u64) -> Result<(), ReadError> {
        while self.offset < offset {
            self.byte()?;
        }
        Ok(())
    }
}
