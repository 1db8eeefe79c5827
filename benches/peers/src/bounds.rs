//! The recorded sizes that the test of made-up content compares with.

use anyhow::Result;

use crate::engines::{self, Case, Peer};
use crate::made;

/// Prints a line for each content: the size, and the smaller of zlib's and libdeflate's sizes at levels 4 to 12 (zlib has levels to
/// 9), each with the header and trailer that gzip adds left out.
pub fn print() -> Result<()> {
    println!(
        "# The smaller of the sizes of zlib 1.2.13 and libdeflate 1.26 at levels 4 to 12 for each content of benches/data/made:"
    );
    println!("# `cargo run --release --manifest-path benches/peers/Cargo.toml -- --bounds`");
    for made in made::all() {
        let (mut line, bytes) = (made.name.clone(), made.bytes());
        for level in 4..=12 {
            let mut best = u64::MAX;
            for peer in [Peer::Libdeflate, Peer::Zlib].into_iter().filter(|peer| level <= peer.highest_level()) {
                let mut size = 0;
                let mut compressor = engines::compressor(Case { level, peer }, bytes.len())?;
                compressor.compress(&bytes, &mut |output| size += output.len() as u64)?;
                best = best.min(size);
            }
            line += &format!("\t{best}");
        }
        println!("{line}");
    }
    Ok(())
}
