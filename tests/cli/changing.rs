//! Files that change while they are read: each kind of change at each stage, and the resulting original and output.
//!
//! Strace stops the program right after a chosen system call, so the stage does not depend on timing.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, symlink};
use std::sync::LazyLock;

use flate2::read::GzDecoder;

use crate::damage::cases::{Fields, member};
use crate::harness::{BLOCK, Sandbox, full, noise, sample};
use crate::stopped::{Moment, count_calls, stopped_at};

/// A change that another process makes to the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Grown,
    Shrunk,
    /// Its last bytes are overwritten; the length stays the same.
    Overwritten,
    /// Another file of the same length and time takes its name.
    Replaced,
    Deleted,
    /// A symbolic link to another user's file takes its name.
    Linked,
}

const CHANGES: [Change; 6] =
    [Change::Grown, Change::Shrunk, Change::Overwritten, Change::Replaced, Change::Deleted, Change::Linked];

/// Content of the file that the symbolic link points to.
const FOREIGN_CONTENT: &[u8] = b"another process's";

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

    /// Whether the change affects the opened file, not only its name.
    fn affects_the_open_file(self) -> bool {
        matches!(self, Self::Grown | Self::Shrunk | Self::Overwritten)
    }
}

/// The stage of reading at which the change happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// It is open, but its metadata has not been read.
    Opened,
    /// Its size and time have been read.
    Known,
    /// Its first part has been read; more follows.
    PartlyRead,
    /// All of it has been read.
    AllRead,
    /// It has been checked for changes for the last time, and all output is written.
    Written,
    /// The output has its final name.
    Named,
}

const STAGES: [Stage; 6] =
    [Stage::Opened, Stage::Known, Stage::PartlyRead, Stage::AllRead, Stage::Written, Stage::Named];

/// A command line under test.
#[derive(Clone, Copy, Debug)]
struct Mode {
    decompresses: bool,
    words: &'static [&'static str],
    removes: bool,
    joins: bool,
}

impl Mode {
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

    /// The system call that ends this stage; `None` if this run has no such stage.
    fn moment(self, stage: Stage, reads: usize) -> Option<Moment> {
        let (read, input) = (self.read(), self.input());
        Some(match stage {
            Stage::Opened => Moment::new(".", "openat", 1),
            Stage::Known => Moment::new(input, "fstat", 1),
            Stage::PartlyRead => Moment::new(input, read, 1),
            Stage::AllRead => Moment::new(input, read, reads),
            Stage::Written => Moment::new(input, "fstat", 2),
            Stage::Named if self.joins => return None,
            // The directory is synced after the output is linked.
            Stage::Named if self.removes => Moment::new(".", "fsync", 1),
            Stage::Named => Moment::new(".", "linkat", 1),
        })
    }

    fn read(self) -> &'static str {
        if !self.decompresses && self.words.contains(&"--rsyncable") { "read" } else { "pread64" }
    }

    fn prepare(self) -> (Sandbox, Vec<u8>) {
        let t = Sandbox::new();
        t.write("others", FOREIGN_CONTENT);
        // Long enough for several reads when compressing and when decompressing.
        static PLAIN: LazyLock<Vec<u8>> = LazyLock::new(|| noise(3 * BLOCK - 10, 8));
        static PACKED: LazyLock<Vec<u8>> = LazyLock::new(|| member(&PLAIN, &Fields::default()));
        let original = t.write(self.input(), if self.decompresses { &*PACKED } else { &*PLAIN });
        (t, original)
    }
}

/// The required result.
#[derive(Debug)]
struct Expected {
    status: i32,
    message: Option<&'static str>,
    /// A whole output exists. Its content is the original, or the changed original if the change preceded the first
    /// look at its metadata.
    output: bool,
    /// gzcc removed the original.
    removed: bool,
}

const CHANGED: &str = "changed while it was read; no whole output made";
const CHANGED_IN_PART: &str = "changed while it was read";
/// For an original that only grew and is kept.
const GREW: &str = "grew while it was read; read only the";
const REPLACED: &str = "is no longer the file that was read; not removed";

