//! `config show` and `check-config`.

use super::{exit::Exit, output::Console, setup};
use crate::{
    config::Arguments,
    redact::KnownSecrets,
    remedy::Code,
    secret::{Environment, Secrets},
};

/// Prints each setting with its value and where it came from.
pub(super) fn show(json: bool, environment: &Environment, arguments: &Arguments, console: &Console) -> Exit {
    let config = match setup::load(environment, arguments, console) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if json {
        console.line(serde_json::to_string_pretty(config.show()).unwrap_or_default());
    } else {
        console.out(config.show());
    }
    Exit::SUCCESS
}

/// Tries what can be tried without contacting anybody.
pub(super) fn check(json: bool, environment: &Environment, arguments: &Arguments, console: &Console) -> Exit {
    let config = match setup::load(environment, arguments, console) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let checked = config.check(&Secrets::new(environment.clone(), KnownSecrets::default()));
    if json {
        console.line(serde_json::to_string_pretty(&checked).unwrap_or_default());
    } else {
        console.out(&checked);
    }
    if checked.ok { Exit::SUCCESS } else { Exit::of(Code::Configuration) }
}
