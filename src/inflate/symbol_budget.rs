//! The memory for symbols that the guess decoders of a run share, beyond what each of them owns.
//!
//! Most chunks have less content than a guess decoder has memory for. In a file of different kinds of content, a few chunks have
//! much more. Without more memory, one worker would decode the rest of such a chunk while all others wait.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Symbols by which a decoder grows at a time: 2 MiB.
pub(super) const GROWTH: usize = 1 << 20;

/// The growth that is left, in units of [`GROWTH`] symbols.
#[derive(Debug)]
pub(crate) struct SymbolBudget(AtomicUsize);

impl SymbolBudget {
    /// Memory for this many units.
    pub(crate) fn new(units: usize) -> Self {
        Self(AtomicUsize::new(units))
    }

    /// Takes a unit. Returns whether one was left.
    pub(super) fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |units| units.checked_sub(1)).is_ok()
    }

    /// Gives units back.
    pub(super) fn give_back(&self, units: usize) {
        self.0.fetch_add(units, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is() {
        let budget = SymbolBudget::new(2);
        assert!(budget.take() && budget.take() && !budget.take());
        budget.give_back(1);
        assert!(budget.take() && !budget.take());
        assert!(!SymbolBudget::new(0).take());
    }
}
