//! A compressed input that the reader of a stream inflates itself, in order: a small file, other data that is not divided into chunks,
//! or a short range from a point on.

use std::io;
use std::sync::Arc;

use super::StreamContext;
use super::arriving_data::{ArrivingData, ArrivingReader};
use super::block::{BlockInput, Member, MemberBlock, StartPoint};
use crate::inflate::{CompressedSource, FilePart, Inflater};
use crate::io::input::Input;
use crate::io::positioned_reader::PositionedReader;

/// Upper bound of what inflating allocates beside a buffer, in bytes: a batch of BGZF members.
const BATCH: usize = 1 << 20;

/// An input that the reader inflates.
#[derive(Debug, Default)]
pub(super) struct InflatedInput {
    /// Created for the first part.
    inflater: Option<Box<Inflater>>,
    /// The data of a pipe, if some of it was read already.
    pub(super) arrived: Option<Arc<ArrivingData>>,
    /// Offset of the next read in that data, or in a file that is read from a point on.
    offset: u64,
}

impl InflatedInput {
    /// An input whose data a caller pushes.
    pub(super) fn pushed(data: Arc<ArrivingData>) -> Self {
        Self { arrived: Some(data), ..Self::default() }
    }

    /// Inflates the next part. `left` is the number of bytes left of an input that is read sequentially, if it is known.
    pub(super) fn next(
        &mut self,
        member: &Member,
        left: &mut Option<u64>,
        context: &StreamContext<'_>,
    ) -> io::Result<MemberBlock> {
        let input = &member.input;
        if let Some(start) = &member.start {
            return self.next_from(start, input, context);
        }
        let Some(data) = self.arrived.clone() else {
            return self.inflate(input, &mut input.sequential(left)?, context);
        };
        let mut arrived = ArrivingReader::new(&data, input, self.offset, true);
        let block = self.inflate(input, &mut arrived, context);
        self.offset = arrived.offset();
        block
    }

    /// Inflates the next part of an input that is read from a point on.
    fn next_from(&mut self, start: &StartPoint, input: &Input, context: &StreamContext<'_>) -> io::Result<MemberBlock> {
        if self.inflater.is_none() {
            let foreign = context.settings.foreign_data(input.is_stdin());
            let mut inflater = context.resources.inflater(context.settings.engine, foreign)?;
            inflater.restart_at(&start.point, None);
            (self.inflater, self.offset) = (Some(Box::new(inflater)), start.point.offset());
        }
        let mut source = PositionedReader::new(input.fd()?, self.offset, input.size.unwrap_or(u64::MAX));
        let block = self.inflate(input, &mut source, context);
        self.offset = source.offset();
        block
    }

    /// Inflates the next part from a source. Fails if there is not enough memory.
    fn inflate(
        &mut self,
        input: &Input,
        from: &mut dyn CompressedSource,
        context: &StreamContext<'_>,
    ) -> io::Result<MemberBlock> {
        let inflater = match &mut self.inflater {
            Some(inflater) => inflater,
            none => {
                let foreign = context.settings.foreign_data(input.is_stdin());
                let mut inflater = context.resources.inflater(context.settings.engine, foreign)?;
                if context.settings.index {
                    inflater.collect_points();
                }
                none.insert(Box::new(inflater))
            }
        };
        context.resources.check_memory(BATCH)?;
        Ok(match inflater.next(from, context.resources.try_content_buffer()?) {
            FilePart::Batch(batch, unused) => {
                context.resources.reuse_buffer(unused);
                MemberBlock { input: BlockInput::Batch(batch), last: false }
            }
            FilePart::Content(content) => {
                let last = content.end.is_some();
                MemberBlock { input: BlockInput::Content(Box::new(content)), last }
            }
        })
    }

    /// Keeps the inflater for another input.
    pub(super) fn end(&mut self, context: &StreamContext<'_>) {
        self.inflater.take().into_iter().for_each(|inflater| context.resources.reuse_inflater(*inflater));
    }
}
