//! P2, P3: killed by SIGKILL at moments spread over the whole run, gzcc loses nothing and leaves nothing by halves.
//!
//! `GZCC_TESTS=full` in the environment makes it 304 kills; without, they are 64.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{BLOCK, Sandbox, gunzip, log, noise, note, spawn};

/// What is run: schedulers, directions and shapes of input, in all combinations.
const SCENARIOS: usize = 8;

/// How far behind the end of a run the last kills lie.
const BEYOND: f64 = 1.2;

/// How outputs are made and what becomes of the originals.
#[derive(Clone, Copy)]
struct Way {
    words: &'static [&'static str],
    removing: bool,
    /// Every output's name belongs to an old file at first.
    replacing: bool,
    /// Temporaries have names, for a while at least.
    named: bool,
}

/// One kind of run and what it is to make.
struct Scenario {
    words: Vec<String>,
    /// Original, its content, output, its content.
    files: Vec<(String, Vec<u8>, String, Vec<u8>)>,
    /// How long it takes, as far as is known.
    length: Duration,
}

/// What the kills of one test came upon.
#[derive(Debug, Default)]
struct Met {
    kills: usize,
    /// The run was still going on.
    under_way: usize,
    /// Some outputs were there, or a temporary was, and not all of it was done.
    midway: usize,
    /// A temporary was left.
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

    /// A folder as it is before the run.
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

    /// Runs it in `t` and kills it so long after its start; whether it was still going on.
    fn kill(&self, t: &Sandbox, after: Duration) -> bool {
        let mut command = t.gzcc(&self.words).into_command();
        let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
        sleep(after);
        child.kill().unwrap();
        child.wait().unwrap().signal() == Some(9)
    }

    /// Asserts that nothing is lost and nothing there by halves; how many outputs are whole, and what else is there.
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

    /// Walks through what a kill has left: no walk takes a temporary, and the work is done in the end.
    fn walk_over(&self, t: &Sandbox, way: Way, litter: &[String], at: &str) {
        let before: BTreeMap<&String, Vec<u8>> = litter.iter().map(|name| (name, t.read(name))).collect();
        for words in ["-rcv", "-rtv", "-rlv", "-rdcv"] {
            // What is old is no gzip data, so the exit status may be any.
            let ran = t.gzcc([words, "."]).run();
            let said = [ran.stderr.as_slice(), &ran.stdout].concat();
            ran.assert(!said.windows(6).any(|part| part == b".gzcc-"), "no walk takes a temporary");
        }
        // One original that is gone is done already.
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

/// Kills runs of all scenarios at moments spread evenly over their length.
#[track_caller]
fn kill_all(way: Way) -> Met {
    let full = std::env::var_os("GZCC_TESTS").is_some_and(|tests| tests == "full");
    let kills = if full { 76 } else { 16 };
    let scenarios: Vec<Scenario> = (0..SCENARIOS).map(|number| Scenario::new(number, way)).collect();
    let mut met = Met { kills, ..Met::default() };
    // How long a run takes now, against when it was measured: a machine is more busy at times, and less at others.
    let mut pace = 1.0;
    for i in 0..kills {
        let scenario = &scenarios[i % SCENARIOS];
        // Each scenario at moments of its own; multiples of the golden ratio lie evenly, however many there are.
        let (round, share) = ((i / SCENARIOS) as f64, (i % SCENARIOS) as f64 / SCENARIOS as f64);
        let after = (round * 0.618_034 + share).fract() * BEYOND;
        let t = scenario.prepare(way);
        let under_way = scenario.kill(&t, scenario.length.mul_f64(after * pace));
        pace *= match under_way {
            true if after > 1.0 => 1.2,
            false if after < 1.0 => 0.7,
            _ => 1.0,
        };
        let at = format!("kill {i} of {:?}", scenario.words);
        let (whole, litter) = scenario.check(&t, way, &at);
        met.under_way += usize::from(under_way);
        met.midway += usize::from(under_way && (whole > 0 || !litter.is_empty()));
        met.litter += usize::from(!litter.is_empty());
        if under_way {
            scenario.walk_over(&t, way, &litter, &at);
        } else {
            assert_eq!((whole, litter.len()), (scenario.files.len(), 0), "{at}, after its end");
        }
    }
    note(format_args!("{:?}: {met:?}", way.words));
    // Of 1.2 lengths, one length is under way.
    assert!(met.under_way * 4 > met.kills, "{met:?}: most kills were to come before the end");
    assert!(met.midway > 0, "{met:?}: some kills were to come between the first output and the last");
    met
}

#[test]
fn killed_while_it_removes_originals_every_original_or_its_whole_output_is_there_and_no_litter() {
    kill_all(Way { words: &["--rm"], removing: true, replacing: false, named: false });
}

#[test]
fn killed_while_it_removes_originals_it_leaves_named_temporaries_at_most() {
    let met = kill_all(Way { words: &["--rm", "--named-temporaries"], removing: true, replacing: false, named: true });
    assert!(met.litter > 0, "{met:?}: some kills were to leave a temporary");
}

/// Without a name until it is linked and renamed, so a temporary is left only in between.
#[test]
fn killed_while_it_replaces_outputs_each_is_the_old_or_the_whole_new_one() {
    kill_all(Way { words: &["-f"], removing: false, replacing: true, named: true });
}

#[test]
fn killed_while_it_replaces_outputs_it_leaves_named_temporaries_at_most() {
    let met = kill_all(Way { words: &["-f", "--named-temporaries"], removing: false, replacing: true, named: true });
    assert!(met.litter > 0, "{met:?}: some kills were to leave a temporary");
}
