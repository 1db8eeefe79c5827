//! Names that tell that a file is compressed already, though not by gzip.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Longest of [`ENDS`].
const LONGEST_END: usize = 5;

/// What follows the last dot of such a name, sorted. Formats that are compressed as a rule and gain little or nothing:
/// where it depends on the file (.pdf, .tif, .avi, .iso) it is worth a try.
const ENDS: [&str; 76] = [
    "7z", "aac", "apk", "avif", "bgz", "br", "bz", "bz2", "cab", "cr2", "crx", "deb", "docx", "ear", "epub", "flac",
    "flv", "gif", "gz", "gzip", "heic", "heif", "jar", "jpeg", "jpg", "jxl", "lrz", "lz", "lz4", "lzh", "lzma", "lzo",
    "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "odp", "ods", "odt", "oga", "ogg", "ogv", "opus", "png",
    "pptx", "rar", "rpm", "rz", "svgz", "sz", "taz", "tbz", "tbz2", "tgz", "tlz", "txz", "tzst", "war", "webm", "webp",
    "whl", "wma", "wmv", "woff", "woff2", "xlsx", "xpi", "xz", "z", "zip", "zipx", "zst",
];

/// Whether `name` is that of a file which is compressed already.
pub fn is_compressed_format(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    let Some(dot) = bytes.iter().rposition(|&b| b == b'.').filter(|&dot| dot > 0) else {
        return false;
    };
    let end = &bytes[dot + 1..];
    let mut lower = [0; LONGEST_END];
    let Some(lower) = lower.get_mut(..end.len()) else {
        return false;
    };
    lower.copy_from_slice(end);
    lower.make_ascii_lowercase();
    ENDS.binary_search_by(|known| known.as_bytes().cmp(lower)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_none_is_too_long_to_be_found() {
        assert!(ENDS.is_sorted());
        assert!(
            ENDS.iter().all(|end| end.len() <= LONGEST_END && is_compressed_format(OsStr::new(&format!("a.{end}"))))
        );
    }

    #[test]
    fn the_end_of_a_name_tells_in_any_case_and_nothing_else_does() {
        for name in ["a.zst", "a.b.XZ", "IMG_1.JPG", "film.mp4", "x.tar.bz2", "a.zip", "b.docx"] {
            assert!(is_compressed_format(OsStr::new(name)), "{name}");
        }
        for name in ["a", "zst", "a.zst.1", "a.log", ".zst", "a.", "azip", "a.zipped", "a.extension", "a.xz/b"] {
            assert!(!is_compressed_format(OsStr::new(name)), "{name}");
        }
    }
}
