//! Runs over files, and their observers.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use gzcc::outcome::Damage;
use gzcc::settings::{Destination, Originals};
use gzcc::{
    EncoderOptions, Ended, Error, ErrorKind, InvalidOptions, Observer, Outcome, Progress, Settings, compress,
    decompress, with_encoder,
};

use crate::parameters::worker_settings;
use crate::{BLOCK, in_child_process, log, within_time_limit};

#[test]
fn invalid_settings_are_refused_before_any_work() {
    let options = EncoderOptions::default().level(13);
    let mut sink = Vec::new();
    let refused = with_encoder(&mut sink, &options, |_| -> io::Result<()> { panic!("it is called") }).err().unwrap();
    assert_eq!((refused.kind(), sink.len()), (io::ErrorKind::InvalidInput, 0));
    assert_eq!(refused.to_string(), "invalid level 13: the native engine has levels 0 to 12");
    assert!(refused.get_ref().unwrap().is::<InvalidOptions>());
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("f"), "content").unwrap();
    let settings =
        Settings { inputs: vec![directory.path().join("f").into()], suffix: "".into(), ..Settings::default() };
    assert_eq!(
        compress(&settings, &()).unwrap_err().to_string(),
        "invalid suffix: expected a non-empty suffix without /"
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

/// Records all events.
#[derive(Default)]
struct Recorder {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    firsts: AtomicU64,
    lasts: AtomicU64,
    ended: Mutex<BTreeMap<PathBuf, String>>,
}

impl Observer for Recorder {
    fn advanced(&self, step: &Progress<'_>) {
        self.bytes_in.fetch_add(step.bytes_in, Relaxed);
        self.bytes_out.fetch_add(step.bytes_out, Relaxed);
        self.firsts.fetch_add(u64::from(step.first), Relaxed);
        self.lasts.fetch_add(u64::from(step.last), Relaxed);
        assert_eq!(step.size, Some(fs::metadata(step.input).unwrap().len()));
    }

    fn ended(&self, ended: Ended) {
        let outcome = match &ended.outcome {
            Outcome::Done(done) => format!("done {}", done.output.as_ref().unwrap().display()),
            Outcome::Skipped(reason) => format!("skipped {reason}"),
            Outcome::Failed(error) => format!("failed {error}"),
            other => format!("{other:?}"),
        };
        let before = self.ended.lock().unwrap().insert(ended.name.to_owned(), outcome);
        assert_eq!(before, None, "{} ends twice", ended.name.display());
    }
}

#[test]
fn an_observer_receives_every_byte_count_and_every_end() {
    for workers in worker_settings() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let sizes = [("big", 3 * BLOCK + 1), ("small", 1000), ("two", 2 * BLOCK)];
        sizes.iter().for_each(|(name, size)| fs::write(path(name), log(*size)).unwrap());
        fs::write(path("old.gz"), "").unwrap();
        let names = ["big", "small", "two", "old.gz", "missing"];
        let settings = Settings { inputs: names.map(|name| path(name).into()).into(), ..workers.clone() };
        let recorder = Recorder::default();
        let tally = compress(&settings, &recorder).unwrap();
        assert_eq!((tally.done, tally.skipped, tally.failed), (3, 1, 1));
        let all = sizes.iter().map(|(_, size)| *size as u64).sum::<u64>();
        assert_eq!((recorder.bytes_in.into_inner(), tally.bytes_in), (all, all));
        assert_eq!(recorder.bytes_out.into_inner(), tally.bytes_out);
        assert_eq!((recorder.firsts.into_inner(), recorder.lasts.into_inner()), (3, 3));
        let ended = recorder.ended.into_inner().unwrap();
        assert_eq!(ended[&path("big")], format!("done {}", path("big.gz").display()));
        assert_eq!(ended[&path("old.gz")], "skipped already has the suffix; left alone");
        assert!(ended[&path("missing")].starts_with("failed No such file"), "{ended:?}");
        assert_eq!(ended.len(), 5);

        let inputs = ["big.gz", "small.gz", "two.gz"].map(|name| path(name).into()).into();
        let recorder = Recorder::default();
        let settings = Settings { inputs, destination: Destination::Directory(path("out")), ..workers };
        fs::create_dir(path("out")).unwrap();
        let tally = decompress(&settings, &recorder).unwrap();
        assert_eq!((tally.done, tally.bytes_out, tally.failed), (3, all, 0));
        assert_eq!(recorder.bytes_out.into_inner(), all);
        let out: PathBuf = path("out").join(directory.path().strip_prefix("/").unwrap()).join("two");
        assert!(fs::read(out).unwrap() == log(2 * BLOCK));
    }
}

