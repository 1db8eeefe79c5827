//! The release of `.ci/package`: its packages are installed, used, upgraded and removed in a Debian system in a folder.
//!
//! Only in the long tier and as root: a system is bootstrapped from the mirror of this one, once for each target directory.

mod debian_system;

use std::fs;
use std::ops::Range;
use std::process::Stdio;
use std::time::Duration;

use self::debian_system::{RELEASES, System, assert_same, release, succeeds};
use crate::harness::{Sandbox, full, have_all, is_root, skip, spawn};

/// Whether these tests run here.
#[track_caller]
fn runs_here() -> bool {
    if !full() {
        skip("only the long tier builds and installs the packages");
        return false;
    }
    if !is_root() {
        skip("only root installs packages");
        return false;
    }
    have_all(&["debootstrap", "lintian", "dpkg-deb", "apt-get", "strip", "chroot", "find", "bash"])
}

const INSTALL: &str = "dpkg --force-unsafe-io -i /packages/gzcc_1.deb /packages/gzcc-as-gzip_1.deb";
const PURGE: &str = "dpkg --force-unsafe-io --force-remove-reinstreq --purge gzcc-as-gzip gzcc";

#[test]
fn the_packages_have_no_lintian_findings_and_the_archive_has_the_program_and_its_documents() {
    if !runs_here() {
        return;
    }
    let t = Sandbox::new();
    let packages = [release(1, "gzcc_"), release(1, "gzcc-as-gzip_")];
    let findings = succeeds("lintian", ["--allow-root".as_ref(), packages[0].as_os_str(), packages[1].as_os_str()]);
    assert_eq!(findings.lines().filter(|line| !line.starts_with("N:")).collect::<Vec<_>>(), [""; 0]);
    let folder = &RELEASES[0];
    t.command(
        "env",
        [
            "-C".as_ref(),
            folder.as_os_str(),
            "sha256sum".as_ref(),
            "--quiet".as_ref(),
            "-c".as_ref(),
            "SHA256SUMS".as_ref(),
        ],
    )
    .succeeds();
    let archive = release(1, ".tar.gz");
    t.command("tar", ["-xzf".as_ref(), archive.as_os_str(), "--strip-components=1".as_ref()]).succeeds();
    let version = concat!("gzcc ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(t.command("./gzcc", ["-V"]).succeeds(), version.as_bytes());
    assert_eq!(t.read("share/man/man1/gzcc.1"), t.command("./gzcc", ["--man"]).succeeds());
    for file in
        ["LICENSE", "README.md", "CHANGELOG.md", "third-party-notices", "share/fish/vendor_completions.d/gzcc.fish"]
    {
        assert!(!t.read(file).is_empty(), "{file}");
    }
    // The program is one file. Its header names no dynamic loader.
    let headers = String::from_utf8(t.command("readelf", ["--program-headers", "gzcc"]).succeeds()).unwrap();
    assert!(!headers.contains("INTERP"), "{headers}");
}

#[test]
fn installed_packages_work_and_their_removal_leaves_nothing() {
    if !runs_here() {
        return;
    }
    let Some(system) = System::new() else { return };
    let before = system.state();
    system.run(INSTALL);
    system.assert_is_gzcc();
    system.assert_gzip_works();
    // Programs and scripts that call gzip, and the originals beside it.
    let used = system.run(
        "cd /tmp; mkdir d; cp -r /etc d; tar -czf a.tar.gz d; tar -tzf a.tar.gz > /dev/null; gzip.distrib -t a.tar.gz
         tar -I pigz -cf b.tar.gz d; pigz.distrib -t b.tar.gz; unpigz b.tar.gz; tar -xf b.tar; rm -r d b.tar
         echo needle | gzip.distrib > n.gz; zgrep needle n.gz; uncompress < n.gz; zcat n.gz; rm *.gz
         gzcc --install-docs; rm -r /usr/local/share/bash-completion /usr/local/share/zsh /usr/local/share/fish \
           /usr/local/share/elvish /usr/local/share/man/man1",
    );
    // Without /proc, gzcc does not know the names by which it can be called.
    let files = ["man/man1/gzcc.1", "bash-completion/completions/gzcc", "zsh/site-functions/_gzcc"];
    let more = ["fish/vendor_completions.d/gzcc.fish", "elvish/lib/gzcc.elv"];
    let wrote: String = files.iter().chain(&more).map(|file| format!("Wrote /usr/local/share/{file}\n")).collect();
    assert_eq!(used, format!("needle\nneedle\nneedle\n{wrote}elvish: in rc.elv: use gzcc\n"));
    // An upgrade of gzcc, and upgrades of the originals, which stay where they are.
    system.run("dpkg --force-unsafe-io -i /packages/gzcc_2.deb /packages/gzcc-as-gzip_2.deb");
    system.assert_is_gzcc();
    system.run(
        "rm /bin/gzip.distrib /bin/pigz.distrib; dpkg --force-unsafe-io -i /var/cache/apt/archives/*gzip_*.deb
        dpkg --force-unsafe-io -i /var/cache/apt/archives/pigz_*.deb; gzip.distrib -V; pigz.distrib -V",
    );
    system.assert_is_gzcc();
    // gzcc stays while it is in gzip's place.
    let refused = system.shell("dpkg --remove gzcc").run();
    refused.assert(!refused.status.success(), "gzcc-as-gzip depends on gzcc");
    system.assert_is_gzcc();
    system.run("dpkg --force-unsafe-io --remove gzcc-as-gzip");
    system.assert_gzip_works();
    assert!(!system.run("gzip -V").contains("gzcc"));
    system.run("dpkg --purge gzcc-as-gzip gzcc");
    assert_same(&before, &system.state(), "after purging");
}

#[test]
fn without_pigz_its_names_come_and_go_and_a_file_in_the_way_stops_the_installation() {
    if !runs_here() {
        return;
    }
    let Some(system) = System::new() else { return };
    system.run("dpkg --purge pigz; echo precious > /usr/bin/gunzip.distrib");
    let before = system.state();
    let ran = system.shell(INSTALL).run();
    let message = "gzcc-as-gzip: /usr/bin/gunzip.distrib exists; move it away";
    ran.assert(!ran.status.success() && ran.stderr().contains(message), message);
    system.assert_gzip_works();
    system.run(PURGE);
    assert_same(&before, &system.state(), "after a failed installation");
    system.run("rm /usr/bin/gunzip.distrib");
    let before = system.state();
    system.run(INSTALL);
    system.assert_is_gzcc();
    // Installed later, pigz goes to the place of the original.
    system.run("dpkg --force-unsafe-io -i /var/cache/apt/archives/pigz_*.deb; dpkg --purge pigz");
    system.assert_is_gzcc();
    // Without its original, gzip would be missing.
    system.run("mv /bin/gzip.distrib /tmp");
    let ran = system.shell(PURGE).run();
    let message =
        "gzcc-as-gzip: /usr/bin/gzip.distrib is missing, and /usr/bin/gzip would be too; reinstall gzip first";
    ran.assert(!ran.status.success() && ran.stderr().contains(message), message);
    system.assert_is_gzcc();
    system.run(&format!("mv /tmp/gzip.distrib /bin; {PURGE}"));
    assert_same(&before, &system.state(), "after purging");
}

/// Programs that dpkg and the scripts of the packages call. dpkg and the script may be killed at each of these calls.
const CALLED: [&str; 6] = ["dpkg-divert", "ln", "mv", "rm", "readlink", "dpkg-deb"];

/// Puts a program before each of [`CALLED`] that counts the calls, and stops at the one in /stop instead of doing its work. It kills
/// nothing itself: inside the folder, the numbers of processes are those of the whole system.
fn count_calls(system: &System) {
    for name in CALLED {
        let script = format!(
            "#!/bin/sh\nread n < /calls\necho $((n + 1)) > /calls\n\
             if [ \"$n\" = \"$(cat /stop)\" ]; then echo > /reached; exec sleep 1000; fi\n\
             exec /usr/bin/{name} \"$@\"\n"
        );
        system.t.write(format!("root/usr/local/sbin/{name}"), script);
        system.t.set_mode(format!("root/usr/local/sbin/{name}"), 0o755);
    }
    system.t.write("root/stop", "never\n");
    system.t.write("root/calls", "0\n");
}

/// Runs dpkg and kills it, with its scripts, at a call. Returns the number of calls.
fn kill_at(system: &System, call: usize, dpkg: &str) -> usize {
    system.t.write("root/calls", "0\n");
    system.t.write("root/stop", format!("{call}\n"));
    let mut command = system.shell(&format!("exec {dpkg}")).into_command();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = spawn(&mut command);
    while child.try_wait().unwrap().is_none() && !system.t.exists("root/reached") {
        std::thread::sleep(Duration::from_millis(5));
    }
    // Kills the process group of this child, unless it has ended.
    drop(child);
    let _ = fs::remove_file(system.path("reached"));
    system.t.write("root/stop", "never\n");
    let calls = String::from_utf8(system.t.read("root/calls")).unwrap().trim().parse().unwrap();
    system.t.write("root/calls", "0\n");
    calls
}

#[test]
fn gzip_works_at_every_instant_of_an_installation_and_a_removal_that_is_killed() {
    if !runs_here() {
        return;
    }
    let Some(system) = System::new() else { return };
    count_calls(&system);
    let before = system.state();
    let never = 1_000_000;
    let installing = kill_at(&system, never, INSTALL);
    system.assert_is_gzcc();
    let removing = kill_at(&system, never, PURGE);
    assert_same(&before, &system.state(), "after purging");
    assert!(installing > 60 && removing > 30, "{installing} and {removing} calls");
    // The calls for gzip itself, which are the first ones of the scripts, and some of the others.
    let chosen = |gzip: Range<usize>, total: usize| (0..total).filter(move |n| gzip.contains(n) || n % 16 == 0);
    // After some of them, the installation is repeated before the removal.
    for call in chosen(6..18, installing) {
        kill_at(&system, call, INSTALL);
        system.assert_gzip_works();
        if call % 4 == 1 {
            system.run(INSTALL);
            system.assert_is_gzcc();
        }
        system.run(PURGE);
        assert_same(&before, &system.state(), &format!("installation killed at call {call}"));
    }
    for call in chosen(0..8, removing) {
        system.run(INSTALL);
        kill_at(&system, call, PURGE);
        system.assert_gzip_works();
        if call % 4 == 1 {
            system.run(INSTALL);
            system.assert_is_gzcc();
        }
        system.run(PURGE);
        assert_same(&before, &system.state(), &format!("removal killed at call {call}"));
    }
}

#[test]
fn gzip_is_replaced_by_renames_and_never_missing() {
    require!("strace");
    if !runs_here() {
        return;
    }
    let Some(system) = System::new() else { return };
    for dpkg in [INSTALL, PURGE] {
        let words = ["-f", "-qq", "-s", "256", "-o", "trace", "-e", "trace=unlink,unlinkat,rename,renameat,renameat2"];
        let chroot = ["chroot", "root"].into_iter().chain(dpkg.split(' '));
        system.t.command("strace", words.into_iter().chain(chroot)).run();
        let trace = String::from_utf8(system.t.read("trace")).unwrap();
        let mut replaced = 0;
        for line in trace.lines().filter(|line| line.contains("bin/gzip\"") && line.ends_with("= 0")) {
            // The first path of each of these calls is the one that goes.
            let path = line.split('"').nth(1).unwrap();
            assert!(!path.ends_with("bin/gzip"), "{line}");
            replaced += 1;
        }
        assert_eq!(replaced, 1, "{trace}");
    }
}
