//! A stream's input side: cuts what is read into blocks, member after member.
//!
//! Blocks are cut at multiples of [`BLOCK`] from the start of each input, and a block shorter than that, even one
//! of no bytes, is the last: a pipe needs no look at what comes next, and makes the same blocks as a file.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::piece::{Bytes, Place};
use crate::deflate::{BLOCK, WINDOW};
use crate::gzip::{self, Header};
use crate::input::Input;
use crate::outcome::Outcome;
use crate::report::Report;
use crate::settings::Settings;
use crate::transfer::read_full;

/// An input that becomes one gzip member.
#[derive(Debug)]
pub struct Member {
    /// The input, opened.
    pub input: Input,
    /// The member's header.
    pub header: Vec<u8>,
    /// It will not be written, so its remaining blocks need not be read.
    abandoned: AtomicBool,
}

impl Member {
    /// A member of `input`, with name and time in the header if the settings ask for them.
    pub fn new(input: Input, settings: &Settings) -> Self {
        let mut header = Vec::new();
        let stored = settings.store_name;
        let name = input.name().filter(|_| stored).map(|name| name.as_os_str());
        let mtime = input.mtime().filter(|_| stored);
        gzip::write_header(&Header { name, mtime, level: settings.level }, &mut header);
        Self { input, header, abandoned: AtomicBool::new(false) }
    }

    /// Tells the reader that the rest of this member is of no use.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
}

/// The inputs of a joined stream, one after the other.
pub trait Inputs: Send {
    /// Opens the next input; one that cannot be opened has its outcome. `None` at the end.
    fn open_next(&mut self) -> Option<Result<Member, (PathBuf, Outcome)>>;

    /// Passes over the next input, with the outcome that this is for it. `None` at the end.
    fn pass_next(&mut self) -> Option<(PathBuf, Outcome)>;
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

/// The member being read.
#[derive(Debug)]
struct Current {
    member: Arc<Member>,
    /// Bytes of it in blocks already taken.
    offset: u64,
    /// The last of those bytes, where they cannot be read again.
    window: Vec<u8>,
}

/// A block, cut.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) place: Place,
    pub(super) bytes: Result<Bytes, Outcome>,
}

impl Reader {
    /// Reads one input.
    pub fn single(member: Member) -> Self {
        Self { current: Some(Current::new(member)), upcoming: None }
    }

    /// Reads one input after the other.
    pub fn joined(inputs: impl Inputs + 'static) -> Self {
        Self { current: None, upcoming: Some(Box::new(inputs)) }
    }

    /// Whether there is, for all that is known, more than one block.
    pub(super) fn is_divisible(&self) -> bool {
        self.upcoming.is_some() || self.current.as_ref().is_some_and(|c| c.member.input.may_fill(BLOCK as u64))
    }

    /// Whether everything has been cut.
    pub(super) fn is_over(&self) -> bool {
        self.current.is_none() && self.upcoming.is_none()
    }

    /// Cuts the next block of an input that is read by position: no system call, so under the lock.
    pub(super) fn cut_by_position(&mut self) -> Option<Cut> {
        let current = self.current_member()?;
        let size = current.member.input.size?;
        let offset = current.offset;
        let length = (size - offset).min(BLOCK as u64) as usize;
        let place = current.place(length);
        current.offset += length as u64;
        if place.last {
            self.current = None;
        }
        Some(Cut { place, bytes: Ok(Bytes::At { offset, length }) })
    }

    /// Reads the next block into `buffer`, opening the next input where one is over. `None` at the end.
    pub(super) fn cut_in_order(&mut self, buffer: &mut [u8], report: &Report) -> Option<Cut> {
        while self.current_member().is_none() {
            match self.upcoming.as_mut()?.open_next() {
                Some(Ok(member)) => self.current = Some(Current::new(member)),
                Some(Err((shown, outcome))) => report.outcome(&shown, outcome),
                None => self.upcoming = None,
            }
        }
        if let Some(cut) = self.cut_by_position() {
            return Some(cut);
        }
        let current = self.current.as_mut()?;
        let window = current.window.len();
        buffer[..window].copy_from_slice(&current.window);
        let read = read_full(current.member.input.as_fd(), &mut buffer[window..window + BLOCK]);
        let length = *read.as_ref().unwrap_or(&0);
        let place = current.place(length);
        current.offset += length as u64;
        if place.last {
            self.current = None;
        } else {
            current.window.clear();
            current.window.extend_from_slice(&buffer[window + length - WINDOW..window + length]);
        }
        let bytes = read.map(|length| Bytes::Read { window, length }).map_err(Outcome::from);
        Some(Cut { place, bytes })
    }

    /// The member being read, unless the rest of it is of no use.
    fn current_member(&mut self) -> Option<&mut Current> {
        if self.current.as_ref().is_some_and(|c| c.member.abandoned.load(Ordering::Relaxed)) {
            self.current = None;
        }
        self.current.as_mut()
    }

    /// Names every input that has not been begun, as the output cannot take it any more.
    pub(super) fn give_up(&mut self, report: &Report) -> Option<Cut> {
        self.current = None;
        let mut upcoming = self.upcoming.take()?;
        while let Some((shown, outcome)) = upcoming.pass_next() {
            report.outcome(&shown, outcome);
        }
        None
    }
}

impl Current {
    fn new(member: Member) -> Self {
        Self { member: Arc::new(member), offset: 0, window: Vec::new() }
    }

    /// Place of the next block, which has `length` bytes.
    fn place(&self, length: usize) -> Place {
        Place { member: Arc::clone(&self.member), first: self.offset == 0, last: length < BLOCK }
    }
}
