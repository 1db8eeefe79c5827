//! Files that change while they are read: every change, at every moment, and what becomes of the file and its output.
//!
//! The program is stopped right after a system call, so "while" is a place in it and not a matter of luck.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, symlink};
use std::sync::LazyLock;

use flate2::read::GzDecoder;

use crate::damage::cases::{Fields, member};
use crate::harness::{BLOCK, Sandbox, noise};
use crate::stopped::{Moment, stopped_at, times};

/// What somebody else does to the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Grown,
    Shrunk,
    /// Other bytes at its end, of the same length.
    Overwritten,
    /// Another file has its name, of the same length and time.
    Replaced,
    Deleted,
    /// Its name is a symbolic link to somebody's file.
    Linked,
}

const CHANGES: [Change; 6] =
    [Change::Grown, Change::Shrunk, Change::Overwritten, Change::Replaced, Change::Deleted, Change::Linked];

/// What stands in the file that the original's name becomes a link to.
const OTHERS: &[u8] = b"somebody else's";

impl Change {
    fn make(self, t: &Sandbox, name: &str) {
        let path = t.path(name);
        let open = || File::options().append(self == Self::Grown).write(true).open(&path).unwrap();
        let length = fs::metadata(&path).unwrap().len();
        match self {
            Self::Grown => open().write_all(b"more").unwrap(),
            Self::Shrunk => open().set_len(length / 3).unwrap(),
            Self::Overwritten => open().write_all_at(b"other", length - 12).unwrap(),
            Self::Replaced => {
                let twin = t.path("twin");
                fs::write(&twin, vec![b'y'; length as usize]).unwrap();
                let modified = fs::metadata(&path).unwrap().modified().unwrap();
                File::open(&twin).unwrap().set_modified(modified).unwrap();
                fs::rename(twin, path).unwrap();
            }
            Self::Deleted => fs::remove_file(path).unwrap(),
            Self::Linked => {
                fs::remove_file(&path).unwrap();
                symlink("others", path).unwrap();
            }
        }
    }

    /// Whether the file that was opened is another one afterwards, and not only its name.
    fn touches_the_file(self) -> bool {
        matches!(self, Self::Grown | Self::Shrunk | Self::Overwritten)
    }
}

/// When, told from the file's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum When {
    /// It is open, and nothing is known of it yet.
    Opened,
    /// Its size and time are known.
    Known,
    /// One piece of it has been read, and there are more.
    PartRead,
    /// The last piece of it has been read.
    AllRead,
    /// The last look at it is over, and all data is written.
    Written,
    /// The output has its name.
    Named,
}

const WHENS: [When; 6] = [When::Opened, When::Known, When::PartRead, When::AllRead, When::Written, When::Named];

/// What is done with it.
#[derive(Clone, Copy, Debug)]
struct Way {
    decompresses: bool,
    words: &'static [&'static str],
    removes: bool,
    joins: bool,
}

impl Way {
    const fn new(words: &'static [&'static str]) -> Self {
        Self { decompresses: false, words, removes: false, joins: false }
    }

    fn input(self) -> &'static str {
        if self.decompresses { "a.gz" } else { "a" }
    }

    fn output(self) -> &'static str {
        if self.decompresses { "a" } else { "a.gz" }
    }

    fn all_words(self) -> Vec<&'static str> {
        let mode = if self.decompresses { "-d" } else { "-n" };
        [&[mode], self.words, &[self.input()]].concat()
    }

    /// The system call after which it is that time; `None` where it never is.
    fn moment(self, when: When, reads: usize) -> Option<Moment> {
        let (read, input) = (self.read(), self.input());
        Some(match when {
            When::Opened => Moment::new(".", "openat", 1),
            When::Known => Moment::new(input, "fstat", 1),
            When::PartRead => Moment::new(input, read, 1),
            When::AllRead => Moment::new(input, read, reads),
            When::Written => Moment::new(input, "fstat", 2),
            When::Named if self.joins => return None,
            // The folder is synced when the output is in it.
            When::Named if self.removes => Moment::new(".", "fsync", 1),
            When::Named => Moment::new(".", "linkat", 1),
        })
    }

    fn read(self) -> &'static str {
        if self.decompresses || self.words.contains(&"--rsyncable") { "read" } else { "pread64" }
    }

    fn prepare(self) -> (Sandbox, Vec<u8>) {
        let t = Sandbox::new();
        t.write("others", OTHERS);
        // In several pieces to both readers.
        static PLAIN: LazyLock<Vec<u8>> = LazyLock::new(|| noise(3 * BLOCK - 10, 8));
        static PACKED: LazyLock<Vec<u8>> = LazyLock::new(|| member(&PLAIN, &Fields::default()));
        let original = t.write(self.input(), if self.decompresses { &*PACKED } else { &*PLAIN });
        (t, original)
    }
}

