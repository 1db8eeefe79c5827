//! `--index`: the index of a compressed file, in the format GZIDX.

mod gzidx;
mod readers;

use self::gzidx::Index;
use crate::harness::{Sandbox, gunzip, log, noise, sample};
use crate::inflating::hostile_members::{content, flushed, mixed_blocks, random_members, stored};

/// Files whose blocks and members are of all kinds.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let text = content(400_000);
    let mixed = [mixed_blocks(&text, 30_000, 1), flushed(&text, 10_000), stored(&noise(300_000, 3))].concat();
    vec![
        ("one member", mixed_blocks(&content(1_000_000), 60_000, 5)),
        ("members and flushes", mixed),
        ("small members", random_members(&text, 3000, 2)),
        ("an empty member", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0".to_vec()),
    ]
}

#[test]
fn a_decoder_that_starts_at_any_point_of_an_index_decodes_the_content() {
    for (what, gz) in files() {
        let t = Sandbox::new();
        t.write("a.gz", &gz);
        t.gzcc(["-q", "--index", "--index-spacing=40K", "a.gz"]).succeeds();
        let (index, content) = (Index::parse(&t.read("a.gz.gzidx")), gunzip(&gz));
        assert_eq!((index.compressed, index.content), (gz.len(), content.len()), "{what}");
        assert!(index.points[0].content == 0 && index.points.len() > content.len() / 150_000, "{what}");
        let mut decoded = 0;
        for point in &index.points {
            let read = point.decode(&gz);
            let expected = &content[point.content..content.len().min(point.content + read.len())];
            let same = read.iter().zip(expected).take_while(|(a, b)| a == b).count();
            assert_eq!(same, read.len(), "{what}: bytes from {} on", point.content);
            decoded += read.len();
            let lines = content[..point.content].iter().filter(|&&byte| byte == b'\n').count();
            assert_eq!(point.lines, lines, "{what}: {}", point.content);
        }
        assert_eq!(index.lines, content.iter().filter(|&&byte| byte == b'\n').count(), "{what}");
        assert!(decoded > 0 || content.is_empty(), "{what}: {decoded}");
        let spacings = index.points.windows(2).map(|pair| pair[1].content - pair[0].content);
        assert!(spacings.min().is_none_or(|least| least >= 40 << 10), "{what}");
    }
}

#[test]
fn an_index_does_not_depend_on_the_number_of_workers() {
    for (what, gz) in files() {
        let t = Sandbox::new();
        t.write("a.gz", &gz);
        let mut first = None;
        let settings = [
            ["-j1", "--scheduler=threads", "--chunk-length=1G"],
            ["-j3", "--scheduler=threads", "--chunk-length=20K"],
            ["-j8", "--scheduler=rayon", "--chunk-length=50K"],
            ["-j2", "--scheduler=threads", "--chunk-length=100K"],
        ];
        for setting in sample(1, settings) {
            for mode in ["-t", "-d"] {
                let words = ["-qf", "--index", "--index-spacing=30K", mode, "a.gz"];
                t.gzcc(words.into_iter().chain(setting)).succeeds();
                let index = t.read("a.gz.gzidx");
                assert!(*first.get_or_insert(index.clone()) == index, "{what}: {mode} {setting:?}");
            }
        }
        assert!(t.read("a") == gunzip(&gz), "{what}");
    }
}

#[test]
fn an_index_has_the_mode_and_time_of_its_file() {
    let t = Sandbox::new();
    t.write("a.gz", &files()[0].1);
    t.set_mode("a.gz", 0o640);
    t.set_times("a.gz", std::time::Duration::from_secs(1_000_000_000));
    t.gzcc(["-q", "--index", "a.gz"]).succeeds();
    let status = |name: &str| {
        use std::os::unix::fs::MetadataExt;
        let status = t.path(name).metadata().unwrap();
        (status.mode(), status.uid(), status.gid(), status.mtime())
    };
    assert_eq!(status("a.gz.gzidx"), status("a.gz"));
    assert_eq!(t.names(), ["a.gz", "a.gz.gzidx"]);
}

