//! Random combinations of options, values, inputs and descriptors. Every command line must end by itself with exit
//! status 0, 1 or 2, without an internal error, and without leaving a temporary file behind.
//!
//! Some of these command lines remove every file that they find, so they must not reach anything outside the scratch
//! directory: every path argument stays inside it, and under root the command runs as a user who owns nothing else.
//!
//! The test runs 300 combinations, or 20,000 with `GZCC_TESTS=full` in the environment. A failure prints the command
//! and its number; `GZCC_COMBINATION=N` repeats that one.

mod words;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::ops::Range;
use std::os::unix::fs::{lchown, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use self::words::{GZCC, GZCC_RARE, GZIP, GZIP_RARE, INPUTS, VARIABLES, stays_inside, values};
use crate::harness::{command, is_root, log, note, repetitions};
use crate::programs::spawn_within;

/// Time limit of one combination. All inputs are tiny; the slowest command, a benchmark, takes about a second.
const LIMIT: Duration = Duration::from_secs(60);

/// User and group under which the command runs if the test runs as root.
const UNPRIVILEGED: u32 = 65_534;

/// Number of combinations that run in parallel.
const PARALLEL: usize = 4;

/// One option in this many is invalid or ends the command early. More would leave few lines that do real work.
const RARELY: usize = 25;

/// Limit of printed failures.
const MAX_PRINTED: usize = 5;

/// A pseudo-random number generator (splitmix64) that produces the same combinations in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Returns true with a probability of one in `bound`.
    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }
}

/// A command line and its environment.
#[derive(Debug)]
struct Combination {
    program: &'static str,
    words: Vec<String>,
    variables: Vec<(&'static str, &'static str)>,
    stdin: &'static str,
    stdout: &'static str,
    /// The redirections that close standard descriptors.
    closed: &'static str,
}

impl Combination {
    fn new(number: u64) -> Self {
        let mut random = Random(number.wrapping_mul(0x1234_5678_9abc_def1));
        let others = ["gzip", "gunzip", "zcat", "gzcat", "pigz", "unpigz"];
        let program = if random.one_in(4) { random.pick(&others) } else { "gzcc" };
        let (options, rare) = if program == "gzcc" { (GZCC, GZCC_RARE) } else { (GZIP, GZIP_RARE) };
        let mut words = Vec::new();
        for _ in 0..random.below(7) {
            let option = if random.one_in(RARELY) { random.pick(rare) } else { random.pick(options) };
            words.extend(option.split(' ').map(|word| with_value(word, &mut random)));
        }
        for _ in 0..random.below(4) {
            let input = random.pick(INPUTS).to_owned();
            // Inputs may stand before options.
            let at = if random.one_in(3) { random.below(words.len() + 1) } else { words.len() };
            words.insert(at, input);
        }
        for word in &words {
            assert!(stays_inside(word.as_bytes()), "{word:?} leads out of the directory");
        }
        let mut variables = Vec::new();
        for (name, values) in VARIABLES {
            if random.one_in(12) {
                variables.push((*name, random.pick(values)));
            }
        }
        Self {
            program,
            words,
            variables,
            stdin: random.pick(&["/dev/null", "a", "p.gz", "names", "bad.gz"]),
            stdout: if random.one_in(12) { "/dev/full" } else { "" },
            closed: if random.one_in(12) { random.pick(&["<&-", ">&-", "2>&-", "<&- >&-"]) } else { "" },
        }
    }

    fn command(&self, directory: &Path, (stdout, stderr): (&File, &File)) -> Command {
        let program = directory.join("bin").join(self.program);
        let work = directory.join("work");
        let mut command = match self.closed {
            "" => command(&program),
            closed => {
                let mut shell = command("sh");
                shell.args(["-c", &format!("exec \"$0\" \"$@\" {closed}")]).arg(&program);
                shell
            }
        };
        let stdout = if self.stdout.is_empty() { stdout.try_clone() } else { File::create(self.stdout) };
        command.args(&self.words).current_dir(&work).env("LC_ALL", "C").envs(self.variables.iter().copied());
        command.stdin(File::open(work.join(self.stdin)).unwrap()).stdout(stdout.unwrap());
        command.stderr(Stdio::from(stderr.try_clone().unwrap()));
        if is_root() {
            command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
        }
        command
    }
}

/// Replaces the `{KIND}` in an argument with a value of that kind.
fn with_value(word: &str, random: &mut Random) -> String {
    match word.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (kind, after))) => {
            let (good, bad) = values(kind);
            format!("{before}{}{after}", if random.one_in(RARELY) { random.pick(bad) } else { random.pick(good) })
        }
        None => word.to_owned(),
    }
}

