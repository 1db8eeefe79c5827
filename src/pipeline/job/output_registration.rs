//! The outputs of the run, which no walk and no argument may take as inputs.

use std::io;

use super::Jobs;
use super::output_path::OutputPath;
use crate::error::Error;
use crate::io::input::Input;
use crate::io::output::OutputFile;
use crate::outcome::{Outcome, Reason};
use crate::select::selection::could_be_input;

impl Jobs {
    /// Whether the names of inputs come from a list that cannot be read ahead.
    pub(super) fn has_streamed_list(&self) -> bool {
        self.inputs.as_ref().is_some_and(|inputs| inputs.is_streamed())
    }

    /// Claims the name of an index.
    ///
    /// # Errors
    /// If it is the name of another input's output.
    pub(super) fn claim_index(&self, index: &OutputPath) -> Result<(), Outcome> {
        if self.outputs.claim_name(&index.directory, &index.name) {
            return Ok(());
        }
        let shown = index.shown();
        Err(Outcome::Failed(Error::other(format_args!("{shown} is the output of another input already"))))
    }

    /// Registers an output before it has a name, if a walk or a list may contain that name. A list that cannot be read ahead may
    /// contain a link to any output.
    pub(super) fn record(&self, output: &OutputFile) -> io::Result<()> {
        if self.has_streamed_list() || could_be_input(output.name(), &self.settings) {
            return self.outputs.record(output);
        }
        self.outputs.record_name(output)
    }

    /// Refuses an input that is an output of this run, because the output has replaced the file that was selected. A walk leaves
    /// out the file with the report as well.
    pub(super) fn refuse_output_of_run(&self, input: &Input) -> Result<(), Outcome> {
        // Files with one link are registered under their names.
        if self.settings.may_replace() && input.is_walked() && input.has_other_links() {
            self.inputs.iter().zip(input.opened()).for_each(|(inputs, file)| inputs.add(file.then));
        }
        let is_report = input.is_walked() && self.report.as_ref().is_some_and(|report| input.is(report));
        match is_report || self.outputs.is_output(input) {
            false => Ok(()),
            true if input.is_walked() => Err(Outcome::Skipped(Reason::WalkedOutput)),
            true => Err(Outcome::Failed(Error::other("is the output of another input"))),
        }
    }
}
