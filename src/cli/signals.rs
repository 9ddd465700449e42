//! SIGINT and SIGTERM, which take the same way out as the end of input.

/// What asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is none on Windows"))]
    Terminate,
}

/// The signals that come, one after the other.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct Signals(Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    /// Listens from now on.
    pub(super) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        // Without handlers the signals end the process by themselves.
        Self(signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok()))
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Signal {
        let Some((interrupt, terminate)) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    }
}

/// The signals that come, one after the other.
#[cfg(not(unix))]
#[derive(Debug)]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Listens from now on.
    pub(super) fn listen() -> Self {
        Self
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}

/// Completes when the process is asked to end.
pub(super) async fn interrupted() {
    let _which = Signals::listen().next().await;
}
