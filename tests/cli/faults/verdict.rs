//! The conditions that must hold after a run with a failed system call.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use flate2::read::MultiGzDecoder;

use super::injection::Fault;
use super::scenarios::{MODE, OLD, Pair, Prepared, Scenario, modified};
use crate::harness::{Finished, Sandbox};

/// Names in messages that are neither inputs nor directories.
const STREAMS: [&str; 2] = ["standard input", "standard output"];

/// Checks a run and returns the reason if a condition is violated. `hits` are the lines of the calls that failed.
pub fn of(prepared: &Prepared<'_>, fault: &Fault, hits: &[String], t: &Sandbox, ran: &Finished) -> Result<(), String> {
    let status = ran.status.code().filter(|status| (0..=2).contains(status)).ok_or("it ended by a signal")?;
    // With several workers, the fault may have hit a call on another file. In that case the only requirement is that
    // nothing is lost.
    let foreign = hits.iter().any(|hit| !hit.contains('@') && !hit.starts_with("clone"));
    // No file system fails to close a directory that was read; the standard library panics in that case.
    let foreign = foreign || hits.iter().any(|hit| hit.starts_with("close(")) && ran.stderr().contains("closedir");
    let reported = reported(prepared, fault, ran, foreign)?;
    require((status == 0) == reported.is_empty() || foreign, || {
        format!("exit status {status} with {reported:?} reported")
    })?;
    require(
        hits.len() >= reported.len()
            || is_full(fault)
            || prepared.scenario.has_directories()
            || prepared.scenario.joins()
            || foreign,
        || "more files than failed calls are reported".into(),
    )?;
    let lost = fault.error != "EINTR" && hits.iter().any(|hit| closes_an_output(prepared, hit));
    require(status == 1 || !lost, || "an error at close is lost".into())?;
    let again = fault.error != "EINTR" || reported.is_empty() || hits.iter().any(|hit| opens_a_walk(hit));
    require(again, || "an interrupted call is not made again".into())?;
    check_leftovers(prepared, hits, t)?;
    let judge = if prepared.scenario.joins() { check_joined } else { check_single };
    for pair in &prepared.pairs {
        let with_directory = reported.iter().any(|name| name != pair.input && covers(name, pair.input));
        let result = InputResult { status, reported: reported.contains(pair.input), with_directory, foreign, hits };
        judge(prepared, pair, &result, t).map_err(|why| format!("{}: {why}", pair.input))?;
    }
    Ok(())
}

/// The result of a run for one input.
struct InputResult<'a> {
    status: i32,
    reported: bool,
    /// A message names a directory above the input.
    with_directory: bool,
    foreign: bool,
    hits: &'a [String],
}

impl InputResult<'_> {
    fn hit(&self, calls: &[&str]) -> bool {
        self.hits.iter().any(|hit| calls.iter().any(|call| hit.starts_with(&format!("{call}("))))
    }
}

