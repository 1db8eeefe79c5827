//! A scratch directory for each test, and command calls that print every detail when an assertion fails.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use flate2::Crc;
use gzcc::Tally;
use gzcc::command::run_with_engine;
use gzcc::deflate::{self, BlockCompressor, Window};
use gzcc::settings::{self, Settings};
use rustix::fs::{AtFlags, CWD, Mode, Timespec, Timestamps};

use crate::programs;
pub use crate::programs::{Running, command, find, full, have, have_all, note, repetitions, sample, skip, spawn};

/// Blocks start at multiples of this.
pub const BLOCK: usize = gzcc::deflate::BLOCK;

/// Prefix of the summary line that ends the output of -v.
pub const IN_ALL: &str = "gzcc: in all ";

/// A temporary directory that gzcc runs in.
pub struct Sandbox {
    directory: tempfile::TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// Uses a given directory, for tests that need another location.
    pub fn within(directory: tempfile::TempDir) -> Self {
        Self { directory }
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file, making its directories; returns its content.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Vec<u8> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &content).unwrap();
        content.as_ref().to_vec()
    }

    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn exists(&self, name: impl AsRef<Path>) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    pub fn set_mode(&self, name: impl AsRef<Path>, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Sets the user and group IDs, as only root may.
    pub fn set_owner(&self, name: impl AsRef<Path>, user: u32, group: u32) {
        chown(self.path(name), Some(user), Some(group)).unwrap();
    }

    /// Sets the times of the last access and modification, given as the time since 1970.
    pub fn set_times(&self, name: impl AsRef<Path>, time: Duration) {
        let time = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: time.subsec_nanos().into() };
        let times = Timestamps { last_access: time, last_modification: time };
        // By its path: the file need not be writable.
        rustix::fs::utimensat(CWD, self.path(name), &times, AtFlags::empty()).unwrap();
    }

    pub fn make_fifo(&self, name: impl AsRef<Path>) {
        rustix::fs::mkfifoat(CWD, self.path(name), Mode::RUSR | Mode::WUSR).unwrap();
    }

    /// Every name below the directory, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = walkdir::WalkDir::new(self.directory.path())
            .min_depth(1)
            .into_iter()
            .map(|entry| {
                let entry = entry.unwrap();
                entry.path().strip_prefix(self.directory.path()).unwrap().to_string_lossy().into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// A call of gzcc with these words.
    pub fn gzcc<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Call {
        self.command(env!("CARGO_BIN_EXE_gzcc"), words)
    }

    /// A call of gzcc in a pipeline or with redirections: the script calls it as `gzcc`.
    #[track_caller]
    pub fn shell(&self, script: &str) -> Call {
        let script = format!("gzcc() {{ '{}' \"$@\"; }}\n{script}", env!("CARGO_BIN_EXE_gzcc"));
        self.command("bash", ["-c", &script])
    }

    #[track_caller]
    pub fn command<S: AsRef<OsStr>>(&self, program: &str, words: impl IntoIterator<Item = S>) -> Call {
        let mut command = programs::command(program);
        command.current_dir(self.directory.path()).args(words).env("LC_ALL", "C");
        Call { command, stdin: Vec::new() }
    }

    /// Asserts that `name` consists of exactly one gzip member with this content.
    #[track_caller]
    pub fn assert_holds(&self, name: impl AsRef<Path>, content: &[u8]) {
        assert_member(&self.read(name), content);
    }
}

/// A call that has not started.
pub struct Call {
    command: Command,
    stdin: Vec<u8>,
}

impl Call {
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// Sets a variable of the environment.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.command.env(variable, value);
    }

    /// Starts the call and waits until it ends.
    pub fn run(mut self) -> Finished {
        let command = &mut self.command;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawn(command);
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.stdin);
        let output = std::thread::scope(|scope| {
            // The child may stop reading early.
            scope.spawn(move || drop(stdin.write_all(&input)));
            child.wait_with_output().unwrap()
        });
        Finished::of(&self.command, output)
    }

    /// Starts the call and runs `meanwhile` with its process number.
    pub fn run_while(mut self, stdin: Stdio, meanwhile: impl FnOnce(u32)) -> Finished {
        let command = self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = spawn(command);
        meanwhile(child.id());
        let output = child.wait_with_output().unwrap();
        Finished::of(&self.command, output)
    }

    /// Runs the call and asserts success with an empty standard error; returns standard output.
    #[track_caller]
    pub fn succeeds(self) -> Vec<u8> {
        let ran = self.run();
        ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty(), "it succeeds silently");
        ran.stdout
    }

    /// Runs the call, and asserts this exit status and these lines on standard error, in any order; returns standard
    /// output. The summary line of -v is ignored, because it contains the run's time.
    #[track_caller]
    pub fn says(self, status: i32, lines: &[&str]) -> String {
        let ran = self.run();
        ran.assert(ran.status.code() == Some(status), &format!("its exit status is {status}"));
        let mut actual: Vec<String> =
            ran.stderr().lines().filter(|line| !line.starts_with(IN_ALL)).map(str::to_owned).collect();
        let mut expected = lines.to_vec();
        actual.sort();
        expected.sort();
        ran.assert(actual == expected, &format!("it says {expected:#?}"));
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }

    pub fn into_command(self) -> Command {
        self.command
    }
}

