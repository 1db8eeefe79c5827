//! Options that select files, and lists of file names: which of them conflict, and the filter that they describe.
//!
//! Parses and checks only; reads no list and matches no file.

use std::ffi::OsString;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

use super::definition::SELECTION;
use super::time_spec::moment;
use super::values::{non_empty, shard, size, within};
use super::{UsageError, rejected};
use gzcc::settings::{self, CompressedFiles, FileTime, Globs, Mode, NameList, Rule, Shard};

#[derive(Args, Debug, Default)]
#[command(next_help_heading = SELECTION)]
pub(super) struct FilterArgs {
    /// Read names from LIST, one per line (-: stdin)
    #[arg(long, value_name = "LIST", value_hint = ValueHint::FilePath, action = ArgAction::Append)]
    files_from: Vec<OsString>,
    /// Same, names end with a zero byte (find -print0)
    #[arg(long, value_name = "LIST", value_hint = ValueHint::FilePath, action = ArgAction::Append)]
    files0_from: Vec<OsString>,

    #[command(flatten)]
    globs: GlobArgs,

    /// Only files modified before D (7d, 2026-11-01)
    ///
    /// D is an age (90m, 12h, 7d) or a date (2026-11-01, '2026-11-01 12:30', @SECONDS).
    #[arg(long, value_name = "D", value_parser = moment, allow_hyphen_values = true)]
    older_than: Option<FileTime>,
    /// Only files modified after D
    #[arg(long, value_name = "D", value_parser = moment, allow_hyphen_values = true)]
    newer_than: Option<FileTime>,
    /// Only files of at least SIZE (10K, 5M)
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true)]
    min_size: Option<u64>,
    /// With -r: at most N levels deep
    ///
    /// 1 is directly in a directory that was named.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |text: &str| within(text, 1, u32::MAX))]
    max_depth: Option<u32>,
    /// With -r: skip names that begin with a dot
    #[arg(long)]
    no_hidden: bool,
    /// With -r: stay on one file system
    #[arg(long)]
    one_file_system: bool,
    /// With -r: include compressed files (.gz, .jpg)
    ///
    /// Otherwise files are skipped if their suffix says that they are compressed.
    #[arg(long)]
    all: bool,
    /// Only part K of N, by a hash of the names
    ///
    /// The hash is the same on every host.
    #[arg(long, value_name = "K/N", value_parser = shard, allow_hyphen_values = true)]
    shard: Option<Shard>,
}

/// What the options of this module select.
pub(super) struct FileSelection {
    /// More names of files.
    pub(super) list: Option<NameList>,
    pub(super) filter: settings::Filter,
}

impl FilterArgs {
    /// Whether names come from a list.
    pub(super) fn has_list(&self) -> bool {
        !self.files_from.is_empty() || !self.files0_from.is_empty()
    }

    /// Whether this run processes one part of the files and other runs the rest.
    pub(super) fn is_sharded(&self) -> bool {
        self.shard.is_some()
    }

    /// The list of names and the filter for a run on `files`.
    ///
    /// # Errors
    /// The first conflict.
    pub(super) fn into_selection(
        self,
        files: &[OsString],
        recursive: bool,
        mode: Mode,
    ) -> Result<FileSelection, UsageError> {
        let list = list(&self.files_from, &self.files0_from)?;
        if list.as_ref().is_some_and(|list| list.path.is_none()) && files.iter().any(is_stdin) {
            return Err(rejected("standard input is either a list of names or an input"));
        }
        self.check_walk(recursive, mode)?;
        self.check_names(files, list.as_ref())?;
        let globs = Globs::new(self.globs.0).map_err(|reason| rejected(&format!("--include, --exclude: {reason}")))?;
        let filter = settings::Filter {
            globs,
            older_than: self.older_than,
            newer_than: self.newer_than,
            min_size: self.min_size.unwrap_or(0),
            max_depth: self.max_depth,
            no_hidden: self.no_hidden,
            one_file_system: self.one_file_system,
            compressed_files: match (recursive, self.all) {
                (_, true) => CompressedFiles::Include,
                (true, _) => CompressedFiles::SkipAll,
                _ => CompressedFiles::SkipGzip,
            },
            shard: self.shard,
        };
        Ok(FileSelection { list, filter })
    }

