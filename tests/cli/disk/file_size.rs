//! `ulimit -f`: a file that exceeds the limit says nothing about the next file.

use crate::harness::{BLOCK, Sandbox, log, noise};

use super::{SCHEDULERS, VARIANTS};

#[test]
fn the_file_size_limit_affects_only_the_files_above_it() {
    require!("bash");
    for scheduler in SCHEDULERS {
        for variant in VARIANTS {
            for jobs in ["-j1", "-j4"] {
                let t = Sandbox::new();
                let mut names = Vec::new();
                for i in 0..12 {
                    let size = if i % 3 == 1 { 1_100_000 } else { 4000 };
                    t.write(format!("f{i}"), noise(size, i));
                    names.push(format!("f{i}"));
                }
                let ran =
                    t.shell(&format!("ulimit -f 1000; gzcc {jobs} {scheduler} {variant} {}", names.join(" "))).run();
                let mut lines: Vec<String> = ran.stderr().lines().map(str::to_owned).collect();
                lines.sort();
                let large = [10, 1, 4, 7];
                ran.assert(ran.status.code() == Some(1), "status 1");
                ran.assert(lines == large.map(|i| format!("gzcc: f{i}: f{i}.gz: File too large")), "four fail");
                ran.assert(ran.stdout == b"Compressed 8 files, 4 failed\n", "all others are done");
                for i in 0..12 {
                    let (name, output) = (format!("f{i}"), format!("f{i}.gz"));
                    let (is_large, removing) = (large.contains(&i), variant.contains("--rm"));
                    ran.assert(t.exists(&name) == (is_large || !removing), &format!("{name} as it should be"));
                    ran.assert(t.exists(&output) != is_large, &format!("{output} as it should be"));
                }
                let left = if variant.contains("--rm") { 12 } else { 12 + 8 };
                ran.assert(t.names().len() == left, "no litter");
            }
        }
    }
}

#[test]
fn the_file_size_limit_affects_only_the_files_that_expand_above_it() {
    require!("bash");
    for scheduler in SCHEDULERS {
        let t = Sandbox::new();
        t.write("large", log(3 * BLOCK));
        t.write("small", log(5000));
        t.gzcc(["-q", "--rm", "large", "small"]).succeeds();
        t.shell(&format!("ulimit -f 1000; gzcc -dq --rm -j2 {scheduler} large.gz small.gz"))
            .says(1, &["gzcc: large.gz: large: File too large"]);
        assert_eq!(t.names(), ["large.gz", "small"]);
    }
}
