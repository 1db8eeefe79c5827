//! One setting of glibc's allocator.
//!
//! glibc reserves 64 MiB of address space for each thread that allocates. Under `ulimit -v`, ten threads then reserve the
//! addresses of a hundred workers. With one arena for all threads, a worker reserves only what it uses.
//!
//! glibc reads the environment variable for this (`MALLOC_ARENA_MAX`) before `main`, so a call is necessary. The foreign function
//! needs `unsafe`.
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
    pub(crate) fn use_one_arena() {
        // SAFETY: mallopt(3) has this signature and takes no pointers. It must not race with other calls of itself, and
        // `main` calls this once, before it starts a thread. A refusal (0) changes nothing.
        unsafe {
            mallopt(M_ARENA_MAX, 1);
        }
    }
}

#[cfg(target_env = "gnu")]
pub(crate) use glibc::use_one_arena;

/// Other allocators reserve no addresses per thread.
#[cfg(not(target_env = "gnu"))]
pub fn use_one_arena() {}
