//! Zeros in place of data that was never written, or that a disk has lost: the rest of a preallocated file, or a hole.
//!
//! A decoder reads zeros as the same symbol over and over, usually a literal, and meets no error. It would write content for each
//! bit of a hole.

use std::io;

use super::Salvager;
use crate::format::gzip::{Damage, TRAILER};
use crate::inflate::CompressedSource;

/// Zero bytes that are a hole, if they are not matches. In a whole file they would be two million equal literals, which no encoder
/// that finds matches writes.
const HOLE: usize = 256 * 1024;

/// Zero bytes that are decoded to see what they are.
pub(super) const TRIAL: usize = 4096;

/// Zero bytes at the end of a file that show that the data ends before them: more than the end of a block and a trailer.
const END: usize = 2 * TRAILER;

/// Bytes that must be zeros before more are read.
const FIRST: usize = 8;

/// What zeros at the position may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZeroRun {
    /// Data, or none.
    Data,
    /// A hole, unless the first [`TRIAL`] bytes are long matches.
    Hole,
    /// The end of the file, which ends inside of a member.
    End,
}

impl Salvager {
    /// Whether zeros follow in place of a block's data.
    pub(super) fn zero_run(&mut self, source: &mut dyn CompressedSource) -> io::Result<ZeroRun> {
        let is_zero = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
        let may_be_hole = self.input.bytes().first_chunk::<FIRST>().is_some_and(|bytes| is_zero(bytes));
        // The trailer of a member without content consists of zeros.
        let is_empty = self.held.end() == self.member.output;
        if !may_be_hole || is_empty || self.decoder.is_in_stored_block() {
            return Ok(ZeroRun::Data);
        }
        self.input.provide(source, HOLE)?;
        let bytes = self.input.bytes();
        let hole = &bytes[..bytes.len().min(HOLE)];
        let is_end = self.input.is_at_end() && hole.len() == bytes.len();
        Ok(match is_zero(hole) {
            true if hole.len() == HOLE => ZeroRun::Hole,
            true if is_end && hole.len() >= END => ZeroRun::End,
            _ => ZeroRun::Data,
        })
    }

    /// Handles the end of the file inside of a block's data.
    pub(super) fn fail_at_end(&mut self) {
        let read = self.input.all().last_chunk::<END>();
        match read == Some(&[0; END]) && !self.decoder.is_in_stored_block() {
            true => self.fail_at_zeros(),
            false => self.fail(Damage::Truncated(self.input.position())),
        }
    }

    /// Handles zeros in place of data: discards what was decoded of them.
    pub(super) fn fail_at_zeros(&mut self) {
        let (start, position) = (self.input.range().start, self.input.position());
        let before = &self.input.all()[..(position - start) as usize];
        let zeros = before.iter().rev().take_while(|&&byte| byte == 0).count() as u64;
        // The last byte with data may end with zeros, too, so the symbol there is not certain.
        let first = (position - zeros).max(self.anchor.bit.byte());
        self.cut_held(first);
        self.input.seek(first);
        let is_end = self.input.is_at_end() && self.input.bytes().iter().all(|&byte| byte == 0);
        self.fail(if is_end { Damage::Truncated(first) } else { Damage::Data(first) });
    }
}
