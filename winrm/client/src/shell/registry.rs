//! Which shells and commands of this client exist on the host, and which of them are to go.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use winrm_proto::winrs::{CommandId, ShellReference};

/// What of this client exists on the host.
///
/// It takes the place of a queue of things to clean up: what is dropped marks an entry that is there anyway, so
/// dropping neither waits nor allocates, and the registry is no larger than what is open.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    entries: Mutex<Entries>,
    /// Something is to be cleaned up, or the client is closing.
    pub(super) marked: Notify,
    /// Something is gone.
    gone: Notify,
}

/// Held by the client, its shells and its commands: the last one to go closes the registry.
#[derive(Debug)]
pub(crate) struct Keeper(Arc<Registry>);

/// Names a shell here; the host's identifier is in its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShellKey(u64);

/// One thing to clean up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chore {
    /// End a command: stop it if it runs, and let the host free what it keeps for it.
    Signal(ShellKey, ShellReference, CommandId),
    /// Close a shell.
    Delete(ShellKey, ShellReference),
}

/// What the reaper does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Chore(Chore),
    /// Nothing before this time.
    At(Instant),
    /// Nothing until something is marked.
    Wait,
    /// Nothing any more.
    End,
}

/// Whether the client takes new work.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Open,
    Closing,
}

#[derive(Debug, Default)]
struct Entries {
    shells: HashMap<ShellKey, Entry>,
    /// How many shells are being opened.
    opening: usize,
    next: u64,
    stage: Stage,
}

#[derive(Debug)]
struct Entry {
    reference: ShellReference,
    mark: Mark,
    commands: Vec<(CommandId, Mark)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// In use.
    Used,
    /// To be cleaned up from this time on.
    Due(Instant),
    /// Being cleaned up.
    UnderWay,
    /// It was to be deleted, and the host has not said that it is gone.
    Stuck,
}

/// What came of a chore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// The host has nothing left of it.
    Gone,
    /// Nobody knows.
    Unconfirmed,
}

/// Says that a shell is being opened, so that a shutdown waits for it.
#[derive(Debug)]
pub(crate) struct Opening(Arc<Registry>);

impl Registry {
    /// Announces a shell that is about to be opened; none where the client is closing.
    pub(crate) fn open(self: &Arc<Self>) -> Option<Opening> {
        let mut entries = self.entries();
        if entries.stage == Stage::Closing {
            return None;
        }
        entries.opening = entries.opening.saturating_add(1);
        drop(entries);
        Some(Opening(self.clone()))
    }

    /// A command has been started.
    pub(crate) fn started(&self, shell: ShellKey, command: CommandId) {
        if let Some(entry) = self.entries().shells.get_mut(&shell) {
            entry.commands.push((command, Mark::Used));
        }
    }

    /// A command that ended by itself is not needed any more. The next command, or the end of the shell, comes
    /// first.
    pub(crate) fn finished(&self, shell: ShellKey, command: &CommandId) {
        self.mark(shell, command, Instant::now() + CONSIDERATION);
    }

    /// Nobody listens to a command any more, and it may still run.
    pub(crate) fn abandoned(&self, shell: ShellKey, command: &CommandId) {
        self.mark(shell, command, Instant::now());
    }

    /// The host has forgotten a command.
    pub(crate) fn ended(&self, shell: ShellKey, command: &CommandId) {
        if let Some(entry) = self.entries().shells.get_mut(&shell) {
            entry.commands.retain(|(known, _)| known != command);
        }
    }

    /// Nobody uses a shell any more.
    pub(crate) fn released(&self, shell: ShellKey) {
        if let Some(entry) = self.entries().shells.get_mut(&shell)
            && entry.mark == Mark::Used
        {
            entry.mark = Mark::Due(Instant::now() + CONSIDERATION);
        }
        self.marked.notify_one();
    }

    /// The host has forgotten a shell.
    pub(crate) fn forget(&self, shell: ShellKey) {
        self.entries().shells.remove(&shell);
        self.gone.notify_waiters();
    }

    /// Every shell is to go, and no new one comes. What could not be deleted before is tried once more.
    pub(crate) fn close(&self) {
        let mut entries = self.entries();
        entries.stage = Stage::Closing;
        let now = Instant::now();
        for entry in entries.shells.values_mut().filter(|entry| entry.mark != Mark::UnderWay) {
            entry.mark = Mark::Due(now);
        }
        drop(entries);
        self.marked.notify_one();
    }

    /// Waits until nothing can be done any more about what is left on the host.
    pub(crate) async fn settled(&self) {
        loop {
            let gone = self.gone.notified();
            if self.entries().is_settled() {
                return;
            }
            gone.await;
        }
    }

    /// How many shells are open or being opened, and how many may be left because their Delete failed.
    pub(crate) fn left(&self) -> usize {
        let entries = self.entries();
        entries.shells.len().saturating_add(entries.opening)
    }

