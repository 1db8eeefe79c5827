//! Text-like content: few letters, sequences without repetitions, words, and other encodings of text.

use super::{Content, Random, SIZE, Words, fill, single, variants};

pub(super) const CONTENTS: &[Content] = &[
    variants("letters of as many kinds:", &[2, 3, 4, 10, 16, 20, 64], |kinds| letters(kinds, usize::MAX)),
    variants("lines of letters of as many kinds:", &[4, 20], |kinds| letters(kinds, 60)),
    single("letters, some rare", rare_letters),
    variants("de Bruijn sequence of order", &[3, 4, 5], de_bruijn),
    single("sorted words", sorted_words),
    single("shuffled words", shuffled_words),
    single("sentences", |_| sentences().into_bytes()),
    single("base64 of noise", |_| base64(&Random::new(4).noise(SIZE), 76)),
    single("base64 of text", |_| base64(sentences().as_bytes(), 76)),
    single("base64 in one line", |_| base64(&Random::new(5).noise(SIZE), usize::MAX)),
    single("hexadecimal dump of text", |_| hexadecimal_dump(sentences().as_bytes())),
    single("hexadecimal digits of noise", |_| hexadecimal_digits()),
    single("UTF-16 little-endian", |_| sentences().encode_utf16().flat_map(u16::to_le_bytes).take(SIZE).collect()),
    single("UTF-16 big-endian", |_| sentences().encode_utf16().flat_map(u16::to_be_bytes).take(SIZE).collect()),
    single("Cyrillic in UTF-8", cyrillic),
];

fn letters(kinds: usize, line: usize) -> Vec<u8> {
    let (mut random, mut column) = (Random::new(kinds), 0);
    fill(|out| {
        column += 1;
        out.push(if column % line == 0 { b'\n' } else { b'0' + random.below(kinds) as u8 });
    })
}

/// Sixteen letters, four of them frequent.
fn rare_letters(_: usize) -> Vec<u8> {
    let mut random = Random::new(6);
    fill(|out| {
        out.push(if random.below(8) == 0 { b'A' + random.below(16) as u8 } else { b'a' + random.below(4) as u8 })
    })
}

/// A sequence in which no group of `order` letters occurs twice, by the greedy rule of M. H. Martin (1934): no match is longer than
/// `order` less one.
fn de_bruijn(order: usize) -> Vec<u8> {
    // As many kinds of letters as a sequence of SIZE needs.
    let kinds = match order {
        3 => 52,
        4 => 20,
        _ => 11,
    };
    let groups = usize::pow(kinds, order as u32);
    let mut seen = vec![false; groups];
    let mut group = 0;
    fill(|out| {
        let next = (0..kinds).rev().map(|letter| (group * kinds + letter) % groups).find(|&next| !seen[next]);
        group = next.expect("the sequence has more than SIZE letters");
        seen[group] = true;
        out.push(b'A' + (group % kinds) as u8);
    })
}

fn sorted_words(_: usize) -> Vec<u8> {
    let mut words = Words::new(30_000).0;
    words.sort_unstable();
    words.dedup();
    let mut out = words.join("\n").into_bytes();
    out.truncate(SIZE);
    out
}

fn shuffled_words(_: usize) -> Vec<u8> {
    let mut out = Words::new(30_000).0.join("\n").into_bytes();
    out.truncate(SIZE);
    out
}

fn sentences() -> String {
    let mut text = Words::new(3000).text(&mut Random::new(9), SIZE / 4);
    text.truncate(SIZE);
    text
}

fn base64(bytes: &[u8], line: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    for three in bytes.chunks_exact(3).take(SIZE / 4) {
        let word = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        out.extend([18, 12, 6, 0].map(|shift| DIGITS[(word >> shift) as usize & 63]));
        if out.len() % (line.saturating_add(1)) == line {
            out.push(b'\n');
        }
    }
    out
}

/// Lines of an offset, sixteen bytes in hexadecimal, and the text.
fn hexadecimal_dump(bytes: &[u8]) -> Vec<u8> {
    let mut lines = bytes.chunks_exact(16).enumerate();
    fill(|out| {
        let (i, sixteen) = lines.next().expect("a quarter of the bytes is enough");
        out.extend(format!("{:08x}: ", 16 * i).into_bytes());
        for pair in sixteen.chunks_exact(2) {
            out.extend(format!("{:02x}{:02x} ", pair[0], pair[1]).into_bytes());
        }
        out.push(b' ');
        out.extend(sixteen.iter().map(|&byte| if byte == b'\n' { b'.' } else { byte }));
        out.push(b'\n');
    })
}

fn hexadecimal_digits() -> Vec<u8> {
    let mut random = Random::new(11);
    fill(|out| out.extend(format!("{:08x}", random.next()).into_bytes()))
}

fn cyrillic(_: usize) -> Vec<u8> {
    let other = |letter: char| match letter {
        'a'..='z' => char::from_u32(letter as u32 - 'a' as u32 + 'а' as u32).unwrap_or(letter),
        _ => letter,
    };
    let mut out = sentences().chars().map(other).collect::<String>().into_bytes();
    out.truncate(SIZE);
    out
}