/// What is to become of it.
#[derive(Debug)]
struct Expected {
    status: i32,
    said: Option<&'static str>,
    /// The whole output is there: of what was read, which is the original as it was, or as it is when it changed
    /// before anybody had a look at it.
    output: bool,
    /// The original is gone, by gzcc's hands.
    removed: bool,
}

const CHANGED: &str = "changed while it was read; no whole output made";
const CHANGED_IN_PART: &str = "changed while it was read";
/// Of an original that only grew, and stays.
const GREW: &str = "grew while it was read; read only the";
const REPLACED: &str = "is no longer the file that was read; not removed";

/// What the promises say.
fn expected(change: Change, when: When, way: Way) -> Expected {
    let fine = Expected { status: 0, said: None, output: true, removed: way.removes };
    let warning = |said, output| Expected { status: 2, said: Some(said), output, removed: false };
    let failed = |said| Expected { status: 1, said: Some(said), output: false, removed: false };
    if !change.touches_the_file() {
        // What was opened is read to its end, and another's file or link is not touched.
        return if way.removes { warning(REPLACED, true) } else { fine };
    }
    // A file that is not whole any more does not decompress, where that is found out before the change is.
    let breaks = match (change, when) {
        (Change::Shrunk, _) => when <= When::PartRead,
        (Change::Overwritten, _) => way.decompresses && when <= When::PartRead,
        _ => false,
    };
    match when {
        When::Opened if !way.decompresses => fine,
        When::Opened if change == Change::Grown => warning("trailing garbage ignored", true),
        When::Opened if change == Change::Shrunk => failed("unexpected end of file at byte"),
        When::Opened => failed("damaged data before byte"),
        When::Known | When::PartRead | When::AllRead if change == Change::Grown && !way.removes => warning(GREW, true),
        // Nothing of it is out yet.
        When::Known if way.joins && breaks && !way.decompresses => warning(CHANGED, false),
        When::Known | When::PartRead | When::AllRead if way.joins && breaks => failed(CHANGED),
        When::Known | When::PartRead | When::AllRead if way.joins => warning(CHANGED_IN_PART, true),
        When::Known | When::PartRead | When::AllRead => warning(CHANGED, false),
        When::Written | When::Named if way.removes => warning(REPLACED, true),
        When::Written | When::Named => fine,
    }
}