/// The content of the directory that a combination runs in.
struct Files(Vec<(&'static str, Vec<u8>)>);

impl Files {
    fn new() -> Self {
        let packed = |content: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        };
        let whole = packed(&log(900));
        let mut bad = whole.clone();
        bad[60] ^= 0x55;
        let files = vec![
            ("a", log(700)),
            ("b", log(90)),
            ("empty", Vec::new()),
            ("old", log(50)),
            ("old.gz", b"no gzip data".to_vec()),
            ("cut.gz", whole[..whole.len() - 9].to_vec()),
            ("garbage.gz", [&whole[..], b"garbage"].concat()),
            ("two.gz", [&whole[..], &whole].concat()),
            ("x.tgz", packed(b"")),
            ("d/e", log(300)),
            ("d/.hidden", log(30)),
            ("d/s/f.gz", packed(b"f")),
            ("d/s/photo.jpg", log(60)),
            ("names", b"a\nb\nmissing\np.gz\n\n".to_vec()),
            ("names0", b"a\0b\0\0d\0".to_vec()),
            ("bad.gz", bad),
            ("p.gz", whole),
        ];
        // Any file may be read as a list of names.
        for (name, content) in &files {
            let names = content.split(|&byte| matches!(byte, b'\n' | 0));
            names.for_each(|line| assert!(stays_inside(line), "a line of {name} leads out of the directory"));
        }
        Self(files)
    }

    /// Recreates the directory.
    fn recreate(&self, work: &Path) {
        let _ = fs::remove_dir_all(work);
        fs::create_dir_all(work.join("d/s")).unwrap();
        for (name, content) in &self.0 {
            fs::write(work.join(name), content).unwrap();
        }
        for (target, name) in [("a", "link"), ("nowhere", "dangling")] {
            symlink(target, work.join(name)).unwrap();
        }
        give_away(work);
    }
}

/// Makes the command's user the owner of everything in `directory`.
fn give_away(directory: &Path) {
    for entry in walkdir::WalkDir::new(directory).into_iter().filter(|_| is_root()) {
        lchown(entry.unwrap().path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
    }
}

/// Returns the reason why a combination failed, if it did.
fn failure(status: ExitStatus, stderr: &str, work: &Path) -> Option<String> {
    let temporary = || {
        let names = walkdir::WalkDir::new(work).into_iter().filter_map(Result::ok);
        names.map(|entry| entry.path().to_owned()).find(|path| path.to_string_lossy().contains(".gzcc-"))
    };
    match status.code() {
        None => Some(format!("signal {:?}", status.signal())),
        Some(code) if !(0..=2).contains(&code) => Some(format!("exit status {code}")),
        Some(_) if stderr.contains("internal error") || stderr.contains("panicked") => Some("internal error".into()),
        Some(_) => temporary().map(|path| format!("{} is left behind", path.display())),
    }
}

/// The results of all combinations.
#[derive(Default)]
struct Results {
    /// Number of combinations per exit status.
    statuses: BTreeMap<Option<i32>, usize>,
    failures: Vec<String>,
}

/// Runs the combinations with the numbers drawn from `numbers`, one after the other in one directory.
fn run_some(program: &Path, numbers: &AtomicU64, end: u64, results: &Mutex<Results>) {
    let directory = scratch();
    let (files, work) = (Files::new(), directory.path().join("work"));
    fs::create_dir(directory.path().join("bin")).unwrap();
    for name in ["gzcc", "gzip", "gunzip", "zcat", "gzcat", "pigz", "unpigz"] {
        symlink(program, directory.path().join("bin").join(name)).unwrap();
    }
    give_away(directory.path());
    let mut outputs = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    loop {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return;
        }
        files.recreate(&work);
        for output in [&mut outputs.0, &mut outputs.1] {
            output.set_len(0).unwrap();
            output.rewind().unwrap();
        }
        let combination = Combination::new(number);
        let mut running = spawn_within(LIMIT, &mut combination.command(directory.path(), (&outputs.0, &outputs.1)));
        let status = running.wait().unwrap();
        let mut stderr = Vec::new();
        outputs.1.rewind().unwrap();
        outputs.1.read_to_end(&mut stderr).unwrap();
        let stderr = String::from_utf8_lossy(&stderr);
        let mut results = results.lock().unwrap();
        *results.statuses.entry(status.code()).or_default() += 1;
        if let Some(failure) = failure(status, &stderr, &work) {
            results.failures.push(format!("combination {number}: {failure}\n{combination:?}\n{stderr}"));
        }
    }
}

/// A scratch directory, in memory if possible.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The numbers of the combinations to run.
fn numbers_to_run() -> Range<u64> {
    if let Some(one) = std::env::var("GZCC_COMBINATION").ok().and_then(|number| number.parse().ok()) {
        return one..one + 1;
    }
    0..repetitions(300, 20_000) as u64
}

#[test]
fn no_combination_of_options_ends_in_an_internal_error_a_signal_or_a_hang() {
    let Range { start, end } = numbers_to_run();
    let (numbers, results) = (AtomicU64::new(start), Mutex::default());
    // The command's user may not have access to the build directory, so the program is copied.
    let (directory, built) = (scratch(), env!("CARGO_BIN_EXE_gzcc"));
    let program = directory.path().join("gzcc");
    fs::copy(built, &program).unwrap();
    give_away(directory.path());
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| run_some(&program, &numbers, end, &results));
        }
    });
    let Results { statuses, failures } = results.into_inner().unwrap();
    note(format_args!("combinations by exit status: {statuses:?}"));
    let printed = failures.len().min(MAX_PRINTED);
    assert!(failures.is_empty(), "{} combinations failed, such as\n{}", failures.len(), failures[..printed].join("\n"));
}