/// A call that has ended.
pub struct Finished {
    words: Vec<OsString>,
    directory: PathBuf,
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Finished {
    fn of(command: &Command, output: Output) -> Self {
        let words: Vec<OsString> = command.get_args().map(OsStr::to_owned).collect();
        let directory = command.get_current_dir().map(Path::to_owned).unwrap_or_default();
        Self { words, directory, status: output.status, stdout: output.stdout, stderr: output.stderr }
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Panics with the command, directory, status and both outputs unless `holds`.
    #[track_caller]
    pub fn assert(&self, holds: bool, what: &str) {
        if holds {
            return;
        }
        let mut all = format!("expected: {what}\n");
        let _ = writeln!(all, "command:   {:?}\ndirectory: {}", self.words, self.directory.display());
        let _ = writeln!(all, "status:    {:?}, signal {:?}", self.status.code(), self.status.signal());
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4000)]);
            let _ = writeln!(all, "{name}, {} bytes:\n{text}", bytes.len());
        }
        panic!("{all}");
    }
}

/// Asserts that `gz` is exactly one gzip member with this content, according to both gzip and zlib.
#[track_caller]
pub fn assert_member(gz: &[u8], content: &[u8]) {
    let mut zlib = flate2::read::GzDecoder::new(gz);
    let mut inflated = Vec::new();
    zlib.read_to_end(&mut inflated).unwrap();
    assert!(zlib.into_inner().is_empty(), "bytes follow the first member");
    assert!(inflated == content, "zlib reads something else: {} bytes of {}", inflated.len(), content.len());
    assert!(gunzip(gz) == content, "gzip reads something else");
}

/// Decompresses `gz` with `gzip -dc`, which must succeed silently; with zlib if gzip is not installed.
#[track_caller]
pub fn gunzip(gz: &[u8]) -> Vec<u8> {
    static GZIP: LazyLock<bool> =
        LazyLock::new(|| programs::have_or("gzip", "so zlib alone checks the output of all tests"));
    if !*GZIP {
        let mut content = Vec::new();
        flate2::read::MultiGzDecoder::new(gz).read_to_end(&mut content).unwrap();
        return content;
    }
    let sandbox = Sandbox::new();
    sandbox.command("gzip", ["-dc"]).stdin(gz).succeeds()
}

type Intervention = Box<dyn FnOnce() + Send>;

/// The action to run during compression, and the number of blocks to compress before it.
static INTERVENTION: Mutex<Option<(usize, Intervention)>> = Mutex::new(None);

/// A compressor that runs the pending action before one of its blocks.
struct InterveningCompressor(Box<dyn BlockCompressor>);

impl BlockCompressor for InterveningCompressor {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        let mut pending = INTERVENTION.lock().unwrap();
        match pending.take() {
            Some((0, now)) => now(),
            Some((n, later)) => *pending = Some((n - 1, later)),
            None => {}
        }
        drop(pending);
        self.0.compress(window, block, last, out);
    }
}

/// Compresses in this process, and runs `intervene` once `after_blocks` blocks have been compressed.
pub fn run_and_intervene(settings: Settings, after_blocks: usize, intervene: impl FnOnce() + Send + 'static) -> Tally {
    // One such run at a time: the engine comes from a plain function, which cannot capture a test's state.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap();
    *INTERVENTION.lock().unwrap() = Some((after_blocks, Box::new(intervene)));
    let tally = run_with_engine(settings, &(), |kind, level| {
        Box::new(InterveningCompressor(deflate::new_compressor(kind, level)))
    });
    assert!(INTERVENTION.lock().unwrap().take().is_none(), "there were fewer blocks than that");
    tally
}

/// Every level of every engine, as words apart by a space.
pub fn every_level() -> impl Iterator<Item = String> {
    settings::Engine::ALL
        .into_iter()
        .flat_map(|engine| (0..=engine.max_level()).map(move |level| format!("--engine={} -{level}", engine.name())))
}

/// Text as logs have it: compresses well, and has matches at all distances.
pub fn log(size: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(size + 100);
    let mut random = noise(size / 8 + 64, 1).into_iter();
    while text.len() < size {
        let mut next = || random.next().unwrap_or(7);
        let (a, b, c, d) = (next(), next(), next(), next());
        writeln!(text, "2026-11-{:02} host{} app[{b}]: GET /item/{} took {}.{d} ms", a % 30, c % 5, a % 50, b % 9)
            .unwrap();
    }
    text.truncate(size);
    text
}

/// Bytes that do not shrink, the same for the same seed.
pub fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 32) as u8
    };
    std::iter::repeat_with(next).take(size).collect()
}

pub fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A name that is not valid UTF-8.
pub fn not_utf8() -> &'static OsStr {
    OsStr::from_bytes(b"caf\xe9.log")
}
