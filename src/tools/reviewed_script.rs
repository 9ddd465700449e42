//! The tool of a reviewed script: its parameters are the tool's arguments.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use winrm_script::declaration::Check;

use super::{
    ArgumentError, Request, Tool, arguments, changes, looks,
    order::{self, Shared},
    result,
};
use crate::{
    inventory::Inventory,
    invocation::Access,
    policy::Risk,
    reviewed::{ArgumentFault, Form, Interface, Parameter, SHARED, Script},
};

/// Runs one reviewed script.
#[derive(Debug)]
pub(super) struct ReviewedScript<'w> {
    script: Script<'w>,
    inventory: &'w Inventory,
}

impl<'w> ReviewedScript<'w> {
    pub(super) fn new(script: Script<'w>, inventory: &'w Inventory) -> Self {
        Self { script, inventory }
    }

    /// The hosts that it is for, where those are not all.
    fn hosts(&self) -> Option<Json> {
        let settings = self.script.settings();
        if settings.hosts.is_empty() {
            return None;
        }
        let own = self.inventory.targets().iter().filter(|target| settings.is_for(target));
        let names: Vec<&str> = own.map(|target| target.name.as_str()).take(MOST_HOSTS).collect();
        let description =
            format!("One of: {}. May be left out where there is only one host.", names.join(", "));
        Some(json!({ "type": "string", "description": description }))
    }

    fn schema(&self) -> JsonObject {
        let interface = self.script.interface();
        let parameters = interface.as_ref().map_or([].as_slice(), |own| own.parameters.as_slice());
        let own = parameters.iter().map(|own| (own.name().to_owned(), property(own))).collect();
        let required: Vec<&str> =
            parameters.iter().filter(|own| own.declared.required).map(Parameter::name).collect();
        let mut schema = order::schema(own, &SHARED, &required);
        if let (Some(hosts), Some(Json::Object(properties))) = (self.hosts(), schema.get_mut("properties")) {
            properties.insert("host".to_owned(), hosts);
        }
        if interface.is_err() {
            // Whatever it is called with, the answer is why it cannot run.
            schema.insert("additionalProperties".to_owned(), Json::Bool(true));
        }
        schema
    }
}

impl Tool for ReviewedScript<'_> {
    fn name(&self) -> Cow<'static, str> {
        self.script.settings().name.to_string().into()
    }

    fn definition(&self) -> Definition {
        let settings = self.script.settings();
        let title = format!("Reviewed script {}", settings.name);
        let annotations = match settings.risk {
            Risk::Read => looks(&title),
            Risk::Change => changes(&title),
        };
        let description = match self.script.interface() {
            Ok(Interface { .. }) => settings.description.clone(),
            Err(_) => format!("{} Not available now: a call tells why.", settings.description),
        };
        Definition::new(self.name(), description, self.schema())
            .with_annotations(annotations)
            .with_raw_output_schema(result::schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        let (shared, given) = arguments.into_iter().partition(|(name, _)| SHARED.contains(&name.as_str()));
        let given: JsonObject = given;
        let Common { shared } = arguments::read(shared)?;
        let work = self.script.given(&given).map_err(ArgumentError::from)?;
        shared.order(work, Access::Full).map(Request::work)
    }
}

#[derive(Deserialize)]
struct Common {
    #[serde(flatten)]
    shared: Shared,
}

impl From<ArgumentFault> for ArgumentError {
    fn from(fault: ArgumentFault) -> Self {
        match fault {
            ArgumentFault::Missing(field) => Self::Missing { field },
            ArgumentFault::Unknown { name, known } | ArgumentFault::NoScript { name, known } => {
                Self::Unknown { field: name, known }
            }
            ArgumentFault::Value { name, expected } => {
                Self::Value { field: name, problem: format!("it takes {expected}") }
            }
            ArgumentFault::Stray(number) => {
                Self::Value { field: "arguments".to_owned(), problem: format!("word {number} has no name") }
            }
            ArgumentFault::Script(fault) => Self::Script(fault),
        }
    }
}

/// The schema of a parameter.
fn property(parameter: &Parameter) -> Json {
    let mut schema = one(parameter);
    if parameter.several {
        schema = json!({ "type": "array", "items": schema });
        for check in &parameter.declared.checks {
            match check {
                Check::Count(least, greatest) => {
                    insert(&mut schema, [("minItems", json!(least)), ("maxItems", json!(greatest))]);
                }
                Check::NotEmpty => insert(&mut schema, [("minItems", json!(1))]),
                Check::Set(..) | Check::Range(..) | Check::Length(..) => {}
            }
        }
    }
    let help = parameter.declared.help.clone().unwrap_or_else(|| parameter.expected());
    let help: String = help.chars().take(LONGEST_HELP).collect();
    insert(&mut schema, [("description", json!(help))]);
    schema
}

/// The schema of one value.
fn one(parameter: &Parameter) -> Json {
    let type_name = match parameter.form {
        Form::Text => "string",
        Form::Whole => "integer",
        Form::Number => "number",
        Form::Truth | Form::Switch => "boolean",
    };
    let mut schema = json!({ "type": type_name });
    for check in &parameter.declared.checks {
        match (check, parameter.form) {
            (Check::Set(values, _), Form::Text) => insert(&mut schema, [("enum", json!(values))]),
            (Check::Range(least, greatest), Form::Whole | Form::Number) => {
                insert(&mut schema, [("minimum", number(*least)), ("maximum", number(*greatest))]);
            }
            (Check::Length(least, greatest), Form::Text) => {
                insert(&mut schema, [("minLength", json!(least)), ("maxLength", json!(greatest))]);
            }
            (Check::NotEmpty, Form::Text) => insert(&mut schema, [("minLength", json!(1))]),
            // What JSON's schemas have no words for is checked all the same.
            _ => {}
        }
    }
    schema
}

/// `1` and not `1.0`, which some clients take for no whole number.
fn number(value: f64) -> Json {
    format!("{value}").parse::<i64>().map_or_else(|_| json!(value), Json::from)
}

fn insert<const N: usize>(schema: &mut Json, entries: [(&str, Json); N]) {
    if let Json::Object(schema) = schema {
        schema.extend(entries.map(|(name, value)| (name.to_owned(), value)));
    }
}

/// How many hosts a schema names.
const MOST_HOSTS: usize = 20;
/// Characters of what is told of one parameter.
const LONGEST_HELP: usize = 300;
