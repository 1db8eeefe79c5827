//! Shards: the assignment of each name to one of N runs, by a hash of its bytes.
//!
//! The shard of a name is the same in every run, on every host, and does not depend on other names. So N runs with the same
//! arguments divide a tree without communication, and a file that appears during the runs belongs to exactly one of them. The
//! hash must never change: otherwise hosts with different versions would skip files, or process them twice.

use std::num::NonZeroU32;

/// One of N parts of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The number of the shard, from 0.
    index: u32,
    of: NonZeroU32,
}

impl Shard {
    /// The shard `number` of `of`, counted from 1; `None` unless `number` is from 1 to `of`.
    pub fn new(number: u32, of: u32) -> Option<Self> {
        let index = number.checked_sub(1).filter(|&index| index < of)?;
        Some(Self { index, of: NonZeroU32::new(of)? })
    }

    /// The number of this shard, counted from 1.
    pub fn number(self) -> u32 {
        self.index + 1
    }

    /// The number of all shards.
    pub fn of(self) -> u32 {
        self.of.get()
    }

    /// Whether the name belongs to this shard.
    pub fn contains(self, name: &[u8]) -> bool {
        // The high half of the product distributes evenly over any number of shards, without a division.
        let shard = (u128::from(hash(name)) * u128::from(self.of.get())) >> 64;
        shard == u128::from(self.index)
    }
}

/// Hashes a name: FNV-1a of its components, joined by slashes, and then [`mix`]. `./a`, `a` and `/a` have the same hash, and so
/// have `x//a` and `x/./a`: the spelling of an argument must not matter. `..` is kept, because the component before it may be a
/// symbolic link.
fn hash(name: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    let components = name.split(|&byte| byte == b'/').filter(|component| !matches!(*component, b"" | b"."));
    let mut hash = OFFSET;
    for (i, component) in components.enumerate() {
        if i > 0 {
            hash = step(hash, &b'/');
        }
        hash = component.iter().fold(hash, step);
    }
    mix(hash)
}

/// The finalizer of MurmurHash3: each bit of the result depends on all bits of `hash`. The shard depends on the high bits, and
/// those of FNV-1a hardly depend on the last bytes of a name, where numbered files differ.
fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_belongs_to_exactly_one_shard() {
        for of in [1, 2, 3, 4, 7, 64, 1000] {
            for name in (0..300).map(|i| format!("logs/{i}.log")) {
                let owners = (1..=of).filter(|&k| Shard::new(k, of).unwrap().contains(name.as_bytes())).count();
                assert_eq!(owners, 1, "{name} of {of}");
            }
        }
    }

    #[test]
    fn shards_have_similar_numbers_of_files_for_all_numbering_schemes() {
        let names: [fn(u32) -> String; 4] = [
            |i| i.to_string(),
            |i| format!("{i:06}.log"),
            |i| format!("{}/a", i * 2),
            |i| "x".repeat(i as usize % 9000),
        ];
        for name in names {
            for of in [2, 3, 4, 10, 16] {
                let mut counts = vec![0; of as usize];
                for i in 0..9000 {
                    let owner = (1..=of).find(|&k| Shard::new(k, of).unwrap().contains(name(i).as_bytes())).unwrap();
                    counts[owner as usize - 1] += 1;
                }
                let fair = 9000 / of as usize;
                let tolerance = fair / 5;
                let all_fair = counts.iter().all(|&count: &usize| count.abs_diff(fair) < tolerance);
                assert!(all_fair, "{} of {of}: {counts:?}", name(17));
            }
        }
    }

    #[test]
    fn the_spelling_of_a_path_does_not_change_its_hash() {
        for (name, other) in [("a", "./a"), ("a", "/a"), ("x/a", "x//a"), ("x/a", "./x/./a"), ("x", "x/")] {
            assert_eq!(hash(name.as_bytes()), hash(other.as_bytes()), "{name} and {other}");
        }
        for (name, other) in [("a", "b"), ("x/a", "xa"), ("../a", "a"), ("a/x", "x/a"), (".a", "a")] {
            assert_ne!(hash(name.as_bytes()), hash(other.as_bytes()), "{name} and {other}");
        }
    }

    /// Values from other implementations of FNV-1a and MurmurHash3.
    #[test]
    fn the_hash_never_changes() {
        assert_eq!(hash(b""), mix(0xcbf2_9ce4_8422_2325));
        assert_eq!(hash(b"a"), mix(0xaf63_dc4c_8601_ec8c));
        assert_eq!(hash(b"foobar"), mix(0x8594_4171_f739_67e8));
        assert_eq!(mix(1), 0xb456_bcfc_34c2_cb2c);
    }

    #[test]
    fn shard_numbers_run_from_1_to_the_number_of_shards() {
        assert_eq!([Shard::new(0, 4), Shard::new(5, 4), Shard::new(1, 0), Shard::new(0, 0)], [None; 4]);
        for (number, of) in [(1, 1), (4, 4), (u32::MAX, u32::MAX)] {
            assert_eq!(Shard::new(number, of).map(|shard| (shard.number(), shard.of())), Some((number, of)));
        }
    }
}
