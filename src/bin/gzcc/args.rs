//! The command line under the name gzcc: parsed, checked, and converted to settings.
//!
//! The only module that uses clap. Touches no file and prints nothing. `gnu` parses the command lines under gzip's names.

mod access_args;
mod benchmark_args;
mod completions;
mod definition;
mod documents;
mod environment;
mod filter_args;
mod help;
mod levels;
mod manual;
mod recompress_args;
mod report_args;
mod salvage_args;
mod short_flags;
mod time_spec;
mod usage_error;
mod values;

use std::ffi::OsString;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use self::definition::{Args, FormatArg};
pub(crate) use self::documents::Document;
use self::environment::EnvDefaults;
pub(crate) use self::environment::Environment;
use self::filter_args::FileSelection;
use self::levels::expand_levels;
use self::values::{EngineArg, non_empty};
use crate::benchmark::Benchmark;
use crate::presentation::{Presentation, Verbosity};
use crate::terminal_policy::terminal_policy;
use crate::workers::Workers;
use gzcc::command::resources;
use gzcc::settings::{self, Destination, Mode, Originals, OverwritePolicy, Refuse, Settings};

/// A parsed command line.
pub(crate) struct CommandLine {
    /// Warnings to print first.
    pub(crate) warnings: Vec<String>,
    pub(crate) request: Request,
}

/// What a command line requests.
pub(crate) enum Request {
    /// A run over files.
    Run(Box<RunRequest>),
    /// A benchmark.
    Benchmark(Box<Benchmark>),
    /// A text to print: help, version, completions or the manual page.
    Print {
        text: String,
        /// The name that the program was called by.
        program: &'static str,
    },
    /// The manual pages and completions, to be installed below a directory.
    InstallDocs {
        /// `None`: where the user's shell and man look.
        directory: Option<PathBuf>,
        documents: Vec<Document>,
    },
}

/// A requested run.
#[derive(Debug)]
pub(crate) struct RunRequest {
    /// With one worker, unless the number is fixed: [`workers`](Self::workers) decides.
    pub(crate) settings: Settings,
    pub(crate) workers: Workers,
    pub(crate) presentation: Presentation,
}

/// The message for an invalid command line, with the program's name.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

/// Parses a command line. The first argument is the program's name.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: Environment,
) -> Result<CommandLine, UsageError> {
    let mut arguments = arguments.into_iter().peekable();
    if let Some(name) = arguments.peek().and_then(|program| crate::gnu::name_of(program)) {
        return crate::gnu::parse(name, arguments.skip(1), environment);
    }
    let arguments: Vec<OsString> = arguments.collect();
    if let Some(args) = short_flags::parse(arguments.get(1..).unwrap_or_default()) {
        let request = Request::Run(Box::new(args.into_run(&environment.defaults()?)?));
        return Ok(CommandLine { warnings: Vec::new(), request });
    }
    let print = |text| Request::Print { text, program: "gzcc" };
    // The texts around the help are added only where they are printed.
    let matches = Args::command().try_get_matches_from(expand_levels(arguments));
    let request = match matches.and_then(|mut matches| Args::from_arg_matches_mut(&mut matches)) {
        Ok(Args { man: true, .. }) => print(manual::page(definition())),
        Ok(Args { completions: Some(shell), .. }) => print(completions::script(shell, definition())),
        Ok(Args { install_docs: Some(directory), files, .. }) => documents::request(directory, &files)?,
        Ok(args) if args.is_benchmark() => Request::Benchmark(Box::new(args.into_benchmark(&environment.defaults()?)?)),
        Ok(args) => Request::Run(Box::new(args.into_run(&environment.defaults()?)?)),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => print(help::requested(&error, Args::command())),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => print(error.render().to_string()),
        Err(error) => return Err(rejected(&usage_error::message(&error))),
    };
    Ok(CommandLine { warnings: Vec::new(), request })
}

/// The options and their help.
fn definition() -> clap::Command {
    help::with_help(Args::command())
}

