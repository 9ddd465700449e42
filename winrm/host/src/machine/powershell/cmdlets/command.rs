//! Get-Command.

use winrm_proto::clixml::{Object, Properties, Value, Version};

use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Signature};
use super::super::convert::like;
use super::super::failure::{Failure, Problem, Target};
use super::super::scope::{Callable, module};
use super::super::stage::Stage;

/// The commands that the session sees.
pub(super) async fn get_command(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let patterns = bound.texts("Name").unwrap_or_else(|| vec!["*".to_owned()]);
    let part = |name: &str| bound.texts(name);
    let (verbs, nouns) = (part("Verb"), part("Noun"));
    let any = |patterns: &Option<Vec<String>>, text: &str| {
        patterns.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| like(pattern, text)))
    };
    for pattern in patterns {
        let mut found = false;
        for signature in Cmdlet::all().filter(|signature| like(&pattern, signature.name)) {
            let (verb, noun) = signature.name.split_once('-').unwrap_or((signature.name, ""));
            if stage.session.scope.shows(&Callable::Cmdlet(signature.cmdlet))
                && any(&verbs, verb)
                && any(&nouns, noun)
            {
                found = true;
                stage.put(object(signature)).await?;
            }
        }
        if !found && !pattern.contains(['*', '?']) {
            stage.complain(unknown(&pattern)).await?;
        }
    }
    Ok(())
}

/// `System.Management.Automation.CmdletInfo` as it is serialised.
fn object(signature: &Signature) -> Value {
    let parameters = signature.parameters.iter().map(|parameter| (Value::from(parameter.name), Value::Null));
    Value::object(Object {
        to_string: Some(signature.name.into()),
        adapted: Properties::new()
            .with("Name", signature.name)
            .with("CommandType", Value::enumeration("System.Management.Automation.CommandTypes", "Cmdlet", 8))
            .with("Source", module(signature.class))
            .with("Version", "3.1.0.0".parse::<Version>().map_or(Value::Null, Value::Version))
            .with("ModuleName", module(signature.class))
            .with("Parameters", Value::hashtable(parameters.collect())),
        ..Object::typed(&[
            "System.Management.Automation.CmdletInfo",
            "System.Management.Automation.CommandInfo",
            "System.Object",
        ])
    })
}

fn unknown(name: &str) -> Problem {
    Problem {
        message: format!(
            "The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. \
             Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
        ),
        category: "ObjectNotFound",
        exception: "System.Management.Automation.CommandNotFoundException",
        id: "CommandNotFoundException",
        target: Target::Text(name.to_owned()),
    }
}
