//! The command line: what was typed, checked, and turned into settings.
//!
//! The only file that knows clap. Touches no file and prints nothing. Under gzip's names another one is understood.

mod gzip;

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Parser, ValueEnum};

use gzcc::settings::{self, Destination, Mode, Originals, Settings, Verbosity};
use gzcc::shown::Shown;

/// A command line, understood.
pub(crate) struct Command {
    /// What is to be said first.
    pub(crate) warnings: Vec<String>,
    /// What it asks for.
    pub(crate) request: Request,
}

/// What counts of the environment, and only under gzip's names.
#[derive(Default)]
pub(crate) struct Environment {
    /// `GZIP`: options that come first.
    pub(crate) gzip: Option<OsString>,
    /// `POSIXLY_CORRECT` is set.
    pub(crate) posixly_correct: bool,
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
    #[arg(short, long, visible_alias = "uncompress", overrides_with_all = ["test", "list"])]
    decompress: bool,
    /// Test: decompress to nowhere
    #[arg(short, long, overrides_with_all = ["decompress", "list"])]
    test: bool,
    /// List sizes, tested by decompressing
    #[arg(short, long, overrides_with_all = ["decompress", "test"])]
    list: bool,
    /// With -l: believe the last trailer, read nothing else, mark figures with ~
    #[arg(long)]
    trailers: bool,
    /// Stop at a file that expands to more than SIZE bytes (10M, 4G)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_size: Option<u64>,

    /// Level, also as -0 to -9: 0 stores, 1 is fastest, 9 smallest [default: 6]
    #[arg(long, value_name = "N", default_value_t = settings::DEFAULT_LEVEL, hide_default_value = true,
          value_parser = clap::value_parser!(u8).range(0..=settings::MAX_LEVEL as i64),
          overrides_with_all = ["fast", "best"])]
    level: u8,
    /// The same as -1
    #[arg(long, overrides_with_all = ["level", "best"])]
    fast: bool,
    /// The same as -9
    #[arg(long, overrides_with_all = ["level", "fast"])]
    best: bool,

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

    /// Workers [default: the CPUs there are for us]
    #[arg(short, long, value_name = "N", visible_short_alias = 'p', visible_alias = "processes",
          value_parser = clap::value_parser!(u16).range(1..=settings::MAX_JOBS as i64))]
    jobs: Option<u16>,
    /// Who hands out the work
    #[arg(long, value_enum, default_value_t = Scheduler::Threads)]
    scheduler: Scheduler,

    /// No warnings, no count
    #[arg(short, long, overrides_with = "verbose")]
    quiet: bool,
    /// A line for each file
    #[arg(short, long, overrides_with = "quiet", action = ArgAction::SetTrue)]
    verbose: bool,

    /// Give outputs under way a name, as on file systems that take no files without one. For tests.
    #[arg(long, hide = true)]
    named_temporaries: bool,
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
        Ok(typed) => Request::Run(Box::new(typed.decide()?)),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Request::Print(error.render().to_string())
        }
        Err(error) => return Err(refused(&usage(&error))),
    };
    Ok(Command { warnings: Vec::new(), request })
}

