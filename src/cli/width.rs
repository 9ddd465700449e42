//! How wide the terminal is, where there is one.

/// The columns of the terminal that standard output goes to.
#[cfg(unix)]
pub(super) fn of_terminal() -> Option<usize> {
    use std::io::IsTerminal as _;

    let out = std::io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&out).ok()?;
    Some(usize::from(size.ws_col)).filter(|&columns| columns > 0)
}

/// The columns of the terminal that standard output goes to: not asked for here.
#[cfg(not(unix))]
pub(super) fn of_terminal() -> Option<usize> {
    None
}
