//! Creates the index of an input that is decompressed or tested (`.gzidx`), beside the input.

use std::sync::Arc;

use super::output_path::{OutputPath, index_name};
use super::{Jobs, Opened};
use crate::error::Error;
use crate::format::gzidx;
use crate::inflate::PointSelection;
use crate::io::input::{Input, Location};
use crate::io::output::InitialMode;
use crate::outcome::Outcome;
use crate::pipeline::sink::Sink;
use crate::pipeline::sink::indexed::IndexedSink;
use crate::pipeline::sink::point_index::PointIndex;

impl Jobs {
    /// A stream from `input` to `sink`, which writes an index as well if the settings ask for one.
    pub(super) fn indexed_stream(&self, input: Input, sink: Box<dyn Sink>) -> Result<Opened, Outcome> {
        if !self.settings.indexes_inputs() {
            return Ok(self.stream(input, sink));
        }
        let index = self.create_point_index(&input)?;
        Ok(self.stream(input, Box::new(IndexedSink { sink, index: Some(index) })))
    }

    /// Creates the index of an input, without its name.
    fn create_point_index(&self, input: &Input) -> Result<PointIndex, Outcome> {
        let settings = &*self.settings;
        let (Some(Location { directory, name }), Some(metadata)) = (input.location(), input.metadata()) else {
            return Err(Outcome::Failed(Error::other("is not a file that can have an index")));
        };
        let path = OutputPath::new(Arc::clone(directory), index_name(name, gzidx::SUFFIX));
        self.claim_index(&path)?;
        let overwrite = self.overwrite_check(input, None);
        path.check(&overwrite)?;
        let windows = OutputPath::new(Arc::clone(directory), path.name.clone());
        let windows = windows.create(InitialMode::Private, settings)?.sparse(false);
        let file = path.create(InitialMode::Private, settings)?.sparse(false);
        self.record(&file)?;
        let (sync, selection) = (settings.syncs(), PointSelection::new(settings.index_spacing.get()));
        Ok(PointIndex { file, windows, overwrite, metadata, sync, selection })
    }
}
