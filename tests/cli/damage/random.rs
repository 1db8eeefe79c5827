//! Random damage: gzcc's verdicts are those of the reference and of GNU gzip.

use super::cases::{Cases, Fields, bgzf, member};
use super::{assert_gnu_agrees, three_members};
use crate::harness::{Sandbox, log, noise, repetitions};

/// A pseudo-random number generator, the same in every run.
pub struct Random(u64);

impl Random {
    /// The sequence of this seed, which is not 0.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % sides.max(1)
    }

    /// A range in `0..length` of at most 100 bytes.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.roll(length + 1);
        start..(start + self.roll(100)).min(length)
    }

    fn pick<'a>(&mut self, of: &'a [Vec<u8>]) -> &'a [u8] {
        &of[self.roll(of.len())]
    }

    fn noise(&mut self, most: usize) -> Vec<u8> {
        let size = self.roll(most);
        noise(size, self.0)
    }

    /// Changes `file` in a random way: flips, overwrites, truncates, inserts, removes, repeats or appends bytes.
    pub fn damage(&mut self, file: &mut Vec<u8>, others: &[Vec<u8>]) {
        let (range, place) = (self.range(file.len()), self.roll(file.len() + 1));
        match self.roll(12) {
            0..=2 if !file.is_empty() => file[place.min(range.start.min(place))..][..1][0] ^= 1 << self.roll(8),
            3 if !file.is_empty() => {
                let last = file.len() - 1;
                file[place.min(last)] = [0, 1, 0x1f, 0x8b, 0x80, 0xff][self.roll(6)];
            }
            4 => file.truncate(place),
            5 => drop(file.splice(place..place, self.noise(40))),
            6 => drop(file.drain(range)),
            7 => drop(file.splice(place..place, file[range].to_vec())),
            8 => {
                let other = self.pick(others);
                file.truncate(place);
                file.extend(&other[self.roll(other.len())..]);
            }
            9 => file.extend(self.pick(others)),
            10 => file.extend(vec![0; self.roll(1000)]),
            _ => file.extend(self.noise(20)),
        }
    }
}

#[test]
fn randomly_damaged_files_get_the_same_verdicts_as_from_the_reference() {
    require!("bash", "gzip");
    let t = Sandbox::new();
    let text = t.write("a", log(3000));
    let mut valid = vec![
        three_members().concat(),
        bgzf(&text, 700),
        [bgzf(&text, 2000), member(&noise(500, 9), &Fields::default())].concat(),
        t.gzcc(["-c", "-N", "a"]).succeeds(),
        t.gzcc(["-c", "--rsyncable", "a"]).succeeds(),
        t.gzcc(["-c", "--engine=native", "-12", "a"]).succeeds(),
        t.command("gzip", ["-9c", "a"]).succeeds(),
        member(b"", &Fields::default()),
        member(&[0; 100_000], &Fields { comment: Some(&[b'c'; 300]), ..Fields::default() }),
    ];
    valid.push(valid.concat());
    let mut random = Random(0x5eed);
    let mut damaged = || {
        // Every tenth file is a random header, possibly truncated, with noise after it.
        if random.roll(10) == 0 {
            let mut header = [&b"\x1f\x8b\x08"[..], &[random.roll(32) as u8], &noise(6, random.0)].concat();
            header.truncate(12 - random.roll(12).min(9));
            return [header, random.noise(600)].concat();
        }
        let mut file = random.pick(&valid).to_vec();
        for _ in 0..=random.roll(3) {
            random.damage(&mut file, &valid);
        }
        file
    };
    let mut files: Vec<Vec<u8>> = std::iter::repeat_with(&mut damaged).take(repetitions(700, 2000)).collect();
    files.extend(valid.iter().cloned());
    let cases = Cases::new(files);
    // verdicts() compares every file with the reference.
    let verdicts = cases.verdicts();
    for status in 0..3 {
        let count = verdicts.iter().filter(|verdict| verdict.status() == status).count();
        assert!(count > repetitions(30, 100), "only {count} of the files test what exits {status}");
    }
    assert!(verdicts.iter().rev().take(valid.len()).all(|verdict| verdict.status() == 0));
    assert_gnu_agrees(&cases, &verdicts, 5);
}
