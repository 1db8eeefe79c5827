//! The owned encoder: in a struct, behind `dyn Write`, moved between threads, dropped, and with a sink that fails.

use std::fs;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use gzcc::settings::Scheduler;
use gzcc::{Encoder, EncoderOptions, EncoderReader, InvalidOptions};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    BLOCK, Parameters, compressed_as_a_file, decoded, encoded, gunzipped, in_child_process, jobs, log, options,
    within_time_limit, worker_parameters,
};

/// A sink whose bytes the test can read while the encoder owns it.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_limit_of_the_address_space_reduces_the_workers_of_an_encoder() {
    if in_child_process("owned::a_limit_of_the_address_space_reduces_the_workers_of_an_encoder").is_some() {
        return;
    }
    let content = log(64 * BLOCK);
    let used = crate::memory_figure("VmSize") << 10;
    let unlimited = getrlimit(Resource::As);
    for spare in [60 << 20, 300 << 20, 700 << 20] {
        for scheduler in [Scheduler::Threads, Scheduler::Rayon] {
            let options = EncoderOptions::default().level(1).workers(64).scheduler(scheduler);
            setrlimit(Resource::As, Rlimit { current: Some(used + spare), ..unlimited }).unwrap();
            let encoded = gzcc::with_encoder(Vec::new(), &options, |encoder| encoder.write_all(&content));
            setrlimit(Resource::As, unlimited).unwrap();
            assert!(decoded(&encoded.unwrap().0).unwrap() == content, "{spare}");
        }
    }
}

#[test]
fn an_owned_encoder_writes_the_bytes_of_the_command() {
    struct Log<W: Write> {
        encoder: Encoder<W>,
        lines: usize,
    }
    for size in [0, 1, BLOCK - 1, BLOCK, 3 * BLOCK + 777] {
        let content = log(size);
        let wanted = compressed_as_a_file(&content, &Parameters { jobs: jobs(1), ..Parameters::default() });
        for settings in worker_parameters() {
            let mut log = Log { encoder: Encoder::with_options(Vec::new(), &options(&settings)).unwrap(), lines: 0 };
            for line in content.split_inclusive(|&byte| byte == b'\n') {
                log.encoder.write_all(line).unwrap();
                log.lines += 1;
            }
            assert!(log.encoder.finish().unwrap() == wanted, "{size}, {} {:?}", settings.jobs, settings.scheduler);
        }
    }
}

#[test]
fn an_encoder_moves_between_threads_and_fits_behind_dyn_write() {
    fn is_send<T: Send + 'static>(_: &T) {}
    let content = log(4 * BLOCK);
    for settings in worker_parameters() {
        let wanted = encoded(&content, 1 << 20, &settings);
        let out = Shared::default();
        let sink: Box<dyn Write + Send> = Box::new(out.clone());
        let mut encoder = Encoder::with_options(sink, &options(&settings)).unwrap();
        is_send(&encoder);
        let (half, rest) = content.split_at(BLOCK + 5);
        encoder.write_all(half).unwrap();
        let rest = rest.to_vec();
        within_time_limit(move || {
            let to: &mut dyn Write = &mut encoder;
            to.write_all(&rest).unwrap();
            encoder.finish().unwrap().flush().unwrap();
        });
        assert!(out.bytes() == wanted, "{} {:?}", settings.jobs, settings.scheduler);
    }
}

