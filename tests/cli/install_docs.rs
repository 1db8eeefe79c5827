//! `--install-docs`: man and the shells find what it writes, and it writes nothing through symbolic links.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::completions::{Shell, assert_completes_in};
use crate::harness::{Call, Sandbox, is_root, skip};

const FILES: [&str; 5] = [
    "man/man1/gzcc.1",
    "bash-completion/completions/gzcc",
    "zsh/site-functions/_gzcc",
    "fish/vendor_completions.d/gzcc.fish",
    "elvish/lib/gzcc.elv",
];

/// Lines for these files below the directory `share`.
fn wrote(files: &[&str]) -> String {
    files.iter().map(|file| format!("Wrote share/{file}\n")).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A call as a user who is not root, whose home is the sandbox.
fn as_user(t: &Sandbox, words: &[&str]) -> Call {
    let mut call = match is_root() {
        false => t.gzcc(words),
        true => {
            // That user may not be able to reach the program where it is built.
            fs::copy(env!("CARGO_BIN_EXE_gzcc"), t.path("gzcc")).unwrap();
            t.set_mode("", 0o777);
            let user = ["--reuid=65534", "--regid=65534", "--clear-groups", "./gzcc"];
            t.command("setpriv", [&user[..], words].concat())
        }
    };
    call.set("HOME", t.path("").to_str().unwrap().trim_end_matches('/'));
    call.set("XDG_DATA_HOME", "");
    call
}

#[test]
fn manual_page_and_completions_are_written_below_a_directory_and_listed() {
    let t = Sandbox::new();
    let printed = |words: &[&str]| t.gzcc(words).succeeds();
    // The second time, all files are replaced.
    for _ in 0..2 {
        assert_eq!(text(&printed(&["--install-docs", "share"])), wrote(&FILES));
        assert_eq!(t.read(format!("share/{}", FILES[0])), printed(&["--man"]));
        for (shell, file) in ["bash", "zsh", "fish", "elvish"].iter().zip(&FILES[1..]) {
            assert_eq!(t.read(format!("share/{file}")), printed(&["--completions", shell]), "{shell}");
            t.write(format!("share/{file}"), "old");
        }
    }
    assert_eq!(t.names().iter().filter(|name| t.path(name).is_file()).count(), FILES.len(), "{:?}", t.names());
}

#[test]
fn the_umask_decides_who_may_read_the_files() {
    require!("bash");
    let t = Sandbox::new();
    for (umask, directory, file) in [("022", 0o755, 0o644), ("027", 0o750, 0o640)] {
        t.shell(&format!("umask {umask}; gzcc --install-docs {umask}")).succeeds();
        let mode = |name: &str| t.path(format!("{umask}/{name}")).metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("man/man1"), mode(FILES[0])), (directory, file), "{umask}");
    }
}

#[test]
fn a_name_of_gzip_gets_a_page_if_it_is_gzcc() {
    require!("groff");
    let t = Sandbox::new();
    t.write("other/zcat", "");
    t.set_mode("other/zcat", 0o755);
    fs::create_dir(t.path("bin")).unwrap();
    for name in ["gzip", "gunzip", "zcat"] {
        symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("bin").join(name)).unwrap();
    }
    let mut call = t.gzcc(["--install-docs", "share"]);
    call.set("PATH", &format!("{}:{}", t.path("other").display(), t.path("bin").display()));
    let pages = ["man/man1/gzcc.1", "man/man1/gzip.1", "man/man1/gunzip.1"];
    // The shell finds another zcat first.
    assert_eq!(text(&call.succeeds()), wrote(&[&pages[..], &FILES[1..]].concat()));
    let page =
        t.command("groff", ["-man", "-Tutf8", "-ww", "-P-cbou", "-rLL=78n", "share/man/man1/gunzip.1"]).succeeds();
    let page = text(&page).replace('\u{2212}', "-");
    assert!(page.contains("gunzip - compress or decompress files in place of gzip"), "{page}");
    for line in text(&t.command("bin/gunzip", ["--help"]).succeeds()).lines().filter(|line| line.starts_with("  -")) {
        let (option, meaning) = line.trim().split_once("  ").unwrap();
        assert!(page.contains(option) && page.contains(meaning.trim()), "{line}: {page}");
    }
    for variable in ["GZIP", "PIGZ", "POSIXLY_CORRECT"] {
        assert!(page.contains(variable), "{variable}: {page}");
    }
    assert!(!page.contains("GZCC_JOBS"), "{page}");
}

