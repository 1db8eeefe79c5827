//! The command line: what was typed, checked, and turned into settings.
//!
//! The only room that knows clap. Touches no file and prints nothing. Under gzip's names another one is understood.

mod benchmark;
mod completions;
mod environment;
mod filter_args;
mod help;
mod levels;
mod manual;
mod reporting;
mod time_spec;
mod typed;
mod usage_error;
mod values;

use std::ffi::OsString;
use std::num::NonZeroUsize;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

pub(crate) use self::environment::Environment;
use self::environment::Wishes;
use self::levels::expand_levels;
use self::typed::{Scheduler, Typed};
use self::values::{EngineArg, non_empty};
use crate::benchmark::Benchmark;
use crate::presentation::{Presentation, Verbosity};
use gzcc::settings::resources;
use gzcc::settings::{self, Destination, Mode, Originals, OverwritePolicy, Refuse, Settings};

/// A command line, understood.
pub(crate) struct Command {
    /// What is to be said first.
    pub(crate) warnings: Vec<String>,
    /// What it asks for.
    pub(crate) request: Request,
}

/// What a command line asks for.
pub(crate) enum Request {
    /// Do this.
    Run(Box<Run>),
    /// Measure this.
    Benchmark(Box<Benchmark>),
    /// Print this: help, version, completions or the manual page.
    Print(String),
}

/// A run.
#[derive(Debug)]
pub(crate) struct Run {
    /// What it does.
    pub(crate) settings: Settings,
    /// How it is presented.
    pub(crate) presentation: Presentation,
}

/// Why a command line was not understood: one line, the program's name and all.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

/// Understands a command line; its first word is the program's name.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>, environment: Environment) -> Result<Command, Usage> {
    let mut words = words.into_iter().peekable();
    if let Some(name) = words.peek().and_then(|program| crate::gnu::name_of(program)) {
        return crate::gnu::parse(name, words.skip(1), environment);
    }
    let matched = definition().try_get_matches_from(expand_levels(words));
    let request = match matched.and_then(|matches| Typed::from_arg_matches(&matches)) {
        Ok(Typed { man: true, .. }) => Request::Print(manual::page(definition())),
        Ok(Typed { completions: Some(shell), .. }) => Request::Print(completions::script(shell, definition())),
        Ok(typed) if typed.is_benchmark() => {
            Request::Benchmark(Box::new(typed.decide_benchmark(&environment.wishes()?)?))
        }
        Ok(typed) => Request::Run(Box::new(typed.decide(&environment.wishes()?)?)),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => Request::Print(help::requested(&error, definition())),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => Request::Print(error.render().to_string()),
        Err(error) => return Err(refused(&usage_error::message(&error))),
    };
    Ok(Command { warnings: Vec::new(), request })
}

/// The options, and what is said of them.
fn definition() -> clap::Command {
    help::with_help(Typed::command())
}

impl Typed {
    /// Settles what the options mean together.
    fn decide(mut self, wishes: &Wishes) -> Result<Run, Usage> {
        let mode = self.mode();
        let destination = self.destination()?;
        self.check(&destination)?;
        let (engine, level) = self.engine_and_level(wishes, mode)?;
        let presentation = self.presentation();
        let (list, filter) = self.choosing.decide(&self.files, self.recursive, mode)?;
        let is_filter = list.is_none() && self.files.is_empty();
        let presentation = Presentation { is_filter, ..presentation };
        let only_smaller = self.reporting.only_smaller();
        let jobs = workers(self.jobs.or(wishes.jobs), self.memory.or(wishes.memory), level)?;
        let chosen = |yes: bool, no: bool| if yes || no { Some(yes) } else { None };
        let unless_forced = if self.force { Refuse::Never } else { Refuse::IfRemoved };
        let settings = Settings {
            mode,
            inputs: if is_filter { vec!["-".into()] } else { self.files },
            list,
            filter,
            engine,
            level,
            scheduler: match self.scheduler {
                Scheduler::Threads => settings::Scheduler::Threads,
                Scheduler::Rayon => settings::Scheduler::Rayon,
            },
            recursive: self.recursive,
            destination,
            originals: if self.rm { Originals::Remove } else { Originals::Keep },
            overwrite: if self.force { OverwritePolicy::Replace } else { OverwritePolicy::Skip },
            hard_links: unless_forced,
            setid: unless_forced,
            sticky: unless_forced,
            terminal_input: self.force,
            terminal_output: self.force,
            copy_foreign: self.force,
            suffix: self.suffix,
            keep_name: self.name,
            keep_time: self.name,
            rsyncable: self.rsyncable,
            verify: self.verify,
            update: self.update,
            only_smaller,
            max_size: self.max_size,
            sync: chosen(self.sync, self.no_sync),
            sparse: !self.no_sparse,
            unnamed_temporaries: !self.named_temporaries,
            ..Settings::of_workers(jobs)
        };
        reporting::check(&settings, &presentation)?;
        Ok(Run { settings, presentation })
    }

