//! Small files that expand a thousandfold.

use std::io::Read;
use std::process::Stdio;

use super::cases::{BGZF_END, Fields, bgzf_block, member};
use crate::harness::{Sandbox, spawn};
use crate::resources::peak;

/// Decompressed size of a bomb: five times the memory that the run may use.
const BOMB: usize = 128 << 20;

/// Files of a few hundred kilobytes that expand to `BOMB` bytes: one member, many members, and BGZF.
fn bombs(t: &Sandbox) -> [&'static str; 3] {
    let zeros = vec![0; 16 << 20];
    t.write("many.gz", member(&zeros, &Fields::default()).repeat(BOMB >> 24));
    t.shell(&format!("head -c {BOMB} /dev/zero | gzcc -1 > one.gz")).succeeds();
    t.write("bgzf.gz", [bgzf_block(&zeros[..65_280]).repeat(BOMB / 65_280 + 1), BGZF_END.to_vec()].concat());
    ["many.gz", "one.gz", "bgzf.gz"]
}

#[test]
fn a_bomb_stops_at_the_size_limit_and_never_uses_memory() {
    require!("bash");
    let t = Sandbox::new();
    for bomb in bombs(&t) {
        for setting in ["-j1", "-j4"] {
            let line = format!("gzcc: {bomb}: expands to more than 10485760 bytes (--max-size)");
            t.gzcc(["-d", "--max-size", "10M", setting, bomb]).says(1, &[&line]);
            assert!(!t.exists(bomb.trim_end_matches(".gz")), "{bomb}: nothing is left of it");
            t.gzcc(["-t", "--max-size=10M", setting, bomb]).says(1, &[&line]);
            let piped = t.gzcc(["-dc", "--max-size=10M", setting, bomb]).says(1, &[&line]);
            assert!(piped.len() <= 10 << 20, "{bomb} {setting}: {} bytes come out", piped.len());
        }
        for setting in [["-j1", "--scheduler=threads"], ["-j4", "--scheduler=threads"], ["-j4", "--scheduler=rayon"]] {
            let used = memory_of(&t, &["-dc", setting[0], setting[1], bomb]);
            assert!(used < 24 << 20, "{bomb} {setting:?}: {} KiB", used >> 10);
        }
    }
}

/// Peak resident memory in bytes of a run that writes a bomb's content, measured shortly before its end.
fn memory_of(t: &Sandbox, words: &[&str]) -> usize {
    let mut command = t.gzcc(words).into_command();
    let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()));
    let mut stdout = child.stdout.take().unwrap();
    let mut buffer = vec![0; 1 << 20];
    for _ in 1..BOMB >> 20 {
        stdout.read_exact(&mut buffer).unwrap();
    }
    let used = peak(child.id());
    assert!(buffer.iter().all(|&byte| byte == 0));
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    used
}
