//! The options of gzip 1.12 and pigz 2.8, by letter and by name.

use self::Switch::*;

/// What an option does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    Ascii,
    Bits,
    Decompress,
    Fast,
    Best,
    Force,
    Help,
    Independent,
    Keep,
    License,
    List,
    Name,
    NoName,
    NoTime,
    Processes,
    Quiet,
    Recursive,
    Rsyncable,
    Stdout,
    Suffix,
    Synchronous,
    Test,
    Time,
    Verbose,
    Version,
    /// gzip and pigz have it, gzcc does not: what it would be.
    Lacking(&'static str),
}

/// gzip's options: letter, long name, meaning. A letter of `\0` is none; several names have a line each.
pub(super) const GZIP: &[(u8, &str, Switch)] = &[
    (b'a', "ascii", Ascii),
    (b'b', "bits", Bits),
    (b'c', "stdout", Stdout),
    (b'c', "to-stdout", Stdout),
    (b'd', "decompress", Decompress),
    (b'd', "uncompress", Decompress),
    (b'f', "force", Force),
    (b'h', "help", Help),
    (b'?', "help", Help),
    (b'k', "keep", Keep),
    (b'l', "list", List),
    (b'L', "license", License),
    (b'n', "no-name", NoName),
    (b'N', "name", Name),
    (b'q', "quiet", Quiet),
    (b'q', "silent", Quiet),
    (b'r', "recursive", Recursive),
    (0, "rsyncable", Rsyncable),
    (b'S', "suffix", Suffix),
    (b't', "test", Test),
    (b'v', "verbose", Verbose),
    (b'V', "version", Version),
    (0, "synchronous", Synchronous),
    (0, "fast", Fast),
    (0, "best", Best),
    (b'Z', "lzw", Lacking("LZW")),
    (b'm', "", NoTime),
    (b'M', "", Time),
];

/// pigz' options, which mean something where gzip has none that fits.
pub(super) const PIGZ: &[(u8, &str, Switch)] = &[
    (b'i', "independent", Independent),
    (b'p', "processes", Processes),
    (b'R', "rsyncable", Rsyncable),
    (b'Y', "synchronous", Synchronous),
    (b'A', "alias", Lacking("zip files")),
    (0, "blocksize", Lacking("other block sizes")),
    (b'C', "comment", Lacking("comments")),
    (b'F', "first", Lacking("zopfli")),
    (b'H', "huffman", Lacking("Huffman coding alone")),
    (b'I', "iterations", Lacking("zopfli")),
    (b'J', "maxsplits", Lacking("zopfli")),
    (b'K', "zip", Lacking("zip files")),
    (b'O', "oneblock", Lacking("zopfli")),
    (b'U', "rle", Lacking("run-length encoding")),
    (b'z', "zlib", Lacking("zlib streams")),
    (0, "no-time", NoTime),
    (0, "time", Time),
];
