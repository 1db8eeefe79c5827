//! The options of gzip 1.12 and pigz 2.8, by letter and by name.

use self::Switch::*;

/// An option, independent of its spelling.
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
    Lzw,
    Name,
    NoName,
    NoTime,
    /// GNU's tests answer the question about an existing output through a pipe.
    PresumeTerminal,
    Processes,
    Quiet,
    Recursive,
    Rsyncable,
    Stdout,
    Suffix,
    Synchronous,
    Test,
    Time,
    Usage,
    Verbose,
    Version,
    /// An option of gzip or pigz that gzcc rejects, with the name of the feature for the message.
    Unsupported(&'static str),
}

/// gzip's options: letter, long name, switch. The letter 0 means that there is only a long name. An option with several long
/// names has several entries. The order is GNU's, which the message about an ambiguous name shows.
pub(super) const GZIP: &[(u8, &str, Switch)] = &[
    (b'a', "ascii", Ascii),
    (b'c', "to-stdout", Stdout),
    (b'c', "stdout", Stdout),
    (b'd', "decompress", Decompress),
    (b'd', "uncompress", Decompress),
    (b'f', "force", Force),
    (b'h', "help", Help),
    (b'?', "", Usage),
    (b'k', "keep", Keep),
    (b'l', "list", List),
    (b'L', "license", License),
    (b'm', "", NoTime),
    (b'M', "", Time),
    (b'n', "no-name", NoName),
    (b'N', "name", Name),
    (0, "-presume-input-tty", PresumeTerminal),
    (b'q', "quiet", Quiet),
    (b'q', "silent", Quiet),
    (0, "synchronous", Synchronous),
    (b'r', "recursive", Recursive),
    (b'S', "suffix", Suffix),
    (b't', "test", Test),
    (b'v', "verbose", Verbose),
    (b'V', "version", Version),
    (0, "fast", Fast),
    (0, "best", Best),
    (b'Z', "lzw", Lzw),
    (b'b', "bits", Bits),
    (0, "rsyncable", Rsyncable),
];

/// pigz's additional options. An option of gzip with the same name takes precedence.
pub(super) const PIGZ: &[(u8, &str, Switch)] = &[
    (b'i', "independent", Independent),
    (b'p', "processes", Processes),
    (b'R', "rsyncable", Rsyncable),
    (b'Y', "synchronous", Synchronous),
    (b'A', "alias", Unsupported("zip files")),
    (0, "blocksize", Unsupported("other block sizes")),
    (b'C', "comment", Unsupported("comments")),
    (b'F', "first", Unsupported("zopfli")),
    (b'H', "huffman", Unsupported("Huffman coding alone")),
    (b'I', "iterations", Unsupported("zopfli")),
    (b'J', "maxsplits", Unsupported("zopfli")),
    (b'K', "zip", Unsupported("zip files")),
    (b'O', "oneblock", Unsupported("zopfli")),
    (b'U', "rle", Unsupported("run-length encoding")),
    (b'z', "zlib", Unsupported("zlib streams")),
    (0, "no-time", NoTime),
    (0, "time", Time),
];
