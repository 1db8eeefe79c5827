//! Everybody else's gzip, in both directions: what gzcc writes is read by all, and gzcc reads what all write.
//!
//! Streams go from pipe to pipe, as the programs are used.

use std::sync::OnceLock;

use crate::harness::{BLOCK, Call, Sandbox, every_level, find, log, noise};

/// What is compressed: the edges, and enough for several blocks.
fn contents() -> &'static [(&'static str, Vec<u8>)] {
    static CONTENTS: OnceLock<[(&str, Vec<u8>); 4]> = OnceLock::new();
    CONTENTS.get_or_init(|| {
        let (text, noise) = (log(3 * BLOCK + 1000), noise(BLOCK + 1, 6));
        [("nothing", Vec::new()), ("one byte", vec![b'x']), ("text", text), ("noise", noise)]
    })
}

/// What gzcc made of some of the contents with these options.
struct Stream {
    options: String,
    names: Vec<&'static str>,
    content: Vec<u8>,
    gz: Vec<u8>,
}

/// What gzcc writes, made once: at every level of every engine all contents as members of one stream, and at one of
/// each engine every content alone.
fn written() -> &'static [Stream] {
    static WRITTEN: OnceLock<Vec<Stream>> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let t = Sandbox::new();
        let mut kinds = Vec::new();
        for (name, content) in contents() {
            t.write(name, content);
            kinds.extend(ONE_LEVEL.map(|options| (options.to_owned(), vec![*name])));
        }
        let all: Vec<&str> = contents().iter().map(|(name, _)| *name).collect();
        kinds.extend(every_level().map(|options| (options, all.clone())));
        kinds.extend([("-9 -N".to_owned(), all)]);
        for engine in ["--engine=native", "--engine=flate2"] {
            kinds.extend(["--rsyncable", "-N"].map(|option| (format!("{engine} {option}"), vec!["text"])));
        }
        let made = |(options, names): (String, Vec<&'static str>)| {
            let gz = t.gzcc(options.split(' ').chain(["-j2", "-c"]).chain(names.iter().copied())).succeeds();
            let content = names.iter().flat_map(|name| t.read(name)).collect();
            Stream { options, names, content, gz }
        };
        kinds.into_iter().map(made).collect()
    })
}

/// One level of each engine.
const ONE_LEVEL: [&str; 2] = ["--engine=native -6", "--engine=flate2 -6"];

/// What a decoder is tried on.
#[derive(Clone, Copy)]
enum On {
    All,
    /// Of [`ONE_LEVEL`], for a way into a library of which another has been tried on all.
    OneLevel,
    /// The same for one that reads a single member.
    SingleMembers,
}

/// Asserts that this command decodes, from pipe to pipe and without a word, what gzcc writes.
#[track_caller]
fn decodes(on: On, program: &str, words: &[&str]) {
    require!(program);
    let t = Sandbox::new();
    let tried = |stream: &&Stream| match on {
        On::All => true,
        On::OneLevel => ONE_LEVEL.contains(&stream.options.as_str()),
        On::SingleMembers => ONE_LEVEL.contains(&stream.options.as_str()) && stream.names.len() == 1,
    };
    for Stream { options, names, content, gz } in written().iter().filter(tried) {
        let ran = t.command(program, words).stdin(gz).run();
        let read = ran.status.success() && ran.stderr.is_empty() && ran.stdout == *content;
        ran.assert(read, &format!("{program} reads {} bytes of {names:?}, {options}", content.len()));
    }
}

/// 7-Zip has had two names in Debian.
fn seven_zip() -> &'static str {
    if find("7zz").is_some() { "7zz" } else { "7z" }
}

#[test]
fn gzip_and_its_likes_read_what_gzcc_writes() {
    decodes(On::All, "gzip", &["-dc"]);
    decodes(On::All, "pigz", &["-dc"]);
    decodes(On::All, "zstd", &["-dc", "--format=gzip"]);
    decodes(On::All, "bgzip", &["-dc"]);
}

/// These have an inflate of their own, not zlib's.
#[test]
fn decoders_not_of_zlib_read_what_gzcc_writes() {
    decodes(On::All, "igzip", &["-dc"]);
    decodes(On::All, "libdeflate-gunzip", &["-c"]);
    decodes(On::All, "busybox", &["gunzip", "-c"]);
    decodes(On::All, seven_zip(), &["x", "-tgzip", "-si", "-so"]);
}

#[test]
fn libarchive_reads_what_gzcc_writes() {
    decodes(On::All, "bsdcat", &[]);
}

#[test]
fn python_reads_what_gzcc_writes() {
    let whole = "import gzip, sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))";
    let stream = "import gzip, shutil, sys; shutil.copyfileobj(gzip.open(sys.stdin.buffer), sys.stdout.buffer)";
    let member = "import sys, zlib; d = zlib.decompressobj(31); \
                  sys.stdout.buffer.write(d.decompress(sys.stdin.buffer.read()) + d.flush()); \
                  assert d.eof and not d.unused_data";
    decodes(On::All, "python3", &["-c", whole]);
    decodes(On::OneLevel, "python3", &["-c", stream]);
    decodes(On::SingleMembers, "python3", &["-c", member]);
}

