//! How a worker inflates a chunk of a compressed file.
//!
//! ```text
//!   start of the chunk is known? --- yes --------------------------------------+
//!        | no                                                                  |
//!        v                                                                     |
//!   search a start, decode symbols from there (Speculation)                    |
//!        |                                                                     |
//!        | the previous worker publishes the start                             |
//!        v                                                                     |
//!   start as guessed? ------------- no: discard the symbols -------------------+
//!        | yes                                                                 |
//!        v                                                                     v
//!   symbols reach the end of the chunk? -- no: replace the markers -->  inflate bytes (Inflater)
//!        | yes                                                                 |
//!        v                                                                     v
//!   publish the start of the next chunk,                    publish the start of the next chunk
//!   replace the markers
//! ```
//!
//! A worker that cannot decode more symbols waits for the start. A worker whose symbols reach the end of the chunk publishes the
//! next start before it replaces its markers: the next window needs only the last 32 Ki symbols, and the next worker waits for
//! nothing else.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::StreamContext;
use super::block::{BlockOutput, ChunkTask, Member, StreamError};
use super::chunk_chain::ChunkTurn;
use super::chunk_source::ChunkUse;
use super::worker::Worker;
use crate::deflate::{BLOCK, Engine};
use crate::inflate::{
    Content, FilePart, MemberEnd, ResolvedWindow, ResumePoint, Speculation, SpeculationStep, resolve,
};

/// A chunk that a worker inflates.
pub(super) struct ChunkInflation<'a, 'run> {
    pub(super) task: &'a ChunkTask,
    pub(super) member: &'a Member,
    /// Accepts a part of the content; returns whether the rest is needed.
    pub(super) append: &'a mut dyn FnMut(BlockOutput) -> bool,
    pub(super) context: &'a StreamContext<'run>,
}

impl ChunkInflation<'_, '_> {
    /// Inflates the chunk. Appends all parts of the content but the last, and returns the last.
    pub(super) fn run(&mut self, worker: &mut Worker) -> Result<BlockOutput, StreamError> {
        let turn = ChunkTurn::new(Arc::clone(&self.task.chain), self.task.index);
        let mut speculation = match turn.is_start_known() {
            true => None,
            false => self.task.chain.speculations().take(),
        };
        // The decoder that knows the window reads the same data, and reports an error of the system.
        let guess = match &mut speculation {
            Some(speculation) => self.guess(speculation, &turn).unwrap_or(Guess::Interrupted),
            None => Guess::Interrupted,
        };
        let Some(start) = turn.take_start() else {
            return Ok(BlockOutput::Content(Content::default()));
        };
        self.task.chain.source.advance_to(start.offset());
        let content = match guess {
            Guess::Symbols(symbols) if symbols.speculation.follows(&start) => {
                // Without a whole block nothing is gained, as in data that fills the symbols with a single block.
                self.task.chain.record_guess(!symbols.is_empty());
                self.continue_guess(&symbols, &start, turn, worker)
            }
            guess => {
                if !matches!(guess, Guess::Interrupted) {
                    self.task.chain.record_guess(false);
                }
                self.inflate(start, turn, worker)
            }
        };
        content.map(BlockOutput::Content)
    }

