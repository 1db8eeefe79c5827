//! Reads and writes that move less than asked, and files that end before their size says so.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use flate2::{Compression, GzBuilder};
use rustix::pipe::{PipeFlags, pipe_with};

use super::injection::inject_on;
use crate::harness::{BLOCK, Sandbox, assert_member, log, noise, skip, spawn};

/// Bytes of a compressed file that are read at once.
const READ: usize = 256 * 1024;

/// Bytes as strace wants them.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A read that gives a few bytes is followed by another one for the rest.
#[test]
fn a_read_that_gives_a_few_bytes_is_not_the_end_of_the_file() {
    require!("bash", "strace");
    let content = log(2 * BLOCK + 5);
    // Where the reads of an undivided run begin: blocks, the second and third with the 32 KiB before them.
    for (nth, offset) in [(1, 0), (2, BLOCK - 32 * 1024), (3, 2 * BLOCK - 32 * 1024)] {
        for few in [1, 7] {
            let t = Sandbox::new();
            t.write("big", &content);
            let given = hex(&content[offset..offset + few]);
            let fault = format!("pread64:retval={few}:poke_exit=@arg2={given}:when={nth}");
            let (ran, hits) = inject_on(&t, "big", &fault, &["-j1", "--rm", "big"]);
            ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty() && hits == 1, "it succeeds");
            assert_eq!(t.names(), ["big.gz"]);
            t.assert_holds("big.gz", &content);
        }
    }
}

/// P3: a file that ends early although it looks unchanged has not been read whole.
#[test]
fn a_file_that_ends_before_its_size_says_so_has_no_output_and_stays() {
    require!("bash", "strace");
    for (size, reads) in [(2 * BLOCK + 5, 3), (3000, 1)] {
        let content = log(size);
        for (nth, option) in (1..=reads).flat_map(|nth| ["--rm", "-k", "--rsyncable"].map(|option| (nth, option))) {
            let t = Sandbox::new();
            t.write("cut", &content);
            t.write("a", log(100));
            let call = if option == "--rsyncable" { "read" } else { "pread64" };
            let fault = format!("{call}:retval=0:when={nth}");
            let (ran, hits) = inject_on(&t, "cut", &fault, &["-j1", option, "cut", "a"]);
            ran.assert(ran.status.code() == Some(2) && hits == 1, "a warning");
            ran.assert(ran.stderr() == "gzcc: cut: changed while it was read; no whole output made\n", "one line");
            assert!(t.read("cut") == content && !t.exists("cut.gz"));
            t.assert_holds("a.gz", &log(100));
        }
    }
}

/// The same of a compressed file that seems to end where its first member does.
#[test]
fn a_compressed_file_that_ends_between_members_before_its_size_says_so_stays() {
    require!("bash", "strace");
    let member = |name: usize| {
        let mut encoder = GzBuilder::new().filename("n".repeat(name)).write(Vec::new(), Compression::fast());
        encoder.write_all(b"content").unwrap();
        encoder.finish().unwrap()
    };
    // As long as what is read at once.
    let first = member(1 + READ - member(1).len());
    for option in ["--rm", "-k"] {
        let t = Sandbox::new();
        t.write("a.gz", [&first[..], &member(1)].concat());
        t.gzcc(["-dk", "a.gz"]).succeeds();
        assert_eq!(t.read("a"), b"contentcontent");
        fs::remove_file(t.path("a")).unwrap();
        let (ran, hits) = inject_on(&t, "a.gz", "read:retval=0:when=2", &["-d", "-j1", option, "a.gz"]);
        ran.assert(ran.status.code() == Some(2) && hits == 1, "a warning");
        ran.assert(ran.stderr() == "gzcc: a.gz: changed while it was read; no whole output made\n", "one line");
        assert_eq!(t.names(), ["a.gz"]);
    }
}

/// A write that takes what still fits, and then one that takes nothing.
#[test]
fn a_file_that_outgrows_the_limit_leaves_nothing_and_stops_no_other() {
    require!("bash");
    for named in ["", "--named-temporaries"] {
        for option in ["--rm", "-k", "-f"] {
            let t = Sandbox::new();
            let (large, small) = (t.write("large", noise(3 * BLOCK, 1)), t.write("small", log(1000)));
            let words = format!("-q -j1 {named} {option}");
            let told = "gzcc: large: large.gz: File too large";
            t.shell(&format!("ulimit -f 1000; gzcc {words} large small")).says(1, &[told]);
            assert!(t.read("large") == large && !t.exists("large.gz"));
            t.assert_holds("small.gz", &small);
            // And back.
            t.gzcc(["-q", "-f", "--rm", "large"]).succeeds();
            let packed = t.read("large.gz");
            let told = "gzcc: large.gz: large: File too large";
            t.shell(&format!("ulimit -f 1000; gzcc -d {words} -f large.gz small.gz")).says(1, &[told]);
            assert!(t.read("large.gz") == packed && !t.exists("large") && t.read("small") == small);
            assert!(!t.names().iter().any(|name| name.contains(".gzcc-")), "{:?}", t.names());
        }
    }
}

/// A pipe that somebody has made non-blocking takes a part of a write, and then none.
#[test]
fn a_pipe_that_takes_a_part_of_each_write_gets_all_of_it() {
    let t = Sandbox::new();
    let content = t.write("a", noise(3 * BLOCK, 2));
    let (reader, writer) = pipe_with(PipeFlags::NONBLOCK).unwrap();
    rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::empty()).unwrap();
    let mut command = t.gzcc(["-c", "-j2", "a"]).into_command();
    let mut child = spawn(command.stdin(Stdio::null()).stdout(writer));
    drop(command);
    let (mut file, mut got, mut piece) = (std::fs::File::from(reader), Vec::new(), [0; 5000]);
    loop {
        match file.read(&mut piece).unwrap() {
            0 => break,
            n => got.extend_from_slice(&piece[..n]),
        }
    }
    assert!(child.wait().unwrap().success());
    assert_member(&got, &content);
}

/// A pipe gives what is in it, however little.
#[test]
fn a_pipe_that_gives_a_few_bytes_at_a_time_is_read_to_its_end() {
    let t = Sandbox::new();
    let content = log(BLOCK + 5000);
    let packed = t.gzcc(["-c"]).stdin(&content).succeeds();
    for (words, input, expected) in [(&["-c", "-j2"][..], &content, &packed), (&["-dc"], &packed, &content)] {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let command = &mut t.gzcc(words).into_command();
        let child = spawn(command.stdin(reader).stdout(Stdio::piped()));
        // Only the child's end is to be left open.
        command.stdin(Stdio::null());
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut writer = std::fs::File::from(writer);
                input.chunks(997).for_each(|piece| writer.write_all(piece).unwrap());
            });
            child.wait_with_output().unwrap()
        });
        assert!(output.status.success() && output.stdout == *expected, "{words:?}");
    }
}

/// What only shows a state of the system is shorter than it says.
#[test]
fn a_file_of_sys_is_as_long_as_what_can_be_read() {
    let t = Sandbox::new();
    let Ok(content) = std::fs::read("/sys/kernel/mm/transparent_hugepage/enabled") else {
        skip("there is no such file");
        return;
    };
    let packed = t.gzcc(["-c", "/sys/kernel/mm/transparent_hugepage/enabled"]).succeeds();
    assert_member(&packed, &content);
}