impl Args {
    /// The run that all options together request.
    fn into_run(mut self, defaults: &EnvDefaults) -> Result<RunRequest, UsageError> {
        let mode = self.mode();
        self.check_recompress()?;
        let destination = self.destination()?;
        self.check(&destination)?;
        let EngineArg(engine) = self.engine;
        let level = self.level_of(engine, defaults, mode)?;
        let presentation = self.presentation();
        let FileSelection { list, filter } = self.filter.into_selection(&self.files, self.recursive, mode)?;
        let is_filter = list.is_none() && self.files.is_empty();
        let presentation = Presentation { is_filter, ..presentation };
        let memory = self.memory.or(defaults.memory);
        let workers = Workers { requested: self.jobs.or(defaults.jobs), max: max_workers(memory, level)? };
        let explicit = |yes: bool, no: bool| if yes || no { Some(yes) } else { None };
        let unless_forced = if self.force { Refuse::Never } else { Refuse::IfRemoved };
        let settings = Settings {
            mode,
            inputs: if is_filter { vec!["-".into()] } else { self.files },
            list,
            filter,
            engine,
            level,
            format: self.format.map(Into::into).unwrap_or_default(),
            recompresses_bgzf: self.format.is_some(),
            scheduler: self.scheduler.into(),
            recursive: self.recursive,
            destination,
            originals: if self.rm { Originals::Remove } else { Originals::Keep },
            overwrite: if self.force { OverwritePolicy::Replace } else { OverwritePolicy::Skip },
            hard_links: unless_forced,
            setid: unless_forced,
            sticky: unless_forced,
            accepts_stdin: terminal_policy(self.force),
            accepts_output: terminal_policy(self.force),
            copy_foreign: self.force,
            suffix: self.suffix,
            keep_name: self.name,
            keep_time: self.name,
            memory,
            rsyncable: self.rsyncable,
            verify: self.verify,
            update: self.update,
            only_smaller: self.only_smaller,
            max_size: self.max_size,
            fill: self.fill.unwrap_or(settings::DEFAULT_FILL),
            sync: explicit(self.sync, self.no_sync),
            sparse: !self.no_sparse,
            reports_to_stdout: true,
            unnamed_temporaries: !self.named_temporaries,
            chunk_length: self.chunk_length.and_then(NonZeroU64::new),
            ..Settings::of_workers(workers.requested.unwrap_or(NonZeroUsize::MIN))
        };
        check_json(&settings, &presentation)?;
        check_only_smaller(&settings)?;
        let settings = self.access.add_to(settings);
        access_args::check_bgzf_index(&settings)?;
        Ok(RunRequest { settings, workers, presentation })
    }

    /// How the run is presented.
    fn presentation(&self) -> Presentation {
        let verbosity = match (self.quiet, self.verbose) {
            (0, true) => Verbosity::Verbose,
            (0, false) => Verbosity::Normal,
            (1, _) => Verbosity::Quiet,
            _ => Verbosity::Silent,
        };
        let (json, progress) = (self.report.json(), self.report.progress());
        Presentation { verbosity, json, progress, ..Presentation::default() }
    }

    /// Rejects options that conflict or have no effect together.
    fn check(&self, destination: &Destination) -> Result<(), UsageError> {
        self.check_access(destination)?;
        if self.trailers && !self.list {
            return Err(rejected("--trailers goes with --list"));
        }
        self.check_salvage()?;
        if self.max_size.is_some() && !(self.decompress || self.test || self.list || self.salvage) {
            return Err(rejected("--max-size goes with --decompress, --test or --list"));
        }
        if (self.decompress || self.test || self.list || self.salvage) && (self.verify || self.update) {
            return Err(rejected("--verify and --update go with compressing"));
        }
        if self.format == Some(FormatArg::Bgzf) && self.rsyncable {
            return Err(rejected("--rsyncable does not go with --format bgzf, whose blocks have a fixed length"));
        }
        if self.format == Some(FormatArg::Bgzf) && self.name && self.mode() == Mode::Compress {
            return Err(rejected("--name does not go with --format bgzf, whose headers hold no name"));
        }
        let to_files = destination.is_per_input();
        if self.update && !to_files {
            return Err(rejected("--update needs an output for each file"));
        }
        if self.filter.is_sharded() && self.force && matches!(self.mode(), Mode::Decompress | Mode::Salvage) && to_files
        {
            // a.tgz and a.tar.gz both become a.tar, and may be in different shards, so neither run sees the conflict.
            return Err(rejected("--shard does not decompress with --force, as another part may make the same output"));
        }
        if self.rm && matches!(destination, Destination::Stdout | Destination::Discard) {
            return Err(rejected("--rm needs outputs that take the place of the originals"));
        }
        Ok(())
    }

