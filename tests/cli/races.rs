//! Changes by other processes between gzcc's check of a name and its use: gzcc must not write through, follow, replace
//! or remove another process's file.

mod permissions;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode};

use crate::damage::cases::{Fields, member};
use crate::harness::{Finished, Sandbox, is_root, log, skip};
use crate::stopped::{Moment, stopped_at};

/// An entry that another process creates under the output's name, after gzcc found that the name is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Planted {
    /// A symbolic link to an existing file.
    Link,
    /// A symbolic link to a missing file: a program that follows it would create that file.
    Dangling,
    File,
    /// A hard link to the input.
    Input,
    Fifo,
    Directory,
    /// A null device that the test creates.
    Device,
}

use Planted::{Dangling, Device, Directory, Fifo, File, Input, Link};

impl Planted {
    fn plant(self, at: &Path, input: &Path) {
        match self {
            Link => symlink("precious", at).unwrap(),
            Dangling => symlink("nowhere", at).unwrap(),
            File => fs::write(at, "foreign").unwrap(),
            Input => fs::hard_link(input, at).unwrap(),
            Fifo => rustix::fs::mkfifoat(CWD, at, Mode::RWXU).unwrap(),
            Directory => fs::create_dir(at).unwrap(),
            Device => assert!(null_device(at)),
        }
    }

    /// Whether `-f` may replace it.
    fn is_replaceable(self) -> bool {
        matches!(self, Link | Dangling | File)
    }
}

/// Creates a null device for the test, so that the system's own is not at risk. Returns whether that is permitted.
fn null_device(at: &Path) -> bool {
    let device = rustix::fs::makedev(1, 3);
    rustix::fs::mknodat(CWD, at, FileType::CharacterDevice, Mode::from_raw_mode(0o666), device).is_ok()
}

/// Returns whether devices can be created; records the test as skipped if not.
fn have_devices() -> bool {
    let allowed = null_device(&Sandbox::new().path("null"));
    if !allowed {
        skip("devices cannot be made here");
    }
    allowed
}

/// One way to make an output; `words` precede the input.
#[derive(Clone, Copy, Debug)]
struct OutputCase {
    words: &'static [&'static str],
    input: &'static str,
    output: &'static str,
}

const OUTPUT_CASES: [OutputCase; 7] = [
    OutputCase { words: &["-k"], input: "a", output: "a.gz" },
    OutputCase { words: &["--rm"], input: "a", output: "a.gz" },
    OutputCase { words: &["--named-temporaries"], input: "a", output: "a.gz" },
    OutputCase { words: &["-o", "out"], input: "a", output: "out" },
    OutputCase { words: &["-O", "."], input: "a", output: "a.gz" },
    OutputCase { words: &["-d"], input: "a.gz", output: "a" },
    OutputCase { words: &["-d", "--rm", "--named-temporaries", "--scheduler=rayon"], input: "a.gz", output: "a" },
];

/// Makes a sandbox with the input and the file `precious`. Returns it with the input's bytes and the plain content.
fn prepare(making: OutputCase) -> (Sandbox, Vec<u8>, Vec<u8>) {
    let t = Sandbox::new();
    t.write("precious", "precious");
    let (plain, packed) = (log(5000), member(&log(5000), &Fields::default()));
    let original = t.write(making.input, if making.input == "a" { &plain } else { &packed });
    (t, original, plain)
}

fn assert_made(t: &Sandbox, making: OutputCase, plain: &[u8]) {
    match making.input {
        "a" => t.assert_holds(making.output, plain),
        _ => assert!(t.read(making.output) == plain),
    }
}

/// P2. The system call that creates the name decides whether it exists.
#[test]
fn an_entry_created_under_an_outputs_name_is_never_written_through() {
    require!("bash", "strace");
    let devices: &[Planted] = if have_devices() { &[Device] } else { &[] };
    for planted in [&[Link, Dangling, File, Input, Fifo, Directory], devices].concat() {
        for (making, force) in OUTPUT_CASES.iter().flat_map(|making| [(*making, false), (*making, true)]) {
            let (t, original, plain) = prepare(making);
            let (input, output) = (t.path(making.input), t.path(making.output));
            let words = [&["-j1"][..], making.words, if force { &["-f"] } else { &[] }, &[making.input]].concat();
            let mut standing = None;
            let ran = stopped_at(&t, Moment::new(".", "newfstatat", 1), &words, || {
                planted.plant(&output, &input);
                standing = Some(output.symlink_metadata().unwrap());
            });
            let (before, now) = (standing.unwrap(), output.symlink_metadata().unwrap());
            let case = format!("{planted:?}, {words:?}");
            assert_eq!(t.read("precious"), b"precious", "{case}");
            assert!(!t.exists("nowhere"), "{case}");
            let name = format!("gzcc: {}: {}", making.input, making.output);
            if force && planted.is_replaceable() {
                ran.assert(ran.status.success() && ran.stderr.is_empty(), &case);
                assert_made(&t, making, &plain);
                continue;
            }
            let (status, said) = match (planted, force) {
                (Input, true) => (1, "is the same file"),
                (Link | Dangling | File | Input, _) => (2, "already exists; left alone (-f replaces it)"),
                _ => (2, "is neither a regular file nor a symbolic link; left alone"),
            };
            let printed = ran.stderr().replace("./", "");
            ran.assert(ran.status.code() == Some(status) && printed == format!("{name} {said}\n"), &case);
            let same = (before.ino(), before.rdev(), before.mode()) == (now.ino(), now.rdev(), now.mode());
            assert!(same, "{case}: it is left alone");
            assert!(t.read(making.input) == original, "{case}");
            let left = t.names().into_iter().find(|name| name.starts_with(".gzcc-"));
            assert_eq!(left, None, "{case}");
        }
    }
}

