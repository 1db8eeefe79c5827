//! A decoder with several workers: the content and the errors of one worker, and an end when it is dropped.

use std::io::{self, Read};
use std::thread;

use gzcc::settings::Scheduler;
use gzcc::{Decoder, DecoderOptions, InvalidOptions};

use crate::decoder::{Sips, bgzf};
use crate::{Parameters, encoded, in_child_process, log, memory_figure, through, within_time_limit};

/// Numbers of workers and schedulers.
const RUNS: [(usize, Scheduler); 5] = [
    (1, Scheduler::Threads),
    (2, Scheduler::Threads),
    (2, Scheduler::Rayon),
    (3, Scheduler::Rayon),
    (8, Scheduler::Threads),
];

fn options(workers: usize, scheduler: Scheduler) -> DecoderOptions {
    DecoderOptions::default().workers(workers).scheduler(scheduler)
}

/// The content, the error or whether garbage follows, and what the next read returns.
fn read_all(source: impl Read, options: &DecoderOptions) -> (Vec<u8>, String, String) {
    let mut decoder = Decoder::with_options(source, options).unwrap();
    let mut content = Vec::new();
    let read = decoder.read_to_end(&mut content).map_err(|error| (error.kind(), error.to_string()));
    let read = format!("{:?}, garbage: {}", read.map(|_| ()), decoder.has_trailing_garbage());
    let again = decoder.read(&mut [0]).map_err(|error| (error.kind(), error.to_string()));
    (content, read, format!("{again:?}"))
}

/// Text that compresses to more than a third.
fn text(size: usize) -> Vec<u8> {
    log(size).into_iter().enumerate().map(|(i, byte)| if i % 5 == 0 { ((i * i) >> 7) as u8 } else { byte }).collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    through("gzip", &["-c"], content)
}

#[test]
fn the_content_and_the_error_do_not_depend_on_the_workers() {
    let text = text(9_000_000);
    let (whole, own) = (gzip(&text), encoded(&text, 1 << 20, &Parameters::default()));
    assert!(whole.len() > 3_500_000, "several chunks: {}", whole.len());
    let empty = gzip(b"").repeat(2000);
    let members = [&empty[..], &gzip(&text[..3_000_000]), &empty, &gzip(&text[..100]), &own].concat();
    let mut flipped = whole.clone();
    flipped[2_500_000] ^= 4;
    let mut other_crc = members.clone();
    *other_crc.iter_mut().rev().nth(6).unwrap() ^= 1;
    let cases = [
        ("whole", whole.clone()),
        ("own", own),
        ("members", members.clone()),
        ("BGZF", bgzf(&text)),
        ("garbage", [&whole[..], b"garbage"].concat()),
        ("zeros", [&whole[..], &[0; 700_000]].concat()),
        ("truncated", whole[..3_000_000].to_vec()),
        ("truncated trailer", whole[..whole.len() - 3].to_vec()),
        ("flipped", flipped),
        ("other CRC", other_crc),
        ("no gzip data", text[..2_000_000].to_vec()),
        ("nothing", Vec::new()),
        ("one byte", vec![0x1f]),
    ];
    for (name, packed) in cases {
        let expected = read_all(&packed[..], &DecoderOptions::default());
        for (workers, scheduler) in RUNS {
            let found = read_all(&packed[..], &options(workers, scheduler));
            let case = format!("{name}, {workers} workers, {scheduler:?}: {} {}", found.1, found.2);
            assert!((&found.1, &found.2) == (&expected.1, &expected.2), "{case} instead of {}", expected.1);
            assert!(found.0 == expected.0, "{case}: {} bytes instead of {}", found.0.len(), expected.0.len());
        }
    }
    let expected = read_all(&members[..], &DecoderOptions::default());
    let sips = read_all(Sips(&members, 1), &options(3, Scheduler::Threads));
    assert!(sips == expected, "in sips: {}", sips.1);
}

#[test]
fn an_error_of_the_source_is_returned_after_the_content_before_it() {
    struct Broken<'a>(&'a [u8]);
    impl Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Err(io::Error::from_raw_os_error(5)) } else { self.0.read(buffer) }
        }
    }
    let text = text(5_000_000);
    let packed = gzip(&text);
    let half = &packed[..packed.len() / 2];
    let mut expected = Vec::new();
    Decoder::new(Broken(half)).read_to_end(&mut expected).unwrap_err();
    let mut read = Vec::new();
    let mut decoder = Decoder::with_options(Broken(half), &options(3, Scheduler::Threads)).unwrap();
    assert_eq!(decoder.read_to_end(&mut read).unwrap_err().raw_os_error(), Some(5));
    assert!(read == expected && text.starts_with(&read) && read.len() > 2_000_000, "{}", read.len());
}

