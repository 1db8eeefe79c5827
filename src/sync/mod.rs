//! Taking a lock, and the places where one worker may overtake another.
//!
//! In this crate's own tests workers are held up there, each time for another while, so that they meet in orders in
//! which they seldom meet otherwise. In a program nothing happens.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes `mutex`, also after a panic: what is behind the locks of this crate is whole at any time.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    others_first();
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Here work changes hands without a lock: somebody else may come first.
#[inline(always)]
pub fn others_first() {
    #[cfg(test)]
    held_up::a_while();
}

#[cfg(test)]
pub mod held_up {
    //! Who is held up where: by chance, from a seed.

    use std::cell::Cell;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    /// One in so many places, and for so many microseconds at most: a crowd that jostles, one in which somebody stumbles
    /// now and then, and one in which somebody falls asleep.
    const MANNERS: [(u64, u64); 3] = [(2, 20), (8, 150), (48, 2000)];

    /// Of the run under way; 0 where nobody is held up.
    static SEED: AtomicU64 = AtomicU64::new(0);
    /// Gives each thread numbers of its own.
    static THREADS: AtomicU64 = AtomicU64::new(0);
    /// Times somebody was held up.
    static TIMES: AtomicU64 = AtomicU64::new(0);

    thread_local! {
        /// The seed that the numbers come from, and the last of them.
        static RANDOM: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    }

    /// Holds up whoever comes by from now on.
    pub fn from_seed(seed: u64) {
        THREADS.store(0, Ordering::Relaxed);
        SEED.store(seed, Ordering::Relaxed);
    }

    /// How often that has happened.
    pub fn times() -> u64 {
        TIMES.load(Ordering::Relaxed)
    }

    pub(super) fn a_while() {
        let seed = SEED.load(Ordering::Relaxed);
        if seed == 0 {
            return;
        }
        let (seed_before, mut random) = RANDOM.get();
        if seed_before != seed {
            random = mixed(seed ^ THREADS.fetch_add(1, Ordering::Relaxed) << 32) | 1;
        }
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        RANDOM.set((seed, random));
        let (one_in, most) = MANNERS[(seed % 3) as usize];
        if !(random >> 20).is_multiple_of(one_in) {
            return;
        }
        TIMES.fetch_add(1, Ordering::Relaxed);
        match random >> 40 & 3 {
            0 => thread::yield_now(),
            _ => thread::sleep(Duration::from_micros((random >> 43) % most)),
        }
    }

    /// A number that looks nothing like its neighbours' (the finalizer of splitmix64).
    pub fn mixed(number: u64) -> u64 {
        let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
