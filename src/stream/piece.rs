//! One block's way through a worker's hands: read, compressed, summed.
//!
//! Knows nothing of order or of who else is at work; it reads the input and writes a buffer.

use std::os::fd::AsFd;
use std::sync::Arc;

use flate2::Crc;

use super::{Member, Shared};
use crate::deflate::{self, BLOCK, Engine, WINDOW};
use crate::outcome::{Outcome, Reason};
use crate::transfer::read_at_least;

/// A worker's own tools, made once and used for block after block.
pub struct Hand {
    engine: Box<dyn Engine>,
    /// Window and block, one after the other, and a byte to see whether there is more.
    pub(super) input: Box<[u8]>,
}

impl Hand {
    /// Tools for one worker.
    pub fn new(shared: &Shared<'_>) -> Self {
        // Memory that comes zeroed from the system: what is never read into is never touched.
        let input = vec![0; WINDOW + BLOCK + 1].into_boxed_slice();
        Self { engine: (shared.engine)(shared.level), input }
    }
}

/// A block's place in its member.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) member: Arc<Member>,
    pub(super) first: bool,
    pub(super) last: bool,
}

/// Where a block's bytes are.
#[derive(Debug)]
pub(super) enum Bytes {
    /// In the file at this offset, behind the window.
    At { offset: u64, length: usize },
    /// In the hand's buffer, behind a window of this many bytes.
    Read { window: usize, length: usize },
}

/// A block, compressed.
#[derive(Debug)]
pub(super) struct Piece {
    /// The member's header if this is its first block, and DEFLATE data.
    pub(super) bytes: Vec<u8>,
    /// Bytes of the original in it.
    pub(super) length: usize,
    pub(super) crc: Crc,
    /// Whether the file had more to give than it had when it was opened.
    pub(super) grew: bool,
}

/// Compresses a block, reading it first if that has not been done.
pub(super) fn compress(place: &Place, bytes: Bytes, hand: &mut Hand, shared: &Shared<'_>) -> Result<Piece, Outcome> {
    let Place { member, first, last } = place;
    let (window, length, grew) = match bytes {
        Bytes::Read { window, length } => (window, length, false),
        Bytes::At { offset, length } => {
            let window = offset.min(WINDOW as u64) as usize;
            let wanted = window + length;
            // Room for one byte more than the file had shows whether it has grown, without a call of its own.
            let room = &mut hand.input[..wanted + usize::from(*last)];
            let got = read_at_least(member.input.as_fd(), room, wanted, offset - window as u64)?;
            if got < window || got < wanted && !last {
                return Err(Outcome::Skipped(Reason::Changed));
            }
            (window, length.min(got - window), got > wanted)
        }
    };
    let (dictionary, input) = hand.input[..window + length].split_at(window);
    let mut bytes = shared.spare_buffer();
    if *first {
        bytes.extend_from_slice(&member.header);
    }
    deflate::compress_block(&mut *hand.engine, dictionary, input, *last, &mut bytes);
    let mut crc = Crc::new();
    crc.update(input);
    Ok(Piece { bytes, length, crc, grew })
}
