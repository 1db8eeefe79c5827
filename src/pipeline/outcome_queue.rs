//! Puts outcomes into the order of the inputs, for an observer that prints them in that order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::observer::Ended;
use crate::sync::lock;

/// Maximum number of bytes of outcomes that wait for an earlier one. Above it, no further input is begun. So the other workers
/// process about 16,000 files while one large file takes long. In tests the limit is low, so that they reach it.
const MAX_WAITING: usize = if cfg!(test) { 4 * OUTCOME } else { 5 << 20 };

/// Approximate number of bytes of an outcome without its names.
const OUTCOME: usize = 300;

/// Outcomes that wait for those of earlier inputs.
#[derive(Debug, Default)]
pub struct OutcomeQueue {
    state: Mutex<OrderState>,
    /// Notified when the queue becomes shorter.
    shorter: Condvar,
}

#[derive(Debug, Default)]
struct OrderState {
    /// Position of the input whose outcome is printed next.
    next: u64,
    /// Outcomes of inputs after `next`, by position.
    waiting: BTreeMap<u64, Ended>,
    /// Approximate number of bytes of `waiting`.
    bytes: usize,
    /// Inputs after `next` without an outcome to print, as ranges: the first position, and the position after the last.
    settled: BTreeMap<u64, u64>,
    /// The order is given up: outcomes are printed at once.
    is_dissolved: bool,
}

impl OutcomeQueue {
    /// Adds the outcome of the input at `position`. Prints it, and those that waited for it, once all earlier ones are
    /// printed.
    pub fn put(&self, position: u64, ended: Ended, print: impl Fn(Ended)) {
        let mut state = self.lock();
        if state.is_dissolved {
            return print(ended);
        }
        state.bytes += bytes(&ended);
        state.waiting.insert(position, ended);
        state.advance(print);
        self.shorter.notify_all();
    }

    /// Skips the input at `position`, which has no outcome to print.
    pub fn pass(&self, position: u64, print: impl Fn(Ended)) {
        let mut state = self.lock();
        state.settle(position);
        state.advance(print);
        self.shorter.notify_all();
    }

    /// Prints all outcomes that wait. From now on outcomes are printed at once.
    pub fn dissolve(&self, print: impl Fn(Ended)) {
        let mut state = self.lock();
        state.is_dissolved = true;
        state.bytes = 0;
        std::mem::take(&mut state.waiting).into_values().for_each(print);
        self.shorter.notify_all();
    }

    /// Waits until there is space for the outcomes of more inputs. A worker that has begun an input must not call it, because
    /// the queue may wait for that input.
    pub fn wait_for_space(&self) {
        let mut state = self.lock();
        while state.bytes >= MAX_WAITING {
            state = self.shorter.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, OrderState> {
        lock(&self.state)
    }
}

/// Approximate number of bytes of an outcome. It may contain the name twice: also as the output's name or in an error.
fn bytes(ended: &Ended) -> usize {
    OUTCOME + 2 * ended.name.as_os_str().len()
}

impl OrderState {
    /// Prints all outcomes that are next in order.
    fn advance(&mut self, print: impl Fn(Ended)) {
        loop {
            if let Some(ended) = self.waiting.remove(&self.next) {
                self.next += 1;
                self.bytes -= bytes(&ended);
                print(ended);
            } else if let Some(end) = self.settled.remove(&self.next) {
                self.next = end;
            } else {
                break;
            }
        }
    }

    /// Adds `position` to the ranges of `settled`.
    fn settle(&mut self, position: u64) {
        let new_end = self.settled.remove(&(position + 1)).unwrap_or(position + 1);
        match self.settled.range_mut(..position).next_back() {
            Some((_, end)) if *end == position => *end = new_end,
            _ => drop(self.settled.insert(position, new_end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Done, Outcome};
    use std::cell::RefCell;

    fn ended(position: u64) -> Ended {
        let mut ended = Ended::new(position.to_string(), Outcome::Done(Done::default()));
        ended.position = Some(position);
        ended
    }

    /// Ends the inputs in this order: the even ones with an outcome. Returns what is printed after each.
    fn printed(order: &[u64]) -> Vec<Vec<u64>> {
        let queue = OutcomeQueue::default();
        let step = |&position: &u64| {
            let printed = RefCell::new(Vec::new());
            let print = |ended: Ended| printed.borrow_mut().extend(ended.position);
            match position % 2 {
                0 => queue.put(position, ended(position), print),
                _ => queue.pass(position, print),
            }
            printed.into_inner()
        };
        let printed = order.iter().map(step).collect();
        assert!(queue.lock().waiting.is_empty() && queue.lock().settled.is_empty());
        printed
    }

    #[test]
    fn outcomes_are_printed_in_the_order_of_the_inputs() {
        assert_eq!(printed(&[0, 1, 2, 3]), [vec![0], vec![], vec![2], vec![]]);
        assert_eq!(printed(&[3, 2, 1, 0]), [vec![], vec![], vec![], vec![0, 2]]);
        assert_eq!(printed(&[4, 1, 3, 2, 5, 0]), [vec![], vec![], vec![], vec![], vec![], vec![0, 2, 4]]);
    }

    #[test]
    fn inputs_without_outcome_take_no_space_after_a_slow_one() {
        let queue = OutcomeQueue::default();
        for position in (1..10_000).step_by(2).chain((2..10_000).step_by(2).collect::<Vec<_>>().into_iter().rev()) {
            queue.pass(position, |_| ());
        }
        assert_eq!(queue.lock().settled.iter().collect::<Vec<_>>(), [(&1, &10_000)]);
    }
}
