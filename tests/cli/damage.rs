//! Damaged input: always detected, never left behind as partial output, and reported in one line by every scheduler.

mod bombs;
pub mod cases;
mod encoders;
mod random;

use std::io::Read;

use self::cases::{
    BGZF_END, Cases, Fields, SIZE_MISMATCH, Verdict, bgzf, bgzf_block, bgzf_block_off_by, member, reference,
};
use crate::harness::{BLOCK, Finished, Sandbox, full, log, noise};

/// Members of three kinds: one with dynamic Huffman codes and a minimal header, a stored one with every header field,
/// and one with fixed codes.
fn three_members() -> [Vec<u8>; 3] {
    let all =
        Fields { extra: Some(b"XY\x03\0abc"), name: Some(b"name"), comment: Some(b"a comment"), crc: true, mtime: 1 };
    [member(&log(800), &Fields::default()), member(&noise(60, 3), &all), member(b"short", &Fields::default())]
}

/// Every prefix of `whole`, including `whole` itself.
fn prefixes(whole: &[u8]) -> Vec<Vec<u8>> {
    (0..=whole.len()).map(|cut| whole[..cut].to_vec()).collect()
}

/// Copies of `whole`, each with one bit flipped.
fn flips(whole: &[u8]) -> Vec<Vec<u8>> {
    let flip = |bit: usize| {
        let mut flipped = whole.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    };
    (0..8 * whole.len()).map(flip).collect()
}

/// Asserts that GNU gzip reaches the same verdicts, except where it is known to be wrong. GNU gzip needs a process
/// per file, so only every `step`th file is checked, and a third of these in the default tier.
#[track_caller]
fn assert_gnu_agrees(cases: &Cases, verdicts: &[Verdict], step: usize) {
    let step = if full() { step } else { 3 * step };
    for (i, gnu) in cases.gnu(step).into_iter().enumerate() {
        let (i, verdict) = (i * step, &verdicts[i * step]);
        let agrees = gnu == verdict.status() || is_known_gnu_defect(&cases.files[i], gnu, verdict);
        assert!(agrees, "GNU: {gnu}, gzcc: {verdict:?}: {}", cases.describe(i));
        // The content was compared with the reference's; a sample is also compared with GNU gzip's.
        if let (0, Some(content)) = (i % 8, verdict.content()) {
            assert!(cases.gunzip(i) == content, "GNU reads something else: {}", cases.describe(i));
        }
    }
}

/// Whether this deviating verdict of GNU gzip is known to be wrong.
fn is_known_gnu_defect(file: &[u8], gnu: i32, ours: &Verdict) -> bool {
    match (gnu, ours.status()) {
        // GNU gzip ignores the size field of BGZF blocks, even one that points at another valid member.
        (0 | 2, 1) => matches!(reference(file), Verdict::Bad(reason) if reason == SIZE_MISMATCH),
        // GNU gzip reads trailing bytes in pairs, and takes a single byte of garbage for a truncated file.
        (1, 2) => reference(&file[..file.len() - 1]).status() == 0,
        _ => false,
    }
}

#[test]
fn a_truncated_file_is_valid_only_between_members() {
    require!("bash", "gzip");
    let members = three_members();
    let whole = members.concat();
    let cases = Cases::new(prefixes(&whole));
    let verdicts = cases.verdicts();
    let ends: Vec<usize> = (1..=3).map(|n| members[..n].concat().len()).collect();
    for (cut, verdict) in verdicts.iter().enumerate() {
        assert_eq!(verdict.status() == 0, ends.contains(&cut), "cut at {cut}: {verdict:?}");
        assert_ne!(verdict.status(), 2, "cut at {cut}: a truncated member is an error");
    }
    let content = [log(800), noise(60, 3), b"short".to_vec()];
    for (n, end) in ends.into_iter().enumerate() {
        assert!(verdicts[end].content() == Some(&content[..=n].concat()), "{} members", n + 1);
    }
    assert_gnu_agrees(&cases, &verdicts, 1);
}

#[test]
fn a_flipped_bit_is_detected_or_harmless() {
    require!("bash", "gzip");
    let whole = three_members().concat();
    let cases = Cases::new(flips(&whole));
    let verdicts = cases.verdicts();
    let Verdict::Whole(content) = reference(&whole) else { panic!("it is valid") };
    for (bit, verdict) in verdicts.iter().enumerate() {
        match verdict {
            Verdict::Whole(other) => assert!(*other == content, "bit {bit} makes another content"),
            // If the flip destroys a later member's magic bytes, the rest is reported as trailing garbage.
            Verdict::Garbage(other) => assert!(content.starts_with(other), "bit {bit} makes another content"),
            Verdict::Bad(_) => {}
        }
    }
    assert_gnu_agrees(&cases, &verdicts, 3);
}

