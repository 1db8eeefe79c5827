//! A stream's input side: takes the inputs one after the other and cuts each into blocks or chunks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Shared;
use super::blocks::Blocks;
use super::piece::{Cut, Hand, Place};
use crate::deflate::BLOCK;
use crate::format::gzip::{self, Header};
use crate::inflate::{Chunk, CompressedSource, Inflater};
use crate::io::input::Input;
use crate::outcome::{InputId, Outcome};
use crate::pipeline::block_channel::{BlockChannel, Submitted};
use crate::pipeline::outcomes::Outcomes;
use crate::settings::Settings;

/// Compressed bytes from which it is worth the while to inflate, check and write with two hands.
const WORTH_SHARING: u64 = 128 * 1024;

/// Most that is allocated besides a buffer for what is read at a time: a batch of members that tell their size.
const BATCH: usize = 1 << 20;

/// One input's part of a stream: what is made of it is one gzip member, or its content.
#[derive(Debug)]
pub struct Part {
    /// The input, opened.
    pub input: Input,
    /// The member's header, where one is made.
    pub header: Vec<u8>,
    /// It will not be written, so what remains of it need not be read.
    abandoned: AtomicBool,
}

impl Part {
    /// The part of `input`; a member has name and time in the header if the settings ask for them.
    pub fn new(input: Input, settings: &Settings) -> Self {
        let mut header = Vec::new();
        if !settings.decompresses() {
            let name = input.name().filter(|_| settings.keep_name).map(|name| name.as_os_str());
            let mtime = input.mtime().filter(|_| settings.keep_time);
            gzip::write_header(&Header { name, mtime, level: settings.level }, &mut header);
        }
        Self::with_header(input, header)
    }

    /// The part of content that a program writes, with this header.
    pub fn with_header(input: Input, header: Vec<u8>) -> Self {
        Self { input, header, abandoned: AtomicBool::new(false) }
    }

    /// Tells the reader that the rest is of no use.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }
}

/// The inputs of a joined stream, one after the other.
pub trait Inputs: Send {
    /// Opens the next input; one that cannot be opened has its outcome. `None` at the end.
    fn open_next(&mut self) -> Option<Result<Part, (InputId, Outcome)>>;

    /// Passes over the next input, with the outcome that this is for it. `None` at the end.
    fn pass_next(&mut self) -> Option<(InputId, Outcome)>;
}

/// Reads inputs in their order.
pub struct Reader {
    current: Option<Current>,
    upcoming: Option<Box<dyn Inputs>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("current", &self.current).finish_non_exhaustive()
    }
}

/// The input being read.
#[derive(Debug)]
struct Current {
    part: Arc<Part>,
    /// Whether nothing has been cut yet.
    first: bool,
    /// Bytes left to read, where they are read in order and it is known how many there are.
    left: Option<u64>,
    cutter: Cutter,
}

/// What was cut, and its place in the stream.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) place: Place,
    pub(super) cut: Result<Cut, Outcome>,
}

/// How an input is cut.
#[derive(Debug)]
enum Cutter {
    /// Into blocks to be compressed.
    Blocks(Blocks),
    /// Into chunks of what it decompresses to; made when it comes to that.
    Inflater(Option<Inflater>),
    /// By whoever hands it over.
    Given(Arc<BlockChannel>),
}

/// What can be cut without a system call.
pub(super) enum AtOnce {
    /// This.
    Placed(Placed),
    /// Nothing, until somebody hands over more.
    NotYet,
    /// Nothing, as what comes next has to be read.
    SequentialReader,
}

impl Reader {
    /// Reads one input.
    pub fn single(part: Part, settings: &Settings) -> Self {
        Self { current: Some(Current::new(part, settings)), upcoming: None }
    }

    /// Reads one input after the other.
    pub fn joined(inputs: impl Inputs + 'static) -> Self {
        Self { current: None, upcoming: Some(Box::new(inputs)) }
    }

    /// Takes what is handed over for one part.
    pub fn given(part: Part, from: Arc<BlockChannel>) -> Self {
        let current = Current { part: Arc::new(part), first: true, left: None, cutter: Cutter::Given(from) };
        Self { current: Some(current), upcoming: None }
    }

    /// Whether there is, for all that is known, enough for more than one worker.
    pub(super) fn is_divisible(&self) -> bool {
        let enough = |current: &Current| match current.cutter {
            Cutter::Blocks(_) => current.part.input.may_fill(BLOCK as u64),
            Cutter::Inflater(_) => current.part.input.may_fill(WORTH_SHARING),
            Cutter::Given(_) => true,
        };
        self.upcoming.is_some() || self.current.as_ref().is_some_and(enough)
    }

    /// Whether everything has been cut.
    pub(super) fn is_over(&self) -> bool {
        self.current.is_none() && self.upcoming.is_none()
    }

    /// Whether it is somebody else's turn to hand over what comes next.
    pub(super) fn waits(&self) -> bool {
        let waits = |current: &Current| match &current.cutter {
            Cutter::Given(from) => from.queued() == 0 && !current.part.is_abandoned(),
            Cutter::Blocks(_) | Cutter::Inflater(_) => false,
        };
        self.current.as_ref().is_some_and(waits)
    }

