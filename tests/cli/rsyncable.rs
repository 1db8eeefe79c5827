//! `--rsyncable`: an output changes only near the places where the input changes.

use std::collections::HashSet;

use crate::harness::{BLOCK, Sandbox, assert_member, log, noise};

/// Size in bytes of the pieces that rsync searches for.
const PIECE: usize = 4096;

/// Returns how many pieces of `old` occur anywhere in `new`, and how many pieces there are. As in rsync, a rolling sum
/// selects candidates, and then the bytes are compared.
fn count_matching_pieces(old: &[u8], new: &[u8]) -> (usize, usize) {
    let sum = |piece: &[u8]| piece.iter().fold(0u64, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let leaving = (0..PIECE - 1).fold(1u64, |power, _| power.wrapping_mul(31));
    let pieces: Vec<&[u8]> = old.chunks_exact(PIECE).collect();
    let sums: HashSet<u64> = pieces.iter().map(|piece| sum(piece)).collect();
    let mut there: HashSet<&[u8]> = HashSet::new();
    let mut rolling = sum(&new[..PIECE]);
    for start in 0..=new.len() - PIECE {
        if sums.contains(&rolling) {
            there.insert(&new[start..start + PIECE]);
        }
        if let Some(&next) = new.get(start + PIECE) {
            let without = rolling.wrapping_sub(leaving.wrapping_mul(new[start].into()));
            rolling = without.wrapping_mul(31).wrapping_add(next.into());
        }
    }
    (pieces.iter().filter(|piece| there.contains(*piece)).count(), pieces.len())
}

#[test]
fn the_bytes_of_rsyncable_outputs_do_not_depend_on_workers_or_source() {
    let t = Sandbox::new();
    let content = t.write("a", [log(2 * BLOCK), noise(BLOCK, 2), vec![0; BLOCK], log(BLOCK / 3)].concat());
    let reference = t.gzcc(["--rsyncable", "-j1", "-c", "a"]).succeeds();
    assert_member(&reference, &content);
    for way in ["-j1", "-j2", "-j4", "--scheduler=rayon"] {
        t.gzcc(["--rsyncable", "-f", way, "a"]).succeeds();
        assert!(t.read("a.gz") == reference, "{way}, file");
        assert!(t.gzcc(["--rsyncable", way]).stdin(&content).succeeds() == reference, "{way}, pipe");
        t.gzcc(["-d", "-o", "back", "-f", way, "a.gz"]).succeeds();
        assert!(t.read("back") == content, "{way}: it comes back");
    }
    for size in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1] {
        let content = log(size);
        assert_member(&t.gzcc(["--rsyncable"]).stdin(&content).succeeds(), &content);
    }
}

#[test]
fn an_insertion_changes_less_than_5_percent_of_an_rsyncable_output() {
    let t = Sandbox::new();
    let mut content = t.write("old", log(10_000_000));
    content.splice(5_000_000..5_000_000, noise(100, 5));
    t.write("new", &content);
    t.gzcc(["--rsyncable", "old", "new"]).succeeds();
    let (same, all) = count_matching_pieces(&t.read("old.gz"), &t.read("new.gz"));
    assert!(same * 100 >= all * 95, "{same} of {all} pieces are still there");
    let (with, without) = (t.read("old.gz").len(), t.gzcc(["-c", "old"]).succeeds().len());
    assert!(with * 1000 < without * 1015, "{without} bytes become {with}");
    // Without --rsyncable, all pieces after the insertion differ: this validates the measurement.
    let (same, all) = count_matching_pieces(&t.gzcc(["-c", "old"]).succeeds(), &t.gzcc(["-c", "new"]).succeeds());
    assert!(same * 100 < all * 60, "{same} of {all} pieces would be there anyway");
}
