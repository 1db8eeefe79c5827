//! The decoders under comparison. Each is created once for a file, and keeps its buffers.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

use anyhow::{Context, Result, bail, ensure};
use flate2::{Decompress, FlushDecompress, Status};
use gzcc::decoder_parts::{DecodeStatus, DeflateDecoder};
use libdeflate_sys::{
    libdeflate_alloc_decompressor, libdeflate_decompressor, libdeflate_deflate_decompress, libdeflate_free_decompressor,
};

/// The decoders, in the order of the columns.
#[cfg(feature = "isal")]
pub const NAMES: [&str; 4] = ["native", "flate2", "libdeflate", "isal"];
#[cfg(not(feature = "isal"))]
pub const NAMES: [&str; 3] = ["native", "flate2", "libdeflate"];

/// Bytes that a decoder writes at a time.
const PIECE: usize = 512 << 10;

/// Bytes of history that matches refer to.
const WINDOW: usize = 32 << 10;

/// All decoders, for one file.
pub struct Decoders {
    pub content_length: usize,
    native: DeflateDecoder,
    libdeflate: Libdeflate,
    #[cfg(feature = "isal")]
    isal: isal::Inflate,
    /// Space for a piece and the history before it.
    piece: Vec<u8>,
    /// Space for all content.
    content: Vec<u8>,
}

impl Decoders {
    pub fn new(data: &[u8]) -> Result<Self> {
        let mut decoders = Self {
            content_length: 0,
            native: DeflateDecoder::new(),
            libdeflate: Libdeflate::new()?,
            #[cfg(feature = "isal")]
            isal: isal::Inflate::new(),
            piece: vec![0; WINDOW + PIECE],
            content: Vec::new(),
        };
        decoders.content_length = flate2(data, &mut decoders.piece[WINDOW..])?;
        decoders.content = vec![0; decoders.content_length];
        Ok(decoders)
    }

    /// Decodes with the decoder of this index in [`NAMES`]; returns the length of the content.
    pub fn decode(&mut self, index: usize, data: &[u8]) -> Result<usize> {
        match NAMES[index] {
            "native" => native(&mut self.native, data, &mut self.piece),
            "flate2" => flate2(data, &mut self.piece[WINDOW..]),
            "libdeflate" => self.libdeflate.decode(data, &mut self.content),
            #[cfg(feature = "isal")]
            _ => self.isal.decode(data, &mut self.piece[WINDOW..], self.content_length),
            #[cfg(not(feature = "isal"))]
            _ => bail!("no such decoder"),
        }
    }
}

fn native(decoder: &mut DeflateDecoder, data: &[u8], piece: &mut [u8]) -> Result<usize> {
    decoder.restart();
    let (mut consumed, mut at, mut length) = (0, 0, 0);
    loop {
        let decoded = decoder.decode(&data[consumed..], piece, at)?;
        consumed += decoded.consumed;
        at += decoded.produced;
        length += decoded.produced;
        match decoded.status {
            DecodeStatus::StreamEnd => return Ok(length),
            DecodeStatus::BlockEnd => {}
            DecodeStatus::OutputFull => {
                piece.copy_within(at - WINDOW.., 0);
                at = WINDOW;
            }
            DecodeStatus::NeedsInput => bail!("truncated data"),
        }
    }
}

fn flate2(data: &[u8], piece: &mut [u8]) -> Result<usize> {
    let mut decoder = Decompress::new(false);
    loop {
        let before = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress(&data[before.0 as usize..], piece, FlushDecompress::None)?;
        if status == Status::StreamEnd {
            return Ok(decoder.total_out() as usize);
        }
        ensure!((decoder.total_in(), decoder.total_out()) != before, "truncated data");
    }
}

/// libdeflate's decoder. Owns libdeflate's allocation.
struct Libdeflate(NonNull<libdeflate_decompressor>);

impl Libdeflate {
    fn new() -> Result<Self> {
        // SAFETY: The function has no precondition, and returns null if there is not enough memory.
        let decoder = unsafe { libdeflate_alloc_decompressor() };
        Ok(Self(NonNull::new(decoder).context("libdeflate created no decoder")?))
    }

    fn decode(&mut self, data: &[u8], content: &mut [u8]) -> Result<usize> {
        let mut length = 0;
        // SAFETY: `self` is the only owner of the decoder; both pointers are passed with the length of their buffers.
        let result = unsafe {
            libdeflate_deflate_decompress(
                self.0.as_ptr(),
                data.as_ptr().cast::<c_void>(),
                data.len(),
                content.as_mut_ptr().cast::<c_void>(),
                content.len(),
                &raw mut length,
            )
        };
        ensure!(result as c_int == 0, "libdeflate failed with {result:?}");
        Ok(length)
    }
}

impl Drop for Libdeflate {
    fn drop(&mut self) {
        // SAFETY: libdeflate created the decoder, and `self` is its only owner.
        unsafe { libdeflate_free_decompressor(self.0.as_ptr()) }
    }
}

/// ISA-L's decoder. Declares only the part of igzip_lib.h (2.30 and 2.31) that is used here.
#[cfg(feature = "isal")]
mod isal {
    use std::ffi::c_int;
    use std::ptr;

    use anyhow::{Result, ensure};

    /// `struct inflate_state`.
    #[repr(C, align(64))]
    struct State {
        next_out: *mut u8,
        avail_out: u32,
        total_out: u32,
        next_in: *const u8,
        read_in: u64,
        avail_in: u32,
        read_in_length: i32,
        internal_state: [u8; INTERNAL],
    }

    /// An upper bound of the size of the other fields: an output buffer of 65,824 bytes, and tables of 22 KiB.
    const INTERNAL: usize = 192 << 10;

    unsafe extern "C" {
        fn isal_inflate_init(state: *mut State);
        fn isal_inflate(state: *mut State) -> c_int;
    }

    pub(super) struct Inflate(Box<State>);

    impl Inflate {
        pub(super) fn new() -> Self {
            Self(Box::new(State {
                next_out: ptr::null_mut(),
                avail_out: 0,
                total_out: 0,
                next_in: ptr::null(),
                read_in: 0,
                avail_in: 0,
                read_in_length: 0,
                internal_state: [0; INTERNAL],
            }))
        }

        /// Decodes a stream whose content has `length` bytes.
        pub(super) fn decode(&mut self, data: &[u8], piece: &mut [u8], length: usize) -> Result<usize> {
            let state = &mut *self.0;
            // SAFETY: `state` has the layout of ISA-L's structure, and is at least as large.
            unsafe { isal_inflate_init(state) };
            state.next_in = data.as_ptr();
            state.avail_in = data.len().try_into()?;
            let mut written = 0;
            while written < length {
                state.next_out = piece.as_mut_ptr();
                state.avail_out = piece.len().try_into()?;
                // SAFETY: Both pointers are passed with the length of their buffers and outlive the call, and
                // isal_inflate_init set the other fields.
                let result = unsafe { isal_inflate(state) };
                ensure!(result == 0, "ISA-L failed with {result}");
                let count = piece.len() - state.avail_out as usize;
                ensure!(count > 0, "ISA-L wrote nothing");
                written += count;
            }
            Ok(written)
        }
    }
}