    pub(super) fn stage(&self) -> Stage {
        self.entries().stage
    }

    /// Takes the next thing to clean up: what may still run before what is over.
    pub(super) fn next(&self, now: Instant) -> Next {
        let mut entries = self.entries();
        if let Some(chore) = entries.due(now) {
            return Next::Chore(chore);
        }
        match entries.soonest() {
            Some(time) => Next::At(time),
            None if entries.stage == Stage::Closing && entries.is_settled() => Next::End,
            None => Next::Wait,
        }
    }

    /// A chore is done, or was given up. A command that was not ended goes with its shell.
    pub(super) fn done(&self, chore: &Chore, done: Done) {
        match (chore, done) {
            (Chore::Signal(shell, _, command), _) => self.ended(*shell, command),
            (Chore::Delete(shell, _), Done::Gone) => self.forget(*shell),
            (Chore::Delete(shell, _), Done::Unconfirmed) => self.stuck(*shell),
        }
    }

    fn stuck(&self, shell: ShellKey) {
        if let Some(entry) = self.entries().shells.get_mut(&shell) {
            entry.mark = Mark::Stuck;
        }
        self.gone.notify_waiters();
    }

    fn mark(&self, shell: ShellKey, command: &CommandId, at: Instant) {
        if let Some(entry) = self.entries().shells.get_mut(&shell) {
            for (_, mark) in entry.commands.iter_mut().filter(|(known, _)| known == command) {
                *mark = Mark::Due(at);
            }
        }
        self.marked.notify_one();
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    pub(crate) fn new(registry: Arc<Registry>) -> Arc<Self> {
        Arc::new(Self(registry))
    }
}

impl std::ops::Deref for Keeper {
    type Target = Arc<Registry>;

    fn deref(&self) -> &Arc<Registry> {
        &self.0
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Opening {
    /// The shell is open.
    pub(crate) fn opened(self, reference: ShellReference) -> ShellKey {
        let mut entries = self.0.entries();
        entries.next = entries.next.wrapping_add(1);
        let key = ShellKey(entries.next);
        let mark = match entries.stage {
            Stage::Open => Mark::Used,
            Stage::Closing => Mark::Due(Instant::now()),
        };
        entries.shells.insert(key, Entry { reference, mark, commands: Vec::new() });
        drop(entries);
        key
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        let mut entries = self.0.entries();
        entries.opening = entries.opening.saturating_sub(1);
        drop(entries);
        self.0.marked.notify_one();
        self.0.gone.notify_waiters();
    }
}

impl Entries {
    /// Whether nothing is open, being opened or being deleted.
    fn is_settled(&self) -> bool {
        self.opening == 0 && self.shells.values().all(|entry| entry.mark == Mark::Stuck)
    }

    fn due(&mut self, now: Instant) -> Option<Chore> {
        let is_due = |mark: &Mark| matches!(mark, Mark::Due(at) if *at <= now);
        let mut best: Option<(Instant, ShellKey, Option<usize>)> = None;
        for (key, entry) in &self.shells {
            // Closing a shell ends its commands, so there is no need to end them one by one.
            if is_due(&entry.mark) {
                best = earlier(best, entry.mark, *key, None);
            } else if entry.mark == Mark::Used {
                for (index, (_, mark)) in
                    entry.commands.iter().enumerate().filter(|(_, (_, mark))| is_due(mark))
                {
                    best = earlier(best, *mark, *key, Some(index));
                }
            }
        }
        let (_, key, command) = best?;
        let entry = self.shells.get_mut(&key)?;
        match command {
            None => {
                entry.mark = Mark::UnderWay;
                Some(Chore::Delete(key, entry.reference.clone()))
            }
            Some(index) => {
                let (command, mark) = entry.commands.get_mut(index)?;
                *mark = Mark::UnderWay;
                Some(Chore::Signal(key, entry.reference.clone(), command.clone()))
            }
        }
    }

    fn soonest(&self) -> Option<Instant> {
        let marks = self.shells.values().flat_map(|entry| {
            let commands = entry.commands.iter().map(|(_, mark)| mark).filter(|_| entry.mark == Mark::Used);
            std::iter::once(&entry.mark).chain(commands)
        });
        marks.filter_map(|mark| if let Mark::Due(at) = mark { Some(*at) } else { None }).min()
    }
}

fn earlier(
    best: Option<(Instant, ShellKey, Option<usize>)>,
    mark: Mark,
    key: ShellKey,
    command: Option<usize>,
) -> Option<(Instant, ShellKey, Option<usize>)> {
    let Mark::Due(at) = mark else { return best };
    match best {
        Some((known, ..)) if known <= at => best,
        _ => Some((at, key, command)),
    }
}

/// How long what is over stays on the host, for the next command to go first, or for a shutdown to take all at once.
const CONSIDERATION: Duration = Duration::from_millis(25);

#[cfg(test)]
mod tests;
