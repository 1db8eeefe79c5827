//! The manual page, for `man -l`: the options from their one definition, and the complete reference around them.

use clap::builder::PossibleValue;
use clap::{Arg, Command};
use roff::{Inline, Roff, bold, italic, roman};

mod gzip_page;
mod reference;

pub(super) use self::gzip_page::gzip_page;
use self::reference::{SECTIONS, SectionItem};
use super::completions::spellings;
use super::help::EXAMPLES;

/// Variables of the environment.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("GZCC_JOBS", "The number of workers if no option gives it; not under gzip's names."),
    ("GZCC_LEVEL", "The level if no option gives it; not under gzip's names."),
    ("GZCC_MEMORY", "The value of --memory if that is not given; not under gzip's names."),
    (
        "SLURM_CPUS_PER_TASK, SLURM_CPUS_ON_NODE",
        "The CPUs that Slurm assigned to the job: the largest default number of workers. They never raise it; --jobs and \
         GZCC_JOBS override them. Values that are not positive numbers are ignored.",
    ),
    (
        "NCPUS, PBS_NUM_PPN, LSB_DJOB_NUMPROC, NSLOTS",
        "The same for PBS, LSF and Grid Engine. NCPUS counts only with PBS_JOBID, NSLOTS only with JOB_ID.",
    ),
    ("TZ", "The time zone of dates that are given without one, and of the times that --list prints."),
    ("GZIP", "Under gzip's names only: options that come before those of the command line."),
    ("PIGZ", "Under pigz' names only: options that come after those of GZIP."),
    ("POSIXLY_CORRECT", "Under gzip's names only: the first FILE ends the options."),
];

/// Exit statuses.
const STATUSES: [(&str, &str); 3] = [
    ("0", "Success."),
    ("1", "An error: an input failed, or the command line is invalid."),
    ("2", "Warnings only: an input was skipped, there was trailing garbage, or a salvaged file is damaged."),
];

const DESCRIPTION: [&str; 5] = [
    "gzcc compresses every FILE to FILE.gz, many files at once and large files in blocks on all cores; with -d it \
     decompresses them. The output is plain gzip (RFC 1952), one member for each file (but see BGZF), which every gunzip, \
     browser and library reads. Its bytes depend on the content and the options only, not on the number of workers.",
    "Originals are kept unless --rm is given. The output gets its name when it is complete: until then the name is free, or \
     holds the old file with -f, also if the process is killed or the disk is full. The output has the mode, ACL, times and, \
     where permitted, the owner and group of its original.",
    "With no FILE, or when FILE is -, standard input is processed to standard output. Options and files come in any order, and \
     the last of contradictory options wins; after -- there are only files. Long options may be abbreviated.",
    "One bad file never stops the others. Each FILE that is not done is named in one line on standard error. If every file gets \
     an output of its own, their number is printed to standard output at the end.",
    "Under the names gzip, gunzip, zcat, gzcat, pigz and unpigz (a symbolic link is enough), it follows gzip's rules instead: \
     it replaces the originals, is silent, stores name and time, and takes the options of gzip and pigz. One bad file still \
     never stops the others, no two inputs write one output, and walks never follow links.",
];

const FILE_SYSTEMS: [&str; 3] = [
    "An output gets its name by the first of these ways that the file system supports: a file without a name \
     (O_TMPFILE) is linked; a temporary is renamed with RENAME_NOREPLACE; a temporary is linked; an empty file \
     reserves the name (O_EXCL), and a temporary is renamed over it. The first three take a free name in one step.",
    "The last one is for file systems with neither hard links nor RENAME_NOREPLACE, such as exFAT over FUSE and object \
     stores. Between its two steps the output's name holds an empty file. A run that is killed in between (SIGKILL, \
     power failure) leaves that empty file, and a file that another program puts there in between may be replaced. \
     Other signals wait for the second step.",
    "Programs that watch a directory with inotify(7) get IN_CLOSE_WRITE or IN_MOVED_TO under the output's name when \
     the output is complete.",
];

const SEE_ALSO: [(&str, &str); 6] =
    [("bgzip", "1"), ("gzip", "1"), ("pigz", "1"), ("tar", "1"), ("xargs", "1"), ("zstd", "1")];

/// The page.
pub(super) fn page(mut definition: Command) -> String {
    definition.build();
    let mut page = begin("gzcc", "compress files in parallel to plain gzip, or decompress them");
    page.control("SH", ["SYNOPSIS"]);
    page.text([bold("gzcc"), roman(" ["), italic("OPTIONS"), roman("] ["), italic("FILE"), roman("]...")]);
    page.control("SH", ["DESCRIPTION"]);
    for paragraph in DESCRIPTION {
        page.control("PP", []).text([roman(paragraph)]);
    }
    page.control("SH", ["OPTIONS"]);
    options(&mut page, &definition);
    for section in &SECTIONS {
        page.control("SH", [section.heading]);
        section.items.iter().for_each(|item| reference(&mut page, item));
    }
    page.control("SH", ["EXIT STATUS"]);
    terms(&mut page, &STATUSES);
    page.control("SH", ["ENVIRONMENT"]);
    terms(&mut page, &ENVIRONMENT);
    page.control("SH", ["FILES"]);
    page.control("TP", []).text([bold(".gzcc-????????????????")]);
    page.text([roman(
        "An output that is not complete yet, on file systems that cannot create files without a name. A run that is killed by \
         SIGKILL can leave it behind. This finds old ones:",
    )]);
    page.control("RS", []).control("PP", []);
    page.text([bold("find DIR -name '.gzcc-????????????????' -mmin +60")]);
    page.control("RE", []);
    page.control("SH", ["FILE SYSTEMS"]);
    for paragraph in FILE_SYSTEMS {
        page.control("PP", []).text([roman(paragraph)]);
    }
    page.control("SH", ["EXAMPLES"]);
    for (command, what) in EXAMPLES {
        page.control("TP", []).text([bold(command)]).text([roman(what)]);
    }
    see_also(&mut page, &SEE_ALSO);
    page.render()
}