impl Typed {
    /// Settles what the options mean together.
    fn decide(self) -> Result<Settings, Usage> {
        if self.trailers && !self.list {
            return Err(refused("--trailers goes with --list"));
        }
        let makes_nothing = self.test || self.list;
        let destination = match (self.output, self.output_dir) {
            (Some(_), _) | (_, Some(_)) if makes_nothing => {
                return Err(refused("--test and --list make no output"));
            }
            _ if makes_nothing => Destination::Nowhere,
            (Some(file), _) if file == "-" || file == "/dev/stdout" => Destination::Stdout,
            (Some(file), _) => Destination::File(non_empty(file, "--output")?),
            (None, Some(folder)) => Destination::Folder(non_empty(folder, "--output-dir")?),
            (None, None) if self.stdout => Destination::Stdout,
            (None, None) => Destination::Beside,
        };
        if self.rm && matches!(destination, Destination::Stdout | Destination::Nowhere) {
            return Err(refused("--rm needs outputs that take the place of the originals"));
        }
        let mode = match (self.decompress, self.test, self.list) {
            (true, ..) => Mode::Decompress,
            (_, true, _) => Mode::Test,
            (.., true) if self.trailers => Mode::ListTrailers,
            (.., true) => Mode::List,
            _ => Mode::Compress,
        };
        let level = match (self.fast, self.best) {
            (true, _) => 1,
            (_, true) => settings::MAX_LEVEL,
            _ => self.level,
        };
        let chosen = |yes: bool, no: bool| if yes || no { Some(yes) } else { None };
        Ok(Settings {
            inputs: self.files,
            mode,
            level,
            jobs: self.jobs.and_then(|n| NonZeroUsize::new(n.into())).unwrap_or_else(settings::available_jobs),
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
}

fn non_empty(name: OsString, option: &str) -> Result<PathBuf, Usage> {
    match name.is_empty() {
        true => Err(refused(&format!("{option}: the name is empty"))),
        false => Ok(name.into()),
    }
}

/// A size in bytes, or with K, M, G or T in powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let shift = match unit.trim_end_matches(['B', 'b']).trim_end_matches(['I', 'i']) {
        "" if unit.is_empty() => 0,
        "K" | "k" => 10,
        "M" | "m" => 20,
        "G" | "g" => 30,
        "T" | "t" => 40,
        _ => return Err("not a size".into()),
    };
    let bytes = number.parse::<u64>().map_err(|error| error.to_string())?;
    bytes.checked_mul(1 << shift).ok_or_else(|| "too large".into())
}

/// An output must have another name than its input, in the same folder.
fn suffix(suffix: OsString) -> Result<OsString, &'static str> {
    match suffix.as_bytes() {
        b"" => Err("the suffix is empty"),
        bytes if bytes.contains(&b'/') => Err("the suffix has a slash"),
        _ => Ok(suffix),
    }
}

/// Writes the digits among short options as `--level=N`, all digits that stand together as one number:
/// `-k11v` becomes `-k --level=11 -v`. What belongs to an option that takes a value is left alone.
fn spell_levels(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    /// Short options whose value is the rest of the word, or the next one.
    const TAKE_VALUE: &[u8] = b"joOpS";
    /// Long ones, or their beginnings, may have theirs in the next word.
    const LONG_TAKE_VALUE: &[&str] =
        &["--level", "--output", "--output-dir", "--suffix", "--jobs", "--processes", "--scheduler", "--max-size"];
    let mut words = words.into_iter();
    let mut spelt: Vec<OsString> = words.by_ref().take(1).collect();
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        if bytes == b"--" {
            spelt.push(word);
            break;
        }
        let takes_next = if bytes.len() > 1 && bytes[0] == b'-' && bytes[1] != b'-' {
            let cluster = &bytes[1..];
            let options = cluster.iter().position(|b| TAKE_VALUE.contains(b)).unwrap_or(cluster.len());
            let mut rest = &cluster[..options];
            while let Some(start) = rest.iter().position(u8::is_ascii_digit) {
                let digits = rest[start..].iter().take_while(|b| b.is_ascii_digit()).count();
                push_cluster(&mut spelt, &rest[..start]);
                let mut level = OsString::from("--level=");
                level.push(OsStr::from_bytes(&rest[start..start + digits]));
                spelt.push(level);
                rest = &rest[start + digits..];
            }
            let mut tail = rest.to_vec();
            tail.extend_from_slice(&cluster[options..]);
            push_cluster(&mut spelt, &tail);
            options + 1 == cluster.len()
        } else {
            let takes_next =
                bytes.len() > 2 && LONG_TAKE_VALUE.iter().any(|option| option.as_bytes().starts_with(bytes));
            spelt.push(word);
            takes_next
        };
        if takes_next {
            spelt.extend(words.next());
        }
    }
    spelt.extend(words);
    spelt
}

