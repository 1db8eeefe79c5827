//! ISA-L, called directly: a block in, a stream out, into memory that is there already, without a copy.
//!
//! The declarations are those of igzip_lib.h 2.30 and 2.31, as far as anything here touches them.

use std::ffi::{c_int, c_void};
use std::ptr;

use anyhow::{Result, ensure};

use super::{Contender, Pieces};

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

/// Room for `struct isal_zstate`, which takes 82,320 bytes: two windows, a look-ahead, 8 Ki hashes of 2 bytes, and less
/// than 128 bytes more. More than it takes does no harm.
const INTERNAL: usize = 96 << 10;

// `internal_state` comes last, and the public fields before it take 64 bytes.
const _: () = assert!(std::mem::offset_of!(Stream, internal_state) == 64);

const COMP_OK: c_int = 0;
const NO_FLUSH: u16 = 0;

/// `ISAL_DEF_LVLn_DEFAULT`: what the level needs, and room for 64 Ki tokens of 4 bytes.
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
    /// In units as aligned as what malloc returns, as ISA-L's own program uses that.
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
        // ISA-L stores what would grow: 5 bytes for each 65,535, and at least once.
        let bound = block + 5 * (block / 65_535 + 1);
        Ok(Self { stream, level, level_buffer: vec![0; size.div_ceil(size_of::<u128>())], block, out: vec![0; bound] })
    }

    /// Compresses a block, and returns the size of what is in `out` then.
    fn block(&mut self, input: &[u8]) -> Result<usize> {
        let stream = &mut *self.stream;
        // SAFETY: `stream` has the layout of ISA-L's, and more room.
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
        // SAFETY: All three pointers come with the length of what they point to, and live as long as the call; the
        // level's buffer has the size that ISA-L asks for, and the rest was set by its own init.
        let result = unsafe { isal_deflate_stateless(stream) };
        ensure!(result == COMP_OK, "ISA-L failed with {result}");
        ensure!(stream.avail_in == 0, "ISA-L left {} bytes of a block", stream.avail_in);
        Ok(self.out.len() - stream.avail_out as usize)
    }
}

impl Contender for Isal {
    fn compress(&mut self, file: &[u8], piece: &mut dyn FnMut(&[u8])) -> Result<()> {
        for input in file.chunks(self.block) {
            let size = self.block(input)?;
            piece(&self.out[..size]);
        }
        Ok(())
    }

    fn pieces(&self) -> Pieces {
        Pieces::Alone(self.block)
    }
}
