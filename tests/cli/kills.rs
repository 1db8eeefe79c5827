//! P2, P3: SIGKILL at any time in a run loses no data and leaves no partial output.
//!
//! Each of the four tests makes 8 kills, or 76 in the long tier, and more if these did not meet every state of a run.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{BLOCK, Sandbox, gunzip, log, noise, note, repetitions, spawn};

/// The scenarios: all combinations of scheduler, direction and shape of the input, each a bit of the number. The default
/// tier has the first half. In it, each bit is both set and clear with each other bit.
const SCENARIOS: [usize; 8] = [0, 3, 5, 6, 1, 2, 4, 7];

/// Kill times range from 0 to this multiple of a run's duration, so that some kills come after its end.
const BEYOND: f64 = 1.2;

/// How outputs are made, and whether originals are removed.
#[derive(Clone, Copy)]
struct Way {
    words: &'static [&'static str],
    removing: bool,
    /// Every output name has an old file before the run.
    replacing: bool,
    /// Temporaries have a name for at least part of the run.
    named: bool,
}

/// One kind of run, and its expected outputs.
struct Scenario {
    words: Vec<String>,
    /// Original, its content, output, its content.
    files: Vec<(String, Vec<u8>, String, Vec<u8>)>,
    /// Measured duration of a complete run.
    length: Duration,
}

/// Counts of what the kills of one test found.
#[derive(Debug, Default)]
struct KillCounts {
    kills: usize,
    /// Kills that came before the end of the run.
    under_way: usize,
    /// Kills that came before the end, but after the first output or temporary had its name.
    midway: usize,
    /// Kills that left a temporary.
    litter: usize,
}

impl Scenario {
    fn new(number: usize, way: Way) -> Self {
        let (rayon, decompressing, one_big) = (number & 1 > 0, number & 2 > 0, number & 4 > 0);
        let t = Sandbox::new();
        let contents: Vec<(String, Vec<u8>)> = match one_big {
            true => vec![("big".into(), [log(5 * BLOCK), noise(BLOCK / 2, 1)].concat())],
            false => (0..40).map(|i| (format!("t/{}/f{i}", i % 4), log(1 + i * 700))).collect(),
        };
        for (name, content) in &contents {
            t.write(name, content);
        }
        t.gzcc(["-q", "-r", "."]).succeeds();
        let mut files = Vec::new();
        let mut all = (Vec::new(), Vec::<u8>::new());
        for (name, content) in contents {
            let (packed_name, packed) = (format!("{name}.gz"), t.read(format!("{name}.gz")));
            all.0.extend(&packed);
            all.1.extend(&content);
            files.push(match decompressing {
                true => (packed_name, packed, name, content),
                false => (name, content, packed_name, packed),
            });
        }
        assert!(gunzip(&all.0) == all.1, "what is compared with is right");
        let mut words: Vec<String> =
            ["-q", "-j3"].into_iter().chain(way.words.iter().copied()).map(Into::into).collect();
        words.push(format!("--scheduler={}", if rayon { "rayon" } else { "threads" }));
        words.extend(decompressing.then(|| "-d".into()));
        words.extend(match one_big {
            true => vec![files[0].0.clone()],
            false => vec!["-r".into(), "t".into()],
        });
        let mut scenario = Self { words, files, length: Duration::ZERO };
        let run = || {
            let t = scenario.prepare(way);
            let start = Instant::now();
            t.gzcc(&scenario.words).succeeds();
            start.elapsed()
        };
        scenario.length = run().min(run());
        scenario
    }

    /// Makes the directory as it is before the run.
    fn prepare(&self, way: Way) -> Sandbox {
        let t = Sandbox::new();
        for (original, content, output, _) in &self.files {
            t.write(original, content);
            if way.replacing {
                t.write(output, "old");
            }
        }
        t
    }

    /// Starts the run in `t` and kills it `after` its start. Returns whether the run was still in progress.
    fn kill(&self, t: &Sandbox, after: Duration) -> bool {
        let mut command = t.gzcc(&self.words).into_command();
        let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
        sleep(after);
        child.kill().unwrap();
        child.wait().unwrap().signal() == Some(9)
    }

    /// Asserts that no data is lost and no output is partial. Returns the number of complete outputs and the other names.
    #[track_caller]
    fn check(&self, t: &Sandbox, way: Way, at: &str) -> (usize, Vec<String>) {
        let (mut whole, mut left) = (0, t.names());
        left.retain(|name| !t.path(name).is_dir());
        for (original, content, output, expected) in &self.files {
            let made = match t.exists(output).then(|| t.read(output)) {
                None => {
                    assert!(!way.replacing, "{at}: the old {output} is gone");
                    false
                }
                Some(found) if way.replacing && found == b"old" => false,
                Some(found) => {
                    assert!(found == *expected, "{at}: {output} has {} bytes of {}", found.len(), expected.len());
                    true
                }
            };
            whole += usize::from(made);
            match t.exists(original) {
                true => assert!(t.read(original) == *content, "{at}: {original} is not the same"),
                false => assert!(way.removing && made, "{at}: {original} is gone"),
            }
            left.retain(|name| name != original && name != output);
        }
        for name in &left {
            let hex = name.rsplit('/').next().unwrap().strip_prefix(".gzcc-").unwrap_or_default();
            let temporary = hex.len() == 16 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(temporary && way.named, "{at} left {name}");
        }
        (whole, left)
    }

