//! Formats that gunzip reads besides gzip: LZW (`compress`), pack, LZH, and the first entry of a zip file.

#[path = "../../src/format/legacy/encoders.rs"]
mod encoders;

use self::encoders::{lzh, lzw, pack};
use crate::harness::{BLOCK, Sandbox, full, log, noise, sample};

/// Files of each format with their names, all with this content.
fn files(content: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("lzw-16.Z", lzw(content, 16, None)),
        ("lzw-12.Z", lzw(content, 12, Some(9000))),
        ("lzw-9.Z", lzw(content, 9, None)),
        ("pack.z", pack(content)),
        ("lzh.lzh", lzh(content, 20_000)),
        ("deflated.zip", zip(content, &Entry::default())),
        ("descriptor.zip", zip(content, &Entry { descriptor: true, ..Entry::default() })),
        ("stored.zip", zip(content, &Entry { method: 0, ..Entry::default() })),
    ]
}

/// An entry of a zip file.
struct Entry {
    method: u16,
    flags: u16,
    /// CRC and sizes follow the data.
    descriptor: bool,
}

impl Default for Entry {
    fn default() -> Self {
        Self { method: 8, flags: 0, descriptor: false }
    }
}

/// A zip file of one entry, without its central directory, which no test reads.
fn zip(content: &[u8], entry: &Entry) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    let data = if entry.method == 8 { encoder.finish().unwrap() } else { content.to_vec() };
    let sums = [crate::harness::crc(content), data.len() as u32, content.len() as u32];
    let sums: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
    let flags = entry.flags | if entry.descriptor { 8 } else { 0 };
    let mut file = b"PK\x03\x04\x14\0".to_vec();
    file.extend(flags.to_le_bytes());
    file.extend(entry.method.to_le_bytes());
    file.extend([0; 4]);
    file.extend(if entry.descriptor { &[0; 12] } else { &sums[..] });
    file.extend(b"\x04\0\x05\0nameEE\x01\0x");
    file.extend(data);
    if entry.descriptor {
        file.extend(b"PK\x07\x08");
        file.extend(sums);
    }
    file.extend(b"PK\x01\x02 and so on");
    file
}

#[test]
fn every_format_is_read_from_files_and_pipes_as_gzip_reads_it() {
    require!("gzip");
    let t = Sandbox::new();
    for content in [log(BLOCK + 1000), noise(20_000, 5), b"a".to_vec(), vec![b'x'; 300_000]] {
        for (name, file) in files(&content) {
            t.write(name, &file);
            for read in [
                t.command("gzip", ["-dc"]).stdin(&file),
                t.gzcc(["-dc", name]),
                t.gzcc(["-dc", "-j3", "--scheduler=rayon"]).stdin(&file),
                t.gzcc(["-dcf"]).stdin(&file),
            ] {
                let ran = read.run();
                let same = ran.status.success() && ran.stdout == content && ran.stderr.is_empty();
                ran.assert(same, &format!("{name}, {} bytes", content.len()));
            }
            t.gzcc(["-t", name]).says(0, &[]);
        }
    }
}

#[test]
fn what_other_programs_write_is_read() {
    let t = Sandbox::new();
    let content = t.write("a", log(3 * BLOCK));
    if crate::programs::have("compress") {
        for width in ["10", "12", "16"] {
            let file = t.command("compress", ["-b", width, "-c", "a"]).succeeds();
            assert!(t.gzcc(["-dc"]).stdin(file).succeeds() == content, "compress -b {width}");
        }
    }
    if crate::programs::have("zip") {
        t.command("zip", ["-q", "a.zip", "a"]).succeeds();
        assert!(t.gzcc(["-dc", "a.zip"]).succeeds() == content, "zip");
        // The sizes follow the data, because the output is a pipe.
        let piped = t.shell("zip -q - a | cat").succeeds();
        assert!(t.gzcc(["-dc"]).stdin(piped).succeeds() == content, "zip to a pipe");
    }
}

#[test]
fn files_are_replaced_by_name() {
    let t = Sandbox::new();
    let content = log(5000);
    t.write("a.Z", lzw(&content, 16, None));
    t.write("b.z", pack(&content));
    t.gzcc(["-d", "a.Z"]).says(0, &[]);
    assert!(t.read("a") == content);
    t.shell(&format!("exec -a gunzip '{}' b.z", env!("CARGO_BIN_EXE_gzcc"))).says(0, &[]);
    assert!(t.read("b") == content);
    assert_eq!(t.names(), ["a", "a.Z", "b"]);
}

#[test]
fn gzip_members_can_be_followed_by_other_formats() {
    let t = Sandbox::new();
    t.write("a", b"first ");
    let file = [t.gzcc(["-c", "a"]).succeeds(), pack(b"second "), lzw(b"third", 16, None)].concat();
    assert_eq!(t.gzcc(["-dc"]).stdin(&file).succeeds(), b"first second third");
    if crate::programs::have("gzip") {
        assert_eq!(t.command("gzip", ["-dc"]).stdin(&file).succeeds(), b"first second third");
    }
}