/// gzcc writes to a device or FIFO in place, so it checks the name again after it has opened it.
#[test]
fn an_entry_that_replaces_a_fifo_is_not_written_in_place() {
    require!("bash", "strace");
    for (planted, force) in [(File, true), (File, false), (Link, true), (Link, false)] {
        let (t, _, _) = prepare(OUTPUT_CASES[0]);
        let out = t.path("out");
        Fifo.plant(&out, &out);
        // strace matches the path as gzcc gets it.
        let named = out.to_str().unwrap().to_owned();
        let words = ["-o", &named, if force { "-f" } else { "-k" }, "a"];
        let ran = stopped_at(&t, Moment::new("out", "newfstatat", 1), &words, || {
            fs::remove_file(&out).unwrap();
            planted.plant(&out, &out);
        });
        ran.assert(ran.status.code() == Some(1), "it fails");
        ran.assert(ran.stderr() == format!("gzcc: a: {named} changed while it was opened\n"), "it says why");
        assert_eq!(t.read("precious"), b"precious");
        assert!(planted == Link || t.read("out") == b"foreign");
    }
}

#[test]
fn the_file_on_standard_output_is_not_an_input() {
    require!("bash");
    let t = Sandbox::new();
    let f = t.write("f", log(1000));
    for scheduler in ["threads", "rayon"] {
        let c = format!("gzcc --scheduler={scheduler} -c");
        t.shell(&format!("{c} f out > out")).says(1, &["gzcc: out: is the output as well"]);
        t.assert_holds("out", &f);
        t.shell(&format!("{c} out > out")).says(1, &["gzcc: out: is the output as well"]);
        // A link to it is the same file.
        symlink("out", t.path("link")).unwrap();
        t.shell(&format!("{c} link f > out")).says(1, &["gzcc: link: is the output as well"]);
        let lines = ["gzcc: f.gz: not written, as the output ended before it", "gzcc: out: is the output as well"];
        t.shell(&format!("{c} f > f.gz; {c} -d f.gz out >> out")).says(1, &lines);
        // A walk ignores it, as it is not named.
        t.command("rm", ["link", "f.gz"]).succeeds();
        t.shell(&format!("{c} -r . > out")).succeeds();
        t.assert_holds("out", &f);
    }
}

/// A tree `t`, and a tree `outside` with the same names.
fn trees() -> Sandbox {
    let t = Sandbox::new();
    for name in ["f", "sub/f", "sub/g"] {
        t.write(Path::new("t").join(name), format!("ours: {name}"));
        t.write(Path::new("outside").join(name), format!("theirs: {name}"));
    }
    t
}

/// Renames the directory `name` to `moved`, and puts a link to `outside` in its place.
fn swap(t: &Sandbox, name: &str, outside: &str) {
    fs::rename(t.path(name), t.path("moved")).unwrap();
    symlink(t.path(outside), t.path(name)).unwrap();
}

#[track_caller]
fn assert_outside_untouched(t: &Sandbox, ran: &Finished, case: &str) {
    let outside: Vec<String> = t.names().into_iter().filter(|name| name.starts_with("outside/")).collect();
    let all = ["outside/f", "outside/sub", "outside/sub/f", "outside/sub/g"];
    ran.assert(outside == all, &format!("{case}: nothing is created or removed outside, which contains {outside:?}"));
    for name in ["f", "sub/f", "sub/g"] {
        assert_eq!(t.read(Path::new("outside").join(name)), format!("theirs: {name}").as_bytes(), "{case}");
    }
}