    /// --list takes precedence over --test, and --test over --decompress: each does the work of the next one and more.
    fn mode(&self) -> Mode {
        match (self.list, self.test, self.decompress) {
            _ if self.recompress => Mode::Recompress,
            (true, ..) if self.trailers => Mode::ListTrailers,
            (true, ..) => Mode::List,
            (_, true, _) => Mode::Test,
            _ if self.salvage => Mode::Salvage,
            (.., true) => Mode::Decompress,
            _ if self.only_indexes() => Mode::Test,
            _ => Mode::Compress,
        }
    }

    fn destination(&mut self) -> Result<Destination, UsageError> {
        let has_no_output = self.test || self.list || self.only_indexes();
        Ok(match (self.output.take(), self.output_dir.take()) {
            (Some(_), _) | (_, Some(_)) if has_no_output => {
                return Err(rejected("--test and --list make no output"));
            }
            _ if has_no_output => Destination::Discard,
            (Some(file), _) if file == "-" || file == "/dev/stdout" => Destination::Stdout,
            (Some(file), _) => Destination::File(non_empty(file, "--output")?),
            (None, Some(directory)) => Destination::Directory(non_empty(directory, "--output-dir")?),
            (None, None) if self.stdout => Destination::Stdout,
            (None, None) => Destination::Beside,
        })
    }

    /// The level, which `engine` must have.
    fn level_of(&self, engine: settings::Engine, defaults: &EnvDefaults, mode: Mode) -> Result<u8, UsageError> {
        if !matches!(mode, Mode::Compress | Mode::Recompress) {
            // The level is unused, so the engine need not have it. Decompressing takes no more memory than the lower levels.
            return Ok(settings::DEFAULT_LEVEL);
        }
        let level = match (self.fast, self.best) {
            (true, _) => 1,
            (_, true) => settings::BEST_LEVEL,
            _ => self.level.or(defaults.level).unwrap_or(settings::DEFAULT_LEVEL),
        };
        let source = if self.fast || self.best || self.level.is_some() { "" } else { " of GZCC_LEVEL" };
        match level > engine.max_level() {
            true => Err(rejected(&format!("level {level}{source} needs --engine native"))),
            false => Ok(level),
        }
    }
}

/// Rejects `--json` if standard output has data.
fn check_json(settings: &Settings, presentation: &Presentation) -> Result<(), UsageError> {
    match presentation.json && settings.stdout_has_data() {
        true => Err(rejected("--json needs standard output for itself")),
        false => Ok(()),
    }
}

/// Rejects `--only-smaller` where no output is a file that can be discarded.
fn check_only_smaller(settings: &Settings) -> Result<(), UsageError> {
    if settings.only_smaller.is_none() {
        return Ok(());
    }
    if !matches!(settings.mode, Mode::Compress | Mode::Recompress) {
        return Err(rejected("--only-smaller goes with compressing"));
    }
    match settings.destination.is_per_input() && !settings.reads_stdin() {
        true => Ok(()),
        false => Err(rejected("--only-smaller needs an output for each file")),
    }
}

/// The largest number of workers that fits `memory`, if that is limited.
fn max_workers(memory: Option<u64>, level: u8) -> Result<Option<NonZeroUsize>, UsageError> {
    let max = memory.map(|bytes| resources::workers_within(bytes, level));
    if max == Some(None) {
        let min = resources::needed(NonZeroUsize::MIN, level) >> 20;
        return Err(rejected(&format!("there has to be memory for one worker ({min}M at this level)")));
    }
    Ok(max.flatten())
}

/// A usage error with this reason.
fn rejected(reason: &str) -> UsageError {
    UsageError(format!("gzcc: {reason}; see gzcc --help"))
}

#[cfg(test)]
mod args_tests;
