//! What passes between a stream and the caller of the library: blocks to be compressed, and what has been made of them.
//!
//! Nobody waits here; who finds nothing, or too much, does something else. Each lock is held for a push or a pop.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::sync::lock;

/// What the caller gives.
#[derive(Debug)]
pub enum Given {
    /// Content that has been cut.
    Blocks(Blocks),
    /// The end of content that is not whole.
    Broken,
}

/// Blocks behind their window.
#[derive(Debug)]
pub struct Blocks {
    /// A window, and content behind it.
    pub bytes: Vec<u8>,
    /// Bytes of the window.
    pub window: usize,
    /// Where blocks end, in bytes behind the window.
    pub ends: Vec<usize>,
    /// Nothing follows.
    pub last: bool,
}

/// Both directions.
#[derive(Debug, Default)]
pub struct Exchange {
    given: Mutex<VecDeque<Given>>,
    made: Mutex<VecDeque<Vec<u8>>>,
}

impl Exchange {
    /// Gives blocks.
    pub fn give(&self, blocks: Blocks) {
        lock(&self.given).push_back(Given::Blocks(blocks));
    }

    /// Takes back what has been given and not been taken, and tells that the rest will not come.
    pub fn break_off(&self) {
        let mut given = lock(&self.given);
        given.clear();
        given.push_back(Given::Broken);
    }

    /// Takes what was given first.
    pub fn take_given(&self) -> Option<Given> {
        lock(&self.given).pop_front()
    }

    /// How much has been given and not taken.
    pub fn given(&self) -> usize {
        lock(&self.given).len()
    }

    /// Hands back what has been made, in order.
    pub fn hand_back(&self, made: Vec<u8>) {
        lock(&self.made).push_back(made);
    }

    /// Takes what was handed back first.
    pub fn take_made(&self) -> Option<Vec<u8>> {
        lock(&self.made).pop_front()
    }

    /// Whether something has been handed back and not taken.
    pub fn has_made(&self) -> bool {
        !lock(&self.made).is_empty()
    }
}
