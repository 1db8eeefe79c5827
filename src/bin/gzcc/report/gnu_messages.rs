//! Messages and exit statuses under gzip's names.
//!
//! The messages are those of gzip 1.12, including the empty lines before some of them, because scripts match them.

use std::path::Path;

use gzcc::ErrorKind;
use gzcc::EscapedName;
use gzcc::command::NOT_REACHED;
use gzcc::outcome::{Damage, Done, Reason, Warning};
use gzcc::settings::Mode;
use gzcc::{Ended, Error, Outcome};

use crate::inherited_sigpipe;
use crate::presentation::Verbosity;

use super::messages::{Messages, print_message};
use super::reasons::{ErrorReason, SkipReason};
use super::sizes::{Sizes, percent};
use super::status::{self, Status, Verdict};

/// The name of an input as gzip prints it.
fn name_of(ended: &Ended) -> &Path {
    if ended.is_stdin { Path::new("stdin") } else { &ended.name }
}

/// How gzip reports a skipped input.
pub(super) fn verdict(reason: &Reason, verbosity: Verbosity, force: bool) -> Verdict {
    let loud = |recursive: bool| verbosity == Verbosity::Verbose || !recursive && verbosity > Verbosity::Silent;
    match reason {
        Reason::HasSuffix { recursive, .. } => Verdict { printed: loud(*recursive), status: Status::Success },
        // A skip that is not printed does not affect the exit status.
        Reason::UnknownSuffix { recursive } => match loud(*recursive) {
            true => Verdict { printed: true, status: Status::Warning },
            false => Verdict { printed: false, status: Status::Success },
        },
        // gzip opens with O_NOFOLLOW, so a symbolic link is an error of the system.
        Reason::SymbolicLink | Reason::WalkedLink => Verdict { printed: true, status: Status::Error },
        // The message ends the question, or replaces it, so it is printed even with -q.
        Reason::OutputExists(_) | Reason::NotOverwritten(_) => Verdict { printed: true, status: Status::Warning },
        // gzip cannot remove the directory.
        Reason::OutputIsDirectory(_) if force => Verdict { printed: true, status: Status::Error },
        Reason::OutputIsDirectory(_) | Reason::OutputNotReplaceable(_) if !force => {
            Verdict { printed: true, status: Status::Warning }
        }
        _ => Verdict { printed: verbosity > Verbosity::Silent, ..status::verdict(reason) },
    }
}

impl Messages {
    /// Prints gzip's messages about an input.
    pub(super) fn print_as_gzip(&self, ended: &Ended) {
        let (program, name) = (self.program, EscapedName::path(name_of(ended)));
        match &ended.outcome {
            Outcome::Done(done) => {
                for warning in &done.warnings {
                    match warning {
                        Warning::TrailingGarbage => {
                            let line_start = self.line_start(ended);
                            self.warn(format_args!(
                                "{line_start}\n{program}: {name}: decompression OK, trailing garbage ignored"
                            ));
                        }
                        Warning::TimeNotStored => {
                            let line_start = self.verbose_name(ended);
                            let what = "warning: file timestamp out of range for gzip format";
                            self.warn(format_args!("{line_start}{program}: {name}: {what}"));
                        }
                        Warning::ZipEntries => {
                            self.warn(format_args!("{program}: {name} has more than one entry--rest ignored"));
                        }
                        warning => self.warn(format_args!("{program}: {name}: {warning}")),
                    }
                }
                if self.verbosity == Verbosity::Verbose {
                    self.print_done(ended, done);
                }
            }
            Outcome::Skipped(reason) if self.verdict(reason).printed => self.print_skipped(name, reason),
            Outcome::Failed(error) => match error.kind() {
                ErrorKind::Damage(damage) => self.print_damage(ended, error, damage),
                ErrorKind::OutputRefused => self.print_terminal_refused("written to", "compression"),
                ErrorKind::InputRefused => self.print_terminal_refused("read from", "decompression"),
                _ => print_message(format_args!("{program}: {name}: {}", ErrorReason(error))),
            },
            Outcome::NotReached => print_message(format_args!("{program}: {name}: {NOT_REACHED}")),
            Outcome::ReaderGone if inherited_sigpipe::is_ignored() => {
                print_message(format_args!("{}\n{program}: stdout: Broken pipe", self.line_start(ended)));
            }
            _ => {}
        }
    }

    /// The start of the verbose line, which gzip has already printed when it detects an error in a file.
    fn line_start(&self, ended: &Ended) -> String {
        match self.mode {
            Mode::Decompress | Mode::Test => self.verbose_name(ended),
            _ => String::new(),
        }
    }

    /// The name at the start of the verbose line.
    fn verbose_name(&self, ended: &Ended) -> String {
        let has_line = self.verbosity == Verbosity::Verbose && !ended.is_stdin;
        if has_line { format!("{}:\t", EscapedName::path(name_of(ended))) } else { String::new() }
    }

    fn print_terminal_refused(&self, done: &str, what: &str) {
        let program = self.program;
        let message = format_args!("compressed data not {done} a terminal. Use -f to force {what}.");
        print_message(format_args!("{program}: {message}\nFor help, type: {program} -h"));
    }

