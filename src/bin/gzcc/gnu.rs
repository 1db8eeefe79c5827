//! The command line under gzip's and pigz' names: an ordered list of switches, by getopt's rules.
//!
//! Not clap's, because here order matters (of `-n` and `-M` the last one counts, of level digits too), any unique
//! beginning of a long option stands for it, and each error is to be gzip's own. Takes the options of GNU gzip 1.12
//! and pigz 2.8; what gzcc cannot do is refused by name.

mod switches;
mod texts;

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use gzcc::escaped_name::EscapedName;
use gzcc::settings::{self, CompressedFiles, Destination, Filter, Mode, Originals, OverwritePolicy, Refuse, Settings};

use self::switches::Switch::{self, *};
use self::switches::{GZIP, PIGZ};
use self::texts::{LICENSE, help, version};
use crate::args::{Command, Environment, Request, Run, Usage};
use crate::presentation::{Presentation, Rules, Verbosity};

/// The names that gzip's rules go with, and what each does when no option says otherwise.
const NAMES: [(&str, Mode, Destination); 6] = [
    ("gzip", Mode::Compress, Destination::Beside),
    ("gunzip", Mode::Decompress, Destination::Beside),
    ("zcat", Mode::Decompress, Destination::Stdout),
    ("gzcat", Mode::Decompress, Destination::Stdout),
    ("pigz", Mode::Compress, Destination::Beside),
    ("unpigz", Mode::Decompress, Destination::Beside),
];

/// pigz' level of the smallest output and the longest wait, which is zopfli's work.
const ZOPFLI: u8 = 11;

/// The name among [`NAMES`] that `program`, the first word of a command line, calls for.
pub(crate) fn name_of(program: &OsStr) -> Option<&'static str> {
    let name = program.as_bytes().rsplit(|&b| b == b'/').next()?;
    NAMES.iter().map(|(known, ..)| *known).find(|known| known.as_bytes() == name)
}

/// Understands the words after the program's name, and `GZIP` from the environment.
pub(crate) fn parse(
    program: &'static str,
    words: impl Iterator<Item = OsString>,
    environment: Environment,
) -> Result<Command, Usage> {
    let mut given = Given::new(program);
    given.posixly_correct = environment.posixly_correct;
    let variables = [("GZIP", environment.gzip), ("PIGZ", environment.pigz.filter(|_| given.is_pigz))];
    for (variable, value) in variables {
        let words: Vec<OsString> = value.iter().flat_map(split_words).collect();
        // pigz does not mind its own being used.
        let warns = !words.is_empty() && !given.is_pigz;
        given.variable = Some(variable);
        given.take(words.into_iter())?;
        if warns && given.verbosity > Verbosity::Silent {
            let warning = "warning: GZIP environment variable is deprecated; use an alias or script";
            given.warnings.push(format!("{program}: {warning}"));
        }
    }
    given.variable = None;
    given.take(words)?;
    let warnings = std::mem::take(&mut given.warnings);
    let request = match given.print.take() {
        Some(text) => Request::Print(text),
        None => Request::Run(Box::new(given.decide())),
    };
    Ok(Command { warnings, request })
}

/// The words that a variable holds.
fn split_words(value: &OsString) -> impl Iterator<Item = OsString> {
    let words = value.as_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.map(|word| OsString::from_vec(word.to_vec()))
}

/// What has been typed so far.
struct Given {
    is_pigz: bool,
    /// The environment's variable whose words these are; `None` on the command line itself.
    variable: Option<&'static str>,
    /// The first name ends the options, as POSIX has it and getopt where it is told so.
    posixly_correct: bool,
    /// What there is to say before anything is done.
    warnings: Vec<String>,
    /// Help, version or license.
    print: Option<String>,
    decompress: bool,
    test: bool,
    list: bool,
    stdout: bool,
    keep: bool,
    /// Name and time: kept or not, where that has been said.
    name: Option<bool>,
    time: Option<bool>,
    verbosity: Verbosity,
    force: bool,
    /// The name that the program was called by.
    program: &'static str,
    /// Everything that needs no second thought.
    settings: Settings,
}

