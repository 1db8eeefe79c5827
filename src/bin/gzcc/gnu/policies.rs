//! gzip's rules as policies of the settings.

use gzcc::settings::{CompressedFiles, Destination, Filter, Mode, Originals, OverwritePolicy, Refuse, Settings};

use super::gnu_args::GnuArgs;
use crate::args::RunRequest;
use crate::presentation::{Presentation, Rules};
use crate::terminal_policy::terminal_policy;
use crate::workers::Workers;

impl GnuArgs {
    /// The run that all options together request.
    pub(super) fn into_run(self) -> RunRequest {
        let mode = match () {
            () if self.list => Mode::List,
            () if self.test => Mode::Test,
            () if self.decompress => Mode::Decompress,
            () => Mode::Compress,
        };
        let destination = match () {
            () if self.list || self.test => Destination::Discard,
            () if self.stdout => Destination::Stdout,
            () => Destination::Beside,
        };
        // By default gzip stores name and time, and does not restore them.
        let compresses = mode == Mode::Compress;
        let removes_originals = destination == Destination::Beside && !self.keep;
        let names_files = self.settings.inputs.iter().any(|input| input != "-");
        let presentation = self.presentation();
        let presumes_terminal = self.presumes_terminal && !self.force && !self.list;
        let unless_forced = if self.force { Refuse::Never } else { Refuse::Always };
        let settings = Settings {
            mode,
            originals: if removes_originals { Originals::Remove } else { Originals::Keep },
            keep_name: self.name.unwrap_or(compresses),
            keep_time: self.time.unwrap_or(compresses),
            overwrite: match destination {
                _ if self.force => OverwritePolicy::Replace,
                Destination::Beside => OverwritePolicy::Ask,
                _ => OverwritePolicy::Skip,
            },
            // gzip skips these even if it keeps the original, and setuid and setgid files even with -f.
            symlinks: unless_forced,
            hard_links: unless_forced,
            setid: Refuse::Always,
            sticky: unless_forced,
            accepts_stdin: if presumes_terminal && !compresses { |_| false } else { terminal_policy(self.force) },
            // gzip writes to a terminal if -c is given with the name of a file.
            accepts_output: match self.force || names_files {
                false if presumes_terminal => |_| false,
                accepts_terminals => terminal_policy(accepts_terminals),
            },
            copy_foreign: self.force,
            // pigz treats a lone byte as garbage, and stores no time without a warning.
            refuses_lone_byte: !self.is_pigz,
            warns_about_time: !self.is_pigz,
            destination,
            // With -f, gzip also compresses .gz files.
            filter: Filter {
                compressed_files: if self.force { CompressedFiles::Include } else { CompressedFiles::SkipGnu },
                ..self.settings.filter
            },
            inputs: if presentation.is_filter { vec!["-".into()] } else { self.settings.inputs },
            ..self.settings
        };
        RunRequest { settings, workers: Workers { requested: self.jobs, max: None }, presentation }
    }

    fn presentation(&self) -> Presentation {
        let (program, verbosity) = (self.program, self.verbosity);
        let (is_filter, presumes_terminal) = (self.settings.inputs.is_empty(), self.presumes_terminal);
        let (rules, keeps) = (Rules::Gzip, self.keep);
        Presentation { program, rules, verbosity, is_filter, keeps, presumes_terminal, ..Presentation::default() }
    }
}
