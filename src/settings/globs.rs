//! What `--include` and `--exclude` say about a name.
//!
//! A glob without `/` is matched with the last part of a name, one with `/` with the whole path below the argument.
//! The last that matches wins. Looks at names, never at files.

use std::path::Path;

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// One glob, and what becomes of what it matches.
#[derive(Clone, Debug)]
pub struct Rule {
    glob: Glob,
    takes: bool,
    /// It ends with a slash: it matches folders, and stands for all that is in them.
    directories: bool,
    /// It has a slash: it says nothing about an argument itself.
    anchored: bool,
}

impl Rule {
    /// The glob `text`, which is to be included if it `takes`, else excluded; or what is wrong with it.
    pub fn new(text: &str, takes: bool) -> Result<Self, String> {
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
        Ok(Self { glob, takes, directories, anchored })
    }

    /// Whether it includes what it matches.
    pub fn takes(&self) -> bool {
        self.takes
    }
}

/// All globs of a run, in the order in which they were given.
#[derive(Clone, Debug)]
pub struct Globs {
    rules: Vec<Rule>,
    set: GlobSet,
    /// The last that takes something.
    last_taking: Option<usize>,
}

/// A name that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its path below the argument, or the last part of an argument.
    pub path: &'a Path,
    /// It is a folder's.
    pub directory: bool,
    /// It is an argument, and not found in one.
    pub argument: bool,
}

/// What a folder's name has settled for all that is in it: the glob that did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inherited(Option<usize>);

