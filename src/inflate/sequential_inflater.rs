//! Inflates a file in order in one thread, the members that state their size (BGZF) included.

use super::{CompressedSource, Content, EngineDecoder, FilePart, ForeignData, Inflater, ResumePoint};
use crate::deflate::{self, Engine};

/// An [`Inflater`], and a decoder for the batches that it would leave to other workers.
#[derive(Debug)]
pub struct SequentialInflater {
    inflater: Inflater,
    /// Inflates batches. Created with the first of them.
    batches: Option<EngineDecoder>,
}

impl SequentialInflater {
    /// An inflater at the beginning of a file that contains only gzip data.
    pub fn new() -> Self {
        let mut inflater = Inflater::new(Engine::Native);
        inflater.restart(ForeignData::default());
        Self { inflater, batches: None }
    }

    /// Starts again, at `start`. The source begins with the byte that contains `start`.
    pub(crate) fn restart_at(&mut self, start: &ResumePoint) {
        self.inflater.restart(ForeignData::default());
        self.inflater.restart_at(start, None);
    }

    /// Collects the points at which another decoder can start.
    pub(crate) fn collect_points(&mut self) {
        self.inflater.collect_points();
    }

    /// Returns the next content: at most the capacity of `bytes`, which are overwritten, or a batch of members.
    pub fn next(&mut self, source: &mut dyn CompressedSource, bytes: Vec<u8>) -> Content {
        match self.inflater.next(source, bytes) {
            FilePart::Content(content) => content,
            FilePart::Batch(batch, mut bytes) => {
                bytes.reserve_exact(deflate::WORST_CASE.saturating_sub(bytes.len()));
                let decoder = self.batches.get_or_insert_with(|| EngineDecoder::new(Engine::Native));
                batch.inflate(decoder, bytes)
            }
        }
    }
}