    /// Rejects options for a walk without `-r`, and a time range that is empty.
    fn check_walk(&self, recursive: bool, mode: Mode) -> Result<(), UsageError> {
        let walk_options = [
            ("--max-depth", self.max_depth.is_some()),
            ("--no-hidden", self.no_hidden),
            ("--one-file-system", self.one_file_system),
            ("--all", self.all),
        ];
        if let Some((option, _)) = walk_options.iter().find(|(_, is_set)| *is_set && !recursive) {
            return Err(rejected(&format!("{option} goes with --recursive")));
        }
        if self.all && mode != Mode::Compress {
            return Err(rejected("--all goes with compressing"));
        }
        match (self.older_than, self.newer_than) {
            (Some(before), Some(after)) if before <= after => {
                Err(rejected("nothing is older than the one and newer than the other"))
            }
            _ => Ok(()),
        }
    }

    /// Rejects options that select by name if standard input is the only input, because it has no name.
    fn check_names(&self, files: &[OsString], list: Option<&NameList>) -> Result<(), UsageError> {
        let has_named = list.is_some() || !files.iter().all(is_stdin);
        if let Some(option) = self.name_option().filter(|_| !has_named) {
            return Err(rejected(&format!("{option} goes with names of files")));
        }
        if self.shard.is_some() && files.iter().any(is_stdin) {
            return Err(rejected("--shard goes by names, and standard input has none"));
        }
        Ok(())
    }

    /// The first given option that needs files with names.
    fn name_option(&self) -> Option<&'static str> {
        let options = [
            ("--shard", self.shard.is_some()),
            ("--older-than", self.older_than.is_some()),
            ("--newer-than", self.newer_than.is_some()),
            ("--min-size", self.min_size.is_some()),
            ("--include", self.globs.0.iter().any(Rule::includes)),
            ("--exclude", !self.globs.0.is_empty()),
        ];
        options.into_iter().find(|(_, is_set)| *is_set).map(|(option, _)| option)
    }
}

fn is_stdin(file: &OsString) -> bool {
    file == "-"
}

/// The list of names. Only one is allowed: a second one would be read after the first, which may never end.
fn list(lines: &[OsString], zeros: &[OsString]) -> Result<Option<NameList>, UsageError> {
    let (name, option, end) = match (lines, zeros) {
        ([], []) => return Ok(None),
        ([name], []) => (name, "--files-from", b'\n'),
        ([], [name]) => (name, "--files0-from", 0),
        _ => return Err(rejected("names are read from one list only")),
    };
    let path = non_empty(name.clone(), option)?;
    Ok(Some(NameList { path: Some(path).filter(|path| path.as_os_str() != "-"), end }))
}

/// The globs of both options in the order of the command line. Parsed without derive, because two separate lists of values
/// lose the order between them.
#[derive(Debug, Default)]
struct GlobArgs(Vec<Rule>);

/// `--include` or `--exclude`.
struct GlobOption {
    name: &'static str,
    includes: bool,
    help: &'static str,
    /// The second paragraph of the help, for the manual page.
    details: &'static str,
}

const GLOB_OPTIONS: [GlobOption; 2] = [
    GlobOption {
        name: "include",
        includes: true,
        help: "Only files that match GLOB",
        details: "A GLOB without a / is matched with the name, one with a / with the path below the FILE.",
    },
    GlobOption {
        name: "exclude",
        includes: false,
        help: "Skip files and directories that match GLOB",
        details: "The last glob that matches wins.",
    },
];

impl GlobOption {
    fn to_arg(&self) -> clap::Arg {
        let (name, help, includes) = (self.name, self.help, self.includes);
        let rule = move |text: OsString| {
            let text = text.into_string().map_err(|_| "the glob is no UTF-8 (? stands for any byte)".to_owned())?;
            Rule::new(&text, includes)
        };
        let option = clap::Arg::new(name).long(name).value_name("GLOB").help(help).action(ArgAction::Append);
        let option = option.long_help(format!("{help}\n\n{}", self.details));
        option.allow_hyphen_values(true).value_parser(OsStringValueParser::new().try_map(rule))
    }
}

impl Args for GlobArgs {
    fn augment_args(command: Command) -> Command {
        command.args(GLOB_OPTIONS.iter().map(GlobOption::to_arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for GlobArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut rules = Vec::new();
        for GlobOption { name, .. } in &GLOB_OPTIONS {
            let positions = matches.indices_of(name).into_iter().flatten();
            rules.extend(positions.zip(matches.get_many::<Rule>(name).into_iter().flatten().cloned()));
        }
        rules.sort_by_key(|(position, _)| *position);
        Ok(Self(rules.into_iter().map(|(_, rule)| rule).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
