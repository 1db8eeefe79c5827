//! File formats, as pure functions on bytes: gzip headers and trailers (RFC 1952), the headers of BGZF blocks, indexes, the alphabets of
//! DEFLATE (RFC 1951), and the other formats that gunzip reads.

#![allow(unreachable_pub, reason = "`fuzzing` exports these types, if it is built")]

pub(crate) mod alphabets;
pub(crate) mod bgzf;
pub(crate) mod crc32;
pub(crate) mod gzidx;
pub(crate) mod gzip;
pub(crate) mod legacy;
pub(crate) mod zip;
