//! Benchmarks with an engine that panics.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use gzcc::deflate::{BlockCompressor, Window};
use gzcc::settings::Scheduler;
use serde_json::Value;

use super::*;

/// Marked blocks that level 3 has compressed. The first one, of the warm-up round, succeeds.
static MARKED: AtomicUsize = AtomicUsize::new(0);

/// Panics at level 2 at a marked block, and at level 3 at the second one.
struct Faulty(Box<dyn BlockCompressor>, u8);

impl BlockCompressor for Faulty {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        let marked = window.bytes(block.clone()).starts_with(b"marker");
        assert!(!(marked && self.1 == 2), "this panic is part of the test");
        let again = marked && self.1 == 3 && MARKED.fetch_add(1, Ordering::Relaxed) > 0;
        assert!(!again, "this panic is part of the test");
        self.0.compress(window, block, last, out);
    }
}

#[test]
fn a_panic_affects_only_the_figures_of_its_level() {
    let dir = tempfile::tempdir().unwrap();
    let (bad, good) = (dir.path().join("bad"), dir.path().join("good"));
    std::fs::write(&bad, "marker").unwrap();
    std::fs::write(&good, "line\n".repeat(300_000)).unwrap();
    for (json, scheduler) in [(false, Scheduler::Threads), (true, Scheduler::Rayon)] {
        MARKED.store(0, Ordering::Relaxed);
        let inputs = vec![good.clone().into(), bad.clone().into()];
        let settings = Settings { inputs, scheduler, ..Settings::of_workers(2.try_into().unwrap()) };
        let presentation = Presentation { verbosity: Verbosity::Silent, json, ..Presentation::default() };
        let benchmark = Benchmark { settings, presentation, levels: vec![1, 2, 3, 4], memory: None };
        let engine: deflate::NewCompressor =
            |kind, level| Box::new(Faulty(deflate::new_compressor(kind, level), level));
        let BenchmarkOutput { text, status } = run(&benchmark, 1000, engine);
        assert_eq!(status, Status::Error);
        if json {
            let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let (summary, levels) = objects.split_last().unwrap();
            let done: Vec<bool> = levels.iter().map(|level| level["status"] == "done").collect();
            assert_eq!(done, [true, false, false, true], "{text}");
            assert!(levels[1]["compress"].is_null() && levels[2]["bytes_out"].is_null());
            assert_eq!((&summary["failed"], &summary["exit_status"]), (&2.into(), &1.into()), "{text}");
        } else {
            let rows: Vec<&str> = text.lines().skip(2).collect();
            assert_eq!(rows[1..3], ["    2  not measured, as a file failed", "    3  not measured, as a file failed"]);
            assert!(rows[0].ends_with(char::is_numeric) && rows[3].ends_with(char::is_numeric), "{text}");
        }
    }
}
