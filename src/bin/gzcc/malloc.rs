//! One setting of glibc's allocator.
//!
//! It reserves 64 MiB of addresses for each thread that allocates. Where addresses are limited (`ulimit -v`), ten threads
//! use up what a hundred workers could work in. With one arena for all threads a worker reserves what it uses.
//!
//! The environment variable for this (`MALLOC_ARENA_MAX`) is read before `main`, so only a call is left. It needs `unsafe`
//! because it is foreign.
#![allow(unsafe_code)]

#[cfg(target_env = "gnu")]
mod glibc {
    use std::ffi::c_int;

    /// From malloc.h.
    const M_ARENA_MAX: c_int = -8;

    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }

    /// Makes all threads allocate from one arena.
    pub fn use_one_arena() {
        // SAFETY: mallopt(3) has this signature and takes no pointers. It must not race with other calls of itself, and
        // `main` calls this once, before it starts a thread. A refusal (0) changes nothing.
        unsafe {
            mallopt(M_ARENA_MAX, 1);
        }
    }
}

#[cfg(target_env = "gnu")]
pub use glibc::use_one_arena;

/// Other allocators reserve nothing for a thread.
#[cfg(not(target_env = "gnu"))]
pub fn use_one_arena() {}
