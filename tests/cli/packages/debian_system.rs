//! Builds the release, and installs its packages in a bootstrapped Debian system in a folder.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use crate::harness::{Call, Sandbox, command, skip};
use crate::programs::spawn_within;

/// For the release build and for the bootstrap, which take a minute each on an idle machine with two cores.
pub const LIMIT: Duration = Duration::from_secs(1800);

/// Programs under gzip's names. The first three are from an Essential package.
pub const NAMES: [&str; 5] = ["gzip", "gunzip", "zcat", "pigz", "unpigz"];

/// What these tests write that outlives them.
pub fn cache() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Runs a program that may take long.
#[track_caller]
pub fn output<S: AsRef<OsStr>>(program: &str, words: impl IntoIterator<Item = S>) -> Output {
    let mut started = command(program);
    started.args(words).stdin(Stdio::null());
    started.stdout(Stdio::piped()).stderr(Stdio::piped());
    // Cargo gives tests a path of the dynamic loader, and the build of the release must not have the settings of this one.
    started.env_remove("LD_LIBRARY_PATH").env_remove("RUSTFLAGS");
    spawn_within(LIMIT, &mut started).wait_with_output().unwrap()
}

#[track_caller]
pub fn succeeds<S: AsRef<OsStr>>(program: &str, words: impl IntoIterator<Item = S>) -> String {
    let ended = output(program, words);
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(ended.status.success(), "{program}:\n{}{}", text(&ended.stdout), text(&ended.stderr));
    text(&ended.stdout)
}

/// The command with which a tag is released.
pub fn release_command() -> String {
    let workflow = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.github/workflows/release.yml")).unwrap();
    let mut steps = workflow.lines().filter_map(|line| line.trim().strip_prefix("- run: "));
    steps.find(|step| step.starts_with(".ci/package ")).unwrap().to_owned()
}

/// The release, and the packages of its second revision, which differ in nothing else.
pub static RELEASES: LazyLock<[PathBuf; 2]> = LazyLock::new(|| {
    let target = cache().parent().unwrap();
    let environment = [
        "-C".to_owned(),
        env!("CARGO_MANIFEST_DIR").to_owned(),
        format!("CARGO_TARGET_DIR={}", target.display()),
        "DEBFULLNAME=The Tests".to_owned(),
        "DEBEMAIL=tests@example.org".to_owned(),
        concat!("TAG=v", env!("CARGO_PKG_VERSION")).to_owned(),
    ];
    let package = |script: &str| {
        let script = ["bash", "-ec", script].map(str::to_owned);
        succeeds("env", [&environment[..], &script].concat());
    };
    package(&release_command());
    let second = cache().join("release-2");
    let triple = succeeds("rustc", ["-vV"]).lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned));
    let program = target.join(triple.unwrap()).join("release/gzcc");
    let again = format!("--program '{}' --revision 2 '{}'", program.display(), second.display());
    package(&format!("{} {again}", release_command()));
    [target.join("dist"), second]
});

/// The files of the release, by a part of their names.
pub fn release(revision: usize, part: &str) -> PathBuf {
    let mut files = fs::read_dir(&RELEASES[revision - 1]).unwrap().map(|file| file.unwrap().path());
    files.find(|file| file.file_name().unwrap().to_str().unwrap().contains(part)).expect(part)
}

/// The folder of a bootstrapped system; an error without a mirror.
pub static BOOTSTRAPPED: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    let suite = succeeds("bash", ["-c", ". /etc/os-release; echo $VERSION_CODENAME"]).trim().to_owned();
    let folder = cache().join(format!("debootstrap-{suite}"));
    if folder.exists() {
        return Ok(folder);
    }
    let format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
    let targets = succeeds("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
    let of_suite = format!(" {suite} main");
    let mirror = targets.lines().find_map(|line| line.strip_suffix(&of_suite)).ok_or("apt has no mirror")?;
    let mirror = mirror.trim_end_matches('/');
    let release = format!("{mirror}/dists/{suite}/InRelease");
    if !output("wget", ["-q", "--spider", "--tries=2", "--timeout=20", &release]).status.success() {
        return Err(format!("{mirror} cannot be reached"));
    }
    let partial = cache().join("debootstrap-partial");
    let _ = fs::remove_dir_all(&partial);
    let words = ["--variant=minbase", "--include=pigz", &suite, partial.to_str().unwrap(), mirror];
    succeeds("debootstrap", words);
    fs::rename(&partial, &folder).unwrap();
    Ok(folder)
});

