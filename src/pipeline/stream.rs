//! One ordered output, many hands: the mechanism that everything goes through.
//!
//! A file, standard input, and all the inputs of `-c a b c` are each a stream. [`Stream::help`] does one block
//! of it: take the next block with its number, make of it what is to be written, put that. Whoever puts the block that is
//! next in order writes it, and those parked behind it; nobody else waits for that.
//!
//! Decompressing is the same with the weight elsewhere: content comes inflated out of the [`Reader`], which is all
//! that cannot be shared out, and the writer checks it. So whoever inflates leaves the writing to a worker that has
//! nothing else to do, and goes on. (Members that tell their size are taken in batches and inflated like blocks.)
//!
//! State is behind one lock that is held for a few instructions only. Whoever needs longer with the
//! input (opening a file, reading a pipe) or with the output (writing) takes the [`Reader`] or the [`Writer`] out
//! of the state and puts it back afterwards; others find it gone and do something else.
//!
//! Blocks taken and not yet written are counted against a lead that the whole run shares, so memory is
//! bounded. The first block in flight of a stream needs no leave, so whoever holds the lowest block never waits
//! and nothing can deadlock. A ticket dropped without a result (a panic) counts as a failed block.

mod blocks;
mod piece;
mod reader;
mod shared;
mod worth;
mod writer;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};

pub use self::blocks::{Blocks, Following};
pub use self::piece::Hand;
use self::piece::{Cut, Piece, Place};
use self::reader::{AtOnce, Placed};
pub use self::reader::{Inputs, Part, Reader};
pub use self::shared::{Resources, Shared};
pub use self::writer::Writer;
use crate::outcome::{InputId, Outcome};
use crate::sync::{lock, yield_point};

/// The other workers, as a stream sees them.
pub trait Others: Sync {
    /// Wakes those that found nothing to do, to look again. Called with no lock held.
    fn wake(&self);

    /// Whether any of them waits.
    fn any_waits(&self) -> bool;
}