fn push_cluster(words: &mut Vec<OsString>, letters: &[u8]) {
    if !letters.is_empty() {
        words.push(OsString::from_vec([b"-", letters].concat()));
    }
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
            let reason = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
            format!("invalid value '{value}' for '{option}'{reason}")
        }
        _ => {
            let rendered = error.render().to_string();
            let first = rendered.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    };
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedValue] {
        if let Some(suggestion) = context(kind) {
            line += &format!(" (similar: {suggestion})");
        }
    }
    Shown::text(&line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(words: &str) -> String {
        let words = ["gzcc"].into_iter().chain(words.split(' ')).map(OsString::from);
        let spelt = spell_levels(words).into_iter().skip(1);
        spelt.map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
    }

    fn settings(words: &str) -> Result<Settings, Usage> {
        let words = ["gzcc"].into_iter().chain(words.split(' ').filter(|w| !w.is_empty()));
        match parse(words.map(OsString::from), Environment::default())?.request {
            Request::Run(settings) => Ok(*settings),
            Request::Print(text) => panic!("{text}"),
        }
    }

    #[test]
    fn the_command_is_well_formed() {
        use clap::CommandFactory;
        Typed::command().debug_assert();
    }

    #[test]
    fn digits_that_stand_together_are_one_level() {
        assert_eq!(spelt("-9"), "--level=9");
        assert_eq!(spelt("-11"), "--level=11");
        assert_eq!(spelt("-k9v a"), "-k --level=9 -v a");
        assert_eq!(spelt("-1k2"), "--level=1 -k --level=2");
    }

    #[test]
    fn digits_of_other_options_and_names_are_left_alone() {
        for words in ["-j4", "-j 4", "-kj4", "-S -9", "-o 7", "--jobs -3", "a -- -9", "-", "--level 3", "9"] {
            assert_eq!(spelt(words), words);
        }
        assert_eq!(spelt("-9j4 -1"), "--level=9 -j4 --level=1");
    }

    #[test]
    fn the_last_of_contradictory_options_wins() {
        assert_eq!(settings("--best -1 -9 --fast").unwrap().level, 1);
        assert_eq!(settings("--fast --best -3").unwrap().level, 3);
        assert_eq!(settings("-3 --best").unwrap().level, 9);
        assert!(settings("-k --rm").unwrap().removes());
        assert!(!settings("--rm -k").unwrap().removes());
        assert!(!settings("-N -n").unwrap().keep_name);
        assert!(settings("-n -N").unwrap().keep_name);
        assert_eq!(settings("-q -v").unwrap().verbosity, Verbosity::Verbose);
        assert_eq!(settings("-v -q").unwrap().verbosity, Verbosity::Quiet);
        assert_eq!(settings("--sync --no-sync").unwrap().sync, Some(false));
        assert_eq!(settings("-c -o x").unwrap().destination, Destination::File("x".into()));
        assert_eq!(settings("-o x -O y").unwrap().destination, Destination::Folder("y".into()));
        assert_eq!(settings("-O y -c").unwrap().destination, Destination::Stdout);
        assert_eq!(settings("-j1 -p 3").unwrap().jobs.get(), 3);
    }

    #[test]
    fn options_and_files_come_in_any_order() {
        let settings = settings("a -k b -9 -- -c").unwrap();
        assert_eq!(settings.inputs, ["a", "b", "-c"]);
        assert_eq!((settings.level, settings.destination), (9, Destination::Beside));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_one_line() {
        for words in ["-11", "--level 10", "--level x", "-j0", "-j x", "-S=/", "-Sa/b", "--rm -c a", "--nonsense", "-o"]
        {
            let Usage(line) = settings(words).map(|_| ()).unwrap_err();
            assert!(!line.is_empty() && !line.contains('\n'), "{words}: {line}");
        }
    }

    #[test]
    fn output_to_a_dash_is_standard_output() {
        assert_eq!(settings("-o -").unwrap().destination, Destination::Stdout);
    }
}