/// The head of a page, and its section NAME.
fn begin(program: &str, what: &str) -> Roff {
    let mut page = Roff::new();
    let version = concat!("gzcc ", env!("CARGO_PKG_VERSION"));
    page.control("TH", [&program.to_uppercase(), "1", "\"\"", version, "User Commands"]);
    // Without hyphenation and justification, so that names of options and commands can be searched and copied.
    page.control("nh", []).control("ad", ["l"]);
    page.control("SH", ["NAME"]);
    page.text([roman(format!("{program} - {what}"))]);
    page
}

/// The section SEE ALSO.
fn see_also(page: &mut Roff, pages: &[(&str, &str)]) {
    page.control("SH", ["SEE ALSO"]);
    let mut names = Vec::new();
    for (position, (name, section)) in pages.iter().enumerate() {
        let comma = if position > 0 { ", " } else { "" };
        names.extend([roman(comma), bold(*name), roman(format!("({section})"))]);
    }
    page.text(names);
}

/// An item of a section of the reference.
fn reference(page: &mut Roff, item: &SectionItem) {
    match *item {
        SectionItem::Text(text) => {
            page.control("PP", []).text([roman(text)]);
        }
        SectionItem::Term(name, meaning) => terms(page, &[(name, meaning)]),
        SectionItem::Code(lines) => {
            page.control("PP", []).control("RS", []).control("nf", []);
            lines.iter().for_each(|line| {
                page.text([bold(*line)]);
            });
            page.control("fi", []).control("RE", []);
        }
    }
}

/// A list of terms and their meanings.
fn terms(page: &mut Roff, terms: &[(&str, &str)]) {
    for (name, meaning) in terms {
        page.control("TP", []).text([bold(*name)]).text([roman(*meaning)]);
    }
}

/// The options under their headings, in the order of both.
fn options(page: &mut Roff, definition: &Command) {
    let shown: Vec<&Arg> =
        definition.get_arguments().filter(|option| !option.is_hide_set() && !option.is_positional()).collect();
    let mut headings: Vec<Option<&str>> = Vec::new();
    for option in &shown {
        if !headings.contains(&option.get_help_heading()) {
            headings.push(option.get_help_heading());
        }
    }
    for heading in headings {
        page.control("SS", [heading.unwrap_or("Other")]);
        for option in shown.iter().filter(|option| option.get_help_heading() == heading) {
            page.control("TP", []).text(names(option)).text([roman(meaning(option))]);
        }
    }
}

/// Every name that an option has, and that of its value.
fn names(option: &Arg) -> Vec<Inline> {
    let mut line = Vec::new();
    for name in spellings(option) {
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.push(bold(name));
    }
    if option.get_action().takes_values() {
        let value = option.get_value_names().unwrap_or_default().join(" ");
        let value = italic(value);
        match (option.is_require_equals_set(), option.get_num_args().is_some_and(|args| args.min_values() == 0)) {
            (true, true) => line.extend([roman("[="), value, roman("]")]),
            (true, false) => line.extend([roman("="), value]),
            (false, true) => line.extend([roman(" ["), value, roman("]")]),
            _ => line.extend([roman(" "), value]),
        }
    }
    line
}

/// The effect of an option, its possible values and its default.
fn meaning(option: &Arg) -> String {
    let help = option.get_long_help().or(option.get_help()).map(ToString::to_string).unwrap_or_default();
    let (first, more) = help.split_once("\n\n").unwrap_or((&help, ""));
    // A default that clap does not know is at the end of the text, as -h prints it.
    let stated = first.strip_suffix(']').and_then(|first| first.rsplit_once(" [default: "));
    let (first, stated) = stated.unwrap_or((first, ""));
    let mut sentences: Vec<String> = [first].into_iter().chain(more.split("\n\n")).map(sentence).collect();
    if !option.get_action().takes_values() {
        return sentences.join(" ");
    }
    let value = |value: &PossibleValue| match value.get_help() {
        Some(help) => format!("{} ({help})", value.get_name()),
        None => value.get_name().to_owned(),
    };
    let values: Vec<String> = option.get_possible_values().iter().map(value).collect();
    if !values.is_empty() {
        sentences.push(format!("One of {}.", values.join(", ")));
    }
    let known = option.get_default_values().first().filter(|_| !option.is_hide_default_value_set());
    let default = known.map_or(stated.into(), |value| value.to_string_lossy());
    if !default.is_empty() {
        sentences.push(format!("Default: {default}."));
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

/// A paragraph of help as a sentence; help ends without a full stop.
fn sentence(paragraph: &str) -> String {
    let paragraph = paragraph.trim();
    if paragraph.is_empty() || paragraph.ends_with(['.', ':']) { paragraph.to_owned() } else { format!("{paragraph}.") }
}
