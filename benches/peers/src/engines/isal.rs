//! ISA-L, called directly: each block becomes a stream in a buffer that is allocated once.
//!
//! Declares only the part of igzip_lib.h (2.30 and 2.31) that is used here.

use std::ffi::{c_int, c_void};
use std::ptr;

use anyhow::{Result, ensure};

use super::{Compressor, StreamLayout};

/// `struct isal_zstream`.
#[repr(C, align(64))]
struct Stream {
    next_in: *const u8,
    avail_in: u32,
    total_in: u32,
    next_out: *mut u8,
    avail_out: u32,
    total_out: u32,
    hufftables: *mut c_void,
    level: u32,
    level_buf_size: u32,
    level_buf: *mut u8,
    end_of_stream: u16,
    flush: u16,
    gzip_flag: u16,
    hist_bits: u16,
    internal_state: [u8; INTERNAL],
}

/// An upper bound of the size of `struct isal_zstate`, which takes 82,320 bytes: two windows, a lookahead, 8 Ki hashes of
/// 2 bytes, and less than 128 bytes more.
const INTERNAL: usize = 96 << 10;

// `internal_state` is the last field, after 64 bytes of public fields.
const _: () = assert!(std::mem::offset_of!(Stream, internal_state) == 64);

const COMP_OK: c_int = 0;
const NO_FLUSH: u16 = 0;

/// `ISAL_DEF_LVLn_DEFAULT`: the size of the level's tables plus 64 Ki tokens of 4 bytes.
const LEVEL_BUFFER: [usize; 4] = {
    const K: usize = 1024;
    [0, 4 * K + 2 * 8 * K + 4 * 64 * K, 4 * K + 2 * 32 * K + 4 * 64 * K, 4 * K + 16 * K + 2 * 32 * K + 4 * 64 * K]
};

unsafe extern "C" {
    fn isal_deflate_stateless_init(stream: *mut Stream);
    fn isal_deflate_stateless(stream: *mut Stream) -> c_int;
}

/// A stream at a level.
pub(super) struct Isal {
    stream: Box<Stream>,
    level: u8,
    /// u128 has the alignment of malloc, which ISA-L's own program uses for this buffer.
    level_buffer: Vec<u128>,
    block: usize,
    out: Vec<u8>,
}

impl Isal {
    pub(super) fn new(level: u8, block: usize) -> Result<Self> {
        let size =
            *LEVEL_BUFFER.get(usize::from(level)).ok_or_else(|| anyhow::anyhow!("ISA-L has no level {level}"))?;
        let stream = Box::new(Stream {
            next_in: ptr::null(),
            avail_in: 0,
            total_in: 0,
            next_out: ptr::null_mut(),
            avail_out: 0,
            total_out: 0,
            hufftables: ptr::null_mut(),
            level: 0,
            level_buf_size: 0,
            level_buf: ptr::null_mut(),
            end_of_stream: 0,
            flush: NO_FLUSH,
            gzip_flag: 0,
            hist_bits: 0,
            internal_state: [0; INTERNAL],
        });
        // ISA-L stores incompressible data: 5 bytes for each 65,535 bytes, and at least 5.
        let bound = block + 5 * (block / 65_535 + 1);
        Ok(Self { stream, level, level_buffer: vec![0; size.div_ceil(size_of::<u128>())], block, out: vec![0; bound] })
    }

    /// Compresses a block into `out`; returns the compressed size.
    fn compress_block(&mut self, input: &[u8]) -> Result<usize> {
        let stream = &mut *self.stream;
        // SAFETY: `stream` has the layout of ISA-L's structure, and is at least as large.
        unsafe { isal_deflate_stateless_init(stream) };
        stream.level = self.level.into();
        stream.level_buf = self.level_buffer.as_mut_ptr().cast();
        stream.level_buf_size = LEVEL_BUFFER[usize::from(self.level)] as u32;
        stream.end_of_stream = 1;
        stream.flush = NO_FLUSH;
        stream.next_in = input.as_ptr();
        stream.avail_in = input.len().try_into()?;
        stream.next_out = self.out.as_mut_ptr();
        stream.avail_out = self.out.len().try_into()?;
        // SAFETY: All three pointers are passed with the length of their buffers and outlive the call. The level's buffer has
        // the required size, and isal_deflate_stateless_init set the other fields.
        let result = unsafe { isal_deflate_stateless(stream) };
        ensure!(result == COMP_OK, "ISA-L failed with {result}");
        ensure!(stream.avail_in == 0, "ISA-L did not read {} bytes of a block", stream.avail_in);
        Ok(self.out.len() - stream.avail_out as usize)
    }
}

impl Compressor for Isal {
    fn compress(&mut self, file: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        for input in file.chunks(self.block) {
            let size = self.compress_block(input)?;
            sink(&self.out[..size]);
        }
        Ok(())
    }

    fn layout(&self) -> StreamLayout {
        StreamLayout::StreamPerBlock(self.block)
    }
}
