//! The complete rules and examples of the manual page, which are too long for the help of an option. Text only.

/// A section of the page.
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) items: &'static [SectionItem],
}

/// An item of a section.
pub(super) enum SectionItem {
    /// A paragraph.
    Text(&'static str),
    /// A term and its meaning.
    Term(&'static str, &'static str),
    /// A command line, or several.
    Code(&'static [&'static str]),
}

use SectionItem::{Code, Term, Text};

/// The sections, in the order of the page.
pub(super) const SECTIONS: [Section; 15] = [
    Section {
        heading: "DECOMPRESSING",
        items: &[
            Text(
                "Every member of a file is read to its end, and its header, length and CRC are checked. Damaged or truncated \
                 data is an error that names the byte where it was found, and makes no output. Zero bytes after the last \
                 member are ignored. Other trailing garbage is ignored with a warning, and then the original stays, even with \
                 --rm.",
            ),
            Text(
                "The output is named without the suffix: .gz, .bgz, .z, -gz, -z and _z in any case, or the one that -S names. \
                 .tgz and .taz become .tar. With -N the name in the header counts; only its last component is used.",
            ),
            Text(
                "Runs of zeros of 64 KiB or more become holes in a new regular file; --no-sparse writes them. All workers inflate \
                 a large file.",
            ),
            Text(
                "The other formats that gunzip reads are recognized by their content: compress (.Z), pack (.z), LZH, and the first \
                 entry of a zip file. A zip file with more entries is decompressed with a warning, and refused where the \
                 original would be removed. compress and LZH data has no checksum, so damage may go unnoticed.",
            ),
        ],
    },
    Section {
        heading: "INDEXES AND RANGES",
        items: &[
            Text(
                "--index writes FILE.gz.gzidx, the index of FILE.gz, while it tests the file; with -d, while it decompresses it. The index \
                 has a point for each 4 MiB of content, with the 32 KiB before it: 0.8 percent of the content. A file of many members, as \
                 bgzip writes it, needs only 30 bytes for a point. The bytes of an index do not depend on the number of workers. It has \
                 the owner, mode, ACL and times of its file, and an existing one is replaced only with -f. A file that is damaged, or \
                 changes meanwhile, gets no index.",
            ),
            Text(
                "The format is GZIDX version 1 of indexed_gzip, which rapidgzip reads as well (--import-index). Behind the last window, \
                 where both ignore it, gzcc stores the number of lines before each point, and checksums of the index, of each window, and \
                 of the last 4 KiB of FILE.gz. bgzip -r writes the index of a BGZF file that samtools reads.",
            ),
            Text(
                "-dc --bytes=RANGE writes only these bytes of each FILE, counted from 0; --lines=RANGE only these lines, counted from 1; \
                 --tail=N the last N lines. A range is FROM-TO, with both ends, as in curl -r and cut; FROM- up to the end; -TO from the \
                 beginning (curl has another meaning for that); FROM+COUNT; or one number. Numbers may have a unit (5G+1M). The last line \
                 may have no newline. A range may end after the content; one that begins after it is an error.",
            ),
            Text(
                "With FILE.gz.gzidx beside FILE.gz, decompression starts at the last point before the range. An index of another program has \
                 no lines, so it serves --bytes only. In a BGZF file without it, --bytes uses the .gzi beside the file, or reads the \
                 headers of all blocks before the range, and --tail reads blocks from the end backwards. Any other range is decompressed \
                 from the beginning by all workers, and ends with the range. The lines of --tail are kept in memory, 64 MiB at most.",
            ),
            Text(
                "The checks of a range are weaker than those of a whole file. A CRC covers a whole member, so it is compared only if the \
                 member is decompressed from its beginning to its end: not after a point in the middle of a member, and not if the range \
                 ends before the member. Each BGZF block is a member, so it is checked. An index is refused if the length of the file \
                 differs, or, if gzcc wrote the index, the last 4 KiB of the file, or if the index itself is damaged.",
            ),
            Code(&["gzcc --index big.log.gz && gzcc -dc --lines=5000000+100 big.log.gz"]),
        ],
    },
    Section {
        heading: "SALVAGE",
        items: &[
            Text(
                "--salvage decompresses what can be decoded of a damaged or truncated file: the content before the damage, and the \
                 content from the next DEFLATE block or gzip member after it. The output has the name that -d gives it; an \
                 existing file is kept without -f. The damaged file always stays, so --rm is refused.",
            ),
            Text(
                "A block refers to the 32 KiB of content before it. Where these are lost, unknown bytes are written as ?, or as \
                 the byte that --fill gives: a character, or 0x and two hexadecimal digits. Nothing is written for content that \
                 is lost itself.",
            ),
            Text(
                "Each loss is a line: the bytes of the input that contain the damage, the error, and the offset in the output at \
                 which content is missing, with the number of bytes before it that may be wrong and of bytes after it that are \
                 unknown. The damaged byte is not known: a decoder usually reads on for a while before it meets an error, and it \
                 may meet none. So the content of a member is certain only if its CRC matches. The last line has the number of \
                 bytes in such members.",
            ),
            Text(
                "The exit status is 0 if the file is whole, 2 if anything is lost, and 1 if nothing is salvaged; then there is no \
                 output. Only gzip data (also BGZF) is salvaged, not the other formats. If content consists of .gz files \
                 itself, a member of these may be taken for one of the damaged file.",
            ),
            Code(&["gzcc --salvage -o rest.log --fill 0x00 damaged.log.gz"]),
        ],
    },
    Section {
        heading: "FILE SELECTION",
        items: &[
            Text(
                "--include and --exclude take globs: *, ?, [a-z], {a,b} and **. A glob without a slash is matched against the \
                 last component of a name. A glob with a slash is matched against the path below the directory that was named; \
                 /tmp is the tmp directly in it. A glob that ends with a slash matches directories only.",
            ),
            Text(
                "The last glob that matches decides. A name that none matches is taken, unless the first glob is an --include. \
                 An --exclude that matches a directory covers everything in it, and the directory is not read, unless a later \
                 --include may match something in it.",
            ),
            Text(
                "--older-than and --newer-than compare the modification time with an age or a date. --min-size compares the \
                 size in bytes; 10K, 10M and 10G are powers of two.",
            ),
            Term("90m, 12h, 7d, 2w, 1mo", "Ages: minutes, hours, days, weeks, months."),
            Term("2026-11-01, '2026-11-01 12:30'", "Dates in local time."),
            Term("2026-11-01T12:30Z, @1793491200", "A date in UTC; seconds since 1970."),
            Text(
                "These filters apply to named files as well, by the last component of the name. A named file that they \
                 reject counts as skipped, and -v names it. Walked files that they reject are ignored. --max-depth, --no-hidden \
                 and --one-file-system apply to walks only.",
            ),
            Text(
                "Under -r, files whose suffix says that they are compressed (.gz, .zst, .xz, .zip, .jpg, .mp4 and others) are \
                 skipped; --all takes them. With -c or -o every file is taken.",
            ),
        ],
    },
    Section {
        heading: "LISTS",
        items: &[
            Text(
                "--files-from reads one name a line, --files0-from names that end with a zero byte; - is standard input. Names \
                 are processed as they arrive, after those on the command line. In a list, - is a file of that name. Empty \
                 lines are ignored; an empty name before a zero byte is an error.",
            ),
            Code(&["find DIR -size +1M -print0 | gzcc --files0-from -"]),
        ],
    },
    Section {
        heading: "SHARDS",
        items: &[
            Text(
                "--shard K/N takes each file whose name hashes to K of N. N runs with the same arguments process a tree without \
                 talking to each other, each file once. The path below the named directory is hashed, so each host may mount \
                 the tree elsewhere; of a named or listed file, the name without ./, // and the first slash. With --update, \
                 running a shard again finishes what a lost host left. Decompressing a shard cannot be combined with -f: a.tgz \
                 and a.tar.gz make the same output.",
            ),
            Code(&[
                "# Slurm: sbatch --array=1-16",
                "srun gzcc -r --update --shard \"$SLURM_ARRAY_TASK_ID/16\" /data",
                "# Kubernetes: an Indexed Job with completions: 16 counts from 0",
                "gzcc -r --update --shard \"$((JOB_COMPLETION_INDEX + 1))/16\" /data",
                "# GNU parallel on two hosts",
                "parallel -S h1,h2 -j1 gzcc -r --update --shard {}/2 /data ::: 1 2",
            ]),
            Text(
                "With --json, append the report of shard K to reports/K.json. This adds up the summaries of 16 shards and names \
                 those that have none. done, bytes_in and bytes_out are sums over all runs; skipped and failed are those of the \
                 last run of each shard. A run that was killed has no summary, so its files are missing from the sums.",
            ),
            Code(&[
                "grep -h '\"type\":\"summary\"' reports/*.json |",
                "jq -s --argjson n 16 'group_by(.shard) | {",
                "  missing: ([range(1; $n + 1)] - map(.[0].shard)),",
                "  done: ([.[][].done] | add), bytes_in: ([.[][].bytes_in] | add),",
                "  bytes_out: ([.[][].bytes_out] | add),",
                "  skipped: ([.[][-1].skipped] | add),",
                "  failed: ([.[][-1].failed] | add)}'",
            ]),
        ],
    },
    Section {
        heading: "BGZF",
        items: &[
            Text(
                "--format bgzf writes the format of bgzip(1), samtools(1) and tabix(1) (SAM specification, section 4.1): many gzip \
                 members with up to 65,280 bytes of content, each of which states its size, and an empty one as end marker. Every \
                 gunzip reads it. Programs that know the format read any part of a file without the part before it. Browsers and \
                 some libraries stop after the first member, so use it only where its readers are known.",
            ),
            Text(
                "Levels are those of --format gzip. They are not the levels of bgzip, whose -l 8 and -l 9 are as small and as slow \
                 as -10 and -12. No member refers to content before it, so the file is larger than one member with the same content. As in \
                 bgzip, headers hold neither name nor time, so -N is a usage error, as is --rsyncable. With -c or -o, several \
                 inputs become several BGZF files in a row, which bgzip reads as one. --update adds up the sizes of all members; \
                 it replaces a .gz that is not BGZF only if --format bgzf is given.",
            ),
            Text(
                "--index writes FILE.gz.gzi beside FILE.gz: the offsets of each member in the file and in the content, as bgzip -i \
                 does. It has the owner, ACL, mode and times of FILE.gz, and gets its name after it. An older index is removed before \
                 FILE.gz gets its name, so a run that is killed in between leaves FILE.gz without one. If the index exists and \
                 FILE.gz may not replace a file, the input is skipped. --update compresses a file again if its index is missing or \
                 does not have the offsets of all its members. A run without --index, like bgzip without -i, leaves the index of a \
                 file that it replaces.",
            ),
            Code(&[
                "gzcc --format bgzf calls.vcf && tabix -p vcf calls.vcf.gz",
                "gzcc --format bgzf --index big.log",
                "bgzip -b 5000000000 -s 1000 big.log.gz",
            ]),
        ],
    },
    Section {
        heading: "RECOMPRESSING",
        items: &[
            Text(
                "--recompress replaces each FILE.gz by a smaller one with the same content, in one pass and without a file of the \
                 content in between: for archives of old logs, with -9 or -12. Every member is checked as with -t, and the CRC and \
                 length of what was read are compared with those of what was compressed; --verify also decompresses the result. The \
                 new file replaces the old one in one step, synced (unless --no-sync), if it is smaller (by PCT percent, with \
                 --only-smaller=PCT) and FILE.gz is still the file that was read. Otherwise the old file stays.",
            ),
            Text(
                "The new file has the owner (where permitted), ACL, mode and times of the old one, and the name and time in its first \
                 header. Several members become one. Comments, extra fields and zeros after the last member are dropped. Symbolic links \
                 are refused. Files with several hard links, and setuid, setgid and sticky files are refused unless -f is given; with \
                 -f, the other links keep the old file. Data that is damaged, followed by garbage or not gzip is an error or a warning, and the file \
                 stays.",
            ),
            Text(
                "The header of the new file says that gzcc recompressed it, and the level: bit 7 of XFL is set, and the others are the \
                 level. Readers ignore this byte. A later run skips such a file, without reading its data, unless it asks for a higher level; \
                 so members that were appended since stay as they are. \
                 A file that did not get smaller has no mark, and is compressed again each time.",
            ),
            Text(
                "BGZF files are skipped, because an index (.gzi, .tbi, .csi, .bai) holds offsets in the file, which change. So are \
                 files with an index FILE.gz.gzidx beside them. With --format gzip or --format bgzf they are taken. A file that is not BGZF is converted by --format bgzf even if that makes \
                 it larger, and the names and times of headers are lost.",
            ),
            Code(&["gzcc --recompress -r -9 --older-than 30d /var/log"]),
        ],
    },
    Section {
        heading: "UPDATE",
        items: &[
            Text(
                "A .gz carries the modification time of its original. --update skips a file if its .gz has the same time, at the \
                 resolution that the file system stores, and states the same size modulo 2^32. Any difference means that the file \
                 changed, and it is compressed again. A change within the resolution that keeps the size is not seen. With --rm, \
                 an original next to its .gz is compared with it, unless the .gz is older, and removed if the contents are the same. \
                 If they differ, the .gz may hold something else that is newer: both stay, with a warning and exit status 2, and -f \
                 replaces the .gz.",
            ),
            Text(
                "--only-smaller keeps an output only if it is smaller than its original, --only-smaller=25 only if it saves 25 \
                 percent. Otherwise the file is skipped, with exit status 0. If an output that is not up to date stays, that is a \
                 warning, with exit status 2. After 2 MiB that save less than one percent, the rest of a file is not read.",
            ),
        ],
    },
    Section {
        heading: "CHANGING FILES",
        items: &[Text(
            "A file that changes while it is read gets no output, its original stays, and the exit status is 2. There is one \
             exception: if the file only grew, and is kept, the output is a snapshot of the length that the file had when it was \
             opened, with a warning and exit status 2. gzcc cannot detect whether the earlier part was overwritten meanwhile.",
        )],
    },
    Section {
        heading: "EXISTING OUTPUTS",
        items: &[
            Text(
                "Without -f, an input whose output exists is skipped, and the exit status is 2. With -f the output is replaced in one \
                 step when the new one is complete. A directory, device, FIFO or socket is never replaced.",
            ),
            Text(
                "Even with -f, a run never replaces a file that it is also told to read, whatever its name, its link or the order of \
                 the arguments; the input is refused, and the exit status is 1. A file that is skipped because of its suffix does \
                 not count as read. A list that comes through a pipe cannot be read ahead: while it may still name a file, that file \
                 is not replaced. A symbolic link that such a list gives after its target was replaced is refused; the old content \
                 is gone by then.",
            ),
        ],
    },
    Section {
        heading: "ORIGINALS AND METADATA",
        items: &[
            Text(
                "With --rm an original is removed only after its output is complete, synced (unless --no-sync), closed without error \
                 and named, only if the name still refers to the file that was read, and never after a warning about it. Symbolic \
                 links, files with several hard links, and setuid, setgid and sticky files are refused unless -f is given.",
            ),
            Text(
                "An output gets the owner (where permitted), access ACL, mode and times of its original, before it has its name. If \
                 the ACL cannot be kept, the owning group gets what it had; with --rm that is a warning, and the original stays. If \
                 the group cannot be set, group and others each get what both had.",
            ),
        ],
    },
    Section {
        heading: "WORKERS AND MEMORY",
        items: &[Text(
            "By default there are as many workers as the CPU affinity and the container's CPU quota allow, and as the \
             container's memory limit and ulimit -v have room for, and no more than a batch system assigned to the job (see \
             ENVIRONMENT). A run takes 6 MiB, and 5 MiB a worker (16 MiB at levels 10 to \
             12), whatever the size of the files. --memory lowers the number of workers accordingly. Each named file adds some \
             30 bytes. The output bytes are the same for any number of workers.",
        )],
    },
    Section {
        heading: "JSON",
        items: &[
            Text(
                "--json writes one object a line to standard output: one for each input as it ends, and one for the run. It \
                 replaces the count and the table. A run that a signal ends has no summary. Later versions may add fields.",
            ),
            Term("type", "file, summary, with --benchmark level, or with --salvage loss."),
            Term(
                "input, output",
                "Names; output is null if there is none. A name that is not UTF-8 has U+FFFD for each invalid sequence, and \
                 input_bytes or output_bytes holds its bytes as numbers.",
            ),
            Term(
                "bytes_in, bytes_out",
                "Bytes read and written; null unless done. In the summary the sums over all done.",
            ),
            Term("seconds", "From opening to the end; in the summary of the whole run."),
            Term("status", "done, skipped or failed."),
            Term("reason", "Why the input was skipped or failed, or the warnings about it; else null."),
            Term("mode", "compress, decompress, test, list, salvage or benchmark."),
            Term(
                "input_start, input_end",
                "Of a loss: the bytes of the input that contain the damage, the end excluded. reason is the error.",
            ),
            Term(
                "output, suspect, unknown",
                "Of a loss: the offset in the output at which content is missing, the number of bytes before it that may be \
                 wrong, and of bytes after it that are unknown.",
            ),
            Term("done, skipped, failed", "Counts."),
            Term("workers, scheduler, exit_status", "Of the run."),
            Term("shard, shards", "K and N of --shard K/N; null without it."),
            Term(
                "compress, decompress",
                "Of a level: seconds (the median), seconds_min, seconds_max, and mb_per_second of content; null where nothing \
                 was measured.",
            ),
            Term("rounds, engine, rsyncable, verify", "In the summary of a benchmark."),
        ],
    },
    Section {
        heading: "BENCHMARK",
        items: &[
            Text(
                "--benchmark=1-9 (or =1,6,9) reads the files into memory, and compresses and decompresses them there at these \
                 levels, with the workers, scheduler and engine of any other run. Nothing is written to disk. Levels take \
                 turns within a round; there are at least three rounds, and up to 15 if they take less than a second, after \
                 one for warming up, whose outputs are compared with the contents.",
            ),
            Text(
                "MB are 10^6 bytes of content in both directions. A speed is that of the median round; the spread is the \
                 difference of the slowest and the fastest round in percent of the median. Memory has to hold three times the \
                 content, and each file takes three descriptors.",
            ),
        ],
    },
];
