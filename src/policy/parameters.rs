//! What a command is given, judged by a closed rule or by what holds for every open one.

use std::collections::BTreeMap;

use winrm_script::{commands::Parameter, typed::Argument, value::Value};

use super::{
    authorized::Risk,
    denial::{Denial, Reason},
    implied::{Implied, implied},
    path::{HOME, Root, Uncovered},
    profile::{ParameterObjection, Profile},
    regex,
    rule::ParameterRule,
    subject::{Arguments, Given, PREFERENCE, Subject, as_bound, is_number},
    values,
};

/// Judges the arguments by a closed rule. Gives back what is to be filled in.
pub(super) fn closed(
    subject: &Subject<'_>,
    parameters: &BTreeMap<String, ParameterRule>,
    rule: &str,
) -> Result<Vec<(String, String)>, Denial> {
    let deny = |reason: Reason| Denial::new(rule, reason);
    let (given, complete) = match &subject.arguments {
        Arguments::Bound(given) => (given, true),
        Arguments::Piped(given) => (given, false),
        Arguments::Later => return Ok(Vec::new()),
        Arguments::Unbound(refusal) => return Err(Denial::unbound(refusal)),
        // Without a table nobody knows which value belongs to which parameter.
        Arguments::Unknown => {
            return Err(deny(Reason::NotInTable { name: subject.name.clone() }));
        }
    };
    for given in given {
        let Given { parameter, value, is_later, .. } = given;
        let Some(listed) = listed(parameters, *parameter) else {
            if parameter.is_common() && common_of(given)? == Common::Harmless {
                continue;
            }
            let usable = parameters.iter().filter(|(_, listed)| !listed.is_forbidden());
            let known = usable.map(|(name, _)| name.clone()).collect();
            return Err(deny(Reason::ParameterNotListed { command: subject.name.clone(), known }));
        };
        if listed.is_forbidden() {
            let parameter = parameter.name().to_owned();
            return Err(deny(Reason::Parameter { parameter }).instead("leave it out"));
        }
        stays_in_folder(given, rule)?;
        let fits = match value {
            Some(value) if parameter.is_switch() => matches!(value, Value::Boolean(_)),
            Some(value) => listed.takes(value),
            None => *is_later || parameter.is_switch(),
        };
        if !fits {
            let parameter = parameter.name().to_owned();
            return Err(deny(Reason::Value { parameter, expected: listed.expected() }));
        }
    }
    implied(&subject.name, given).iter().try_for_each(|implied| implied_by_rule(parameters, implied))?;
    let mut filled = Vec::new();
    for (name, listed) in parameters {
        if given.iter().any(|given| given.parameter.name() == name || is_path_of(given.parameter, name)) {
            continue;
        }
        match &listed.fill {
            Some(value) => filled.push((name.clone(), value.clone())),
            None if listed.optional || !complete => {}
            None => {
                let command = subject.name.clone();
                return Err(deny(Reason::ParameterMissing { command, parameter: name.clone() })
                    .instead(format!("add -{name} with {}", listed.expected())));
            }
        }
    }
    Ok(filled)
}

/// What a closed rule says of a parameter. Paths are sent as literal ones, so `Path` stands for both.
fn listed(parameters: &BTreeMap<String, ParameterRule>, parameter: Parameter) -> Option<&ParameterRule> {
    let own = parameters.get(parameter.name());
    own.or_else(|| parameters.get("Path").filter(|_| is_path_of(parameter, "Path")))
}

/// Whether a parameter is the literal form of `-Path`.
fn is_path_of(parameter: Parameter, name: &str) -> bool {
    name == "Path" && parameter.name() == "LiteralPath" && parameter.is_path()
}

/// What a call comes to lies where the rule lets the parameter or else `-Path` point, or in the very folder that it lists.
fn implied_by_rule(parameters: &BTreeMap<String, ParameterRule>, implied: &Implied) -> Result<(), Denial> {
    let listed = |name: &str| parameters.get(name).map_or(&[][..], ParameterRule::roots);
    if !listed(implied.parameter).is_empty() {
        return Ok(());
    }
    let listed = PATHS.map(listed).concat();
    let folder = || implied.folder.as_deref().and_then(|folder| Root::parse(folder).ok());
    let roots = if listed.is_empty() { folder().into_iter().collect() } else { listed };
    paths(implied.parameter, &Value::string(implied.path.clone()), &roots)
}

