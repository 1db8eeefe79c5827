//! libdeflate, called directly: a block in, a stream out, into memory that is there already.

use std::ptr::NonNull;

use anyhow::{Context, Result, ensure};
use libdeflate_sys::{
    libdeflate_alloc_compressor, libdeflate_compressor, libdeflate_deflate_compress, libdeflate_deflate_compress_bound,
    libdeflate_free_compressor,
};

use super::{Contender, Pieces};

/// A compressor at a level. Owns what libdeflate allocated for it.
pub(super) struct Libdeflate {
    compressor: NonNull<libdeflate_compressor>,
    block: usize,
    out: Vec<u8>,
}

impl Libdeflate {
    pub(super) fn new(level: u8, block: usize) -> Result<Self> {
        // SAFETY: Takes a number, and returns null for one that is no level.
        let compressor = unsafe { libdeflate_alloc_compressor(level.into()) };
        let compressor = NonNull::new(compressor).context("libdeflate makes no compressor")?;
        // SAFETY: The compressor was just made by libdeflate.
        let bound = unsafe { libdeflate_deflate_compress_bound(compressor.as_ptr(), block) };
        Ok(Self { compressor, block, out: vec![0; bound] })
    }
}

impl Drop for Libdeflate {
    fn drop(&mut self) {
        // SAFETY: libdeflate made it, and nobody else has it.
        unsafe { libdeflate_free_compressor(self.compressor.as_ptr()) }
    }
}

impl Contender for Libdeflate {
    fn compress(&mut self, file: &[u8], piece: &mut dyn FnMut(&[u8])) -> Result<()> {
        for input in file.chunks(self.block) {
            // SAFETY: The compressor is this one's alone; both pointers come with the length of what they point to.
            let size = unsafe {
                libdeflate_deflate_compress(
                    self.compressor.as_ptr(),
                    input.as_ptr().cast(),
                    input.len(),
                    self.out.as_mut_ptr().cast(),
                    self.out.len(),
                )
            };
            ensure!(size > 0, "libdeflate found its own bound too small");
            piece(&self.out[..size]);
        }
        Ok(())
    }

    fn pieces(&self) -> Pieces {
        Pieces::Alone(self.block)
    }
}