    /// Decodes symbols until the start of the chunk is known, or no more can be decoded.
    fn guess<'s>(&self, speculation: &'s mut Speculation, turn: &ChunkTurn) -> io::Result<Guess<'s>> {
        let chain = &self.task.chain;
        let chunk = chain.range(self.task.index);
        let first_byte = Speculation::first_byte(chunk.start);
        let mut source = chain.source.reader(&self.member.input, first_byte, ChunkUse::Guess)?;
        speculation.restart(chunk);
        let mut step = SpeculationStep::Continue;
        let is_waiting = || !turn.is_start_known() && !self.member.is_abandoned();
        while step == SpeculationStep::Continue && is_waiting() {
            step = speculation.search(&mut source)?;
        }
        match step {
            SpeculationStep::Reached => {}
            SpeculationStep::Continue => return Ok(Guess::Interrupted),
            SpeculationStep::Stopped => return Ok(Guess::NotFound),
        }
        step = SpeculationStep::Continue;
        while step == SpeculationStep::Continue && is_waiting() {
            step = speculation.decode(&mut source)?;
        }
        Ok(Guess::Symbols(GuessedSymbols { speculation, is_whole: step == SpeculationStep::Reached }))
    }

    /// Uses the symbols of a right guess, and inflates the rest of the chunk.
    fn continue_guess(
        &mut self,
        guess: &GuessedSymbols<'_>,
        start: &ResumePoint,
        mut turn: ChunkTurn,
        worker: &mut Worker,
    ) -> Result<Content, StreamError> {
        // Behind a member there is no window, and no marker refers to it.
        let empty = ResolvedWindow::new(&[]);
        let window = match start {
            ResumePoint::Block(start) => &start.window,
            ResumePoint::FileStart | ResumePoint::Member(_) => &empty,
        };
        let speculation = guess.speculation;
        if guess.is_whole {
            turn.publish(speculation.resume_point(window));
        }
        let length = speculation.symbols().len();
        let mut ends = speculation.member_ends();
        for first in (0..length).step_by(BLOCK) {
            let part = first..length.min(first + BLOCK);
            let ending;
            (ending, ends) = ends.split_at(ends.partition_point(|end| end.at <= part.end));
            let content = self.resolve_part(speculation, window, part)?;
            self.append(Content { member_ends: relative_to(ending, first), ..content })?;
        }
        // Members without content, and what belongs to all symbols.
        let (consumed, stats) = (speculation.boundary().offset(), speculation.stats());
        let last = Content { member_ends: relative_to(ends, length), consumed, stats, ..Content::default() };
        if guess.is_whole {
            return Ok(last);
        }
        self.append(last)?;
        self.inflate(speculation.resume_point(window), turn, worker)
    }

    /// The content of some of the symbols.
    fn resolve_part(
        &self,
        speculation: &Speculation,
        window: &ResolvedWindow,
        part: Range<usize>,
    ) -> io::Result<Content> {
        let (symbols, length) = (&speculation.symbols()[part.clone()], part.len());
        let mut bytes = self.context.resources.try_content_buffer()?;
        bytes.truncate(length);
        bytes.resize(length, 0);
        resolve(symbols, window, &mut bytes).expect("the window has all bytes");
        // An estimate, for the progress of the run.
        let (start, end) = (speculation.start().offset(), speculation.boundary().offset());
        let consumed = start + (end - start) * part.end as u64 / speculation.symbols().len() as u64;
        Ok(Content { bytes, consumed, ..Content::default() })
    }

    /// Inflates from `start` to the end of the chunk.
    fn inflate(
        &mut self,
        start: ResumePoint,
        mut turn: ChunkTurn,
        worker: &mut Worker,
    ) -> Result<Content, StreamError> {
        let (chain, resources) = (&self.task.chain, self.context.resources);
        let end = chain.end_of(self.task.index);
        if end.is_some_and(|end| start.offset() >= end) {
            let consumed = start.offset();
            turn.publish(start);
            return Ok(Content { consumed, ..Content::default() });
        }
        let mut source = chain.source.reader(&self.member.input, start.offset(), ChunkUse::Front)?;
        let foreign = self.context.settings.foreign_data(self.member.input.is_stdin());
        let mut inflater = resources.inflater(Engine::Native, foreign)?;
        inflater.restart_at(&start, end);
        loop {
            let mut content = match inflater.next(&mut source, resources.try_content_buffer()?) {
                FilePart::Content(content) => content,
                FilePart::Batch(batch, unused) => {
                    resources.reuse_buffer(unused);
                    worker.inflate_batch(batch, self.context)?
                }
            };
            let next_chunk = content.next_chunk.take();
            if next_chunk.is_some() || content.end.is_some() {
                if content.end.is_some() {
                    chain.source.leave(&self.member.input, &source);
                }
                next_chunk.into_iter().for_each(|next| turn.publish(next));
                resources.reuse_inflater(inflater);
                return Ok(content);
            }
            if inflater.copies_rest() {
                // No later chunk has a start.
                turn.end_chain();
            }
            self.append(content)?;
        }
    }

    /// Appends a part. Fails if the rest is not needed.
    fn append(&mut self, content: Content) -> Result<(), StreamError> {
        match (self.append)(BlockOutput::Content(content)) {
            true => Ok(()),
            false => Err(StreamError::Cancelled),
        }
    }
}

/// The result of a guess.
enum Guess<'s> {
    /// The start became known before one was found.
    Interrupted,
    /// The chunk has no start that can be found.
    NotFound,
    /// Symbols from a guessed start on.
    Symbols(GuessedSymbols<'s>),
}

/// Symbols from a guessed start on.
struct GuessedSymbols<'s> {
    speculation: &'s Speculation,
    /// They reach the end of the chunk.
    is_whole: bool,
}

impl GuessedSymbols<'_> {
    /// Whether there is not even a whole block.
    fn is_empty(&self) -> bool {
        self.speculation.boundary() == self.speculation.start()
    }
}

/// The ends of these members, relative to an offset.
fn relative_to(ends: &[MemberEnd], offset: usize) -> Vec<MemberEnd> {
    ends.iter().map(|end| MemberEnd { at: end.at - offset, ..*end }).collect()
}
