//! The library's error type: why an input failed.
//!
//! An error keeps its cause as a value, and the name of the file it concerns. It becomes text only when it is printed.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::escaped_name::EscapedName;
use crate::format::gzip::{Damage, ReadError};

/// Why an input failed.
///
/// [`Display`](fmt::Display) gives the complete message on one line, with the name of the output if the error concerns
/// it, control characters escaped, and the system's reason: `a.log.gz: Permission denied`. It includes the
/// [`source`](std::error::Error::source). It does not include the input's name, which the [`Observer`](crate::Observer)
/// receives separately.
///
/// ```
/// use std::io;
/// use gzcc::{Error, ErrorKind};
///
/// let error = Error::from(io::Error::from(io::ErrorKind::PermissionDenied));
/// assert_eq!(error.kind(), ErrorKind::Io(io::ErrorKind::PermissionDenied));
/// assert_eq!(error.to_string(), "permission denied");
/// assert_eq!(io::Error::from(error).kind(), io::ErrorKind::PermissionDenied);
/// ```
pub struct Error(Box<Inner>);

/// The parts of an error. They are on the heap to keep every `Result` small.
#[derive(Debug)]
struct Inner {
    /// From the innermost to the outermost, which is printed first.
    contexts: Vec<Context>,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Io(io::Error),
    Damage(Damage),
    Message(ErrorKind, String),
}

/// The context of a cause: an action or a file.
#[derive(Clone, Debug)]
pub(crate) enum Context {
    /// The action that failed.
    Action(&'static str),
    /// A file other than the input.
    Path(PathBuf),
    /// An output.
    Output(OutputName),
}

/// The name of an output, and its device.
#[derive(Clone, Debug)]
pub(crate) struct OutputName {
    /// The path for messages.
    pub path: PathBuf,
    /// The device of its directory.
    pub device: u64,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A system call, or the caller's reader or writer, failed. The source is its [`io::Error`].
    Io(io::ErrorKind),
    /// Data to decompress is damaged, truncated, not gzip data, or longer than allowed; the source is the [`Damage`].
    Damage(Damage),
    /// The output does not decompress to the input ([`Settings::verify`](crate::Settings::verify)).
    Verification,
    /// A worker panicked.
    Panic,
    /// [`Settings::accepts_output`](crate::Settings::accepts_output) refuses the output.
    OutputRefused,
    /// [`Settings::accepts_stdin`](crate::Settings::accepts_stdin) refuses standard input.
    InputRefused,
    /// The output's name is one of an open descriptor in /proc or /dev/fd, which cannot be replaced.
    DescriptorName,
    /// A name in a [`NameList`](crate::settings::NameList) has a zero byte, or is longer than any path.
    InvalidListName {
        /// The byte that probably ends the names of this list, if it is not the one that the settings state.
        likely_end: Option<u8>,
    },
    /// Another error. The message describes it: the input is an output of the same run, for example.
    Other,
}

impl Error {
    /// Creates an error with this kind and message.
    pub fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        Self::of(Cause::Message(kind, message.to_string()))
    }

    /// Creates an error with the kind [`Other`](ErrorKind::Other) and this message.
    pub fn other(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Other, message)
    }

    fn of(cause: Cause) -> Self {
        Self(Box::new(Inner { contexts: Vec::new(), cause }))
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        match &self.0.cause {
            Cause::Io(error) => ErrorKind::Io(error.kind()),
            Cause::Damage(damage) => ErrorKind::Damage(*damage),
            Cause::Message(kind, _) => *kind,
        }
    }

    /// The file that the error concerns, if that is not the input. Usually the output.
    pub fn path(&self) -> Option<&Path> {
        self.0.contexts.iter().rev().find_map(|context| match context {
            Context::Action(_) => None,
            Context::Path(path) | Context::Output(OutputName { path, .. }) => Some(path.as_path()),
        })
    }

    /// The output's device, if the error concerns an output.
    pub(crate) fn output_device(&self) -> Option<u64> {
        self.0.contexts.iter().find_map(|context| match context {
            Context::Output(output) => Some(output.device),
            Context::Action(_) | Context::Path(_) => None,
        })
    }

    /// Adds `context` to the error.
    pub(crate) fn about(mut self, context: impl Into<Context>) -> Self {
        self.0.contexts.push(context.into());
        self
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Io(error) => Some(error),
            Cause::Damage(damage) => Some(damage),
            Cause::Message(..) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for context in self.0.contexts.iter().rev() {
            write!(f, "{context}: ")?;
        }
        match &self.0.cause {
            Cause::Io(error) => write!(f, "{}", SystemReason(error)),
            Cause::Damage(damage) => write!(f, "{damage}"),
            Cause::Message(_, message) => f.write_str(message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { contexts, cause } = &*self.0;
        f.debug_struct("Error").field("contexts", contexts).field("cause", cause).finish()
    }
}

impl Clone for Error {
    /// A clone of an [`io::Error`] keeps its number, or its kind and text.
    fn clone(&self) -> Self {
        let cause = match &self.0.cause {
            Cause::Io(error) => Cause::Io(match error.raw_os_error() {
                Some(number) => io::Error::from_raw_os_error(number),
                None => io::Error::new(error.kind(), error.to_string()),
            }),
            Cause::Damage(damage) => Cause::Damage(*damage),
            Cause::Message(kind, message) => Cause::Message(*kind, message.clone()),
        };
        Self(Box::new(Inner { contexts: self.0.contexts.clone(), cause }))
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(action) => f.write_str(action),
            Self::Path(path) => write!(f, "{}", EscapedName::path(path)),
            Self::Output(output) => write!(f, "{output}"),
        }
    }
}