/// Judges the arguments by what holds where no closed rule speaks.
pub(super) fn open(profile: &Profile, subject: &Subject<'_>, roots: &[Root]) -> Result<(), Denial> {
    match &subject.arguments {
        Arguments::Bound(given) | Arguments::Piped(given) => {
            given.iter().try_for_each(|given| open_parameter(profile, given, roots))?;
            if !roots.is_empty() && subject.works_where_it_is() && Root::covering(roots, HOME).is_err() {
                let (command, parameter) = (subject.name.clone(), "Path".to_owned());
                return Err(Denial::new("paths", Reason::ParameterMissing { command, parameter })
                    .instead("name the folder"));
            }
            let mut implied = implied(&subject.name, given).into_iter();
            implied.try_for_each(|implied| paths(implied.parameter, &Value::string(implied.path), roots))
        }
        Arguments::Later => Ok(()),
        Arguments::Unbound(refusal) => Err(Denial::unbound(refusal)),
        Arguments::Unknown => unknown(profile, subject.written.arguments()),
    }
}

/// Judges the regular expressions that a command would search by on the host, whatever allows it.
pub(super) fn patterns(subject: &Subject<'_>) -> Result<(), Denial> {
    let (Arguments::Bound(given) | Arguments::Piped(given)) = &subject.arguments else { return Ok(()) };
    let is_given = |name: &str| {
        given.iter().any(|given| {
            given.parameter.name() == name && !matches!(given.value, Some(Value::Boolean(false)))
        })
    };
    if subject.name != "Select-String" || is_given("SimpleMatch") {
        return Ok(());
    }
    let expressions = given.iter().filter(|given| given.parameter.name() == "Pattern");
    expressions
        .filter_map(|given| given.value.as_ref())
        .try_for_each(|value| regex::check_value("Pattern", value))
}

/// Whether a command changes functions, aliases, variables or the environment as if they were files.
pub(super) fn change_names(subject: &Subject<'_>) -> bool {
    let (Arguments::Bound(given) | Arguments::Piped(given)) = &subject.arguments else { return false };
    let paths = given.iter().filter(|given| given.parameter.is_path());
    subject.risk() == Risk::Change
        && paths.filter_map(|given| given.value.as_ref()).any(|value| any_text(value, &is_of_runspace))
}

fn any_text(value: &Value, is: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::Array(elements) => elements.to_vec().iter().any(|element| any_text(element, is)),
        one => values::text_of(one).is_some_and(|text| is(&text)),
    }
}

/// Whether a path is in what belongs to a runspace: `function:x`, `Microsoft.PowerShell.Core\Function::x`.
fn is_of_runspace(path: &str) -> bool {
    let path = path.trim_start();
    let place = match path.split_once("::") {
        Some((provider, _)) => provider.rsplit('\\').next(),
        None => path.split_once(':').map(|(drive, _)| drive),
    };
    place.is_some_and(|place| RUNSPACE.iter().any(|own| own.eq_ignore_ascii_case(place)))
}

/// Whether a rule that denies these parameters means this call: each of them is given, with a value that it
/// takes. Where nobody knows what is given, it does.
pub(super) fn denies(subject: &Subject<'_>, parameters: &BTreeMap<String, ParameterRule>) -> bool {
    let given = match &subject.arguments {
        Arguments::Bound(given) | Arguments::Piped(given) => given,
        Arguments::Unbound(_) | Arguments::Unknown => return true,
        Arguments::Later => return parameters.is_empty(),
    };
    let reach = subject.reach();
    let means = |listed: &ParameterRule, given: &Given| match &given.value {
        Some(value) if given.parameter.is_path() => listed.means_path(value, reach),
        Some(value) if may_have_names(given.parameter.type_name()) => listed.means_name(value),
        Some(value) => listed.means(value),
        None => !given.is_later,
    };
    let implied = implied(&subject.name, given);
    let comes_to = |listed: &ParameterRule| {
        let mut paths = implied.iter().map(|implied| Value::string(implied.path.clone()));
        // In the folder where it is, a command is at home.
        paths.any(|path| listed.means_path(&path, reach))
            || subject.works_where_it_is() && listed.means_folder(HOME)
    };
    parameters.iter().all(|(name, listed)| {
        let mut named = given.iter().filter(|given| is_meant(given.parameter, name));
        named.any(|given| means(listed, given)) || PATHS.contains(&name.as_str()) && comes_to(listed)
    })
}

/// Whether a type may be one whose values have names and numbers. The table has no list of them, but of what is none.
fn may_have_names(type_name: &str) -> bool {
    let type_name = type_name.trim_end_matches('?').trim_end_matches("[]");
    let is = |known: &&str| match known.strip_suffix('*') {
        Some(start) => type_name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start)),
        None => type_name.eq_ignore_ascii_case(known),
    };
    !is_number(type_name) && !NAMELESS.iter().any(is)
}

/// Whether a rule that denies a parameter means this one: what lies at a path is denied by whichever name the path comes.
fn is_meant(parameter: Parameter, name: &str) -> bool {
    parameter.name() == name || (PATHS.contains(&name) && PATHS.contains(&parameter.name()))
}

