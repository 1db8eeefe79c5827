//! The place of gzcc's own encoder; until it is there, zlib-rs does the work.

use super::Engine;
use super::zlib::Zlib;
use crate::settings::BEST_LEVEL;

/// An encoder at one level.
pub(super) struct Native(Zlib);

impl Native {
    pub(super) fn new(level: u8) -> Self {
        Self(Zlib::new(level.min(BEST_LEVEL)))
    }
}

impl Engine for Native {
    fn block(&mut self, data: &[u8], start: usize, last: bool, out: &mut Vec<u8>) {
        self.0.block(data, start, last, out);
    }
}