#[test]
fn damage_is_detected_in_bgzf_files_too() {
    require!("bash", "gzip");
    // Blocks that state their size are inflated by separate code.
    let content = [log(90), noise(20, 8), log(70)].concat();
    let whole = bgzf(&content, 100);
    for (files, step) in [(prefixes(&whole), 1), (flips(&whole), 3)] {
        let cases = Cases::new(files);
        let verdicts = cases.verdicts();
        for (i, verdict) in verdicts.iter().enumerate() {
            let prefix = verdict.content().is_none_or(|other| content.starts_with(other));
            assert!(prefix, "{verdict:?}: {}", cases.describe(i));
        }
        assert_gnu_agrees(&cases, &verdicts, step);
    }
}

#[test]
fn the_size_field_of_a_bgzf_block_is_verified() {
    require!("bash", "gzip");
    let [a, b] = [log(300), noise(300, 1)];
    let both = [a.clone(), b.clone()].concat();
    let with_length = |mut block: Vec<u8>, length: u32| {
        let at = block.len() - 4;
        block[at..].copy_from_slice(&length.to_le_bytes());
        block
    };
    let after = [&bgzf_block(&b)[..], BGZF_END].concat();
    let mut files = Vec::new();
    // A size that does not point at the next member is ignored.
    let size = bgzf_block(&a).len() as isize;
    for off in [-size + 27, -30, -9, -8, -1, 1, 2, 7, 28, 1000, 60_000] {
        files.push(([&bgzf_block_off_by(&a, off)[..], &after].concat(), Some((0, both.clone()))));
        files.push((bgzf_block_off_by(&a, off), Some((0, a.clone()))));
    }
    // The size includes the next block and points at the one after it: the data disagree, so one of the two is
    // damaged.
    let off = bgzf_block(&b).len() as isize;
    files.push(([&bgzf_block_off_by(&a, off)[..], &after].concat(), None));
    // The size includes other bytes and a second trailer; only the bytes in between are wrong.
    let between = [&b"between"[..], bgzf_block(&a).last_chunk::<8>().unwrap()].concat();
    files.push(([&bgzf_block_off_by(&a, between.len() as isize)[..], &between, &after].concat(), None));
    // The size points into the block's own data, at bytes that look like a member (a stored block contains them
    // verbatim). The noise before them reads as the trailer of a block with a valid length.
    let decoy = [&noise(400, 2)[..], &[1, 0, 0], BGZF_END, &noise(400, 3)].concat();
    let inside = bgzf_block(&decoy).windows(BGZF_END.len()).position(|bytes| bytes == BGZF_END).unwrap();
    let off = inside as isize - bgzf_block(&decoy).len() as isize;
    files.push(([&bgzf_block_off_by(&decoy, off)[..], &after].concat(), None));
    files.push(([&bgzf_block(&decoy)[..], &after].concat(), Some((0, [decoy, b.clone()].concat()))));
    // A wrong length in the trailer is damage.
    for length in [0, 299, 301, 65_536, 65_537, u32::MAX] {
        files.push(([with_length(bgzf_block(&a), length), after.clone()].concat(), None));
        files.push(([bgzf_block(&b), with_length(bgzf_block(&a), length)].concat(), None));
    }
    // Longer than a block may be, with the true length and with false ones.
    for content in [vec![0; 65_536], vec![0; 65_537], vec![7; 1_000_000]] {
        let whole = [content.clone(), b.clone()].concat();
        files.push(([bgzf_block(&content), after.clone()].concat(), Some((0, whole))));
        for length in [0, 1, 65_535, 65_537] {
            if length as usize != content.len() {
                files.push(([with_length(bgzf_block(&content), length), after.clone()].concat(), None));
            }
        }
    }
    // The last block is only a marker: ordinary members and garbage may follow.
    let blocks = [bgzf_block(&a), bgzf_block(&b)].concat();
    let ordinary = member(b"ordinary", &Fields { name: Some(b"n"), ..Fields::default() });
    files.push((blocks.clone(), Some((0, both.clone()))));
    files.push(([&blocks[..], &[0; 700]].concat(), Some((0, both.clone()))));
    files.push(([&blocks[..], b"garbage"].concat(), Some((2, both.clone()))));
    let mixed = [&both[..], b"ordinary"].concat();
    files.push(([&blocks[..], &ordinary].concat(), Some((0, mixed.clone()))));
    files.push((
        [&ordinary[..], &blocks, &ordinary, b"garbage"].concat(),
        Some((2, [b"ordinary", &mixed[..]].concat())),
    ));
    files.push(([&blocks[..], &ordinary[..20]].concat(), None));
    let (files, expected): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    let cases = Cases::new(files);
    let verdicts = cases.verdicts();
    for (i, (verdict, expected)) in verdicts.iter().zip(&expected).enumerate() {
        let ours = verdict.content().map(|content| (verdict.status(), content.to_vec()));
        assert!(ours == *expected, "{verdict:?}: {}", cases.describe(i));
    }
    assert_gnu_agrees(&cases, &verdicts, 1);
}