/// One ordered output and the inputs that go into it.
#[derive(Debug)]
pub struct Stream {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` while somebody reads with it.
    reader: Option<Reader>,
    /// `None` while somebody writes with it, and at the end.
    writer: Option<Writer>,
    /// Blocks from the first that nobody has begun to write to the last taken; `None` is still in somebody's hands.
    parked: VecDeque<Option<Entry>>,
    /// Number of the block at the front of `parked`.
    front: u64,
    /// Blocks taken and not yet written.
    in_flight: usize,
    /// Nothing is left to take.
    exhausted: bool,
    /// Nothing more can be written, so that nothing more needs to be taken.
    broken: bool,
}

/// A block that is to be written when its turn comes.
#[derive(Debug)]
struct Entry {
    place: Place,
    /// Whether it holds its share of the lead, to be given back when it is written.
    counted: bool,
    /// The block, or what its member's outcome is to be.
    result: Result<Piece, Outcome>,
}

/// What [`Stream::help`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Help {
    /// A block was done.
    Worked,
    /// There is nothing to be done now, but there may be later.
    NothingNow,
    /// There is no block to be had any more.
    Exhausted,
}

impl Stream {
    /// A stream of what `reader` reads into what `writer` writes.
    pub fn new(reader: Reader, writer: Writer) -> Self {
        let state = State {
            reader: Some(reader),
            writer: Some(writer),
            parked: VecDeque::new(),
            front: 0,
            in_flight: 0,
            exhausted: false,
            broken: false,
        };
        Self { state: Mutex::new(state) }
    }

    /// Takes a block, makes what is to be written of it and puts that; or writes what others have put.
    /// `company` tells whether there may be others.
    pub fn help(&self, hand: &mut Hand, company: bool, shared: &Shared<'_>) -> Help {
        let Taken { mut ticket, cut, reader_was_out } = match self.take(hand, shared) {
            Ok(taken) => taken,
            Err(_) if self.write_ready(shared) => return Help::Worked,
            Err(nothing) => return nothing,
        };
        // Inflating goes on best where it was: in the caches of this worker.
        let inflated = matches!(cut, Ok(Cut::Content(_)));
        if company && reader_was_out && !inflated {
            // Others may have found the reader gone; it is back, and the next block theirs.
            shared.others.wake();
        }
        let result = cut.and_then(|cut| piece::make(&ticket.place, cut, hand, shared));
        ticket.park(result);
        // It is what nobody can help with, so the rest of the work is left to whoever has time.
        let left_to_others = company && inflated && shared.others.any_waits();
        match left_to_others {
            true => shared.others.wake(),
            false => drop(self.write_ready(shared)),
        }
        Help::Worked
    }

    /// Whether [`Stream::help`] would find something to do.
    pub fn has_work(&self, shared: &Shared<'_>) -> bool {
        let state = self.lock();
        let has_reader = state.reader.as_ref().is_some_and(|reader| state.broken || !reader.waits());
        let has_block = !state.exhausted && has_reader && (state.in_flight == 0 || shared.resources.lead.is_free());
        has_block || state.next_is_ready()
    }

    /// Whether there is no block to be had any more.
    pub fn is_exhausted(&self) -> bool {
        self.lock().exhausted
    }

    /// Whether every block has been taken and written, and the output closed.
    pub fn is_finished(&self) -> bool {
        let state = self.lock();
        state.exhausted && state.in_flight == 0 && state.writer.is_none()
    }

    /// Whether there is more than one block, so that a second worker could help.
    pub fn is_divisible(&self) -> bool {
        self.lock().reader.as_ref().is_some_and(Reader::is_divisible)
    }

    fn take<'a>(&'a self, hand: &mut Hand, shared: &'a Shared<'a>) -> Result<Taken<'a>, Help> {
        let mut state = self.lock();
        if state.exhausted {
            return Err(Help::Exhausted);
        }
        let Some(mut reader) = state.reader.take() else {
            return Err(Help::NothingNow);
        };
        let counted = shared.resources.lead.try_take();
        if !counted && state.in_flight > 0 {
            state.reader = Some(reader);
            return Err(Help::NothingNow);
        }
        let at_once = if state.broken { AtOnce::SequentialReader } else { reader.cut_at_once() };
        let reader_was_out = matches!(at_once, AtOnce::SequentialReader);
        let placed = match at_once {
            AtOnce::Placed(placed) => Some(placed),
            AtOnce::NotYet => {
                state.reader = Some(reader);
                if counted {
                    shared.resources.lead.give_back();
                }
                return Err(Help::NothingNow);
            }
            AtOnce::SequentialReader => {
                let broken = state.broken;
                drop(state);
                let placed = read_on(&mut reader, broken, hand, shared);
                state = self.lock();
                state.broken |= placed.is_err();
                placed.unwrap_or(None)
            }
        };
        state.exhausted = placed.is_none() || reader.is_over();
        state.reader = Some(reader);
        let Some(Placed { place, cut }) = placed else {
            if counted {
                shared.resources.lead.give_back();
            }
            self.close_if_finished(state, shared);
            return Err(Help::Exhausted);
        };
        let number = state.front + state.parked.len() as u64;
        state.parked.push_back(None);
        state.in_flight += 1;
        drop(state);
        let ticket = Ticket { stream: self, number, place, counted, parked: false };
        Ok(Taken { ticket, cut, reader_was_out })
    }

    /// Takes in a block's result.
    fn park(&self, number: u64, entry: Entry) {
        let mut state = self.lock();
        let index = (number - state.front) as usize;
        state.parked[index] = Some(entry);
    }

    /// Writes whatever is next in order, unless somebody does; tells whether it did.
    fn write_ready(&self, shared: &Shared<'_>) -> bool {
        let mut state = self.lock();
        let Some(mut writer) = state.writer.take() else {
            // Somebody is writing, and looks for more when done.
            return false;
        };
        let mut wrote = false;
        while let Some(Some(_)) = state.parked.front() {
            let Some(Some(entry)) = state.parked.pop_front() else { break };
            state.front += 1;
            drop(state);
            yield_point();
            if wrote {
                // The lead has grown by the block written before this one.
                shared.others.wake();
            }
            let (counted, part) = (entry.counted, Arc::clone(&entry.place.part));
            let written = catch_unwind(AssertUnwindSafe(|| writer.write(entry, shared)));
            if counted {
                shared.resources.lead.give_back();
            }
            state = self.lock();
            state.in_flight -= 1;
            // A panic in between leaves the output in an unknown state: nothing more goes into it.
            let broken = written.unwrap_or_else(|_| {
                shared.outcomes.record(&part.input.id, Outcome::panicked());
                writer.break_off();
                true
            });
            state.broken |= broken;
            wrote = true;
        }
        state.writer = Some(writer);
        self.close_if_finished(state, shared);
        wrote
    }

    /// Closes the output when the last block is written; exactly one caller finds that to be so.
    fn close_if_finished(&self, mut state: MutexGuard<'_, State>, shared: &Shared<'_>) {
        if !state.exhausted || state.in_flight > 0 {
            return;
        }
        let Some(mut writer) = state.writer.take() else {
            return;
        };
        let broken = state.broken;
        drop(state);
        let closed = catch_unwind(AssertUnwindSafe(|| writer.close(broken, shared)));
        if closed.is_err() {
            shared.outcomes.record(&InputId::of_output("the output".into()), Outcome::panicked());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        lock(&self.state)
    }
}

/// Cuts what comes next with the reader out of the state, or names what will not come. A reader lost to a panic ends the
/// stream; what it had in hand goes with it.
fn read_on(reader: &mut Reader, broken: bool, hand: &mut Hand, shared: &Shared<'_>) -> Result<Option<Placed>, ()> {
    yield_point();
    let read = AssertUnwindSafe(|| match broken {
        true => {
            reader.give_up(shared.outcomes);
            None
        }
        false => reader.cut_in_order(hand, shared),
    });
    catch_unwind(read).map_err(|_| shared.outcomes.record(&InputId::of_remaining_inputs(), Outcome::panicked()))
}

impl State {
    /// Whether a block waits to be written, and nobody is writing.
    fn next_is_ready(&self) -> bool {
        self.writer.is_some() && matches!(self.parked.front(), Some(Some(_)))
    }
}

/// A block, taken.
struct Taken<'a> {
    ticket: Ticket<'a>,
    cut: Result<Cut, Outcome>,
    /// It took a system call to cut it, so that others could not have one meanwhile.
    reader_was_out: bool,
}

/// The right, and the duty, to park one block.
struct Ticket<'a> {
    stream: &'a Stream,
    number: u64,
    place: Place,
    counted: bool,
    parked: bool,
}

impl Ticket<'_> {
    fn park(&mut self, result: Result<Piece, Outcome>) {
        self.parked = true;
        let entry = Entry { place: self.place.clone(), counted: self.counted, result };
        self.stream.park(self.number, entry);
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.parked {
            self.park(Err(Outcome::panicked()));
        }
    }
}
