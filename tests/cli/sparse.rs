//! Sparse outputs of decompression: their holes and their content.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use crate::damage::cases::{Fields, member};
use crate::harness::{BLOCK, Sandbox, noise};

const HOLE: usize = 64 * 1024;

/// Bytes that the file occupies on the disk.
fn allocated(t: &Sandbox, name: &str) -> u64 {
    let file = File::open(t.path(name)).unwrap();
    // Some file systems allocate when data is synced.
    file.sync_all().unwrap();
    file.metadata().unwrap().blocks() * 512
}

/// Content with runs of zeros of at least a hole's size at the start, in the middle and at the end, across the ends of
/// buffers.
pub fn patterned() -> Vec<u8> {
    let data = |seed| noise(10_000, seed);
    [vec![0; 3 * HOLE], data(1), vec![0; HOLE], data(2), vec![0; 5 * BLOCK + 1], data(3), vec![0; 100_001]].concat()
}

/// Compresses `content` to `a.gz` and decompresses it with these words. Returns the bytes that the output `name`
/// occupies on the disk.
fn decompressed_allocation(words: &[&str], name: &str, content: &[u8]) -> u64 {
    let t = Sandbox::new();
    t.write("a.gz", member(content, &Fields::default()));
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    File::options().write(true).open(t.path("a.gz")).unwrap().set_modified(modified).unwrap();
    t.gzcc([&["-d"], words].concat()).succeeds();
    assert!(t.read(name) == content, "{words:?}");
    if !words.contains(&"./a.gz") {
        assert_eq!(
            t.path(name).metadata().unwrap().modified().unwrap(),
            modified,
            "{words:?}: the time is the original's"
        );
    }
    allocated(&t, name)
}

#[test]
fn long_runs_of_zeros_become_holes_in_every_kind_of_new_file() {
    let content = patterned();
    for (words, name) in [
        (&["a.gz"][..], "a"),
        (&["-j1", "--rm", "a.gz"], "a"),
        (&["-j3", "--sync", "--scheduler=rayon", "a.gz"], "a"),
        (&["--named-temporaries", "a.gz"], "a"),
        (&["-O", "out", "a.gz"], "out/a"),
        (&["-o", "out", "a.gz"], "out"),
    ] {
        let allocated = decompressed_allocation(words, name, &content);
        assert!(allocated < 100_000, "{allocated} bytes of {} are on the disk: {words:?}", content.len());
    }
    let twice = [&content[..], &content].concat();
    let t = Sandbox::new();
    t.write("a.gz", member(&content, &Fields::default()));
    t.gzcc(["-d", "-o", "out", "a.gz", "./a.gz"]).succeeds();
    assert!(t.read("out") == twice && allocated(&t, "out") < 200_000);
}

#[test]
fn a_file_of_100_megabytes_of_zeros_occupy_less_than_a_hole() {
    require!("bash", "cmp", "gzip");
    let t = Sandbox::new();
    t.shell("head -c 100000001 /dev/zero | gzip -1 > a.gz && gzcc -d a.gz").succeeds();
    t.shell("head -c 100000001 /dev/zero | cmp - a").succeeds();
    assert!(allocated(&t, "a") < HOLE as u64);
}

#[test]
fn no_sparse_writes_zeros() {
    let content = patterned();
    for words in [&["--no-sparse", "a.gz"][..], &["--sparse", "--no-sparse", "--named-temporaries", "a.gz"]] {
        assert!(decompressed_allocation(words, "a", &content) >= content.len() as u64);
    }
    assert!(decompressed_allocation(&["--no-sparse", "--sparse", "a.gz"], "a", &content) < 100_000);
}

/// An existing file may hold other bytes where a hole would be.
#[test]
fn standard_output_and_fifos_receive_every_byte() {
    require!("bash");
    let content = patterned();
    let t = Sandbox::new();
    t.write("a.gz", member(&content, &Fields::default()));
    t.write("old", vec![b'x'; content.len() + 5]);
    t.shell("gzcc -dc a.gz > new; gzcc -dc a.gz >> old; gzcc -dc a.gz 1<> over").succeeds();
    let appended = t.read("old");
    assert!(t.read("new") == content && appended.ends_with(&content) && t.read("over") == content);
    assert!(allocated(&t, "new") >= content.len() as u64 && appended.len() == 2 * content.len() + 5);
    t.write("full", vec![b'x'; content.len()]);
    t.shell("gzcc -dc a.gz 1<> full; mkfifo fifo; cat fifo > read & gzcc -d -o fifo a.gz; wait").succeeds();
    assert!(t.read("full") == content && t.read("read") == content);
}
