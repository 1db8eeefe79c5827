//! The trait through which a run reports its progress and its results.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::outcome::{InputId, Loss, Outcome};

/// Receives the events of a run of [`compress`](crate::compress) or [`decompress`](crate::decompress).
///
/// The workers call it, several at a time and in no order between inputs. A worker waits until the call returns, so a slow
/// observer slows the run down.
///
/// Every method has a default, and `()` is an observer that ignores all events. If a method panics, the observer is not called
/// again, the run continues, and its caller gets the panic at the end. If several workers were in the observer at that time,
/// the caller gets one of their panics.
///
/// ```
/// # #[cfg(feature = "batch")]
/// # mod example {
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// #[derive(Default)]
/// struct Bytes(AtomicU64);
///
/// impl gzcc::Observer for Bytes {
///     fn advanced(&self, progress: &gzcc::Progress<'_>) {
///         self.0.fetch_add(progress.bytes_in, Ordering::Relaxed);
///     }
///
///     fn ended(&self, ended: gzcc::Ended) {
///         if let gzcc::Outcome::Failed(error) = ended.outcome {
///             eprintln!("{}: {error}", gzcc::EscapedName::path(&ended.name));
///         }
///     }
/// }
/// # }
/// ```
pub trait Observer: Send + Sync {
    /// Called before an input is opened. It may block, which holds back the run: an observer that collects results can bound
    /// its memory here.
    fn before_input(&self) {}

    /// Called after a block of an input is processed and written. An input that is skipped, or fails before it is read, has no
    /// such call.
    fn advanced(&self, progress: &Progress<'_>) {
        let _ = progress;
    }

    /// Called for each loss of a damaged input, in [`Mode::Salvage`](crate::settings::Mode), before the input ends.
    fn lost(&self, input: &Path, loss: &Loss) {
        let _ = (input, loss);
    }

    /// Called once for each input. Where one output takes several inputs, `Done` means that the input's part is written; a
    /// problem of the output itself is reported by one more call without a position.
    fn ended(&self, ended: Ended) {
        let _ = ended;
    }

    /// Asked with [`OverwritePolicy::Ask`](crate::settings::OverwritePolicy) whether the file `output` may be replaced.
    fn may_replace(&self, output: &Path) -> bool {
        let _ = output;
        false
    }
}

impl Observer for () {}

macro_rules! by_reference {
    ($($pointer:ty),*) => {$(
        impl<T: Observer + ?Sized> Observer for $pointer {
            fn before_input(&self) {
                (**self).before_input();
            }

            fn advanced(&self, progress: &Progress<'_>) {
                (**self).advanced(progress);
            }

            fn lost(&self, input: &Path, loss: &Loss) {
                (**self).lost(input, loss);
            }

            fn ended(&self, ended: Ended) {
                (**self).ended(ended);
            }

            fn may_replace(&self, output: &Path) -> bool {
                (**self).may_replace(output)
            }
        }
    )*};
}

by_reference!(&T, Box<T>, std::sync::Arc<T>);

/// The progress of one block.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The input's name as given or found.
    pub input: &'a Path,
    /// The input's size in bytes, if it is known before the input is read.
    pub size: Option<u64>,
    /// Bytes of the input in this block. The sum over all blocks is [`size`](Self::size), unless data that is not gzip follows the
    /// last member of compressed input.
    pub bytes_in: u64,
    /// Bytes written for this block.
    pub bytes_out: u64,
    /// This is the first block of the input.
    pub first: bool,
    /// This is the last block: the input was read to its end, or reading stopped after an error.
    pub last: bool,
}

/// The end of an input.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended {
    /// The input's name as given or found. If this is not an input: the output's name, or a description.
    pub name: PathBuf,
    /// The number of inputs before this one; `None` if this is not an input, but an output that several inputs share, or inputs
    /// whose names could not be read.
    pub position: Option<u64>,
    /// The input is standard input.
    pub is_stdin: bool,
    /// When the run reached this input.
    pub started: Option<Instant>,
    /// The result.
    pub outcome: Outcome,
}

impl Ended {
    /// The event that something other than an input ended, under this name.
    pub fn new(name: impl Into<PathBuf>, outcome: Outcome) -> Self {
        Self { name: name.into(), position: None, is_stdin: false, started: None, outcome }
    }

    pub(crate) fn of(id: &InputId, outcome: Outcome) -> Self {
        let InputId { shown, position, is_stdin, started } = id.clone();
        Self { name: shown, position, is_stdin, started, outcome }
    }
}
