//! The library as a program uses it: what it makes is what the command makes, and no failure is lost or waited for.

#![allow(clippy::unwrap_used, missing_docs)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use gzcc::settings::{Destination, Engine, Mode, Scheduler};
use gzcc::{Decoder, Ended, Observer, Outcome, Settings, Step, compress, decompress, with_encoder};

/// Bytes of a block: what is written is cut there.
const BLOCK: usize = 512 * 1024;

/// Longer than anything here takes, by far.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines of a made-up log, of this size.
fn log(size: usize) -> Vec<u8> {
    let mut content = Vec::with_capacity(size + 100);
    let mut x = 1u64;
    while content.len() < size {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        writeln!(content, "{} request {:x} took {} ms", content.len(), x >> 40, x >> 56).unwrap();
    }
    content.truncate(size);
    content
}

fn jobs(jobs: usize) -> NonZeroUsize {
    jobs.try_into().unwrap()
}

/// Every number of workers and scheduler that makes a difference.
fn crews() -> impl Iterator<Item = Settings> {
    let crews = [
        (1, Scheduler::Threads),
        (2, Scheduler::Threads),
        (5, Scheduler::Threads),
        (1, Scheduler::Rayon),
        (4, Scheduler::Rayon),
    ];
    crews.into_iter().map(|(number, scheduler)| Settings { jobs: jobs(number), scheduler, ..Settings::default() })
}

/// What the encoder makes of `content`, written in pieces of this size.
fn encoded(content: &[u8], piece: usize, settings: &Settings) -> Vec<u8> {
    let written =
        with_encoder(Vec::new(), settings, |to| content.chunks(piece).try_for_each(|piece| to.write_all(piece)));
    written.unwrap().0
}

/// What a run makes of a file with this content.
fn compressed_as_a_file(content: &[u8], settings: &Settings) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f");
    fs::write(&file, content).unwrap();
    let settings = Settings { inputs: vec![file.into()], ..settings.clone() };
    assert_eq!(compress(&settings, &()).unwrap().done, 1);
    fs::read(folder.path().join("f.gz")).unwrap()
}

/// What GNU gzip reads.
fn gunzipped(packed: &[u8]) -> Vec<u8> {
    let mut gzip = Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = gzip.stdin.take().unwrap();
    let packed = packed.to_vec();
    let feeding = thread::spawn(move || stdin.write_all(&packed));
    let output = gzip.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn decoded(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    Decoder::new(packed).read_to_end(&mut content).map(|_| content)
}

/// Does `work` on a thread of its own; fails if it does not end.
fn within_patience<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(work()));
    told.recv_timeout(PATIENCE).expect("it ends, and without a panic")
}

#[test]
fn an_encoder_makes_what_a_run_makes_of_a_file_with_that_content() {
    for size in [0, 1, 32 * 1024, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 3 * BLOCK + 777] {
        let content = log(size);
        let wanted = compressed_as_a_file(&content, &Settings { jobs: jobs(1), ..Settings::default() });
        assert!(gunzipped(&wanted) == content);
        for settings in crews() {
            for piece in [1 << 30, BLOCK, 100_000, if size > BLOCK { 4096 } else { 1 }] {
                let shown = || format!("{size} in pieces of {piece}, {} {:?}", settings.jobs, settings.scheduler);
                assert!(encoded(&content, piece, &settings) == wanted, "{}", shown());
            }
        }
    }
}

#[test]
fn whatever_says_how_to_compress_holds_for_an_encoder_too() {
    let content = log(3 * BLOCK + 5);
    let with: [fn(&mut Settings); 8] = [
        |settings| settings.level = 0,
        |settings| settings.level = 1,
        |settings| settings.level = 12,
        |settings| settings.engine = Engine::Flate2,
        |settings| settings.independent = true,
        |settings| settings.rsyncable = true,
        |settings| settings.verify = true,
        |settings| settings.mode = Mode::Decompress,
    ];
    let mut sizes = BTreeMap::new();
    for (i, with) in with.iter().enumerate() {
        let mut settings = Settings { jobs: jobs(3), ..Settings::default() };
        with(&mut settings);
        let wanted = compressed_as_a_file(&content, &settings);
        let made = encoded(&content, 70_000, &settings);
        assert!(made == wanted, "number {i}");
        assert!(decoded(&made).unwrap() == content, "number {i}");
        sizes.entry(made.len()).or_insert(i);
    }
    // The last two change nothing.
    assert_eq!(sizes.len(), 7, "{sizes:?}");
}