impl Given {
    fn new(program: &'static str) -> Self {
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
            name: None,
            time: None,
            verbosity: Verbosity::Normal,
            force: false,
            program,
            settings: Settings::default(),
        }
    }

    /// Takes words until they are over: options and files in any order, after `--` files alone.
    fn take(&mut self, mut words: impl Iterator<Item = OsString>) -> Result<(), Usage> {
        while let Some(word) = words.next() {
            match word.as_bytes() {
                b"--" if self.variable.is_some() => return Err(self.not_in_variable("--: option not valid")),
                b"--" => {
                    self.settings.inputs.extend(words);
                    break;
                }
                [b'-', b'-', long @ ..] => self.take_long(long, &mut words)?,
                [b'-', cluster @ ..] if !cluster.is_empty() => self.take_cluster(cluster, &mut words)?,
                _ if self.posixly_correct && self.variable.is_none() => {
                    self.settings.inputs.push(word);
                    self.settings.inputs.extend(words);
                    break;
                }
                _ if self.variable.is_some() => {
                    return Err(self.not_in_variable(&format!("{}: non-option", EscapedName::path(&word))));
                }
                _ => self.settings.inputs.push(word),
            }
            // Help is given as soon as it is asked for.
            if self.print.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn take_long(&mut self, long: &[u8], words: &mut impl Iterator<Item = OsString>) -> Result<(), Usage> {
        let (name, value) = match long.iter().position(|&b| b == b'=') {
            Some(at) => (&long[..at], Some(OsString::from_vec(long[at + 1..].to_vec()))),
            None => (long, None),
        };
        let exact = GZIP.iter().chain(PIGZ).filter(|(_, known, _)| known.as_bytes() == name).take(1);
        let mut meant: Vec<_> = exact.collect();
        for options in [GZIP, PIGZ] {
            if meant.is_empty() {
                meant.extend(options.iter().filter(|(_, known, _)| known.as_bytes().starts_with(name)));
            }
        }
        let shown = EscapedName::bytes(name);
        let Some((_, full, switch)) = meant.first() else {
            return Err(self.refused(&format!("unrecognized option '--{shown}'")));
        };
        if meant.iter().any(|(.., other)| other != switch) {
            let names: Vec<String> = meant.iter().map(|(_, name, _)| format!("'--{name}'")).collect();
            return Err(self.refused(&format!("option '--{shown}' is ambiguous; possibilities: {}", names.join(" "))));
        }
        let value = match (takes_value(*switch), value) {
            (true, value) => Some(
                value
                    .or_else(|| words.next())
                    .ok_or_else(|| self.refused(&format!("option '--{full}' requires an argument")))?,
            ),
            (false, Some(_)) => return Err(self.refused(&format!("option '--{full}' doesn't allow an argument"))),
            (false, None) => None,
        };
        self.switch(*switch, value.unwrap_or_default(), &format!("--{full}"))
    }

    fn take_cluster(&mut self, cluster: &[u8], words: &mut impl Iterator<Item = OsString>) -> Result<(), Usage> {
        let mut rest = cluster;
        while let [letter, after @ ..] = rest {
            if letter.is_ascii_digit() {
                rest = self.take_level(rest)?;
                continue;
            }
            rest = after;
            let Some((.., switch)) = GZIP.iter().chain(PIGZ).find(|(known, ..)| known == letter && *letter != 0) else {
                return Err(self.refused(&format!("invalid option -- '{}'", EscapedName::bytes(&[*letter]))));
            };
            let mut value = OsString::new();
            if takes_value(*switch) {
                value = match std::mem::take(&mut rest) {
                    [] => words.next().ok_or_else(|| {
                        self.refused(&format!("option requires an argument -- '{}'", char::from(*letter)))
                    })?,
                    here => OsString::from_vec(here.to_vec()),
                };
            }
            self.switch(*switch, value, &format!("-{}", char::from(*letter)))?;
        }
        Ok(())
    }

    /// Takes the level that `cluster` begins with; returns what is behind it. To pigz digits that stand together are one
    /// number, to gzip each is a level, of which the last one counts.
    fn take_level<'a>(&mut self, cluster: &'a [u8]) -> Result<&'a [u8], Usage> {
        let most = if self.is_pigz { cluster.len() } else { 1 };
        let end = cluster[..most].iter().position(|b| !b.is_ascii_digit()).unwrap_or(most);
        let (digits, rest) = cluster.split_at(end);
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u8>().ok());
        self.settings.level = match (number, self.smallest()) {
            (Some(level @ ..=settings::BEST_LEVEL), _) => level,
            (Some(ZOPFLI), Some(level)) => level,
            (_, Some(_)) => return Err(self.refused("only levels 0 to 9 and 11 are supported")),
            (_, None) => return Err(self.refused("only levels 0 to 9 are supported")),
        };
        Ok(rest)
    }

    /// What stands for [`ZOPFLI`] here: the engine's highest level, if gzip has none like it.
    fn smallest(&self) -> Option<u8> {
        Some(self.settings.engine.max_level()).filter(|&level| level > settings::BEST_LEVEL)
    }

    fn switch(&mut self, switch: Switch, value: OsString, typed: &str) -> Result<(), Usage> {
        // To gzip, what an environment says must not decide which files go.
        let harmless = matches!(switch, Fast | Best | Name | NoName | Quiet | Rsyncable | Synchronous | Verbose);
        if self.variable.is_some() && !self.is_pigz && !harmless {
            return Err(self.not_in_variable(&format!("{typed}: option not valid")));
        }
        let (settings, program) = (&mut self.settings, self.program);
        match switch {
            Ascii => {
                let ignored = format!("{program}: option --ascii ignored on this system");
                self.warnings.extend((self.verbosity > Verbosity::Silent).then_some(ignored));
            }
            Bits if self.is_pigz => return Err(self.lacks(typed, "other block sizes")),
            // They are about LZW, which gzip itself does not write any more.
            Bits if value.as_bytes().iter().all(u8::is_ascii_digit) => {}
            Bits => return Err(self.refused("-b operand is not an integer")),
            Stdout => self.stdout = true,
            Decompress => self.decompress = true,
            Force => self.force = true,
            Independent => settings.independent = true,
            Keep => self.keep = true,
            List => self.list = true,
            Name => (self.name, self.time) = (Some(true), Some(true)),
            NoName => (self.name, self.time) = (Some(false), Some(false)),
            Time => self.time = Some(true),
            NoTime => self.time = Some(false),
            Processes => {
                let number = value.to_str().and_then(|text| text.parse::<usize>().ok());
                let number = number.filter(|&n| n <= settings::MAX_JOBS).and_then(NonZeroUsize::new);
                settings.jobs = number.ok_or_else(|| {
                    Usage(format!("{program}: invalid number of processes {}", EscapedName::path(&value)))
                })?;
            }
            Quiet => self.verbosity = Verbosity::Silent,
            Recursive => settings.recursive = true,
            Rsyncable => settings.rsyncable = true,
            // pigz takes the suffix as it is; a suffix with a slash would lead into another folder.
            Suffix if value.is_empty() || value.as_bytes().contains(&b'/') => {
                let shown = if value.is_empty() { String::new() } else { EscapedName::path(&value).to_string() };
                return Err(Usage(format!("{program}: invalid suffix '{shown}'")));
            }
            Suffix => settings.suffix = value,
            Synchronous => settings.sync = Some(true),
            Test => self.test = true,
            Verbose => self.verbosity = Verbosity::Verbose,
            Fast => settings.level = 1,
            Best => settings.level = settings::BEST_LEVEL,
            Help => self.print = self.print.take().or(Some(help(program, self.smallest().is_some()))),
            Version => self.print = self.print.take().or(Some(version(program))),
            License => self.print = self.print.take().or(Some(format!("{}{LICENSE}", version(program)))),
            Unsupported(what) => return Err(self.lacks(typed, what)),
        }
        Ok(())
    }

    /// Settles what the options mean together.
    fn decide(self) -> Run {
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
        // gzip stores both, and restores neither, unless it is told to.
        let compresses = mode == Mode::Compress;
        let replaces = destination == Destination::Beside && !self.keep;
        let names_files = self.settings.inputs.iter().any(|input| input != "-");
        let presentation = self.presentation();
        let unless_forced = if self.force { Refuse::Never } else { Refuse::Always };
        let settings = Settings {
            mode,
            originals: if replaces { Originals::Remove } else { Originals::Keep },
            keep_name: self.name.unwrap_or(compresses),
            keep_time: self.time.unwrap_or(compresses),
            overwrite: match destination {
                _ if self.force => OverwritePolicy::Replace,
                Destination::Beside => OverwritePolicy::Ask,
                _ => OverwritePolicy::Skip,
            },
            // gzip refuses these even if it keeps the original, and setuid and setgid even with -f.
            symlinks: unless_forced,
            hard_links: unless_forced,
            setid: Refuse::Always,
            sticky: unless_forced,
            terminal_input: self.force,
            // gzip takes -c with the name of a file for an explicit wish.
            terminal_output: self.force || names_files,
            copy_foreign: self.force,
            destination,
            // With -f, gzip compresses even a .gz again.
            filter: Filter {
                compressed_files: if self.force { CompressedFiles::Include } else { CompressedFiles::SkipGnu },
                ..self.settings.filter
            },
            inputs: if presentation.is_filter { vec!["-".into()] } else { self.settings.inputs },
            ..self.settings
        };
        Run { settings, presentation }
    }

    fn presentation(&self) -> Presentation {
        let (program, verbosity) = (self.program, self.verbosity);
        let is_filter = self.settings.inputs.is_empty();
        Presentation { program, rules: Rules::Gzip, verbosity, is_filter, ..Presentation::default() }
    }

    fn refused(&self, reason: &str) -> Usage {
        let program = self.program;
        // Two lines, as gzip has it.
        Usage(format!("{program}: {reason}\nTry `{program} --help' for more information."))
    }

    fn not_in_variable(&self, what: &str) -> Usage {
        self.refused(&format!("{what} in {} environment variable", self.variable.unwrap_or_default()))
    }

    fn lacks(&self, typed: &str, what: &str) -> Usage {
        self.refused(&format!("{typed}: {what}: not supported"))
    }
}

