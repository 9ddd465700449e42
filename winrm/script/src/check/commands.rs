//! The commands of a script.

use super::{Check, HostCommand, Reason, Vocabulary};
use crate::commands::{self, ArgumentType, Bound, BoundValue, Element, Parameter, Refusal, Typed, find};
use crate::evaluate::is_of_files;
use crate::tree::{
    Call, Command, CommandElement, Expression, ExpressionKind, PipelineElement, PipelineElementKind, Span,
};

impl<'tree, V: Vocabulary> Check<'tree, '_, V> {
    /// A stage of a pipeline, if it is a command; the first stage is number 0.
    pub(super) fn command(&mut self, stage: usize, element: &'tree PipelineElement) {
        let PipelineElementKind::Command(command) = &element.kind else { return };
        if command.call == Call::Operator {
            let block =
                matches!(command.name.kind, ExpressionKind::ScriptBlock(_) | ExpressionKind::Variable(_));
            if !block {
                self.refuse(command.name.span, Reason::CallOperator);
            }
            return;
        }
        let Some(name) = command.name.as_string() else {
            self.refuse(command.name.span, Reason::CallOperator);
            return;
        };
        let folded = name.to_lowercase();
        if self.functions.contains(&folded) || self.vocabulary.has_function(&folded) {
            return;
        }
        match find(name) {
            Some(known) => self.known(stage, element.span, name, known, command),
            None if !is_plain(name) => self.refuse(command.name.span, Reason::CommandName(name.to_owned())),
            None if find(&format!("Get-{name}")).is_some() => {
                self.refuse(command.name.span, Reason::BareNoun(name.to_owned()));
            }
            // A program, or a command that only the host knows: for the policy to judge.
            None => {
                self.blocks_of(command);
                self.sends(stage, HostCommand::new(element.span, name, command));
            }
        }
    }

    /// `Get-Process x | ForEach-Object Kill`: what comes from a host is asked to do something there.
    pub(super) fn methods_by_name(&mut self, stages: &[PipelineElement]) {
        let Some((first, rest)) = stages.split_first() else { return };
        let named = |stage: &PipelineElement| match &stage.kind {
            PipelineElementKind::Command(command) => command.name.as_string().and_then(find),
            PipelineElementKind::Expression(_) => None,
        };
        if named(first).is_none_or(|known| self.vocabulary.evaluates(known.name())) {
            return;
        }
        for stage in rest {
            let PipelineElementKind::Command(command) = &stage.kind else { return };
            match named(stage).map(commands::Command::name) {
                // The same objects go on.
                Some("Where-Object" | "Sort-Object") => {}
                Some("ForEach-Object") => {
                    if let [CommandElement::Argument(member)] = command.elements.as_slice()
                        && let Some(reason) = member.as_string().and_then(Reason::method_by_name)
                    {
                        self.refuse(member.span, reason);
                    }
                    return;
                }
                _ => return,
            }
        }
    }

    fn known(
        &mut self,
        stage: usize,
        span: Span,
        name: &'tree str,
        known: commands::Command,
        command: &'tree Command,
    ) {
        if let Some(code) =
            CODE.iter().find(|code| known.name() == **code && !self.is_harmless(known, command))
        {
            self.refuse(command.name.span, Reason::Code(code));
            return;
        }
        let elements: Vec<Element<'_, &Expression>> = command.elements.iter().map(Element::from).collect();
        let bound =
            || if stage == 0 { known.bind_values(&elements) } else { known.bind_with_input(&elements) };
        let given = |parameter: &str| {
            bound().is_ok_and(|bound| bound.arguments.iter().any(|own| own.parameter.name() == parameter))
        };
        if self.vocabulary.evaluates(known.name()) && !is_of_files(known.name(), given) {
            return;
        }
        let host_command = HostCommand::new(span, name, command);
        if command.elements.iter().any(is_splatted) {
            self.blocks_of(command);
            self.sends(stage, HostCommand { known: Some(known), ..host_command });
            return;
        }
        let bound = bound();
        match bound {
            Ok(bound) => {
                self.blocks_of_bound(stage, &bound);
                self.sends(stage, HostCommand { known: Some(known), bound: Some(bound), ..host_command });
            }
            // What a value is may only be known when it is there.
            Err(Refusal::AmbiguousValue { .. }) if elements.iter().any(is_computed) => {
                self.blocks_of(command);
                self.sends(stage, HostCommand { known: Some(known), ..host_command });
            }
            Err(refusal) => self.refuse(span, Reason::Binding(refusal)),
        }
    }

    /// Whether a command loads a module of the host by its plain name, for the policy to judge, or makes a value.
    fn is_harmless(&self, known: commands::Command, command: &Command) -> bool {
        let elements: Vec<Element<'_, &Expression>> = command.elements.iter().map(Element::from).collect();
        let Ok(bound) = known.bind_values(&elements) else { return false };
        let text = |parameter: &str| {
            bound.arguments.iter().find(|own| own.parameter.name() == parameter).and_then(|own| {
                match own.value {
                    BoundValue::Given(value) => value.as_string(),
                    _ => None,
                }
            })
        };
        let only = |allowed: &[&str]| {
            bound
                .arguments
                .iter()
                .all(|own| own.parameter.is_common() || allowed.contains(&own.parameter.name()))
        };
        match known.name() {
            "Import-Module" => {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
                only(&["Name", "Force", "DisableNameChecking"])
                    && text("Name").is_some_and(|name| !name.contains("..") && name.bytes().all(plain))
            }
            "New-Object" => {
                only(&["TypeName", "Property"])
                    && text("TypeName").is_some_and(|name| {
                        let short = name.rsplit('.').next().unwrap_or_default();
                        let list = short.get(..LIST.len()).is_some_and(|own| own.eq_ignore_ascii_case(LIST));
                        (list && self.vocabulary.has_type(name))
                            || MADE_HERE.iter().any(|own| own.eq_ignore_ascii_case(short))
                    })
            }
            _ => false,
        }
    }

    fn sends(&mut self, stage: usize, command: HostCommand<'tree>) {
        self.commands.push(HostCommand { piped: stage > 0, ..command });
    }

    /// Where nothing is known of the parameters no script block can be right.
    fn blocks_of(&mut self, command: &Command) {
        for element in &command.elements {
            let value = match element {
                CommandElement::Parameter(parameter) => parameter.argument.as_ref(),
                CommandElement::Argument(argument) => Some(argument),
            };
            if let Some(Expression { span, kind: ExpressionKind::ScriptBlock(_), .. }) = value {
                self.refuse(*span, Reason::ScriptBlockArgument);
            }
        }
    }

    /// A block for a parameter that takes strings is its text, as in `Get-ADUser -Filter { … }`; one for a parameter
    /// that takes pipeline input is evaluated here for each object.
    fn blocks_of_bound(&mut self, stage: usize, bound: &Bound<&Expression>) {
        for argument in &bound.arguments {
            let values: &[&Expression] = match &argument.value {
                BoundValue::Switch => &[],
                BoundValue::Given(value) => std::slice::from_ref(value),
                BoundValue::Remaining(values) => values,
            };
            for value in values {
                let block = matches!(value.kind, ExpressionKind::ScriptBlock(_));
                let text = matches!(argument.parameter.type_name(), "string" | "string[]");
                if block && !text && !(stage > 0 && takes_input(argument.parameter)) {
                    self.refuse(value.span, Reason::ScriptBlockArgument);
                }
            }
        }
    }
}

