//! From an item to bytes written: jobs, streams of blocks, and the schedulers whose workers process them.
//!
//! A job opens an input and creates its output; a stream cuts the input into blocks, and writes the results in order; a
//! scheduler decides which worker processes which block.

pub(crate) mod block_channel;
pub(crate) mod compare;
mod contained_observer;
pub mod in_memory;
pub(crate) mod job;
pub mod outcome_queue;
pub(crate) mod outcomes;
pub(crate) mod scheduler;
pub(crate) mod sink;
pub(crate) mod stream;
pub(crate) mod verify;
