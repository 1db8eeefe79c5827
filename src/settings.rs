//! What was decided: plain values, already checked, that everything below the command line reads.
//!
//! What was *typed* is another type (the binary's `cli`). Nothing here knows of clap, prints, or
//! touches a file, so a test, a bench or a user of the library starts from a [`Settings`].
//!
//! What is of use to the command alone, as a run of the library prints nothing, is left out of the documentation.

mod check;
mod filter;
pub(crate) mod globs;
mod name_list;
#[doc(hidden)]
pub mod resources;
mod shard;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

pub use self::check::InvalidSettings;
pub use self::filter::{CompressedFiles, FileTime, Filter, Globs, Rule, Shard};
pub use self::name_list::NameList;
use crate::settings::resources::available_workers;

/// Everything one run needs to know.
///
/// Take the defaults and say what is to be otherwise; what does not fit together is found by
/// [`check`](Settings::check), which everything that takes settings asks first.
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
/// let nowhere = Settings { destination: Destination::Discard, ..nightly };
/// assert!(nowhere.check().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names of files, and with [`recursive`](Self::recursive) of folders; `-` is standard input.
    pub inputs: Vec<OsString>,
    /// More names, read as they are reached. Each is that of a file or folder, `-` too.
    pub list: Option<NameList>,
    /// Which of all those are taken.
    pub filter: Filter,
    /// What is done with them; [`compress`](crate::compress) and [`decompress`](crate::decompress) set it themselves.
    #[doc(hidden)]
    pub mode: Mode,
    /// Who compresses.
    pub engine: Engine,
    /// Compression level, 0 (stored) to the engine's [`max_level`](Engine::max_level).
    pub level: u8,
    /// Workers for the whole run, the calling thread included.
    pub jobs: NonZeroUsize,
    /// Who hands out the work.
    pub scheduler: Scheduler,
    /// Walk into the folders among the inputs.
    pub recursive: bool,
    /// Where what is made goes.
    pub destination: Destination,
    /// What becomes of an original whose output is whole.
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
    /// Read compressed data from standard input although it is a terminal.
    pub terminal_input: bool,
    /// Write compressed data to standard output, or to the device of [`Destination::File`], although it is a terminal.
    pub terminal_output: bool,
    /// Copy data that is not gzip unchanged when decompressing to standard output, as `gzip -dcf` does.
    pub copy_foreign: bool,
    /// What a compressed file's name adds to its original's. Never empty, never with a `/`.
    pub suffix: OsString,
    /// Store each file's name in its header; when decompressing, name the output by it (`-N`).
    pub keep_name: bool,
    /// Store each file's time in its header; when decompressing, give it to the output (`-N`).
    pub keep_time: bool,
    /// Compress blocks without the window before them (`-i`).
    pub independent: bool,
    /// End blocks where the content says so (`--rsyncable`).
    pub rsyncable: bool,
    /// Decompress what was made before it counts, and compare.
    pub verify: bool,
    /// Leave alone what has an output of its time and size. With [`Originals::Remove`], remove an original whose output
    /// is not older and holds the same.
    pub update: bool,
    /// Keep no output that is not this many percent smaller than its original; 0 is smaller at all.
    pub only_smaller: Option<u8>,
    /// Most bytes that a file may expand to.
    pub max_size: Option<u64>,
    /// `--sync` (`Some(true)`), `--no-sync` (`Some(false)`), or as is right: where an original is removed.
    pub sync: Option<bool>,
    /// Leave holes for runs of zero bytes, 64 KiB or longer, in the files that decompression makes.
    pub sparse: bool,
    /// Create outputs without a name where the system can. `false` only to test the other way.
    #[doc(hidden)]
    pub unnamed_temporaries: bool,
}

/// Engine when none is asked for.
pub const DEFAULT_ENGINE: Engine = Engine::Native;

/// What `--best` stands for: the highest level that gzip and pigz have by that name, and that every engine has.
pub const BEST_LEVEL: u8 = 9;

/// The most workers. A rayon pool starts all its threads at once: 1,024 take half a second, 65,000 minutes, and few
/// machines have work for more.
pub const MAX_JOBS: usize = 1024;

/// Level when none is asked for: what gzip, pigz and zlib take.
pub const DEFAULT_LEVEL: u8 = 6;

impl Default for Settings {
    fn default() -> Self {
        Self::of_workers(available_workers(DEFAULT_LEVEL))
    }
}

