//! What is certain of a script before it runs.
//!
//! A script is judged again, command by command, with the values that it has when it runs. What its text gives away is
//! enough to deny it as a whole before anything is sent: names of commands, parameters and programs, and constants. What
//! is not known yet passes here.

use winrm_script::{
    check::HostCommand, commands::Element, position::Position, static_command::Location, tree::Expression,
    typed, value::Value,
};

use super::{
    Policy,
    denial::{Denial, Place},
    program::Asked,
    subject::Subject,
    values,
};
use crate::{call::Call, inventory::Target};

impl Policy {
    /// Judges what is certain of a script: the commands and programs that it may send to the host, as
    /// [`check::script`](winrm_script::check::script) finds them in `text`. An allow here is no authorization.
    ///
    /// # Errors
    /// The denial of the first command that is certainly denied, with its place in the text.
    pub fn foresee(
        &self,
        call: &Call,
        text: &str,
        commands: &[HostCommand<'_>],
        target: &Target,
    ) -> Result<(), Denial> {
        for command in commands {
            let denied = |denial: Denial| {
                denial.near(Place::Command(Location::Text(Position::in_text(text, command.span.start))))
            };
            self.foresee_one(call, command, target).map_err(denied)?;
            if let Some(ceiling) = &self.ceiling {
                let foreseen = ceiling.foresee_one(call, command, target);
                foreseen.map_err(|denial| denied(denial.by_the_machine()))?;
            }
        }
        Ok(())
    }

    fn foresee_one(&self, _call: &Call, command: &HostCommand<'_>, target: &Target) -> Result<(), Denial> {
        if self.is_wide_open() {
            return Ok(());
        }
        match Subject::foreseen(command) {
            Some(subject) => self.judge_subject(&subject, target).map(drop),
            None => self.foresee_program(command, target),
        }
    }

    /// A program by its name and the constant words behind it, up to the first that is computed.
    fn foresee_program(&self, command: &HostCommand<'_>, target: &Target) -> Result<(), Denial> {
        let mut arguments = Vec::new();
        let mut open_ended = false;
        for element in command.elements {
            let Some(mut words) = words(&Element::from(element)) else {
                open_ended = true;
                break;
            };
            arguments.append(&mut words);
        }
        let asked = Asked { open_ended, ..Asked::line(command.name, &arguments) };
        // Whether the whole line can be written is known when all of it is.
        self.judge_program_name(&asked, target).map(drop)
    }
}

/// The words that a program gets for an argument; nothing where that is computed.
fn words(element: &Element<'_, &Expression>) -> Option<Vec<String>> {
    let constant = |expression: &Expression| typed::constant(expression, "string");
    match element {
        Element::Parameter { name, value: None } => Some(vec![format!("-{name}")]),
        Element::Parameter { name, value: Some(value) } => {
            let value = constant(value)?;
            Some(vec![format!("-{name}:{}", values::text_of(&value)?)])
        }
        Element::Value(value) => match constant(value)? {
            Value::String(text) => Some(vec![text.as_str().to_owned()]),
            _ => None,
        },
    }
}
