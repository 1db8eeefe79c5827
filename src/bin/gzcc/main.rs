//! The gzcc command: a command line in, an exit status out.

mod args;
mod benchmark;
mod closed_descriptors;
mod gnu;
mod malloc;
mod presentation;
mod report;
mod signals;

use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use gzcc::command::run;
use gzcc::deflate;
use gzcc::escaped_name::EscapedName;
use gzcc::settings::{Destination, Mode, Settings, resources};

use self::args::RunRequest;
use self::benchmark::Benchmark;
use self::presentation::{Presentation, Rules, Verbosity};
use self::report::{Counters, Report, Status, count_line, say};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(tell_panic));
    let status = match args::parse(std::env::args_os(), args::Environment::of_process()) {
        Ok(args::CommandLine { warnings, request }) => {
            warnings.iter().for_each(|warning| say(format_args!("{warning}")));
            match request {
                args::Request::Run(run) => work(*run),
                args::Request::Benchmark(asked) => measure(*asked),
                args::Request::Print(text) => print(&text),
            }
        }
        Err(args::UsageError(line)) => {
            say(format_args!("{line}"));
            Status::Error
        }
    };
    ExitCode::from(status.code())
}

/// Runs, and tells the count where standard output is free for it.
fn work(RunRequest { mut settings, presentation }: RunRequest) -> Status {
    let counts = prints_count(&settings, &presentation);
    let level = if settings.mode == Mode::Compress { settings.level } else { 0 };
    // gzip -q takes a reader that has seen enough for a warning that nobody wants to hear; zgrep relies on that.
    let minds_no_reader = presentation.rules == Rules::Gzip && presentation.verbosity == Verbosity::Silent;
    settings.jobs = with_descriptors(with_memory(settings.jobs, level));
    take_file_size_limit_as_error();
    let counters = report::is_watched(&settings, &presentation).then(Arc::<Counters>::default);
    let report = Arc::new(Report::new(&settings, &presentation, counters.clone()));
    // Without it, a signal ends the process as it ends any: at worst with a temporary left behind.
    let _ = signals::watch(Arc::clone(&report));
    let watching = counters.map(|counters| report::watch(counters, &settings));
    let mode = settings.mode;
    report.begin();
    run(settings, &*report);
    report.finish();
    drop(watching);
    let (tally, status) = (report.tally(), report.status());
    if tally.reader_gone {
        return if minds_no_reader { Status::Warning } else { die_of_broken_pipe() };
    }
    match counts {
        true => status.max(print(&format!("{}\n", count_line(&tally, mode)))),
        false => status,
    }
}

/// Whether the run ends with a count on standard output: only if each file gets an output of its own, and standard output
/// carries no data.
fn prints_count(settings: &Settings, presentation: &Presentation) -> bool {
    let to_files = matches!(settings.destination, Destination::Beside | Destination::Directory(_));
    (to_files || settings.mode == Mode::Test)
        && !presentation.is_filter
        && !settings.stdout_has_data()
        && !presentation.json
        && presentation.verbosity > Verbosity::Quiet
        && presentation.rules == Rules::Gzcc
}

/// Measures, and prints the figures.
fn measure(mut asked: Benchmark) -> Status {
    let highest = asked.levels.iter().copied().max().unwrap_or_default();
    let settings = &mut asked.settings;
    settings.jobs = with_descriptors(with_memory(settings.jobs, highest));
    // Each file in memory takes some.
    let descriptors = allowed_descriptors(u64::MAX).saturating_sub(needed_descriptors(settings.jobs));
    take_file_size_limit_as_error();
    // What a signal ends has come to nothing, so there is nothing to tell.
    let presentation = Presentation { verbosity: Verbosity::Silent, ..asked.presentation };
    let silent = Report::new(settings, &presentation, None);
    // Without it, a signal ends the process as it ends any; no file is under way.
    let _ = signals::watch(Arc::new(silent));
    let (text, status) = benchmark::run(&asked, descriptors, deflate::new_compressor);
    status.max(print(&text))
}

/// As many of these workers as `ulimit -v` and `ulimit -d` leave room for at this level, one at least.
fn with_memory(workers: NonZeroUsize, level: u8) -> NonZeroUsize {
    if resources::is_limited() {
        malloc::use_one_arena();
    }
    resources::within_limits(workers, level)
}

/// Descriptors that a worker may hold at once: input, output, a folder for each, and a duplicate of the output's to
/// close.
const DESCRIPTORS_PER_WORKER: u64 = 5;

/// Descriptors for all else: the standard three, a walk under way (walkdir holds 10), the output folder.
const OTHER_DESCRIPTORS: u64 = 32;

/// As many of these workers as can have descriptors, one at least. Raises the soft limit, as far as the hard one lets,
/// to what they may need; many systems set it at 1,024, which is too few for 256 workers.
fn with_descriptors(workers: NonZeroUsize) -> NonZeroUsize {
    let allowed = allowed_descriptors(needed_descriptors(workers));
    let room = allowed.saturating_sub(OTHER_DESCRIPTORS) / DESCRIPTORS_PER_WORKER;
    workers.min(NonZeroUsize::new(room as usize).unwrap_or(NonZeroUsize::MIN))
}

fn needed_descriptors(workers: NonZeroUsize) -> u64 {
    OTHER_DESCRIPTORS + DESCRIPTORS_PER_WORKER * workers.get() as u64
}

/// How many descriptors there may be, where so many are needed.
fn allowed_descriptors(needed: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(soft) = current.filter(|&soft| soft < needed) else {
        return needed;
    };
    let raised = maximum.map_or(needed, |hard| hard.min(needed));
    setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).map_or(soft, |()| raised)
}

/// Lets a write beyond the limit of file sizes fail, as the error of its file, where SIGXFSZ would end them all.
fn take_file_size_limit_as_error() {
    // What the handler sets is of no interest; that there is one keeps the signal from killing. Without it, the limit ends
    // the process, and no output has been named that is not whole.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Prints on standard output.
fn print(text: &str) -> Status {
    match report::stdout::print(text.as_bytes()).and_then(|()| report::stdout::close()) {
        Ok(()) => Status::Success,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => die_of_broken_pipe(),
        Err(error) => {
            let report = Report::new(&Settings::default(), &Presentation::default(), None);
            report.stdout_failed(error);
            report.status()
        }
    }
}

/// Ends as a filter does whose reader has gone: quietly, by SIGPIPE, which tar and shells take for no failure.
fn die_of_broken_pipe() -> Status {
    // Rust programs start with SIGPIPE ignored; this restores the default and raises it. Where that fails, the exit status
    // is that of an error.
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
    Status::Error
}

/// One line for a panic, which the worker that had it turns into an error of its file.
fn tell_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let message = text.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    say(format_args!("gzcc: internal error at {place}: {}", EscapedName::text(message)));
}
