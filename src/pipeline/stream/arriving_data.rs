//! The compressed data of a pipe: what has arrived of it and is still needed.
//!
//! Workers inflate chunks of a file at several offsets at the same time. A pipe can only be read in order, so its data is kept here
//! from its arrival until the worker at the front has inflated it. Two kinds of workers read the pipe, one at a time:
//! - The worker at the front, which knows the window, reads the next data and waits for it. It is the only one that waits, so a pipe
//!   without data does not keep the others from other files.
//! - A worker without work reads ahead, until the next chunk has arrived. It stops where no data is available for a moment.
//!
//! A decoder of the library pushes its data. Then no worker reads, and the one at the front only waits.
//!
//! The lock is held while bytes are copied. Nothing is read under it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rustix::io::Errno;

use crate::error::FinalError;
use crate::inflate::CompressedSource;
use crate::io::input::Input;
use crate::io::transfer::is_readable;
use crate::sync::{lock, yield_point};

/// Bytes that are read and kept together. A pipe holds as many, unless its owner changed that.
const SEGMENT: usize = 64 * 1024;

/// Bytes before the position of the worker at the front that it may need once more: those in its read buffer.
const KEPT: u64 = 512 * 1024;

/// How long a worker that reads ahead waits for data. The writer of a pipe that was emptied needs some 20 µs to fill it.
const READ_AHEAD_TIMEOUT: Duration = Duration::from_millis(1);

/// Most segments that are kept for reuse.
const SPARE_SEGMENTS: usize = 16;

/// The data of an input that is read in order.
#[derive(Debug)]
pub(crate) struct ArrivingData {
    state: Mutex<Arrived>,
    /// Notified when data has arrived, or a worker stops reading.
    changed: Condvar,
}

#[derive(Debug)]
struct Arrived {
    /// Data in order. All segments but the last have [`SEGMENT`] bytes.
    segments: VecDeque<Vec<u8>>,
    /// Empty segments.
    spare: Vec<Vec<u8>>,
    /// Offset in the input of the first segment.
    start: u64,
    /// Offset in the input of the end of the data.
    end: u64,
    /// No more data will arrive.
    is_ended: bool,
    /// Why it ended, if the data is incomplete. Every read of the worker at the front behind the data returns it: the first ones may
    /// only look ahead.
    error: Option<FinalError>,
    /// Reads more. `None` while a worker does, and if the data is pushed.
    reader: Option<InputReader>,
    /// The worker at the front waits for data from elsewhere.
    front_waits: bool,
    /// No data was available to read ahead, and the worker at the front has not read since.
    is_stalled: bool,
}

/// What is needed to read the input.
#[derive(Debug)]
struct InputReader {
    buffer: Box<[u8]>,
    /// Set to 0 if the input is a file that was empty and has grown.
    left: Option<u64>,
}

