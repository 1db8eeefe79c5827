//! Completion scripts: shells complete gzcc's options, the values of options, and file names elsewhere.
//!
//! clap_complete generates the scripts. This module patches those that offer options where a file name is expected.

use clap::{Arg, Command};
use clap_complete::{Generator, Shell};

/// The completion script for `shell`.
pub(super) fn script(shell: Shell, definition: Command) -> String {
    // clap_complete also completes hidden options, so the scripts come from a copy without them.
    let visible = Command::new("gzcc").bin_name("gzcc").version(env!("CARGO_PKG_VERSION"));
    let mut visible = visible.disable_help_flag(true).disable_version_flag(true);
    for option in definition.get_arguments().filter(|option| !option.is_hide_set()) {
        // The script for bash would offer the positional argument as the literal word "[FILE]...".
        if shell != Shell::Bash || !option.is_positional() {
            visible = visible.arg(option.clone());
        }
    }
    visible.build();
    let mut script = Vec::new();
    shell.generate(&visible, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => patch_bash(&script),
        Shell::Elvish => script + &elvish_wrapper(&visible),
        // With two colons, zsh completes no options after the first file.
        Shell::Zsh => script.replace("'*::files -- ", "'*:files -- "),
        _ => script,
    }
}

/// Removes options from the completion of an empty word and of the first word, where a file name is as likely. bash completes
/// file names where the script offers nothing.
fn patch_bash(script: &str) -> String {
    let options = r#"COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )"#;
    let script = script.replace(" || ${COMP_CWORD} -eq 1 ]]", " ]]");
    match script.rsplit_once(options) {
        Some((before, after)) => [before, "COMPREPLY=()", after].concat(),
        None => script,
    }
}

/// A completer that wraps the generated one, which offers only options and fails after a file name. The wrapper completes
/// files and the values of options.
fn elvish_wrapper(definition: &Command) -> String {
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

/// All spellings of an option, aliases included: `-p`, `--processes`.
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
    fn every_script_contains_all_options_except_hidden_ones() {
        for &shell in Shell::value_variants() {
            let script = script(shell, definition());
            for option in definition().get_arguments() {
                for name in option.get_long_and_visible_aliases().unwrap_or_default() {
                    // fish has "-l level" for "--level".
                    let found = script.contains(&format!("--{name}")) || script.contains(&format!("-l {name} "));
                    assert_eq!(found, !option.is_hide_set(), "{shell}: {name}\n{script}");
                }
            }
        }
    }

    #[test]
    fn the_patches_for_bash_match_the_generated_script() {
        let script = script(Shell::Bash, definition());
        assert!(!script.contains("COMP_CWORD} -eq 1") && !script.contains("[FILE]"), "{script}");
        assert_eq!(script.matches(r#"-W "${opts}""#).count(), 1, "{script}");
    }
}