#[test]
fn a_user_who_is_not_root_gets_the_files_in_their_data_directory() {
    require!("setpriv");
    let t = Sandbox::new();
    let home = t.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let stdout = text(&as_user(&t, &["--install-docs"]).succeeds());
    let share = format!("{home}/.local/share");
    let expected: String = FILES.iter().map(|file| format!("Wrote {share}/{file}\n")).collect();
    let setup = format!(
        "man: add {home}/.local/bin to PATH\n\
         zsh: in .zshrc, before compinit: fpath=({share}/zsh/site-functions $fpath)\n\
         elvish: in rc.elv: use gzcc\n"
    );
    assert_eq!(stdout, expected + &setup);
    let mut call = as_user(&t, &["--install-docs"]);
    call.set("XDG_DATA_HOME", &format!("{home}/data"));
    call.set("PATH", &format!("{}:{home}/bin", std::env::var("PATH").unwrap()));
    let stdout = text(&call.succeeds());
    assert!(stdout.starts_with(&format!("Wrote {home}/data/man")) && !stdout.contains("PATH"), "{stdout}");
    // Relative paths in these variables are ignored.
    let mut call = as_user(&t, &["--install-docs"]);
    call.set("XDG_DATA_HOME", "data");
    call.set("HOME", ".");
    let none = "gzcc: neither XDG_DATA_HOME nor HOME is set; name a directory: --install-docs DIR";
    assert_eq!(call.says(1, &[none]), "");
}

#[test]
fn man_finds_the_page_through_the_path() {
    require!("man");
    let t = Sandbox::new();
    t.gzcc(["--install-docs", ".local/share"]).succeeds();
    fs::create_dir(t.path(".local/bin")).unwrap();
    let mut man = t.command("man", ["-w", "gzcc"]);
    man.set("PATH", &format!("{}:{}", std::env::var("PATH").unwrap(), t.path(".local/bin").display()));
    man.set("MANPATH", "");
    let found = text(&man.succeeds());
    assert_eq!(
        fs::canonicalize(found.trim()).unwrap(),
        fs::canonicalize(t.path(".local/share/man/man1/gzcc.1")).unwrap()
    );
}

#[test]
fn zsh_fish_and_elvish_complete_with_the_installed_files() {
    let zsh = Shell {
        name: "zsh",
        start: &["-i"],
        first: r#"PS1='READY> '; fpath=(DATA/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D
            gzcc() { printf '%s\n' "$@" end > 'WORDS'; }"#,
    };
    // fish looks in $XDG_DATA_HOME, which is DATA.
    let fish = Shell {
        name: "fish",
        start: &["-i", "-C", "source FIRST"],
        first: r#"function fish_prompt; echo 'READY> '; end; function gzcc; printf '%s\n' $argv end > 'WORDS'; end"#,
    };
    let elvish = Shell {
        name: "elvish",
        start: &["-rc", "FIRST"],
        first: r#"use gzcc; set edit:prompt = { print 'READY> ' }; set edit:rprompt = { }
            fn gzcc {|@words| { each $echo~ $words; echo end } > 'WORDS' }"#,
    };
    for shell in [&zsh, &fish, &elvish] {
        let t = Sandbox::new();
        t.gzcc(["--install-docs", "."]).succeeds();
        assert_completes_in(
            &t,
            shell,
            &[("gzcc --sch\t", &["--scheduler"]), ("gzcc --rm al\t", &["--rm", "alpha.log"])],
        );
    }
}