#[test]
fn an_existing_index_is_replaced_only_with_force() {
    let t = Sandbox::new();
    t.write("a.gz", &files()[0].1);
    t.write("a.gz.gzidx", "old");
    t.gzcc(["--index", "a.gz"]).says(2, &["gzcc: a.gz: a.gz.gzidx already exists; left alone (-f replaces it)"]);
    assert_eq!(t.read("a.gz.gzidx"), b"old");
    assert_eq!(t.gzcc(["--index", "-f", "a.gz"]).says(0, &[]), "Tested 1 file\n");
    assert!(t.read("a.gz.gzidx").starts_with(b"GZIDX\x01"));
}

#[test]
fn a_file_that_is_damaged_or_not_gzip_gets_no_index() {
    let t = Sandbox::new();
    let (text, gz) = (log(300_000), &files()[0].1);
    let mut damaged = gz.clone();
    damaged[gz.len() - 6] ^= 1;
    t.write("cut.gz", &gz[..gz.len() / 2]);
    t.write("text.gz", &text);
    t.write("damaged.gz", damaged);
    t.write("zip.gz", b"PK\x03\x04\x14\0\0\0\0\0");
    for named in [&[][..], &["--named-temporaries"]] {
        let names = ["cut.gz", "text.gz", "damaged.gz", "zip.gz"];
        let ran = t.gzcc(["--index"].iter().chain(named).chain(&names)).run();
        ran.assert(ran.status.code() == Some(1) && ran.stderr().lines().count() == 4, "each fails");
        assert_eq!(t.names(), ["cut.gz", "damaged.gz", "text.gz", "zip.gz"]);
    }
}

/// The points of the content that is not written are dropped with it.
#[test]
fn a_file_whose_content_is_cut_off_gets_no_index() {
    let t = Sandbox::new();
    let mut gz = stored(b"x");
    let crc = gz.len() - 8;
    gz[crc] ^= 1;
    gz.extend(&files()[0].1);
    t.write("damaged.gz", gz);
    let ran = t.gzcc(["-t", "--index", "damaged.gz"]).run();
    ran.assert(
        ran.stderr().starts_with("gzcc: damaged.gz: damaged data before byte 16 (CRC "),
        "the damage is reported",
    );
    t.write("long.gz", &files()[0].1);
    t.gzcc(["-d", "--index", "--max-size=1K", "long.gz"])
        .says(1, &["gzcc: long.gz: expands to more than 1024 bytes (--max-size)"]);
    assert_eq!(t.names(), ["damaged.gz", "long.gz"]);
}

#[test]
fn a_temporary_with_a_name_gives_the_same_index() {
    let t = Sandbox::new();
    t.write("a.gz", &files()[1].1);
    t.gzcc(["-q", "--index", "--index-spacing=40K", "a.gz"]).succeeds();
    let index = t.read("a.gz.gzidx");
    t.gzcc(["-qf", "--index", "--index-spacing=40K", "--named-temporaries", "a.gz"]).succeeds();
    assert!(t.read("a.gz.gzidx") == index);
    assert_eq!(t.names(), ["a.gz", "a.gz.gzidx"]);
}

#[test]
fn standard_input_and_pipes_have_no_index() {
    let t = Sandbox::new();
    t.gzcc(["--index"]).stdin(&files()[0].1).says(1, &["gzcc: standard input: is not a file that can have an index"]);
    t.make_fifo("b.gz");
    // It does not wait for a writer.
    t.gzcc(["--index", "b.gz"]).says(2, &["gzcc: b.gz: is not a regular file; left alone (-c reads it)"]);
}

#[test]
fn an_index_goes_only_with_files_that_are_tested_or_decompressed_one_by_one() {
    let t = Sandbox::new();
    t.write("a.gz", &files()[0].1);
    for words in [&["-l"][..], &["-dc"], &["-d", "-o", "b"], &["-d", "--rm"], &["--verify"], &["--update"]] {
        let ran = t.gzcc(words.iter().chain(&["--index", "a.gz"])).run();
        ran.assert(ran.status.code() == Some(1) && ran.stderr().starts_with("gzcc: --index "), "it is a usage error");
    }
    assert_eq!(t.names(), ["a.gz"]);
}

#[test]
fn no_index_replaces_an_input_or_the_index_of_another_file() {
    let t = Sandbox::new();
    let gz = &files()[3].1;
    t.write("a.gz", gz);
    t.write("a.gz.gzidx", gz);
    let ran = t.gzcc(["-t", "-j1", "-f", "--index", "a.gz", "a.gz.gzidx"]).run();
    ran.assert(ran.status.code() == Some(1), "it fails");
    assert_eq!(&t.read("a.gz.gzidx"), gz);
}
