//! Short reads and writes, and files that end before their stated size.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use flate2::{Compression, GzBuilder};
use rustix::pipe::{PipeFlags, pipe_with};

use super::injection::inject_on;
use crate::harness::{BLOCK, Sandbox, assert_member, log, noise, skip, spawn};

/// Number of bytes that gzcc reads from a compressed file at once.
const READ: usize = 256 * 1024;

/// Bytes in strace's notation.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A short read is followed by a read of the rest.
#[test]
fn a_short_read_is_not_the_end_of_the_file() {
    require!("bash", "strace");
    let content = log(2 * BLOCK + 5);
    // Offsets of the reads: each block, the second and third with the preceding 32 KiB.
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

/// P3: a file that ends early has not been read completely, even if its metadata is unchanged.
#[test]
fn a_file_that_ends_before_its_stated_size_has_no_output_and_stays() {
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

/// The same for a compressed file that seems to end after its first member.
#[test]
fn a_compressed_file_that_ends_between_members_before_its_stated_size_stays() {
    require!("bash", "strace");
    let member = |name: usize| {
        let mut encoder = GzBuilder::new().filename("n".repeat(name)).write(Vec::new(), Compression::fast());
        encoder.write_all(b"content").unwrap();
        encoder.finish().unwrap()
    };
    // As long as one read, so that the read ends at the member's end.
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

/// One write takes what still fits, the next one fails.
#[test]
fn an_output_above_the_size_limit_is_removed_and_affects_no_other() {
    require!("bash");
    for named in ["", "--named-temporaries"] {
        for option in ["--rm", "-k", "-f"] {
            let t = Sandbox::new();
            let (large, small) = (t.write("large", noise(3 * BLOCK, 1)), t.write("small", log(1000)));
            let words = format!("-q -j1 {named} {option}");
            let message = "gzcc: large: large.gz: File too large";
            t.shell(&format!("ulimit -f 1000; gzcc {words} large small")).says(1, &[message]);
            assert!(t.read("large") == large && !t.exists("large.gz"));
            t.assert_holds("small.gz", &small);
            // The same when decompressing.
            t.gzcc(["-q", "-f", "--rm", "large"]).succeeds();
            let packed = t.read("large.gz");
            let message = "gzcc: large.gz: large: File too large";
            t.shell(&format!("ulimit -f 1000; gzcc -d {words} -f large.gz small.gz")).says(1, &[message]);
            assert!(t.read("large.gz") == packed && !t.exists("large") && t.read("small") == small);
            assert!(!t.names().iter().any(|name| name.contains(".gzcc-")), "{:?}", t.names());
        }
    }
}

/// A non-blocking pipe takes part of a write, then none of the next one.
#[test]
fn a_pipe_with_short_writes_receives_all_data() {
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

/// A pipe returns what it currently holds, however little.
#[test]
fn a_pipe_with_short_reads_is_read_to_its_end() {
    let t = Sandbox::new();
    let content = log(BLOCK + 5000);
    let packed = t.gzcc(["-c"]).stdin(&content).succeeds();
    for (words, input, expected) in [(&["-c", "-j2"][..], &content, &packed), (&["-dc"], &packed, &content)] {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let command = &mut t.gzcc(words).into_command();
        let child = spawn(command.stdin(reader).stdout(Stdio::piped()));
        // Only the child's descriptor of the reader must stay open.
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

/// Files in sysfs hold fewer bytes than their stated size.
#[test]
fn a_sysfs_file_is_compressed_despite_its_false_size() {
    let t = Sandbox::new();
    let Ok(content) = std::fs::read("/sys/kernel/mm/transparent_hugepage/enabled") else {
        skip("such a file does not exist here");
        return;
    };
    let packed = t.gzcc(["-c", "/sys/kernel/mm/transparent_hugepage/enabled"]).succeeds();
    assert_member(&packed, &content);
}
