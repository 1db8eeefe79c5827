//! The command line: what was typed, checked, and turned into settings.
//!
//! The only room that knows clap. Touches no file and prints nothing. Under gzip's names another one is understood.

mod choosing;
mod environment;
mod gzip;
mod levels;
mod moments;
mod values;

use std::ffi::OsString;
use std::num::NonZeroUsize;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Parser, ValueEnum};

use self::choosing::Choosing;
pub(crate) use self::environment::Environment;
use self::environment::Wishes;
use self::levels::spell_levels;
use self::values::{Engine, jobs, level, non_empty, size, suffix};
use gzcc::memory;
use gzcc::settings::{self, Destination, Mode, Originals, Settings, Verbosity};
use gzcc::shown::Shown;

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
    Run(Box<Settings>),
    /// Print this: help or version.
    Print(String),
}

/// Why a command line was not understood: one line, the program's name and all.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

/// Compress files at once, each to FILE.gz, and big ones in pieces; or decompress them. Originals are kept.
#[derive(Parser, Debug)]
#[command(
    name = "gzcc",
    version,
    args_override_self = true,
    infer_long_args = true,
    max_term_width = 80,
    after_help = "With no FILE, or when FILE is -, standard input is worked on to standard output.\n\
                  Called gzip, gunzip, zcat, gzcat, pigz or unpigz, it follows gzip's rules.\n\
                  Exit status: 0 all went well, 1 an error, 2 warnings only.",
    override_usage = "gzcc [OPTIONS] [FILE]..."
)]
struct Typed {
    /// Files to work on, or folders with -r
    #[arg(value_name = "FILE")]
    files: Vec<OsString>,

    /// Decompress
    #[arg(short, long, visible_alias = "uncompress")]
    decompress: bool,
    /// Test: decompress to nowhere (also with -d)
    #[arg(short, long)]
    test: bool,
    /// List sizes, tested by decompressing (also with -d or -t)
    #[arg(short, long)]
    list: bool,
    /// With -l: believe the last trailer, read nothing else, mark figures with ~
    #[arg(long)]
    trailers: bool,
    /// Stop at a file that expands to more than SIZE bytes (10M, 4G)
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true)]
    max_size: Option<u64>,

    /// Level, also as -0 to -12: 0 stores, 1 is fastest, 9 small, 10 to 12 smaller still and slow [default: 6]
    #[arg(long, value_name = "N", value_parser = level, overrides_with_all = ["fast", "best"])]
    level: Option<u8>,
    /// The same as -1
    #[arg(long, overrides_with_all = ["level", "best"])]
    fast: bool,
    /// The same as -9
    #[arg(long, overrides_with_all = ["level", "fast"])]
    best: bool,
    /// Who compresses; levels 10 to 12 need native
    #[arg(long, value_enum, default_value_t = Engine(settings::DEFAULT_ENGINE))]
    engine: Engine,

    /// Write to standard output, in the order of the FILEs
    #[arg(short = 'c', long, visible_alias = "to-stdout", overrides_with_all = ["output", "output_dir"])]
    stdout: bool,
    /// Write to FILE, all inputs into one
    #[arg(short, long, value_name = "FILE", overrides_with_all = ["stdout", "output_dir"])]
    output: Option<OsString>,
    /// Write into the folder DIR, paths mirrored as given (without ..)
    #[arg(short = 'O', long, value_name = "DIR", overrides_with_all = ["stdout", "output"])]
    output_dir: Option<OsString>,
    /// Replace outputs, write to terminals, take hard-linked and setuid files, with -dc pass on what is no gzip
    #[arg(short, long)]
    force: bool,
    /// Suffix of compressed files
    #[arg(short = 'S', long, value_name = "SUF", default_value = ".gz", value_parser = OsStringValueParser::new().try_map(suffix))]
    suffix: OsString,

    /// Keep originals (default)
    #[arg(short, long, overrides_with = "rm")]
    keep: bool,
    /// Remove originals once their outputs are whole, named and synced (never where one -o takes several)
    #[arg(long, overrides_with = "keep")]
    rm: bool,
    /// Leave alone what has a .gz that is not older; with --rm, remove it after comparing
    #[arg(long)]
    update: bool,
    /// Decompress what was made, in memory, and compare before it counts
    #[arg(long)]
    verify: bool,
    /// Sync outputs before they count (default with --rm)
    #[arg(long, overrides_with = "no_sync")]
    sync: bool,
    /// Leave syncing to the system
    #[arg(long, overrides_with = "sync")]
    no_sync: bool,

    /// Walk into folders, hidden files included; links are not followed
    #[arg(short, long)]
    recursive: bool,
    /// Store or restore neither name nor time (default)
    #[arg(short = 'n', long, overrides_with = "name")]
    no_name: bool,
    /// Store each file's name and time, or with -d restore them
    #[arg(short = 'N', long, overrides_with = "no_name")]
    name: bool,

    /// End blocks where the content says so, for rsync and backups
    #[arg(long)]
    rsyncable: bool,

    /// Workers [default: the CPUs there are for us, and what a container's memory has room for]
    #[arg(short, long, value_name = "N", visible_short_alias = 'p', visible_alias = "processes",
          allow_negative_numbers = true,
          value_parser = jobs)]
    jobs: Option<NonZeroUsize>,
    /// Memory for the whole run (100M): as few workers as that takes
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true)]
    memory: Option<u64>,
    /// Who hands out the work
    #[arg(long, value_enum, default_value_t = Scheduler::Threads)]
    scheduler: Scheduler,

    /// No warnings, no count
    #[arg(short, long, overrides_with = "verbose")]
    quiet: bool,
    /// A line for each file, and one on the workers
    #[arg(short, long, overrides_with = "quiet", action = ArgAction::SetTrue)]
    verbose: bool,

    /// Give outputs under way a name, as on file systems that take no files without one. For tests.
    #[arg(long, hide = true)]
    named_temporaries: bool,

    // Behind all that have no heading: it would be theirs as well.
    #[command(flatten)]
    choosing: Choosing,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Scheduler {
    Threads,
    Rayon,
}

