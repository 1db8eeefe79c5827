//! The engines under comparison, each in a file of its own behind the trait [`Compressor`].
//!
//! A compressor is created once and keeps its state and buffers, as a worker of a program would.

mod gzcc;
#[cfg(feature = "isal")]
mod isal;
mod libdeflate;
mod zlib;

use std::fmt;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::args::Args;
use crate::targets;

/// An engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Peer {
    /// gzcc's own encoder
    Native,
    /// gzcc's engine on flate2 and zlib-rs
    Flate2,
    /// libdeflate, built from the C source
    Libdeflate,
    /// zlib, as installed on the system
    Zlib,
    /// ISA-L, as installed on the system
    Isal,
}

impl Peer {
    pub fn highest_level(self) -> u8 {
        match self {
            Self::Native => gzcc::Kind::Native.max_level(),
            Self::Flate2 => gzcc::Kind::Flate2.max_level(),
            Self::Libdeflate => 12,
            Self::Zlib => 9,
            Self::Isal => 3,
        }
    }

    /// Why this engine cannot run, if it cannot.
    fn unavailable(self) -> Option<&'static str> {
        match self {
            Self::Native | Self::Flate2 | Self::Libdeflate | Self::Zlib => None,
            Self::Isal => (!cfg!(feature = "isal")).then_some("built without the feature isal"),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Flate2 => "flate2",
            Self::Libdeflate => "libdeflate",
            Self::Zlib => "zlib",
            Self::Isal => "isal",
        })
    }
}

/// An engine at a level. Ordered by level first, so that cases that are compared run one after the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    pub level: u8,
    pub peer: Peer,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} -{}", self.peer, self.level)
    }
}

/// Compresses files in memory.
pub trait Compressor {
    /// Compresses a file block by block, and passes the output of each block to `sink`.
    fn compress(&mut self, file: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<()>;

    /// How the outputs of a file's blocks form DEFLATE streams.
    fn layout(&self) -> StreamLayout;
}

/// How the outputs of a file's blocks form DEFLATE streams.
#[derive(Clone, Copy)]
pub enum StreamLayout {
    /// The concatenated outputs are one stream.
    OneStream,
    /// Each output is a complete stream for a block of this many bytes.
    StreamPerBlock(usize),
}

/// All cases to measure: each selected engine at each selected level that it has, and the references of the targets.
pub fn cases(args: &Args) -> Result<Vec<Case>> {
    ensure!(matches!(args.ours, Peer::Native | Peer::Flate2), "--ours: {} is not gzcc's", args.ours);
    let mut peers = args.peers.clone();
    peers.retain(|peer| match peer.unavailable() {
        Some(reason) => {
            eprintln!("peers: {peer} is skipped: {reason}");
            false
        }
        None => true,
    });
    let mut cases = Vec::new();
    for &level in &args.levels.0 {
        cases.extend(peers.iter().map(|&peer| Case { level, peer }));
        cases.extend(targets::references(level));
    }
    cases.retain(|case| peers.contains(&case.peer) && case.level <= case.peer.highest_level());
    cases.sort_unstable();
    cases.dedup();
    ensure!(!cases.is_empty(), "no engine has these levels");
    Ok(cases)
}

/// Creates the compressor of a case. `block` is the block size of engines other than gzcc's.
pub fn compressor(case: Case, block: usize) -> Result<Box<dyn Compressor>> {
    Ok(match case.peer {
        Peer::Native => Box::new(gzcc::Gzcc::new(gzcc::Kind::Native, case.level)),
        Peer::Flate2 => Box::new(gzcc::Gzcc::new(gzcc::Kind::Flate2, case.level)),
        Peer::Libdeflate => Box::new(libdeflate::Libdeflate::new(case.level, block)?),
        Peer::Zlib => Box::new(zlib::Zlib::new(case.level, block)?),
        #[cfg(feature = "isal")]
        Peer::Isal => Box::new(isal::Isal::new(case.level, block)?),
        #[cfg(not(feature = "isal"))]
        Peer::Isal => anyhow::bail!("built without ISA-L"),
    })
}
