//! What must hold after a run in which a system call failed.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use flate2::read::MultiGzDecoder;

use super::injection::Fault;
use super::scenarios::{MODE, OLD, Pair, Prepared, modified};
use crate::harness::{Finished, Sandbox};

/// Names of what is neither an input nor a folder in messages.
const STREAMS: [&str; 2] = ["standard input", "standard output"];

/// Why a run is not as it should be; `hits` are the lines of the calls that failed.
pub fn of(prepared: &Prepared<'_>, fault: &Fault, hits: &[String], t: &Sandbox, ran: &Finished) -> Result<(), String> {
    let status = ran.status.code().filter(|status| (0..=2).contains(status)).ok_or("it ended by a signal")?;
    // Where workers race, the call may have been another one: then all that counts is that nothing is lost.
    let foreign = hits.iter().any(|hit| !hit.contains('@') && !hit.starts_with("clone"));
    // No file system refuses to close a folder that was read; std takes it for a defect, and panics.
    let foreign = foreign || hits.iter().any(|hit| hit.starts_with("close(")) && ran.stderr().contains("closedir");
    let told = told(prepared, fault, ran, foreign)?;
    require((status == 0) == told.is_empty() || foreign, || format!("exit status {status} with {told:?} told"))?;
    require(
        hits.len() >= told.len()
            || is_full(fault)
            || prepared.scenario.has_folders()
            || prepared.scenario.joins()
            || foreign,
        || "more files than failed calls are told".into(),
    )?;
    let lost = fault.error != "EINTR" && hits.iter().any(|hit| closes_an_output(prepared, hit));
    require(status == 1 || !lost, || "an error at close is lost".into())?;
    let again = fault.error != "EINTR" || told.is_empty() || hits.iter().any(|hit| opens_a_walk(hit));
    require(again, || "an interrupted call is not made again".into())?;
    litter(prepared, hits, t)?;
    let judge = if prepared.scenario.joins() { joined } else { single };
    for pair in &prepared.pairs {
        let with_folder = told.iter().any(|name| name != pair.input && covers(name, pair.input));
        let ended = Ended { status, told: told.contains(pair.input), with_folder, foreign, hits };
        judge(prepared, pair, &ended, t).map_err(|why| format!("{}: {why}", pair.input))?;
    }
    Ok(())
}

/// How a run ended, for one input.
struct Ended<'a> {
    status: i32,
    told: bool,
    /// A folder that it is in is told.
    with_folder: bool,
    foreign: bool,
    hits: &'a [String],
}

impl Ended<'_> {
    fn hit(&self, calls: &[&str]) -> bool {
        self.hits.iter().any(|hit| calls.iter().any(|call| hit.starts_with(&format!("{call}("))))
    }
}