/// Understands a command line; its first word is the program's name.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>, environment: Environment) -> Result<Command, Usage> {
    let mut words = words.into_iter().peekable();
    if let Some(name) = words.peek().and_then(|program| gzip::name_of(program)) {
        return gzip::parse(name, words.skip(1), environment);
    }
    let request = match Typed::try_parse_from(spell_levels(words)) {
        Ok(typed) => Request::Run(Box::new(typed.decide(&environment.wishes()?)?)),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Request::Print(error.render().to_string())
        }
        Err(error) => return Err(refused(&usage(&error))),
    };
    Ok(Command { warnings: Vec::new(), request })
}

impl Typed {
    /// Settles what the options mean together.
    fn decide(mut self, wishes: &Wishes) -> Result<Settings, Usage> {
        if self.trailers && !self.list {
            return Err(refused("--trailers goes with --list"));
        }
        if self.max_size.is_some() && !(self.decompress || self.test || self.list) {
            return Err(refused("--max-size goes with --decompress, --test or --list"));
        }
        if (self.decompress || self.test || self.list) && (self.verify || self.update) {
            return Err(refused("--verify and --update go with compressing"));
        }
        let destination = self.destination()?;
        if self.update && !matches!(destination, Destination::Beside | Destination::Folder(_)) {
            return Err(refused("--update needs an output for each file"));
        }
        if self.rm && matches!(destination, Destination::Stdout | Destination::Nowhere) {
            return Err(refused("--rm needs outputs that take the place of the originals"));
        }
        let (engine, level) = self.engine_and_level(wishes)?;
        let mode = self.mode();
        let (list, choosing) = self.choosing.decide(&self.files, self.recursive, mode)?;
        // Decompressing takes no more than the lower levels do.
        let cost = if mode == Mode::Compress { level } else { settings::DEFAULT_LEVEL };
        let jobs = workers(self.jobs.or(wishes.jobs), self.memory.or(wishes.memory), cost)?;
        let chosen = |yes: bool, no: bool| if yes || no { Some(yes) } else { None };
        Ok(Settings {
            mode,
            inputs: self.files,
            list,
            choosing,
            engine,
            level,
            jobs,
            scheduler: match self.scheduler {
                Scheduler::Threads => settings::Scheduler::Threads,
                Scheduler::Rayon => settings::Scheduler::Rayon,
            },
            recursive: self.recursive,
            destination,
            originals: if self.rm { Originals::Remove } else { Originals::Keep },
            force: self.force,
            suffix: self.suffix,
            keep_name: self.name,
            keep_time: self.name,
            rsyncable: self.rsyncable,
            verify: self.verify,
            update: self.update,
            max_size: self.max_size,
            sync: chosen(self.sync, self.no_sync),
            verbosity: match (self.quiet, self.verbose) {
                (true, _) => Verbosity::Quiet,
                (_, true) => Verbosity::Verbose,
                _ => Verbosity::Normal,
            },
            unnamed_temporaries: !self.named_temporaries,
            ..Settings::default()
        })
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
            _ if makes_nothing => Destination::Nowhere,
            (Some(file), _) if file == "-" || file == "/dev/stdout" => Destination::Stdout,
            (Some(file), _) => Destination::File(non_empty(file, "--output")?),
            (None, Some(folder)) => Destination::Folder(non_empty(folder, "--output-dir")?),
            (None, None) if self.stdout => Destination::Stdout,
            (None, None) => Destination::Beside,
        })
    }

    fn engine_and_level(&self, wishes: &Wishes) -> Result<(settings::Engine, u8), Usage> {
        let level = match (self.fast, self.best) {
            (true, _) => 1,
            (_, true) => settings::BEST_LEVEL,
            _ => self.level.or(wishes.level).unwrap_or(settings::DEFAULT_LEVEL),
        };
        let Engine(engine) = self.engine;
        // A level says nothing to who decompresses.
        match level > engine.max_level() && self.mode() == Mode::Compress {
            true => Err(refused(&format!("level {level} needs --engine native"))),
            false => Ok((engine, level)),
        }
    }
}

