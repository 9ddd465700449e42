//! What is known of a host without asking it.

use winrm_script::evaluate::Facts;

use crate::inventory::Target;

/// The facts that its settings tell.
pub(super) fn known(target: &Target) -> Facts {
    let mut facts = Facts::default();
    let environment = &mut facts.environment;
    environment.insert("OS".to_owned(), "Windows_NT".to_owned());
    // An endpoint of somebody's own may run commands as another account, and a principal's name need not be the account's.
    if target.remoting.is_full() && !target.login.user.contains('@') {
        let (domain, name) = target.login.user.rsplit_once('\\').unwrap_or((".", &target.login.user));
        environment.insert("USERNAME".to_owned(), name.to_owned());
        if domain != "." {
            environment.insert("USERDOMAIN".to_owned(), domain.to_ascii_uppercase());
        }
    }
    facts
}
