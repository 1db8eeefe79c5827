//! Command lines under the names of gzip and pigz.
//!
//! Not parsed by clap: order matters (the last of `-n` and `-M` wins, and so does the last digit of a level), any unique prefix
//! of a long option is accepted, and the messages are gzip's. Accepts the options of GNU gzip 1.12 and pigz 2.8, and rejects
//! by name those that gzcc does not support.

mod gnu_args;
mod policies;
mod switches;
mod texts;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use gzcc::settings::{self, Destination, Mode};

use self::gnu_args::GnuArgs;
use crate::args::{CommandLine, Environment, Request, UsageError};
use crate::presentation::Verbosity;

/// The names to which gzip's rules apply, each with its default mode and destination.
const NAMES: [(&str, Mode, Destination); 6] = [
    ("gzip", Mode::Compress, Destination::Beside),
    ("gunzip", Mode::Decompress, Destination::Beside),
    ("zcat", Mode::Decompress, Destination::Stdout),
    ("gzcat", Mode::Decompress, Destination::Stdout),
    ("pigz", Mode::Compress, Destination::Beside),
    ("unpigz", Mode::Decompress, Destination::Beside),
];

/// The entry of [`NAMES`] that matches `program`, the first argument of a command line.
pub(crate) fn name_of(program: &OsStr) -> Option<&'static str> {
    let name = program.as_bytes().rsplit(|&b| b == b'/').next()?;
    NAMES.iter().map(|(known, ..)| *known).find(|known| known.as_bytes() == name)
}

/// All names to which gzip's rules apply.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, ..)| *name)
}

/// The help under the name `program`.
pub(crate) fn help(program: &str) -> String {
    texts::help(program, settings::DEFAULT_ENGINE.max_level() > settings::BEST_LEVEL)
}

/// Parses the arguments after the program's name, and before them those in `GZIP` and `PIGZ`.
pub(crate) fn parse(
    program: &'static str,
    arguments: impl Iterator<Item = OsString>,
    environment: Environment,
) -> Result<CommandLine, UsageError> {
    let mut args = GnuArgs::new(program);
    args.posixly_correct = environment.posixly_correct;
    let variables = [("GZIP", environment.gzip), ("PIGZ", environment.pigz.filter(|_| args.is_pigz))];
    for (variable, value) in variables {
        let options: Vec<OsString> = value.iter().flat_map(split_words).collect();
        // As in pigz, there is no warning under its name.
        let warns = !options.is_empty() && !args.is_pigz;
        args.variable = Some(variable);
        args.parse(options.into_iter())?;
        if warns && args.verbosity > Verbosity::Silent {
            let warning = "warning: GZIP environment variable is deprecated; use an alias or script";
            args.warnings.push(format!("{program}: {warning}"));
        }
    }
    args.variable = None;
    args.parse(arguments)?;
    if args.ascii && args.print.is_none() && args.verbosity > Verbosity::Silent {
        args.warnings.push(format!("{program}: option --ascii ignored on this system"));
    }
    let warnings = std::mem::take(&mut args.warnings);
    let request = match args.print.take() {
        Some(text) => Request::Print { text, program },
        None => Request::Run(Box::new(args.into_run())),
    };
    Ok(CommandLine { warnings, request })
}

/// The words of a variable's value.
fn split_words(value: &OsString) -> impl Iterator<Item = OsString> {
    let words = value.as_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.map(|word| OsString::from_vec(word.to_vec()))
}
