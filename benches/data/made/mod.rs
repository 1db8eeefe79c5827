//! Made-up content, the same on every machine: kinds that are rare in corpora, and kinds that encoders compress very badly.
//!
//! The test of sizes (tests/library) and the comparison of speeds (benches/peers) use it.

mod letters;
mod numbers;
mod records;
mod repeats;
mod signals;

/// Bytes of most contents.
const SIZE: usize = 128 << 10;

/// A content and its name.
pub(crate) struct Made {
    pub(crate) name: String,
    variant: usize,
    generate: fn(usize) -> Vec<u8>,
}

impl Made {
    /// Generates the content.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        (self.generate)(self.variant)
    }
}

/// All contents.
pub(crate) fn all() -> impl Iterator<Item = Made> {
    let families = [repeats::CONTENTS, numbers::CONTENTS, letters::CONTENTS, records::CONTENTS, signals::CONTENTS];
    families.into_iter().flatten().flat_map(|&Content { name, variants, generate }| {
        let name = move |variant| if variants.len() > 1 { format!("{name} {variant}") } else { name.to_owned() };
        variants.iter().map(move |&variant| Made { name: name(variant), variant, generate })
    })
}

/// A kind of content, in several variants.
#[derive(Clone, Copy)]
struct Content {
    name: &'static str,
    /// Numbers that `generate` depends on.
    variants: &'static [usize],
    generate: fn(usize) -> Vec<u8>,
}

/// A content without variants.
const fn single(name: &'static str, generate: fn(usize) -> Vec<u8>) -> Content {
    Content { name, variants: &[0], generate }
}

const fn variants(name: &'static str, variants: &'static [usize], generate: fn(usize) -> Vec<u8>) -> Content {
    Content { name, variants, generate }
}

/// Appends items until there are [`SIZE`] bytes.
fn fill(mut append: impl FnMut(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * SIZE);
    while out.len() < SIZE {
        append(&mut out);
    }
    out.truncate(SIZE);
    out
}

/// Random numbers: xorshift64 with a seed.
struct Random(u64);

impl Random {
    fn new(seed: usize) -> Self {
        Self((seed as u64 * 2 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound
    }

    /// A number below `bound`; small ones are frequent.
    fn small(&mut self, bound: usize) -> usize {
        self.below(bound).min(self.below(bound)).min(self.below(bound))
    }

    fn noise(&mut self, size: usize) -> Vec<u8> {
        (0..size).map(|_| self.next() as u8).collect()
    }
}

/// Words of an artificial language.
struct Words(Vec<String>);

impl Words {
    fn new(count: usize) -> Self {
        let mut random = Random::new(3);
        let letters = b"etaoinshrdlucmfwypvbgkjqxz";
        let word = |random: &mut Random| {
            let length = 2 + random.small(12);
            (0..length).map(|_| char::from(letters[random.small(26)])).collect()
        };
        Self((0..count).map(|_| word(&mut random)).collect())
    }

    /// A word; a few are frequent, most are rare.
    fn pick(&self, random: &mut Random) -> &str {
        &self.0[random.small(self.0.len())]
    }

    /// Sentences.
    fn text(&self, random: &mut Random, words: usize) -> String {
        let mut text = String::new();
        for i in 0..words {
            text.push_str(self.pick(random));
            text.push_str(if random.below(9) == 0 { ", " } else { " " });
            if i % 14 == 13 {
                text.push('\n');
            }
        }
        text
    }
}
