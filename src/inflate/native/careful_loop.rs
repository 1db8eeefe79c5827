//! The states of the decoder. Near the end of the input or the output, this module decodes one symbol at a time; elsewhere it calls
//! [`fast_loop`].

use super::bit_reader::BitReader;
use super::canonical_code::Decoding;
use super::fast_loop::{self, LoopEnd};
use super::litlen_table::Exception;
use super::match_copy::{self, BackReference};
use super::{DecodeStatus, DecoderState, DeflateDecoder, Malformed, Output, Symbol};
use crate::format::alphabets::{END_OF_BLOCK, FIRST_LENGTH_SYMBOL, FIXED_DISTANCE_LENGTHS, LENGTHS, ValueRange};

/// The result of one step: the status to return, or `None` to continue.
type Step = Result<Option<DecodeStatus>, Malformed>;

impl<S: Symbol> DeflateDecoder<S> {
    /// Decodes until the input, the output or a block ends.
    pub(super) fn run(
        &mut self,
        reader: &mut BitReader<'_>,
        output: &mut Output<'_, S>,
    ) -> Result<DecodeStatus, Malformed> {
        loop {
            let step = match self.state {
                DecoderState::BlockHeader => self.read_block_header(reader),
                DecoderState::StoredLength => self.read_stored_length(reader),
                DecoderState::Stored { left } => self.copy_stored(left, reader, output),
                DecoderState::DynamicHeader => self.read_dynamic_header(reader),
                DecoderState::Symbol => self.decode_symbols(reader, output),
                DecoderState::Distance { length } => self.read_distance(length, reader, output),
                DecoderState::Match { length, distance } => self.copy_rest(length, distance, output),
                DecoderState::StreamEnd => Ok(Some(DecodeStatus::StreamEnd)),
                DecoderState::Invalid => Err(Malformed),
            };
            if let Some(status) = step? {
                return Ok(status);
            }
        }
    }

    fn read_block_header(&mut self, reader: &mut BitReader<'_>) -> Step {
        let Some(bits) = reader.take(self.skip_bits + 3) else {
            return Ok(Some(DecodeStatus::NeedsInput));
        };
        let header = bits >> self.skip_bits;
        self.skip_bits = 0;
        self.is_final = header & 1 == 1;
        self.state = match header >> 1 {
            0 => {
                reader.align();
                DecoderState::StoredLength
            }
            1 => {
                self.build_fixed_tables()?;
                DecoderState::Symbol
            }
            2 => {
                self.header.restart();
                DecoderState::DynamicHeader
            }
            _ => return Err(Malformed),
        };
        Ok(None)
    }

    fn build_fixed_tables(&mut self) -> Result<(), Malformed> {
        if !self.has_fixed_tables {
            self.tables.litlen.build_fixed()?;
            self.tables.distances.build(&FIXED_DISTANCE_LENGTHS)?;
            self.has_fixed_tables = true;
        }
        Ok(())
    }

    fn read_stored_length(&mut self, reader: &mut BitReader<'_>) -> Step {
        let Some(lengths) = reader.take(32) else {
            return Ok(Some(DecodeStatus::NeedsInput));
        };
        let (length, complement) = (lengths as u16, (lengths >> 16) as u16);
        if length != !complement {
            return Err(Malformed);
        }
        reader.give_back();
        self.state = DecoderState::Stored { left: length.into() };
        Ok(None)
    }

    fn copy_stored(&mut self, left: usize, reader: &mut BitReader<'_>, output: &mut Output<'_, S>) -> Step {
        let input = &reader.input[reader.position..];
        let free = &mut output.symbols[output.at..];
        let count = left.min(input.len()).min(free.len());
        for (symbol, &byte) in free[..count].iter_mut().zip(input) {
            *symbol = S::from_byte(byte);
        }
        let is_full = count == free.len();
        reader.position += count;
        output.at += count;
        if count == left {
            return Ok(Some(self.end_block(reader)));
        }
        self.state = DecoderState::Stored { left: left - count };
        Ok(Some(if is_full { DecodeStatus::OutputFull } else { DecodeStatus::NeedsInput }))
    }

    fn read_dynamic_header(&mut self, reader: &mut BitReader<'_>) -> Step {
        if !self.header.read(reader)? {
            return Ok(Some(DecodeStatus::NeedsInput));
        }
        self.has_fixed_tables = false;
        self.tables.litlen.build(self.header.litlen_lengths())?;
        self.tables.distances.build(self.header.distance_lengths())?;
        self.state = DecoderState::Symbol;
        Ok(None)
    }

