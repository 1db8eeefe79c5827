//! The options, as they are typed: the one definition that parsing, help, completions and the manual page come from.
//!
//! Decides nothing. A heading's options stand together; each names its heading, as one that does not would get that of
//! the flattened options before it. A help text's first paragraph is one line for `-h`, and what follows is for those
//! who want to know more.

use std::ffi::OsString;
use std::num::NonZeroUsize;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, Parser, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::benchmark::BenchmarkArgs;
use super::choosing::Choosing;
use super::reporting::ReportingArgs;
use super::values::{Engine, jobs, level, size, suffix};
use gzcc::settings;

/// Which has options in a file of their own as well.
pub(super) const OPERATION: &str = "Operation";
const COMPRESSION: &str = "Compression";
/// Which has options in a file of their own as well.
pub(super) const CHOOSING: &str = "Choosing files";
pub(super) const OUTPUT: &str = "Output";
const ORIGINALS: &str = "Originals";
const RUNNING: &str = "Running";
/// Which has options in a file of their own as well.
pub(super) const REPORTING: &str = "Reporting";
const HELP: &str = "Help";

/// Compress files at once, each to its .gz, and big ones in pieces; or decompress.
#[derive(Parser, Debug)]
#[command(
    name = "gzcc",
    version,
    args_override_self = true,
    infer_long_args = true,
    max_term_width = 80,
    override_usage = "gzcc [OPTIONS] [FILE]...",
    disable_help_flag = true,
    disable_version_flag = true
)]
pub(super) struct Typed {
    /// Files to work on, or folders with -r; none, or -, is standard input to standard output
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(super) files: Vec<OsString>,

