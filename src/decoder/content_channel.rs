//! The channel from the stream of a decoder to its caller: the content in order, and then the outcome.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::observer::{Ended, Observer};
use crate::outcome::Outcome;
use crate::pipeline::sink::Sink;
use crate::pipeline::stream::ArrivingData;
use crate::sync::lock;

/// Most parts of the content that wait for the caller. A part has up to 640 KiB. A worker that writes another one waits.
const MAX_PARTS: usize = 4;

#[derive(Debug)]
pub(super) struct ContentChannel {
    state: Mutex<ChannelState>,
    /// Notified when a part is taken, or the caller cancels.
    taken: Condvar,
    /// The caller waits at its data, for content as well.
    data: Arc<ArrivingData>,
}

#[derive(Debug, Default)]
struct ChannelState {
    parts: VecDeque<Vec<u8>>,
    outcome: Option<Outcome>,
    is_cancelled: bool,
}

/// What the channel delivers.
pub(super) enum Delivery {
    /// The next part of the content.
    Part(Vec<u8>),
    /// The outcome. No content follows it.
    Outcome(Outcome),
}

impl ContentChannel {
    /// A channel to the caller that pushes `data`.
    pub(super) fn new(data: Arc<ArrivingData>) -> Self {
        Self { state: Mutex::default(), taken: Condvar::new(), data }
    }

    /// Takes the next part of the content; after the last one, the outcome.
    pub(super) fn take(&self) -> Option<Delivery> {
        let mut state = lock(&self.state);
        let Some(part) = state.parts.pop_front() else { return state.outcome.take().map(Delivery::Outcome) };
        drop(state);
        self.taken.notify_all();
        Some(Delivery::Part(part))
    }

    /// Whether [`take`](Self::take) would return something.
    pub(super) fn has_any(&self) -> bool {
        let state = lock(&self.state);
        !state.parts.is_empty() || state.outcome.is_some()
    }

    /// Makes every worker that writes content fail.
    pub(super) fn cancel(&self) {
        lock(&self.state).is_cancelled = true;
        self.taken.notify_all();
    }
}

impl Sink for Arc<ContentChannel> {
    fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        if bytes.is_empty() {
            return Ok(Some(bytes));
        }
        let mut state = lock(&self.state);
        while state.parts.len() >= MAX_PARTS && !state.is_cancelled {
            state = self.taken.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_cancelled {
            return Err(io::Error::other("the decoder is dropped"));
        }
        state.parts.push_back(bytes);
        drop(state);
        self.data.wake();
        Ok(None)
    }

    /// A member that is cut short is not the end of the process, so the outcome stays as it is.
    fn cut_short(&self, outcome: Outcome) -> Outcome {
        outcome
    }
}

impl Observer for ContentChannel {
    fn ended(&self, ended: Ended) {
        lock(&self.state).outcome.get_or_insert(ended.outcome);
        self.data.wake();
    }
}
