//! What the cmdlets do, by family.

pub(super) mod cim;
pub(super) mod counter;
pub(super) mod command;
mod drives;
pub(super) mod event;
pub(super) mod files;
pub(super) mod filters;
pub(super) mod inventory;
pub(super) mod process;
pub(super) mod reach;
pub(super) mod registry;
pub(super) mod service;
pub(super) mod text;
pub(super) mod utility;

use super::cmdlet::Cmdlet;

/// All cmdlets of the machine.
pub(super) static ALL: [&[Cmdlet]; 13] = [
    &cim::CMDLETS,
    &counter::CMDLETS,
    &command::CMDLETS,
    &event::CMDLETS,
    &files::CMDLETS,
    &filters::CMDLETS,
    &inventory::CMDLETS,
    &process::CMDLETS,
    &reach::CMDLETS,
    &registry::CMDLETS,
    &service::CMDLETS,
    &text::CMDLETS,
    &utility::CMDLETS,
];