impl Settings {
    /// The defaults, for whoever knows how many workers there are: finding that out reads several files of the system's.
    pub fn of_workers(jobs: NonZeroUsize) -> Self {
        Self {
            inputs: Vec::new(),
            list: None,
            filter: Filter::default(),
            mode: Mode::Compress,
            engine: DEFAULT_ENGINE,
            level: DEFAULT_LEVEL,
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
            terminal_input: false,
            terminal_output: false,
            copy_foreign: false,
            suffix: ".gz".into(),
            keep_name: false,
            keep_time: false,
            independent: false,
            rsyncable: false,
            verify: false,
            update: false,
            only_smaller: None,
            max_size: None,
            sync: None,
            sparse: true,
            unnamed_temporaries: true,
        }
    }

    /// Whether outputs and their folders are synced: as asked, else only where an original is about to go.
    pub(crate) fn syncs(&self) -> bool {
        self.sync.unwrap_or(self.removes())
    }

    /// Whether originals are to be removed.
    #[doc(hidden)]
    pub fn removes(&self) -> bool {
        self.originals == Originals::Remove
    }

    /// Whether an output may replace a file.
    pub(crate) fn may_replace(&self) -> bool {
        self.update || self.overwrite != OverwritePolicy::Skip
    }

    /// Whether one output takes every input, one member after the other.
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
    #[doc(hidden)]
    pub fn reads_stdin(&self) -> bool {
        self.inputs.iter().any(|input| input == "-")
    }

    /// Whether standard output carries what is made: of all inputs, or where each has an output of its own, of standard
    /// input.
    #[doc(hidden)]
    pub fn stdout_has_data(&self) -> bool {
        match self.destination {
            Destination::Stdout => true,
            Destination::Beside | Destination::Directory(_) => self.reads_stdin(),
            Destination::File(_) | Destination::Discard => false,
        }
    }

    /// Whether gzip data is read, and not made.
    pub(crate) fn decompresses(&self) -> bool {
        self.mode != Mode::Compress
    }

    /// Whether data of an input that is not gzip is copied unchanged. Standard input goes to standard output where each
    /// input has an output of its own.
    pub(crate) fn passes_through(&self, from_stdin: bool) -> bool {
        let to_stdout =
            self.destination == Destination::Stdout || from_stdin && self.destination == Destination::Beside;
        self.mode == Mode::Decompress && self.copy_foreign && to_stdout
    }

    /// Whether inputs that `policy` is about are skipped.
    pub(crate) fn refuses(&self, policy: Refuse) -> bool {
        match policy {
            Refuse::Never => false,
            Refuse::IfRemoved => self.removes(),
            Refuse::Always => true,
        }
    }
}

/// What is done with the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each becomes a gzip member.
    Compress,
    /// Each becomes what it was compressed from.
    Decompress,
    /// Each is decompressed to nowhere, to see whether it can be (`-t`).
    Test,
    /// Each has its sizes told, and is tested on the way (`-l`).
    List,
    /// Each has the sizes told that its last trailer holds; nothing is tested (`-l --trailers`).
    ListTrailers,
}

impl Mode {
    /// Which of the bytes read and made are those of the compressed form, and which those of the content.
    pub fn packed_and_plain(self, bytes_in: u64, bytes_out: u64) -> (u64, u64) {
        if self == Self::Compress { (bytes_out, bytes_in) } else { (bytes_in, bytes_out) }
    }
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

/// Who compresses. Each writes bytes of its own; what they stand for is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// gzcc's own encoder.
    Native,
    /// flate2 on zlib-rs, which compresses as zlib does.
    Flate2,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Native, Self::Flate2];

    /// What it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Flate2 => "flate2",
        }
    }

    /// The highest level that it has.
    pub const fn max_level(self) -> u8 {
        match self {
            Self::Native => 12,
            Self::Flate2 => BEST_LEVEL,
        }
    }
}

/// Who hands out the work. Both write the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// Scoped threads that take a block of an open stream, else the next file.
    Threads,
    /// Tasks on a rayon pool, one a file and more for a big one.
    Rayon,
}

impl Scheduler {
    /// What it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::Rayon => "rayon",
        }
    }
}

/// Where what is made goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Each into a file of its own beside its input, named with the suffix.
    Beside,
    /// All to standard output, members in argument order.
    Stdout,
    /// All into this file.
    File(PathBuf),
    /// Each into a file of its own under this folder, paths mirrored as given.
    Directory(PathBuf),
    /// Nowhere: inputs are tested or listed.
    Discard,
}

/// What becomes of an original whose output is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Originals {
    /// It stays.
    Keep,
    /// It goes, once its output is named and synced.
    Remove,
}
