//! From an item to bytes written: jobs, streams of blocks, and the schedulers whose workers process them.
//!
//! A block moves through these modules as follows:
//!
//! 1. `scheduler` starts the workers. A worker without work asks `job` for the next stream.
//! 2. `job` opens an input, creates its output, and connects both in a `stream`: the input with a reader, and the output with a
//!    `sink`. Inputs that are refused end there, before any work.
//! 3. `stream` gives each worker a block and its sequence number. The workers compress or inflate their blocks at the same time.
//!    The worker that completes the next block in order writes it. When a file is decompressed, a block is a chunk of it
//!    (`stream::chunk_inflation`), a batch of BGZF members, or content that the reader has inflated.
//! 4. `sink` receives the bytes. After the last one it gives the output its metadata and name, and removes the original if
//!    requested.
//! 5. `outcomes` counts the result and passes it to the observer.
//!
//! An encoder of the library is the same with a `block_channel` at both ends of the stream; a decoder pushes its data to the
//! stream. Nothing here selects inputs (`select`), knows the file system (`io`), or prints.

pub(crate) mod block_channel;
#[cfg(feature = "batch")]
pub(crate) mod compare;
mod contained_observer;
#[cfg(feature = "batch")]
pub mod in_memory;
#[cfg(feature = "batch")]
pub(crate) mod job;
#[cfg(feature = "batch")]
pub(crate) mod outcome_queue;
pub(crate) mod outcomes;
pub(crate) mod scheduler;
pub(crate) mod sink;
pub(crate) mod stream;
pub(crate) mod verify;