    /// How the run is presented.
    fn presentation(&self) -> Presentation {
        let verbosity = match (self.quiet, self.verbose) {
            (0, true) => Verbosity::Verbose,
            (0, false) => Verbosity::Normal,
            (1, _) => Verbosity::Quiet,
            _ => Verbosity::Silent,
        };
        let (json, progress) = (self.reporting.json(), self.reporting.progress());
        Presentation { verbosity, json, progress, ..Presentation::default() }
    }

    /// Refuses what contradicts itself.
    fn check(&self, destination: &Destination) -> Result<(), Usage> {
        if self.trailers && !self.list {
            return Err(refused("--trailers goes with --list"));
        }
        if self.max_size.is_some() && !(self.decompress || self.test || self.list) {
            return Err(refused("--max-size goes with --decompress, --test or --list"));
        }
        if (self.decompress || self.test || self.list) && (self.verify || self.update) {
            return Err(refused("--verify and --update go with compressing"));
        }
        let to_files = matches!(destination, Destination::Beside | Destination::Directory(_));
        if self.update && !to_files {
            return Err(refused("--update needs an output for each file"));
        }
        if self.choosing.is_sharded() && self.force && self.mode() == Mode::Decompress && to_files {
            // a.tgz and a.tar.gz both become a.tar, which only a run that has both can know.
            return Err(refused("--shard does not decompress with --force, as another part may make the same output"));
        }
        if self.rm && matches!(destination, Destination::Stdout | Destination::Discard) {
            return Err(refused("--rm needs outputs that take the place of the originals"));
        }
        Ok(())
    }

    /// Listing tests, and testing decompresses: what asks for less does not take that back.
    fn mode(&self) -> Mode {
        match (self.list, self.test, self.decompress) {
            (true, ..) if self.trailers => Mode::ListTrailers,
            (true, ..) => Mode::List,
            (_, true, _) => Mode::Test,
            (.., true) => Mode::Decompress,
            _ => Mode::Compress,
        }
    }

    fn destination(&mut self) -> Result<Destination, Usage> {
        let makes_nothing = self.test || self.list;
        Ok(match (self.output.take(), self.output_dir.take()) {
            (Some(_), _) | (_, Some(_)) if makes_nothing => {
                return Err(refused("--test and --list make no output"));
            }
            _ if makes_nothing => Destination::Discard,
            (Some(file), _) if file == "-" || file == "/dev/stdout" => Destination::Stdout,
            (Some(file), _) => Destination::File(non_empty(file, "--output")?),
            (None, Some(directory)) => Destination::Directory(non_empty(directory, "--output-dir")?),
            (None, None) if self.stdout => Destination::Stdout,
            (None, None) => Destination::Beside,
        })
    }

    fn engine_and_level(&self, wishes: &Wishes, mode: Mode) -> Result<(settings::Engine, u8), Usage> {
        let EngineArg(engine) = self.engine;
        if mode != Mode::Compress {
            // A level means nothing here, so it need not be one of the engine's. Decompressing takes no more memory than
            // the lower levels do.
            return Ok((engine, settings::DEFAULT_LEVEL));
        }
        let level = match (self.fast, self.best) {
            (true, _) => 1,
            (_, true) => settings::BEST_LEVEL,
            _ => self.level.or(wishes.level).unwrap_or(settings::DEFAULT_LEVEL),
        };
        match level > engine.max_level() {
            true => Err(refused(&format!("level {level} needs --engine native"))),
            false => Ok((engine, level)),
        }
    }
}

/// The workers asked for, or else all there are; no more than the memory that is given has room for.
fn workers(asked: Option<NonZeroUsize>, memory: Option<u64>, level: u8) -> Result<NonZeroUsize, Usage> {
    let Some(bytes) = memory else {
        return Ok(asked.unwrap_or_else(|| resources::available_workers(level)));
    };
    let Some(room) = resources::workers_within(bytes, level) else {
        let least = resources::needed(NonZeroUsize::MIN, level) >> 20;
        return Err(refused(&format!("there has to be memory for one worker ({least}M at this level)")));
    };
    Ok(room.min(asked.unwrap_or_else(|| resources::available_workers(level))))
}

fn refused(reason: &str) -> Usage {
    Usage(format!("gzcc: {reason}; see gzcc --help"))
}

#[cfg(test)]
mod tests;
