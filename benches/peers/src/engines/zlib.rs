//! zlib, called directly, as gzip and most languages use it: each block becomes a stream in a buffer that is allocated once.

use std::mem::MaybeUninit;

use anyhow::{Result, ensure};
use libz_sys::{
    Z_DEFAULT_STRATEGY, Z_DEFLATED, Z_FINISH, Z_OK, Z_STREAM_END, deflate, deflateBound, deflateEnd, deflateInit2_,
    deflateReset, z_stream, zlibVersion,
};

use super::{Compressor, StreamLayout};

/// Raw DEFLATE with a window of 32 KiB, and zlib's default memory.
const RAW_WINDOW_BITS: i32 = -15;
const MEMORY_LEVEL: i32 = 8;

/// A compressor at a level. Owns zlib's state, which points back to the stream.
pub(super) struct Zlib {
    stream: Box<z_stream>,
    block: usize,
    out: Vec<u8>,
}

impl Zlib {
    pub(super) fn new(level: u8, block: usize) -> Result<Self> {
        let mut stream = Box::new(MaybeUninit::<z_stream>::zeroed());
        let size = size_of::<z_stream>() as i32;
        // SAFETY: The stream is zeroed, as zlib requires for its default allocator, and has the size that is passed.
        let result = unsafe {
            let version = zlibVersion();
            let stream = stream.as_mut_ptr();
            let level = level.into();
            deflateInit2_(stream, level, Z_DEFLATED, RAW_WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY, version, size)
        };
        ensure!(result == Z_OK, "zlib created no compressor: {result}");
        // SAFETY: deflateInit2_ set the allocator, and all other fields are valid when zero.
        let mut stream = unsafe { Box::from_raw(Box::into_raw(stream).cast::<z_stream>()) };
        // SAFETY: The stream is initialized.
        let bound = unsafe { deflateBound(&mut *stream, block as _) };
        Ok(Self { stream, block, out: vec![0; bound as usize] })
    }
}

impl Drop for Zlib {
    fn drop(&mut self) {
        // SAFETY: The stream is initialized, and `self` is its only owner.
        unsafe { deflateEnd(&mut *self.stream) };
    }
}

impl Compressor for Zlib {
    fn compress(&mut self, file: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        for input in file.chunks(self.block) {
            let stream = &mut *self.stream;
            stream.next_in = input.as_ptr().cast_mut();
            stream.avail_in = input.len().try_into()?;
            stream.next_out = self.out.as_mut_ptr();
            stream.avail_out = self.out.len().try_into()?;
            // SAFETY: Both pointers are passed with the length of their buffers and outlive the calls; zlib does not write to
            // its input.
            let result = unsafe {
                deflateReset(stream);
                deflate(stream, Z_FINISH)
            };
            ensure!(result == Z_STREAM_END, "zlib failed with {result}");
            sink(&self.out[..self.out.len() - stream.avail_out as usize]);
        }
        Ok(())
    }

    fn layout(&self) -> StreamLayout {
        StreamLayout::StreamPerBlock(self.block)
    }
}