    /// Runs gzcc on the files that a kill left: no walk takes a temporary as input, and a second run completes the work.
    fn check_rerun(&self, t: &Sandbox, way: Way, litter: &[String], at: &str) {
        let before: BTreeMap<&String, Vec<u8>> = litter.iter().map(|name| (name, t.read(name))).collect();
        for words in ["-rcv", "-rtv", "-rlv", "-rdcv"] {
            // Old outputs are not gzip data, so any exit status is correct.
            let ran = t.gzcc([words, "."]).run();
            let said = [ran.stderr.as_slice(), &ran.stdout].concat();
            ran.assert(!said.windows(6).any(|part| part == b".gzcc-"), "no walk takes a temporary");
        }
        // If a single original is gone, the killed run has completed.
        if self.files.len() > 1 || t.exists(&self.files[0].0) {
            t.gzcc(self.words.iter().map(String::as_str).chain(["-f"])).succeeds();
        }
        let (whole, left) = self.check(t, way, at);
        assert_eq!(whole, self.files.len(), "{at}: run again, all is done");
        assert_eq!(left, litter, "{at}: run again, nothing is added");
        assert!(
            before.iter().all(|(name, content)| t.read(name) == *content),
            "{at}: the temporaries are as they were"
        );
    }
}

/// Maximum number of kills of a test. Some of so many meet every state of a run, however the machine is loaded.
const MAX_KILLS: usize = 400;

impl KillCounts {
    /// Whether the kills met every state of a run. Kills are spread over 1.2 durations, so most of them should come
    /// before the end, and some of these between the first output and the last. `leaves_litter` is whether
    /// some kills have to leave a temporary.
    fn are_enough(&self, leaves_litter: bool) -> bool {
        self.under_way * 4 > self.kills && self.midway > 0 && (self.litter > 0 || !leaves_litter)
    }
}

/// Kills runs of all scenarios at times spread evenly over their duration.
#[track_caller]
fn kill_all(way: Way) {
    let scenarios: Vec<Scenario> =
        SCENARIOS[..repetitions(4, 8)].iter().map(|number| Scenario::new(*number, way)).collect();
    let mut met = KillCounts::default();
    // With a name for a short time only, a temporary is rarely met.
    let leaves_litter = way.words.contains(&"--named-temporaries");
    // Duration of a run relative to its measurement: adapts to the load of the machine.
    let mut pace = 1.0;
    while met.kills < repetitions(8, 76) || !met.are_enough(leaves_litter) {
        assert!(met.kills < MAX_KILLS, "{met:?}: the kills meet only some states of a run");
        let scenario = &scenarios[met.kills % scenarios.len()];
        // Each scenario gets other times. Multiples of the golden ratio are evenly spread for any number of rounds.
        let (round, number) = ((met.kills / scenarios.len()) as f64, (met.kills % scenarios.len()) as f64);
        let after = (round * 0.618_034 + number / scenarios.len() as f64).fract() * BEYOND;
        let t = scenario.prepare(way);
        let under_way = scenario.kill(&t, scenario.length.mul_f64(after * pace));
        pace *= match under_way {
            true if after > 1.0 => 1.2,
            false if after < 1.0 => 0.7,
            _ => 1.0,
        };
        let at = format!("kill {} of {:?}", met.kills, scenario.words);
        let (whole, litter) = scenario.check(&t, way, &at);
        met.kills += 1;
        met.under_way += usize::from(under_way);
        met.midway += usize::from(under_way && (whole > 0 || !litter.is_empty()));
        met.litter += usize::from(!litter.is_empty());
        if under_way {
            scenario.check_rerun(&t, way, &litter, &at);
        } else {
            assert_eq!((whole, litter.len()), (scenario.files.len(), 0), "{at}, after its end");
        }
    }
    note(format_args!("{:?}: {met:?}", way.words));
}

#[test]
fn a_kill_with_rm_leaves_each_original_or_its_complete_output_and_no_temporary() {
    kill_all(Way { words: &["--rm"], removing: true, replacing: false, named: false });
}

#[test]
fn a_kill_with_rm_and_named_temporaries_leaves_nothing_else_but_temporaries() {
    kill_all(Way { words: &["--rm", "--named-temporaries"], removing: true, replacing: false, named: true });
}

/// An unnamed temporary gets a name shortly before it is renamed, so a kill can leave it only in between.
#[test]
fn a_kill_with_force_leaves_each_output_old_or_complete() {
    kill_all(Way { words: &["-f"], removing: false, replacing: true, named: true });
}

#[test]
fn a_kill_with_force_and_named_temporaries_leaves_nothing_else_but_temporaries() {
    kill_all(Way { words: &["-f", "--named-temporaries"], removing: false, replacing: true, named: true });
}