impl ArrivingData {
    /// The data of an input that was not read yet.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub(super) fn new() -> io::Result<Self> {
        let mut buffer = segment()?;
        buffer.resize(SEGMENT, 0);
        Ok(Self::with_reader(Some(InputReader { buffer: buffer.into_boxed_slice(), left: None })))
    }

    /// Data that a caller pushes.
    pub(crate) fn pushed() -> Self {
        Self::with_reader(None)
    }

    fn with_reader(reader: Option<InputReader>) -> Self {
        let state = Arrived {
            segments: VecDeque::new(),
            spare: Vec::new(),
            start: 0,
            end: 0,
            is_ended: false,
            error: None,
            reader,
            front_waits: false,
            is_stalled: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Adds the next data.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub(crate) fn push(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = lock(&self.state);
        let added = state.add(bytes);
        // The worker at the front sets it again, if it needs more.
        state.front_waits = false;
        drop(state);
        self.changed.notify_all();
        added.map(drop)
    }

    /// Ends the data, with an error if it is incomplete.
    pub(crate) fn end(&self, error: Option<io::Error>) {
        let mut state = lock(&self.state);
        (state.is_ended, state.error) = (true, error.as_ref().map(FinalError::from));
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until fewer than `enough` bytes wait to be inflated, or the worker at the front waits for more; returns true. Returns
    /// false once `is_done`, which is checked again after each [`wake`](Self::wake).
    pub(crate) fn wait_for_demand(&self, enough: u64, is_done: impl Fn() -> bool) -> bool {
        let mut state = lock(&self.state);
        loop {
            if is_done() {
                return false;
            }
            if !state.is_ended && (state.front_waits || state.end - state.start < enough) {
                return true;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the waiting caller check again.
    pub(crate) fn wake(&self) {
        drop(lock(&self.state));
        self.changed.notify_all();
    }

    /// Whether all data before `end` has arrived, or all that there is.
    pub(super) fn has_arrived(&self, end: u64) -> bool {
        let state = lock(&self.state);
        state.end >= end || state.is_ended
    }

    /// Whether there is data at `offset`, now or later.
    pub(super) fn may_reach(&self, offset: u64) -> bool {
        let state = lock(&self.state);
        state.end > offset || !state.is_ended
    }

    /// Whether reading ahead may be of use: no other worker reads, and data has been available since the last attempt.
    pub(super) fn can_read_ahead(&self) -> bool {
        let state = lock(&self.state);
        state.reader.is_some() && !state.is_stalled && !state.is_ended
    }

    /// Reads until the data before `end` has arrived, or `is_enough`. Gives up where no data is available.
    pub(super) fn read_ahead(&self, input: &Input, end: u64, is_enough: impl Fn() -> bool) {
        while !self.has_arrived(end) && !is_enough() {
            let mut state = lock(&self.state);
            // The worker at the front can wait for data itself.
            let timeout = if state.front_waits { Duration::ZERO } else { READ_AHEAD_TIMEOUT };
            let Some(reader) = state.reader.take() else {
                state.is_stalled = true;
                return;
            };
            drop(state);
            if !self.read_now(reader, input, Some(timeout)) {
                lock(&self.state).is_stalled = true;
                return;
            }
        }
    }

    /// Discards data before `offset`, where the worker at the front is: no worker needs it any more.
    pub(super) fn advance_to(&self, offset: u64) {
        let state = &mut *lock(&self.state);
        state.is_stalled = false;
        let mut is_less = false;
        while let Some(first) = state.segments.front()
            && first.len() == SEGMENT
            && state.start + SEGMENT as u64 <= offset
        {
            state.start += SEGMENT as u64;
            let unused = state.segments.pop_front().filter(|_| state.spare.len() < SPARE_SEGMENTS);
            state.spare.extend(unused.map(|mut segment| {
                segment.clear();
                segment
            }));
            is_less = true;
        }
        if is_less {
            self.changed.notify_all();
        }
    }

    /// Copies data at `offset`; returns the number of bytes. If there is none, reads some, and waits for it if `waits` is set.
    /// Otherwise 0 means that none has arrived.
    fn read(&self, input: &Input, offset: u64, buffer: &mut [u8], waits: bool) -> io::Result<usize> {
        let mut state = lock(&self.state);
        loop {
            if offset < state.end {
                return Ok(state.copy(offset, buffer));
            }
            if state.is_ended {
                let error = state.error.as_ref().filter(|_| waits);
                return error.map_or(Ok(0), |error| Err(error.again()));
            }
            if let Some(reader) = state.reader.take() {
                drop(state);
                if !self.read_now(reader, input, if waits { None } else { Some(Duration::ZERO) }) {
                    return Ok(0);
                }
                state = lock(&self.state);
            } else if waits {
                state.front_waits = true;
                // The caller that pushes may wait for that.
                self.changed.notify_all();
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.front_waits = false;
            } else {
                return Ok(0);
            }
        }
    }

    /// Whether data at `offset` can be read without waiting.
    fn is_ready(&self, input: &Input, offset: u64) -> bool {
        let mut state = lock(&self.state);
        if offset < state.end || state.is_ended {
            return true;
        }
        let Some(reader) = state.reader.take() else { return false };
        drop(state);
        self.read_now(reader, input, Some(Duration::ZERO))
    }

    /// Reads with `reader`, which was taken out of the state, and puts it back. With `timeout`, waits that long for data; returns
    /// whether there was some, or the end.
    fn read_now(&self, mut reader: InputReader, input: &Input, timeout: Option<Duration>) -> bool {
        yield_point();
        let read = match timeout {
            Some(timeout) if !input.fd().is_ok_and(|fd| is_readable(fd, timeout)) => None,
            _ => Some(reader.read(input)),
        };
        let mut state = lock(&self.state);
        let added = read.map(|read| read.and_then(|length| state.add(&reader.buffer[..length])));
        match &added {
            None | Some(Ok(1..)) => {}
            Some(Ok(0) | Err(_)) => state.is_ended = true,
        }
        let has_read = added.is_some();
        if let Some(Err(error)) = &added {
            state.error = Some(error.into());
        }
        state.reader = Some(reader);
        drop(state);
        self.changed.notify_all();
        has_read
    }
}

impl InputReader {
    fn read(&mut self, input: &Input) -> io::Result<usize> {
        input.sequential(&mut self.left)?.read_some(&mut self.buffer)
    }
}

impl Arrived {
    /// Adds data; returns its length.
    fn add(&mut self, mut bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len();
        while !bytes.is_empty() {
            if self.segments.back().is_none_or(|last| last.len() == SEGMENT) {
                let next = self.spare.pop().map_or_else(segment, Ok)?;
                self.segments.push_back(next);
            }
            if let Some(last) = self.segments.back_mut() {
                let (fitting, rest) = bytes.split_at(bytes.len().min(SEGMENT - last.len()));
                last.extend_from_slice(fitting);
                self.end += fitting.len() as u64;
                bytes = rest;
            }
        }
        Ok(length)
    }

    /// Copies data at `offset` from one segment. 0 if it is discarded.
    fn copy(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let Some(at) = offset.checked_sub(self.start) else { return 0 };
        let Some(segment) = self.segments.get((at / SEGMENT as u64) as usize) else { return 0 };
        let available = &segment[(at % SEGMENT as u64) as usize..];
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        length
    }
}

/// An empty segment.
fn segment() -> io::Result<Vec<u8>> {
    let mut segment = Vec::new();
    segment.try_reserve_exact(SEGMENT).map_err(|_| Errno::NOMEM)?;
    Ok(segment)
}

/// Reads the data in order from an offset on.
pub(super) struct ArrivingReader<'a> {
    data: &'a ArrivingData,
    input: &'a Input,
    offset: u64,
    /// It is the reader of the worker at the front: it waits for data, and discards the data before it.
    is_front: bool,
}

impl<'a> ArrivingReader<'a> {
    /// Reads from `offset` on. Waits for data if `is_front`; otherwise the data that has arrived is all there is.
    pub(super) fn new(data: &'a ArrivingData, input: &'a Input, offset: u64, is_front: bool) -> Self {
        Self { data, input, offset, is_front }
    }

    /// Offset of the next read.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }
}

impl CompressedSource for ArrivingReader<'_> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.data.read(self.input, self.offset, buffer, self.is_front)?;
        self.offset += length as u64;
        if self.is_front {
            self.data.advance_to(self.offset.saturating_sub(KEPT));
        }
        Ok(length)
    }

    fn is_ready(&mut self) -> bool {
        !self.is_front || self.data.is_ready(self.input, self.offset)
    }
}