fn takes_value(switch: Switch) -> bool {
    matches!(switch, Bits | Processes | Suffix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gzcc::settings::Engine;

    /// The level that a word asks for.
    fn level(program: &'static str, engine: Engine, word: &str) -> Result<u8, String> {
        let mut given = Given::new(program);
        given.settings.engine = engine;
        match given.take([word.into()].into_iter()) {
            Ok(()) => Ok(given.settings.level),
            Err(Usage(lines)) => Err(lines.lines().next().unwrap().to_owned()),
        }
    }

    #[test]
    fn digits_are_one_number_to_pigz_alone() {
        for engine in Engine::ALL {
            for (word, to_gzip, to_pigz) in [("-9", 9, 9), ("-05", 5, 5), ("-k1v", 1, 1), ("-1k2", 2, 2)] {
                assert_eq!(level("gzip", engine, word), Ok(to_gzip), "{word}");
                assert_eq!(level("pigz", engine, word), Ok(to_pigz), "{word}");
            }
            assert_eq!(level("gzip", engine, "-11"), Ok(1));
            assert_eq!(level("gzip", engine, "-12"), Ok(2));
        }
    }

    #[test]
    fn zopflis_level_is_the_highest_of_an_engine_that_goes_beyond_gzips() {
        for word in ["-11", "-k11v", "-0011"] {
            assert_eq!(level("pigz", Engine::Native, word), Ok(12), "{word}");
        }
        let native = "pigz: only levels 0 to 9 and 11 are supported";
        for word in ["-10", "-12", "-111", "-99999999999999999999"] {
            assert_eq!(level("pigz", Engine::Native, word), Err(native.to_owned()), "{word}");
        }
        for word in ["-10", "-11", "-12"] {
            assert_eq!(level("pigz", Engine::Flate2, word), Err("pigz: only levels 0 to 9 are supported".to_owned()));
        }
    }
}