impl<'tree> HostCommand<'tree> {
    fn new(span: Span, name: &'tree str, command: &'tree Command) -> Self {
        Self { span, name, known: None, bound: None, elements: &command.elements, piped: false }
    }
}

/// How the name of a generic list begins, without its namespace.
const LIST: &str = "List[";
/// Types of values that `New-Object` makes here.
const MADE_HERE: [&str; 5] = ["PSObject", "PSCustomObject", "Object", "ArrayList", "Hashtable"];

fn is_computed(element: &Element<'_, &Expression>) -> bool {
    matches!(element, Element::Value(value) if value.argument_type() == ArgumentType::Object)
}

fn takes_input(parameter: Parameter) -> bool {
    parameter.sets().any(|set| set.by_value || set.by_property_name)
}

fn is_splatted(element: &CommandElement) -> bool {
    matches!(element, CommandElement::Argument(Expression { kind: ExpressionKind::Variable(variable), .. })
        if variable.splatted)
}

/// What the name of a program or command may hold.
fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'\\' | b'/' | b':'))
}

/// Commands that run text or code, or load it. None is of use in a script that is evaluated here.
const CODE: [&str; 21] = [
    "Add-Type",
    "Import-Alias",
    "Import-LocalizedData",
    "Import-Module",
    "Import-PSSession",
    "Invoke-Command",
    "Invoke-Expression",
    "Measure-Command",
    "New-Alias",
    "New-Module",
    "New-Object",
    "New-Variable",
    "Register-EngineEvent",
    "Register-ObjectEvent",
    "Set-Alias",
    "Set-PSBreakpoint",
    "Set-Variable",
    "Start-Job",
    "Start-ThreadJob",
    "Trace-Command",
    "Update-TypeData",
];
