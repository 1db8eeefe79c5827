//! The settings of a run over files.

mod check;
mod filter;
pub(crate) mod globs;
mod name_list;
mod shard;

use std::ffi::OsString;
use std::num::{NonZeroU64, NonZeroUsize};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

pub use self::check::InvalidSettings;
pub use self::filter::{CompressedFiles, Filter, Globs, Rule, Shard};
pub use self::name_list::NameList;
use super::resources::available_workers;
use super::stream_settings::{CopyForeign, StreamSettings};
use super::{ContentRange, DEFAULT_ENGINE, DEFAULT_FILL, DEFAULT_LEVEL, Engine, Format, Scheduler};

/// The decisions of one run of [`compress`](crate::compress) or [`decompress`](crate::decompress).
///
/// Start from the defaults and change fields. [`check`](Settings::check) finds fields that contradict each other; both
/// functions call it first.
///
/// ```
/// use std::num::NonZeroUsize;
/// use gzcc::Settings;
/// use gzcc::settings::{Destination, Originals};
///
/// let nightly = Settings {
///     inputs: vec!["/var/log/app".into()],
///     recursive: true,
///     originals: Originals::Remove,
///     jobs: NonZeroUsize::MIN,
///     ..Settings::default()
/// };
/// assert_eq!(nightly.check(), Ok(()));
/// let contradiction = Settings { destination: Destination::Stdout, ..nightly };
/// assert!(contradiction.check().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names of files, and with [`recursive`](Self::recursive) of directories. `-` is standard input.
    pub inputs: Vec<OsString>,
    /// A list of more names, read while the run proceeds. In a list, `-` is the name of a file.
    pub list: Option<NameList>,
    /// The files among these that are processed.
    pub filter: Filter,
    /// The operation of [`run`](crate::run()). [`compress`](crate::compress) and [`decompress`](crate::decompress) set it.
    pub mode: Mode,
    /// The DEFLATE engine.
    pub engine: Engine,
    /// Compression level, 0 (stored) to the engine's [`max_level`](Engine::max_level).
    pub level: u8,
    /// The format that is written.
    pub format: Format,
    /// Recompress BGZF files as well. Their indexes, beside them or elsewhere, hold offsets that become wrong.
    pub recompresses_bgzf: bool,
    /// Write the index of each BGZF output beside it: `FILE.gz.gzi`, in htslib's format. When decompressing or testing: the index of each
    /// input beside that, `FILE.gz.gzidx`, which [`Index`](crate::Index), rapidgzip and indexed_gzip read. Inputs that are not gzip data
    /// then fail.
    pub index: bool,
    /// The number of workers of the run, the calling thread included. From 1 to [`MAX_JOBS`](super::MAX_JOBS).
    pub jobs: NonZeroUsize,
    /// How work is distributed among the workers.
    pub scheduler: Scheduler,
    /// Process the files in directories that are inputs, hidden ones included. Symbolic links are not followed.
    pub recursive: bool,
    /// Where outputs are written.
    pub destination: Destination,
    /// Whether an original is removed after its output is complete.
    pub originals: Originals,
    /// What happens where an output's name exists already.
    pub overwrite: OverwritePolicy,
    /// Whether an input that is a symbolic link is skipped, where it gets an output of its own.
    pub symlinks: Refuse,
    /// Whether an input with several hard links is skipped, where it gets an output of its own.
    pub hard_links: Refuse,
    /// Whether an input with the setuid or setgid bit is skipped, where it gets an output of its own.
    pub setid: Refuse,
    /// Whether an input with the sticky bit is skipped, where it gets an output of its own.
    pub sticky: Refuse,
    /// Whether gzip data may be read from standard input, which is this descriptor. A program for users refuses a terminal.
    pub accepts_stdin: DescriptorPolicy,
    /// Whether gzip data may be written to this descriptor: standard output, or the device or FIFO of [`Destination::File`]. A
    /// program for users refuses a terminal.
    pub accepts_output: DescriptorPolicy,
    /// Copy data that is not gzip unchanged when decompressing to standard output, as `gzip -dcf` does.
    pub copy_foreign: bool,
    /// A single byte after a file's last gzip member, other than zero, is an error, as in gzip: it may be the beginning of a
    /// member that is missing. Otherwise it is trailing garbage, as longer data is.
    pub refuses_lone_byte: bool,
    /// The suffix that a compressed file's name adds to its original's. Not empty, and without `/`.
    pub suffix: OsString,
    /// Store each file's name in its header. When decompressing, use the stored name for the output.
    pub keep_name: bool,
    /// Store each file's modification time in its header. When decompressing, set the stored time on the output.
    pub keep_time: bool,
    /// Warn about a file whose time should be stored in its header and does not fit, as gzip does: the header holds times from 1970
    /// to 2106. The output file has the time in any case.
    pub warns_about_time: bool,
    /// Compress each block without the preceding 32 KiB as dictionary.
    pub independent: bool,
    /// End blocks where the content decides, so that a change in the input changes only nearby output.
    pub rsyncable: bool,
    /// Decompress each output in memory and compare it with the input before it gets its name.
    pub verify: bool,
    /// Skip inputs whose output has the same time and size. With [`Originals::Remove`], remove an original whose output
    /// is not older and has the same content.
    pub update: bool,
    /// Discard outputs that are not this many percent smaller than their original, 0 to 100. 0 discards outputs that are
    /// not smaller.
    pub only_smaller: Option<u8>,
    /// Least content in bytes between two points of an index. A point takes 32 KiB of the index, and half of this is inflated on average
    /// before a range begins.
    pub index_spacing: NonZeroU64,
    /// Write only this part of the content of each input, to standard output. An index beside the input (`.gzidx`, or `.gzi` of a BGZF
    /// file) shows where the part begins; without one, the content before it is decompressed as well.
    pub range: Option<ContentRange>,
    /// The largest number of bytes that a file may expand to.
    pub max_size: Option<u64>,
    /// Memory in bytes that the run may use; `None` is the limit of the container. It does not change the number of workers. When
    /// several workers inflate one file, each needs 15 MiB more than for other work. If there is less, fewer workers inflate a
    /// file.
    pub memory: Option<u64>,
    /// Whether outputs and their directories are synced to disk. `None`: only if originals are removed.
    pub sync: Option<bool>,
    /// The byte that stands for unknown bytes of the content in [`Mode::Salvage`].
    pub fill: u8,
    /// Write runs of zero bytes, from 64 KiB on, as holes in decompressed files.
    pub sparse: bool,
    /// Standard output receives a report of the run. A walk leaves out the file behind it, as it leaves out the outputs.
    pub reports_to_stdout: bool,
    /// Create outputs without a name (`O_TMPFILE`) where the file system supports it. `false`: under a temporary name, as on
    /// other file systems.
    pub unnamed_temporaries: bool,
    /// Length in bytes of the chunks of a compressed file that workers inflate at the same time. `None`: 512 KiB to 1 MiB,
    /// depending on the file. Content and outcomes do not depend on it; short chunks are slow, and make workers meet more often
    /// in tests.
    pub chunk_length: Option<NonZeroU64>,
}

