//! What of PowerShell can be evaluated here. What cannot is a denial with its place and what to write instead.

use winrm_script::{
    check::{self, HostCommand, Vocabulary},
    parse,
    tree::ScriptBlock,
};

use crate::policy::Denial;

/// Why a script is not taken, unless a rule lets it through whole.
pub type NotTaken = Option<Box<Denial>>;

/// A script's tree.
///
/// # Errors
/// [`NotTaken`]: the parser refuses it.
pub fn tree(text: &str) -> Result<ScriptBlock, NotTaken> {
    parse::script(text).map_err(|refusal| {
        let reason = refusal.reason();
        let instead = reason.suggestion().to_owned();
        let denial = Denial::not_taken(refusal.position(), reason.to_string(), instead, Vec::new());
        Some(Box::new(denial))
    })
}

/// The commands of a script that a host would be sent.
///
/// # Errors
/// [`NotTaken`]: something in it cannot be evaluated. The first place is the denial's, and the others are named in it.
pub fn commands<'t>(
    text: &str,
    tree: &'t ScriptBlock,
    vocabulary: &impl Vocabulary,
) -> Result<Vec<HostCommand<'t>>, NotTaken> {
    check::script(text, tree, vocabulary).map_err(|refusals| {
        let (first, more) = refusals.split_first()?;
        let (what, instead) = (first.reason().to_string(), first.reason().suggestion());
        let more = more.iter().map(ToString::to_string).collect();
        Some(Box::new(Denial::not_taken(first.position(), what, instead, more)))
    })
}
