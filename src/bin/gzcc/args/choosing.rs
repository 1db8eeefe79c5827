//! The options that say which files are taken, and lists of names.

use std::ffi::OsString;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

use super::moments::moment;
use super::typed::CHOOSING;
use super::values::{non_empty, shard, size, within};
use super::{Usage, refused};
use gzcc::settings::{self, Globs, Mode, Moment, NameList, Packed, Rule, Shard};

#[derive(Args, Debug)]
#[command(next_help_heading = CHOOSING)]
pub(super) struct Choosing {
    /// Read names from LIST, one per line (-: stdin)
    #[arg(long, value_name = "LIST", value_hint = ValueHint::FilePath, action = ArgAction::Append)]
    files_from: Vec<OsString>,
    /// Same, each name ended by a zero byte (-print0)
    #[arg(long, value_name = "LIST", value_hint = ValueHint::FilePath, action = ArgAction::Append)]
    files0_from: Vec<OsString>,

    #[command(flatten)]
    patterns: Patterns,

    /// Only files modified before D (7d, 2026-11-01)
    ///
    /// D is an age (90m, 12h, 7d) or a date (2026-11-01, '2026-11-01 12:30', @SECONDS).
    #[arg(long, value_name = "D", value_parser = moment, allow_hyphen_values = true)]
    older_than: Option<Moment>,
    /// Only files modified after D
    #[arg(long, value_name = "D", value_parser = moment, allow_hyphen_values = true)]
    newer_than: Option<Moment>,
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

impl Choosing {
    /// Whether other runs do the rest.
    pub(super) fn is_shared(&self) -> bool {
        self.shard.is_some()
    }

    /// What these come to for a run on `files` that does `mode`.
    pub(super) fn decide(
        self,
        files: &[OsString],
        recursive: bool,
        mode: Mode,
    ) -> Result<(Option<NameList>, settings::Choosing), Usage> {
        let list = list(&self.files_from, &self.files0_from)?;
        let is_stdin = |file: &OsString| file == "-";
        if files.iter().any(is_stdin) && list.as_ref().is_some_and(|list| list.path.is_none()) {
            return Err(refused("standard input is either a list of names or an input"));
        }
        let walking = [
            ("--max-depth", self.max_depth.is_some()),
            ("--no-hidden", self.no_hidden),
            ("--one-file-system", self.one_file_system),
            ("--all", self.all),
        ];
        if let Some((option, _)) = walking.iter().find(|(_, given)| *given && !recursive) {
            return Err(refused(&format!("{option} goes with --recursive")));
        }
        if self.all && mode != Mode::Compress {
            return Err(refused("--all goes with compressing"));
        }
        if let (Some(before), Some(after)) = (self.older_than, self.newer_than)
            && before <= after
        {
            return Err(refused("nothing is older than the one and newer than the other"));
        }
        let named = list.is_some() || files.iter().any(|file| !is_stdin(file));
        if let Some(option) = self.given().filter(|_| !named) {
            return Err(refused(&format!("{option} goes with names of files")));
        }
        if self.shard.is_some() && files.iter().any(is_stdin) {
            return Err(refused("--shard goes by names, and standard input has none"));
        }
        let globs =
            Globs::new(self.patterns.0).map_err(|reason| refused(&format!("--include, --exclude: {reason}")))?;
        let choosing = settings::Choosing {
            globs,
            older_than: self.older_than,
            newer_than: self.newer_than,
            min_size: self.min_size.unwrap_or(0),
            max_depth: self.max_depth,
            no_hidden: self.no_hidden,
            one_file_system: self.one_file_system,
            packed: match (recursive, self.all) {
                (_, true) => Packed::Take,
                (true, _) => Packed::SpareAll,
                _ => Packed::SpareGzip,
            },
            shard: self.shard,
        };
        Ok((list, choosing))
    }

    /// An option that was given and says which names are taken.
    fn given(&self) -> Option<&'static str> {
        let given = [
            ("--shard", self.shard.is_some()),
            ("--older-than", self.older_than.is_some()),
            ("--newer-than", self.newer_than.is_some()),
            ("--min-size", self.min_size.is_some()),
            ("--include", self.patterns.0.iter().any(Rule::takes)),
            ("--exclude", !self.patterns.0.is_empty()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }
}

/// The one list of names. A second one would have to be lost, or be read when the first has ended, which may be never.
fn list(lines: &[OsString], zeros: &[OsString]) -> Result<Option<NameList>, Usage> {
    let (name, option, end) = match (lines, zeros) {
        ([], []) => return Ok(None),
        ([name], []) => (name, "--files-from", b'\n'),
        ([], [name]) => (name, "--files0-from", 0),
        _ => return Err(refused("names are read from one list only")),
    };
    let path = non_empty(name.clone(), option)?;
    Ok(Some(NameList { path: Some(path).filter(|path| path.as_os_str() != "-"), end }))
}

/// The globs, in the order in which they were typed: with two lists of values nobody would know it.
#[derive(Debug, Default)]
struct Patterns(Vec<Rule>);

/// Option, whether it includes, its help, and more help for the manual page.
const PATTERNS: [(&str, bool, &str, &str); 2] = [
    (
        "include",
        true,
        "Only files that match GLOB",
        "A GLOB without a / is matched with the name, one with a / with the path below the FILE.",
    ),
    ("exclude", false, "Skip files and directories that match GLOB", "The last glob that matches wins."),
];

impl Args for Patterns {
    fn augment_args(command: Command) -> Command {
        let option = |(name, takes, help, more): (&'static str, bool, &'static str, &'static str)| {
            let rule = move |text: OsString| {
                let text = text.into_string().map_err(|_| "the glob is no UTF-8 (? stands for any byte)".to_owned())?;
                Rule::new(&text, takes)
            };
            let option = clap::Arg::new(name).long(name).value_name("GLOB").help(help).action(ArgAction::Append);
            let option = option.long_help(format!("{help}\n\n{more}"));
            option.allow_hyphen_values(true).value_parser(OsStringValueParser::new().try_map(rule))
        };
        command.args(PATTERNS.map(option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Patterns {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut rules = Vec::new();
        for (name, ..) in PATTERNS {
            let places = matches.indices_of(name).into_iter().flatten();
            rules.extend(places.zip(matches.get_many::<Rule>(name).into_iter().flatten().cloned()));
        }
        rules.sort_by_key(|(place, _)| *place);
        Ok(Self(rules.into_iter().map(|(_, rule)| rule).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
