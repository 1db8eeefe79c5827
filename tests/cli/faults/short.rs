//! Reads and writes that move less than asked.
