//! The compressed data of an input that is divided into chunks: a file that is read by position, or a pipe.

use std::io;
use std::sync::Arc;

use super::arriving_data::{ArrivingData, ArrivingReader};
use crate::inflate::CompressedSource;
use crate::io::input::Input;
use crate::io::positioned_reader::PositionedReader;

/// Where the workers read the chunks of an input from. Offsets count from the start of the data.
#[derive(Debug)]
pub(super) enum ChunkSource {
    /// A file that is read by position, from one offset to another.
    File(FileData),
    /// A pipe, or another input that is only read in order.
    Arriving(Arc<ArrivingData>),
}

/// The data in a file.
#[derive(Debug)]
pub(super) struct FileData {
    /// Offset of its start in the file: 0 unless standard input was read before.
    pub(super) start: u64,
    /// Its length when the file was opened.
    pub(super) length: u64,
    /// The file is standard input: it is read to its end, even if it has grown, and other processes see how far it was read.
    pub(super) is_stdin: bool,
}

/// Who reads a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkUse {
    /// The worker at the front, which waits for data.
    Front,
    /// A worker that guesses, from the data that has arrived.
    Guess,
}

impl ChunkSource {
    /// The length of the data, if it is known before the data is read.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::File(file) => Some(file.length),
            Self::Arriving(_) => None,
        }
    }

    /// Reads from `offset` on.
    pub(super) fn reader<'a>(&'a self, input: &'a Input, offset: u64, reads: ChunkUse) -> io::Result<ChunkReader<'a>> {
        Ok(match self {
            Self::File(file) => {
                let end = if file.is_stdin { u64::MAX } else { file.start + file.length };
                ChunkReader::File(PositionedReader::new(input.fd()?, file.start + offset, end))
            }
            Self::Arriving(data) => {
                ChunkReader::Arriving(ArrivingReader::new(data, input, offset, reads == ChunkUse::Front))
            }
        })
    }

    /// The data before `offset` is not needed any more, because the worker at the front starts there.
    pub(super) fn advance_to(&self, offset: u64) {
        if let Self::Arriving(data) = self {
            data.advance_to(offset);
        }
    }

    /// Leaves the descriptor of standard input where its data ends: other processes may continue to read there.
    pub(super) fn leave(&self, input: &Input, reader: &ChunkReader<'_>) {
        if let (Self::File(FileData { is_stdin: true, .. }), ChunkReader::File(reader)) = (self, reader) {
            input.set_position(reader.offset());
        }
    }
}

/// Reads the data in order from an offset on.
pub(super) enum ChunkReader<'a> {
    File(PositionedReader<'a>),
    Arriving(ArrivingReader<'a>),
}

impl CompressedSource for ChunkReader<'_> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(reader) => reader.read_some(buffer),
            Self::Arriving(reader) => reader.read_some(buffer),
        }
    }

    fn is_ready(&mut self) -> bool {
        match self {
            Self::File(reader) => reader.is_ready(),
            Self::Arriving(reader) => reader.is_ready(),
        }
    }
}
