//! Include and exclude globs (`--include`, `--exclude`).
//!
//! A glob without `/` is matched with the last component of a path, a glob with `/` with the whole path below the argument.
//! The last glob that matches wins. Reads names only, never files.

use std::path::Path;

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// A glob that includes or excludes the names that it matches.
#[derive(Clone, Debug)]
pub struct Rule {
    glob: Glob,
    includes: bool,
    /// The glob ends with a slash: it matches directories only, and applies to everything in them.
    directories: bool,
    /// The glob contains another slash: it is matched with paths below an argument, and not with the argument itself.
    anchored: bool,
}

impl Rule {
    /// Parses the glob `text`, which includes names if `includes`, and otherwise excludes them.
    ///
    /// # Errors
    /// A description of the syntax error.
    pub fn new(text: &str, includes: bool) -> Result<Self, String> {
        let (directories, bare) = match text.strip_suffix('/') {
            Some(bare) => (true, bare),
            None => (false, text),
        };
        let anchored = bare.contains('/');
        let bare = bare.strip_prefix('/').unwrap_or(bare);
        if bare.is_empty() {
            return Err("the glob is empty".into());
        }
        let pattern = if anchored { bare.to_owned() } else { format!("**/{bare}") };
        let glob = GlobBuilder::new(&pattern).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|error| error.kind().to_string())?;
        Ok(Self { glob, includes, directories, anchored })
    }

    /// Whether the glob includes the names that it matches.
    pub fn includes(&self) -> bool {
        self.includes
    }
}

/// The globs of a run, in the order in which they were given.
#[derive(Clone, Debug)]
pub struct Globs {
    rules: Vec<Rule>,
    set: GlobSet,
    /// The index of the last rule that includes names.
    last_include: Option<usize>,
}

/// A name to be matched.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The path below the argument; for an argument itself, its last component.
    pub path: &'a Path,
    /// It is the name of a directory.
    pub directory: bool,
    /// It is an argument, and not a name that a walk found.
    pub argument: bool,
}

/// The index of the rule that the directories above a name have matched, if it applies to everything in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inherited(Option<usize>);

impl Globs {
    /// Compiles these rules.
    ///
    /// # Errors
    /// A description of the limit that they exceed together.
    pub fn new(rules: Vec<Rule>) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for rule in &rules {
            set.add(rule.glob.clone());
        }
        let set = set.build().map_err(|error| error.kind().to_string())?;
        let last_include = rules.iter().rposition(|rule| rule.includes);
        Ok(Self { rules, set, last_include })
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether there are no rules, so that every name is included.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a file is included. `above` is the result of [`enters`](Self::enters) for its directory; `matches` is a scratch
    /// buffer. A name that no glob matches is included, unless the first glob is an include, as in GNU grep.
    pub fn includes(&self, file: Subject<'_>, above: Inherited, matches: &mut Vec<usize>) -> bool {
        match self.last_match(file, matches).max(above.0) {
            Some(last) => self.rules[last].includes,
            None => self.rules.first().is_none_or(|first| !first.includes),
        }
    }

    /// The rule that a directory passes on to everything in it; `None` if no name in it can be included. An exclude applies to
    /// everything in the directory. An include does so only if it ends with a slash: `--include 'a*'` must not include every file
    /// in a directory `app`.
    pub fn enters(&self, directory: Subject<'_>, above: Inherited, matches: &mut Vec<usize>) -> Option<Inherited> {
        let settled = match self.last_match(directory, matches) {
            Some(last) if above.0 < Some(last) => {
                let Rule { includes, directories, .. } = self.rules[last];
                Inherited((!includes || directories).then_some(last))
            }
            _ => above,
        };
        let excluded = settled.0.is_some_and(|rule| !self.rules[rule].includes);
        (!excluded || settled.0 < self.last_include).then_some(settled)
    }

    /// The index of the last rule that matches.
    fn last_match(&self, subject: Subject<'_>, matches: &mut Vec<usize>) -> Option<usize> {
        self.set.matches_candidate_into(&Candidate::new(subject.path), matches);
        let counts = |&index: &usize| {
            let rule = &self.rules[index];
            (subject.directory || !rule.directories) && !(subject.argument && rule.anchored)
        };
        matches.iter().copied().rev().find(counts)
    }
}