    /// Decompress
    #[arg(short, long, visible_alias = "uncompress", help_heading = OPERATION)]
    pub(super) decompress: bool,
    /// Test: decompress to nowhere (also with -d)
    #[arg(short, long, help_heading = OPERATION)]
    pub(super) test: bool,
    /// List sizes, tested by decompressing (also with -d, -t)
    #[arg(short, long, help_heading = OPERATION)]
    pub(super) list: bool,
    /// With -l: believe the last trailer, read nothing else, mark figures with ~
    #[arg(long, help_heading = OPERATION)]
    pub(super) trailers: bool,
    /// Stop at a file that expands to more than SIZE bytes (10M, 4G)
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true, help_heading = OPERATION)]
    pub(super) max_size: Option<u64>,
    #[command(flatten)]
    pub(super) benchmark: BenchmarkArgs,

    /// Level, also as -0 to -12; 1 is fastest [default: 6]
    ///
    /// 0 stores, 9 is small; 10 to 12 are smaller still, and slow.
    #[arg(long, value_name = "N", value_parser = level, overrides_with_all = ["fast", "best"],
          help_heading = COMPRESSION)]
    pub(super) level: Option<u8>,
    /// The same as -1
    #[arg(long, overrides_with_all = ["level", "best"], help_heading = COMPRESSION)]
    pub(super) fast: bool,
    /// The same as -9
    #[arg(long, overrides_with_all = ["level", "fast"], help_heading = COMPRESSION)]
    pub(super) best: bool,
    /// Who compresses; levels 10 to 12 need native
    #[arg(long, value_enum, default_value_t = Engine(settings::DEFAULT_ENGINE), help_heading = COMPRESSION)]
    pub(super) engine: Engine,
    /// End blocks where the content says so, for rsync and backups
    #[arg(long, help_heading = COMPRESSION)]
    pub(super) rsyncable: bool,
    /// Decompress what was made, in memory, and compare before it counts
    #[arg(long, help_heading = COMPRESSION)]
    pub(super) verify: bool,
    /// Store each file's name and time, or with -d restore them
    #[arg(short = 'N', long, overrides_with = "no_name", help_heading = COMPRESSION)]
    pub(super) name: bool,
    /// Store or restore neither name nor time (default)
    #[arg(short = 'n', long, overrides_with = "name", help_heading = COMPRESSION)]
    pub(super) no_name: bool,

    /// Walk into folders, hidden files included
    ///
    /// Symbolic links are not followed.
    #[arg(short, long, help_heading = CHOOSING)]
    pub(super) recursive: bool,
    /// Leave alone what has a .gz that is not older; with --rm, remove it after comparing
    #[arg(long, help_heading = CHOOSING)]
    pub(super) update: bool,
    #[command(flatten)]
    pub(super) choosing: Choosing,

    /// Write all to standard output
    ///
    /// In the order of the FILEs, one member after the other.
    #[arg(short = 'c', long, visible_alias = "to-stdout", overrides_with_all = ["output", "output_dir"],
          help_heading = OUTPUT)]
    pub(super) stdout: bool,
    /// Write to FILE, all inputs into one
    #[arg(short, long, value_name = "FILE", overrides_with_all = ["stdout", "output_dir"],
          value_hint = ValueHint::FilePath, help_heading = OUTPUT)]
    pub(super) output: Option<OsString>,
    /// Write into the folder DIR, paths mirrored
    ///
    /// Those with .. in them are refused.
    #[arg(short = 'O', long, value_name = "DIR", overrides_with_all = ["stdout", "output"],
          value_hint = ValueHint::DirPath, help_heading = OUTPUT)]
    pub(super) output_dir: Option<OsString>,
    /// Replace outputs that exist
    ///
    /// Also write to terminals, take hard-linked and setuid files where the original is removed, and with -dc pass on
    /// what is no gzip.
    #[arg(short, long, help_heading = OUTPUT)]
    pub(super) force: bool,
    /// With -d: leave holes for runs of zeros in new files (default)
    #[arg(long, overrides_with = "no_sparse", help_heading = OUTPUT)]
    pub(super) sparse: bool,
    /// With -d: write zeros out, so that files take all of their space on the disk
    ///
    /// Without it, runs of zeros of 64 KiB or more become holes. Standard output, devices and FIFOs never get holes.
    #[arg(long, overrides_with = "sparse", help_heading = OUTPUT)]
    pub(super) no_sparse: bool,
    /// Suffix of compressed files
    #[arg(short = 'S', long, value_name = "SUF", default_value = ".gz",
          value_parser = OsStringValueParser::new().try_map(suffix), value_hint = ValueHint::Other,
          help_heading = OUTPUT)]
    pub(super) suffix: OsString,

    /// Keep originals (default)
    #[arg(short, long, overrides_with = "rm", help_heading = ORIGINALS)]
    pub(super) keep: bool,
    /// Remove originals once their outputs are whole
    ///
    /// An output must have its name and be synced first, and the original must still be the file that was read, without
    /// any warning about it. Nothing is removed where one -o takes several.
    #[arg(long, overrides_with = "keep", help_heading = ORIGINALS)]
    pub(super) rm: bool,
    /// Sync outputs before they count (default with --rm)
    #[arg(long, overrides_with = "no_sync", help_heading = ORIGINALS)]
    pub(super) sync: bool,
    /// Leave syncing to the system
    #[arg(long, overrides_with = "sync", help_heading = ORIGINALS)]
    pub(super) no_sync: bool,

    /// Workers [default: all CPUs]
    ///
    /// All that affinity and the container's quota leave, and its memory has room for.
    #[arg(short, long, value_name = "N", visible_short_alias = 'p', visible_alias = "processes",
          allow_negative_numbers = true, value_parser = jobs, help_heading = RUNNING)]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Memory for the whole run (100M): as few workers as that takes
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true, help_heading = RUNNING)]
    pub(super) memory: Option<u64>,
    /// Who hands out the work
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Scheduler::Threads, help_heading = RUNNING)]
    pub(super) scheduler: Scheduler,
    /// Give outputs under way a name, as on file systems that take no files without one. For tests.
    #[arg(long, hide = true, help_heading = RUNNING)]
    pub(super) named_temporaries: bool,

    /// No warnings, no count
    #[arg(short, long, overrides_with = "verbose", help_heading = REPORTING)]
    pub(super) quiet: bool,
    /// A line for each file, and one on the workers
    #[arg(short, long, overrides_with = "quiet", action = ArgAction::SetTrue, help_heading = REPORTING)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(super) reporting: ReportingArgs,

    /// Print help: -h what is used daily, --help all
    #[arg(short, long, action = ArgAction::Help, help_heading = HELP)]
    pub(super) help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = HELP)]
    pub(super) version: Option<bool>,
    /// Print the manual page (gzcc --man | man -l -)
    #[arg(long, help_heading = HELP)]
    pub(super) man: bool,
    /// Print what makes SHELL complete gzcc's options
    #[arg(long, value_enum, value_name = "SHELL", help_heading = HELP)]
    pub(super) completions: Option<Shell>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(super) enum Scheduler {
    /// scoped threads, which help with an open file first
    Threads,
    /// tasks on a rayon pool
    Rayon,
}
