//! File formats as pure functions on bytes: the gzip header and trailer (RFC 1952) and BGZF's extra field.

pub(crate) mod gzip;
