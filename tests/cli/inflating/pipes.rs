//! Standard input that is decompressed by several workers: a pipe, or a file that was read in part.

use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::process::Stdio;

use super::hostile_members::{content, damaged, plain};
use super::{JOBS, SCHEDULERS};
use crate::harness::{Sandbox, log};
use crate::traced::wait_until;

#[test]
fn a_file_on_standard_input_is_read_from_its_position_and_left_at_its_end() {
    require!("bash");
    let t = Sandbox::new();
    let content = content(4_000_000);
    t.write("file", [&[0; 100][..], &plain(&content, 6)].concat());
    for (scheduler, jobs) in SCHEDULERS.into_iter().flat_map(|scheduler| JOBS.map(|jobs| (scheduler, jobs))) {
        let script =
            format!("{{ dd bs=100 count=1 status=none > rest; gzcc -dc {scheduler} {jobs}; cat > rest; }} < file");
        assert!(t.shell(&script).succeeds() == content, "{scheduler} {jobs}");
        assert!(t.read("rest").is_empty(), "{scheduler} {jobs}");
    }
}

#[test]
fn a_damaged_file_on_standard_input_has_the_message_and_the_content_of_a_pipe() {
    require!("bash");
    let t = Sandbox::new();
    let file = plain(&content(3_000_000), 6);
    for seed in 0..6 {
        let damaged = t.write("file", damaged(&file, seed));
        let pipe = t.gzcc(["-dc", "-j1"]).stdin(&damaged).run();
        for jobs in JOBS {
            let ran = t.shell(&format!("gzcc -dc {jobs} < file")).run();
            let is_same =
                (ran.status.code(), ran.stderr(), &ran.stdout) == (pipe.status.code(), pipe.stderr(), &pipe.stdout);
            ran.assert(is_same, &format!("the same as from a pipe: {seed} {jobs}, {}", pipe.stderr()));
        }
    }
}

#[test]
fn a_pipe_that_delivers_nothing_does_not_keep_the_other_worker_from_files() {
    for scheduler in SCHEDULERS {
        let t = Sandbox::new();
        let (first, second) = (log(30_000), content(2_000_000));
        t.write("second.gz", plain(&second, 6));
        let gz = plain(&first, 6);
        let (start, rest) = gz.split_at(gz.len() / 2);
        let (reader, mut writer): (PipeReader, PipeWriter) = pipe().unwrap();
        writer.write_all(start).unwrap();
        let ran = t.gzcc(["-d", "-j2", scheduler, "-", "second.gz"]).run_while(Stdio::from(reader), |_| {
            wait_until(|| t.exists("second"));
            writer.write_all(rest).unwrap();
            drop(writer);
        });
        ran.assert(ran.status.success() && ran.stdout == first, scheduler);
        assert!(t.read("second") == second);
    }
}
