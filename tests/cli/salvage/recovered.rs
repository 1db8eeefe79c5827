//! The measure of what a program recovers.

use std::collections::HashMap;

/// Length of the runs by which content is found again.
const RUN: usize = 32;

/// Bytes of `original` that `output` has, in the same order. Both are compared from their starts. Where they differ, the comparison
/// continues at the first run of at least [`RUN`] bytes of the output that occurs in the rest of the original, extended backwards. If
/// what is skipped before it has the same length in both, its equal bytes at equal positions count as well.
pub fn recovered(original: &[u8], output: &[u8]) -> usize {
    let mut runs: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (number, run) in original.chunks_exact(RUN).enumerate() {
        runs.entry(run).or_default().push(number * RUN);
    }
    let (mut at, mut out, mut count) = (0, 0, 0);
    loop {
        let same = original[at..].iter().zip(&output[out..]).take_while(|(a, b)| a == b).count();
        (at, out, count) = (at + same, out + same, count + same);
        let next = output[out..].windows(RUN).enumerate().find_map(|(skipped, run)| {
            let occurrence = runs.get(run)?.iter().find(|&&occurrence| occurrence >= at)?;
            Some((*occurrence, out + skipped))
        });
        let Some((mut next_at, mut next_out)) = next else { return count };
        while next_at > at && next_out > out && original[next_at - 1] == output[next_out - 1] {
            (next_at, next_out) = (next_at - 1, next_out - 1);
        }
        if next_at - at == next_out - out {
            let skipped = original[at..next_at].iter().zip(&output[out..next_out]);
            count += skipped.filter(|(a, b)| a == b).count();
        }
        (at, out) = (next_at, next_out);
    }
}

#[test]
fn bytes_are_counted_once_and_in_order() {
    let text = super::lines(10_000);
    let same_length = [&text[..4000], &[b'?'; 100], &text[4100..]].concat();
    let marks = text[4000..4100].iter().filter(|&&byte| byte == b'?').count();
    let cases = [
        (text.clone(), 10_000),
        (text[..5000].to_vec(), 5000),
        (text[3000..].to_vec(), 7000),
        ([&text[..3000], b"garbage", &text[6000..]].concat(), 7000),
        ([&text[6000..], &text[..3000]].concat(), text.len() - 6000),
        (same_length, text.len() - 100 + marks),
    ];
    for (output, expected) in cases {
        let found = recovered(&text, &output);
        assert!(found.abs_diff(expected) < 100, "{found} instead of {expected}");
    }
}