/// This protects root's `-r --rm` in a tree that another user controls.
#[test]
fn a_directory_replaced_by_a_link_during_a_walk_redirects_nothing() {
    require!("bash", "strace");
    // The replaced directory, the link's target, the time, and how many files of the moved directory are compressed.
    let cases = [
        ("t/sub", "outside/sub", Moment::new("t/sub", "getdents64", 1), None),
        ("t/sub", "outside/sub", Moment::new("t/sub", "openat", 1), Some(2)),
        ("t/sub", "outside/sub", Moment::new("t/sub", "fgetxattr", 1), Some(2)),
        ("t/sub", "outside/sub", Moment::new("t/sub", "linkat", 1), Some(2)),
        ("t/sub", "outside/sub", Moment::new("t/sub", "fsync", 1), Some(2)),
        // The second fstat of the file checks for changes.
        ("t/sub", "outside/sub", Moment::new("t/sub/f", "fstat", 2), Some(2)),
        ("t", "outside", Moment::new("t", "fstat", 1), Some(3)),
        ("t", "outside", Moment::new("t", "getdents64", 1), Some(3)),
        ("t", "outside", Moment::new("t", "openat2", 1), Some(3)),
    ];
    for (name, instead, moment, done) in cases {
        for words in [&["-r", "--rm", "-j1"][..], &["-rf", "--rm", "-j1", "--scheduler=rayon", "--named-temporaries"]] {
            // A named temporary is renamed and not linked.
            let renamed = moment.call == "linkat" && words.contains(&"--named-temporaries");
            let moment = Moment { call: if renamed { "renameat2" } else { moment.call }, ..moment };
            let t = trees();
            let ran = stopped_at(&t, moment, &[words, &["t"]].concat(), || swap(&t, name, instead));
            let case = format!("{moment:?}, {words:?}");
            assert_outside_untouched(&t, &ran, &case);
            let moved: Vec<String> = t.names().into_iter().filter(|name| name.starts_with("moved/")).collect();
            let made = moved.iter().filter(|name| name.ends_with(".gz")).count();
            match done {
                Some(done) => ran.assert(ran.status.success() && made == done, &format!("{case}: {moved:?}")),
                None => {
                    ran.assert(ran.status.code() == Some(1) && made == 0, &format!("{case}: {moved:?}"));
                    ran.assert(ran.stderr().contains("gzcc: t/sub/f: Too many levels of symbolic links\n"), &case);
                }
            }
        }
    }
}

#[test]
fn a_directory_of_a_named_file_replaced_by_a_link_redirects_nothing() {
    require!("bash", "strace");
    for (on, call) in [("t", "fstat"), ("t", "openat"), ("t", "newfstatat"), ("t/f", "pread64"), ("t", "linkat")] {
        let t = trees();
        let ran = stopped_at(&t, Moment::new(on, call, 1), &["--rm", "-j1", "t/f"], || swap(&t, "t", "outside"));
        assert_outside_untouched(&t, &ran, call);
        ran.assert(ran.status.success(), call);
        t.assert_holds("moved/f.gz", b"ours: f");
        assert!(!t.exists("moved/f"), "{call}");
    }
}

#[test]
fn a_directory_of_the_output_directory_replaced_by_a_link_redirects_nothing() {
    require!("bash", "strace");
    for (call, status) in [("mkdirat", 1), ("openat2", 0), ("linkat", 0)] {
        let t = trees();
        fs::create_dir(t.path("out")).unwrap();
        // strace resolves the path at its start, so the directory must exist.
        let on = if call == "linkat" { "out/t" } else { "out" };
        if call == "linkat" {
            fs::create_dir(t.path("out/t")).unwrap();
        }
        let words = ["-j1", "-O", "out", "t/f"];
        let ran = stopped_at(&t, Moment::new(on, call, 1), &words, || swap(&t, "out/t", "outside"));
        assert_outside_untouched(&t, &ran, call);
        ran.assert(ran.status.code() == Some(status), call);
        match status {
            0 => t.assert_holds("moved/f.gz", b"ours: f"),
            _ => {
                ran.assert(
                    ran.stderr() == "gzcc: t/f: out/t: is a symbolic link; outputs are not written through it\n",
                    call,
                );
                assert!(!t.exists("moved/f.gz"), "{call}");
            }
        }
    }
}

#[test]
fn f_and_o_do_not_replace_a_device() {
    if !is_root() || !have_devices() {
        skip("needs root to make a device");
        return;
    }
    let t = Sandbox::new();
    let a = t.write("a", log(5000));
    t.write("b", "x");
    t.gzcc(["-k", "a"]).succeeds();
    for name in ["null", "b.gz"] {
        assert!(null_device(&t.path(name)));
    }
    symlink("null", t.path("link")).unwrap();
    let what = |name: &str| {
        let now = t.path(name).symlink_metadata().unwrap();
        (now.ino(), now.rdev(), now.mode(), now.file_type().is_char_device() || now.is_symlink())
    };
    let all = || [what("null"), what("b.gz"), what("link")];
    let before = all();
    assert!(before.iter().all(|now| now.3));
    for scheduler in ["--scheduler=threads", "--scheduler=rayon"] {
        for output in ["null", "link"] {
            for words in [&["a"][..], &["a", "b"], &["--rm", "a"], &["-d", "a.gz"], &["--sync", "a"], &["-r", "a"]] {
                t.gzcc([&["-f", scheduler, "-o", output][..], words].concat()).run();
                assert_eq!(all(), before, "{words:?}");
            }
        }
        let left = "gzcc: b: b.gz is neither a regular file nor a symbolic link; left alone";
        t.gzcc([scheduler, "-f", "b"]).says(2, &[left]);
        t.gzcc([scheduler, "-f", "--rm", "--named-temporaries", "b"]).says(2, &[left]);
        t.gzcc([scheduler, "-df", "--rm", "b.gz"])
            .says(2, &["gzcc: b.gz: is not a regular file; left alone (-c reads it)"]);
        assert_eq!(all(), before);
        assert!(t.read("a") == a, "nothing is removed for a device's sake");
    }
}
