//! File formats, as pure functions on bytes: gzip headers and trailers (RFC 1952), the headers of BGZF blocks, and the alphabets of
//! DEFLATE (RFC 1951).

#![allow(unreachable_pub, reason = "`fuzzing` exports these types, if it is built")]

pub(crate) mod alphabets;
pub(crate) mod bgzf;
pub(crate) mod gzip;
