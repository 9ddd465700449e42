//! `[approval]`, in `winrm-mcp.toml` and in the machine's policy, which wins.

use std::path::{Path, PathBuf};

use super::{
    problem::{Problem, ProblemKind},
    raw::{Globals, Sourced},
    show::Rows,
    toml_reader::Table,
};
use crate::{
    invocation::approval::{Address, Approver, Settings, Webhook},
    secret::Reference,
};

/// How approvals are given, as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ApprovalSettings {
    user: Option<Sourced<Approver>>,
    passphrase: Option<Sourced<Reference>>,
    directory: Option<Sourced<PathBuf>>,
    webhook: Option<Sourced<Webhook>>,
}

/// Reads `[approval]` of a file, if it has one.
pub(super) fn read(top: &mut Table<'_>, folder: &Path, globals: &mut Globals, problems: &mut Vec<Problem>) {
    let Some(mut table) = top.table("approval", "[approval]", problems) else { return };
    let user = table.text("user", problems).and_then(|text| match Approver::parse(&text.value) {
        Ok(user) => Some(Sourced::new(user, text.source)),
        Err(error) => {
            problems.push(Problem::new(text.source, ProblemKind::Approver(error)));
            None
        }
    });
    let passphrase = super::file::reference(&mut table, "passphrase", folder, problems);
    let directory = table.text("directory", problems);
    let directory = directory.map(|text| Sourced::new(folder.join(text.value), text.source));
    let webhook = webhook(&mut table, folder, problems);
    globals.approval = ApprovalSettings { user, passphrase, directory, webhook };
    table.finish(problems);
}

/// An address, or where one lies.
fn webhook(table: &mut Table<'_>, folder: &Path, problems: &mut Vec<Problem>) -> Option<Sourced<Webhook>> {
    let text = table.text("webhook", problems)?;
    let webhook = match (Reference::parse(&text.value, folder), Address::parse(&text.value)) {
        (Ok(reference), _) => Webhook::Secret(reference),
        (_, Ok(address)) => Webhook::Address(address),
        (Err(_), Err(error)) => {
            problems.push(Problem::new(text.source, ProblemKind::Webhook(error)));
            return None;
        }
    };
    Some(Sourced::new(webhook, text.source))
}

/// What holds: what the machine's policy does not say comes from the file, and the rest is the standard.
pub(super) fn resolve(
    machine: Option<&ApprovalSettings>,
    file: &ApprovalSettings,
    state_dir: &Path,
    rows: &mut Rows,
) -> Settings {
    let machine = machine.cloned().unwrap_or_default();
    let user = machine.user.or_else(|| file.user.clone());
    let passphrase = machine.passphrase.or_else(|| file.passphrase.clone());
    let directory = machine.directory.or_else(|| file.directory.clone());
    let webhook = machine.webhook.or_else(|| file.webhook.clone());
    if let Some(webhook) = &webhook {
        rows.add("approval.webhook".to_owned(), webhook.value.to_string(), &webhook.source);
    }
    if let Some(user) = &user {
        rows.add("approval.user".to_owned(), user.value.to_string(), &user.source);
    }
    if let Some(passphrase) = &passphrase {
        rows.add("approval.passphrase".to_owned(), passphrase.value.to_string(), &passphrase.source);
    }
    let standard = state_dir.join("approvals");
    let folder =
        rows.keep("approval.directory".to_owned(), directory, standard, |path| path.display().to_string());
    Settings {
        folder,
        user: user.map(|user| user.value),
        passphrase: passphrase.map(|passphrase| passphrase.value),
        webhook: webhook.map(|webhook| webhook.value),
    }
}
