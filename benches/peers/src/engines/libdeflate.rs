//! libdeflate, called directly: each block becomes a stream in a buffer that is allocated once.

use std::ptr::NonNull;

use anyhow::{Context, Result, ensure};
use libdeflate_sys::{
    libdeflate_alloc_compressor, libdeflate_compressor, libdeflate_deflate_compress, libdeflate_deflate_compress_bound,
    libdeflate_free_compressor,
};

use super::{Compressor, StreamLayout};

/// A compressor at a level. Owns libdeflate's allocation.
pub(super) struct Libdeflate {
    compressor: NonNull<libdeflate_compressor>,
    block: usize,
    out: Vec<u8>,
}

impl Libdeflate {
    pub(super) fn new(level: u8, block: usize) -> Result<Self> {
        // SAFETY: The function takes any number, and returns null for an invalid level.
        let compressor = unsafe { libdeflate_alloc_compressor(level.into()) };
        let compressor = NonNull::new(compressor).context("libdeflate created no compressor")?;
        // SAFETY: libdeflate just created the compressor.
        let bound = unsafe { libdeflate_deflate_compress_bound(compressor.as_ptr(), block) };
        Ok(Self { compressor, block, out: vec![0; bound] })
    }
}

impl Drop for Libdeflate {
    fn drop(&mut self) {
        // SAFETY: libdeflate created the compressor, and `self` is its only owner.
        unsafe { libdeflate_free_compressor(self.compressor.as_ptr()) }
    }
}

impl Compressor for Libdeflate {
    fn compress(&mut self, file: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        for input in file.chunks(self.block) {
            // SAFETY: `self` is the only owner of the compressor; both pointers are passed with the length of their buffers.
            let size = unsafe {
                libdeflate_deflate_compress(
                    self.compressor.as_ptr(),
                    input.as_ptr().cast(),
                    input.len(),
                    self.out.as_mut_ptr().cast(),
                    self.out.len(),
                )
            };
            ensure!(size > 0, "the output does not fit libdeflate's own bound");
            sink(&self.out[..size]);
        }
        Ok(())
    }

    fn layout(&self) -> StreamLayout {
        StreamLayout::StreamPerBlock(self.block)
    }
}