/// A file of several chunks and blocks, and its content.
struct LargeFile {
    gz: Vec<u8>,
    content: Vec<u8>,
}

impl LargeFile {
    /// One file per format: a single member by gzcc, many members, BGZF.
    fn all() -> [(&'static str, Self); 3] {
        let t = Sandbox::new();
        let content = t.write("a", [log(3 * BLOCK / 2), noise(2 * BLOCK, 4), log(2 * BLOCK)].concat());
        let single = t.gzcc(["-1c", "a"]).succeeds();
        let many = content.chunks(300_000).flat_map(|part| member(part, &Fields::default())).collect();
        let blocks = bgzf(&content, 60_000);
        [("one member", single), ("many members", many), ("BGZF", blocks)]
            .map(|(make, gz)| (make, Self { gz, content: content.clone() }))
    }

    /// Number of content bytes that zlib decodes from the first `bytes` bytes of the file.
    fn content_before(&self, bytes: usize) -> usize {
        let mut content = Vec::new();
        let _ = flate2::read::MultiGzDecoder::new(&self.gz[..bytes]).read_to_end(&mut content);
        assert!(self.content.starts_with(&content));
        content.len()
    }
}

#[test]
fn data_before_late_damage_reaches_a_pipe_and_no_file() {
    for (make, big) in LargeFile::all() {
        let at = big.gz.len() * 4 / 5;
        let mut flipped = big.gz.clone();
        flipped[at..at + 40].iter_mut().for_each(|byte| *byte ^= 0x55);
        let held = big.content_before(at);
        assert!(held > 2 * BLOCK, "{make}: the damage is late, after {held}");
        for (damage, bytes) in [("cut", &big.gz[..at]), ("flipped", &flipped)] {
            let t = Sandbox::new();
            t.write("a.gz", bytes);
            t.write("good.gz", member(b"good", &Fields::default()));
            for setting in ["-j1", "-j2", "-j4", "--scheduler=rayon"] {
                let of = format!("{make}, {damage}, {setting}");
                let one_line = |ran: &Finished| {
                    let stderr = ran.stderr();
                    let names = stderr.starts_with("gzcc: a.gz: ") && stderr.lines().count() == 1;
                    ran.assert(ran.status.code() == Some(1) && names, &format!("{of}: status 1 and a line"));
                };
                one_line(&t.gzcc(["-d", setting, "a.gz"]).run());
                assert_eq!(t.names(), ["a.gz", "good.gz"], "{of}: no part of it, under no name");
                one_line(&t.gzcc(["-t", setting, "a.gz"]).run());
                one_line(&t.gzcc(["-l", setting, "a.gz"]).run());
                let piped = t.gzcc(["-dc", setting, "a.gz"]).run();
                one_line(&piped);
                let common = piped.stdout.iter().zip(&big.content).take_while(|(a, b)| a == b).count();
                assert!(common >= held, "{of}: {common} bytes are right, of {held} that come before the damage");
                if damage == "cut" {
                    assert!(common == piped.stdout.len(), "{of}: the pipe gets more than the content");
                }
                // Like gzip, gzcc still writes the other files.
                let among = t.gzcc(["-dc", setting, "good.gz", "a.gz", "good.gz"]).run();
                one_line(&among);
                let expected = [b"good", &piped.stdout[..], b"good"].concat();
                among.assert(among.stdout == expected, &format!("{of}: the good ones around the bad one's beginning"));
            }
        }
    }
}

#[test]
fn a_damaged_file_does_not_affect_other_files() {
    require!("bash");
    let t = Sandbox::new();
    let (_, big) = &LargeFile::all()[0];
    for i in 0..20 {
        t.write(format!("good{i}.gz"), member(&log(1000 * i), &Fields::default()));
    }
    t.write("bad.gz", &big.gz[..big.gz.len() - 1]);
    t.write("late.gz", &big.gz);
    for setting in [["-j1", "--scheduler=threads"], ["-j4", "--scheduler=threads"], ["-j4", "--scheduler=rayon"]] {
        let script = format!("gzcc -d --rm {} bad.gz *.gz; echo $?; ls", setting.join(" "));
        let ran = t.shell(&format!("mkdir d; cp *.gz d; cd d; {script}; cd ..; rm -r d")).run();
        let stdout = String::from_utf8_lossy(&ran.stdout).into_owned();
        ran.assert(stdout.starts_with("Decompressed 21 files, 2 failed\n1\n"), "all but the bad one, named twice");
        ran.assert(ran.stderr().lines().all(|line| line.starts_with("gzcc: bad.gz: ")), "nothing else is named");
        let mut left: Vec<&str> = stdout.lines().skip(2).collect();
        left.retain(|name| !name.starts_with("good"));
        assert_eq!(left, ["bad.gz", "late"], "{setting:?}: what failed keeps its original, and has no output");
    }
}