#[test]
fn perl_reads_what_gzcc_writes() {
    let gunzip = "gunzip(\\*STDIN => \\*STDOUT, MultiStream => 1) or die $GunzipError";
    let memory = "undef $/; binmode STDIN; print Compress::Zlib::memGunzip(<STDIN>) // die $gzerrno";
    decodes(On::All, "perl", &["-MIO::Uncompress::Gunzip=:all", "-e", gunzip]);
    decodes(On::SingleMembers, "perl", &["-MCompress::Zlib", "-e", memory]);
}

/// As servers do, and as pages do in a browser.
#[test]
fn node_reads_what_gzcc_writes() {
    let whole = "process.stdout.write(require('zlib').gunzipSync(require('fs').readFileSync(0)))";
    let stream = "process.stdin.pipe(require('zlib').createGunzip()).pipe(process.stdout)";
    let browser = "const { Readable } = require('stream'); \
        const inflated = Readable.toWeb(process.stdin).pipeThrough(new DecompressionStream('gzip')); \
        Readable.fromWeb(inflated).pipe(process.stdout)";
    decodes(On::All, "node", &["-e", whole]);
    decodes(On::OneLevel, "node", &["-e", stream]);
    decodes(On::SingleMembers, "node", &["-e", browser]);
}

/// Asserts that gzcc reads what this command writes, from a file and from a pipe.
#[track_caller]
fn encodes(program: &str, words: &[&str]) {
    require!(program);
    let t = Sandbox::new();
    let mut all = (Vec::new(), Vec::new());
    for (what, content) in contents() {
        let gz = t.command(program, words).stdin(content).run().stdout;
        let at = format!("{program} {words:?}, {what}");
        assert!(!gz.is_empty(), "{at}: it writes nothing");
        gzcc_reads(&t, &gz, content, &at);
        all.0.extend(gz);
        all.1.extend(content);
    }
    gzcc_reads(&t, &all.0, &all.1, &format!("{program} {words:?}, one behind the other"));
}

#[track_caller]
fn gzcc_reads(t: &Sandbox, gz: &[u8], content: &[u8], at: &str) {
    t.write("a.gz", gz);
    let reads = |call: Call, how: &str| {
        let ran = call.run();
        let read = ran.status.success() && ran.stderr.is_empty() && ran.stdout == content;
        ran.assert(read, &format!("gzcc reads {} bytes of {at}, {how}", content.len()));
    };
    reads(t.gzcc(["-dc", "-j3", "a.gz"]), "from a file");
    reads(t.gzcc(["-d", "-j1"]).stdin(gz), "from a pipe");
    t.gzcc(["-t", "-q", "a.gz"]).succeeds();
}

#[test]
fn gzcc_reads_what_gzip_and_its_likes_write() {
    for options in [&["-1"][..], &["-6"], &["-9"], &["-9", "--rsyncable"]] {
        encodes("gzip", options);
        encodes("pigz", options);
    }
    encodes("zstd", &["-c", "--format=gzip"]);
}

/// All that pigz can do to its blocks: apart from one another, cut by content, stored.
#[test]
fn gzcc_reads_every_kind_of_stream_of_pigz() {
    for options in [&["-i"][..], &["-R"], &["-i", "-p3", "-b128"], &["-0"], &["-p1"], &["-H"], &["-U"]] {
        encodes("pigz", options);
    }
}

/// Many members whose lengths their headers tell.
#[test]
fn gzcc_reads_what_bgzip_writes() {
    encodes("bgzip", &["-c"]);
    encodes("bgzip", &["-c", "-l0"]);
    encodes("bgzip", &["-c", "-l9", "-@3"]);
}

#[test]
fn gzcc_reads_what_encoders_not_of_zlib_write() {
    for level in ["-0", "-1", "-3"] {
        encodes("igzip", &[level, "-c"]);
    }
    for level in ["-1", "-6", "-12"] {
        encodes("libdeflate-gzip", &[level, "-c"]);
    }
    encodes("busybox", &["gzip", "-c"]);
    encodes(seven_zip(), &["a", "-tgzip", "-si", "-so", "archive"]);
}

#[test]
fn gzcc_reads_what_zopfli_writes() {
    require!("zopfli");
    let t = Sandbox::new();
    // It takes its time: a second for 200 KB.
    let content = t.write("a", log(50_000));
    let gz = t.command("zopfli", ["-c", "--i1", "a"]).succeeds();
    gzcc_reads(&t, &gz, &content, "zopfli");
}

#[test]
fn gzcc_reads_what_libraries_write() {
    let python = "import gzip, sys; sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read(), int(sys.argv[1])))";
    for level in ["0", "1", "9"] {
        encodes("python3", &["-c", python, level]);
    }
    encodes("perl", &["-MIO::Compress::Gzip=:all", "-e", "gzip(\\*STDIN => \\*STDOUT) or die $GzipError"]);
    encodes("node", &["-e", "process.stdout.write(require('zlib').gzipSync(require('fs').readFileSync(0)))"]);
    encodes("node", &["-e", "process.stdin.pipe(require('zlib').createGzip({ level: 0 })).pipe(process.stdout)"]);
}
