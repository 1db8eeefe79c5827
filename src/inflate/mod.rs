//! The decoder: from compressed data to the content of its members.
//!
//! A match in DEFLATE data refers to the 32 KiB of content before it, the window. A decoder therefore starts only where it knows
//! the window, with one exception:
//!
//! - An [`Inflater`] starts at the beginning of a file, or at a [`ResumePoint`]: a block and its window. It decodes in order, and
//!   reads the headers and trailers of members.
//! - A [`BgzfBatch`] contains whole members. BGZF members state their size, so the inflater splits them off without decoding
//!   them, and any worker can decode a batch.
//! - A [`SequentialInflater`] is both, for a caller without other workers.
//! - A [`GuessDecoder`] starts in the middle of a file, at the first position that looks like a block ([`block_finder`]) or a
//!   member (`member_finder`). It decodes symbols: bytes, and [`markers`] for the bytes of the unknown window. [`resolve`]
//!   replaces the markers when the window is known.
//! - A [`Salvager`] decodes a damaged file in order. After an error it searches for a start as a guess decoder does. Bytes of the
//!   lost window stay unknown.
//!
//! `native` is the DEFLATE decoder of all of them; the first two can also use flate2 ([`EngineDecoder`]). Nothing here starts
//! threads or decides which of these is used: `pipeline::stream` does. The caller verifies the CRC and writes the content.
//!
//! The data may be hostile. The buffers bound the memory, whatever a file expands to (P6). All content belongs to a
//! member with a valid header; whether it matches the trailer is known only at the member's end.

#![allow(unreachable_pub, reason = "`fuzzing` exports these types, if it is built")]

mod access_index;
mod bgzf_batch;
pub mod block_finder;
mod chunk_end;
mod compressed_buffer;
mod content;
mod content_buffer;
mod content_points;
mod engine_decoder;
mod guess_decoder;
#[cfg(test)]
mod guess_decoder_tests;
mod index_builder;
mod inflater;
pub mod markers;
mod member_checksum;
mod member_finder;
pub mod native;
mod point_selection;
mod resume_point;
mod salvager;
mod sequential_inflater;
mod symbol_budget;

pub use self::access_index::Index;
pub use self::bgzf_batch::BgzfBatch;
pub use self::compressed_buffer::CompressedSource;
pub(crate) use self::compressed_buffer::read_uninterrupted;
pub use self::content::{Content, FilePart, Trailing};
pub use self::content_points::{ContentPoint, count_newlines};
pub use self::engine_decoder::EngineDecoder;
pub(crate) use self::guess_decoder::{GuessDecoder, GuessStep};
pub(crate) use self::index_builder::as_io_error;
use self::inflater::MAX_MEMBERS;
pub use self::inflater::{ForeignData, Inflater, MemberEnd};
pub(crate) use self::markers::{ResolvedWindow, resolve};
pub use self::member_checksum::{BadMember, MemberChecksum};
pub(crate) use self::point_selection::PointSelection;
pub(crate) use self::resume_point::ResumePoint;
pub use self::salvager::{Loss, SalvageReport, SalvageTotals, Salvager};
pub(crate) use self::sequential_inflater::SequentialInflater;
pub(crate) use self::symbol_budget::SymbolBudget;