/// The result that the promises require.
fn expected(change: Change, stage: Stage, mode: Mode) -> Expected {
    let fine = Expected { status: 0, message: None, output: true, removed: mode.removes };
    let warning = |message, output| Expected { status: 2, message: Some(message), output, removed: false };
    let failed = |message| Expected { status: 1, message: Some(message), output: false, removed: false };
    if !change.affects_the_open_file() {
        // The opened file is read to its end; a replacement file or link is left alone.
        return if mode.removes { warning(REPLACED, true) } else { fine };
    }
    // A truncated file fails to decompress where the decoder notices that before the change is detected.
    let breaks = match (change, stage) {
        (Change::Shrunk, _) => stage <= Stage::PartlyRead,
        (Change::Overwritten, _) => mode.decompresses && stage <= Stage::PartlyRead,
        _ => false,
    };
    match stage {
        Stage::Opened if !mode.decompresses => fine,
        Stage::Opened if change == Change::Grown => warning("trailing garbage ignored", true),
        Stage::Opened if change == Change::Shrunk => failed("unexpected end of file at byte"),
        Stage::Opened => failed("damaged data before byte"),
        Stage::Known | Stage::PartlyRead | Stage::AllRead if change == Change::Grown && !mode.removes => {
            warning(GREW, true)
        }
        // Nothing has been written yet.
        Stage::Known if mode.joins && breaks && !mode.decompresses => warning(CHANGED, false),
        Stage::Known | Stage::PartlyRead | Stage::AllRead if mode.joins && breaks => failed(CHANGED),
        Stage::Known | Stage::PartlyRead | Stage::AllRead if mode.joins => warning(CHANGED_IN_PART, true),
        Stage::Known | Stage::PartlyRead | Stage::AllRead => warning(CHANGED, false),
        Stage::Written | Stage::Named if mode.removes => warning(REPLACED, true),
        Stage::Written | Stage::Named => fine,
    }
}

/// Makes `change` at `stage` during the run and checks the result. Returns whether the run has that stage.
fn change_during_run(change: Change, stage: Stage, mode: Mode, reads: usize) -> bool {
    let Some(moment) = mode.moment(stage, reads) else {
        return false;
    };
    let (t, old) = mode.prepare();
    let (input, output) = (mode.input(), mode.output());
    let mut new = None;
    let ran = stopped_at(&t, moment, &mode.all_words(), || {
        change.make(&t, input);
        new = fs::read(t.path(input)).ok();
    });
    let case = format!("{change:?}, {stage:?}, {mode:?}");
    let expected = expected(change, stage, mode);
    ran.assert(ran.status.code() == Some(expected.status), &format!("{expected:?}: {case}"));
    let message = ran.stderr();
    match expected.message {
        Some(reason) => {
            let printed = message.lines().count() == 1 && message.starts_with(&format!("gzcc: {input}: {reason}"));
            ran.assert(printed, &format!("{expected:?}: {case}"));
        }
        None => ran.assert(message.is_empty(), &case),
    }
    // A file or link that took the original's name is still there, unless its content went into the output.
    let current = fs::read(t.path(input)).ok();
    assert_eq!(current.is_none(), expected.removed || change == Change::Deleted, "{case}");
    assert!(current.is_none() || current == new, "{case}");
    assert_eq!(t.path(input).is_symlink(), change == Change::Linked, "{case}");
    let produced = if mode.joins { Some(ran.stdout) } else { fs::read(t.path(output)).ok() };
    let of_new = stage == Stage::Opened && change.affects_the_open_file();
    match (expected.output, produced) {
        (true, Some(produced)) if mode.joins && !of_new => {
            let new = new.unwrap_or_default();
            let may_be_new = change != Change::Grown && is_whole(&produced, &new, mode);
            assert!(may_be_new || is_whole(&produced, &old, mode), "{case}: neither is in it");
        }
        (true, Some(produced)) if of_new => {
            assert!(is_whole(&produced, &new.unwrap(), mode), "{case}: another content");
        }
        (true, Some(produced)) => assert!(is_whole(&produced, &old, mode), "{case}: another content"),
        (false, Some(produced)) if mode.joins => {
            assert!(mode.decompresses || zlib(&produced).is_none(), "{case}: what is broken off passes for whole");
        }
        (false, None) => {}
        (_, produced) => panic!("{case}: the output is {}there", if produced.is_some() { "" } else { "not " }),
    }
    let strange = t.names().into_iter().find(|name| ![input, output, "others"].contains(&name.as_str()));
    assert_eq!(strange, None, "{case}");
    assert!(t.read("others") == FOREIGN_CONTENT, "{case}");
    true
}