    fn print_done(&self, ended: &Ended, done: &Done) {
        let escaped = EscapedName::path(name_of(ended)).to_string();
        // These warnings already printed the name.
        let has_name = |warning: &Warning| matches!(warning, Warning::TrailingGarbage | Warning::TimeNotStored);
        let name = if done.warnings.iter().any(has_name) { String::new() } else { format!("{escaped}:\t") };
        let ratio = format!("{:>6}", percent(Sizes::of(done, self.mode).saved().unwrap_or_default()));
        let what = if self.removes { "replaced with" } else { "created" };
        match (self.mode, &done.output) {
            (Mode::Test, _) if ended.is_stdin => print_message(format_args!(" OK")),
            (Mode::Test, _) => print_message(format_args!("{name} OK")),
            (Mode::List | Mode::ListTrailers, _) => {}
            (_, Some(output)) => print_message(format_args!("{name}{ratio} -- {what} {}", EscapedName::path(output))),
            (Mode::Compress, None) if ended.is_stdin => print_message(format_args!("{ratio}")),
            (_, None) if ended.is_stdin => {}
            (_, None) => {
                let what = if self.keeps { "created" } else { "replaced with" };
                print_message(format_args!("{name}{ratio} -- {what} stdout"));
            }
        }
    }

    fn print_skipped(&self, name: EscapedName<'_>, reason: &Reason) {
        let program = self.program;
        match reason {
            Reason::HasSuffix { suffix, .. } => {
                print_message(format_args!(
                    "{program}: {name} already has {} suffix -- unchanged",
                    EscapedName::path(suffix)
                ));
            }
            Reason::UnknownSuffix { .. } => print_message(format_args!("{program}: {name}: unknown suffix -- ignored")),
            Reason::OutputIsDirectory(output) if self.force => {
                print_message(format_args!("{program}: {}: Is a directory", EscapedName::path(output)));
            }
            Reason::OutputIsDirectory(output) | Reason::OutputNotReplaceable(output) if !self.force => {
                print_message(format_args!(
                    "{program}: {} already exists;\tnot overwritten",
                    EscapedName::path(output)
                ));
            }
            Reason::NotOverwritten(_) if self.question.can_be_asked() => {
                print_message(format_args!("\tnot overwritten"))
            }
            Reason::OutputExists(output) | Reason::NotOverwritten(output) => {
                print_message(format_args!(
                    "{program}: {} already exists;\tnot overwritten",
                    EscapedName::path(output)
                ));
            }
            Reason::SymbolicLink | Reason::WalkedLink => {
                print_message(format_args!("{program}: {name}: Too many levels of symbolic links"));
            }
            Reason::Directory => print_message(format_args!("{program}: {name} is a directory -- ignored")),
            Reason::NotRegular => {
                print_message(format_args!("{program}: {name} is not a directory or a regular file - ignored"));
            }
            Reason::HardLinks(links) => {
                let (others, s) = (links - 1, if *links > 2 { "s" } else { "" });
                print_message(format_args!("{program}: {name} has {others} other link{s} -- file ignored"));
            }
            Reason::SpecialMode(bits) if bits & 0o4000 != 0 => {
                print_message(format_args!("{program}: {name} is set-user-ID on execution - ignored"));
            }
            Reason::SpecialMode(bits) if bits & 0o2000 != 0 => {
                print_message(format_args!("{program}: {name} is set-group-ID on execution - ignored"));
            }
            Reason::SpecialMode(_) => {
                print_message(format_args!("{program}: {name} has the sticky bit set - file ignored"))
            }
            reason => print_message(format_args!("{program}: {name}: {}", SkipReason(reason))),
        }
    }

    fn print_damage(&self, ended: &Ended, error: &Error, damage: Damage) {
        let (program, name) = (self.program, EscapedName::path(name_of(ended)));
        let line_start = self.line_start(ended);
        let invalid = |what: &str| {
            print_message(format_args!("{line_start}\n{program}: {name}: invalid compressed data--{what}"))
        };
        match damage {
            Damage::NotGzip => print_message(format_args!("\n{program}: {name}: not in gzip format")),
            Damage::Method(method) => {
                print_message(format_args!("{program}: {name}: unknown method {method} -- not supported"));
            }
            Damage::Flags(flags) if flags & 0x20 != 0 => {
                print_message(format_args!("{program}: {name} is encrypted -- not supported"));
            }
            Damage::Flags(flags) => {
                print_message(format_args!("{program}: {name} has flags {flags:#x} -- not supported"))
            }
            Damage::HeaderCrc { stored, computed } => print_message(format_args!(
                "{program}: {name}: header checksum {stored:#06x} != computed checksum {computed:#06x}"
            )),
            // In the header gzip has not started the verbose line yet.
            Damage::Truncated(0..10) => print_message(format_args!("\n{program}: {name}: unexpected end of file")),
            Damage::Truncated(_) => {
                print_message(format_args!("{line_start}\n{program}: {name}: unexpected end of file"))
            }
            Damage::Data(_) => invalid("format violated"),
            Damage::Crc { length_differs, .. } => {
                invalid("crc error");
                if length_differs {
                    print_message(format_args!("\n{program}: {name}: invalid compressed data--length error"));
                }
            }
            Damage::Length { .. } => invalid("length error"),
            Damage::ZipEntries => print_message(format_args!("{program}: {name} has more than one entry -- unchanged")),
            Damage::ZipEncrypted => print_message(format_args!("\n{program}: {name}: encrypted file -- use unzip")),
            Damage::ZipMethod(_) => {
                print_message(format_args!("\n{program}: {name}: first entry not deflated or stored -- use unzip"))
            }
            Damage::TooLong(_) => print_message(format_args!("{program}: {name}: {}", ErrorReason(error))),
        }
    }
}
