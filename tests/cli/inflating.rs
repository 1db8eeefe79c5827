//! Files that are hard to decompress in parallel: gzip's content and verdict, whatever the number of workers.

mod deflate_writer;
pub mod hostile_members;
mod memory;
mod pipes;

use self::deflate_writer::BlockType;
use self::hostile_members::{
    blocks, content, damaged, fake_headers, flushed, mixed_blocks, plain, random_members, stored,
};
use crate::harness::{Sandbox, full, log, noise, repetitions, sample};

const JOBS: [&str; 4] = ["-j1", "-j2", "-j3", "-j8"];

const SCHEDULERS: [&str; 2] = ["--scheduler=threads", "--scheduler=rayon"];

/// The settings that a mode is tried with: all schedulers and numbers of workers in the long tier. The default tier has smaller
/// files, so the chunks are shorter; it tries one, three and eight workers for the content of a file, and two for other modes.
fn settings(mode: &[&str]) -> Vec<Vec<&'static str>> {
    let [threads, rayon] = SCHEDULERS;
    match mode {
        _ if full() => SCHEDULERS.into_iter().flat_map(|scheduler| JOBS.map(|jobs| vec![scheduler, jobs])).collect(),
        ["-dc", "file.gz"] => vec![
            vec![threads, "-j1"],
            vec![threads, "-j3", "--chunk-length=30K"],
            vec![rayon, "-j8", "--chunk-length=100K"],
        ],
        _ => vec![vec![threads, "-j2", "--chunk-length=50K"]],
    }
}

