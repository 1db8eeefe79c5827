//! File formats, as pure functions on bytes: gzip headers and trailers (RFC 1952), and the headers of BGZF blocks.

pub(crate) mod bgzf;
pub(crate) mod gzip;
