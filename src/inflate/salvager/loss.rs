//! What a salvager reports about damaged data.

use std::ops::Range;

use crate::format::gzip::Damage;

/// A place in a file whose content is lost, unknown or not certain.
///
/// The damaged byte itself is not known: a decoder meets an error at it or after it. Content before the error may be wrong, too.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The error that the decoder met.
    pub damage: Damage,
    /// The bytes of the file that contain the damage: from the start of the last block that is certain to the position at which
    /// decoding continues. Empty at the end of a truncated file.
    pub input: Range<u64>,
    /// Offset in the output at which content is missing. Its length is not known.
    pub output: u64,
    /// Bytes of the output before that offset that may be wrong.
    pub suspect: u64,
    /// Bytes of the output after that offset that are unknown and replaced by the fill byte.
    pub unknown: u64,
}

/// The figures of a salvaged file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvageTotals {
    /// The number of losses.
    pub losses: u64,
    /// Bytes of the output that belong to members whose CRC-32 and length match.
    pub verified: u64,
    /// Bytes of the output that are unknown and replaced by the fill byte.
    pub unknown: u64,
}

/// The losses of a part, and the figures so far.
#[derive(Debug, Default)]
pub struct SalvageReport {
    pub losses: Vec<Loss>,
    pub totals: SalvageTotals,
}