#[test]
fn an_error_has_a_kind_a_source_and_the_path_of_its_output() {
    /// Keeps the error of the last input that failed.
    #[derive(Default)]
    struct Failed(Mutex<Option<Error>>);
    impl Observer for Failed {
        fn ended(&self, ended: Ended) {
            if let Outcome::Failed(error) = ended.outcome {
                *self.0.lock().unwrap() = Some(error);
            }
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("f"), "content").unwrap();
    fs::write(path("bad.gz"), "no gzip data").unwrap();
    let failure = |input: &str, destination: Destination, decompresses: bool| {
        let settings = Settings { inputs: vec![path(input).into()], destination, ..Settings::default() };
        let failed = Failed::default();
        let tally = if decompresses { decompress(&settings, &failed) } else { compress(&settings, &failed) };
        assert_eq!(tally.unwrap().failed, 1);
        failed.0.into_inner().unwrap().unwrap()
    };

    let missing = failure("missing", Destination::Beside, false);
    assert_eq!((missing.kind(), missing.path()), (ErrorKind::Io(io::ErrorKind::NotFound), None));
    let number = missing.source().and_then(|source| source.downcast_ref::<io::Error>()).unwrap().raw_os_error();
    assert_eq!((number, missing.to_string().as_str()), (Some(2), "No such file or directory"));

    let damaged = failure("bad.gz", Destination::Discard, true);
    assert_eq!(damaged.kind(), ErrorKind::Damage(Damage::NotGzip));
    assert!(damaged.source().is_some_and(|source| source.is::<Damage>()));

    let out = path("no directory").join("out.gz");
    let unnamed = failure("f", Destination::File(out.clone()), false);
    assert_eq!((unnamed.kind(), unnamed.path()), (ErrorKind::Io(io::ErrorKind::NotFound), Some(&*out)));
    assert_eq!(unnamed.to_string(), format!("{}: No such file or directory", out.display()));
}

#[test]
fn a_run_prints_nothing() {
    let test = "a_run_prints_nothing";
    if let Some(printed) = in_child_process(&format!("runs::{test}")) {
        let lines: Vec<_> = printed.lines().filter(|line| !line.is_empty()).collect();
        // The lines of the test harness.
        assert_eq!(lines.len(), 3, "{printed}");
        assert!(lines[1].ends_with("... ok"), "{printed}");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("f"), "content").unwrap();
    let inputs = ["f", "missing"].map(|name| directory.path().join(name).into());
    let settings = Settings { inputs: inputs.into(), ..Settings::default() };
    assert_eq!(compress(&settings, &()).unwrap().failed, 1);
    let inputs = vec![directory.path().join("f.gz").into()];
    let settings = Settings { inputs, destination: Destination::Discard, ..settings };
    assert_eq!(decompress(&settings, &()).unwrap().done, 1);
}

#[test]
fn a_panic_of_an_observer_fails_no_input_and_is_propagated_at_the_end() {
    /// Panics with the lock held, which poisons it, so that every later event panics too.
    #[derive(Default)]
    struct Poisoned(Mutex<u64>, bool);
    impl Observer for Poisoned {
        fn advanced(&self, _: &Progress<'_>) {
            let _held = self.0.lock().unwrap();
            assert!(self.1, "this panic is part of the test");
        }
        fn ended(&self, _: Ended) {
            let _held = self.0.lock().unwrap();
            panic!("this panic is part of the test");
        }
    }
    for workers in worker_settings() {
        for only_at_the_end in [false, true] {
            let workers = workers.clone();
            within_time_limit(move || {
                let directory = tempfile::tempdir().unwrap();
                let path = |name: &str| directory.path().join(name);
                for (name, size) in [("a", 10), ("big", 4 * BLOCK), ("z", 1000)] {
                    fs::write(path(name), log(size)).unwrap();
                }
                let inputs = ["missing", "a", "big", "z"].map(|name| path(name).into());
                let settings = Settings { inputs: inputs.into(), ..workers };
                let observer = Poisoned(Mutex::default(), only_at_the_end);
                let run = std::panic::AssertUnwindSafe(|| compress(&settings, &observer));
                let panic = std::panic::catch_unwind(run).expect_err("the panic is propagated");
                // A worker that waited for the lock panics with PoisonError, and its panic may be propagated first.
                let waited = panic.downcast_ref::<String>().is_some_and(|text| text.contains("PoisonError"));
                assert!(waited || panic.downcast_ref() == Some(&"this panic is part of the test"));
                for name in ["a.gz", "big.gz", "z.gz"] {
                    assert!(path(name).exists(), "{name}");
                }
            });
        }
    }
}

#[test]
fn a_run_without_inputs_ends_without_reading_standard_input() {
    for destination in [Destination::Beside, Destination::Stdout] {
        let settings = Settings { destination, ..Settings::default() };
        // Standard input may be a terminal, so a read could block.
        let tally = within_time_limit(move || compress(&settings, &()).unwrap());
        assert_eq!((tally.done, tally.skipped, tally.failed), (0, 0, 0));
    }
}

/// Records the name, position and result of each end.
#[derive(Default)]
struct Ends(Mutex<Vec<(String, Option<u64>, String)>>);

impl Observer for Ends {
    fn ended(&self, ended: Ended) {
        let how = match &ended.outcome {
            Outcome::Done(_) => "done",
            Outcome::Skipped(_) => "skipped",
            Outcome::Failed(error) if matches!(error.kind(), ErrorKind::Damage(_)) => "damaged",
            Outcome::Failed(_) => "failed",
            _ => "other",
        };
        let name = ended.name.file_name().unwrap().to_string_lossy().into_owned();
        self.0.lock().unwrap().push((name, ended.position, how.into()));
    }
}

#[test]
fn a_shared_output_is_reported_only_if_it_fails_or_keeps_its_originals() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("a"), log(BLOCK + 1)).unwrap();
    fs::write(path("b"), log(100)).unwrap();
    let result_of = |inputs: [&str; 2], out: &str, originals, decompresses: bool| {
        let inputs = inputs.map(|name| path(name).into()).into();
        let settings = Settings { inputs, destination: Destination::File(path(out)), originals, ..Settings::default() };
        let ends = Ends::default();
        let tally = if decompresses { decompress(&settings, &ends) } else { compress(&settings, &ends) }.unwrap();
        (ends.0.into_inner().unwrap(), tally.failed, path(out).exists())
    };
    let end = |name: &str, position, how: &str| (name.to_owned(), position, how.to_owned());
    let both = vec![end("a", Some(0), "done"), end("b", Some(1), "done")];
    assert_eq!(result_of(["a", "b"], "both.gz", Originals::Keep, false), (both.clone(), 0, true));
    let kept = [both, vec![end("kept.gz", None, "skipped")]].concat();
    assert_eq!(result_of(["a", "b"], "kept.gz", Originals::Remove, false), (kept, 0, true));

    let mut packed = fs::read(path("both.gz")).unwrap();
    let middle = packed.len() / 2;
    packed[middle] ^= 0x10;
    fs::write(path("bad.gz"), packed).unwrap();
    let spoilt =
        vec![end("both.gz", Some(0), "done"), end("bad.gz", Some(1), "damaged"), end("spoilt", None, "failed")];
    assert_eq!(result_of(["both.gz", "bad.gz"], "spoilt", Originals::Keep, true), (spoilt, 2, false));
}