#[test]
fn bash_completes_with_the_installed_file() {
    let bash_completion = "/usr/share/bash-completion/bash_completion";
    if !fs::exists(bash_completion).unwrap() {
        assert!(std::env::var_os("CI").is_none(), "bash-completion not installed");
        return skip("bash-completion not installed");
    }
    let bash = Shell {
        name: "bash",
        start: &["--noprofile", "--rcfile", "FIRST", "-i"],
        first: r#"PS1='READY> '; . /usr/share/bash-completion/bash_completion
            gzcc() { printf '%s\n' "$@" end > 'WORDS'; }"#,
    };
    let t = Sandbox::new();
    t.gzcc(["--install-docs", "."]).succeeds();
    assert_completes_in(
        &t,
        &bash,
        &[("gzcc --sch\t", &["--scheduler"]), ("gzcc --scheduler r\t", &["--scheduler", "rayon"])],
    );
}

#[test]
fn links_are_replaced_or_refused_and_never_followed() {
    let t = Sandbox::new();
    t.write("target/file", "precious");
    fs::create_dir_all(t.path("share/man/man1")).unwrap();
    symlink(t.path("target/file"), t.path("share/man/man1/gzcc.1")).unwrap();
    symlink(t.path("target"), t.path("share/zsh")).unwrap();
    fs::create_dir_all(t.path("share/fish/vendor_completions.d/gzcc.fish")).unwrap();
    t.write("share/elvish", "a file");
    // The directory itself may be a link: the user named it.
    symlink("share", t.path("link")).unwrap();
    for _ in 0..2 {
        let stdout = t.gzcc(["--install-docs", "link"]).says(
            1,
            &[
                "gzcc: link/zsh: is a symbolic link; outputs are not written through it",
                "gzcc: link/fish/vendor_completions.d/gzcc.fish: is not a regular file",
                "gzcc: link/elvish: Not a directory",
            ],
        );
        assert_eq!(stdout, wrote(&FILES[..2]).replace("share", "link"));
        assert_eq!((t.read("target/file"), fs::read_dir(t.path("target")).unwrap().count()), (b"precious".to_vec(), 1));
        assert!(t.path("share/man/man1/gzcc.1").symlink_metadata().unwrap().is_file());
    }
}

#[test]
fn an_existing_file_is_replaced_by_a_rename_and_is_never_opened() {
    require!("strace");
    let t = Sandbox::new();
    t.gzcc(["--install-docs", "share"]).succeeds();
    let strace = ["-f", "-qq", "-o", "trace", env!("CARGO_BIN_EXE_gzcc"), "--install-docs", "share"];
    t.command("strace", strace).succeeds();
    let trace = text(&t.read("trace"));
    let calls: Vec<&str> = trace.lines().filter(|line| line.contains("\"gzcc.1\"")).collect();
    assert!(calls.iter().any(|call| call.contains("rename")), "{calls:#?}");
    let harmless = ["rename", "linkat", "newfstatat", "statx"];
    let other = calls.iter().find(|call| !harmless.iter().any(|name| call.contains(name)));
    assert!(other.is_none(), "{calls:#?}");
    // Content before name.
    let fsync = trace.lines().position(|line| line.contains("fsync("));
    // A call that another thread interrupts has no end on its line.
    let rename = trace.lines().position(|line| line.contains("rename") && line.contains("\"gzcc.1\""));
    assert!(fsync.is_some() && fsync < rename, "{trace}");
}

#[test]
fn what_cannot_be_done_is_one_line_and_status_1() {
    require!("bash");
    let t = Sandbox::new();
    t.write("file", "x");
    let see = "; see gzcc --help";
    t.gzcc(["--install-docs", "share", "a"]).says(1, &[&format!("gzcc: --install-docs takes no FILE{see}")]);
    t.gzcc(["--install-docs", "file"]).says(1, &["gzcc: file: File exists"]);
    t.gzcc(["--install-docs", "file/x"]).says(1, &["gzcc: file/x: Not a directory"]);
    let lines: Vec<String> = FILES.iter().map(|file| format!("gzcc: share/{file}: File too large")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // The file size limit cuts every file.
    assert_eq!(t.shell("ulimit -f 1; gzcc --install-docs share").says(1, &lines), "");
    assert!(t.names().iter().all(|name| !t.path(format!("share/{name}")).is_file()), "{:?}", t.names());
    t.shell("gzcc --install-docs share > /dev/full").says(1, &["gzcc: standard output: No space left on device"]);
}
