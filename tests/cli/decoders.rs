//! Interoperability with other gzip implementations: they read gzcc's output, and gzcc reads theirs.
//!
//! All programs read and write pipes, as in typical use.

use std::sync::OnceLock;

use crate::harness::{BLOCK, Call, Sandbox, every_level, find, full, log, noise, sample};

/// The contents to compress: edge cases, and enough for several blocks.
fn contents() -> &'static [(&'static str, Vec<u8>)] {
    static CONTENTS: OnceLock<[(&str, Vec<u8>); 4]> = OnceLock::new();
    CONTENTS.get_or_init(|| {
        let blocks = if full() { 3 } else { 1 };
        let (text, noise) = (log(blocks * BLOCK + 1000), noise(BLOCK + 1, 6));
        [("nothing", Vec::new()), ("one byte", vec![b'x']), ("text", text), ("noise", noise)]
    })
}

/// gzcc's output for some of the contents with these options.
struct Stream {
    options: String,
    names: Vec<&'static str>,
    content: Vec<u8>,
    gz: Vec<u8>,
}

/// All streams, made once: for every level of every engine (a sample in the default tier) one stream with all contents as members, and for one level
/// of each engine one stream per content.
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
        // A step of 4 includes levels of every parser: 0, 4, 8 and 12 of one engine, 3 and 7 of the other.
        kinds.extend(sample(4, every_level()).map(|options| (options, all.clone())));
        kinds.extend([("-9 -N".to_owned(), all)]);
        for engine in ["--engine=native", "--engine=flate2"] {
            kinds.extend(["--rsyncable", "-N"].map(|option| (format!("{engine} {option}"), vec!["text"])));
        }
        let compress = |(options, names): (String, Vec<&'static str>)| {
            let gz = t.gzcc(options.split(' ').chain(["-j2", "-c"]).chain(names.iter().copied())).succeeds();
            let content = names.iter().flat_map(|name| t.read(name)).collect();
            Stream { options, names, content, gz }
        };
        kinds.into_iter().map(compress).collect()
    })
}

/// One level of each engine.
const ONE_LEVEL: [&str; 2] = ["--engine=native -6", "--engine=flate2 -6"];

/// The streams that a decoder is tested with.
#[derive(Clone, Copy)]
enum StreamSet {
    All,
    /// [`ONE_LEVEL`] only, for another interface to a library that is tested with all streams.
    OneLevel,
    /// [`ONE_LEVEL`] only, for decoders that read a single member.
    SingleMembers,
}

/// Asserts that this command silently decodes gzcc's output from pipe to pipe.
#[track_caller]
fn decodes(on: StreamSet, program: &str, words: &[&str]) {
    require!(program);
    let t = Sandbox::new();
    let tried = |stream: &&Stream| match on {
        StreamSet::All => true,
        StreamSet::OneLevel => ONE_LEVEL.contains(&stream.options.as_str()),
        StreamSet::SingleMembers => ONE_LEVEL.contains(&stream.options.as_str()) && stream.names.len() == 1,
    };
    for Stream { options, names, content, gz } in written().iter().filter(tried) {
        let ran = t.command(program, words).stdin(gz).run();
        let read = ran.status.success() && ran.stderr.is_empty() && ran.stdout == *content;
        ran.assert(read, &format!("{program} reads {} bytes of {names:?}, {options}", content.len()));
    }
}

/// Debian has shipped 7-Zip under two names.
fn seven_zip() -> &'static str {
    if find("7zz").is_some() { "7zz" } else { "7z" }
}

#[test]
fn gzip_and_compatible_tools_read_gzccs_output() {
    decodes(StreamSet::All, "gzip", &["-dc"]);
    decodes(StreamSet::All, "pigz", &["-dc"]);
    decodes(StreamSet::All, "zstd", &["-dc", "--format=gzip"]);
    decodes(StreamSet::All, "bgzip", &["-dc"]);
}

/// These decoders have their own inflate instead of zlib's.
#[test]
fn decoders_without_zlib_read_gzccs_output() {
    decodes(StreamSet::All, "igzip", &["-dc"]);
    decodes(StreamSet::All, "libdeflate-gunzip", &["-c"]);
    decodes(StreamSet::All, "busybox", &["gunzip", "-c"]);
    decodes(StreamSet::All, seven_zip(), &["x", "-tgzip", "-si", "-so"]);
}

