//! The runs that faults are injected into, and their files.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::injection::{Trace, run_whole};
use crate::harness::{BLOCK, Sandbox, assert_member, log};

/// A run of gzcc.
pub struct Scenario {
    pub name: &'static str,
    pub words: &'static [&'static str],
    /// The shell's redirections of standard input and output.
    pub redirections: &'static str,
    /// The inputs, each with its output. A file named "big" has several blocks.
    pub files: &'static [(&'static str, &'static str)],
    /// Old outputs exist and are replaced.
    pub replaces: bool,
    /// The originals belong to another user.
    pub needs_root: bool,
}

const fn scenario(
    name: &'static str,
    words: &'static [&'static str],
    files: &'static [(&'static str, &'static str)],
) -> Scenario {
    Scenario { name, words, redirections: "", files, replaces: false, needs_root: false }
}

const THREE: &[(&str, &str)] = &[("a", "a.gz"), ("b", "b.gz"), ("c", "c.gz")];
const PACKED: &[(&str, &str)] = &[("a.gz", "a"), ("b.gz", "b"), ("c.gz", "c")];
const BIG: &[(&str, &str)] = &[("big", "big.gz"), ("a", "a.gz")];
const PACKED_BIG: &[(&str, &str)] = &[("big.gz", "big"), ("a.gz", "a")];
const TREE: &[(&str, &str)] = &[("t/a", "t/a.gz"), ("t/s/b", "t/s/b.gz"), ("t/s/c", "t/s/c.gz"), ("d", "d.gz")];
const MIRRORED: &[(&str, &str)] =
    &[("x/a", "new/out/x/a.gz"), ("x/y/b", "new/out/x/y/b.gz"), ("x/y/c", "new/out/x/y/c.gz"), ("d", "new/out/d.gz")];

pub const COMPRESSING: &[Scenario] = &[
    scenario("three files", &["-j1", "a", "b", "c"], THREE),
    scenario("three files, two workers", &["-j2", "a", "b", "c"], THREE),
    scenario("a big file", &["-j1", "-1", "big", "a"], BIG),
    scenario("a big file, two workers", &["-j2", "-1", "big", "a"], BIG),
    Scenario { replaces: true, ..scenario("replacing", &["-j1", "-f", "a", "b", "c"], THREE) },
    scenario("named temporaries", &["-j1", "--named-temporaries", "a", "b", "c"], THREE),
    Scenario {
        replaces: true,
        ..scenario("named temporaries, replacing", &["-j1", "--named-temporaries", "-f", "a", "b"], THREE.split_at(2).0)
    },
    scenario("syncing", &["-j1", "--sync", "a", "b"], THREE.split_at(2).0),
    Scenario { needs_root: true, ..scenario("of another user", &["-j1", "a", "b", "c"], THREE) },
];

pub const DECOMPRESSING: &[Scenario] = &[
    scenario("three files back", &["-d", "-j1", "a.gz", "b.gz", "c.gz"], PACKED),
    scenario("three files back, two workers", &["-d", "-j2", "a.gz", "b.gz", "c.gz"], PACKED),
    scenario("a big file back", &["-d", "-j1", "big.gz", "a.gz"], PACKED_BIG),
    scenario("a big file back, two workers", &["-d", "-j2", "big.gz", "a.gz"], PACKED_BIG),
    scenario("a big file back in chunks", &["-d", "-j2", "--chunk-length=16K", "big.gz", "a.gz"], PACKED_BIG),
    Scenario { replaces: true, ..scenario("replacing back", &["-d", "-j1", "-f", "a.gz", "b.gz", "c.gz"], PACKED) },
];

pub const REMOVING: &[Scenario] = &[
    scenario("removing", &["--rm", "-j1", "a", "b", "c"], THREE),
    scenario("removing, two workers", &["--rm", "-j2", "a", "b", "c"], THREE),
    scenario("removing a big file", &["--rm", "-j1", "-1", "big", "a"], BIG),
    Scenario { replaces: true, ..scenario("removing and replacing", &["--rm", "-j1", "-f", "a", "b", "c"], THREE) },
    scenario("removing beside named temporaries", &["--rm", "-j1", "--named-temporaries", "a", "b", "c"], THREE),
    scenario("removing compressed files", &["-d", "--rm", "-j1", "a.gz", "b.gz", "c.gz"], PACKED),
    scenario("removing a big compressed file", &["-d", "--rm", "-j2", "big.gz", "a.gz"], PACKED_BIG),
];

