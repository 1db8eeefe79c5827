//! Completions: what makes a shell complete gzcc's options and their values, and file names elsewhere.

use clap::Command;
use clap_complete::{Generator, Shell};

/// The script that `shell` is to read.
pub(super) fn script(shell: Shell, definition: Command) -> String {
    // Of what is hidden nobody should be told.
    let shown = Command::new("gzcc").bin_name("gzcc").version(env!("CARGO_PKG_VERSION"));
    let mut shown = shown.disable_help_flag(true).disable_version_flag(true);
    for option in definition.get_arguments().filter(|option| !option.is_hide_set()) {
        // To bash's script a file is a word of its own: "[FILE]...".
        if shell != Shell::Bash || !option.is_positional() {
            shown = shown.arg(option.clone());
        }
    }
    shown.build();
    let mut script = Vec::new();
    shell.generate(&shown, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Bash { with_files(&script) } else { script }
}

/// clap's script for bash offers options where a file is as likely: for the first word, and for one not begun. Where
/// it offers nothing, bash completes file names.
fn with_files(script: &str) -> String {
    let options = r#"COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )"#;
    let script = script.replace(" || ${COMP_CWORD} -eq 1 ]]", " ]]");
    match script.rsplit_once(options) {
        Some((before, after)) => [before, "COMPREPLY=()", after].concat(),
        None => script,
    }
}