#[test]
fn an_error_of_the_source_behind_a_member_is_returned_by_any_number_of_workers() {
    /// A source that always fails, with an error of the system.
    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }

    let content = text(4_000_000);
    let member = gzip(&content);
    assert!(member.len() > 1_500_000, "the member ends in another chunk: {}", member.len());
    for (workers, scheduler) in RUNS {
        let source = member.chain(Failing);
        let (found, read, again) = read_all(source, &options(workers, scheduler));
        let error = io::Error::from_raw_os_error(5);
        let expected = format!("({:?}, {:?})", error.kind(), error.to_string());
        assert!(found == content, "{workers} workers, {scheduler:?}: {} bytes", found.len());
        assert!(read.contains(&expected) && again.contains(&expected), "{workers} workers, {scheduler:?}: {read}");
    }
}

#[test]
fn a_decoder_that_is_dropped_ends_its_workers_wherever_they_are() {
    within_time_limit(|| {
        let text = text(6_000_000);
        let bomb = encoded(&vec![0; 40_000_000], 1 << 20, &Parameters::default());
        for packed in [gzip(&text), bgzf(&text), bomb] {
            for (workers, scheduler) in RUNS {
                for read in [0, 1, 100_000, 3_000_000] {
                    let mut decoder = Decoder::with_options(&packed[..], &options(workers, scheduler)).unwrap();
                    io::copy(&mut decoder.by_ref().take(read), &mut io::sink()).unwrap();
                    drop(decoder);
                }
            }
        }
    });
}

#[test]
fn a_source_that_panics_is_not_read_again_and_ends_the_workers() {
    struct Panics<'a>(&'a [u8]);
    impl Read for Panics<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(!self.0.is_empty(), "this panic is part of the test");
            self.0.read(buffer)
        }
    }
    let packed = gzip(&text(3_000_000));
    let source = Panics(&packed[..packed.len() - 100]);
    let mut decoder = Decoder::with_options(source, &options(2, Scheduler::Threads)).unwrap();
    let mut read =
        || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| io::copy(&mut decoder, &mut io::sink())));
    assert!(read().is_err());
    assert_eq!(read().unwrap().unwrap_err().to_string(), "the source panicked");
}

#[test]
fn a_decoder_can_be_moved_to_another_thread_between_reads() {
    let text = text(4_000_000);
    let packed = gzip(&text);
    let mut decoder = Decoder::with_options(io::Cursor::new(packed), &options(2, Scheduler::Threads)).unwrap();
    let mut content = vec![0; 1000];
    decoder.read_exact(&mut content).unwrap();
    let read = thread::spawn(move || decoder.read_to_end(&mut content).map(|_| content));
    assert!(read.join().unwrap().unwrap() == text);
}

#[test]
fn an_invalid_number_of_workers_is_refused() {
    for workers in [0, 1025] {
        let refused = Decoder::with_options(&b""[..], &DecoderOptions::default().workers(workers)).unwrap_err();
        assert_eq!(refused, InvalidOptions::Workers(workers));
    }
}

#[test]
fn memory_is_bounded_by_the_workers_for_input_that_expands_a_thousandfold() {
    let test = "decoder_workers::memory_is_bounded_by_the_workers_for_input_that_expands_a_thousandfold";
    if in_child_process(test).is_some() {
        return;
    }
    // 3 MB, so that several chunks expand at the same time.
    let packed = tempfile::NamedTempFile::new().unwrap();
    let path = packed.path().display();
    through(
        "sh",
        &["-c", &format!("head -c 1G /dev/zero | gzip -1 > {path}; head -c 1G /dev/zero | gzip -1 >> {path}")],
        b"",
    );
    let before = memory_figure("VmRSS");
    let mut decoder = Decoder::with_options(packed.reopen().unwrap(), &options(3, Scheduler::Threads)).unwrap();
    assert_eq!(io::copy(&mut decoder, &mut io::sink()).unwrap(), 2 << 30);
    let more = memory_figure("VmHWM") - before;
    assert!(more < 3 * 18_000, "{more} kB");
}
