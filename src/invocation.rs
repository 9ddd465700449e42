//! A call from its start to its record. The walk is the story; a [`Job`] is one walk that runs.

pub mod approval;
mod failure;
mod house;
mod job;
mod memory;
mod named;
mod passing;
mod script;
mod shaping;
mod walk;
mod way;

pub use failure::{Failure, ScriptError};
pub use house::{House, Settings, World, Worlds};
pub use job::{Access, Done, Job, Options, Progress, start};
pub use named::{Listed, NamedSessions, SessionName, SessionsError};
pub use walk::Watcher;
