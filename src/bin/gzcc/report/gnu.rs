//! GNU gzip's words, and what counts for it, for whoever calls the program by its name and reads what it says.
//!
//! The messages are those of gzip 1.12, empty lines before some of them included, as scripts match them.

use std::path::Path;

use gzcc::ErrorKind;
use gzcc::command::NOT_REACHED;
use gzcc::escaped_name::EscapedName;
use gzcc::outcome::{Damage, Done, Reason, Warning};
use gzcc::settings::Mode;
use gzcc::{Ended, Outcome};

use crate::presentation::Verbosity;

use super::status::{self, Status, Verdict};
use super::{Messages, Sizes, percent, question, say};

/// The name of an input as gzip prints it.
fn name_of(ended: &Ended) -> &Path {
    if ended.is_stdin { Path::new("stdin") } else { &ended.name }
}

/// What an input that was left alone means to gzip.
pub(super) fn verdict(reason: &Reason, verbosity: Verbosity) -> Verdict {
    let loud = |recursive: bool| verbosity == Verbosity::Verbose || !recursive && verbosity > Verbosity::Silent;
    match reason {
        Reason::HasSuffix { recursive, .. } => Verdict { printed: loud(*recursive), status: Status::Success },
        // What is not said does not count either.
        Reason::UnknownSuffix { recursive } => match loud(*recursive) {
            true => Verdict { printed: true, status: Status::Warning },
            false => Verdict { printed: false, status: Status::Success },
        },
        // To gzip that is what the system says about a file that may not be opened through a link.
        Reason::SymbolicLink | Reason::WalkedLink => Verdict { printed: true, status: Status::Error },
        // The question has been asked already, or would have been: this is its end.
        Reason::OutputExists(_) | Reason::NotOverwritten(_) => Verdict { printed: true, status: Status::Warning },
        _ => Verdict { printed: verbosity > Verbosity::Silent, ..status::verdict(reason) },
    }
}

impl Messages {
    /// gzip's words.
    pub(super) fn print_as_gzip(&self, ended: &Ended) {
        let (program, name) = (self.program, EscapedName::path(name_of(ended)));
        match &ended.outcome {
            Outcome::Done(done) => {
                match &done.warning {
                    None => {}
                    Some(Warning::TrailingGarbage) => {
                        let begun = self.begun(ended);
                        self.warn(format_args!(
                            "{begun}\n{program}: {name}: decompression OK, trailing garbage ignored"
                        ));
                    }
                    Some(warning) => self.warn(format_args!("{program}: {name}: {warning}")),
                }
                if self.verbosity == Verbosity::Verbose {
                    self.tell_done(ended, done);
                }
            }
            Outcome::Skipped(reason) if verdict(reason, self.verbosity).printed => self.tell_skipped(name, reason),
            Outcome::Failed(error) => match error.kind() {
                ErrorKind::Damage(damage) => self.tell_damage(ended, &damage),
                ErrorKind::TerminalOutput => self.tell_terminal("written to", "compression"),
                ErrorKind::TerminalInput => self.tell_terminal("read from", "decompression"),
                _ => say(format_args!("{program}: {name}: {error}")),
            },
            Outcome::NotReached => say(format_args!("{program}: {name}: {NOT_REACHED}")),
            _ => {}
        }
    }

    /// gzip has begun its verbose line when it comes to what is wrong with a file.
    fn begun(&self, ended: &Ended) -> String {
        let told = self.verbosity == Verbosity::Verbose && matches!(self.mode, Mode::Decompress | Mode::Test);
        if told && !ended.is_stdin { format!("{}:\t", EscapedName::path(name_of(ended))) } else { String::new() }
    }

    fn tell_terminal(&self, done: &str, what: &str) {
        let program = self.program;
        let told = format_args!("compressed data not {done} a terminal. Use -f to force {what}.");
        say(format_args!("{program}: {told}\nFor help, type: {program} -h"));
    }