impl fmt::Display for OutputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", EscapedName::path(&self.path))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::of(Cause::Io(error))
    }
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Self {
        Self::of(Cause::Damage(damage))
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Source(error) => error.into(),
            ReadError::Damage(damage) => damage.into(),
        }
    }
}

impl From<Error> for io::Error {
    /// Returns the [`io::Error`] itself if the error is one and has no context. Otherwise the error becomes the source.
    fn from(error: Error) -> Self {
        let kind = match (error.kind(), &error.0.cause) {
            (ErrorKind::Io(kind), Cause::Io(_)) if !error.0.contexts.is_empty() => kind,
            (ErrorKind::Damage(Damage::Truncated(_)), _) => io::ErrorKind::UnexpectedEof,
            (ErrorKind::Damage(_), _) => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        match *error.0 {
            Inner { contexts, cause: Cause::Io(error) } if contexts.is_empty() => error,
            inner => Self::new(kind, Error(Box::new(inner))),
        }
    }
}

impl From<&'static str> for Context {
    fn from(action: &'static str) -> Self {
        Self::Action(action)
    }
}

impl From<&Path> for Context {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl From<OutputName> for Context {
    fn from(output: OutputName) -> Self {
        Self::Output(output)
    }
}

/// Adds context to the error of a result.
pub(crate) trait About<T> {
    /// Adds `context` to the error.
    fn about(self, context: impl Into<Context>) -> Result<T, Error>;
}

impl<T, E: Into<Error>> About<T> for Result<T, E> {
    fn about(self, context: impl Into<Context>) -> Result<T, Error> {
        self.map_err(|error| error.into().about(context))
    }
}

/// An error that an object returns again after the first time, because the error is final.
#[derive(Clone, Debug)]
pub(crate) struct FinalError {
    kind: io::ErrorKind,
    text: String,
    /// The system's number of the error, if it is one of the system's.
    code: Option<i32>,
}

impl FinalError {
    /// An error of another kind than the system's.
    pub(crate) fn other(text: &str) -> Self {
        Self { kind: io::ErrorKind::Other, text: text.to_owned(), code: None }
    }

    /// A new error with the kind and the text, and the number if it has one.
    pub(crate) fn again(&self) -> io::Error {
        match self.code {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(self.kind, self.text.clone()),
        }
    }
}

impl From<&io::Error> for FinalError {
    fn from(error: &io::Error) -> Self {
        Self { kind: error.kind(), text: error.to_string(), code: error.raw_os_error() }
    }
}

/// The system's message for an error, without the number that std appends.
pub(crate) struct SystemReason<'a>(pub(crate) &'a io::Error);

impl fmt::Display for SystemReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let number = self.0.raw_os_error().map(|n| format!(" (os error {n})"));
        f.write_str(number.and_then(|n| text.strip_suffix(&n)).unwrap_or(&text))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn missing() -> io::Error {
        io::Error::from_raw_os_error(2)
    }

    fn output() -> OutputName {
        OutputName { path: "out\n.gz".into(), device: 7 }
    }

    #[test]
    fn the_message_contains_every_context_and_the_systems_reason_without_its_number() {
        let error = Err::<(), _>(missing()).about("cannot set mode").about(Path::new("a.gz")).unwrap_err();
        assert_eq!(error.to_string(), "a.gz: cannot set mode: No such file or directory");
        assert_eq!(Error::from(missing()).about(output()).to_string(), "out\\n.gz: No such file or directory");
        assert_eq!(Error::from(Damage::NotGzip).to_string(), "not in gzip format");
        assert_eq!(Error::other(format_args!("is {}", 1)).to_string(), "is 1");
    }

    #[test]
    fn kind_path_and_source_are_kept_through_contexts_and_clones() {
        let error = Error::from(missing()).about("cannot set times").about(output()).clone();
        assert_eq!(error.kind(), ErrorKind::Io(io::ErrorKind::NotFound));
        assert_eq!((error.path(), error.output_device()), (Some(Path::new("out\n.gz")), Some(7)));
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>()).unwrap();
        assert_eq!(source.raw_os_error(), Some(2));
        let damage = Error::from(Damage::Truncated(5));
        assert_eq!(damage.source().and_then(|source| source.downcast_ref()), Some(&Damage::Truncated(5)));
        assert_eq!((damage.path(), damage.output_device()), (None, None));
    }

    #[test]
    fn converting_to_an_io_error_keeps_the_kind() {
        let kind = |error: Error| io::Error::from(error).kind();
        assert_eq!(io::Error::from(Error::from(missing())).raw_os_error(), Some(2));
        assert_eq!(kind(Error::from(missing()).about(output())), io::ErrorKind::NotFound);
        assert_eq!(kind(Damage::Truncated(5).into()), io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(Damage::NotGzip.into()), io::ErrorKind::InvalidData);
        assert_eq!(kind(Error::other("x")), io::ErrorKind::Other);
    }
}