/// The workers asked for, or else all there are; no more than the memory that is given has room for.
fn workers(asked: Option<NonZeroUsize>, memory: Option<u64>, level: u8) -> Result<NonZeroUsize, Usage> {
    let Some(bytes) = memory else {
        return Ok(asked.unwrap_or_else(|| memory::available_workers(level)));
    };
    let Some(room) = memory::workers_within(bytes, level) else {
        let least = memory::needed(NonZeroUsize::MIN, level) >> 20;
        return Err(refused(&format!("there has to be memory for one worker ({least}M at this level)")));
    };
    Ok(room.min(asked.unwrap_or_else(|| memory::available_workers(level))))
}

fn refused(reason: &str) -> Usage {
    Usage(format!("gzcc: {reason}; see gzcc --help"))
}

/// clap's error as one line.
fn usage(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    // What clap renders drops control characters and breaks lines; what was typed is to be told whole.
    let mut line = match (error.kind(), context(ContextKind::InvalidArg), context(ContextKind::InvalidValue)) {
        (ErrorKind::UnknownArgument, Some(word), _) => format!("unexpected argument '{word}' found"),
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(option), Some(value)) if !value.is_empty() => {
            let reason = match (std::error::Error::source(error), context(ContextKind::ValidValue)) {
                (Some(source), _) => format!(": {source}"),
                (None, Some(valid)) => format!(": it is one of {valid}"),
                (None, None) => String::new(),
            };
            format!("invalid value '{value}' for '{option}'{reason}")
        }
        _ => {
            let rendered = error.render().to_string();
            let first = rendered.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    };
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedValue] {
        // What begins with another letter is seldom meant.
        let initial = |word: &str| word.trim_start_matches('-').chars().next();
        let typed = context(ContextKind::InvalidArg).or(context(ContextKind::InvalidValue));
        let meant = |suggestion: &String| typed.as_deref().is_none_or(|typed| initial(typed) == initial(suggestion));
        if let Some(suggestion) = context(kind).filter(meant) {
            line += &format!(" (similar: {suggestion})");
        }
    }
    Shown::text(&line).to_string()
}

#[cfg(test)]
mod tests;