    fn tell_done(&self, ended: &Ended, done: &Done) {
        let shown = EscapedName::path(name_of(ended)).to_string();
        // The rest of a line that a warning has broken.
        let garbage = matches!(done.warning, Some(Warning::TrailingGarbage));
        let name = if garbage { String::new() } else { format!("{shown}:\t") };
        let ratio = format!("{:>6}", percent(Sizes::of(done, self.mode).saved().unwrap_or_default()));
        let what = if self.removes { "replaced with" } else { "created" };
        match (self.mode, &done.output) {
            (Mode::Test, _) if ended.is_stdin => say(format_args!(" OK")),
            (Mode::Test, _) => say(format_args!("{name} OK")),
            (Mode::List | Mode::ListTrailers, _) => {}
            (_, Some(output)) => say(format_args!("{name}{ratio} -- {what} {}", EscapedName::path(output))),
            (Mode::Compress, None) if ended.is_stdin => say(format_args!("{ratio}")),
            (_, None) if ended.is_stdin => {}
            (_, None) => say(format_args!("{name}{ratio} -- replaced with stdout")),
        }
    }

    fn tell_skipped(&self, name: EscapedName<'_>, reason: &Reason) {
        let program = self.program;
        match reason {
            Reason::HasSuffix { suffix, .. } => {
                say(format_args!("{program}: {name} already has {} suffix -- unchanged", EscapedName::path(suffix)));
            }
            Reason::UnknownSuffix { .. } => say(format_args!("{program}: {name}: unknown suffix -- ignored")),
            Reason::OutputNotReplaceable(output) if !self.force => {
                say(format_args!("{program}: {} already exists;\tnot overwritten", EscapedName::path(output)));
            }
            Reason::NotOverwritten(_) if question::can_ask() => say(format_args!("\tnot overwritten")),
            Reason::OutputExists(output) | Reason::NotOverwritten(output) => {
                say(format_args!("{program}: {} already exists;\tnot overwritten", EscapedName::path(output)));
            }
            Reason::SymbolicLink | Reason::WalkedLink => {
                say(format_args!("{program}: {name}: Too many levels of symbolic links"));
            }
            Reason::Directory => say(format_args!("{program}: {name} is a directory -- ignored")),
            Reason::NotRegular => {
                say(format_args!("{program}: {name} is not a directory or a regular file - ignored"));
            }
            Reason::HardLinks(links) => {
                let (others, s) = (links - 1, if *links > 2 { "s" } else { "" });
                say(format_args!("{program}: {name} has {others} other link{s} -- file ignored"));
            }
            Reason::SpecialMode(bits) if bits & 0o4000 != 0 => {
                say(format_args!("{program}: {name} is set-user-ID on execution - ignored"));
            }
            Reason::SpecialMode(bits) if bits & 0o2000 != 0 => {
                say(format_args!("{program}: {name} is set-group-ID on execution - ignored"));
            }
            Reason::SpecialMode(_) => say(format_args!("{program}: {name} has the sticky bit set - file ignored")),
            reason => say(format_args!("{program}: {name}: {reason}")),
        }
    }

    fn tell_damage(&self, ended: &Ended, damage: &Damage) {
        let (program, name) = (self.program, EscapedName::path(name_of(ended)));
        let begun = self.begun(ended);
        let invalid = |what: &str| say(format_args!("{begun}\n{program}: {name}: invalid compressed data--{what}"));
        match *damage {
            Damage::NotGzip => say(format_args!("\n{program}: {name}: not in gzip format")),
            Damage::Method(method) => {
                say(format_args!("{program}: {name}: unknown method {method} -- not supported"));
            }
            Damage::Flags(flags) if flags & 0x20 != 0 => {
                say(format_args!("{program}: {name} is encrypted -- not supported"));
            }
            Damage::Flags(flags) => say(format_args!("{program}: {name} has flags {flags:#x} -- not supported")),
            Damage::HeaderCrc(stored, computed) => say(format_args!(
                "{program}: {name}: header checksum {stored:#06x} != computed checksum {computed:#06x}"
            )),
            // In the header, before anything is begun.
            Damage::Truncated(0..10) => say(format_args!("\n{program}: {name}: unexpected end of file")),
            Damage::Truncated(_) => say(format_args!("{begun}\n{program}: {name}: unexpected end of file")),
            Damage::Data(_) => invalid("format violated"),
            Damage::Crc(..) => invalid("crc error"),
            Damage::Length(..) => invalid("length error"),
            Damage::TooLong(_) => say(format_args!("{program}: {name}: {damage}")),
        }
    }
}