    /// Decodes symbols up to a match or the end of the block, or one element if an end is near.
    fn decode_symbols(&mut self, reader: &mut BitReader<'_>, output: &mut Output<'_, S>) -> Step {
        match fast_loop::decode(&self.tables, reader, output) {
            LoopEnd::BlockEnd => return Ok(Some(self.end_block(reader))),
            LoopEnd::InvalidDistance(length) => {
                self.state = DecoderState::Distance { length };
                return Ok(None);
            }
            LoopEnd::Margin => {}
        }
        reader.refill();
        let mut element = self.tables.litlen.lookup(reader.bits);
        if element.is_exception() && element.kind() == Exception::SubTable {
            element = self.tables.litlen.lookup_long(element, reader.bits);
        }
        let needed = element.literal_count() + usize::from(element.has_length());
        if element.is_exception() || element.bits() > reader.count || needed > output.free() {
            return self.decode_symbol(reader, output);
        }
        for &literal in &element.literals().to_le_bytes()[..element.literal_count()] {
            output.push(S::from_byte(literal));
        }
        if element.has_length() {
            self.state = DecoderState::Distance { length: element.length(reader.bits) };
        }
        reader.consume(element.bits());
        Ok(None)
    }

    /// Decodes one symbol. An element of the table can represent several symbols, and need more bits or space than there are.
    fn decode_symbol(&mut self, reader: &mut BitReader<'_>, output: &mut Output<'_, S>) -> Step {
        let (symbol, code_length) = match self.tables.litlen.code.decode(reader.bits, reader.count) {
            Decoding::NeedsBits => return Ok(Some(DecodeStatus::NeedsInput)),
            Decoding::Symbol { symbol, length } => (usize::from(symbol), length),
            Decoding::NoCode => return Err(Malformed),
        };
        // The end of a block needs no space.
        if symbol == END_OF_BLOCK {
            reader.consume(code_length);
            return Ok(Some(self.end_block(reader)));
        }
        if output.free() == 0 {
            return Ok(Some(DecodeStatus::OutputFull));
        }
        if symbol < END_OF_BLOCK {
            reader.consume(code_length);
            output.push(S::from_byte(symbol as u8));
            return Ok(None);
        }
        let &ValueRange { base, extra_bits } = LENGTHS.get(symbol - FIRST_LENGTH_SYMBOL).ok_or(Malformed)?;
        let extra_bits = u32::from(extra_bits);
        if reader.count < code_length + extra_bits {
            return Ok(Some(DecodeStatus::NeedsInput));
        }
        reader.consume(code_length);
        self.state = DecoderState::Distance { length: usize::from(base) + reader.peek(extra_bits) as usize };
        reader.consume(extra_bits);
        Ok(None)
    }

    fn read_distance(&mut self, length: usize, reader: &mut BitReader<'_>, output: &Output<'_, S>) -> Step {
        reader.refill();
        let element = self.tables.distances.find(reader.bits);
        if element.bits() > reader.count {
            return Ok(Some(DecodeStatus::NeedsInput));
        }
        let distance = element.distance(reader.bits);
        if element.is_exception() || !output.has_distance(distance) {
            return Err(Malformed);
        }
        reader.consume(element.bits());
        self.state = DecoderState::Match { length, distance };
        Ok(None)
    }

    /// Copies a match, or the part of it that the output has space for.
    fn copy_rest(&mut self, length: usize, distance: usize, output: &mut Output<'_, S>) -> Step {
        // The caller may have passed another output, without its window.
        if !output.has_distance(distance) {
            return Err(Malformed);
        }
        let count = length.min(output.free());
        let from = BackReference { distance, length: count };
        match_copy::copy_exactly(output.window, output.symbols, output.at, from);
        output.at += count;
        if count == length {
            self.state = DecoderState::Symbol;
            return Ok(None);
        }
        self.state = DecoderState::Match { length: length - count, distance };
        Ok(Some(DecodeStatus::OutputFull))
    }

    /// Ends a block.
    fn end_block(&mut self, reader: &mut BitReader<'_>) -> DecodeStatus {
        if !self.is_final {
            self.state = DecoderState::BlockHeader;
            return DecodeStatus::BlockEnd;
        }
        self.state = DecoderState::StreamEnd;
        reader.align();
        DecodeStatus::StreamEnd
    }
}
