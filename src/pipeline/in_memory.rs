//! Runs from memory to memory: inputs are read once into memory files, and any number of runs process them there.
//!
//! The command's `--benchmark` measures these runs. They use the jobs, streams and schedulers of any other run; only the file
//! system is left out.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use crate::deflate;
use crate::io::input::{Change, Input, Source};
use crate::io::memory_file::MemoryFile;
use crate::io::transfer::{read_at_least, read_some, write_all};
use crate::observer::{Ended, Observer};
use crate::outcome::{InputId, Outcome, Reason};
use crate::pipeline::job::Jobs;
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::scheduler;
use crate::select::selection::{Item, Selected, Selection, Target};
use crate::settings::Settings;
use crate::tally::Tally;

/// Bytes read or compared at a time. More at a time is not faster.
const TRANSFER: usize = 1 << 20;

/// An input in memory, and memory files for its outputs.
#[derive(Debug)]
pub struct InMemory {
    id: InputId,
    /// The content.
    pub content: MemoryFile,
    /// Bytes of the content.
    pub size: u64,
    /// The content, compressed by the last run.
    pub compressed: MemoryFile,
    /// The content, decompressed by the last run.
    pub decompressed: MemoryFile,
}

impl InMemory {
    /// The event that this input ended with `outcome`, for an observer.
    pub fn ended(&self, outcome: Outcome) -> Ended {
        Ended::of(&self.id, outcome)
    }
}

/// Reads the inputs of `settings` into memory. `observer` gets the outcome of each input that cannot be read; the other inputs
/// are still read.
///
/// # Errors
/// The first error of `allow`, which is called before memory is used: with the inputs read so far, and the size of the next.
pub fn load<E>(
    settings: &Settings,
    observer: &dyn Observer,
    mut allow: impl FnMut(&[InMemory], u64) -> Result<(), E>,
) -> Result<Vec<InMemory>, E> {
    let settings = Arc::new(settings.clone());
    let outcomes = Outcomes::new(Arc::new(observer));
    let (mut inputs, mut buffer) = (Vec::new(), vec![0; TRANSFER]);
    for planned in Selection::new(Arc::clone(&settings)) {
        let (id, outcome) = match planned {
            Selected::Settled(id, outcome) => (id, outcome),
            Selected::Item(item) => {
                let id = item.id.clone();
                let read = open(item, &settings).map_err(Stop::Outcome);
                match read.and_then(|input| read_whole(&input, &mut buffer, |size| allow(&inputs, size))) {
                    Ok(input) => {
                        inputs.push(input);
                        continue;
                    }
                    Err(Stop::Refused(error)) => return Err(error),
                    Err(Stop::Outcome(outcome)) => (id, outcome),
                }
            }
        };
        outcomes.record(&id, outcome);
    }
    Ok(inputs)
}

/// Why the content of an input is not available.
enum Stop<E> {
    /// The caller allows neither this input nor any later one.
    Refused(E),
    /// This input cannot be read.
    Outcome(Outcome),
}

impl<E> From<io::Error> for Stop<E> {
    fn from(error: io::Error) -> Self {
        Self::Outcome(error.into())
    }
}

/// Opens an input. It need not be a regular file, but its name must not have a suffix of compressed files.
fn open(item: Item, settings: &Settings) -> Result<Input, Outcome> {
    let Item { id, source, target, .. } = item;
    let input = Input::open_any(id, source, None, settings)?;
    match target {
        Target::Refused(reason) => Err(Outcome::Skipped(reason)),
        _ => Ok(input),
    }
}