    /// Cuts the next block of an input that is read by position, or takes one that was handed over: no system call, so
    /// under the lock.
    pub(super) fn cut_at_once(&mut self) -> AtOnce {
        let Some(current) = self.current_input() else { return AtOnce::SequentialReader };
        let cut = match &mut current.cutter {
            Cutter::Blocks(blocks) => blocks.cut_by_position(&current.part.input).map(|(cut, last)| (Ok(cut), last)),
            Cutter::Inflater(_) => None,
            Cutter::Given(from) => match from.take_submitted() {
                Some(Submitted::Blocks(blocks)) => {
                    let last = blocks.last;
                    Some((Ok(Cut::Given(blocks)), last))
                }
                Some(Submitted::Cancelled) => Some((Err(Outcome::NotReached), true)),
                None => return AtOnce::NotYet,
            },
        };
        let placed = cut.and_then(|(cut, last)| self.place(cut, last));
        placed.map_or(AtOnce::SequentialReader, AtOnce::Placed)
    }

    /// Reads what comes next, opening the next input where one is over. `None` at the end.
    pub(super) fn cut_in_order(&mut self, hand: &mut Hand, shared: &Shared<'_>) -> Option<Placed> {
        while self.current_input().is_none() {
            match self.upcoming.as_mut()?.open_next() {
                Some(Ok(part)) => self.current = Some(Current::new(part, shared.settings)),
                Some(Err((id, outcome))) => shared.outcomes.record(&id, outcome),
                None => self.upcoming = None,
            }
        }
        if let AtOnce::Placed(placed) = self.cut_at_once() {
            return Some(placed);
        }
        let current = self.current.as_mut()?;
        let mut reader = match current.part.input.sequential(&mut current.left) {
            Ok(reader) => reader,
            Err(error) => return self.place(Err(error.into()), true),
        };
        let (cut, last) = match &mut current.cutter {
            Cutter::Blocks(blocks) => match blocks.cut_in_order(reader, hand.buffer.input()) {
                Ok((cut, last)) => (Ok(cut), last),
                Err(error) => (Err(error.into()), true),
            },
            Cutter::Inflater(inflater) => {
                let pass_through = shared.settings.passes_through(current.part.input.is_stdin());
                match inflate(inflater, pass_through, &mut reader, shared) {
                    Ok((cut, last)) => (Ok(cut), last),
                    Err(error) => (Err(error.into()), true),
                }
            }
            // Has been asked already.
            Cutter::Given(_) => return None,
        };
        if let Cutter::Inflater(inflater) = &mut current.cutter
            && last
        {
            inflater.take().into_iter().for_each(|inflater| shared.resources.reuse_inflater(inflater));
        }
        self.place(cut, last)
    }

    /// Gives what was cut its place.
    fn place(&mut self, cut: Result<Cut, Outcome>, last: bool) -> Option<Placed> {
        let current = self.current.as_mut()?;
        let place = Place { part: Arc::clone(&current.part), first: current.first, last };
        current.first = false;
        if last {
            self.current = None;
        }
        Some(Placed { place, cut })
    }

    /// The input being read, unless the rest of it is of no use.
    fn current_input(&mut self) -> Option<&mut Current> {
        if self.current.as_ref().is_some_and(|current| current.part.is_abandoned()) {
            self.current = None;
        }
        self.current.as_mut()
    }

    /// Names every input that has not been begun, as the output cannot take it any more.
    pub(super) fn give_up(&mut self, outcomes: &Outcomes) {
        self.current = None;
        let Some(mut upcoming) = self.upcoming.take() else {
            return;
        };
        while let Some((id, outcome)) = upcoming.pass_next() {
            outcomes.record(&id, outcome);
        }
    }
}

/// Inflates what comes next with `inflater`, which is made first where there is none; and whether it is the last. Fails
/// where there is no memory for that.
fn inflate(
    inflater: &mut Option<Inflater>,
    pass_through: bool,
    from: &mut dyn CompressedSource,
    shared: &Shared<'_>,
) -> io::Result<(Cut, bool)> {
    let inflater = match inflater {
        Some(inflater) => inflater,
        none => none.insert(shared.resources.inflater(pass_through)?),
    };
    shared.resources.check_memory(BATCH)?;
    Ok(match inflater.next(from, shared.resources.try_buffer()?) {
        Chunk::Batch(batch, unused) => {
            shared.resources.reuse_buffer(unused);
            (Cut::Batch(batch), false)
        }
        Chunk::Content(content) => {
            let last = content.end.is_some();
            (Cut::Content(content), last)
        }
    })
}

impl Current {
    fn new(part: Part, settings: &Settings) -> Self {
        let cutter = match settings.decompresses() {
            false => Cutter::Blocks(Blocks::new(settings)),
            true => Cutter::Inflater(None),
        };
        Self { left: part.input.size, part: Arc::new(part), first: true, cutter }
    }
}
