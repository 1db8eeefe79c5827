//! File formats, as pure functions on bytes: gzip headers and trailers (RFC 1952), and the headers of BGZF blocks.

#![allow(unreachable_pub, reason = "`fuzzing` exports these types, if it is built")]

pub(crate) mod bgzf;
pub(crate) mod gzip;
