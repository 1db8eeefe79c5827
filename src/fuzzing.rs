//! The private parts of the library that the fuzz targets (`tests/fuzz`) call.
//!
//! Built only with `--cfg fuzzing`, which the fuzzer sets. This module only re-exports.

pub use crate::format::bgzf::{BlockSizes, parse_header as parse_bgzf_header};
pub use crate::format::gzip::{
    Damage, MAX_HEADER, MemberStart, ParsedHeader, ReadError, TRAILER, Trailer, read_header,
};
pub use crate::format::legacy::{LegacyError, LegacyFormat, LegacyOutput, LegacyStatus};
pub use crate::format::zip::ZipEntry;
pub use crate::inflate::native::{DecodeStatus, Decoded, DeflateDecoder, InvalidData};
pub use crate::inflate::{
    BgzfBatch, CompressedSource, Content, EngineDecoder, FilePart, ForeignData, Inflater, Loss, MemberEnd, Salvager,
    Trailing,
};