/// With 4 MiB, an index takes 0.8 % of the content; with 1 MiB, 3 %. To inflate 2 MiB takes about 2 ms.
const DEFAULT_INDEX_SPACING: NonZeroU64 = NonZeroU64::new(4 << 20).unwrap();

impl Default for Settings {
    fn default() -> Self {
        Self::of_workers(available_workers(DEFAULT_LEVEL))
    }
}

impl Settings {
    /// The defaults with this number of workers. To find the number of available workers, as [`default`](Self::default)
    /// does, several files of the system are read.
    pub fn of_workers(jobs: NonZeroUsize) -> Self {
        Self {
            inputs: Vec::new(),
            list: None,
            filter: Filter::default(),
            mode: Mode::Compress,
            engine: DEFAULT_ENGINE,
            level: DEFAULT_LEVEL,
            format: Format::Gzip,
            recompresses_bgzf: false,
            index: false,
            jobs,
            scheduler: Scheduler::Threads,
            recursive: false,
            destination: Destination::Beside,
            originals: Originals::Keep,
            overwrite: OverwritePolicy::Skip,
            symlinks: Refuse::IfRemoved,
            hard_links: Refuse::IfRemoved,
            setid: Refuse::IfRemoved,
            sticky: Refuse::IfRemoved,
            accepts_stdin: |_| true,
            accepts_output: |_| true,
            copy_foreign: false,
            refuses_lone_byte: false,
            suffix: ".gz".into(),
            keep_name: false,
            keep_time: false,
            warns_about_time: false,
            independent: false,
            rsyncable: false,
            verify: false,
            update: false,
            only_smaller: None,
            index_spacing: DEFAULT_INDEX_SPACING,
            range: None,
            max_size: None,
            memory: None,
            sync: None,
            fill: DEFAULT_FILL,
            sparse: true,
            reports_to_stdout: false,
            unnamed_temporaries: true,
            chunk_length: None,
        }
    }

    /// Whether outputs and their directories are synced.
    pub(crate) fn syncs(&self) -> bool {
        self.sync.unwrap_or(self.removes())
    }

    /// Whether originals are removed or replaced.
    pub fn removes(&self) -> bool {
        self.originals == Originals::Remove || self.recompresses()
    }

    /// Whether outputs replace their inputs.
    pub(crate) fn recompresses(&self) -> bool {
        self.mode == Mode::Recompress
    }

    /// Whether an output may replace a file.
    pub(crate) fn may_replace(&self) -> bool {
        self.update || self.overwrite != OverwritePolicy::Skip
    }

    /// Whether all inputs are written to one output, one member after the other.
    pub(crate) fn concatenates(&self) -> bool {
        match self.destination {
            Destination::Stdout => true,
            Destination::File(_) => {
                self.recursive || self.list.is_some() || self.inputs.len() != 1 || self.inputs[0] == *"-"
            }
            Destination::Beside | Destination::Directory(_) | Destination::Discard => false,
        }
    }