fn open_parameter(profile: &Profile, given: &Given, roots: &[Root]) -> Result<(), Denial> {
    let Given { parameter, value, .. } = given;
    let name = parameter.name();
    stays_in_folder(given, "paths")?;
    if common_of(given)? == Common::Harmless {
        return Ok(());
    }
    let rule = format!("{}: parameters", profile.name());
    match profile.objection(*parameter) {
        Some(ParameterObjection::Name | ParameterObjection::Type) => {
            return Err(
                Denial::new(rule, Reason::Parameter { parameter: name.to_owned() }).instead("leave it out")
            );
        }
        Some(ParameterObjection::UnmarkedPath) => {
            return Err(Denial::new(rule, Reason::PathNotRuled { parameter: name.to_owned() }));
        }
        None => {}
    }
    match value {
        Some(value) if parameter.is_path() => paths(name, value, roots),
        Some(value) => plain_value(value),
        None => Ok(()),
    }
}

/// Beside a path, a pattern of names could walk out of its folder: `-Filter ..\..\x`.
fn stays_in_folder(given: &Given, rule: &str) -> Result<(), Denial> {
    let Given { parameter, value, chooses_in_folder, .. } = given;
    let walks = |text: &str| text.contains(['\\', '/', ':']);
    let leaves = |value: &Value| match value {
        Value::Array(elements) => {
            elements.to_vec().iter().any(|element| values::text_of(element).is_none_or(|text| walks(&text)))
        }
        one => values::text_of(one).is_some_and(|text| walks(&text)),
    };
    if *chooses_in_folder && value.as_ref().is_some_and(leaves) {
        let parameter = parameter.name().to_owned();
        let expected = "a pattern of names, without folders".to_owned();
        return Err(Denial::new(rule, Reason::Value { parameter, expected }));
    }
    Ok(())
}

/// Each path must lie under one of the roots.
fn paths(parameter: &str, value: &Value, roots: &[Root]) -> Result<(), Denial> {
    let parameter = parameter.to_owned();
    match value {
        _ if roots.is_empty() => Err(Denial::new("paths", Reason::PathNotRuled { parameter })),
        Value::Array(elements) => {
            elements.to_vec().iter().try_for_each(|element| paths(&parameter, element, roots))
        }
        Value::String(text) => Root::covering(roots, text.as_str()).map(drop).map_err(|uncovered| {
            let reason = match uncovered {
                Uncovered::Fault(fault) => Reason::Path { parameter, fault },
                Uncovered::Secret => Reason::PathHoldsSecrets { parameter },
                Uncovered::Outside => {
                    Reason::PathOutside { parameter, roots: roots.iter().map(ToString::to_string).collect() }
                }
            };
            Denial::new("paths", reason)
        }),
        _ => Err(Denial::new("paths", Reason::PathNotRuled { parameter })),
    }
}

/// A command that a list or rule names exactly and the table lacks: names of parameters are taken as they were
/// written, and refused where they could be short for one that is denied.
fn unknown(profile: &Profile, arguments: &[Argument]) -> Result<(), Denial> {
    let mut arguments = arguments.iter().peekable();
    while let Some(argument) = arguments.next() {
        match argument {
            Argument::Parameter { name, value } => {
                let following = match arguments.peek() {
                    Some(Argument::Value(value)) => Some(value),
                    _ => None,
                };
                unknown_parameter(profile, name.as_str(), value.as_ref().or(following))?;
                value.as_ref().map_or(Ok(()), plain_value)?;
            }
            Argument::Value(value) => plain_value(value)?,
        }
    }
    Ok(())
}

fn unknown_parameter(profile: &Profile, name: &str, value: Option<&Value>) -> Result<(), Denial> {
    if common(name, value)? == Common::Harmless {
        return Ok(());
    }
    let short_for =
        |full: &&&str| full.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let rule = format!("{}: parameters", profile.name());
    if profile.denied_parameter(name) {
        return Err(
            Denial::new(rule, Reason::Parameter { parameter: name.to_owned() }).instead("leave it out")
        );
    }
    let common_short = COMMON.iter().find(short_for).copied();
    if let Some(full) = profile.abbreviated_parameter(name).or(common_short) {
        let reason = Reason::Abbreviation { parameter: name.to_owned(), full: full.to_owned() };
        return Err(Denial::new(rule, reason).instead("write the parameter's full name"));
    }
    Ok(())
}

fn plain_value(value: &Value) -> Result<(), Denial> {
    values::objection(value).map_or(Ok(()), |reason| Err(Denial::new("values", reason)))
}

#[derive(Debug, PartialEq, Eq)]
enum Common {
    /// A common parameter that changes nothing about the judgement.
    Harmless,
    /// No common parameter.
    No,
}

/// Whether a parameter is a common one that changes nothing about the judgement.
pub(super) fn is_harmless(name: &str, value: Option<&Value>) -> Result<bool, Denial> {
    common(name, value).map(|common| common == Common::Harmless)
}

