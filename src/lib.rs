//! gzcc compresses many files at once, and big ones in pieces, to plain gzip, and decompresses them.
//!
//! # How it works
//!
//! A run begins with [`Settings`](settings::Settings): what was decided, in plain types.
//!
//! The `plan` turns names into items, lazily: arguments in their order, lists as they are read, folders as they are
//! walked. A `job`
//! opens an item's input and makes its output, which has no name yet, and joins the two in a `stream`.
//!
//! A stream is one ordered output and the inputs that go into it: a file, standard input, or all of `-c a b c`.
//! It is cut into blocks of fixed size. A worker takes a block and its number, compresses it with the 32 KiB before
//! it as preset dictionary ([`deflate`]), and puts the result; whoever puts the block that is next in order
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
//! A signal ends a run the same way, through [`interrupt`].
//!
//! Every input ends as an [`Outcome`](outcome::Outcome); only [`report`] and the binary's `main` print, and the
//! worst outcome is the exit status.

mod claims;
mod compare;
mod decoder;
pub mod deflate;
mod encoder;
mod exchange;
mod folder;
#[cfg(fuzzing)]
pub mod fuzzing;
mod globs;
mod gzip;
mod inflate;
mod input;
pub mod interrupt;
mod job;
mod lock;
pub mod memory;
mod metadata;
mod names;
mod observer;
pub mod outcome;
mod output;
mod plan;
pub mod progress;
pub mod report;
pub mod run;
mod schedule;
pub mod settings;
mod shard;
pub mod shown;
mod sink;
mod stream;
mod temporary;
mod transfer;
mod verify;

pub use self::decoder::Decoder;
pub use self::encoder::{Encoder, with_encoder};
pub use self::observer::{Ended, Observer, Step};
pub use self::outcome::Outcome;
pub use self::report::Tally;
pub use self::run::{compress, decompress};
pub use self::settings::Settings;
