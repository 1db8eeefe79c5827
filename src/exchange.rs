//! What passes between a stream and the caller of the library: blocks to be compressed, and what has been made of them.
//!
//! Nobody waits here; who finds nothing, or too much, does something else. Each lock is held for a push or a pop.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::lock::lock;

/// Content that has been cut.
#[derive(Debug)]
pub struct Given {
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
    /// `None` is the end of content that is not whole.
    given: Mutex<VecDeque<Option<Given>>>,
    made: Mutex<VecDeque<Vec<u8>>>,
}

impl Exchange {
    /// Gives content, or tells that the rest will not come.
    pub fn give(&self, given: Option<Given>) {
        lock(&self.given).push_back(given);
    }

    /// Takes what was given first.
    pub fn take_given(&self) -> Option<Option<Given>> {
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
