//! The walk of one call, from its words to its record. Nothing here calls back up.

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{
    failure::Failure,
    house::House,
    job::{Options, Progress},
    script,
    way::Way,
};
use crate::{
    call::{Call, Outcome, Ran, Work},
    output::{Captured, Piece},
};

/// Where what a call writes goes as it comes in. Bounded, so that a slow reader holds up the host and not our memory.
pub type Watcher = mpsc::Sender<Piece>;

/// A call on its way.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) house: &'a House,
    pub(super) call: &'a Call,
    pub(super) options: &'a Options,
    pub(super) cancel: &'a CancellationToken,
    /// Who hears what the call is at.
    pub(super) progress: &'a watch::Sender<Progress>,
}

/// How a walk ended, and what came back on the way.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) ending: Result<Outcome, Failure>,
    /// Whether anything ran on the host.
    pub(super) ran: Ran,
    pub(super) captured: Captured,
    /// What ran, or would have run, in its judged form and without known secrets.
    pub(super) judged: Option<String>,
}

impl Walk<'_> {
    /// Walks. PowerShell that can be evaluated here goes its way command by command; whatever else is asked for goes it
    /// once, as a whole.
    pub(super) async fn invoke(&self) -> Walked {
        let world = self.house.world();
        let target = match world.inventory.find(&self.call.host) {
            Ok(target) => target,
            Err(error) => return Walked::nowhere(error.into()),
        };
        let mut way = Way::new(self, &world, target);
        let ending = match self.call.work.script() {
            Some(text) => script::run(&text, &mut way).await,
            None => way.whole().await,
        };
        way.end(ending).await
    }
}

impl Walked {
    fn nowhere(failure: Failure) -> Self {
        Self { ran: Ran::No, ending: Err(failure), captured: Captured::empty(), judged: None }
    }
}

/// What was asked for, in words.
pub(super) fn asked(work: &Work) -> String {
    match work {
        Work::PowerShell { text } => text.clone(),
        Work::Words { words } => words.join(" "),
        Work::Command(pipeline) => pipeline.render(),
        Work::Reviewed { script, .. } => script.clone(),
        Work::Program { executable, arguments, .. } => {
            std::iter::once(executable).chain(arguments).map(String::as_str).collect::<Vec<_>>().join(" ")
        }
        Work::Check => "check".to_owned(),
    }
}