/// A system in a folder of its own, with the packages of both revisions in /packages.
pub struct System {
    pub t: Sandbox,
}

impl System {
    /// `None` without a mirror.
    #[track_caller]
    pub fn new() -> Option<Self> {
        let bootstrapped = match &*BOOTSTRAPPED {
            Ok(folder) => folder,
            Err(reason) => {
                skip(reason);
                return None;
            }
        };
        // chroot needs device files, which /tmp may not allow.
        let t = Sandbox::within(tempfile::tempdir_in(cache()).unwrap());
        t.command("cp", [OsStr::new("-a"), bootstrapped.as_os_str(), t.path("root").as_os_str()]).succeeds();
        fs::create_dir(t.path("root/packages")).unwrap();
        let system = Self { t };
        for revision in [1, 2] {
            for name in ["gzcc_", "gzcc-as-gzip_"] {
                let package = release(revision, name);
                fs::copy(&package, system.path("packages").join(format!("{name}{revision}.deb"))).unwrap();
            }
        }
        Some(system)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.t.path("root").join(name)
    }

    /// A script in the system.
    pub fn shell(&self, script: &str) -> Call {
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let words = ["-i", path, "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "chroot", "root", "sh", "-ec", script];
        self.t.command("env", words)
    }

    /// The output of a script, which must succeed.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        let ran = self.shell(script).run();
        ran.assert(ran.status.success(), script);
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }

    /// All files with their attributes, and the diversions.
    pub fn state(&self) -> String {
        let find = "find . -xdev ( -path ./proc -o -path ./dev -o -path ./packages -o -path ./var/log -o -path ./var/cache \
                    -o -path ./var/lib/dpkg -o -path ./calls -o -path ./stop ) -prune -o -type d -printf %p\\t%M\\t%u\\n \
                    -o -printf %p\\t%M\\t%u\\t%g\\t%n\\t%s\\t%l\\t%T@\\n";
        let mut listing = self.t.command("env", ["-C", "root"].into_iter().chain(find.split_whitespace())).succeeds();
        listing.extend(self.run("dpkg-divert --list | sort; dpkg-query -f '${Package} ${Status}\\n' -W").into_bytes());
        let text = String::from_utf8(listing).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    }

    /// Whether gzcc answers to all names.
    #[track_caller]
    pub fn assert_is_gzcc(&self) {
        for name in NAMES {
            assert!(self.run(&format!("{name} -V")).starts_with(&format!("{name} (gzcc) ")), "{name}");
        }
    }

    /// Whether gzip, gunzip and zcat work, whatever they are.
    #[track_caller]
    pub fn assert_gzip_works(&self) {
        let script =
            "echo text | gzip -9 > /tmp/x.gz; gzip -dc /tmp/x.gz; gunzip -c /tmp/x.gz; zcat /tmp/x.gz; rm /tmp/x.gz";
        assert_eq!(self.run(script), "text\ntext\ntext\n");
    }
}

/// Asserts that two states are the same, and names the differences.
#[track_caller]
pub fn assert_same(before: &str, after: &str, what: &str) {
    let only = |a: &str, b: &str| {
        let other: HashSet<&str> = b.lines().collect();
        a.lines().filter(|line| !other.contains(line)).collect::<Vec<_>>().join("\n")
    };
    assert!(before == after, "{what}\nlost:\n{}\nleft behind:\n{}", only(before, after), only(after, before));
}