/// Records progress steps: bytes in, bytes out, first, last.
#[derive(Default)]
struct Steps(Mutex<Vec<(u64, u64, bool, bool)>>);

impl Observer for Steps {
    fn advanced(&self, step: &Progress<'_>) {
        self.0.lock().unwrap().push((step.bytes_in, step.bytes_out, step.first, step.last));
    }
}

#[test]
fn an_input_that_fails_in_the_middle_has_a_first_and_a_last_step() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("f"), log(6 * BLOCK)).unwrap();
    assert_eq!(compress(&Settings { inputs: vec![path("f").into()], ..Settings::default() }, &()).unwrap().done, 1);
    let mut packed = fs::read(path("f.gz")).unwrap();
    let at = packed.len() / 2;
    packed[at..at + 100].fill(0xff);
    fs::write(path("bad.gz"), packed).unwrap();
    for workers in worker_settings() {
        let inputs = vec![path("bad.gz").into()];
        let settings = Settings { inputs, destination: Destination::Discard, ..workers };
        let steps = Steps::default();
        assert_eq!(decompress(&settings, &steps).unwrap().failed, 1);
        let steps = steps.0.into_inner().unwrap();
        let firsts: Vec<_> = steps.iter().map(|step| step.2).collect();
        let lasts: Vec<_> = steps.iter().map(|step| step.3).collect();
        assert!(steps.len() > 1, "{steps:?}");
        assert!(firsts[0] && !firsts[1..].contains(&true), "{steps:?}");
        assert!(lasts[lasts.len() - 1] && !lasts[..lasts.len() - 1].contains(&true), "{steps:?}");
    }
}
