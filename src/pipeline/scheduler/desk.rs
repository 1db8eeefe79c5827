//! The place of a worker who has something else to do as well: the caller of the library, who hands over what the others
//! compress.

use std::sync::Arc;

use super::Floor;
use crate::pipeline::stream::{Hand, Help, Others, Stream};

/// A worker's place at one stream.
pub struct Desk<'run> {
    floor: &'run Floor<'run>,
    stream: &'run Arc<Stream>,
    workers: usize,
    /// Starts one more worker, as long as there may be more.
    hire: &'run dyn Fn(),
    /// Made when this worker first looks for work.
    hand: Option<Hand>,
}

impl<'run> Desk<'run> {
    pub(super) fn new(
        floor: &'run Floor<'run>,
        stream: &'run Arc<Stream>,
        workers: usize,
        hire: &'run dyn Fn(),
    ) -> Self {
        Self { floor, stream, workers, hire, hand: None }
    }

    /// How many workers there may be, this one included.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Tells the others that there is something to be done, and has one more come if that is enough for it.
    pub fn call(&self, for_another: bool) {
        if for_another {
            (self.hire)();
        }
        self.floor.board.wake();
    }

    /// Does a block; where there is none to be had, waits for one, or until `ready`, or until the stream is finished.
    pub fn work_or_wait(&mut self, ready: impl Fn() -> bool) {
        let Floor { shared, board, .. } = *self.floor;
        let hand = self.hand.get_or_insert_with(|| Hand::new(shared));
        let help = self.floor.help(self.stream, hand, self.workers > 1);
        board.wake();
        if help != Help::Worked {
            board.wait_until(|| ready() || self.stream.is_finished() || self.stream.has_work(shared));
        }
    }

    /// Whether all that was handed over is done, and nothing can follow.
    pub fn is_finished(&self) -> bool {
        self.stream.is_finished()
    }

    /// An empty buffer with room for a window and a block.
    pub fn buffer(&self) -> Vec<u8> {
        self.floor.shared.buffer()
    }

    /// Takes a buffer back.
    pub fn reuse_buffer(&self, buffer: Vec<u8>) {
        self.floor.shared.reuse_buffer(buffer);
    }
}
