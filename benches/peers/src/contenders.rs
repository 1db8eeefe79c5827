//! Who runs: an engine at a level, and the one thing that all of them do.
//!
//! Each peer lives in a file of its own. A contender is made once and keeps its state and buffers, as a worker of a
//! program would.

mod gzcc;
#[cfg(feature = "isal")]
mod isal;
mod libdeflate;

use std::fmt;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::arguments::Arguments;
use crate::targets;

/// An engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Peer {
    /// gzcc's own
    Native,
    /// gzcc's on flate2 and zlib-rs
    Flate2,
    /// libdeflate, built from the C source
    Libdeflate,
    /// ISA-L, the system's
    Isal,
}

impl Peer {
    fn highest_level(self) -> u8 {
        match self {
            Self::Native => gzcc::Kind::Native.max_level(),
            Self::Flate2 => gzcc::Kind::Flate2.max_level(),
            Self::Libdeflate => 12,
            Self::Isal => 3,
        }
    }

    /// Why it cannot run at all.
    fn missing(self) -> Option<&'static str> {
        match self {
            Self::Native | Self::Flate2 | Self::Libdeflate => None,
            Self::Isal => (!cfg!(feature = "isal")).then_some("built without it"),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Flate2 => "flate2",
            Self::Libdeflate => "libdeflate",
            Self::Isal => "isal",
        })
    }
}

/// An engine at a level. In the order of the race: who is compared runs one after the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub level: u8,
    pub peer: Peer,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} -{}", self.peer, self.level)
    }
}

/// What an entry does in a race.
pub trait Contender {
    /// Compresses a file, and gives each piece of the result, in order, before it makes the next.
    fn compress(&mut self, file: &[u8], piece: &mut dyn FnMut(&[u8])) -> Result<()>;

    /// Whether the pieces of a file are one DEFLATE stream, or each is one.
    fn pieces(&self) -> Pieces;
}

/// What the pieces of a file are.
#[derive(Clone, Copy)]
pub enum Pieces {
    /// One stream, cut where blocks end.
    Joined,
    /// A stream each, of a block of so many bytes.
    Alone(usize),
}

/// Everybody who runs: each peer asked for at each level asked for that it has, and whomever their targets name.
pub fn field(arguments: &Arguments) -> Result<Vec<Entry>> {
    ensure!(matches!(arguments.ours, Peer::Native | Peer::Flate2), "--ours: {} is not gzcc's", arguments.ours);
    let mut peers = arguments.peers.clone();
    peers.retain(|peer| match peer.missing() {
        Some(why) => {
            eprintln!("peers: {peer} does not run: {why}");
            false
        }
        None => true,
    });
    let mut field = Vec::new();
    for &level in &arguments.levels.0 {
        field.extend(peers.iter().map(|&peer| Entry { level, peer }));
        field.extend(targets::rivals(level));
    }
    field.retain(|entry| peers.contains(&entry.peer) && entry.level <= entry.peer.highest_level());
    field.sort_unstable();
    field.dedup();
    ensure!(!field.is_empty(), "nobody runs: no peer has these levels");
    Ok(field)
}

/// Makes the engine of an entry ready, for blocks of `block` bytes where it is not gzcc's.
pub fn make(entry: Entry, block: usize) -> Result<Box<dyn Contender>> {
    Ok(match entry.peer {
        Peer::Native => Box::new(gzcc::Gzcc::new(gzcc::Kind::Native, entry.level)),
        Peer::Flate2 => Box::new(gzcc::Gzcc::new(gzcc::Kind::Flate2, entry.level)),
        Peer::Libdeflate => Box::new(libdeflate::Libdeflate::new(entry.level, block)?),
        #[cfg(feature = "isal")]
        Peer::Isal => Box::new(isal::Isal::new(entry.level, block)?),
        #[cfg(not(feature = "isal"))]
        Peer::Isal => anyhow::bail!("built without ISA-L"),
    })
}