#[test]
fn libarchive_reads_gzccs_output() {
    decodes(StreamSet::All, "bsdcat", &[]);
}

#[test]
fn python_reads_gzccs_output() {
    let whole = "import gzip, sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))";
    let stream = "import gzip, shutil, sys; shutil.copyfileobj(gzip.open(sys.stdin.buffer), sys.stdout.buffer)";
    let member = "import sys, zlib; d = zlib.decompressobj(31); \
                  sys.stdout.buffer.write(d.decompress(sys.stdin.buffer.read()) + d.flush()); \
                  assert d.eof and not d.unused_data";
    decodes(StreamSet::All, "python3", &["-c", whole]);
    decodes(StreamSet::OneLevel, "python3", &["-c", stream]);
    decodes(StreamSet::SingleMembers, "python3", &["-c", member]);
}

#[test]
fn perl_reads_gzccs_output() {
    let gunzip = "gunzip(\\*STDIN => \\*STDOUT, MultiStream => 1) or die $GunzipError";
    let memory = "undef $/; binmode STDIN; print Compress::Zlib::memGunzip(<STDIN>) // die $gzerrno";
    decodes(StreamSet::All, "perl", &["-MIO::Uncompress::Gunzip=:all", "-e", gunzip]);
    decodes(StreamSet::SingleMembers, "perl", &["-MCompress::Zlib", "-e", memory]);
}

/// Node.js through both its zlib module, as in servers, and the streams API, as in browsers.
#[test]
fn node_reads_gzccs_output() {
    let whole = "process.stdout.write(require('zlib').gunzipSync(require('fs').readFileSync(0)))";
    let stream = "process.stdin.pipe(require('zlib').createGunzip()).pipe(process.stdout)";
    let browser = "const { Readable } = require('stream'); \
        const inflated = Readable.toWeb(process.stdin).pipeThrough(new DecompressionStream('gzip')); \
        Readable.fromWeb(inflated).pipe(process.stdout)";
    decodes(StreamSet::All, "node", &["-e", whole]);
    decodes(StreamSet::OneLevel, "node", &["-e", stream]);
    decodes(StreamSet::SingleMembers, "node", &["-e", browser]);
}

/// Asserts that gzcc reads this command's output from a file and from a pipe.
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
    gzcc_reads(&t, &all.0, &all.1, &format!("{program} {words:?}, concatenated"));
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
fn gzcc_reads_the_output_of_gzip_and_compatible_tools() {
    for options in [&["-1"][..], &["-6"], &["-9"], &["-9", "--rsyncable"]] {
        encodes("gzip", options);
        encodes("pigz", options);
    }
    encodes("zstd", &["-c", "--format=gzip"]);
}

/// All block modes of pigz: independent, cut by content, stored.
#[test]
fn gzcc_reads_all_block_modes_of_pigz() {
    for options in [&["-i"][..], &["-R"], &["-i", "-p3", "-b128"], &["-0"], &["-p1"], &["-H"], &["-U"]] {
        encodes("pigz", options);
    }
}

/// Many members whose headers state their sizes.
#[test]
fn gzcc_reads_the_output_of_bgzip() {
    encodes("bgzip", &["-c"]);
    encodes("bgzip", &["-c", "-l0"]);
    encodes("bgzip", &["-c", "-l9", "-@3"]);
}

#[test]
fn gzcc_reads_the_output_of_encoders_without_zlib() {
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
fn gzcc_reads_the_output_of_zopfli() {
    require!("zopfli");
    let t = Sandbox::new();
    // zopfli needs a second for 200 KB.
    let content = t.write("a", log(50_000));
    let gz = t.command("zopfli", ["-c", "--i1", "a"]).succeeds();
    gzcc_reads(&t, &gz, &content, "zopfli");
}

#[test]
fn gzcc_reads_the_output_of_libraries() {
    let python = "import gzip, sys; sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read(), int(sys.argv[1])))";
    for level in ["0", "1", "9"] {
        encodes("python3", &["-c", python, level]);
    }
    encodes("perl", &["-MIO::Compress::Gzip=:all", "-e", "gzip(\\*STDIN => \\*STDOUT) or die $GzipError"]);
    encodes("node", &["-e", "process.stdout.write(require('zlib').gzipSync(require('fs').readFileSync(0)))"]);
    encodes("node", &["-e", "process.stdin.pipe(require('zlib').createGzip({ level: 0 })).pipe(process.stdout)"]);
}
