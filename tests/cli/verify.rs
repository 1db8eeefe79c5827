//! `--verify`: a wrong block is found before the output is named, and the original is kept.

use std::num::NonZeroUsize;
use std::ops::Range;

use gzcc::command::run_with_engine;
use gzcc::deflate::{self, BlockCompressor, Window, WindowBuffer};
use gzcc::settings::{Destination, Originals, Scheduler, Settings};

use crate::harness::{BLOCK, Sandbox, log, noise, sample};

/// Marks the block that an [`Erring`] engine compresses wrongly.
const MARK: &[u8] = b"compress this wrongly";

/// An engine that makes valid DEFLATE data of other content for a block with [`MARK`].
struct Erring(Box<dyn BlockCompressor>);

impl BlockCompressor for Erring {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        let mut content = window.bytes(0..block.end).to_vec();
        if content[block.start..].windows(MARK.len()).any(|bytes| bytes == MARK) {
            content[block.start + 1000] ^= 1;
            return self.0.compress(WindowBuffer::new().fill(&content), block, last, out);
        }
        self.0.compress(window, block, last, out);
    }
}

#[test]
fn verify_finds_a_wrong_block_and_keeps_the_original() {
    for scheduler in [Scheduler::Threads, Scheduler::Rayon] {
        for (jobs, verify) in sample(3, [(1, true), (2, true), (3, true), (2, false)]) {
            for destination in ["beside", "named", "joined"] {
                let t = Sandbox::new();
                let mut content = log(5 * BLOCK);
                content[2 * BLOCK + 5000..][..MARK.len()].copy_from_slice(MARK);
                let content = t.write("a", content);
                let mut settings = Settings {
                    inputs: vec![t.path("a").into()],
                    originals: Originals::Remove,
                    jobs: NonZeroUsize::new(jobs).unwrap(),
                    scheduler,
                    verify,
                    ..Settings::default()
                };
                if destination != "beside" {
                    settings.destination = Destination::File(t.path("out"));
                    settings.originals = Originals::Keep;
                }
                if destination == "joined" {
                    settings.inputs.push(t.path("a").into());
                }
                let tally = run_with_engine(settings, &(), |kind, level| {
                    Box::new(Erring(deflate::new_compressor(kind, level)))
                });
                if verify {
                    assert_eq!((tally.failed > 0, tally.done), (true, 0), "{destination}");
                    assert_eq!(t.names(), ["a"], "{destination}");
                    assert!(t.read("a") == content);
                } else {
                    // Without --verify, the run makes the wrong output without an error.
                    assert!(tally.is_clean());
                    assert!(!t.names().iter().all(|name| name == "a"));
                }
            }
        }
    }
}

#[test]
fn verify_does_not_change_the_output() {
    let t = Sandbox::new();
    t.write("a", log(3 * BLOCK + 5));
    t.write("b", noise(2 * BLOCK, 3));
    t.write("c", "");
    let outputs = |t: &Sandbox| ["a.gz", "b.gz", "c.gz"].map(|name| t.read(name));
    let native = ["-1", "-6", "-9", "-12"].map(|level| ["--engine=native", level]);
    let flate2 = ["-0", "-1", "-6", "-9", "--rsyncable", "-N"].map(|option| ["--engine=flate2", option]);
    // A step of 4 includes both engines and content-defined blocks.
    for [engine, option] in sample(4, native.into_iter().chain(flate2)) {
        t.gzcc([engine, option, "-f", "a", "b", "c"]).succeeds();
        let plain = outputs(&t);
        for scheduler in ["threads", "rayon"] {
            t.gzcc([engine, option, "-f", "--verify", "--scheduler", scheduler, "a", "b", "c"]).succeeds();
            assert!(outputs(&t) == plain, "{engine} {option}");
        }
        let joined = t.gzcc([engine, option, "-c", "a", "b", "c"]).succeeds();
        let verified = t.gzcc([engine, option, "--verify", "-c", "a", "b", "c"]).succeeds();
        assert!(verified == joined, "{engine} {option}");
    }
    let piped = t.gzcc(["--verify"]).stdin(noise(BLOCK + 1, 7)).succeeds();
    crate::harness::assert_member(&piped, &noise(BLOCK + 1, 7));
}
