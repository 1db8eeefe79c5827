//! The options under gzip's names, parsed by the rules of getopt: one pass in the order of the command line.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use gzcc::EscapedName;
use gzcc::settings::{self, Destination, Mode, Settings};

use super::NAMES;
use super::switches::Switch::{self, *};
use super::switches::{GZIP, PIGZ};
use super::texts::{help, version};
use crate::args::UsageError;
use crate::presentation::Verbosity;

/// pigz's level with the smallest output, for which it uses zopfli.
const ZOPFLI_LEVEL: u8 = 11;

/// The options parsed so far.
pub(super) struct GnuArgs {
    pub(super) is_pigz: bool,
    /// The environment variable that is being parsed; `None` for the command line itself.
    pub(super) variable: Option<&'static str>,
    /// The first file name ends the options (POSIXLY_CORRECT).
    pub(super) posixly_correct: bool,
    /// Warnings to print before the run.
    pub(super) warnings: Vec<String>,
    /// The text to print instead of a run: help, version or license.
    pub(super) print: Option<String>,
    pub(super) decompress: bool,
    pub(super) test: bool,
    pub(super) list: bool,
    pub(super) stdout: bool,
    pub(super) keep: bool,
    pub(super) ascii: bool,
    /// Whether to store or restore the name, if an option decides it.
    pub(super) name: Option<bool>,
    /// The same for the time.
    pub(super) time: Option<bool>,
    pub(super) verbosity: Verbosity,
    pub(super) force: bool,
    /// Standard input is treated as a terminal where the question about an existing output is asked.
    pub(super) presumes_terminal: bool,
    /// The name that the program was called by.
    pub(super) program: &'static str,
    /// The number of workers, if an option decides it.
    pub(super) jobs: Option<NonZeroUsize>,
    /// The settings that a single option determines, and the inputs.
    pub(super) settings: Settings,
}

impl GnuArgs {
    pub(super) fn new(program: &'static str) -> Self {
        let found = NAMES.iter().find(|(name, ..)| *name == program);
        let (_, mode, destination) = found.unwrap_or(&NAMES[0]);
        Self {
            is_pigz: program.ends_with("pigz"),
            variable: None,
            posixly_correct: false,
            warnings: Vec::new(),
            print: None,
            decompress: *mode == Mode::Decompress,
            test: false,
            list: false,
            stdout: *destination == Destination::Stdout,
            keep: false,
            ascii: false,
            name: None,
            time: None,
            verbosity: Verbosity::Normal,
            force: false,
            presumes_terminal: false,
            program,
            jobs: None,
            settings: Settings::of_workers(NonZeroUsize::MIN),
        }
    }

