//! The options as given on the command line: the one definition behind parsing, help, completions and the manual page.
//!
//! Checks no combination of options. The options of a heading are adjacent. Each names its heading, because an option without
//! one gets the heading of the flattened options before it. The first paragraph of a help text is one line for `-h` and
//! `--help`; the manual page also has the others.

use std::ffi::OsString;
use std::num::NonZeroUsize;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, Parser, ValueEnum, ValueHint};
use clap_complete::Shell;
use gzcc::settings::{Format, Scheduler};

use super::access_args::AccessArgs;
use super::benchmark_args::BenchmarkArgs;
use super::filter_args::FilterArgs;
use super::report_args::ReportArgs;
use super::values::{EngineArg, fill, jobs, level, size, suffix, within};

/// Also the heading of options in `benchmark_args.rs`.
pub(super) const OPERATION: &str = "Operation";
const COMPRESSION: &str = "Compression";
/// Also the heading of options in `filter_args.rs`.
pub(super) const SELECTION: &str = "Choosing files";
const OUTPUT: &str = "Output";
const ORIGINALS: &str = "Originals";
const RUNNING: &str = "Running";
/// Also the heading of options in `report_args.rs`.
pub(super) const REPORTING: &str = "Reporting";
const HELP: &str = "Help";

/// The suffix of compressed files without `-S`.
pub(super) const DEFAULT_SUFFIX: &str = ".gz";

/// The maximum of `--only-smaller`: no output saves 100 percent.
const MAX_PERCENT: u8 = 99;

/// Compress files to .gz in parallel, and large ones block by block, or decompress.
#[derive(Parser, Debug, Default)]
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
pub(super) struct Args {
    /// Files, or with -r directories; none or -: standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(super) files: Vec<OsString>,

