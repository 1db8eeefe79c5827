//! Compresses any content with any options. flate2 must decompress one member, or in BGZF all members, to the content, and the
//! bytes must not depend on the workers, the scheduler or the source (file or pipe).
#![no_main]

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::thread;

use flate2::bufread::{GzDecoder, MultiGzDecoder};
use gzcc::command::run_with_engine;
use gzcc::deflate::BLOCK;
use gzcc::settings::{Destination, Engine, Format, Mode, OverwritePolicy, Scheduler, Settings};
use libfuzzer_sys::fuzz_target;
use rustix::fs::MemfdFlags;
use rustix::pipe::{PipeFlags, pipe_with};

fuzz_target!(|data: &[u8]| {
    // Level; shape of the content; flags; size of the pieces that are sent through the pipe.
    let Some((&[level, shape, flags, pieces], content)) = data.split_first_chunk() else {
        return;
    };
    let content = shaped(content, shape);
    let engine = if flags & 64 != 0 { Engine::Native } else { Engine::Flate2 };
    let format = if flags & 128 != 0 { Format::Bgzf } else { Format::Gzip };
    let settings = Settings {
        engine,
        level: level % (engine.max_level() + 1),
        independent: flags & 1 != 0,
        format,
        rsyncable: flags & 2 != 0 && format == Format::Gzip,
        verify: format == Format::Bgzf,
        overwrite: OverwritePolicy::Replace,
        ..Settings::default()
    };
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let packed = directory.path().join("packed");
    let file = memfd(&content);
    let made = made(&packed, &[&file], settings.clone(), (1, Scheduler::Threads));
    let mut unpacked = Vec::new();
    if format == Format::Bgzf {
        MultiGzDecoder::new(&made[..]).read_to_end(&mut unpacked).expect("members");
    } else {
        let mut decoder = GzDecoder::new(&made[..]);
        decoder.read_to_end(&mut unpacked).expect("a member");
        assert!(decoder.into_inner().is_empty(), "bytes follow the first member");
    }
    assert!(unpacked == content, "flate2 makes something else of it");
    // Rayon's threads are slow to start, so not every input uses them.
    let scheduler = if flags & 4 != 0 { Scheduler::Rayon } else { Scheduler::Threads };
    let by_many = self::made(&packed, &[&file], settings.clone(), (3, scheduler));
    assert!(by_many == made, "three workers make something else of it");
    if flags & 8 != 0 {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
        let piped = thread::scope(|scope| {
            scope.spawn(|| send(&content, writer.into(), pieces));
            self::made(&packed, &[&reader.into()], settings.clone(), (2, scheduler))
        });
        assert!(piped == made, "a pipe makes something else of it");
    }
    if flags & 16 != 0 {
        let joined = self::made(&packed, &[&file, &file], settings.clone(), (2, scheduler));
        assert!(joined == made.repeat(2), "a member depends on its neighbours");
    }
    let back = Settings { mode: Mode::Decompress, ..settings };
    let back = self::made(&packed, &[&memfd(&made)], back, (1 + usize::from(flags >> 5 & 1), scheduler));
    assert!(back == content, "it does not come back");
});

/// The output of a run over these descriptors, written to `path`.
fn made(path: &Path, inputs: &[&File], settings: Settings, (jobs, scheduler): (usize, Scheduler)) -> Vec<u8> {
    let name = |file: &&File| OsString::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let settings = Settings {
        inputs: inputs.iter().map(name).collect(),
        jobs: jobs.try_into().expect("some"),
        scheduler,
        destination: Destination::File(path.to_owned()),
        ..settings
    };
    let tally = run_with_engine(settings, &(), gzcc::deflate::new_compressor);
    assert_eq!((tally.done, tally.is_clean()), (inputs.len() as u64, true));
    std::fs::read(path).expect("an output")
}

/// Content made from the input: unchanged, or repeated, with or without drift, to a size near a multiple of a block's.
fn shaped(content: &[u8], shape: u8) -> Vec<u8> {
    // Most inputs stay short, so that the fuzzer makes many runs.
    if shape & 7 != 7 || content.is_empty() {
        return content.to_vec();
    }
    let blocks = 1 + usize::from(shape >> 3 & 1);
    let size = blocks * BLOCK - 2 + usize::from(shape >> 4 & 3) + usize::from(shape >> 6 & 1) * 20_000;
    let drift = shape >> 7;
    let mut repeated = content.to_vec();
    let mut round = 0u8;
    while repeated.len() < size {
        // Repeats exactly after four rounds: near the reach of the window for long inputs.
        round = (round + drift) % 4;
        match round {
            0 => repeated.extend_from_slice(content),
            _ => repeated.extend(content.iter().map(|byte| byte.wrapping_add(round))),
        }
    }
    repeated.truncate(size);
    repeated
}

/// Sends `content` in pieces whose size `pieces` selects.
fn send(content: &[u8], mut pipe: File, pieces: u8) {
    let size = (content.len() >> 8).max(1 + 97 * usize::from(pieces));
    for piece in content.chunks(size) {
        pipe.write_all(piece).expect("a pipe");
    }
}

/// A file in memory.
fn memfd(bytes: &[u8]) -> File {
    let mut file = File::from(rustix::fs::memfd_create("input", MemfdFlags::CLOEXEC).expect("memory"));
    file.write_all(bytes).expect("memory");
    file
}
