//! The gzcc command: converts a command line to an exit status.
//!
//! Parsing is in `args` and `gnu`, printing in `report`; the work is done by the library.

mod args;
mod batch_job;
mod benchmark;
mod closed_descriptors;
mod gnu;
mod inherited_sigpipe;
mod install_docs;
mod limits;
mod malloc;
mod presentation;
mod report;
mod signals;
mod terminal_policy;
mod workers;

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use gzcc::EscapedName;
use gzcc::deflate;
use gzcc::settings::{Mode, Settings};

use self::args::{CommandLine, Document, Environment, Request, RunRequest, UsageError};
use self::benchmark::{Benchmark, BenchmarkOutput};
use self::install_docs::Installation;
use self::presentation::{Presentation, Rules, Verbosity};
use self::report::{Counters, Report, Status, count_line, print_message};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(print_panic));
    let status = limits::with_enough_stack(run).unwrap_or(Ok(Status::Error)).unwrap_or_else(|UsageError(message)| {
        print_message(format_args!("{message}"));
        Status::Error
    });
    ExitCode::from(status.code())
}

/// Parses the command line and does what it requests.
fn run() -> Result<Status, UsageError> {
    let CommandLine { warnings, request } = args::parse(std::env::args_os(), Environment::of_process())?;
    warnings.iter().for_each(|warning| print_message(format_args!("{warning}")));
    Ok(match request {
        Request::Run(request) => process_files(*request)?,
        Request::Benchmark(benchmark) => run_benchmark(*benchmark),
        Request::Print { text, program } => print(&text, program),
        Request::InstallDocs { directory, documents } => install_documents(directory, &documents)?,
    })
}

/// Compresses or decompresses the inputs, and prints the count if standard output carries no data.
fn process_files(RunRequest { mut settings, workers, presentation }: RunRequest) -> Result<Status, UsageError> {
    let reports_on_stdout = presentation.json || matches!(settings.mode, Mode::List | Mode::ListTrailers);
    if reports_on_stdout && gzcc::command::stdout_is_list(&settings) {
        let program = presentation.program;
        return Err(UsageError(format!("{program}: standard output is the list of names")));
    }
    let prints_count = prints_count(&settings, &presentation);
    let mode = settings.mode;
    let level = if mode == Mode::Compress { settings.level } else { 0 };
    let is_brief = workers::is_brief(&settings, &presentation);
    let workers = if is_brief { NonZeroUsize::MIN } else { workers.number(level) };
    settings.jobs = limits::limit_workers(workers, level);
    limits::report_file_size_limit_as_error();
    let counters = report::shows_progress(&settings, &presentation).then(Arc::<Counters>::default);
    let report = Arc::new(Report::new(&settings, &presentation, counters.clone()));
    let watched = Arc::clone(&report);
    // If watching fails, a signal ends the process at once and may leave a temporary behind.
    let watch = move || drop(signals::watch(watched));
    match is_brief {
        true => gzcc::shutdown::before_temporaries(watch),
        false => watch(),
    }
    let progress_line = counters.map(|counters| report::show_progress(counters, &settings));
    report.begin();
    let run = gzcc::run(&settings, &*report);
    report.finish();
    drop(progress_line);
    // `args` checks the options before, with messages that name them.
    run.map_err(|invalid| UsageError(format!("gzcc: {invalid}")))?;
    let (tally, status) = (report.tally(), report.status());
    if tally.reader_gone {
        return Ok(status_without_reader(&presentation));
    }
    Ok(match prints_count {
        true => status.max(print(&format!("{}\n", count_line(&tally, mode)), presentation.program)),
        false => status,
    })
}

/// Whether the run ends with a count on standard output: only if each file has its own output, and standard output carries no
/// data.
fn prints_count(settings: &Settings, presentation: &Presentation) -> bool {
    (settings.destination.is_per_input() || settings.mode == Mode::Test)
        && !presentation.is_filter
        && !settings.stdout_has_data()
        && !presentation.json
        && presentation.verbosity > Verbosity::Quiet
        && presentation.rules == Rules::Gzcc
}

