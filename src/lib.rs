//! Parallel gzip (RFC 1952): compresses many files at once, and large ones in blocks, and decompresses them. For Linux.
//!
//! **Files to files**: [`compress`] and [`decompress`] process the inputs of a [`Settings`] with a number of workers. An
//! [`Observer`] receives the progress, and an [`Outcome`] for each input.
//!
//! ```
//! # #[cfg(feature = "batch")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (a, b) = (directory.path().join("a.log"), directory.path().join("b.log"));
//! # std::fs::write(&a, "first log").and_then(|()| std::fs::write(&b, "second log"))?;
//! let settings = gzcc::Settings { inputs: vec![a.into(), b.into()], ..Default::default() };
//! let tally = gzcc::compress(&settings, &())?;
//! println!("{} files, {} -> {} bytes", tally.done, tally.bytes_in, tally.bytes_out);
//! # assert_eq!(tally.done, 2);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "batch"))]
//! # fn main() {}
//! ```
//!
//! **Streams to streams**: [`Encoder`] is a writer that compresses to another writer. [`EncoderReader`] is a reader of the
//! compressed content of another reader. [`EncoderOptions`] has their level, engine and number of workers. [`Decoder`] is a reader
//! of the content of another reader's gzip data. [`DecoderOptions`] has its number of workers. [`IndexedDecoder`] reads any part of the
//! content of a file, with an [`Index`]. [`SalvageReader`] reads what can be decoded of damaged data.
//!
//! ```
//! use std::io::{Read, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! let options = gzcc::EncoderOptions::default().level(9);
//! let mut encoder = gzcc::Encoder::with_options(Vec::new(), &options)?;
//! encoder.write_all(b"content")?;
//! let bytes = encoder.finish()?;
//!
//! let mut content = String::new();
//! gzcc::Decoder::new(&bytes[..]).read_to_string(&mut content)?;
//! assert_eq!(content, "content");
//! # Ok(())
//! # }
//! ```
//!
//! The output depends only on the content, the level, the engine, the format options and an encoder's flushes. It does not depend
//! on the number of workers, the scheduler, or the sizes of writes.
//!
//! # Features
//!
//! | feature | adds | default |
//! |---|---|---|
//! | (none) | encoders and decoders; depends on crc32fast, flate2, rayon and rustix | |
//! | `batch` | runs over files and directories: [`compress`], [`decompress`], [`Settings`], [`Observer`] | yes |
//! | `cli` | the command; includes `batch` | yes |
//!
//! A program that compresses its own streams takes `gzcc = { version = "...", default-features = false }`.
//!
//! # Overview
//!
//! `select` turns names into items: inputs, each with the name of its output. A job of `pipeline` opens an item's input, creates
//! its output without a name, and joins both in a stream. A stream is divided into blocks of fixed size. A worker takes a block,
//! compresses it with the preceding 32 KiB as dictionary (`deflate`), and returns the result; the worker that completes the next
//! block in order writes it. For decompression, a large file is divided into chunks, which several workers inflate at the same time
//! (`inflate`); the content is checked and written in order. After the last block the output gets its metadata and, in one step,
//! its name (`io`). Only then is an original removed. `docs/ARCHITECTURE.md` in the repository describes the design.
//!
//! Modules that the documentation omits serve the command, and change with it.

#![cfg_attr(
    not(feature = "batch"),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        reason = "an encoder needs only a part of what runs over files need"
    )
)]

mod decoder;
// Public because benchmarks and fuzz targets use the engines alone; hidden because it is not covered by semantic versioning.
#[doc(hidden)]
pub mod deflate;
mod encoder;
mod error;
mod escaped_name;
mod format;
#[cfg(fuzzing)]
pub mod fuzzing;
mod inflate;
mod io;
mod observer;
#[cfg(not(feature = "batch"))]
mod outcome;
#[cfg(feature = "batch")]
pub mod outcome;
mod pipeline;
#[cfg(feature = "batch")]
mod run;
mod salvage_reader;
#[cfg(feature = "batch")]
mod select;
pub mod settings;
#[cfg(feature = "batch")]
pub mod shutdown;
mod sync;
mod tally;

pub use self::decoder::{Decoder, DecoderOptions, IndexedDecoder};
pub use self::encoder::{Encoder, EncoderOptions, EncoderReader, InvalidOptions, with_encoder};
pub use self::error::{Error, ErrorKind};
pub use self::escaped_name::EscapedName;
pub use self::format::gzidx::BadIndex;
pub use self::format::gzip::Damage;
pub use self::inflate::{Index, Loss, SalvageTotals};
pub use self::salvage_reader::SalvageReader;
#[cfg(feature = "batch")]
pub use self::{
    observer::{Ended, Observer, Progress},
    outcome::Outcome,
    run::{compress, decompress, run},
    settings::{InvalidSettings, Settings},
    tally::Tally,
};

/// The items that the command uses in addition to the public API: runs in memory for its benchmark, memory limits, and helpers
/// of its report. It is public because the command is another crate of this package, and hidden because it is not covered by
/// semantic versioning.
#[cfg(feature = "batch")]
#[doc(hidden)]
pub mod command {
    pub use crate::io::closing;
    pub use crate::io::install_tree::InstallTree;
    pub use crate::io::transfer::write_all;
    pub use crate::outcome::NOT_REACHED;
    pub use crate::pipeline::in_memory;
    pub use crate::pipeline::outcome_queue::OutcomeQueue;
    pub use crate::run::run_with_engine;
    pub use crate::select::selection::stdout_is_list;
    pub use crate::select::suffix;
    pub use crate::select::survey::{Survey, Surveyed};
    pub use crate::sync::lock;

    /// Memory limits.
    pub mod resources {
        pub use crate::settings::resources::{
            available_workers, is_limited, needed, spare, within_limits, workers_within,
        };
    }
}

/// Parts of the decoder. It is public because benchmarks measure them alone, and hidden because it is not covered by semantic
/// versioning.
#[doc(hidden)]
pub mod decoder_parts {
    pub use crate::inflate::native::{DecodeStatus, DeflateDecoder};
    pub use crate::inflate::{block_finder, markers};
}