impl Default for Globs {
    fn default() -> Self {
        Self { rules: Vec::new(), set: GlobSet::empty(), last_include: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses rules: `+GLOB` includes, `-GLOB` excludes.
    fn globs(rules: &[&str]) -> Globs {
        let rule = |text: &&str| Rule::new(&text[1..], text.starts_with('+')).unwrap();
        Globs::new(rules.iter().map(rule).collect()).unwrap()
    }

    /// Whether the file `path` below an argument is included, after all directories above it were entered.
    fn includes(rules: &[&str], path: &str) -> bool {
        let (globs, mut matches, mut above) = (globs(rules), Vec::new(), Inherited::default());
        let path = Path::new(path);
        let mut directories: Vec<&Path> = path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()).collect();
        directories.reverse();
        for path in directories {
            match globs.enters(Subject { path, directory: true, argument: false }, above, &mut matches) {
                Some(settled) => above = settled,
                None => return false,
            }
        }
        globs.includes(Subject { path, directory: false, argument: false }, above, &mut matches)
    }

    #[track_caller]
    fn assert_included(rules: &[&str], included: &[&str], excluded: &[&str]) {
        included.iter().for_each(|path| assert!(includes(rules, path), "{rules:?} should include {path}"));
        excluded.iter().for_each(|path| assert!(!includes(rules, path), "{rules:?} should not include {path}"));
    }

    #[test]
    fn the_first_glob_decides_about_names_that_no_glob_matches() {
        assert_included(&[], &["a", "x/a"], &[]);
        assert_included(&["+*.log"], &["a.log", "x/y/a.log", ".log"], &["a", "a.log.1"]);
        assert_included(&["-*.tmp"], &["a.log", "x/a"], &["a.tmp", "x/a.tmp"]);
    }

    #[test]
    fn the_last_glob_that_matches_wins() {
        assert_included(&["+*.log", "-debug*"], &["a.log", "x/a.log"], &["debug.log", "x/debug.log", "a"]);
        assert_included(&["-debug*", "+*.log"], &["debug.log", "a"], &["debug"]);
        assert_included(&["-*.tmp", "+keep.tmp"], &["x/keep.tmp", "a"], &["x/a.tmp"]);
    }

    #[test]
    fn a_glob_with_a_slash_is_matched_with_the_path_below_the_argument() {
        assert_included(&["+x/*.log"], &["x/a.log"], &["a.log", "x/y/a.log", "y/x/a.log"]);
        assert_included(&["+/*.log"], &["a.log"], &["x/a.log"]);
        assert_included(&["+**/x/*.log"], &["x/a.log", "y/x/a.log"], &["a.log", "x/y/a.log"]);
        assert_included(&["-x/**"], &["a", "y/x/a"], &["x/a", "x/y/a"]);
    }

    #[test]
    fn an_exclude_that_matches_a_directory_applies_to_everything_in_it() {
        assert_included(&["-cache"], &["a", "cached/a"], &["cache", "cache/a", "x/cache/y/a"]);
        assert_included(&["-cache/"], &["cache", "x/cache"], &["cache/a", "x/cache/y/a"]);
        assert_included(&["-/cache"], &["x/cache/a"], &["cache/a"]);
        assert_included(&["+*.log", "-old"], &["a.log"], &["old/a.log", "old/x/a.log"]);
    }

    #[test]
    fn a_later_include_restores_files_of_an_excluded_directory() {
        assert_included(&["-*", "+*.log"], &["a.log", "x/y/a.log"], &["a", "x/a"]);
        assert_included(&["-cache*", "+cache-1"], &["cache-1/a", "cache-1"], &["cache-2/a"]);
        assert_included(&["-cache", "+cache/a"], &["cache/a"], &["cache/b", "cache/x/a"]);
    }

    #[test]
    fn an_include_applies_to_everything_in_a_directory_only_if_it_ends_with_a_slash() {
        assert_included(&["+a*"], &["abc", "x/abc"], &["app/x"]);
        assert_included(&["+app/"], &["app/x", "y/app/x/z"], &["app", "x"]);
        assert_included(&["+app/", "-*.tmp"], &["app/x"], &["app/x.tmp"]);
    }

    #[test]
    fn a_directory_is_not_read_if_nothing_in_it_can_be_included() {
        let enters = |rules: &[&str], directory: &str| {
            let subject = Subject { path: Path::new(directory), directory: true, argument: false };
            globs(rules).enters(subject, Inherited::default(), &mut Vec::new()).is_some()
        };
        assert!(!enters(&["-cache"], "x/cache") && !enters(&["+*.log", "-cache/"], "cache"));
        assert!(enters(&["-cache", "+*.log"], "cache") && enters(&["+*.log"], "cache"));
    }

    #[test]
    fn an_argument_is_matched_by_its_last_component_only() {
        let enters = |rules: &[&str]| {
            let subject = Subject { path: Path::new("tmp"), directory: true, argument: true };
            globs(rules).enters(subject, Inherited::default(), &mut Vec::new()).is_some()
        };
        assert!(!enters(&["-tmp"]) && !enters(&["-tmp/"]), "a glob without a slash matches an argument");
        assert!(enters(&["-/tmp"]), "a glob with a slash does not match an argument");
    }

    #[test]
    fn syntax_errors_are_reported_in_one_line() {
        for (text, reason) in [("[a", "unclosed"), ("{a", "unclosed"), ("", "empty"), ("/", "empty"), ("a\\", "\\")] {
            let error = Rule::new(text, true).unwrap_err();
            assert!(error.contains(reason) && !error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn globs_match_names_that_are_not_utf8() {
        use std::os::unix::ffi::OsStrExt;
        let name = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9.log"));
        let subject = Subject { path: name, directory: false, argument: false };
        for rule in ["+*.log", "+caf*", "+caf?.log"] {
            assert!(globs(&[rule]).includes(subject, Inherited::default(), &mut Vec::new()), "{rule}");
        }
    }
}