fn require(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

/// The names in the messages; each message must be one line with the system's reason.
fn reported(prepared: &Prepared<'_>, fault: &Fault, ran: &Finished, foreign: bool) -> Result<BTreeSet<String>, String> {
    let mut reported = BTreeSet::new();
    let stderr = ran.stderr();
    for line in stderr.lines() {
        let parts = line.strip_prefix("gzcc: ").and_then(|rest| rest.split_once(": "));
        let (name, reason) = parts.ok_or_else(|| format!("no message: {line}"))?;
        let ours = |pair: &Pair| [pair.input, pair.output].iter().any(|path| covers(name, path));
        require(foreign || STREAMS.contains(&name) || prepared.pairs.iter().any(ours), || format!("no name: {line}"))?;
        // Inputs that share a failed output are named too.
        let shares = prepared.scenario.joins() && stderr.contains(fault.message);
        // A directory that cannot be read is opened with O_PATH, and fchmod fails on such a descriptor.
        let entered = fault.error == "EACCES" && reason.ends_with("cannot set mode: Bad file descriptor");
        let passed = is_full(fault) && reason.ends_with("not begun, as the disk is full");
        let given = reason.contains(fault.message) || entered || passed;
        require(given || shares || foreign, || format!("no reason of the system: {line}"))?;
        require(reported.insert(name.to_owned()), || format!("reported twice: {name}"))?;
    }
    Ok(reported)
}

/// Whether the fault means that the disk is full, which keeps gzcc from starting further inputs.
fn is_full(fault: &Fault) -> bool {
    matches!(fault.error, "ENOSPC" | "EDQUOT")
}

/// Whether a message about `name` covers `path`: the same path, or one below it.
fn covers(name: &str, path: &str) -> bool {
    path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a call opens a directory for a walk: opendir(3) and its checks. Such a call is not repeated after EINTR: no
/// local file system returns that.
fn opens_a_walk(hit: &str) -> bool {
    hit.contains("O_NONBLOCK|O_CLOEXEC|O_DIRECTORY") || hit.contains(", \"\", ") || hit.starts_with("statx(")
}

/// Whether a call closes an output that was written to: an unnamed file, a temporary file, or, if outputs have names
/// while they are written, a file with an output's name. A file that was linked is opened again by its name, for programs
/// that watch the directory. That descriptor is not written to.
fn closes_an_output(prepared: &Prepared<'_>, hit: &str) -> bool {
    let Scenario { words, redirections, .. } = prepared.scenario;
    let named = words.contains(&"--named-temporaries") || redirections.contains('>');
    let names = prepared.pairs.iter().filter(|_| named).map(|pair| format!("@/{}>", pair.output));
    hit.starts_with("close(")
        && (["/#", "/.gzcc-"].iter().any(|name| hit.contains(name))
            || names.into_iter().any(|name| hit.contains(&name)))
}

/// Checks that no file remains except temporaries whose removal failed.
fn check_leftovers(prepared: &Prepared<'_>, hits: &[String], t: &Sandbox) -> Result<(), String> {
    let excused = hits.iter().any(|hit| hit.starts_with("unlinkat(") && hit.contains("\".gzcc-"));
    let known = |name: &str| prepared.pairs.iter().any(|pair| covers(name, pair.input) || covers(name, pair.output));
    let left = t.names().into_iter().find(|name| !(known(name) || excused && name.contains(".gzcc-")));
    require(left.is_none(), || format!("left over: {left:?}"))
}

/// Checks an input with its own output.
fn check_single(prepared: &Prepared<'_>, pair: &Pair, result: &InputResult<'_>, t: &Sandbox) -> Result<(), String> {
    let scenario = prepared.scenario;
    let output = fs::read(t.path(pair.output)).ok();
    let whole = output.as_ref().is_some_and(|output| *output == pair.whole);
    let as_before = if scenario.replaces { output.as_deref() == Some(OLD) } else { output.is_none() };
    require(whole || as_before, || "the output is neither whole nor as it was".into())?;
    let original = fs::read(t.path(pair.input)).ok();
    let kept = original.as_ref().is_some_and(|original| *original == pair.original);
    require(kept || original.is_none() && scenario.removes() && whole, || "the original is lost".into())?;
    if whole {
        check_metadata(pair, result, t)?;
    }
    if result.foreign {
        return Ok(());
    }
    match result.reported {
        // What was found before the directory failed is complete, the rest has not been started.
        false if result.with_directory => require(kept != (scenario.removes() && whole), || "half done".into()),
        false => {
            require(whole, || "not done, and nothing reported".into())?;
            require(kept != scenario.removes(), || "the original should be kept or gone".into())
        }
        true => {
            require(kept, || "reported, and its original is gone".into())?;
            // If the directory could not be synced, or the last descriptor not closed, the output is whole, but may not
            // survive a power failure.
            let named_before = result.hit(&["fsync", "close"]);
            require(whole == (result.status == 2) || named_before, || {
                format!("exit status {} with {} output", result.status, if whole { "an" } else { "no" })
            })
        }
    }
}

/// Checks that the output is never readable by more users than the original, and has the original's time if no
/// message names the input.
fn check_metadata(pair: &Pair, result: &InputResult<'_>, t: &Sandbox) -> Result<(), String> {
    let found = fs::metadata(t.path(pair.output)).unwrap();
    let mode = found.permissions().mode() & 0o777;
    require(mode & !MODE == 0, || format!("the output has mode {mode:o}"))?;
    if result.reported || result.foreign {
        return Ok(());
    }
    require(found.modified().unwrap() == modified(), || format!("the output is of {}", found.mtime()))?;
    // Without a readable ACL or a settable owner, the mode is narrowed.
    let narrowed = result.hit(&["fgetxattr", "fchown"]);
    require(mode == MODE || narrowed, || format!("the output has mode {mode:o}, and nothing is reported"))
}

/// Checks an input that shares its output, possibly one that the shell opened.
fn check_joined(prepared: &Prepared<'_>, pair: &Pair, result: &InputResult<'_>, t: &Sandbox) -> Result<(), String> {
    require(t.read(pair.input) == pair.original, || "the original is lost".into())?;
    let output = fs::read(t.path(pair.output)).ok();
    if output.as_ref().is_some_and(|output| *output == pair.whole) {
        return Ok(());
    }
    require(result.status != 0 || result.foreign, || "a part only, and nothing reported".into())?;
    // Data that was written to a descriptor before the fault cannot be taken back.
    let by_shell = prepared.scenario.redirections.contains('>');
    let old = prepared.scenario.replaces.then_some(OLD);
    let in_order =
        || output.as_deref() == old || output.as_deref().is_some_and(|output| holds_whole_inputs(prepared, output));
    require(by_shell || in_order(), || "the output is neither absent nor made of whole inputs".into())
}

/// Whether `output` contains the inputs in order, each completely or not at all.
fn holds_whole_inputs(prepared: &Prepared<'_>, output: &[u8]) -> bool {
    let mut content = Vec::new();
    let read = MultiGzDecoder::new(output).read_to_end(&mut content);
    let mut rest = &content[..];
    for Pair { original, .. } in &prepared.pairs {
        rest = rest.strip_prefix(&original[..]).unwrap_or(rest);
    }
    read.is_ok() && rest.is_empty()
}
