//! The scoped encoder: its output equals that of a run, and every failure is returned.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};

use gzcc::settings::{Engine, Format};
use gzcc::with_encoder;

use crate::programs::{repetitions, sample};
use crate::{
    BLOCK, Parameters, compressed_as_a_file, decoded, encoded, gunzipped, in_child_process, jobs, log, memory_figure,
    options, within_time_limit, worker_parameters,
};

#[test]
fn an_encoder_writes_the_output_of_a_run_over_a_file_with_that_content() {
    let sizes = [0, 32 * 1024, BLOCK, 2 * BLOCK - 1, 3 * BLOCK + 777, 1, BLOCK - 1, BLOCK + 1, 2 * BLOCK];
    for size in sizes.into_iter().take(repetitions(5, 9)) {
        let content = log(size);
        let wanted = compressed_as_a_file(&content, &Parameters { jobs: jobs(1), ..Parameters::default() });
        assert!(gunzipped(&wanted) == content);
        for settings in worker_parameters() {
            for piece in sample(3, [1 << 30, BLOCK, 100_000, if size > 32 * 1024 { 4096 } else { 1 }]) {
                let shown = || format!("{size} in pieces of {piece}, {} {:?}", settings.jobs, settings.scheduler);
                assert!(encoded(&content, piece, &settings) == wanted, "{}", shown());
            }
        }
    }
}

#[test]
fn every_compression_option_applies_to_an_encoder() {
    let content = log(2 * BLOCK + 5);
    let with: [fn(&mut Parameters); 8] = [
        |settings| settings.level = 0,
        |settings| settings.level = 1,
        |settings| settings.level = 12,
        |settings| settings.engine = Engine::Flate2,
        |settings| settings.independent = true,
        |settings| settings.rsyncable = true,
        |settings| (settings.format, settings.verify) = (Format::Bgzf, true),
        |settings| settings.verify = true,
    ];
    let mut sizes = BTreeMap::new();
    for (i, with) in with.iter().enumerate() {
        let mut settings = Parameters { jobs: jobs(3), ..Parameters::default() };
        with(&mut settings);
        let wanted = compressed_as_a_file(&content, &settings);
        let made = encoded(&content, 70_000, &settings);
        assert!(made == wanted, "number {i}");
        for Parameters { jobs, scheduler, .. } in sample(3, worker_parameters()) {
            let settings = Parameters { jobs, scheduler, ..settings.clone() };
            assert!(settings.level > 9 || encoded(&content, 1 << 20, &settings) == wanted, "number {i}, {jobs}");
        }
        assert!(decoded(&made).unwrap() == content, "number {i}");
        sizes.entry(made.len()).or_insert(i);
    }
    // Each changes the output, but verification.
    assert_eq!(sizes.len(), 8, "{sizes:?}");
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
    for settings in worker_parameters() {
        let (sink, value) = with_encoder(Flushed::default(), &options(&settings), |to| {
            to.write_all(b"one")?;
            to.write_all(b"two")?;
            Ok("the value")
        })
        .unwrap();
        assert_eq!((value, sink.1), ("the value", 1));
        assert_eq!(sink.0, encoded(b"onetwo", 6, &settings));
    }
}

#[test]
fn the_sink_and_the_closure_need_not_be_send() {
    // A Cell is not Sync, and an Rc is not Send.
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
    let settings = Parameters { jobs: jobs(3), ..Parameters::default() };
    let content = log(5 * BLOCK);
    with_encoder(Local(counted), &options(&settings), |to| {
        assert_eq!(written.get(), 0);
        to.write_all(&content)
    })
    .unwrap();
    assert_eq!(written.get(), encoded(&content, 1 << 20, &settings).len());
}