/// The result of a run.
#[derive(PartialEq)]
struct RunResult {
    status: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

/// Asserts that `gz` has this content, in the way of [`assert_agrees_with_gzip`].
#[track_caller]
fn assert_decodes(what: &str, gz: &[u8], content: &[u8]) {
    let read = assert_agrees_with_gzip(what, gz);
    assert!(read == content, "{what}: {} bytes instead of {}", read.len(), content.len());
}

/// Asserts that -dc (of a file and a pipe), -t and -l show the same with every scheduler and number of workers, and that
/// status and content are those of `gzip -dc`. After damage, one of the two may write more of the content than the
/// other. Returns the content according to gzip.
#[track_caller]
fn assert_agrees_with_gzip(what: &str, gz: &[u8]) -> Vec<u8> {
    let t = Sandbox::new();
    t.write("file.gz", gz);
    let gnu = t.command("gzip", ["-dc", "file.gz"]).run();
    for mode in [&["-dc", "file.gz"][..], &["-dc"], &["-t", "file.gz"], &["-l", "file.gz"]] {
        let mut first: Option<RunResult> = None;
        for setting in settings(mode) {
            let ran = t.gzcc(mode.iter().copied().chain(setting.iter().copied())).stdin(gz).run();
            let case = format!("{what}, {} bytes, {setting:?}", gz.len());
            ran.assert(ran.status.code() == gnu.status.code(), &format!("{:?}: {case}", gnu.status));
            let result = RunResult { status: ran.status.code(), stderr: ran.stderr(), stdout: ran.stdout.clone() };
            match &first {
                None => first = Some(result),
                Some(first) => ran.assert(result == *first, &format!("the same as with one worker: {case}")),
            }
        }
        let content = first.unwrap().stdout;
        if mode[0] == "-dc" {
            let is_same = if gnu.status.code() == Some(1) {
                content.starts_with(&gnu.stdout) || gnu.stdout.starts_with(&content)
            } else {
                content == gnu.stdout
            };
            assert!(is_same, "{what}: {} bytes, and {} of gzip", content.len(), gnu.stdout.len());
        }
    }
    gnu.stdout
}

#[test]
fn headers_inside_of_stored_blocks_are_content() {
    require!("gzip");
    let fakes = fake_headers(1_500_000);
    assert_decodes("stored", &stored(&fakes), &fakes);
    // gzip itself stores them in part.
    let around = [content(500_000), fakes, content(500_000)].concat();
    assert_decodes("gzip", &plain(&around, 6), &around);
}

#[test]
fn a_member_that_expands_a_thousand_times_is_decoded() {
    require!("gzip");
    let zeros = vec![0; 12 << 20];
    assert_decodes("zeros", &plain(&zeros, 9), &zeros);
    let around = [content(2_000_000), zeros, content(1_000_000)].concat();
    assert_decodes("zeros inside", &plain(&around, 6), &around);
    let pattern = noise(300, 3).repeat(20_000);
    assert_decodes("a pattern", &plain(&pattern, 9), &pattern);
}

#[test]
fn thousands_of_tiny_blocks_are_decoded() {
    require!("gzip");
    let content = content(repetitions(100_000, 1_000_000));
    assert_decodes("flushed", &flushed(&content, 50), &content);
    assert_decodes("one byte each", &flushed(&content[..20_000], 1), &content[..20_000]);
    assert_decodes("dynamic codes", &blocks(&content, || (BlockType::Dynamic, 30)), &content);
    assert_decodes("all types", &mixed_blocks(&content, 20, 1), &content);
}

#[test]
fn blocks_of_all_types_are_decoded_in_any_order() {
    require!("gzip");
    let content = content(repetitions(800_000, 2_500_000));
    for (seed, largest) in [(1, 1000), (2, 100_000), (3, 1_000_000)] {
        assert_decodes(&format!("up to {largest} tokens"), &mixed_blocks(&content, largest, seed), &content);
    }
}

/// A block finder cannot find any of these blocks.
#[test]
fn fixed_blocks_alone_are_decoded() {
    require!("gzip");
    let content = content(repetitions(1_000_000, 2_000_000));
    assert_decodes("one", &blocks(&content, || (BlockType::Fixed, usize::MAX)), &content);
    assert_decodes("many", &blocks(&content, || (BlockType::Fixed, 5000)), &content);
}

#[test]
fn one_block_of_megabytes_is_decoded() {
    require!("gzip");
    let content = content(4_000_000);
    assert_decodes("one block", &blocks(&content, || (BlockType::Dynamic, usize::MAX)), &content);
    let mut counts = [1_000_000, usize::MAX].into_iter();
    let two = blocks(&content, || (BlockType::Dynamic, counts.next().unwrap()));
    assert_decodes("two blocks", &two, &content);
}

#[test]
fn members_of_all_sizes_are_decoded() {
    require!("gzip");
    let content = content(repetitions(1_000_000, 3_000_000));
    let empty = plain(b"", 6).repeat(5000);
    assert_decodes("empty", &empty, b"");
    assert_decodes("empty ones around a large one", &[&empty[..], &plain(&content, 6), &empty].concat(), &content);
    assert_decodes("tiny", &random_members(&content[..300_000], 100, 1), &content[..300_000]);
    assert_decodes("all sizes", &random_members(&content, 400_000, 2), &content);
    let trailing = [random_members(&content, 1_000_000, 3), noise(100_000, 1)].concat();
    assert_decodes("trailing garbage", &trailing, &content);
    assert_decodes("trailing zeros", &[plain(&content, 1), vec![0; 100_000]].concat(), &content);
}

#[test]
fn damage_has_the_same_verdict_for_any_number_of_workers() {
    require!("gzip");
    let content = content(2_500_000);
    let files = [
        plain(&content, 6),
        flushed(&content, 100_000),
        mixed_blocks(&content, 20_000, 9),
        random_members(&content, 700_000, 4),
    ];
    for (i, file) in files.iter().enumerate() {
        for seed in sample(4, 6 * i as u64..6 * (i as u64 + 1)) {
            let read = assert_agrees_with_gzip(&format!("damage {seed}"), &damaged(file, seed));
            assert!(read.len() > 1000, "the damage {seed} is at the start");
        }
    }
}

/// A match that reaches before the start of its member is damage, also where the data before it belongs to another member.
#[test]
fn a_member_does_not_refer_to_the_one_before() {
    require!("gzip");
    let text = log(1_500_000);
    // Without its first part, the stream refers to content that it does not have.
    let parts = flushed(&text, 200_000);
    let flush = parts.windows(4).position(|bytes| bytes == [0, 0, 0xff, 0xff]).unwrap() + 4;
    let headless = [&parts[..10], &parts[flush..]].concat();
    assert_agrees_with_gzip("first", &headless);
    let second = [&plain(&text, 6)[..], &headless].concat();
    assert_agrees_with_gzip("second", &second);
    // gzip notices it only at the end, because of the CRC.
    let ran = Sandbox::new().gzcc(["-dc"]).stdin(second).run();
    let is_at_once = ran.stdout.starts_with(&text) && ran.stdout.len() < text.len() + 1000;
    ran.assert(ran.stderr().contains(": damaged data at byte ") && is_at_once, "an early error");
}