    /// Decompress
    #[arg(short, long, visible_alias = "uncompress", help_heading = OPERATION)]
    pub(super) decompress: bool,
    /// Test: decompress without output
    #[arg(short, long, help_heading = OPERATION)]
    pub(super) test: bool,
    /// Replace each .gz by a smaller one with the same content
    ///
    /// One that does not get smaller is kept. Name, time and mode stay.
    #[arg(long, help_heading = OPERATION)]
    pub(super) recompress: bool,
    /// List sizes and space saved, and test the data
    #[arg(short, long, help_heading = OPERATION)]
    pub(super) list: bool,
    /// With -l: read trailers only; marks figures with ~
    ///
    /// The figures of a file with several members, or of more than 4 GiB of content, are those of its last trailer. The length of
    /// a BGZF file is that of all its blocks.
    #[arg(long, help_heading = OPERATION)]
    pub(super) trailers: bool,
    #[command(flatten)]
    pub(super) access: AccessArgs,
    /// Decompress what can be decoded of a damaged file
    ///
    /// Each loss is reported, and the exit status is 2 if there is any. Nothing is removed.
    #[arg(long, help_heading = OPERATION)]
    pub(super) salvage: bool,
    /// Byte that --salvage writes for unknown ones [default: ?]
    ///
    /// A character, or 0x00 to 0xff.
    #[arg(long, value_name = "BYTE", value_parser = fill, allow_hyphen_values = true, help_heading = OPERATION)]
    pub(super) fill: Option<u8>,
    /// Fail if a file expands to more than SIZE (10M, 4G)
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true, help_heading = OPERATION)]
    pub(super) max_size: Option<u64>,
    #[command(flatten)]
    pub(super) benchmark: BenchmarkArgs,

    /// Level, also -0 to -12; 1 is fastest [default: 6]
    ///
    /// 0 stores without compression. 10 to 12 are slow and compress best.
    #[arg(long, value_name = "N", value_parser = level, overrides_with_all = ["fast", "best"],
          help_heading = COMPRESSION)]
    pub(super) level: Option<u8>,
    /// Same as -1
    #[arg(long, overrides_with_all = ["level", "best"], help_heading = COMPRESSION)]
    pub(super) fast: bool,
    /// Same as -9
    #[arg(long, overrides_with_all = ["level", "fast"], help_heading = COMPRESSION)]
    pub(super) best: bool,
    /// DEFLATE engine; levels 10 to 12 need `native`
    #[arg(long, value_enum, default_value_t = EngineArg::default(), help_heading = COMPRESSION)]
    pub(super) engine: EngineArg,
    /// Format of the output [default: gzip]
    ///
    /// Every gunzip reads both.
    #[arg(long, value_enum, value_name = "KIND", help_heading = COMPRESSION)]
    pub(super) format: Option<FormatArg>,
    /// End blocks by content, for rsync and backups
    #[arg(long, help_heading = COMPRESSION)]
    pub(super) rsyncable: bool,
    /// Decompress each output in memory and compare
    ///
    /// An output that differs gets no name, and its original is kept.
    #[arg(long, help_heading = COMPRESSION)]
    pub(super) verify: bool,
    /// Store name and time; with -d restore them
    #[arg(short = 'N', long, overrides_with = "no_name", help_heading = COMPRESSION)]
    pub(super) name: bool,
    /// Do not store or restore name and time (default)
    #[arg(short = 'n', long, overrides_with = "name", help_heading = COMPRESSION)]
    pub(super) no_name: bool,

    /// Process directories, hidden files included
    ///
    /// Symbolic links are not followed.
    #[arg(short, long, help_heading = SELECTION)]
    pub(super) recursive: bool,
    /// Skip files whose .gz is up to date
    ///
    /// Such a .gz has the time of the file and states its size. With --rm, an original whose .gz is not older is compared
    /// with it, and removed if both are the same; otherwise both stay (-f replaces the .gz).
    #[arg(long, help_heading = SELECTION)]
    pub(super) update: bool,
    #[command(flatten)]
    pub(super) filter: FilterArgs,

    /// Write all to standard output
    ///
    /// Members are written in the order of the FILEs.
    #[arg(short = 'c', long, visible_alias = "to-stdout", overrides_with_all = ["output", "output_dir"],
          help_heading = OUTPUT)]
    pub(super) stdout: bool,
    /// Write all to one FILE
    #[arg(short, long, value_name = "FILE", overrides_with_all = ["stdout", "output_dir"],
          value_hint = ValueHint::FilePath, help_heading = OUTPUT)]
    pub(super) output: Option<OsString>,
    /// Write below DIR, mirroring the given paths
    ///
    /// Paths that contain .. are refused.
    #[arg(short = 'O', long, value_name = "DIR", overrides_with_all = ["stdout", "output"],
          value_hint = ValueHint::DirPath, help_heading = OUTPUT)]
    pub(super) output_dir: Option<OsString>,
    /// Replace existing outputs
    ///
    /// Also writes compressed data to terminals, processes hard-linked and setuid files although the original is
    /// removed, and with -dc copies data that is not gzip.
    #[arg(short, long, help_heading = OUTPUT)]
    pub(super) force: bool,
    /// With -d: leave holes for runs of zeros in new files (default)
    #[arg(long, overrides_with = "no_sparse", help_heading = OUTPUT)]
    pub(super) sparse: bool,
    /// With -d: write runs of zeros, without holes
    ///
    /// By default, runs of zeros of 64 KiB or more become holes. Standard output, devices and FIFOs never get holes.
    #[arg(long, overrides_with = "sparse", help_heading = OUTPUT)]
    pub(super) no_sparse: bool,
    /// Suffix of compressed files
    #[arg(short = 'S', long, value_name = "SUF", default_value = DEFAULT_SUFFIX,
          value_parser = OsStringValueParser::new().try_map(suffix), value_hint = ValueHint::Other,
          help_heading = OUTPUT)]
    pub(super) suffix: OsString,
    /// Discard outputs that save less than PCT percent [default: those that save nothing]
    #[arg(long, value_name = "PCT", num_args = 0..=1, require_equals = true, default_missing_value = "0",
          value_parser = |text: &str| within(text, 0, MAX_PERCENT), help_heading = OUTPUT)]
    pub(super) only_smaller: Option<u8>,

    /// Keep originals (default)
    #[arg(short, long, overrides_with = "rm", help_heading = ORIGINALS)]
    pub(super) keep: bool,
    /// Remove originals after their outputs are complete
    ///
    /// The output is named and synced first. The original must still be the file that was read, and there must be no
    /// warning about it. Nothing is removed if -o writes several inputs to one file.
    #[arg(long, overrides_with = "keep", help_heading = ORIGINALS)]
    pub(super) rm: bool,
    /// Sync outputs to disk (default with --rm)
    #[arg(long, overrides_with = "no_sync", help_heading = ORIGINALS)]
    pub(super) sync: bool,
    /// Do not sync outputs
    #[arg(long, overrides_with = "sync", help_heading = ORIGINALS)]
    pub(super) no_sync: bool,

    /// Workers [default: all CPUs]
    ///
    /// The default respects CPU affinity, the CPU quota and memory limit of the container, and the CPUs that a batch system
    /// assigned to the job (SLURM_CPUS_PER_TASK and others).
    #[arg(short, long, value_name = "N", visible_short_alias = 'p', visible_alias = "processes",
          allow_negative_numbers = true, value_parser = jobs, help_heading = RUNNING)]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Memory for the run (100M); limits the workers
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true, help_heading = RUNNING)]
    pub(super) memory: Option<u64>,
    /// How work is distributed
    #[arg(long, value_enum, value_name = "KIND", default_value_t = SchedulerArg::Threads, help_heading = RUNNING)]
    pub(super) scheduler: SchedulerArg,
    /// Use named temporary files, as on file systems without unnamed ones. For tests.
    #[arg(long, hide = true, help_heading = RUNNING)]
    pub(super) named_temporaries: bool,
    /// Compressed bytes of the chunks that workers inflate of a file. For tests.
    #[arg(long, value_name = "SIZE", value_parser = size, hide = true, help_heading = RUNNING)]
    pub(super) chunk_length: Option<u64>,

    /// No count, for cron; -qq: no warnings either
    #[arg(short, long, overrides_with = "verbose", action = ArgAction::Count, help_heading = REPORTING)]
    pub(super) quiet: u8,
    /// Print a line for each file, and a summary
    #[arg(short, long, overrides_with = "quiet", action = ArgAction::SetTrue, help_heading = REPORTING)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(super) report: ReportArgs,

    /// Print help: -h common options, --help all
    #[arg(short, long, action = ArgAction::Help, help_heading = HELP)]
    pub(super) help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = HELP)]
    pub(super) version: Option<bool>,
    /// Print the manual page (gzcc --man | man -l -)
    #[arg(long, help_heading = HELP)]
    pub(super) man: bool,
    /// Print a completion script for SHELL
    #[arg(long, value_enum, value_name = "SHELL", help_heading = HELP)]
    pub(super) completions: Option<Shell>,
    /// Install the manual page and the completions
    ///
    /// DIR is a data directory such as /usr/share. The default is /usr/local/share for root, and $XDG_DATA_HOME or
    /// ~/.local/share for other users. Existing files are replaced; symbolic links below DIR are not followed. If gzcc is
    /// the program that PATH has under one of gzip's names, that name gets a page, too.
    #[arg(long, value_name = "DIR", num_args = 0..=1, value_hint = ValueHint::DirPath, help_heading = HELP)]
    pub(super) install_docs: Option<Option<OsString>>,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormatArg {
    /// one gzip member
    Gzip,
    /// blocks that bgzip, samtools and tabix can seek in
    Bgzf,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Gzip => Self::Gzip,
            FormatArg::Bgzf => Self::Bgzf,
        }
    }
}

#[derive(ValueEnum, Clone, Copy, Debug, Default)]
pub(super) enum SchedulerArg {
    /// scoped threads, which prefer blocks of open files to new files
    #[default]
    Threads,
    /// tasks on a rayon pool
    Rayon,
}

impl From<SchedulerArg> for Scheduler {
    fn from(scheduler: SchedulerArg) -> Self {
        match scheduler {
            SchedulerArg::Threads => Self::Threads,
            SchedulerArg::Rayon => Self::Rayon,
        }
    }
}
