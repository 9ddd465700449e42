//! A call from its start to its record. The walk is the story; a [`Job`] is one walk that runs.

pub mod approval;
mod house;
mod job;
mod walk;

pub use house::{House, Settings, World};
pub use job::{Done, Job, start};
pub use walk::{Failure, Watcher};
