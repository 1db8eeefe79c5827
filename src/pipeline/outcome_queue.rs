//! Puts outcomes into the order of the inputs, for an observer that prints them in that order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::observer::Ended;
use crate::sync::lock;

/// Most bytes of outcomes that wait for an earlier one. While there are more, no further input is begun; so behind one
/// slow giant, the other workers get some 16,000 files far. In tests that is soon.
const MOST_WAITING: usize = if cfg!(test) { 4 * OUTCOME } else { 5 << 20 };

/// Bytes of an outcome, about, without its names.
const OUTCOME: usize = 300;

/// Outcomes whose turn has not come.
#[derive(Debug, Default)]
pub struct OutcomeQueue {
    state: Mutex<State>,
    shorter: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Position of the input whose turn it is.
    next: u64,
    /// What is to be told later.
    waiting: BTreeMap<u64, Ended>,
    /// How many bytes that takes, about.
    bytes: usize,
    /// MemberSource behind `next` of which nothing is to be told any more: first position, and the one behind the last.
    settled: BTreeMap<u64, u64>,
    /// Nobody waits for anybody any more.
    dissolved: bool,
}

impl OutcomeQueue {
    /// Takes in the outcome of the input at `position`, and tells it and those that waited for it when their turn
    /// has come.
    pub fn put(&self, position: u64, ended: Ended, print: impl Fn(Ended)) {
        let mut state = self.lock();
        if state.dissolved {
            return print(ended);
        }
        state.bytes += bytes(&ended);
        state.waiting.insert(position, ended);
        state.advance(print);
        self.shorter.notify_all();
    }

    /// Takes in that there is nothing to be told of the input at `position`.
    pub fn pass(&self, position: u64, print: impl Fn(Ended)) {
        let mut state = self.lock();
        state.settle(position);
        state.advance(print);
        self.shorter.notify_all();
    }

    /// Tells all that waits. From now on nothing does.
    pub fn dissolve(&self, print: impl Fn(Ended)) {
        let mut state = self.lock();
        state.dissolved = true;
        state.bytes = 0;
        std::mem::take(&mut state.waiting).into_values().for_each(print);
        self.shorter.notify_all();
    }

    /// Waits until there is room for the outcomes of more inputs. Not for whoever has one in worker.
    pub fn wait_for_space(&self) {
        let mut state = self.lock();
        while state.bytes >= MOST_WAITING {
            state = self.shorter.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Bytes that the outcome of this input takes, about: its name may be in it twice, as that of an output or in an error.
fn bytes(ended: &Ended) -> usize {
    OUTCOME + 2 * ended.name.as_os_str().len()
}

impl State {
    /// Tells everything whose turn has come.
    fn advance(&mut self, print: impl Fn(Ended)) {
        loop {
            if let Some(ended) = self.waiting.remove(&self.next) {
                self.next += 1;
                self.bytes -= bytes(&ended);
                print(ended);
            } else if let Some(behind) = self.settled.remove(&self.next) {
                self.next = behind;
            } else {
                break;
            }
        }
    }

    /// Adds `position` to the ranges of those settled.
    fn settle(&mut self, position: u64) {
        let behind = self.settled.remove(&(position + 1)).unwrap_or(position + 1);
        match self.settled.range_mut(..position).next_back() {
            Some((_, end)) if *end == position => *end = behind,
            _ => drop(self.settled.insert(position, behind)),
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

    /// Settles the inputs in this order, telling the even ones, and compares what is told after each.
    fn told(order: &[u64]) -> Vec<Vec<u64>> {
        let queue = OutcomeQueue::default();
        let step = |&position: &u64| {
            let told = RefCell::new(Vec::new());
            let print = |ended: Ended| told.borrow_mut().extend(ended.position);
            match position % 2 {
                0 => queue.put(position, ended(position), print),
                _ => queue.pass(position, print),
            }
            told.into_inner()
        };
        let told = order.iter().map(step).collect();
        assert!(queue.lock().waiting.is_empty() && queue.lock().settled.is_empty());
        told
    }

    #[test]
    fn everything_is_told_in_its_turn() {
        assert_eq!(told(&[0, 1, 2, 3]), [vec![0], vec![], vec![2], vec![]]);
        assert_eq!(told(&[3, 2, 1, 0]), [vec![], vec![], vec![], vec![0, 2]]);
        assert_eq!(told(&[4, 1, 3, 2, 5, 0]), [vec![], vec![], vec![], vec![], vec![], vec![0, 2, 4]]);
    }

    #[test]
    fn what_nothing_is_told_of_takes_no_room_behind_a_slow_one() {
        let queue = OutcomeQueue::default();
        for position in (1..10_000).step_by(2).chain((2..10_000).step_by(2).collect::<Vec<_>>().into_iter().rev()) {
            queue.pass(position, |_| ());
        }
        assert_eq!(queue.lock().settled.iter().collect::<Vec<_>>(), [(&1, &10_000)]);
    }
}
