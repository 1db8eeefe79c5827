//! Damaged files: of several programs and levels, with the damages that occur.

use crate::harness::{Sandbox, noise};

/// Programs and their options. Each writes what it compresses to standard output.
const ENCODERS: [(&str, &[&str]); 12] = [
    ("gzip", &["-1"]),
    ("gzip", &["-6"]),
    ("gzip", &["-9"]),
    ("pigz", &["-0"]),
    ("pigz", &["-1", "-p2"]),
    ("pigz", &["-6", "-p2"]),
    ("gzcc", &["-0"]),
    ("gzcc", &["-1"]),
    ("gzcc", &["-6"]),
    ("gzcc", &["-12"]),
    ("bgzip", &["-l1"]),
    ("bgzip", &["-l6"]),
];

/// Sizes of the contents.
const SIZES: [usize; 3] = [30_000, 300_000, 1_200_000];

/// A sector, and a page.
const SECTOR: usize = 512;
const PAGE: usize = 4096;

/// What damaged a file.
#[derive(Clone, Copy, Debug)]
enum DamageKind {
    FlippedBit,
    ZeroedPage,
    MissingSector,
    Truncated,
    Inserted,
    Header,
    Trailer,
    /// The beginning of a download, and then all of it.
    BegunAgain,
    Several,
    Overwritten,
}

const KINDS: [DamageKind; 10] = [
    DamageKind::FlippedBit,
    DamageKind::ZeroedPage,
    DamageKind::MissingSector,
    DamageKind::Truncated,
    DamageKind::Inserted,
    DamageKind::Header,
    DamageKind::Trailer,
    DamageKind::BegunAgain,
    DamageKind::Several,
    DamageKind::Overwritten,
];

/// A damaged file.
pub struct Damaged {
    pub name: String,
    pub content: Vec<u8>,
    pub file: Vec<u8>,
    /// Bytes of the content that must be recovered: all, if no data is damaged.
    pub at_least: usize,
}

/// Numbers that are the same in each run.
struct Random(std::vec::IntoIter<u8>);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        let mut next = || usize::from(self.0.next().unwrap());
        (next() << 24 | next() << 16 | next() << 8 | next()) % end
    }
}

/// The first `count` damaged files.
pub fn damaged_files(t: &Sandbox, count: usize) -> impl Iterator<Item = Damaged> {
    let mut random = Random(noise(400 * count, 11).into_iter());
    (0..count).map(move |number| {
        let kind = KINDS[number % KINDS.len()];
        let (program, options) = ENCODERS[(7 * number + number / KINDS.len()) % ENCODERS.len()];
        let size = SIZES[random.below(SIZES.len())];
        let content = super::lines(size);
        let words = options.iter().chain(&["-c"]);
        let encoder = if program == "gzcc" { t.gzcc(words) } else { t.command(program, words) };
        let whole = encoder.stdin(&content).succeeds();
        let is_kept = matches!(kind, DamageKind::Header | DamageKind::Trailer | DamageKind::BegunAgain);
        let at_least = if is_kept { content.len() } else { 0 };
        let name = format!("{number}: {kind:?}, {program} {options:?}, {size} bytes");
        Damaged { name, file: damage(kind, whole, &mut random), content, at_least }
    })
}

fn damage(kind: DamageKind, mut file: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let length = file.len();
    let at = length / 20 + random.below(length * 9 / 10);
    let garbage = noise(20_000, at as u64);
    let mut overwrite = |at: usize, count: usize, with: &[u8]| {
        let end = length.min(at + count);
        file[at..end].copy_from_slice(&with[..end - at]);
    };
    match kind {
        DamageKind::FlippedBit => file[at] ^= 1 << random.below(8),
        DamageKind::ZeroedPage => overwrite(at / SECTOR * SECTOR, PAGE, &[0; PAGE]),
        DamageKind::MissingSector => drop(file.drain(at..length.min(at + SECTOR))),
        DamageKind::Truncated => file.truncate(at),
        DamageKind::Inserted => drop(file.splice(at..at, garbage[..1 + random.below(3000)].iter().copied())),
        DamageKind::Header => overwrite(0, 1 + random.below(10), &garbage),
        DamageKind::Trailer => file[length - 1 - random.below(8)] ^= 0xff,
        DamageKind::BegunAgain => file = [&file[..at], &file].concat(),
        DamageKind::Several => {
            for _ in 0..5 {
                overwrite(20 + random.below(length - 20), 1 + random.below(64), &garbage);
            }
        }
        DamageKind::Overwritten => overwrite(at, garbage.len(), &garbage),
    }
    file
}
