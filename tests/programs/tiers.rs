//! The two tiers of tests. `cargo test` runs the default tier, which has a representative part of each exhaustive test.
//! `GZCC_TESTS=full` in the environment selects the long tier, which has all of it.

/// Whether this is the long tier.
pub fn full() -> bool {
    std::env::var_os("GZCC_TESTS").is_some_and(|tests| tests == "full")
}

/// All of `items` in the long tier; in the default tier every `step`th of them, beginning with the first.
pub fn sample<T>(step: usize, items: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    items.into_iter().step_by(if full() { 1 } else { step })
}

/// The number of repetitions: `long` in the long tier, `short` in the default tier.
pub fn repetitions(short: usize, long: usize) -> usize {
    if full() { long } else { short }
}