fn require(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

/// The names that are told, each in one line with the system's reason.
fn told(prepared: &Prepared<'_>, fault: &Fault, ran: &Finished, foreign: bool) -> Result<BTreeSet<String>, String> {
    let mut told = BTreeSet::new();
    let stderr = ran.stderr();
    for line in stderr.lines() {
        let said = line.strip_prefix("gzcc: ").and_then(|rest| rest.split_once(": "));
        let (name, reason) = said.ok_or_else(|| format!("no message: {line}"))?;
        let ours = |pair: &Pair| [pair.input, pair.output].iter().any(|path| covers(name, path));
        require(foreign || STREAMS.contains(&name) || prepared.pairs.iter().any(ours), || format!("no name: {line}"))?;
        // What shares its output with what failed is told as well.
        let shares = prepared.scenario.joins() && stderr.contains(fault.words);
        // A folder that may not be read is opened to be entered, and does not take a mode that way.
        let entered = fault.error == "EACCES" && reason.ends_with("cannot set mode: Bad file descriptor");
        let passed = is_full(fault) && reason.ends_with("not begun, as the disk is full");
        let given = reason.contains(fault.words) || entered || passed;
        require(given || shares || foreign, || format!("no reason of the system: {line}"))?;
        require(told.insert(name.to_owned()), || format!("told twice: {name}"))?;
    }
    Ok(told)
}

/// Whether the fault keeps further inputs from being begun.
fn is_full(fault: &Fault) -> bool {
    matches!(fault.error, "ENOSPC" | "EDQUOT")
}

/// Whether a message about `name` tells of `path`: it is that, or below it.
fn covers(name: &str, path: &str) -> bool {
    path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a call is one by which a folder is opened to be walked through: opendir(3) and what it asks. Only that walks
/// are made of whole folders is known of it; that a signal interrupts it is not (no local file system lets it).
fn opens_a_walk(hit: &str) -> bool {
    hit.contains("O_NONBLOCK|O_CLOEXEC|O_DIRECTORY") || hit.contains(", \"\", ") || hit.starts_with("statx(")
}

/// Whether a call closes what was written to: a file that has no name, a temporary one, or that of an output.
fn closes_an_output(prepared: &Prepared<'_>, hit: &str) -> bool {
    let names = prepared.pairs.iter().map(|pair| format!("@/{}>", pair.output));
    hit.starts_with("close(")
        && (["/#", "/.gzcc-"].iter().any(|name| hit.contains(name))
            || names.into_iter().any(|name| hit.contains(&name)))
}

/// Nothing is left over but what could not be removed because just that failed.
fn litter(prepared: &Prepared<'_>, hits: &[String], t: &Sandbox) -> Result<(), String> {
    let excused = hits.iter().any(|hit| hit.starts_with("unlinkat(") && hit.contains("\".gzcc-"));
    let known = |name: &str| prepared.pairs.iter().any(|pair| covers(name, pair.input) || covers(name, pair.output));
    let left = t.names().into_iter().find(|name| !(known(name) || excused && name.contains(".gzcc-")));
    require(left.is_none(), || format!("left over: {left:?}"))
}

/// An input with an output of its own.
fn single(prepared: &Prepared<'_>, pair: &Pair, ended: &Ended<'_>, t: &Sandbox) -> Result<(), String> {
    let scenario = prepared.scenario;
    let output = fs::read(t.path(pair.output)).ok();
    let whole = output.as_ref().is_some_and(|output| *output == pair.whole);
    let as_before = if scenario.replaces { output.as_deref() == Some(OLD) } else { output.is_none() };
    require(whole || as_before, || "the output is neither whole nor as it was".into())?;
    let original = fs::read(t.path(pair.input)).ok();
    let kept = original.as_ref().is_some_and(|original| *original == pair.original);
    require(kept || original.is_none() && scenario.removes() && whole, || "the original is lost".into())?;
    if whole {
        metadata(pair, ended, t)?;
    }
    if ended.foreign {
        return Ok(());
    }
    match ended.told {
        // What was found before the folder failed is done, the rest not begun.
        false if ended.with_folder => require(kept != (scenario.removes() && whole), || "half done".into()),
        false => {
            require(whole, || "not done, and nothing told".into())?;
            require(kept != scenario.removes(), || "the original should be kept or gone".into())
        }
        true => {
            require(kept, || "told, and its original is gone".into())?;
            // An output whose folder could not be synced, or whose last descriptor could not be closed, is whole, but not
            // known to outlive a power cut.
            let named_before = ended.hit(&["fsync", "close"]);
            require(whole == (ended.status == 2) || named_before, || {
                format!("exit status {} with {} output", ended.status, if whole { "an" } else { "no" })
            })
        }
    }
}

/// The output is never readable by more people than the original was, and as old if nothing is told.
fn metadata(pair: &Pair, ended: &Ended<'_>, t: &Sandbox) -> Result<(), String> {
    let found = fs::metadata(t.path(pair.output)).unwrap();
    let mode = found.permissions().mode() & 0o777;
    require(mode & !MODE == 0, || format!("the output has mode {mode:o}"))?;
    if ended.told || ended.foreign {
        return Ok(());
    }
    require(found.modified().unwrap() == modified(), || format!("the output is of {}", found.mtime()))?;
    // Whether there is an ACL, or whether the owner can be set, decides on the mode.
    let narrowed = ended.hit(&["fgetxattr", "fchown"]);
    require(mode == MODE || narrowed, || format!("the output has mode {mode:o}, and nothing is told"))
}

/// An input that shares its output, which may be one that the shell has opened.
fn joined(prepared: &Prepared<'_>, pair: &Pair, ended: &Ended<'_>, t: &Sandbox) -> Result<(), String> {
    require(t.read(pair.input) == pair.original, || "the original is lost".into())?;
    let output = fs::read(t.path(pair.output)).ok();
    if output.as_ref().is_some_and(|output| *output == pair.whole) {
        return Ok(());
    }
    require(ended.status != 0 || ended.foreign, || "a part only, and nothing told".into())?;
    // What came out before the fault cannot be taken back from a descriptor.
    let by_shell = prepared.scenario.redirections.contains('>');
    let old = prepared.scenario.replaces.then_some(OLD);
    let in_order =
        || output.as_deref() == old || output.as_deref().is_some_and(|output| holds_whole_inputs(prepared, output));
    require(by_shell || in_order(), || "the output is neither absent nor made of whole inputs".into())
}

/// Whether `output` holds the inputs in their order, each whole or not at all.
fn holds_whole_inputs(prepared: &Prepared<'_>, output: &[u8]) -> bool {
    let mut content = Vec::new();
    let read = MultiGzDecoder::new(output).read_to_end(&mut content);
    let mut rest = &content[..];
    for Pair { original, .. } in &prepared.pairs {
        rest = rest.strip_prefix(&original[..]).unwrap_or(rest);
    }
    read.is_ok() && rest.is_empty()
}
