//! What the fuzz targets (`tests/fuzz`) reach of the rooms that are closed to everybody else.
//!
//! Built only by the fuzzer, which sets `--cfg fuzzing`. Nothing is done here: names are handed on.

pub use crate::format::gzip::{
    Damage, MOST_HEADER, MemberStart, ParsedHeader, ReadError, TRAILER, bgzf_block, read_header,
};
pub use crate::inflate::{BgzfBatch, Chunk, CompressedSource, Content, Inflater, MemberEnd, Trailing};