/// The first member of `gz` as zlib decodes it, or `None` if it is damaged.
fn zlib(gz: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(gz).read_to_end(&mut content).ok().map(|_| content)
}

/// Whether `made` is the whole output of `original`.
fn is_whole(produced: &[u8], original: &[u8], mode: Mode) -> bool {
    match mode.decompresses {
        false => zlib(produced).as_deref() == Some(original),
        true => zlib(original).as_deref() == Some(produced),
    }
}

/// Checks P3 and the rule for changed files for all changes at all stages.
fn change_at_every_stage(mode: Mode) {
    require!("bash", "strace");
    for decompresses in [false, true] {
        let mode = Mode { decompresses, ..mode };
        let reads = count_calls(&mode.prepare().0, mode.input(), mode.read(), &mode.all_words(), 0);
        assert!(reads > 2, "{reads} reads leave no time between them");
        let mut tried = 0;
        let all = CHANGES.iter().flat_map(|change| STAGES.map(|stage| (*change, stage)));
        // Of two stages in a row, one is tried with this change and the other with the next.
        let chosen = |&(i, _): &(usize, _)| full() || (i + i / STAGES.len()) % 2 == usize::from(decompresses);
        for (_, (change, stage)) in all.enumerate().filter(chosen) {
            tried += usize::from(change_during_run(change, stage, mode, reads));
        }
        let all = CHANGES.len() * (STAGES.len() - usize::from(mode.joins));
        assert_eq!(tried, if full() { all } else { all / 2 });
    }
}

#[test]
fn a_changed_original_is_reported_for_every_kind_of_output() {
    change_at_every_stage(Mode::new(&["-j1"]));
}

#[test]
fn a_changed_original_is_reported_with_content_defined_blocks() {
    change_at_every_stage(Mode::new(&["-j1", "--rsyncable"]));
}

#[test]
fn a_changed_original_is_never_removed() {
    change_at_every_stage(Mode { removes: true, ..Mode::new(&["-j1", "--rm"]) });
}

#[test]
fn a_changed_original_is_never_removed_by_rayon_with_named_temporaries() {
    let words = &["-j1", "--scheduler=rayon", "--named-temporaries", "--rm"];
    change_at_every_stage(Mode { removes: true, ..Mode::new(words) });
}

/// Workers stop together, and which one makes the last call is random, so no stage uses that call.
#[test]
fn a_changed_original_is_never_removed_by_workers_that_share_it() {
    require!("bash", "strace");
    for scheduler in [&["-j3", "--rm"][..], &["-j3", "--rm", "--scheduler=rayon"]] {
        for decompresses in [false, true] {
            let mode = Mode { decompresses, removes: true, ..Mode::new(scheduler) };
            let stages = [Stage::Opened, Stage::Known, Stage::PartlyRead, Stage::Named];
            let all = CHANGES.iter().flat_map(|change| stages.map(|stage| (*change, stage)));
            // A step of 3 includes every change and every stage.
            for (change, stage) in sample(3, all) {
                assert!(change_during_run(change, stage, mode, 0));
            }
        }
    }
}

#[test]
fn a_changed_input_is_reported_when_written_to_standard_output() {
    change_at_every_stage(Mode { joins: true, ..Mode::new(&["-j1", "-c"]) });
}