    /// Parses arguments: options and files in any order, and only files after `--`. Stops at an option that prints a text.
    pub(super) fn parse(&mut self, mut arguments: impl Iterator<Item = OsString>) -> Result<(), UsageError> {
        while let Some(argument) = arguments.next() {
            match argument.as_bytes() {
                b"--" if self.variable.is_some() => return Err(self.not_in_variable("--: option not valid")),
                b"--" => {
                    self.settings.inputs.extend(arguments);
                    break;
                }
                [b'-', b'-', long @ ..] => self.parse_long(long, &mut arguments)?,
                [b'-', cluster @ ..] if !cluster.is_empty() => self.parse_cluster(cluster, &mut arguments)?,
                _ if self.posixly_correct && self.variable.is_none() => {
                    self.settings.inputs.push(argument);
                    self.settings.inputs.extend(arguments);
                    break;
                }
                _ if self.variable.is_some() => {
                    return Err(self.not_in_variable(&format!("{}: non-option", EscapedName::path(&argument))));
                }
                _ => self.settings.inputs.push(argument),
            }
            if self.print.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn parse_long(&mut self, long: &[u8], arguments: &mut impl Iterator<Item = OsString>) -> Result<(), UsageError> {
        let (name, value) = match long.iter().position(|&b| b == b'=') {
            Some(at) => (&long[..at], Some(OsString::from_vec(long[at + 1..].to_vec()))),
            None => (long, None),
        };
        let exact = GZIP.iter().chain(PIGZ).filter(|(_, known, _)| known.as_bytes() == name).take(1);
        let mut matches: Vec<_> = exact.collect();
        for options in [GZIP, PIGZ] {
            if matches.is_empty() {
                matches.extend(options.iter().filter(|(_, known, _)| known.as_bytes().starts_with(name)));
            }
        }
        let escaped = EscapedName::bytes(name);
        let Some((_, full, switch)) = matches.first() else {
            return Err(self.rejected(&format!("unrecognized option '--{escaped}'")));
        };
        if matches.iter().any(|(.., other)| other != switch) {
            let names: Vec<String> = matches.iter().map(|(_, name, _)| format!("'--{name}'")).collect();
            return Err(
                self.rejected(&format!("option '--{escaped}' is ambiguous; possibilities: {}", names.join(" ")))
            );
        }
        let value = match (takes_value(*switch), value) {
            (true, value) => Some(
                value
                    .or_else(|| arguments.next())
                    .ok_or_else(|| self.rejected(&format!("option '--{full}' requires an argument")))?,
            ),
            (false, Some(_)) => return Err(self.rejected(&format!("option '--{full}' doesn't allow an argument"))),
            (false, None) => None,
        };
        self.apply(*switch, value.unwrap_or_default(), &format!("--{full}"))
    }

    fn parse_cluster(
        &mut self,
        cluster: &[u8],
        arguments: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), UsageError> {
        let mut rest = cluster;
        while let [letter, after @ ..] = rest {
            if letter.is_ascii_digit() {
                rest = self.parse_level(rest)?;
                continue;
            }
            rest = after;
            let Some((.., switch)) = GZIP.iter().chain(PIGZ).find(|(known, ..)| known == letter && *letter != 0) else {
                return Err(self.rejected(&format!("invalid option -- '{}'", EscapedName::bytes(&[*letter]))));
            };
            let mut value = OsString::new();
            if takes_value(*switch) {
                value = match std::mem::take(&mut rest) {
                    [] => arguments.next().ok_or_else(|| {
                        self.rejected(&format!("option requires an argument -- '{}'", char::from(*letter)))
                    })?,
                    here => OsString::from_vec(here.to_vec()),
                };
            }
            self.apply(*switch, value, &format!("-{}", char::from(*letter)))?;
        }
        Ok(())
    }

    /// Parses the level at the start of `cluster`; returns the rest. pigz reads consecutive digits as one number, gzip reads each
    /// digit as a level.
    fn parse_level<'a>(&mut self, cluster: &'a [u8]) -> Result<&'a [u8], UsageError> {
        let max_digits = if self.is_pigz { cluster.len() } else { 1 };
        let end = cluster[..max_digits].iter().position(|b| !b.is_ascii_digit()).unwrap_or(max_digits);
        let (digits, rest) = cluster.split_at(end);
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u8>().ok());
        self.settings.level = match (number, self.highest_level()) {
            (Some(level @ ..=settings::BEST_LEVEL), _) => level,
            (Some(ZOPFLI_LEVEL), Some(level)) => level,
            (_, Some(_)) => return Err(self.rejected("only levels 0 to 9 and 11 are supported")),
            (_, None) => return Err(self.rejected("only levels 0 to 9 are supported")),
        };
        Ok(rest)
    }

    /// The engine's highest level, which replaces [`ZOPFLI_LEVEL`], if it is above gzip's levels.
    fn highest_level(&self) -> Option<u8> {
        Some(self.settings.engine.max_level()).filter(|&level| level > settings::BEST_LEVEL)
    }

    /// Applies an option, spelled `option`, with its value if it takes one.
    fn apply(&mut self, switch: Switch, value: OsString, option: &str) -> Result<(), UsageError> {
        // As in gzip, options in the environment must not decide which files are replaced or removed.
        let harmless = matches!(switch, Fast | Best | Name | NoName | Quiet | Rsyncable | Synchronous | Verbose);
        if self.variable.is_some() && !self.is_pigz && !harmless {
            return Err(self.not_in_variable(&format!("{option}: option not valid")));
        }
        let (settings, program) = (&mut self.settings, self.program);
        match switch {
            Ascii => self.ascii = true,
            Bits if self.is_pigz => return Err(self.unsupported(option, "other block sizes")),
            // -b limits the codes of LZW, which gzip no longer writes.
            Bits if value.as_bytes().iter().all(u8::is_ascii_digit) => {}
            Bits => return Err(self.rejected("-b operand is not an integer")),
            Stdout => self.stdout = true,
            Decompress => self.decompress = true,
            Force => self.force = true,
            Independent => settings.independent = true,
            Keep => self.keep = true,
            List => self.list = true,
            Lzw => return Err(self.rejected("-Z not supported in this version")),
            Name => (self.name, self.time) = (Some(true), Some(true)),
            NoName => (self.name, self.time) = (Some(false), Some(false)),
            Time => self.time = Some(true),
            NoTime => self.time = Some(false),
            Processes => self.jobs = Some(jobs(program, &value)?),
            PresumeTerminal => self.presumes_terminal = true,
            Quiet => self.verbosity = Verbosity::Silent,
            Recursive => settings.recursive = true,
            Rsyncable => settings.rsyncable = true,
            Suffix => settings.suffix = suffix(program, value)?,
            Synchronous => settings.sync = Some(true),
            Test => self.test = true,
            Verbose => self.verbosity = Verbosity::Verbose,
            Fast => settings.level = 1,
            Best => settings.level = settings::BEST_LEVEL,
            Usage => return Err(self.usage()),
            Help => self.print = self.print.take().or(Some(help(program, self.highest_level().is_some()))),
            Version | License => self.print = self.print.take().or(Some(version(program))),
            Unsupported(what) => return Err(self.unsupported(option, what)),
        }
        Ok(())
    }

    fn rejected(&self, reason: &str) -> UsageError {
        let program = self.program;
        let UsageError(usage) = self.usage();
        // Two lines, as in gzip.
        UsageError(format!("{program}: {reason}\n{usage}"))
    }

    fn usage(&self) -> UsageError {
        UsageError(format!("Try `{} --help' for more information.", self.program))
    }

    fn not_in_variable(&self, what: &str) -> UsageError {
        self.rejected(&format!("{what} in {} environment variable", self.variable.unwrap_or_default()))
    }

    fn unsupported(&self, option: &str, what: &str) -> UsageError {
        self.rejected(&format!("{option}: {what}: not supported"))
    }
}

