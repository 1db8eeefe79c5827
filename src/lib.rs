//! gzcc compresses many files at once, and big ones in pieces, to plain gzip (RFC 1952), and decompresses them.
//!
//! This is the library that the command of that name is made of, for Linux. It does three things.
//!
//! **Files to files**, by as many workers as there are: [`compress`] and [`decompress`], told by a [`Settings`] what to do;
//! an [`Observer`] is told how it goes.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (a, b) = (folder.path().join("a.log"), folder.path().join("b.log"));
//! # std::fs::write(&a, "what happened").and_then(|()| std::fs::write(&b, "and what then"))?;
//! let settings = gzcc::Settings { inputs: vec![a.into(), b.into()], ..Default::default() };
//! let tally = gzcc::compress(&settings, &())?;
//! println!("{} files, {} of {} bytes saved", tally.done, tally.bytes_in - tally.bytes_out.min(tally.bytes_in), tally.bytes_in);
//! # assert_eq!(tally.done, 2);
//! # Ok(())
//! # }
//! ```
//!
//! **Content to gzip**, by the same workers: [`Encoder`] is a writer of gzip data to another writer, and [`EncoderReader`]
//! a reader of gzip data with the content of another reader. [`EncoderOptions`] say how they compress.
//!
//! **Gzip to content**: [`Decoder`] is a reader of the content of another reader's gzip data.
//!
//! ```
//! use std::io::{Read, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! let options = gzcc::EncoderOptions::default().level(9);
//! let mut encoder = gzcc::Encoder::with_options(Vec::new(), &options)?;
//! encoder.write_all(b"there and back")?;
//! let bytes = encoder.finish()?;
//!
//! let mut content = String::new();
//! gzcc::Decoder::new(&bytes[..]).read_to_string(&mut content)?;
//! assert_eq!(content, "there and back");
//! # Ok(())
//! # }
//! ```
//!
//! The output depends on the content, the level, the engine, the options of the format and an encoder's flushes only: not on
//! the number of workers, the scheduler, or how content is divided into writes.
//!
//! # How it works
//!
//! A run begins with [`Settings`]: what was decided, in plain types.
//!
//! The `plan` turns names into items, lazily: arguments in their order, lists as they are read, folders as they are
//! walked. A `job`
//! opens an item's input and makes its output, which has no name yet, and joins the two in a `stream`.
//!
//! A stream is one ordered output and the inputs that go into it: a file, standard input, all of `-c a b c`, or what a
//! program writes.
//! It is cut into blocks of fixed size. A worker takes a block and its number, compresses it with the 32 KiB before
//! it as preset dictionary (`deflate`), and puts the result; whoever puts the block that is next in order
//! writes it. Each piece ends on a byte boundary, so the pieces, with a `gzip` header before and a trailer behind
//! them, are one member. What ends up in the file depends on the content and the options alone, never on
//! who did which block when.
//!
//! Decompressing goes the same way. What a DEFLATE stream says depends on all before it, so a file is inflated in
//! order (`inflate`), chunk by chunk, by one worker at a time; the CRC and the writing are another's, so that the two
//! overlap. Members that tell their own size are cut off unread and inflated like blocks. Testing and listing are
//! decompressing to nowhere.
//!
//! The `schedule` decides who works on what. Scoped threads (the default) help a stream that is open before they
//! take the next file, so that many files and big files share one budget of workers; the rayon pool is the
//! alternative. When the last handle is joined, the count is told.
//!
//! When a stream's last block is written, its `sink` makes it count: the `output` gets owner, mode and times
//! of the original (`metadata`), is synced if asked, and takes its name in one step. Only then may the original
//! go. A process killed at any instant leaves the name absent, or whole.
//!
//! A `benchmark` is many such runs, from files in memory to files in memory, with a clock beside them.
//!
//! A signal ends a run of the command the same way, through `interrupt`.
//!
//! Every input ends as an [`Outcome`]; only `report` and the binary's `main` print, and the
//! worst outcome is the exit status. The modules that the documentation leaves out are of use to the command alone, and
//! change with it.

mod decoder;
#[doc(hidden)]
pub mod deflate;
mod encoder;
mod error;
#[doc(hidden)]
pub mod escaped_name;
mod format;
#[cfg(fuzzing)]
pub mod fuzzing;
mod inflate;
mod io;
mod observer;
pub mod outcome;
mod pipeline;
mod run;
mod select;
pub mod settings;
pub mod shutdown;
mod sync;
mod tally;

pub use self::decoder::Decoder;
pub use self::encoder::{Encoder, EncoderOptions, EncoderReader, InvalidOptions, with_encoder};
pub use self::error::{Error, ErrorKind};
pub use self::observer::{Ended, Observer, Progress};
pub use self::outcome::Outcome;
pub use self::run::{compress, decompress};
pub use self::settings::{InvalidSettings, Settings};
pub use self::tally::Tally;

/// What the command needs beyond the public API: runs in memory for its benchmark, its own entry point, and the means of its
/// messages. Not covered by semantic versioning.
#[doc(hidden)]
pub mod command {
    pub use crate::io::closing;
    pub use crate::io::transfer::write_all;
    pub use crate::outcome::NOT_REACHED;
    pub use crate::pipeline::in_memory;
    pub use crate::pipeline::outcome_queue::OutcomeQueue;
    pub use crate::run::{run, run_with_engine};
    pub use crate::select::suffix;
    pub use crate::select::survey::{Survey, Surveyed};
    pub use crate::sync::lock;
}
