//! Tests of the library's public API: its output equals the command's, and every failure is returned without a hang. Without the
//! feature `batch`, the tests of encoders and decoders remain.

#![allow(clippy::unwrap_used, missing_docs)]

#[allow(unused_macros, reason = "the command's tests use it")]
#[path = "../programs/mod.rs"]
mod programs;

mod decoder;
mod decoder_workers;
mod encoder;
mod encoder_reader;
mod flush;
mod indexed_decoder;
#[path = "../../benches/data/made/mod.rs"]
mod made;
mod made_sizes;
mod owned;
mod parameters;
#[cfg(feature = "batch")]
mod policies;
#[cfg(feature = "batch")]
mod runs;

use std::fs;
use std::io::{self, Read, Write};
use std::process::Stdio;
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::Duration;

use gzcc::Decoder;

pub(crate) use self::parameters::{Parameters, compressed_as_a_file, encoded, jobs, options, worker_parameters};

/// Size of a block in bytes. The encoder splits its input at multiples of it.
pub const BLOCK: usize = 512 * 1024;

/// Time limit that detects a hang; every test needs much less.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Lines of a synthetic log, `size` bytes in all.
pub fn log(size: usize) -> Vec<u8> {
    let mut content = Vec::with_capacity(size + 100);
    let mut x = 1u64;
    while content.len() < size {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        writeln!(content, "{} request {:x} took {} ms", content.len(), x >> 40, x >> 56).unwrap();
    }
    content.truncate(size);
    content
}

/// The standard output of a program that reads `input`.
pub fn through(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = programs::command(program);
    let mut child = programs::spawn(command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeding = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// The content that GNU gzip decompresses, or zlib if there is no gzip.
pub fn gunzipped(packed: &[u8]) -> Vec<u8> {
    static GZIP: LazyLock<bool> =
        LazyLock::new(|| programs::have_or("gzip", "so zlib alone checks the output of all tests"));
    if !*GZIP {
        let mut content = Vec::new();
        flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut content).unwrap();
        return content;
    }
    through("gzip", &["-dc"], packed)
}

pub fn decoded(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    Decoder::new(packed).read_to_end(&mut content).map(|_| content)
}

/// Runs `work` on a new thread; fails if it does not end within [`TIME_LIMIT`].
pub fn within_time_limit<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(TIME_LIMIT).expect("it ends, and without a panic")
}

/// Runs this test alone in a child process and returns what it prints. Returns `None` in the child, which then does the
/// work of the test.
pub fn in_child_process(test: &str) -> Option<String> {
    if std::env::var_os("GZCC_CHILD").is_some() {
        return None;
    }
    let mut command = programs::command(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env("GZCC_CHILD", "1");
    let output = programs::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped())).wait_with_output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    Some(printed)
}

/// A value of this process from /proc/self/status, in kB.
pub fn memory_figure(figure: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
