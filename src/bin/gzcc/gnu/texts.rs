//! Help, version and license under gzip's names.

/// The text of `--version` and `--license`. The first line ends with the version, which scripts read.
pub(super) fn version(program: &str) -> String {
    let copyright = LICENSE.lines().find(|line| line.starts_with("Copyright")).unwrap_or_default();
    format!(
        "{program} (gzcc) {}
{copyright}
MIT License: free to use, change and pass on, without any warranty.
",
        env!("CARGO_PKG_VERSION")
    )
}

/// The text of the project's license.
const LICENSE: &str = include_str!("../../../../LICENSE");

/// The text of `--help`: the options in the words of gzip's own help, and those of pigz. The line for level 11 is omitted if
/// the engine has no level above 9.
pub(super) fn help(program: &str, has_level_11: bool) -> String {
    let level_11 = if has_level_11 { "  -11                  smaller still, and slow (as pigz alone)\n" } else { "" };
    format!(
        "Usage: {program} [OPTION]... [FILE]...
Compress or uncompress FILEs (by default, compress FILES in-place).
This is gzcc under gzip's name; called gzcc it has rules and options of its own.

  -a, --ascii          ignored, with a warning
  -c, --stdout         write on standard output, keep original files unchanged
  -d, --decompress     decompress
  -f, --force          force overwrite of output file and compress links
  -h, --help           give this help
  -i, --independent    compress blocks independently of each other
  -k, --keep           keep (don't delete) input files
  -l, --list           list compressed file contents
  -L, --license        display software license
  -m, --no-time        do not save or restore the original timestamp
  -M, --time           save or restore the original timestamp
  -n, --no-name        do not save or restore the original name and timestamp
  -N, --name           save or restore the original name and timestamp
  -p, --processes=N    use N workers
  -q, --quiet          suppress all warnings
  -r, --recursive      operate recursively on directories
  -R, --rsyncable      make rsync-friendly archive
  -S, --suffix=SUF     use suffix SUF on compressed files
  -t, --test           test compressed file integrity
  -v, --verbose        verbose mode
  -V, --version        display version number
  -Y, --synchronous    synchronous output (already so where originals are deleted)
  -0 ... -9            compression level; of several digits the last one
{level_11}  --fast, --best       levels 1 and 9

With no FILE, or when FILE is -, read standard input.
"
    )
}