fn takes_value(switch: Switch) -> bool {
    matches!(switch, Bits | Processes | Suffix)
}

/// The value of `-p`.
fn jobs(program: &str, value: &OsString) -> Result<NonZeroUsize, UsageError> {
    let number = value.to_str().and_then(|text| text.parse::<usize>().ok());
    let number = number.filter(|&n| n <= settings::MAX_JOBS).and_then(NonZeroUsize::new);
    number.ok_or_else(|| UsageError(format!("{program}: invalid number of processes {}", EscapedName::path(value))))
}

/// The value of `-S`. A suffix with a slash, which pigz accepts, would move the output to another directory.
fn suffix(program: &str, value: OsString) -> Result<OsString, UsageError> {
    if value.is_empty() || value.as_bytes().contains(&b'/') {
        let escaped = if value.is_empty() { String::new() } else { EscapedName::path(&value).to_string() };
        return Err(UsageError(format!("{program}: invalid suffix '{escaped}'")));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gzcc::settings::Engine;

    /// The level that `argument` selects.
    fn level(program: &'static str, engine: Engine, argument: &str) -> Result<u8, String> {
        let mut args = GnuArgs::new(program);
        args.settings.engine = engine;
        match args.parse([argument.into()].into_iter()) {
            Ok(()) => Ok(args.settings.level),
            Err(UsageError(lines)) => Err(lines.lines().next().unwrap().to_owned()),
        }
    }

    #[test]
    fn consecutive_digits_are_one_number_only_under_pigzs_name() {
        for engine in Engine::ALL {
            for (argument, gzip, pigz) in [("-9", 9, 9), ("-05", 5, 5), ("-k1v", 1, 1), ("-1k2", 2, 2)] {
                assert_eq!(level("gzip", engine, argument), Ok(gzip), "{argument}");
                assert_eq!(level("pigz", engine, argument), Ok(pigz), "{argument}");
            }
            assert_eq!(level("gzip", engine, "-11"), Ok(1));
            assert_eq!(level("gzip", engine, "-12"), Ok(2));
        }
    }

    #[test]
    fn level_11_is_the_highest_level_of_an_engine_that_has_more_than_gzip() {
        for argument in ["-11", "-k11v", "-0011"] {
            assert_eq!(level("pigz", Engine::Native, argument), Ok(12), "{argument}");
        }
        let native = "pigz: only levels 0 to 9 and 11 are supported";
        for argument in ["-10", "-12", "-111", "-99999999999999999999"] {
            assert_eq!(level("pigz", Engine::Native, argument), Err(native.to_owned()), "{argument}");
        }
        for argument in ["-10", "-11", "-12"] {
            assert_eq!(
                level("pigz", Engine::Flate2, argument),
                Err("pigz: only levels 0 to 9 are supported".to_owned())
            );
        }
    }
}