#[test]
fn an_encoder_behind_a_box_writes_and_flushes_and_leaves_an_incomplete_member() {
    for settings in worker_parameters() {
        let out = Shared::default();
        let copy = out.clone();
        within_time_limit(move || {
            let mut boxed: Box<dyn Write> = Box::new(Encoder::with_options(copy, &options(&settings)).unwrap());
            boxed.write_all(b"some content").unwrap();
            boxed.flush().unwrap();
        });
        assert_eq!(decoded(&out.bytes()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let mut content = [0; 12];
        gzcc::Decoder::new(&out.bytes()[..]).read_exact(&mut content).unwrap();
        assert_eq!(&content, b"some content");
    }
}

#[test]
fn an_encoder_that_is_dropped_joins_its_threads_and_leaves_an_incomplete_member() {
    if in_child_process("owned::an_encoder_that_is_dropped_joins_its_threads_and_leaves_an_incomplete_member").is_some()
    {
        return;
    }
    let threads = || fs::read_dir("/proc/self/task").unwrap().count();
    for settings in worker_parameters() {
        for size in [0, 10, BLOCK, 7 * BLOCK + 10] {
            for finishes in [false, true] {
                let (before, out) = (threads(), Shared::default());
                let mut encoder = Encoder::with_options(out.clone(), &options(&settings)).unwrap();
                encoder.write_all(&log(size)).unwrap();
                if finishes {
                    encoder.finish().unwrap();
                } else {
                    drop(encoder);
                }
                let shown = format!("{size} {finishes} {} {:?}", settings.jobs, settings.scheduler);
                // /proc may list a thread shortly after it was joined.
                let ended = (0..1000).any(|_| {
                    std::thread::sleep(Duration::from_millis(1));
                    threads() == before
                });
                assert!(ended, "{shown}: {} threads, {before} before", threads());
                assert_eq!(decoded(&out.bytes()).is_ok(), finishes, "{shown}");
            }
        }
    }
}

#[test]
fn the_header_holds_the_name_and_the_time_of_the_options() {
    let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let options = EncoderOptions::default().header_name("app.log").header_time(time).workers(1);
    let mut encoder = Encoder::with_options(Vec::new(), &options).unwrap();
    encoder.write_all(b"content").unwrap();
    let bytes = encoder.finish().unwrap();
    assert_eq!(bytes[..18], *b"\x1f\x8b\x08\x08\x00\xf1\x53\x65\x00\x03app.log\0");
    assert_eq!(gunzipped(&bytes), b"content");
}

#[test]
fn invalid_options_are_a_typed_error_of_every_encoder() {
    let invalid = EncoderOptions::default().workers(0);
    assert_eq!(Encoder::with_options(io::sink(), &invalid).unwrap_err(), InvalidOptions::Workers(0));
    assert_eq!(EncoderReader::with_options(io::empty(), &invalid).unwrap_err(), InvalidOptions::Workers(0));
    let error = io::Error::from(invalid.check().unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "invalid number of workers 0: expected 1 to 1024");
}

/// A sink that fails with ENOSPC, or panics, after `calls_left` writes and flushes.
struct Fails {
    calls_left: usize,
    panics: bool,
}

impl Fails {
    fn call(&mut self) -> io::Result<()> {
        if self.calls_left == 0 {
            assert!(!self.panics, "this panic is part of the test");
            return Err(io::Error::from_raw_os_error(28));
        }
        self.calls_left -= 1;
        Ok(())
    }
}

impl Write for Fails {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call().map(|()| bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.call()
    }
}

#[test]
fn an_error_of_the_sink_is_returned_by_every_later_call() {
    for settings in worker_parameters() {
        for calls_left in 0..4 {
            let options = options(&settings);
            within_time_limit(move || {
                let mut encoder = Encoder::with_options(Fails { calls_left, panics: false }, &options).unwrap();
                let content = log(BLOCK / 2);
                let written = (0..100).try_for_each(|_| {
                    encoder.write_all(&content)?;
                    encoder.flush()
                });
                assert_eq!(written.unwrap_err().raw_os_error(), Some(28));
                let again = [encoder.write(b"more"), encoder.flush().map(|()| 0), encoder.finish().map(|_| 0)];
                for again in again {
                    let error = again.unwrap_err();
                    assert_eq!((error.kind(), error.raw_os_error()), (io::ErrorKind::StorageFull, Some(28)));
                }
            });
        }
    }
}

#[test]
fn after_a_panic_of_the_sink_nothing_more_is_written() {
    for settings in worker_parameters() {
        let options = options(&settings);
        within_time_limit(move || {
            let mut encoder = Encoder::with_options(Fails { calls_left: 1, panics: true }, &options).unwrap();
            let written = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                encoder.write_all(b"content").unwrap();
                encoder.flush().unwrap();
            }));
            written.unwrap_err();
            assert_eq!(encoder.write(b"more").unwrap_err().to_string(), "the sink panicked");
            assert_eq!(encoder.finish().err().unwrap().to_string(), "the sink panicked");
        });
    }
}
