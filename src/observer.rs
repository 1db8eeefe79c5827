//! Who is told how a run goes while it does.

use std::path::Path;

use crate::outcome::Outcome;

/// Is told how a run of [`compress`](crate::compress) or [`decompress`](crate::decompress) goes, by the workers
/// themselves: as things happen, in no order between inputs, from several threads at a time. A worker waits for the call, so
/// it should be short.
///
/// Both methods do nothing unless they are written; `()` is the observer that does nothing. If one panics, the observer is
/// told nothing more, the run is done, and then the panic goes on in whoever began it; one of them, if several workers were
/// in it at once, as is usual where a lock is poisoned.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// #[derive(Default)]
/// struct Bytes(AtomicU64);
///
/// impl gzcc::Observer for Bytes {
///     fn advanced(&self, step: &gzcc::Step<'_>) {
///         self.0.fetch_add(step.bytes_in, Ordering::Relaxed);
///     }
///
///     fn ended(&self, ended: &gzcc::Ended<'_>) {
///         if let gzcc::Outcome::Failed(error) = ended.outcome {
///             eprintln!("{}: {error}", ended.name.display());
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// A piece of an input is done: read, made into something else, and written, unless that went wrong. What was left alone
    /// or failed before anything of it was read has none.
    fn advanced(&self, step: &Step<'_>) {
        let _ = step;
    }

    /// An input has ended; each does once. Where one output takes several, done means that its part is written; if then
    /// there is something to be said of the output itself, such as that it could not be finished, that is told
    /// as well, without a position.
    fn ended(&self, ended: &Ended<'_>) {
        let _ = ended;
    }
}

impl Observer for () {}

macro_rules! by_reference {
    ($($pointer:ty),*) => {$(
        impl<T: Observer + ?Sized> Observer for $pointer {
            fn advanced(&self, step: &Step<'_>) {
                (**self).advanced(step);
            }

            fn ended(&self, ended: &Ended<'_>) {
                (**self).ended(ended);
            }
        }
    )*};
}

by_reference!(&T, Box<T>, std::sync::Arc<T>);

/// A piece's worth of progress.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Step<'a> {
    /// The input's name as given, or found.
    pub input: &'a Path,
    /// Its bytes, where that is known beforehand.
    pub size: Option<u64>,
    /// Bytes of it that are done with this piece and were not before. All pieces together have [`size`](Self::size) bytes,
    /// but for what follows the last member of what is decompressed.
    pub bytes_in: u64,
    /// Bytes made of them.
    pub bytes_out: u64,
    /// It is the first piece of this input.
    pub first: bool,
    /// It is the last: the input is read to its end, or given up.
    pub last: bool,
}

/// What became of an input.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Ended<'a> {
    /// The input's name as given, or found; for what is no input, the output's, or words for what it is about.
    pub name: &'a Path,
    /// How many inputs came before it, counted from 0; `None` for what is no input: an output that several share, or
    /// inputs whose names could not be found out.
    pub position: Option<u64>,
    /// What became of it.
    pub outcome: &'a Outcome,
}
