//! What the cmdlets do, by family.

pub(super) mod cim;
pub(super) mod command;
mod drives;
pub(super) mod event;
pub(super) mod files;
pub(super) mod filters;
pub(super) mod process;
pub(super) mod service;
pub(super) mod text;
pub(super) mod utility;

use super::cmdlet::Cmdlet;

/// All cmdlets of the machine.
pub(super) static ALL: [&[Cmdlet]; 9] = [
    &cim::CMDLETS,
    &command::CMDLETS,
    &event::CMDLETS,
    &files::CMDLETS,
    &filters::CMDLETS,
    &process::CMDLETS,
    &service::CMDLETS,
    &text::CMDLETS,
    &utility::CMDLETS,
];
