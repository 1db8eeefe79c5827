//! Opens the index that is written beside an input.

use std::sync::Arc;

use super::index_output::index_name;
use super::output_path::OutputPath;
use super::{Jobs, Opened};
use crate::error::Error;
use crate::format::gzidx;
use crate::inflate::PointSelection;
use crate::io::input::{Input, Location};
use crate::io::output::{InitialMode, OverwriteCheck, Protection};
use crate::outcome::Outcome;
use crate::pipeline::sink::Sink;
use crate::pipeline::sink::indexed::IndexedSink;
use crate::pipeline::sink::point_index::PointIndex;
use crate::select::selection::InputProtection;
use crate::settings::OverwritePolicy;

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

    /// Which files an output of `input` may replace. `output_is_walked` says whether the walk that found the input also processes a
    /// file of the output's name.
    pub(super) fn overwrite_check(&self, input: &Input, output_is_walked: Option<bool>) -> OverwriteCheck {
        let inputs = self.inputs.clone().filter(|_| self.settings.may_replace());
        let protection =
            inputs.map(|inputs| Arc::new(InputProtection { inputs, output_is_walked }) as Arc<dyn Protection>);
        let in_place = self.settings.recompresses();
        let force = self.settings.overwrite == OverwritePolicy::Replace;
        OverwriteCheck { force, input: input.identity(), in_place, protection }
    }
}