#[test]
fn a_listing_names_the_method_as_gzip_does() {
    let t = Sandbox::new();
    let content = log(5000);
    for (name, file) in files(&content) {
        t.write(name, file);
        let listed = String::from_utf8(t.gzcc(["-lv", name]).succeeds()).unwrap();
        let line = listed.lines().nth(1).unwrap();
        let method = match name.split_once('.').unwrap() {
            (_, "Z") => "compr ffffffff ",
            (_, "z") => "pack  ffffffff ",
            (_, "lzh") => "lzh   ffffffff ",
            _ => "defla ",
        };
        assert!(line.starts_with(method) && line.contains(" 5000 "), "{line}");
    }
}

#[test]
fn other_entries_of_a_zip_file_are_not_lost_silently() {
    let t = Sandbox::new();
    let entry = zip(b"one\n", &Entry::default());
    let first = &entry[..entry.len() - b"PK\x01\x02 and so on".len()];
    t.write("a.gz", [first, &entry].concat());
    let shown = t.gzcc(["-dc", "a.gz"]).run();
    assert_eq!((shown.status.code(), &shown.stdout[..]), (Some(2), &b"one\n"[..]));
    assert_eq!(shown.stderr(), "gzcc: a.gz: has more than one entry; rest ignored\n");
    t.gzcc(["-d", "--rm", "a.gz"]).says(1, &["gzcc: a.gz: a zip file with more than one entry; use unzip"]);
    assert_eq!(t.names(), ["a.gz"]);
}

#[test]
fn a_zip_file_without_its_directory_keeps_its_original() {
    let t = Sandbox::new();
    let whole = zip(&log(100), &Entry::default());
    let end = whole.len() - b"PK\x01\x02 and so on".len();
    t.write("a.gz", &whole[..end]);
    t.gzcc(["-d", "--rm", "a.gz"]).says(1, &[&format!("gzcc: a.gz: unexpected end of file at byte {end}")]);
    t.write("a.gz", [&whole[..end], b"else"].concat());
    t.gzcc(["-d", "--rm", "a.gz"]).says(2, &["gzcc: a.gz: trailing garbage ignored"]);
    assert_eq!(t.names(), ["a", "a.gz"]);
}

#[test]
fn zip_entries_that_cannot_be_read_are_refused() {
    let t = Sandbox::new();
    // The length follows the data, so where that ends is unknown. Data of zeros looks like the sums of no data.
    let endless = zip(&[0; 100], &Entry { method: 0, descriptor: true, ..Entry::default() });
    t.gzcc(["-dc"])
        .stdin(endless)
        .says(1, &["gzcc: standard input: the first zip entry is compressed by method 0; use unzip"]);
    let encrypted = zip(b"x", &Entry { flags: 1, ..Entry::default() });
    t.gzcc(["-dc"]).stdin(encrypted).says(1, &["gzcc: standard input: the first zip entry is encrypted; use unzip"]);
    let other = zip(b"x", &Entry { method: 12, ..Entry::default() });
    t.gzcc(["-dcf"])
        .stdin(other)
        .says(1, &["gzcc: standard input: the first zip entry is compressed by method 12; use unzip"]);
}

#[test]
fn damaged_data_of_a_format_with_a_length_or_a_checksum_is_refused() {
    let t = Sandbox::new();
    for (name, file) in files(&log(3000)).into_iter().filter(|(name, _)| !name.contains("lz")) {
        for cut in sample(if full() { 1 } else { 97 }, 2..file.len() - b"PK\x01\x02 and so on".len() - 16) {
            t.write(name, &file[..cut]);
            let ran = t.gzcc(["-t", name]).run();
            let one_line = ran.stderr().lines().count() == 1;
            ran.assert(ran.status.code() == Some(1) && one_line, &format!("{name} of {cut} bytes"));
        }
    }
}

#[test]
fn damaged_data_gets_the_verdict_of_gzip() {
    require!("gzip");
    let t = Sandbox::new();
    let mut seed = 1;
    for (name, file) in files(&log(2000)) {
        for _ in 0..if full() { 100 } else { 4 } {
            seed += 1;
            let random = noise(4, seed);
            let mut damaged = file.clone();
            let at = 2 + usize::from(u16::from_le_bytes([random[0], random[1]])) % (damaged.len() - 30);
            damaged[at] = random[2];
            t.write(name, &damaged);
            let (ours, gnus) = (t.gzcc(["-dc", name]).run(), t.command("gzip", ["-dc"]).stdin(&damaged).run());
            // Without a checksum, gzip decodes behind the end of LZH data and reaches its own verdict. It ignores some fields of
            // a zip file.
            let is_known = name.contains("lzh") || name.contains("zip") && !ours.status.success();
            let agree = ours.status.success() == gnus.status.success()
                && (!ours.status.success() || ours.stdout == gnus.stdout);
            ours.assert(agree || is_known, &format!("{name} with byte {at} replaced; gzip: {}", gnus.stderr()));
        }
    }
}