    /// Whether standard input is among the inputs.
    pub fn reads_stdin(&self) -> bool {
        self.inputs.iter().any(|input| input == "-")
    }

    /// Whether outputs are written to standard output: all of them, or the one of standard input.
    pub fn stdout_has_data(&self) -> bool {
        match self.destination {
            Destination::Stdout => true,
            Destination::Beside | Destination::Directory(_) => self.reads_stdin(),
            Destination::File(_) | Destination::Discard => false,
        }
    }

    /// Whether the inputs are gzip data: in every mode but [`Mode::Compress`].
    pub(crate) fn reads_gzip(&self) -> bool {
        self.mode != Mode::Compress
    }

    /// Whether an index of each input is written.
    pub(crate) fn indexes_inputs(&self) -> bool {
        self.index && self.reads_gzip()
    }

    /// The part of the settings that streams need.
    pub(crate) fn for_streams(&self) -> StreamSettings {
        StreamSettings {
            // Only the native decoder knows where blocks begin.
            engine: if self.indexes_inputs() { Engine::Native } else { self.engine },
            level: self.level,
            format: self.format,
            jobs: self.jobs,
            scheduler: self.scheduler,
            independent: self.independent,
            rsyncable: self.rsyncable,
            verify: self.verify,
            reads_gzip: self.reads_gzip(),
            recompresses: self.recompresses(),
            copy_foreign: self.copied_foreign_data(),
            // When recompressing: their checksums, if they have any, are weaker.
            other_formats: !(self.indexes_inputs() || self.recompresses()),
            refuses_lone_byte: self.refuses_lone_byte,
            keep_name: self.keep_name,
            keep_time: self.keep_time,
            warns_about_time: self.warns_about_time,
            only_smaller: self.only_smaller,
            max_size: self.max_size,
            memory: self.memory,
            chunk_length: self.chunk_length,
            salvage: (self.mode == Mode::Salvage).then_some(self.fill),
            removes: self.removes(),
            index: self.indexes_inputs(),
            range: self.range,
        }
    }

    /// The inputs whose data is copied unchanged if it is not gzip data.
    fn copied_foreign_data(&self) -> CopyForeign {
        match (self.mode, &self.destination) {
            (Mode::Decompress, Destination::Stdout) if self.copy_foreign => CopyForeign::All,
            // Standard input goes to standard output where each input has an output of its own.
            (Mode::Decompress, Destination::Beside) if self.copy_foreign => CopyForeign::Stdin,
            _ => CopyForeign::None,
        }
    }

    /// Whether `policy` skips an input in this run.
    pub(crate) fn refuses(&self, policy: Refuse) -> bool {
        match policy {
            Refuse::Never => false,
            Refuse::IfRemoved => self.removes(),
            Refuse::Always => true,
        }
    }
}

/// Decides whether an open descriptor is accepted as input or output. It must not close the descriptor, or read or write
/// through it.
pub type DescriptorPolicy = fn(BorrowedFd<'_>) -> bool;

/// The operation on the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Write each as a gzip member.
    Compress,
    /// Write the content of each.
    Decompress,
    /// Decompress each, compress the content, and replace the input if the output is smaller.
    Recompress,
    /// Decompress each without output (`-t`).
    Test,
    /// Decompress each without output, for its sizes (`-l`).
    List,
    /// Read the sizes of each from its last trailer, without a test of the data (`-l --trailers`).
    ListTrailers,
    /// Write the content of each as far as it can be decoded, although it is damaged.
    Salvage,
}

/// What happens where an output's name exists already. Only regular files and symbolic links are ever replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverwritePolicy {
    /// The input is skipped.
    Skip,
    /// The output replaces the file in one step.
    Replace,
    /// [`Observer::may_replace`](crate::Observer::may_replace) decides, in the order of the inputs. An output that takes
    /// several inputs is not asked about: it replaces nothing.
    Ask,
}

/// When an input of some kind is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refuse {
    /// It is processed. Where originals are removed and the input is a symbolic link, the link is removed.
    Never,
    /// It is skipped if its original would be removed.
    IfRemoved,
    /// It is skipped.
    Always,
}

/// Where outputs are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Each input has an output file in its own directory, whose name has the suffix added or removed.
    Beside,
    /// All outputs are written to standard output, in the order of the inputs.
    Stdout,
    /// All outputs are written to this file, in the order of the inputs.
    File(PathBuf),
    /// Each input has an output file below this directory, where the paths of the inputs are mirrored.
    Directory(PathBuf),
    /// There is no output: inputs are tested or listed.
    Discard,
}

impl Destination {
    /// Whether each input has an output file of its own, whose name derives from the input's.
    pub fn is_per_input(&self) -> bool {
        matches!(self, Self::Beside | Self::Directory(_))
    }
}

/// Whether an original is removed after its output is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Originals {
    /// Originals are kept.
    Keep,
    /// An original is removed after its output is named and synced, if its name still refers to the file that was read and
    /// there was no warning about it.
    Remove,
}