/// Whether every command has a parameter of this name.
pub(super) fn is_common(name: &str) -> bool {
    COMMON.iter().any(|common| common.eq_ignore_ascii_case(name))
}

/// Judges a parameter that every command takes; what it is given may come later.
fn common_of(given: &Given) -> Result<Common, Denial> {
    let name = given.parameter.name();
    if given.is_later && (ACTIONS.contains(&name) || matches!(name, "Confirm" | "WhatIf")) {
        return Ok(Common::Harmless);
    }
    common(name, given.value.as_ref())
}

/// Judges what every command takes, by full name or alias.
fn common(name: &str, value: Option<&Value>) -> Result<Common, Denial> {
    let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let deny = |reason: Reason| Err(Denial::new("common-parameters", reason).instead("leave it out"));
    let parameter = || Reason::Parameter { parameter: name.to_owned() };
    if is(&["Verbose", "vb"]) {
        return Ok(Common::Harmless);
    }
    if is(&ACTIONS) {
        let bound = value.map(|value| as_bound(value.clone(), PREFERENCE));
        let text = bound.as_ref().and_then(Value::as_str).unwrap_or_default();
        if HARMLESS_ACTIONS.contains(&text) {
            return Ok(Common::Harmless);
        }
        let expected = format!("one of {}", HARMLESS_ACTIONS.join(", "));
        return deny(Reason::Value { parameter: name.to_owned(), expected });
    }
    // To confirm asks; not to confirm, and to show what if, change nothing about the judgement.
    if is(&["Confirm", "cf"]) {
        return if matches!(value, Some(Value::Boolean(false))) {
            Ok(Common::Harmless)
        } else {
            deny(parameter())
        };
    }
    if is(&["WhatIf", "wi"]) {
        // 0 turns it off too.
        return if matches!(value, None | Some(Value::Boolean(true))) {
            Ok(Common::Harmless)
        } else {
            deny(parameter())
        };
    }
    if is(&DENIED) { deny(parameter()) } else { Ok(Common::No) }
}

/// Types that are no enums, as the table writes them: texts, what is read from texts, and objects.
const NAMELESS: [&str; 46] = [
    "string",
    "char",
    "switch",
    "bool",
    "object",
    "psobject",
    "guid",
    "uri",
    "datetime",
    "timespan",
    "version",
    "ipaddress",
    "type",
    "xml*",
    "hashtable",
    "IDictionary*",
    "Dictionary*",
    "List*",
    "securestring",
    "pscredential",
    "scriptblock",
    "ciminstance*",
    "CimSession",
    "cimclass",
    "PSSession",
    "WildcardPattern",
    "cultureinfo",
    "SecurityIdentifier",
    "NTAccount",
    "ModuleSpecification",
    "ADUser",
    "ADGroup",
    "ADComputer",
    "ADAccount",
    "ADPrincipal",
    "ADObject",
    "ADOrganizationalUnit",
    "ADServiceAccount",
    "ADOptionalFeature",
    "ADReplicationSite*",
    "ADFineGrainedPasswordPolicy",
    "Local*",
    "X509*",
    "Certificate*",
    "PSPropertyExpression",
    "CmsMessageRecipient",
];
/// Drives and providers of what belongs to a runspace and its process.
const RUNSPACE: [&str; 5] = ["function", "alias", "variable", "env", "environment"];
/// The parameters of what a command works on, with wildcards and without.
pub(super) const PATHS: [&str; 2] = ["Path", "LiteralPath"];
/// Preferences for what to do with messages.
const ACTIONS: [&str; 8] =
    ["ErrorAction", "ea", "WarningAction", "wa", "InformationAction", "infa", "ProgressAction", "proga"];
/// `Break` hangs the runspace, `Inquire` asks, `Suspend` is of workflows.
const HARMLESS_ACTIONS: [&str; 4] = ["Continue", "SilentlyContinue", "Ignore", "Stop"];
/// They write variables, hold output back or stop for a debugger.
const DENIED: [&str; 16] = [
    "Debug",
    "db",
    "ErrorVariable",
    "ev",
    "WarningVariable",
    "wv",
    "InformationVariable",
    "iv",
    "OutVariable",
    "ov",
    "OutBuffer",
    "ob",
    "PipelineVariable",
    "pv",
    "UseTransaction",
    "usetx",
];
/// The full names of all common parameters.
const COMMON: [&str; 15] = [
    "Verbose",
    "ErrorAction",
    "WarningAction",
    "InformationAction",
    "ProgressAction",
    "Confirm",
    "WhatIf",
    "Debug",
    "ErrorVariable",
    "WarningVariable",
    "InformationVariable",
    "OutVariable",
    "OutBuffer",
    "PipelineVariable",
    "UseTransaction",
];
