//! Shards: which of N runs a name belongs to, told by its bytes alone.
//!
//! Every run finds the same for the same name, on any host, whatever other names there are: so N runs with the same
//! arguments share a tree without talking, and a file that appears meanwhile belongs to one of them as well. The hash
//! is ours and may never change, or hosts with different versions would leave files to each other.

use std::num::NonZeroU32;

/// One part of a work that is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 0.
    index: u32,
    of: NonZeroU32,
}

impl Shard {
    /// The shard `number`, counted from 1, of this many; `None` if there is none of that number.
    pub fn new(number: u32, of: u32) -> Option<Self> {
        let index = number.checked_sub(1).filter(|&index| index < of)?;
        Some(Self { index, of: NonZeroU32::new(of)? })
    }

    /// Whether the file of this name is for this shard.
    pub fn takes(self, name: &[u8]) -> bool {
        // The high half of the product: fair for any number of shards, and no division.
        let shard = (u128::from(hash(name)) * u128::from(self.of.get())) >> 64;
        shard == u128::from(self.index)
    }
}

/// FNV-1a of the name's parts with a slash between them, stirred. `./a`, `a` and `/a` are one name, as are `x//a` and
/// `x/./a`: how an argument was spelled should not matter. `..` stays as it is, as it may lead through a link.
fn hash(name: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    let parts = name.split(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    let mut hash = OFFSET;
    for (i, part) in parts.enumerate() {
        if i > 0 {
            hash = step(hash, &b'/');
        }
        hash = part.iter().fold(hash, step);
    }
    stirred(hash)
}

/// Each bit of the result depends on all bits (the end of MurmurHash3). FNV-1a's high bits, which decide here, hardly
/// depend on a name's last bytes, and those are where numbered files differ.
fn stirred(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_belongs_to_one_shard() {
        for of in [1, 2, 3, 4, 7, 64, 1000] {
            for name in (0..300).map(|i| format!("logs/{i}.log")) {
                let takers = (1..=of).filter(|&k| Shard::new(k, of).unwrap().takes(name.as_bytes())).count();
                assert_eq!(takers, 1, "{name} of {of}");
            }
        }
    }

    #[test]
    fn shards_get_about_the_same_number_of_files_however_these_are_numbered() {
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
                    let taker = (1..=of).find(|&k| Shard::new(k, of).unwrap().takes(name(i).as_bytes())).unwrap();
                    counts[taker as usize - 1] += 1;
                }
                let fair = 9000 / of as usize;
                let tolerance = fair / 5;
                let all_fair = counts.iter().all(|&count: &usize| count.abs_diff(fair) < tolerance);
                assert!(all_fair, "{} of {of}: {counts:?}", name(17));
            }
        }
    }

    #[test]
    fn it_does_not_matter_how_a_name_is_spelled() {
        for (name, other) in [("a", "./a"), ("a", "/a"), ("x/a", "x//a"), ("x/a", "./x/./a"), ("x", "x/")] {
            assert_eq!(hash(name.as_bytes()), hash(other.as_bytes()), "{name} and {other}");
        }
        for (name, other) in [("a", "b"), ("x/a", "xa"), ("../a", "a"), ("a/x", "x/a"), (".a", "a")] {
            assert_ne!(hash(name.as_bytes()), hash(other.as_bytes()), "{name} and {other}");
        }
    }

    /// From FNV-1a and MurmurHash3 as others have them. Hosts with another version must find the same.
    #[test]
    fn the_hash_is_the_one_it_has_always_been() {
        assert_eq!(hash(b""), stirred(0xcbf2_9ce4_8422_2325));
        assert_eq!(hash(b"a"), stirred(0xaf63_dc4c_8601_ec8c));
        assert_eq!(hash(b"foobar"), stirred(0x8594_4171_f739_67e8));
        assert_eq!(stirred(1), 0xb456_bcfc_34c2_cb2c);
    }

    #[test]
    fn there_is_no_shard_0_and_none_beyond_the_last() {
        assert_eq!([Shard::new(0, 4), Shard::new(5, 4), Shard::new(1, 0), Shard::new(0, 0)], [None; 4]);
        assert!(Shard::new(4, 4).is_some() && Shard::new(1, 1).is_some());
    }
}
