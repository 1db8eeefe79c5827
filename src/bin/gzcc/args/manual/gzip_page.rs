//! The manual page of gzcc under one of gzip's names: the options from the help under that name.

use roff::{Roff, bold, italic, roman};

use super::{ENVIRONMENT, STATUSES, begin, see_also, terms};

const DESCRIPTION: [&str; 4] = [
    "This is gzcc under gzip's name. It compresses each FILE to FILE.gz, or decompresses it, and removes the original. zcat and \
     gzcat write to standard output. Large files are compressed and decompressed on all cores.",
    "It follows gzip's rules, messages and exit statuses, and takes the options of gzip and pigz. One bad file never stops the \
     others, no two inputs write one output, and walks never follow links.",
    "After a warning about a file its original stays, also where gzip removes it: trailing data is ignored, or the header cannot \
     hold the time, which is before 1970 or after 2106.",
    "gzcc(1) describes the formats that it reads, file systems, and what holds under all names.",
];

const SEE_ALSO: [(&str, &str); 4] = [("gzcc", "1"), ("tar", "1"), ("zgrep", "1"), ("zless", "1")];

/// The page for the name `program`.
pub(in crate::args) fn gzip_page(program: &str) -> String {
    let mut page = begin(program, "compress or decompress files in place of gzip");
    page.control("SH", ["SYNOPSIS"]);
    page.text([bold(program), roman(" ["), italic("OPTION"), roman("]... ["), italic("FILE"), roman("]...")]);
    page.control("SH", ["DESCRIPTION"]);
    for paragraph in DESCRIPTION {
        page.control("PP", []).text([roman(paragraph)]);
    }
    page.control("SH", ["OPTIONS"]);
    options(&mut page, &crate::gnu::help(program));
    page.control("SH", ["EXIT STATUS"]);
    terms(&mut page, &STATUSES);
    page.control("SH", ["ENVIRONMENT"]);
    let of_gzip: Vec<_> =
        ENVIRONMENT.into_iter().filter(|(_, meaning)| meaning.starts_with(UNDER_GZIPS_NAMES)).collect();
    terms(&mut page, &of_gzip);
    see_also(&mut page, &SEE_ALSO);
    page.render()
}

/// The meanings of variables that matter under gzip's names begin with this, or with `Under pigz' names`.
const UNDER_GZIPS_NAMES: &str = "Under ";

/// The options in the lines of `help`.
fn options(page: &mut Roff, help: &str) {
    for line in help.lines().filter(|line| line.starts_with("  ")) {
        // Two spaces or more separate the option from its meaning.
        if let Some((option, meaning)) = line.trim_start().split_once("  ") {
            page.control("TP", []).text([bold(option)]).text([roman(meaning.trim_start())]);
        }
    }
}