impl Globs {
    /// Of these; or why they are too much together.
    pub fn new(rules: Vec<Rule>) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for rule in &rules {
            set.add(rule.glob.clone());
        }
        let set = set.build().map_err(|error| error.kind().to_string())?;
        let last_taking = rules.iter().rposition(|rule| rule.takes);
        Ok(Self { rules, set, last_taking })
    }

    /// All of them, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether there are none, so that all is taken.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a file is taken. What none matches is, unless the first of them is an include: so GNU grep has it.
    pub fn takes(&self, file: Subject<'_>, above: Inherited, matches: &mut Vec<usize>) -> bool {
        match self.last_match(file, matches).max(above.0) {
            Some(last) => self.rules[last].takes,
            None => self.rules.first().is_none_or(|first| !first.takes),
        }
    }

    /// What a folder's name settles for all that is in it; `None` if that is to be left out, whatever it is called.
    /// An exclude stands for all that is in the folder, an include only if it ends with a slash: `--include 'a*'` is
    /// not to take every file in a folder `app`.
    pub fn enters(&self, directory: Subject<'_>, above: Inherited, matches: &mut Vec<usize>) -> Option<Inherited> {
        let settled = match self.last_match(directory, matches) {
            Some(last) if above.0 < Some(last) => {
                let Rule { takes, directories, .. } = self.rules[last];
                Inherited((!takes || directories).then_some(last))
            }
            _ => above,
        };
        let excluded = settled.0.is_some_and(|rule| !self.rules[rule].takes);
        (!excluded || settled.0 < self.last_taking).then_some(settled)
    }

    /// The last glob that matches. `matches` is a place to work in.
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
        Self { rules: Vec::new(), set: GlobSet::empty(), last_taking: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Globs as options have them: `+` includes, `-` excludes.
    fn globs(rules: &[&str]) -> Globs {
        let rule = |text: &&str| Rule::new(&text[1..], text.starts_with('+')).unwrap();
        Globs::new(rules.iter().map(rule).collect()).unwrap()
    }

    /// Whether the file `path` below an argument is taken, with all folders above it asked.
    fn takes(rules: &[&str], path: &str) -> bool {
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
        globs.takes(Subject { path, directory: false, argument: false }, above, &mut matches)
    }

    #[track_caller]
    fn assert_taken(rules: &[&str], taken: &[&str], left: &[&str]) {
        taken.iter().for_each(|path| assert!(takes(rules, path), "{rules:?} should take {path}"));
        left.iter().for_each(|path| assert!(!takes(rules, path), "{rules:?} should not take {path}"));
    }

    #[test]
    fn the_first_glob_says_what_becomes_of_what_none_matches() {
        assert_taken(&[], &["a", "x/a"], &[]);
        assert_taken(&["+*.log"], &["a.log", "x/y/a.log", ".log"], &["a", "a.log.1"]);
        assert_taken(&["-*.tmp"], &["a.log", "x/a"], &["a.tmp", "x/a.tmp"]);
    }

    #[test]
    fn the_last_glob_that_matches_wins() {
        assert_taken(&["+*.log", "-debug*"], &["a.log", "x/a.log"], &["debug.log", "x/debug.log", "a"]);
        assert_taken(&["-debug*", "+*.log"], &["debug.log", "a"], &["debug"]);
        assert_taken(&["-*.tmp", "+keep.tmp"], &["x/keep.tmp", "a"], &["x/a.tmp"]);
    }

    #[test]
    fn a_glob_with_a_slash_is_matched_with_the_path_below_the_argument() {
        assert_taken(&["+x/*.log"], &["x/a.log"], &["a.log", "x/y/a.log", "y/x/a.log"]);
        assert_taken(&["+/*.log"], &["a.log"], &["x/a.log"]);
        assert_taken(&["+**/x/*.log"], &["x/a.log", "y/x/a.log"], &["a.log", "x/y/a.log"]);
        assert_taken(&["-x/**"], &["a", "y/x/a"], &["x/a", "x/y/a"]);
    }

    #[test]
    fn an_exclude_that_matches_a_folder_stands_for_all_that_is_in_it() {
        assert_taken(&["-cache"], &["a", "cached/a"], &["cache", "cache/a", "x/cache/y/a"]);
        assert_taken(&["-cache/"], &["cache", "x/cache"], &["cache/a", "x/cache/y/a"]);
        assert_taken(&["-/cache"], &["x/cache/a"], &["cache/a"]);
        assert_taken(&["+*.log", "-old"], &["a.log"], &["old/a.log", "old/x/a.log"]);
    }

    #[test]
    fn a_later_include_takes_files_back_out_of_an_excluded_folder() {
        assert_taken(&["-*", "+*.log"], &["a.log", "x/y/a.log"], &["a", "x/a"]);
        assert_taken(&["-cache*", "+cache-1"], &["cache-1/a", "cache-1"], &["cache-2/a"]);
        assert_taken(&["-cache", "+cache/a"], &["cache/a"], &["cache/b", "cache/x/a"]);
    }

    #[test]
    fn an_include_stands_for_what_is_in_a_folder_only_with_a_slash_at_its_end() {
        assert_taken(&["+a*"], &["abc", "x/abc"], &["app/x"]);
        assert_taken(&["+app/"], &["app/x", "y/app/x/z"], &["app", "x"]);
        assert_taken(&["+app/", "-*.tmp"], &["app/x"], &["app/x.tmp"]);
    }

    #[test]
    fn a_folder_is_left_unread_where_nothing_in_it_can_be_taken() {
        let enters = |rules: &[&str], directory: &str| {
            let subject = Subject { path: Path::new(directory), directory: true, argument: false };
            globs(rules).enters(subject, Inherited::default(), &mut Vec::new()).is_some()
        };
        assert!(!enters(&["-cache"], "x/cache") && !enters(&["+*.log", "-cache/"], "cache"));
        assert!(enters(&["-cache", "+*.log"], "cache") && enters(&["+*.log"], "cache"));
    }

    #[test]
    fn an_argument_is_judged_by_its_name_alone() {
        let judged = |rules: &[&str]| {
            let subject = Subject { path: Path::new("tmp"), directory: true, argument: true };
            globs(rules).enters(subject, Inherited::default(), &mut Vec::new()).is_some()
        };
        assert!(!judged(&["-tmp"]) && !judged(&["-tmp/"]), "as a name that a shell's * gives");
        assert!(judged(&["-/tmp"]), "that is one in the folder");
    }

    #[test]
    fn what_is_no_glob_is_refused() {
        for (text, reason) in [("[a", "unclosed"), ("{a", "unclosed"), ("", "empty"), ("/", "empty"), ("a\\", "\\")] {
            let told = Rule::new(text, true).unwrap_err();
            assert!(told.contains(reason) && !told.contains('\n'), "{text}: {told}");
        }
    }

    #[test]
    fn names_are_bytes_to_a_glob() {
        use std::os::unix::ffi::OsStrExt;
        let name = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9.log"));
        let subject = Subject { path: name, directory: false, argument: false };
        for rule in ["+*.log", "+caf*", "+caf?.log"] {
            assert!(globs(&[rule]).takes(subject, Inherited::default(), &mut Vec::new()), "{rule}");
        }
    }
}
