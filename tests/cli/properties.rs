//! Properties for random content and settings: the output bytes are the same, and decompression restores the content.

use std::ffi::OsString;

use proptest::prelude::*;

use gzcc::compress;
use gzcc::settings::{Destination, Engine, OverwritePolicy, Scheduler, Settings};

use crate::harness::{BLOCK, Sandbox, assert_member, log, noise, repetitions};

/// Contents of the kinds and sizes that reach different paths in the encoders and at block edges.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let size = prop_oneof![
        3 => 0..100usize,
        3 => 0..200_000usize,
        2 => (1..4usize, -2..=2isize).prop_map(|(n, off)| (n * BLOCK).saturating_add_signed(off)),
        1 => 0..3 * BLOCK,
    ];
    (size, 0..4u8, any::<u64>()).prop_map(|(size, kind, seed)| match kind {
        0 => noise(size, seed),
        1 => log(size),
        2 => vec![seed as u8; size],
        _ => noise(size, seed).into_iter().map(|b| b % 5).collect(),
    })
}

fn engine_and_level() -> impl Strategy<Value = (Engine, u8)> {
    prop::sample::select(&Engine::ALL).prop_flat_map(|engine| (Just(engine), 0..=engine.max_level()))
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: repetitions(6, 25) as u32, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_batch_round_trips_and_its_bytes_do_not_depend_on_workers_or_scheduler(
        contents in prop::collection::vec(content(), 1..6),
        (engine, level) in engine_and_level(),
    ) {
        let t = Sandbox::new();
        let mut inputs = Vec::new();
        for (i, content) in contents.iter().enumerate() {
            t.write(format!("f{i}"), content);
            inputs.push(t.path(format!("f{i}")).into_os_string());
        }
        let settings = |jobs: usize, scheduler, destination| Settings {
            inputs: inputs.clone(),
            engine,
            level,
            jobs: jobs.try_into().unwrap(),
            scheduler,
            destination,
            overwrite: OverwritePolicy::Replace,
            ..Settings::default()
        };
        let mut reference: Option<Vec<Vec<u8>>> = None;
        for scheduler in [Scheduler::Threads, Scheduler::Rayon] {
            for jobs in [1, 2, 4] {
                let tally = compress(&settings(jobs, scheduler, Destination::Beside), &()).unwrap();
                prop_assert_eq!((tally.done, tally.is_clean()), (contents.len() as u64, true));
                let made: Vec<Vec<u8>> = (0..contents.len()).map(|i| t.read(format!("f{i}.gz"))).collect();
                let same = reference.get_or_insert_with(|| made.clone()) == &made;
                prop_assert!(same, "{scheduler:?} -j{jobs}");
                let joined = t.path("joined");
                compress(&settings(jobs, scheduler, Destination::File(joined)), &()).unwrap();
                // The members of the shared output are those of the single files.
                prop_assert!(t.read("joined") == made.concat(), "{scheduler:?} -j{jobs}, joined");
            }
        }
        for (made, content) in reference.unwrap().iter().zip(&contents) {
            assert_member(made, content);
        }
    }
}

/// P11, for different names of the same files.
#[test]
fn no_two_inputs_of_a_run_write_the_same_output() {
    let t = Sandbox::new();
    t.write("d/a", "1");
    t.write("d/b", "2");
    std::os::unix::fs::symlink("d", t.path("link")).unwrap();
    let names = ["d/a", "d//a", "./d/a", "d/./a", "link/a", "d/b", "link/../d/b"];
    let inputs: Vec<OsString> = names.iter().map(|name| t.path(name).into_os_string()).collect();
    for scheduler in [Scheduler::Threads, Scheduler::Rayon] {
        let settings =
            Settings { inputs: inputs.clone(), scheduler, overwrite: OverwritePolicy::Replace, ..Settings::default() };
        let tally = compress(&settings, &()).unwrap();
        assert_eq!((tally.done, tally.failed), (2, 5));
    }
}