/// Reads an input to its end, while `allow` accepts its size so far.
fn read_whole<E>(
    input: &Input,
    buffer: &mut [u8],
    mut allow: impl FnMut(u64) -> Result<(), E>,
) -> Result<InMemory, Stop<E>> {
    allow(0).map_err(Stop::Refused)?;
    let (content, mut size) = (MemoryFile::new()?, 0);
    // A file that grows is measured with the content that it had when it was opened.
    let mut left = input.size.unwrap_or(u64::MAX);
    while left > 0 {
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let got = read_some(input.fd()?, &mut buffer[..most])?;
        if got == 0 {
            break;
        }
        left = left.saturating_sub(got as u64);
        size += got as u64;
        allow(size).map_err(Stop::Refused)?;
        write_all(content.as_fd(), &buffer[..got])?;
    }
    match input.change()? {
        Change::None => {}
        Change::Grown if input.size == Some(size) => {}
        Change::Grown | Change::Other => return Err(Stop::Outcome(Outcome::Skipped(Reason::Changed))),
    }
    let (compressed, decompressed) = (MemoryFile::new()?, MemoryFile::new()?);
    Ok(InMemory { id: input.id.clone(), content, size, compressed, decompressed })
}

/// The memory files that a run reads and writes.
#[derive(Clone, Copy, Debug)]
pub enum Direction {
    /// From `content` to `compressed`.
    Compress,
    /// From `compressed` to `decompressed`.
    Decompress,
}

/// Runs over the same inputs.
#[derive(Clone, Copy)]
pub struct Runs<'a> {
    /// The inputs.
    pub inputs: &'a [InMemory],
    /// Receives their outcomes in each run.
    pub observer: &'a dyn Observer,
    /// Creates the workers' compressors.
    pub engine: deflate::NewCompressor,
}

impl Runs<'_> {
    /// Processes the inputs with the workers and the scheduler of `settings`, whose mode must fit `direction`. The memory files
    /// that are written must be empty.
    pub fn run(self, settings: &Arc<Settings>, direction: Direction) -> Tally {
        let Self { inputs, observer, engine } = self;
        let item = |input: &InMemory| {
            let (from, to) = match direction {
                Direction::Compress => (&input.content, &input.compressed),
                Direction::Decompress => (&input.compressed, &input.decompressed),
            };
            Item {
                id: input.id.clone(),
                source: Source::Memory(from.clone()),
                target: Target::Memory(to.clone()),
                output_is_walked: None,
            }
        };
        let outcomes = Outcomes::new(Arc::new(observer));
        let jobs = Jobs::of(Arc::clone(settings), inputs.iter().map(item).collect());
        if let Err(error) = scheduler::run(&settings.for_streams(), &jobs, &outcomes, engine) {
            let failed = Outcome::from(error);
            inputs.iter().for_each(|input| outcomes.record(&input.id, failed.for_another()));
        }
        outcomes.tally()
    }
}

/// Whether two memory files hold the same bytes.
pub fn same(a: &MemoryFile, b: &MemoryFile) -> io::Result<bool> {
    let (mut left, mut right) = (vec![0; TRANSFER], vec![0; TRANSFER]);
    let mut offset = 0;
    loop {
        let read = |fd: BorrowedFd<'_>, buffer: &mut [u8]| read_at_least(fd, buffer, TRANSFER, offset);
        let (got, other) = (read(a.as_fd(), &mut left)?, read(b.as_fd(), &mut right)?);
        if left[..got] != right[..other] {
            return Ok(false);
        }
        if got < TRANSFER {
            return Ok(true);
        }
        offset += got as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_files_are_equal_if_all_bytes_are() {
        let file = |bytes: &[u8]| {
            let file = MemoryFile::new().unwrap();
            write_all(file.as_fd(), bytes).unwrap();
            file
        };
        for size in [0, 1, TRANSFER - 1, TRANSFER, TRANSFER + 1, 2 * TRANSFER] {
            let bytes = vec![7; size];
            assert!(same(&file(&bytes), &file(&bytes)).unwrap(), "{size}");
            assert!(!same(&file(&bytes), &file(&vec![7; size + 1])).unwrap(), "{size}");
            if let Some(last) = size.checked_sub(1) {
                let mut other = bytes.clone();
                other[last] ^= 1;
                assert!(!same(&file(&bytes), &file(&other)).unwrap(), "{size}");
            }
        }
    }
}
