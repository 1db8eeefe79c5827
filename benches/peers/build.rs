//! Links the system's ISA-L: every crate that builds it from source needs autotools.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "isal")]
    if let Err(error) = pkg_config::Config::new().atleast_version("2.30").probe("libisal") {
        println!(
            "cargo::error=ISA-L 2.30 or newer was not found (Debian: apt-get install libisal-dev pkg-config); \
             to build without it: --no-default-features"
        );
        for line in error.to_string().lines().filter(|line| !line.trim().is_empty()) {
            println!("cargo::warning={line}");
        }
    }
}
