//! The task that cleans up on the host, off everybody's path.

use std::sync::Arc;

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use winrm_proto::{
    exchange::ShellFate,
    winrs::{Delete, Signal, SignalCode},
};

use super::{
    Host,
    registry::{Chore, Done, Next, Registry, Stage},
};
use crate::{
    error::{Error, Operation},
    lanes::Lane,
};

/// Cleans up until the client is closed and nothing is left.
pub(crate) async fn run(registry: Arc<Registry>, host: Host) {
    let mut chores = JoinSet::new();
    loop {
        let next = if chores.len() < AT_A_TIME { registry.next(Instant::now()) } else { Next::Wait };
        let until = match next {
            Next::Chore(chore) => {
                chores.spawn(perform(chore, registry.clone(), host.clone()));
                continue;
            }
            Next::End if chores.is_empty() => return,
            Next::At(time) => Some(time),
            Next::Wait | Next::End => None,
        };
        tokio::select! {
            _ended = chores.join_next(), if !chores.is_empty() => {}
            () = registry.marked.notified() => {}
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
        }
    }
}

async fn perform(chore: Chore, registry: Arc<Registry>, host: Host) {
    let lane = match registry.stage() {
        Stage::Open => Lane::Background,
        // Nothing else comes, so that any idle connection will do.
        Stage::Closing => Lane::Control,
    };
    let outcome = match &chore {
        Chore::Signal(_, shell, command) => {
            let signal = Signal { command_id: Some(command.clone()), code: SignalCode::Terminate };
            host.ask(lane, Operation::Signal, shell.target(), signal).await.map(|_| ())
        }
        Chore::Delete(_, shell) => {
            host.ask(lane, Operation::Delete, shell.target(), Delete).await.map(|_| ())
        }
    };
    let done = match outcome {
        Err(error) if !is_gone(&error) => {
            // The host ends an idle shell by itself, so that this is a delay and no leak for ever.
            tracing::warn!(operation = %error.during(), cause = %error.cause(), "not cleaned up on the host");
            Done::Unconfirmed
        }
        _ => Done::Gone,
    };
    registry.done(&chore, done);
}

/// What is to go and is not there any more needs no more cleaning up.
fn is_gone(error: &Error) -> bool {
    error.fault().is_some_and(|fault| ShellFate::from_fault(fault) == ShellFate::Gone)
}

const AT_A_TIME: usize = 4;
