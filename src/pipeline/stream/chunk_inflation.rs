//! How a worker inflates a chunk of a compressed file.
//!
//! ```text
//!   start of the chunk is known? --- yes --------------------------------------+
//!        | no                                                                  |
//!        v                                                                     |
//!   search a start, decode symbols and then bytes from there                   |
//!        |                                                                     |
//!        | the previous worker publishes the start                             |
//!        v                                                                     |
//!   start as guessed? ------------- no: discard what was decoded --------------+
//!        | yes                                                                 |
//!        v                                                                     v
//!   end of the chunk reached? ------ no: replace the markers ------>  inflate bytes (Inflater)
//!        | yes                                                                 |
//!        v                                                                     v
//!   publish the start of the next chunk,                    publish the start of the next chunk
//!   replace the markers
//! ```
//!
//! A worker that cannot decode more waits for the start. One that has reached the end of the chunk publishes the next start
//! before it replaces its markers: the next window needs only the last 32 Ki symbols, and the next worker waits for nothing else.
//!
//! Symbols take twice the memory of bytes, and a second pass. So a worker inflates bytes as soon as the window has no markers
//! (`AheadInflation`): behind a member, or 32 KiB after the last marker.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::StreamContext;
use super::block::{BlockOutput, ChunkTask, Member, StreamError};
use super::chunk_chain::ChunkTurn;
use super::chunk_source::{ChunkReader, ChunkUse};
use super::worker::Worker;
use crate::deflate::{BLOCK, Engine};
use crate::inflate::{
    Content, ContentPoint, FilePart, GuessDecoder, GuessStep, Inflater, MemberEnd, ResolvedWindow, ResumePoint, resolve,
};

/// Most parts of a chunk that are inflated ahead. They have up to 4 MiB, so that the memory of a worker stays below 16 MiB.
const MAX_PARTS_AHEAD: usize = 6;

/// A chunk that a worker inflates.
pub(super) struct ChunkInflation<'a, 'run> {
    pub(super) task: &'a ChunkTask,
    pub(super) member: &'a Member,
    /// Accepts a part of the content; returns whether the rest is needed.
    pub(super) append: &'a mut dyn FnMut(BlockOutput) -> bool,
    pub(super) context: &'a StreamContext<'run>,
}

