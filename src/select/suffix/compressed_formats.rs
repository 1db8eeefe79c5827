//! Suffixes of compressed formats other than gzip.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// The length of the longest of [`EXTENSIONS`].
const MAX_EXTENSION: usize = 5;

/// File name extensions of formats whose files are usually compressed, sorted, and of the indexes of compressed files (.gzi,
/// .gzidx), which are of use beside those files only. Formats whose files may be compressed or not (.pdf, .tif, .avi, .iso) are
/// not in the list.
const EXTENSIONS: [&str; 78] = [
    "7z", "aac", "apk", "avif", "bgz", "br", "bz", "bz2", "cab", "cr2", "crx", "deb", "docx", "ear", "epub", "flac",
    "flv", "gif", "gz", "gzi", "gzidx", "gzip", "heic", "heif", "jar", "jpeg", "jpg", "jxl", "lrz", "lz", "lz4", "lzh",
    "lzma", "lzo", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "odp", "ods", "odt", "oga", "ogg", "ogv",
    "opus", "png", "pptx", "rar", "rpm", "rz", "svgz", "sz", "taz", "tbz", "tbz2", "tgz", "tlz", "txz", "tzst", "war",
    "webm", "webp", "whl", "wma", "wmv", "woff", "woff2", "xlsx", "xpi", "xz", "z", "zip", "zipx", "zst",
];

/// Whether `name` has the extension of a compressed format, upper or lower case.
pub fn is_compressed_format(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    let Some(dot) = bytes.iter().rposition(|&b| b == b'.').filter(|&dot| dot > 0) else {
        return false;
    };
    let extension = &bytes[dot + 1..];
    let mut lower = [0; MAX_EXTENSION];
    let Some(lower) = lower.get_mut(..extension.len()) else {
        return false;
    };
    lower.copy_from_slice(extension);
    lower.make_ascii_lowercase();
    EXTENSIONS.binary_search_by(|known| known.as_bytes().cmp(lower)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_each_extension_is_found() {
        assert!(EXTENSIONS.is_sorted());
        assert!(
            EXTENSIONS.iter().all(|extension| extension.len() <= MAX_EXTENSION
                && is_compressed_format(OsStr::new(&format!("a.{extension}"))))
        );
    }

    #[test]
    fn only_the_extension_decides_in_upper_or_lower_case() {
        for name in
            ["a.zst", "a.b.XZ", "IMG_1.JPG", "film.mp4", "x.tar.bz2", "a.zip", "b.docx", "a.gz.gzi", "a.gz.gzidx"]
        {
            assert!(is_compressed_format(OsStr::new(name)), "{name}");
        }
        for name in ["a", "zst", "a.zst.1", "a.log", ".zst", "a.", "azip", "a.zipped", "a.extension", "a.xz/b"] {
            assert!(!is_compressed_format(OsStr::new(name)), "{name}");
        }
    }
}
