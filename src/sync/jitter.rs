//! Random delays at the [yield points](super::yield_point), for this crate's tests: workers meet in orders that are
//! rare without them. The delays come from a seed.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Jitter profiles: (one yield in N, longest delay in µs). Short delays at every other point, medium ones now and then,
/// and rare ones that are longer than most blocks take.
const PROFILES: [(u64, u64); 3] = [(2, 20), (8, 150), (48, 2000)];

/// The seed of the current run; 0 turns jitter off.
static SEED: AtomicU64 = AtomicU64::new(0);
/// Threads that have started a random sequence for this seed. Each gets a sequence of its own.
static THREADS: AtomicU64 = AtomicU64::new(0);
/// Delays since the process started.
static DELAYS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The seed of the thread's sequence, and the sequence's last number.
    static RANDOM: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Delays threads from now on, at random from `seed`; 0 ends that.
pub(crate) fn start(seed: u64) {
    THREADS.store(0, Ordering::Relaxed);
    SEED.store(seed, Ordering::Relaxed);
}

/// The number of delays since the process started.
pub(crate) fn delays() -> u64 {
    DELAYS.load(Ordering::Relaxed)
}

/// Delays the calling thread, at random.
pub(super) fn delay() {
    let seed = SEED.load(Ordering::Relaxed);
    if seed == 0 {
        return;
    }
    let (seed_before, mut random) = RANDOM.get();
    if seed_before != seed {
        random = splitmix64(seed ^ THREADS.fetch_add(1, Ordering::Relaxed) << 32) | 1;
    }
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    RANDOM.set((seed, random));
    let (one_in, longest) = PROFILES[(seed % 3) as usize];
    if !(random >> 20).is_multiple_of(one_in) {
        return;
    }
    DELAYS.fetch_add(1, Ordering::Relaxed);
    match random >> 40 & 3 {
        0 => thread::yield_now(),
        _ => thread::sleep(Duration::from_micros((random >> 43) % longest)),
    }
}

/// Maps consecutive numbers to unrelated ones (the output function of splitmix64).
pub(crate) fn splitmix64(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
