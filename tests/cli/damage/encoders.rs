//! Streams of other encoders, whole and damaged, inflated in short chunks: the content, and the reference's verdict.

use super::cases::{Cases, Verdict};
use super::random::Random;
use crate::harness::{Sandbox, find, log, noise, repetitions, skip};

/// Debian has shipped 7-Zip under two names.
const SEVEN_ZIP: [&str; 2] = ["7zz", "7z"];

/// The output of each installed encoder for the file `a`. The level depends on `random`.
fn encode(t: &Sandbox, random: &mut Random) -> Vec<Vec<u8>> {
    let level = |random: &mut Random, least: usize, most: usize| format!("-{}", least + random.roll(most - least + 1));
    let seven_zip = SEVEN_ZIP.into_iter().find(|program| find(program).is_some()).unwrap_or(SEVEN_ZIP[0]);
    let seven_zip_level = format!("-mx={}", [1, 5, 9][random.roll(3)]);
    let commands = [
        ("gzip", vec![level(random, 1, 9), "-c".into(), "a".into()]),
        ("libdeflate-gzip", vec![level(random, 1, 12), "-c".into(), "a".into()]),
        ("igzip", vec![level(random, 0, 3), "-c".into(), "a".into()]),
        ("zopfli", vec!["--i1".into(), "-c".into(), "a".into()]),
        (seven_zip, ["a", "-tgzip", "-so", &seven_zip_level, "x", "a"].map(str::to_owned).to_vec()),
    ];
    let mut streams = vec![t.gzcc(["-c", &level(random, 0, 9), "a"]).succeeds()];
    for (program, words) in commands {
        match find(program).is_some() {
            true => streams.push(t.command(program, words).succeeds()),
            false => skip(&format!("{program} not installed, its streams are not tested")),
        }
    }
    streams
}

/// Text, noise and repetitions.
fn content(random: &mut Random) -> Vec<u8> {
    let mut content = Vec::new();
    for _ in 0..1 + random.roll(6) {
        let length = random.roll(12_000);
        let part = match random.roll(4) {
            0 => noise(length, random.roll(1000) as u64),
            1 => vec![random.roll(256) as u8; length],
            2 => content[content.len().saturating_sub(length)..].to_vec(),
            _ => log(40_000)[random.roll(20_000)..][..length].to_vec(),
        };
        content.extend(part);
    }
    content
}

#[test]
fn streams_of_six_encoders_have_the_same_verdict_in_chunks_of_every_length() {
    require!("bash");
    let t = Sandbox::new();
    let mut random = Random::new(0xc0de);
    let (mut files, mut contents) = (Vec::new(), Vec::new());
    for _ in 0..repetitions(6, 60) {
        let content = t.write("a", content(&mut random));
        let streams = encode(&t, &mut random);
        contents.extend(vec![content.clone(); streams.len()]);
        contents.push(content.repeat(streams.len()));
        let joined = streams.concat();
        files.extend(streams);
        files.push(joined);
    }
    let valid = files.clone();
    for _ in 0..2 {
        for file in &valid {
            let mut damaged = file.clone();
            random.damage(&mut damaged, &valid);
            files.push(damaged);
        }
    }
    // It compares every verdict with the reference.
    let verdicts = Cases::new(files).verdicts();
    for (verdict, content) in verdicts.iter().zip(&contents) {
        assert!(*verdict == Verdict::Whole(content.clone()), "{verdict:?}");
    }
    let bad = verdicts.iter().filter(|verdict| verdict.status() == 1).count();
    assert!(bad > valid.len() / 2, "only {bad} files are damaged");
}