/// Runs a benchmark and prints the figures.
fn run_benchmark(mut benchmark: Benchmark) -> Status {
    let highest = benchmark.levels.iter().copied().max().unwrap_or_default();
    let settings = &mut benchmark.settings;
    settings.jobs = limits::limit_workers(settings.jobs, highest);
    // The contents and outputs in memory also take descriptors.
    let descriptors = limits::spare_descriptors(settings.jobs);
    limits::report_file_size_limit_as_error();
    // A benchmark that a signal ends has no results to print.
    let presentation = Presentation { verbosity: Verbosity::Silent, ..benchmark.presentation };
    let silent = Report::new(settings, &presentation, None);
    // If this fails, a signal ends the process at once, which is harmless: a benchmark creates no files.
    let _ = signals::watch(Arc::new(silent));
    let BenchmarkOutput { text, status } = benchmark::run(&benchmark, descriptors, deflate::new_compressor);
    status.max(print(&text, presentation.program))
}

/// Installs the manual pages and completions, and prints the names of the files.
fn install_documents(directory: Option<PathBuf>, documents: &[Document]) -> Result<Status, UsageError> {
    limits::report_file_size_limit_as_error();
    let presentation = Presentation { verbosity: Verbosity::Silent, ..Presentation::default() };
    let silent = Report::new(&Settings::default(), &presentation, None);
    // If this fails, a signal ends the process at once and may leave a temporary behind.
    let _ = signals::watch(Arc::new(silent));
    let Installation { text, errors } = install_docs::install(directory, documents)?;
    errors.iter().for_each(|error| print_message(format_args!("gzcc: {error}")));
    let status = if errors.is_empty() { Status::Success } else { Status::Error };
    Ok(status.max(print(&text, presentation.program)))
}

/// Prints a text on standard output. Messages start with the name `program`.
fn print(text: &str, program: &'static str) -> Status {
    let rules = if program == "gzcc" { Rules::Gzcc } else { Rules::Gzip };
    match report::stdout::print(text.as_bytes()).and_then(|()| report::stdout::close()) {
        Ok(()) => Status::Success,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            if reports_broken_pipe(rules) {
                print_message(format_args!("\n{program}: Broken pipe"));
                return Status::Error;
            }
            die_of_broken_pipe()
        }
        Err(error) => {
            let presentation = Presentation { program, rules, ..Presentation::default() };
            let report = Report::new(&Settings::default(), &presentation, None);
            report.stdout_failed(error);
            report.status()
        }
    }
}

/// Ends a run whose reader of standard output has exited. Under gzip's names that is an error if the process was started with
/// SIGPIPE ignored, and with `-q` a warning, on which zgrep relies.
fn status_without_reader(presentation: &Presentation) -> Status {
    let is_silent = presentation.rules == Rules::Gzip && presentation.verbosity == Verbosity::Silent;
    match reports_broken_pipe(presentation.rules) {
        true => Status::Error,
        false if is_silent => Status::Warning,
        false => die_of_broken_pipe(),
    }
}

/// Whether a reader that has exited is reported. As gzip, the command does not die of a signal that its parent ignores.
fn reports_broken_pipe(rules: Rules) -> bool {
    rules == Rules::Gzip && inherited_sigpipe::is_ignored()
}

/// Ends the process silently by SIGPIPE, as a filter ends whose reader has exited. tar and shells do not report that as a
/// failure, unlike an exit status.
fn die_of_broken_pipe() -> Status {
    // The Rust runtime ignores SIGPIPE; this call restores the default action and raises the signal. It returns only if that
    // fails.
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
    Status::Error
}

/// Prints a panic as one line. The worker that panicked turns it into an error of its file.
fn print_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let message = text.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    print_message(format_args!("gzcc: internal error at {location}: {}", EscapedName::text(message)));
}
