//! Completions: what makes a shell complete gzcc's options and their values, and file names elsewhere.
//!
//! The scripts are clap's. Where one of them offers options in place of files, it is mended here.

use clap::{Arg, Command};
use clap_complete::{Generator, Shell};

/// The script that `shell` is to read.
pub(super) fn script(shell: Shell, definition: Command) -> String {
    // Nobody should be told of what is hidden.
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
    match shell {
        Shell::Bash => for_bash(&script),
        Shell::Elvish => script + &for_elvish(&shown),
        // Two colons would end the options at the first file.
        Shell::Zsh => script.replace("'*::files -- ", "'*:files -- "),
        _ => script,
    }
}

/// clap's script offers options where a file is as likely: for the first word, and for one not begun. Where it offers
/// nothing, bash completes file names.
fn for_bash(script: &str) -> String {
    let options = r#"COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )"#;
    let script = script.replace(" || ${COMP_CWORD} -eq 1 ]]", " ]]");
    match script.rsplit_once(options) {
        Some((before, after)) => [before, "COMPREPLY=()", after].concat(),
        None => script,
    }
}

/// clap's script offers options alone, and behind a file fails: what goes in front of it knows files and values.
fn for_elvish(definition: &Command) -> String {
    let mut values = String::new();
    for option in definition.get_arguments().filter(|option| option.get_action().takes_values()) {
        let possible = option.get_possible_values();
        let names: Vec<&str> = possible.iter().map(|value| value.get_name()).collect();
        if !names.is_empty() {
            values.extend(spellings(option).map(|name| format!(" &'{name}'=[{}]", names.join(" "))));
        }
    }
    format!(
        "
var options~ = $edit:completion:arg-completer[gzcc]
set edit:completion:arg-completer[gzcc] = {{|@words|
    var values = [{values}]
    if (has-key $values $words[-2]) {{
        all $values[$words[-2]]
    }} elif (str:has-prefix $words[-1] '-') {{
        options gzcc $words[-1]
    }} else {{
        edit:complete-filename $@words
    }}
}}
"
    )
}

/// Every name that an option has, as it is typed.
pub(super) fn spellings(option: &Arg) -> impl Iterator<Item = String> {
    let short = option.get_short_and_visible_aliases().unwrap_or_default();
    let long = option.get_long_and_visible_aliases().unwrap_or_default();
    let long: Vec<String> = long.iter().map(|name| format!("--{name}")).collect();
    short.into_iter().map(|name| format!("-{name}")).chain(long)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::definition;
    use clap::ValueEnum;

    #[test]
    fn every_shell_is_told_every_option_but_those_that_are_hidden() {
        for &shell in Shell::value_variants() {
            let script = script(shell, definition());
            for option in definition().get_arguments() {
                for name in option.get_long_and_visible_aliases().unwrap_or_default() {
                    // fish has "-l level" for "--level".
                    let told = script.contains(&format!("--{name}")) || script.contains(&format!("-l {name} "));
                    assert_eq!(told, !option.is_hide_set(), "{shell}: {name}\n{script}");
                }
            }
        }
    }

    #[test]
    fn what_is_mended_in_claps_script_for_bash_is_still_there_to_be_mended() {
        let script = script(Shell::Bash, definition());
        assert!(!script.contains("COMP_CWORD} -eq 1") && !script.contains("[FILE]"), "{script}");
        assert_eq!(script.matches(r#"-W "${opts}""#).count(), 1, "{script}");
    }
}