#[test]
fn an_encoder_returns_the_sink_and_what_the_closure_returned_and_flushes_once() {
    #[derive(Default)]
    struct Flushed(Vec<u8>, u32);
    impl Write for Flushed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            assert_eq!(self.1, 0, "nothing is written after the flush");
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.1 += 1;
            Ok(())
        }
    }
    for settings in crews() {
        let (sink, value) = with_encoder(Flushed::default(), &settings, |to| {
            to.write_all(b"one")?;
            to.flush()?;
            to.write_all(b"two")?;
            Ok("the value")
        })
        .unwrap();
        assert_eq!((value, sink.1), ("the value", 1));
        assert_eq!(sink.0, encoded(b"onetwo", 6, &settings), "a flush of the encoder changes nothing");
    }
}

#[test]
fn neither_the_sink_nor_the_closure_has_to_be_sent_to_another_thread() {
    // A Cell can be lent to no other thread, and an Rc cannot even be moved there.
    let written = std::rc::Rc::new(Cell::new(0));
    struct Local(std::rc::Rc<Cell<usize>>);
    impl Write for Local {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.set(self.0.get() + bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let counted = std::rc::Rc::clone(&written);
    let settings = Settings { jobs: jobs(3), ..Settings::default() };
    let content = log(5 * BLOCK);
    with_encoder(Local(counted), &settings, |to| {
        assert_eq!(written.get(), 0);
        to.write_all(&content)
    })
    .unwrap();
    assert_eq!(written.get(), encoded(&content, 1 << 20, &settings).len());
}

#[test]
fn what_the_closure_fails_with_is_what_is_returned_and_leaves_no_whole_member() {
    for settings in crews() {
        within_patience(move || {
            let mut sink = Vec::new();
            let content = log(6 * BLOCK);
            let failed = with_encoder(&mut sink, &settings, |to| {
                to.write_all(&content)?;
                Err::<(), _>(io::Error::new(io::ErrorKind::TimedOut, "the source is slow"))
            });
            let error = failed.unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::TimedOut, "the source is slow"));
            assert_eq!(decoded(&sink).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        });
    }
}

/// Takes so many bytes and fails then.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            // ENOSPC
            return Err(io::Error::from_raw_os_error(28));
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_fails_ends_the_writing_with_its_own_error() {
    for settings in crews() {
        for room in [0, 9, 30_000, 200_000] {
            let settings = settings.clone();
            within_patience(move || {
                let content = log(30 * BLOCK);
                let mut written = 0;
                let failed = with_encoder(Full(room), &settings, |to| {
                    content.chunks(10_000).try_for_each(|piece| to.write_all(piece).map(|()| written += piece.len()))
                });
                assert_eq!(failed.err().unwrap().raw_os_error(), Some(28));
                assert!(written < content.len(), "it goes on for a while, but not to the end");
            });
        }
    }
}

#[test]
fn an_error_of_the_sink_that_the_closure_keeps_to_itself_is_returned_all_the_same() {
    for settings in crews() {
        within_patience(move || {
            let mut errors = 0;
            let failed = with_encoder(Full(10), &settings, |to| {
                let content = log(40 * BLOCK);
                for piece in content.chunks(BLOCK) {
                    errors += usize::from(to.write_all(piece).is_err());
                }
                Ok(())
            });
            assert_eq!(failed.err().unwrap().kind(), io::ErrorKind::StorageFull);
            assert!(errors > 1, "every write after the first that failed fails");
        });
    }
}

#[test]
fn a_small_content_whose_sink_fails_only_at_the_end_is_an_error() {
    for settings in crews() {
        let failed = with_encoder(Full(3), &settings, |to| to.write_all(b"small"));
        assert_eq!(failed.err().unwrap().raw_os_error(), Some(28));
        struct Unflushed;
        impl Write for Unflushed {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let failed = with_encoder(Unflushed, &settings, |to| to.write_all(b"small"));
        assert_eq!(failed.err().unwrap().kind(), io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_panic_of_the_closure_or_the_sink_goes_on_when_the_workers_have_ended() {
    struct Panics;
    impl Write for Panics {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("this panic is part of the test");
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for settings in crews() {
        within_patience(move || {
            let content = log(8 * BLOCK);
            let closure = std::panic::catch_unwind(|| {
                with_encoder(io::sink(), &settings, |to| {
                    to.write_all(&content)?;
                    panic!("this panic is part of the test");
                    #[allow(unreachable_code)]
                    Ok(())
                })
            });
            let sink = std::panic::catch_unwind(|| with_encoder(Panics, &settings, |to| to.write_all(&content)));
            assert!(closure.is_err() && sink.is_err());
        });
    }
}

#[test]
fn settings_that_make_no_sense_are_refused_before_anything_is_done() {
    let settings = Settings { level: 13, ..Settings::default() };
    let mut sink = Vec::new();
    let refused = with_encoder(&mut sink, &settings, |_| -> io::Result<()> { panic!("it is called") }).err().unwrap();
    assert_eq!((refused.kind(), sink.len()), (io::ErrorKind::InvalidInput, 0));
    assert_eq!(refused.to_string(), "native has no level 13; the highest is 12");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("f"), "content").unwrap();
    let settings = Settings { inputs: vec![folder.path().join("f").into()], suffix: "".into(), ..Settings::default() };
    assert_eq!(compress(&settings, &()).unwrap_err().to_string(), "the suffix has to be something, without a slash");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Runs this test alone in a process of its own, where it finds itself to be the child and does its work; what that prints.
fn as_a_child(test: &str) -> Option<String> {
    if std::env::var_os("GZCC_CHILD").is_some() {
        return None;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args([test, "--exact", "--nocapture"]).env("GZCC_CHILD", "1").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
}

/// A figure of this process, in kB.
fn own(figure: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn memory_is_bounded_by_the_workers_however_much_is_written() {
    if as_a_child("memory_is_bounded_by_the_workers_however_much_is_written").is_some() {
        return;
    }
    let piece = log(BLOCK / 2 + 3);
    for number in [1, 3] {
        let settings = Settings { jobs: jobs(number), level: 1, ..Settings::default() };
        let before = own("VmRSS");
        with_encoder(io::sink(), &settings, |to| (0..500).try_for_each(|_| to.write_all(&piece))).unwrap();
        let most = own("VmHWM") - before;
        assert!(most < 3_000 + 6_000 * number as u64, "{most} kB for {number} of 130 MB");
    }
}

#[test]
fn what_fits_in_a_block_starts_no_thread() {
    if as_a_child("what_fits_in_a_block_starts_no_thread").is_some() {
        return;
    }
    /// Counts the threads whenever something is written.
    struct Threads(usize);
    impl Write for Threads {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.max(fs::read_dir("/proc/self/task")?.count());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let threads = |size: usize, number: usize| {
        let settings = Settings { jobs: jobs(number), ..Settings::default() };
        with_encoder(Threads(0), &settings, |to| to.write_all(&log(size))).unwrap().0.0
    };
    let alone = fs::read_dir("/proc/self/task").unwrap().count();
    assert_eq!(threads(BLOCK - 1, 8), alone);
    assert_eq!(threads(20 * BLOCK, 1), alone);
    assert!(threads(20 * BLOCK, 3) > alone, "there are threads where there is work for them");
}

/// Takes down all that it is told.
#[derive(Default)]
struct Told {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    firsts: AtomicU64,
    lasts: AtomicU64,
    ended: Mutex<BTreeMap<PathBuf, String>>,
}

impl Observer for Told {
    fn advanced(&self, step: &Step<'_>) {
        self.bytes_in.fetch_add(step.bytes_in, Relaxed);
        self.bytes_out.fetch_add(step.bytes_out, Relaxed);
        self.firsts.fetch_add(u64::from(step.first), Relaxed);
        self.lasts.fetch_add(u64::from(step.last), Relaxed);
        assert_eq!(step.size, Some(fs::metadata(step.input).unwrap().len()));
    }

    fn ended(&self, ended: &Ended<'_>) {
        let outcome = match ended.outcome {
            Outcome::Done(done) => format!("done {}", done.output.as_ref().unwrap().display()),
            Outcome::Skipped(reason) => format!("skipped {reason}"),
            Outcome::Failed(error) => format!("failed {error:#}"),
            other => format!("{other:?}"),
        };
        let before = self.ended.lock().unwrap().insert(ended.name.to_owned(), outcome);
        assert_eq!(before, None, "{} ends twice", ended.name.display());
    }
}

#[test]
fn an_observer_is_told_of_every_byte_and_every_end() {
    for crew in crews() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let sizes = [("big", 3 * BLOCK + 1), ("small", 1000), ("two", 2 * BLOCK)];
        sizes.iter().for_each(|(name, size)| fs::write(path(name), log(*size)).unwrap());
        fs::write(path("old.gz"), "").unwrap();
        let names = ["big", "small", "two", "old.gz", "missing"];
        let settings = Settings { inputs: names.map(|name| path(name).into()).into(), ..crew.clone() };
        let told = Told::default();
        let tally = compress(&settings, &told).unwrap();
        assert_eq!((tally.done, tally.skipped, tally.failed), (3, 1, 1));
        let all = sizes.iter().map(|(_, size)| *size as u64).sum::<u64>();
        assert_eq!((told.bytes_in.into_inner(), tally.bytes_in), (all, all));
        assert_eq!(told.bytes_out.into_inner(), tally.bytes_out);
        assert_eq!((told.firsts.into_inner(), told.lasts.into_inner()), (3, 3));
        let ended = told.ended.into_inner().unwrap();
        assert_eq!(ended[&path("big")], format!("done {}", path("big.gz").display()));
        assert_eq!(ended[&path("old.gz")], "skipped already has the suffix; left alone");
        assert!(ended[&path("missing")].starts_with("failed No such file"), "{ended:?}");
        assert_eq!(ended.len(), 5);

        let inputs = ["big.gz", "small.gz", "two.gz"].map(|name| path(name).into()).into();
        let told = Told::default();
        let settings = Settings { inputs, destination: Destination::Folder(path("out")), ..crew };
        fs::create_dir(path("out")).unwrap();
        let tally = decompress(&settings, &told).unwrap();
        assert_eq!((tally.done, tally.bytes_out, tally.failed), (3, all, 0));
        assert_eq!(told.bytes_out.into_inner(), all);
        let out: PathBuf = path("out").join(folder.path().strip_prefix("/").unwrap()).join("two");
        assert!(fs::read(out).unwrap() == log(2 * BLOCK));
    }
}

#[test]
fn a_run_prints_nothing() {
    let test = "a_run_prints_nothing";
    if let Some(told) = as_a_child(test) {
        let lines: Vec<_> = told.lines().filter(|line| !line.is_empty()).collect();
        // What the harness of the tests itself says.
        assert_eq!(lines.len(), 3, "{told}");
        assert!(lines[1].ends_with("... ok"), "{told}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("f"), "content").unwrap();
    let inputs = ["f", "missing"].map(|name| folder.path().join(name).into());
    let settings =
        Settings { inputs: inputs.into(), verbosity: gzcc::settings::Verbosity::Verbose, ..Settings::default() };
    assert_eq!(compress(&settings, &()).unwrap().failed, 1);
    let inputs = vec![folder.path().join("f.gz").into()];
    let settings = Settings { inputs, destination: Destination::Nowhere, ..settings };
    assert_eq!(decompress(&settings, &()).unwrap().done, 1);
}

/// Hands out a byte or a few at a time, and is interrupted now and then.
struct Sips<'a>(&'a [u8], u32);

impl Read for Sips<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        if self.1 >> 16 & 7 == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = (self.1 >> 20 & 31) as usize + 1;
        let most = most.min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

/// What BGZF is made of: members that tell their size.
fn bgzf(content: &[u8]) -> Vec<u8> {
    let mut bgzip = Command::new("bgzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = bgzip.stdin.take().unwrap();
    let content = content.to_vec();
    let feeding = thread::spawn(move || stdin.write_all(&content));
    let output = bgzip.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    output.stdout
}

#[test]
fn a_decoder_reads_whatever_gunzip_reads_however_it_comes() {
    let settings = Settings::default();
    let (one, two) = (log(100_000), log(700_000));
    let member = |content: &[u8]| encoded(content, 1 << 20, &settings);
    let packed: [(Vec<u8>, Vec<u8>); 6] = [
        (member(b""), Vec::new()),
        (member(&one), one.clone()),
        ([member(&one), member(b""), member(&two)].concat(), [&one[..], &two].concat()),
        ([member(&one), vec![0; 300_000]].concat(), one.clone()),
        (bgzf(&two), two.clone()),
        ([bgzf(&one), member(&two), bgzf(&one)].concat(), [&one[..], &two, &one].concat()),
    ];
    for (i, (packed, content)) in packed.iter().enumerate() {
        assert!(gunzipped(packed) == *content, "number {i}");
        assert!(decoded(packed).unwrap() == *content, "number {i}");
        let mut read = Vec::new();
        let mut decoder = Decoder::new(Sips(packed, 1));
        decoder.read_to_end(&mut read).unwrap();
        assert!(read == *content && !decoder.has_trailing_garbage(), "number {i}, in sips");
        assert_eq!(decoder.read(&mut [0; 10]).unwrap(), 0, "the end stays the end");
        let lines: io::Result<Vec<_>> = Decoder::new(&packed[..]).lines().collect();
        assert_eq!(
            lines.unwrap().len(),
            content.split_inclusive(|&byte| byte == b'\n').count(),
            "number {i}, by lines"
        );
    }
}

#[test]
fn what_is_no_member_behind_the_last_is_passed_over_and_told() {
    let packed = [encoded(b"content", 7, &Settings::default()), b"garbage".to_vec()].concat();
    let mut decoder = Decoder::new(&packed[..]);
    let mut content = String::new();
    assert!(!decoder.has_trailing_garbage(), "nobody knows yet");
    decoder.read_to_string(&mut content).unwrap();
    assert_eq!((content.as_str(), decoder.has_trailing_garbage()), ("content", true));
}

#[test]
fn what_is_cut_short_anywhere_is_an_unexpected_end() {
    for content in [&b"a few words, and a few words"[..], b""] {
        let packed = encoded(content, 100, &Settings::default());
        for length in 0..packed.len() {
            let error = decoded(&packed[..length]).expect_err(&format!("{length} bytes are enough"));
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length} bytes: {error}");
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_and_stays_one() {
    let content = log(5000);
    let packed = encoded(&content, 5000, &Settings::default());
    // Name, time and system in the header do not change the content.
    for at in (0..4).chain(10..packed.len()) {
        let mut packed = packed.clone();
        packed[at] ^= 1 << (at % 8);
        let mut decoder = Decoder::new(&packed[..]);
        let mut read = Vec::new();
        match decoder.read_to_end(&mut read) {
            Ok(_) => assert!(read == content, "byte {at}"),
            Err(error) => {
                let again = decoder.read(&mut [0]).expect_err("it stays an error");
                assert_eq!((again.kind(), again.to_string()), (error.kind(), error.to_string()), "byte {at}");
            }
        }
    }
    let error = decoded(b"this is no gzip data").unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::InvalidData, "not in gzip format"));
}

#[test]
fn an_error_of_the_source_is_handed_on_as_it_is() {
    struct Broken(Vec<u8>, usize);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.1 == self.0.len() {
                return Err(io::Error::from_raw_os_error(5));
            }
            let read = (&self.0[self.1..]).read(buffer)?;
            self.1 += read;
            Ok(read)
        }
    }
    let content = log(300_000);
    let mut packed = encoded(&content, 1 << 20, &Settings::default());
    packed.truncate(packed.len() / 2);
    let mut read = Vec::new();
    let error = Decoder::new(Broken(packed, 0)).read_to_end(&mut read).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(5));
    assert!(read.len() > 100_000 && content.starts_with(&read), "what came before the error is handed out");
}

#[test]
fn much_that_comes_of_little_is_read_in_little_memory() {
    if as_a_child("much_that_comes_of_little_is_read_in_little_memory").is_some() {
        return;
    }
    let settings = Settings { jobs: jobs(2), level: 1, ..Settings::default() };
    let zeros = vec![0; 1 << 20];
    let (packed, ()) =
        with_encoder(Vec::new(), &settings, |to| (0..256).try_for_each(|_| to.write_all(&zeros))).unwrap();
    let before = own("VmHWM");
    let mut decoder = Decoder::new(&packed[..]);
    assert_eq!(io::copy(&mut decoder, &mut io::sink()).unwrap(), 256 << 20);
    let more = own("VmHWM") - before;
    assert!(more < 1500, "{more} kB");
}

#[test]
fn settings_are_small_enough_to_be_written_out_by_hand() {
    // The smallest program that does anything: names in, files out.
    let folder = tempfile::tempdir().unwrap();
    let file: &Path = &folder.path().join("f");
    fs::write(file, "content").unwrap();
    compress(&Settings { inputs: vec![file.into()], ..Settings::default() }, &()).unwrap();
    assert_eq!(decoded(&fs::read(file.with_extension("gz")).unwrap()).unwrap(), b"content");
}