/// Does `change` at `when` while gzcc goes its `way`; tells whether it is ever that time.
fn change_and_look(change: Change, when: When, way: Way, reads: usize) -> bool {
    let Some(moment) = way.moment(when, reads) else {
        return false;
    };
    let (t, old) = way.prepare();
    let (input, output) = (way.input(), way.output());
    let mut new = None;
    let ran = stopped_at(&t, moment, &way.all_words(), || {
        change.make(&t, input);
        new = fs::read(t.path(input)).ok();
    });
    let case = format!("{change:?}, {when:?}, {way:?}");
    let expected = expected(change, when, way);
    ran.assert(ran.status.code() == Some(expected.status), &format!("{expected:?}: {case}"));
    let said = ran.stderr();
    match expected.said {
        Some(reason) => {
            let told = said.lines().count() == 1 && said.starts_with(&format!("gzcc: {input}: {reason}"));
            ran.assert(told, &format!("{expected:?}: {case}"));
        }
        None => ran.assert(said.is_empty(), &case),
    }
    // What somebody else put there is there, whatever it is, unless it is in the output.
    let standing = fs::read(t.path(input)).ok();
    assert_eq!(standing.is_none(), expected.removed || change == Change::Deleted, "{case}");
    assert!(standing.is_none() || standing == new, "{case}");
    assert_eq!(t.path(input).is_symlink(), change == Change::Linked, "{case}");
    let made = if way.joins { Some(ran.stdout) } else { fs::read(t.path(output)).ok() };
    let of_new = when == When::Opened && change.touches_the_file();
    match (expected.output, made) {
        (true, Some(made)) if way.joins && !of_new => {
            let new = new.unwrap_or_default();
            let may_be_new = change != Change::Grown && is_whole(&made, &new, way);
            assert!(may_be_new || is_whole(&made, &old, way), "{case}: neither is in it");
        }
        (true, Some(made)) if of_new => assert!(is_whole(&made, &new.unwrap(), way), "{case}: another content"),
        (true, Some(made)) => assert!(is_whole(&made, &old, way), "{case}: another content"),
        (false, Some(made)) if way.joins => {
            assert!(way.decompresses || zlib(&made).is_none(), "{case}: what is broken off passes for whole");
        }
        (false, None) => {}
        (_, made) => panic!("{case}: the output is {}there", if made.is_some() { "" } else { "not " }),
    }
    let strange = t.names().into_iter().find(|name| ![input, output, "others"].contains(&name.as_str()));
    assert_eq!(strange, None, "{case}");
    assert!(t.read("others") == OTHERS, "{case}");
    true
}

/// What zlib reads in the first member of `gz`, if it is whole.
fn zlib(gz: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(gz).read_to_end(&mut content).ok().map(|_| content)
}

/// Whether `made` is all that there is to be made of `original`.
fn is_whole(made: &[u8], original: &[u8], way: Way) -> bool {
    match way.decompresses {
        false => zlib(made).as_deref() == Some(original),
        true => zlib(original).as_deref() == Some(made),
    }
}

/// P3, and the changed-file rule, in every case there is.
fn change_at_every_moment(way: Way) {
    require!("bash", "strace");
    for decompresses in [false, true] {
        let way = Way { decompresses, ..way };
        let reads = times(&way.prepare().0, way.input(), way.read(), &way.all_words(), 0);
        assert!(reads > 2, "{reads} reads leave no time between them");
        let mut tried = 0;
        for (change, when) in CHANGES.iter().flat_map(|change| WHENS.map(|when| (*change, when))) {
            tried += usize::from(change_and_look(change, when, way, reads));
        }
        assert_eq!(tried, CHANGES.len() * (WHENS.len() - usize::from(way.joins)));
    }
}

#[test]
fn an_original_that_changes_is_told_wherever_its_output_is_put() {
    change_at_every_moment(Way::new(&["-j1"]));
}

#[test]
fn an_original_that_changes_is_told_where_blocks_end_by_content() {
    change_at_every_moment(Way::new(&["-j1", "--rsyncable"]));
}

#[test]
fn an_original_that_changes_is_never_removed() {
    change_at_every_moment(Way { removes: true, ..Way::new(&["-j1", "--rm"]) });
}

#[test]
fn an_original_that_changes_is_never_removed_by_rayon_with_named_temporaries() {
    let words = &["-j1", "--scheduler=rayon", "--named-temporaries", "--rm"];
    change_at_every_moment(Way { removes: true, ..Way::new(words) });
}

/// Workers are stopped together; which of them makes the last call is chance, so no moment is told by that.
#[test]
fn an_original_that_changes_is_never_removed_by_workers_who_share_it() {
    require!("bash", "strace");
    for scheduler in [&["-j3", "--rm"][..], &["-j3", "--rm", "--scheduler=rayon"]] {
        for decompresses in [false, true] {
            let way = Way { decompresses, removes: true, ..Way::new(scheduler) };
            for change in CHANGES {
                for when in [When::Opened, When::Known, When::PartRead, When::Named] {
                    assert!(change_and_look(change, when, way, 0));
                }
            }
        }
    }
}

#[test]
fn an_input_that_changes_is_told_where_it_goes_to_standard_output() {
    change_at_every_moment(Way { joins: true, ..Way::new(&["-j1", "-c"]) });
}