impl<'a> ChunkInflation<'a, '_> {
    /// Inflates the chunk. Appends all parts of the content but the last, and returns the last.
    pub(super) fn run(&mut self, worker: &mut Worker) -> Result<BlockOutput, StreamError> {
        let turn = ChunkTurn::new(Arc::clone(&self.task.chain), self.task.index);
        let mut decoder = match turn.is_start_known() {
            true => None,
            false => self.task.chain.guess_decoders().take(),
        };
        // The decoder that knows the window reads the same data, and reports an error of the system.
        let guess = match &mut decoder {
            Some(decoder) => self.guess(decoder, &turn, worker).unwrap_or(Guess::Interrupted),
            None => Guess::Interrupted,
        };
        let Some(start) = turn.take_start() else {
            return Ok(BlockOutput::Content(Content::default()));
        };
        self.task.chain.source.advance_to(start.offset());
        let content = match guess {
            Guess::Started(guess) if guess.decoder.follows(&start) => {
                // Without a whole block nothing is gained, as in data that fills the symbols with a single block.
                self.task.chain.record_guess(!guess.is_empty());
                self.continue_guess(guess, &start, turn, worker)
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

    /// Decodes until the start of the chunk is known, or no more can be decoded: symbols, and bytes as soon as the window is known.
    fn guess<'s>(
        &self,
        decoder: &'s mut GuessDecoder,
        turn: &ChunkTurn,
        worker: &mut Worker,
    ) -> Result<Guess<'s, 'a>, StreamError> {
        let chain = &self.task.chain;
        let chunk = self.task.range.clone();
        let first_byte = GuessDecoder::first_byte(chunk.start);
        let mut source = chain.source.reader(&self.member.input, first_byte, ChunkUse::Guess)?;
        decoder.restart(chunk);
        if self.context.settings.index {
            decoder.collect_points();
        }
        let mut step = GuessStep::Continue;
        let is_waiting = || !turn.is_start_known() && !self.member.is_abandoned();
        while step == GuessStep::Continue && is_waiting() {
            step = decoder.search(&mut source)?;
        }
        match step {
            GuessStep::Reached => {}
            GuessStep::Continue => return Ok(Guess::Interrupted),
            GuessStep::Stopped => return Ok(Guess::NotFound),
        }
        // In a pipe, the data that has arrived may end anywhere. An inflater would report that as a truncated file.
        let may_inflate = chain.source.length().is_some();
        let mut ahead = None;
        step = GuessStep::Continue;
        while step == GuessStep::Continue && is_waiting() {
            if may_inflate && decoder.knows_window() {
                ahead = Some(Box::new(self.inflate_ahead(decoder, worker, &is_waiting)?));
                break;
            }
            step = decoder.decode(&mut source)?;
        }
        chain.record_expansion(decoder.boundary().offset() - decoder.start().offset(), decoder.symbols().len() as u64);
        Ok(Guess::Started(StartedGuess { decoder, is_whole: step == GuessStep::Reached, ahead }))
    }

    /// Inflates bytes from the end of the symbols on, until the start of the chunk is known, the chunk ends, or there are too many
    /// parts.
    fn inflate_ahead(
        &self,
        decoder: &GuessDecoder,
        worker: &mut Worker,
        is_waiting: &dyn Fn() -> bool,
    ) -> Result<AheadInflation<'a>, StreamError> {
        let start = decoder.resume_point(&ResolvedWindow::new(&[]));
        let mut inflation = self.start_inflation(&start)?;
        let (mut parts, mut has_ended) = (Vec::new(), false);
        while parts.len() < MAX_PARTS_AHEAD && !has_ended && is_waiting() {
            let part = self.next_part(&mut inflation, worker)?;
            has_ended = ends_chunk(&part);
            parts.push(part);
        }
        Ok(AheadInflation { inflation, parts, has_ended })
    }

    /// Uses the symbols of a right guess, and inflates the rest of the chunk.
    fn continue_guess(
        &mut self,
        guess: StartedGuess<'_, 'a>,
        start: &ResumePoint,
        mut turn: ChunkTurn,
        worker: &mut Worker,
    ) -> Result<Content, StreamError> {
        let StartedGuess { decoder, is_whole, mut ahead } = guess;
        // Behind a member there is no window, and no marker refers to it.
        let empty = ResolvedWindow::new(&[]);
        let window = match start {
            ResumePoint::Block(start) => &start.window,
            ResumePoint::FileStart | ResumePoint::Member(_) => &empty,
        };
        if is_whole {
            turn.publish(decoder.resume_point(window));
        }
        let last_part = ahead.as_mut().and_then(|ahead| ahead.parts.last_mut());
        last_part.and_then(|part| part.next_chunk.take()).into_iter().for_each(|next| turn.publish(next));
        let length = decoder.symbols().len();
        let (mut ends, mut points) = (decoder.member_ends(), decoder.points());
        for first in (0..length).step_by(BLOCK) {
            let part = first..length.min(first + BLOCK);
            let ending;
            (ending, ends) = ends.split_at(ends.partition_point(|end| end.at <= part.end));
            let content = self.resolve_part(decoder, window, part)?;
            let mut content = Content { member_ends: relative_to(ending, first), ..content };
            let in_part;
            (in_part, points) = points.split_at(points.partition_point(|point| point.at < first + BLOCK));
            content.points = points_relative_to(in_part, first);
            self.prepare(&mut content);
            self.append(content)?;
        }
        // Members without content, points behind all content, and what belongs to all symbols.
        let (consumed, stats) = (decoder.boundary().offset(), decoder.stats());
        let (member_ends, points) = (relative_to(ends, length), points_relative_to(points, length));
        let last = Content { member_ends, points, lines: Some(0), consumed, stats, ..Content::default() };
        if is_whole {
            return Ok(last);
        }
        self.append(last)?;
        match ahead {
            Some(ahead) => self.continue_ahead(*ahead, turn, worker),
            None => self.inflate(decoder.resume_point(window), turn, worker),
        }
    }

    /// Uses the parts that were inflated ahead, and inflates the rest of the chunk.
    fn continue_ahead(
        &mut self,
        ahead: AheadInflation<'a>,
        turn: ChunkTurn,
        worker: &mut Worker,
    ) -> Result<Content, StreamError> {
        let AheadInflation { inflation, mut parts, has_ended } = ahead;
        let last = if has_ended { parts.pop() } else { None };
        for part in parts {
            self.append(part)?;
        }
        match last {
            Some(last) => Ok(self.end_inflation(inflation, last, turn)),
            None => self.inflate_on(inflation, turn, worker),
        }
    }

    /// The content of some of the symbols.
    fn resolve_part(&self, decoder: &GuessDecoder, window: &ResolvedWindow, part: Range<usize>) -> io::Result<Content> {
        let (symbols, length) = (&decoder.symbols()[part.clone()], part.len());
        let mut bytes = self.context.resources.try_content_buffer()?;
        bytes.truncate(length);
        bytes.resize(length, 0);
        resolve(symbols, window, &mut bytes).expect("the window has all bytes");
        // An estimate, for the progress of the run.
        let (start, end) = (decoder.start().offset(), decoder.boundary().offset());
        let consumed = start + (end - start) * part.end as u64 / decoder.symbols().len() as u64;
        Ok(Content { bytes, consumed, ..Content::default() })
    }

    /// Inflates from `start` to the end of the chunk.
    fn inflate(
        &mut self,
        start: ResumePoint,
        mut turn: ChunkTurn,
        worker: &mut Worker,
    ) -> Result<Content, StreamError> {
        let end = self.task.end();
        if end.is_some_and(|end| start.offset() >= end) {
            let consumed = start.offset();
            turn.publish(start);
            return Ok(Content { consumed, ..Content::default() });
        }
        let inflation = self.start_inflation(&start)?;
        self.inflate_on(inflation, turn, worker)
    }

    /// Starts to inflate the chunk at `start`.
    fn start_inflation(&self, start: &ResumePoint) -> Result<Inflation<'a>, StreamError> {
        let (task, member) = (self.task, self.member);
        let source = task.chain.source.reader(&member.input, start.offset(), ChunkUse::Front)?;
        let foreign = self.context.settings.foreign_data(member.input.is_stdin());
        let mut inflater = self.context.resources.inflater(Engine::Native, foreign)?;
        inflater.restart_at(start, task.end());
        if self.context.settings.index {
            inflater.collect_points();
        }
        Ok(Inflation { inflater, source })
    }

    /// The next part of the content.
    fn next_part(&self, inflation: &mut Inflation<'_>, worker: &mut Worker) -> io::Result<Content> {
        let resources = self.context.resources;
        match inflation.inflater.next(&mut inflation.source, resources.try_content_buffer()?) {
            FilePart::Content(mut content) => {
                self.prepare(&mut content);
                Ok(content)
            }
            FilePart::Batch(batch, unused) => {
                resources.reuse_buffer(unused);
                worker.inflate_batch(batch, self.context)
            }
        }
    }

    /// Inflates to the end of the chunk.
    fn inflate_on(
        &mut self,
        mut inflation: Inflation<'a>,
        turn: ChunkTurn,
        worker: &mut Worker,
    ) -> Result<Content, StreamError> {
        loop {
            let content = self.next_part(&mut inflation, worker)?;
            if ends_chunk(&content) {
                return Ok(self.end_inflation(inflation, content, turn));
            }
            if inflation.inflater.copies_rest() {
                // No later chunk has a start.
                turn.end_chain();
            }
            self.append(content)?;
        }
    }

    /// Ends the chunk with its last part.
    fn end_inflation(&self, inflation: Inflation<'a>, mut last: Content, mut turn: ChunkTurn) -> Content {
        if last.end.is_some() {
            self.task.chain.source.leave(&self.member.input, &inflation.source);
        }
        last.next_chunk.take().into_iter().for_each(|next| turn.publish(next));
        self.context.resources.reuse_inflater(inflation.inflater);
        last
    }

    /// Computes what the writer needs, in parallel to other workers.
    fn prepare(&self, content: &mut Content) {
        content.compute_crcs();
        if self.context.settings.needs_lines() {
            content.count_lines();
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

/// An inflater of a chunk, and the data that it reads.
struct Inflation<'a> {
    inflater: Inflater,
    source: ChunkReader<'a>,
}

/// The result of a guess.
enum Guess<'s, 'a> {
    /// The start became known before one was found.
    Interrupted,
    /// The chunk has no start that can be found.
    NotFound,
    /// What was decoded from a guessed start on.
    Started(StartedGuess<'s, 'a>),
}

/// What was decoded from a guessed start on: symbols, and then bytes.
struct StartedGuess<'s, 'a> {
    decoder: &'s GuessDecoder,
    /// The symbols reach the end of the chunk.
    is_whole: bool,
    /// The bytes after the symbols.
    ahead: Option<Box<AheadInflation<'a>>>,
}

impl StartedGuess<'_, '_> {
    /// Whether there is not even a whole block.
    fn is_empty(&self) -> bool {
        let has_bytes = self.ahead.as_ref().is_some_and(|ahead| !ahead.parts.is_empty());
        self.decoder.boundary() == self.decoder.start() && !has_bytes
    }
}

/// Bytes that are inflated before the start of the chunk is known. They depend on no unknown window.
struct AheadInflation<'a> {
    inflation: Inflation<'a>,
    parts: Vec<Content>,
    /// The chunk ends in the last part.
    has_ended: bool,
}

/// Whether the chunk ends in this part.
fn ends_chunk(content: &Content) -> bool {
    content.next_chunk.is_some() || content.end.is_some()
}

/// These points, relative to an offset.
fn points_relative_to(points: &[ContentPoint], offset: usize) -> Vec<ContentPoint> {
    points.iter().map(|point| ContentPoint { at: point.at - offset, ..*point }).collect()
}

/// The ends of these members, relative to an offset.
fn relative_to(ends: &[MemberEnd], offset: usize) -> Vec<MemberEnd> {
    ends.iter().map(|end| MemberEnd { at: end.at - offset, ..*end }).collect()
}
