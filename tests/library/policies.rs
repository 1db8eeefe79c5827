//! Policies in the settings: existing outputs, devices, links, mode bits and suffixes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Mutex;

use gzcc::outcome::Reason;
use gzcc::settings::{CompressedFiles, Destination, Filter, Originals, OverwritePolicy, Refuse};
use gzcc::{Ended, ErrorKind, Observer, Outcome, Settings, compress, decompress};

/// Answers whether an output may be replaced, and records the last reason for which an input was skipped.
struct Answering {
    answer: bool,
    asked: Mutex<u64>,
    skipped: Mutex<Option<Reason>>,
}

impl Answering {
    fn new(answer: bool) -> Self {
        Self { answer, asked: Mutex::default(), skipped: Mutex::default() }
    }
}

impl Observer for Answering {
    fn may_replace(&self, output: &Path) -> bool {
        assert!(output.ends_with("f.gz"), "{}", output.display());
        *self.asked.lock().unwrap() += 1;
        self.answer
    }

    fn ended(&self, ended: Ended) {
        if let Outcome::Skipped(reason) = ended.outcome {
            *self.skipped.lock().unwrap() = Some(reason);
        }
    }
}

/// The reason to skip `input` with these settings, if it is skipped.
fn skipped(input: &Path, settings: Settings) -> Option<Reason> {
    let observer = Answering::new(false);
    compress(&Settings { inputs: vec![input.into()], ..settings }, &observer).unwrap();
    observer.skipped.into_inner().unwrap()
}

#[test]
fn an_existing_output_is_skipped_replaced_or_asked_about() {
    for (overwrite, answer, asked, done) in [
        (OverwritePolicy::Skip, true, 0, 0),
        (OverwritePolicy::Replace, false, 0, 1),
        (OverwritePolicy::Ask, false, 1, 0),
        (OverwritePolicy::Ask, true, 1, 1),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let (input, output) = (directory.path().join("f"), directory.path().join("f.gz"));
        fs::write(&input, "content").unwrap();
        fs::write(&output, "old").unwrap();
        let observer = Answering::new(answer);
        let tally =
            compress(&Settings { inputs: vec![input.into()], overwrite, ..Settings::default() }, &observer).unwrap();
        assert_eq!((tally.done, *observer.asked.lock().unwrap()), (done, asked), "{overwrite:?}, {answer}");
        assert_eq!(fs::read(&output).unwrap() == b"old", done == 0, "{overwrite:?}, {answer}");
    }
}

#[test]
fn links_and_special_modes_are_refused_according_to_the_policy() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    for name in ["file", "linked", "setid", "sticky"] {
        fs::write(path(name), "content").unwrap();
    }
    symlink("file", path("symlink")).unwrap();
    fs::hard_link(path("linked"), path("other link")).unwrap();
    fs::set_permissions(path("setid"), fs::Permissions::from_mode(0o2755)).unwrap();
    fs::set_permissions(path("sticky"), fs::Permissions::from_mode(0o1644)).unwrap();
    type Set = fn(&mut Settings, Refuse);
    let kinds: [(&str, Set, &str); 4] = [
        ("symlink", |settings, policy| settings.symlinks = policy, "SymbolicLink"),
        ("linked", |settings, policy| settings.hard_links = policy, "HardLinks(2)"),
        ("setid", |settings, policy| settings.setid = policy, "SpecialMode(1024)"),
        ("sticky", |settings, policy| settings.sticky = policy, "SpecialMode(512)"),
    ];
    for (name, set, reason) in kinds {
        for (policy, originals, refused) in [
            (Refuse::Never, Originals::Keep, false),
            (Refuse::IfRemoved, Originals::Keep, false),
            (Refuse::Always, Originals::Keep, true),
            (Refuse::IfRemoved, Originals::Remove, true),
            (Refuse::Always, Originals::Remove, true),
            (Refuse::Never, Originals::Remove, false),
        ] {
            let mut settings = Settings { originals, overwrite: OverwritePolicy::Replace, ..Settings::default() };
            set(&mut settings, policy);
            let skipped = skipped(&path(name), settings).map(|reason| format!("{reason:?}"));
            assert_eq!(skipped.as_deref(), refused.then_some(reason), "{name}, {policy:?}, {originals:?}");
        }
    }
    assert!(path("file").exists() && !path("symlink").exists(), "the link is removed, and not the file behind it");
}

#[test]
fn compressed_files_are_recognised_by_the_suffixes_of_the_policy() {
    let directory = tempfile::tempdir().unwrap();
    for (compressed_files, skipped_names) in [
        (CompressedFiles::SkipGzip, &["a.gz"][..]),
        (CompressedFiles::SkipGnu, &["a.gz", "core_z"]),
        (CompressedFiles::SkipAll, &["a.gz", "a.zst"]),
        (CompressedFiles::Include, &[]),
    ] {
        for name in ["a", "a.gz", "core_z", "a.zst"] {
            let path = directory.path().join(name);
            fs::write(&path, "content").unwrap();
            let filter = Filter { compressed_files, ..Filter::default() };
            let settings = Settings { filter, overwrite: OverwritePolicy::Replace, ..Settings::default() };
            assert_eq!(
                skipped(&path, settings).is_some(),
                skipped_names.contains(&name),
                "{name}, {compressed_files:?}"
            );
        }
    }
}

#[test]
fn the_settings_decide_which_devices_take_compressed_data() {
    struct Refused(Mutex<u64>);
    impl Observer for Refused {
        fn ended(&self, ended: Ended) {
            let Outcome::Failed(error) = ended.outcome else { return };
            assert_eq!(error.kind(), ErrorKind::OutputRefused);
            *self.0.lock().unwrap() += 1;
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("f");
    fs::write(&input, "content").unwrap();
    let destination = Destination::File("/dev/null".into());
    let accepting = Settings { inputs: vec![input.into()], destination, ..Settings::default() };
    assert_eq!(compress(&accepting, &()).unwrap().done, 1);
    let refusing = Settings { accepts_output: |_| false, ..accepting };
    let refused = Refused(Mutex::default());
    assert_eq!(compress(&refusing, &refused).unwrap().failed, 1);
    assert_eq!(refused.0.into_inner().unwrap(), 1);

    // Decompressed data may go anywhere.
    let packed = directory.path().join("p.gz");
    fs::write(&packed, crate::encoded(b"content", 7, &crate::Parameters::default())).unwrap();
    assert_eq!(decompress(&Settings { inputs: vec![packed.into()], ..refusing }, &()).unwrap().done, 1);
}