pub const DIRECTORIES: &[Scenario] = &[
    scenario("a tree", &["-j1", "-r", "t", "d"], TREE),
    scenario("a tree, removing", &["-j1", "-r", "--rm", "t", "d"], TREE),
    scenario("a tree, two workers", &["-j2", "-r", "--rm", "t", "d"], TREE),
    scenario("mirrored directories", &["-j1", "-O", "new/out", "x/a", "x/y/b", "x/y/c", "d"], MIRRORED),
    scenario(
        "mirrored directories, removing",
        &["-j1", "--rm", "-O", "new/out", "x/a", "x/y/b", "x/y/c", "d"],
        MIRRORED,
    ),
];

pub const STREAMS: &[Scenario] = &[
    Scenario { redirections: "< big > out", ..scenario("standard input", &["-j2", "-1"], &[("big", "out")]) },
    Scenario { redirections: "< big.gz > out", ..scenario("standard input back", &["-d"], &[("big.gz", "out")]) },
    Scenario {
        redirections: "> out",
        ..scenario("to standard output", &["-c", "-j1", "a", "b"], &[("a", "out"), ("b", "out")])
    },
    scenario("into one output", &["-j1", "-o", "out", "a", "b"], &[("a", "out"), ("b", "out")]),
    Scenario {
        replaces: true,
        ..scenario("into one output, replacing", &["-j1", "-f", "-o", "out", "a", "b"], &[("a", "out"), ("b", "out")])
    },
    scenario("into one output, syncing", &["-j1", "--sync", "-o", "out", "a", "b"], &[("a", "out"), ("b", "out")]),
];

impl Scenario {
    pub fn removes(&self) -> bool {
        self.words.contains(&"--rm")
    }

    pub fn decompresses(&self) -> bool {
        self.words.contains(&"-d")
    }

    /// Whether all inputs go into one output.
    pub fn joins(&self) -> bool {
        self.files.iter().any(|(_, output)| *output == "out")
    }

    /// Whether one fault in a directory may affect several files.
    pub fn has_directories(&self) -> bool {
        self.files.iter().any(|(input, _)| input.contains('/'))
    }
}

/// An input before a run, and its output after a run without faults.
pub struct Pair {
    pub input: &'static str,
    pub output: &'static str,
    pub original: Vec<u8>,
    pub whole: Vec<u8>,
}

/// A scenario after its run without faults.
pub struct Prepared<'s> {
    pub scenario: &'s Scenario,
    pub pairs: Vec<Pair>,
    pub trace: Trace,
}

/// Content of an old output.
pub const OLD: &[u8] = b"old";

/// Mode of the originals.
pub const MODE: u32 = 0o640;

/// User and group IDs of another user.
const STRANGER: u32 = 12_345;

/// Modification time of the originals.
pub fn modified() -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(1_600_000_000_123_456_789)
}

impl<'s> Prepared<'s> {
    /// Runs the scenario without a fault, and checks its outputs with gzip.
    pub fn new(scenario: &'s Scenario) -> Self {
        let content = |name: &str| match name {
            "big" | "big.gz" => log(2 * BLOCK + 5),
            _ => format!("{name}: {}", String::from_utf8(log(3000)).unwrap()).into_bytes(),
        };
        let pair = |&(input, output): &(&'static str, &'static str)| {
            let content = content(input);
            let original = if scenario.decompresses() { packed(&content) } else { content };
            Pair { input, output, original, whole: Vec::new() }
        };
        let pairs = scenario.files.iter().map(pair).collect();
        let trace = Trace::default();
        let mut prepared = Self { scenario, pairs, trace };
        let t = prepared.sandbox();
        let (ran, trace) = run_whole(scenario, &t);
        ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty(), "it succeeds silently without a fault");
        for pair in &mut prepared.pairs {
            pair.whole = t.read(pair.output);
            match (scenario.decompresses(), scenario.joins()) {
                (true, _) => assert!(pair.whole == content(pair.input), "{}", scenario.name),
                (false, false) => assert_member(&pair.whole, &pair.original),
                (false, true) => {}
            }
        }
        prepared.trace = trace;
        if scenario.joins() && !scenario.decompresses() {
            let all: Vec<u8> = prepared.pairs.iter().flat_map(|pair| pair.original.clone()).collect();
            assert!(crate::harness::gunzip(&prepared.pairs[0].whole) == all, "{}", scenario.name);
        }
        prepared
    }

    /// A sandbox with the scenario's inputs.
    pub fn sandbox(&self) -> Sandbox {
        let t = Sandbox::new();
        for Pair { input, output, original, .. } in &self.pairs {
            t.write(input, original);
            File::options().write(true).open(t.path(input)).unwrap().set_modified(modified()).unwrap();
            fs::set_permissions(t.path(input), Permissions::from_mode(MODE)).unwrap();
            if self.scenario.needs_root {
                std::os::unix::fs::chown(t.path(input), Some(STRANGER), Some(STRANGER)).unwrap();
            }
            if self.scenario.replaces {
                t.write(output, OLD);
            }
        }
        t
    }
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
