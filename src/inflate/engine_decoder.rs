//! One interface for the DEFLATE decoders of both engines.

use flate2::{Decompress, FlushDecompress, Status};

use super::native::{DecodeStatus, Decoded, DeflateDecoder, InvalidData};
use crate::deflate::Engine;

/// Inflates DEFLATE streams with one of the engines. It is expensive to create, so it is reused for any number of
/// streams.
///
/// The contract is that of [`DeflateDecoder`], but flate2 does not report the ends of blocks.
#[derive(Debug)]
pub struct EngineDecoder(EngineState);

#[derive(Debug)]
enum EngineState {
    Native(Box<DeflateDecoder>),
    Flate2(Decompress),
}

impl EngineDecoder {
    /// Creates a decoder at the start of a stream.
    pub fn new(engine: Engine) -> Self {
        Self(match engine {
            Engine::Native => EngineState::Native(Box::default()),
            Engine::Flate2 => EngineState::Flate2(Decompress::new(false)),
        })
    }

    /// Starts a stream.
    pub fn restart(&mut self) {
        match &mut self.0 {
            EngineState::Native(decoder) => decoder.restart(),
            EngineState::Flate2(decoder) => decoder.reset(false),
        }
    }

    /// Starts at a block header, `skip_bits` bits into the first byte, with `window` as the content before it. Native only: the
    /// flate2 engine inflates files from their beginning.
    pub(super) fn restart_at(&mut self, skip_bits: u32, window: &[u8]) {
        if let EngineState::Native(decoder) = &mut self.0 {
            decoder.restart_at(skip_bits);
            decoder.set_window(window);
        }
    }

    /// Number of bits (0 to 7) of the last consumed byte that are not used yet.
    pub(super) fn unused_bits(&self) -> u32 {
        match &self.0 {
            EngineState::Native(decoder) => decoder.unused_bits(),
            EngineState::Flate2(_) => 0,
        }
    }

    /// The content before the output of the next call. Empty for flate2, which does not reveal its window.
    pub(super) fn window(&self) -> &[u8] {
        match &self.0 {
            EngineState::Native(decoder) => decoder.window(),
            EngineState::Flate2(_) => &[],
        }
    }

    /// Adds `output` to the window, because the next call writes to another buffer.
    pub(super) fn extend_window(&mut self, output: &[u8]) {
        match &mut self.0 {
            EngineState::Native(decoder) => decoder.extend_window(output),
            // flate2 keeps its own window.
            EngineState::Flate2(_) => {}
        }
    }

    /// Decodes `input` into `output[at..]`. Earlier calls have written `output[..at]`.
    pub fn decode(&mut self, input: &[u8], output: &mut [u8], at: usize) -> Result<Decoded, InvalidData> {
        match &mut self.0 {
            EngineState::Native(decoder) => decoder.decode(input, output, at),
            EngineState::Flate2(decoder) => decode_with_flate2(decoder, input, &mut output[at..]),
        }
    }
}

fn decode_with_flate2(decoder: &mut Decompress, input: &[u8], output: &mut [u8]) -> Result<Decoded, InvalidData> {
    let before = (decoder.total_in(), decoder.total_out());
    let status = decoder.decompress(input, output, FlushDecompress::None);
    let consumed = (decoder.total_in() - before.0) as usize;
    let produced = (decoder.total_out() - before.1) as usize;
    let status = match status {
        Err(_) => return Err(InvalidData { consumed, produced }),
        Ok(Status::StreamEnd) => DecodeStatus::StreamEnd,
        Ok(_) if produced == output.len() => DecodeStatus::OutputFull,
        Ok(_) if consumed == input.len() => DecodeStatus::NeedsInput,
        // With input and space left, a call always makes progress.
        Ok(_) => return Err(InvalidData { consumed, produced }),
    };
    Ok(Decoded { consumed, produced, status })
}
