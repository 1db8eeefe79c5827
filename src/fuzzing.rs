//! What the fuzz targets (`tests/fuzz`) reach of the rooms that are closed to everybody else.
//!
//! Built only by the fuzzer, which sets `--cfg fuzzing`. Nothing is done here: names are handed on.

pub use crate::format::gzip::{Damage, Found, MOST_HEADER, ReadError, Start, TRAILER, bgzf_block, read_header};
pub use crate::inflate::{Batch, Check, Chunk, Content, Inflation, Supply, Trailing};