#[test]
fn an_error_of_the_closure_is_returned_and_the_member_is_incomplete() {
    for settings in worker_parameters() {
        within_time_limit(move || {
            let mut sink = Vec::new();
            let content = log(6 * BLOCK);
            let failed = with_encoder(&mut sink, &options(&settings), |to| {
                to.write_all(&content)?;
                Err::<(), _>(io::Error::new(io::ErrorKind::TimedOut, "the source is slow"))
            });
            let error = failed.unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::TimedOut, "the source is slow"));
            assert_eq!(decoded(&sink).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        });
    }
}

/// Accepts this number of bytes, and then fails with ENOSPC.
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
fn an_error_of_the_sink_stops_the_writer_and_is_returned() {
    for settings in worker_parameters() {
        for room in [0, 9, 30_000, 200_000] {
            let settings = settings.clone();
            within_time_limit(move || {
                let content = log(30 * BLOCK);
                let mut written = 0;
                let failed = with_encoder(Full(room), &options(&settings), |to| {
                    content.chunks(10_000).try_for_each(|piece| to.write_all(piece).map(|()| written += piece.len()))
                });
                assert_eq!(failed.err().unwrap().raw_os_error(), Some(28));
                assert!(written < content.len(), "the writer stops before the end");
            });
        }
    }
}

#[test]
fn an_error_of_the_sink_that_the_closure_ignores_is_returned() {
    for settings in worker_parameters() {
        within_time_limit(move || {
            let mut errors = 0;
            let failed = with_encoder(Full(10), &options(&settings), |to| {
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
fn an_error_of_the_sink_at_the_end_of_a_small_content_is_returned() {
    for settings in worker_parameters() {
        let failed = with_encoder(Full(3), &options(&settings), |to| to.write_all(b"small"));
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
        let failed = with_encoder(Unflushed, &options(&settings), |to| to.write_all(b"small"));
        assert_eq!(failed.err().unwrap().kind(), io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_panic_of_the_closure_or_the_sink_is_propagated_after_the_workers_have_ended() {
    struct Panics;
    impl Write for Panics {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("this panic is part of the test");
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for settings in worker_parameters() {
        within_time_limit(move || {
            let content = log(8 * BLOCK);
            let closure = std::panic::catch_unwind(|| {
                with_encoder(io::sink(), &options(&settings), |to| {
                    to.write_all(&content)?;
                    panic!("this panic is part of the test");
                    #[allow(unreachable_code)]
                    Ok(())
                })
            });
            let sink =
                std::panic::catch_unwind(|| with_encoder(Panics, &options(&settings), |to| to.write_all(&content)));
            assert!(closure.is_err() && sink.is_err());
        });
    }
}

#[test]
fn memory_is_bounded_by_the_workers_for_any_amount_of_input() {
    if in_child_process("encoder::memory_is_bounded_by_the_workers_for_any_amount_of_input").is_some() {
        return;
    }
    let piece = log(BLOCK / 2 + 3);
    for number in [1, 3] {
        let settings = Parameters { jobs: jobs(number), level: 1, ..Parameters::default() };
        let before = memory_figure("VmRSS");
        with_encoder(io::sink(), &options(&settings), |to| (0..500).try_for_each(|_| to.write_all(&piece))).unwrap();
        let most = memory_figure("VmHWM") - before;
        assert!(most < 3_000 + 6_000 * number as u64, "{most} kB for {number} of 130 MB");
    }
}

#[test]
fn content_below_a_block_starts_no_thread() {
    if in_child_process("encoder::content_below_a_block_starts_no_thread").is_some() {
        return;
    }
    /// Records the largest number of threads that a write has seen.
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
        let settings = Parameters { jobs: jobs(number), ..Parameters::default() };
        with_encoder(Threads(0), &options(&settings), |to| to.write_all(&log(size))).unwrap().0.0
    };
    let alone = fs::read_dir("/proc/self/task").unwrap().count();
    for size in [0, 1, BLOCK - 1] {
        assert_eq!(threads(size, 8), alone, "{size} bytes");
    }
    assert_eq!(threads(20 * BLOCK, 1), alone);
    assert!(threads(20 * BLOCK, 3) > alone, "content of many blocks starts threads");
}
