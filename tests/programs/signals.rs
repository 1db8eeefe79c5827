//! Signal dispositions. A program inherits the signals that its parent ignores: under `nohup ... &` a test of SIGHUP or
//! SIGINT would wait forever for a program to die of it.

use std::fs;
use std::sync::{Arc, Once};

use signal_hook::consts::{
    SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGXCPU, SIGXFSZ,
};

/// What tests send, and what decides how a program ends. SIGPIPE is missing because std resets it for every program.
const RESET: [i32; 11] =
    [SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGXCPU, SIGXFSZ];

/// Replaces "ignore" by a handler that does nothing. To this process that is the same, and a program that is started
/// gets the default, because handlers end with exec.
pub fn stop_ignoring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ignored = ignored();
        for signal in RESET.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 1) {
            signal_hook::flag::register(signal, Arc::default()).expect("these signals may have handlers");
        }
    });
}

/// The signals that this process ignores, as a bit mask.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
