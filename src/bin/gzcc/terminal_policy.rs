//! Whether compressed data may be read from a terminal or written to one. The library knows no terminals.

use std::io::IsTerminal;

use gzcc::settings::DescriptorPolicy;

/// Accepts terminals only if `accepts_terminals`, and everything else.
pub(crate) fn terminal_policy(accepts_terminals: bool) -> DescriptorPolicy {
    if accepts_terminals { |_| true } else { |fd| !fd.is_terminal() }
}
