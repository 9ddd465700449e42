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
    denial::{Denial, Place, Reason},
    occasion::Occasion,
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
        let on = Occasion { target, purpose: call.purpose, now: None, offered: None };
        for command in commands {
            let denied = |denial: Denial| {
                denial.at(Place::Command(Location::Text(Position::in_text(text, command.span.start))))
            };
            self.foresee_one(command, &on).map_err(denied)?;
            if let Some(ceiling) = &self.ceiling {
                let foreseen = ceiling.foresee_one(command, &on);
                foreseen.map_err(|denial| denied(denial.by_the_machine()))?;
            }
        }
        Ok(())
    }

    fn foresee_one(&self, command: &HostCommand<'_>, on: &Occasion<'_>) -> Result<(), Denial> {
        let Some(subject) = Subject::foreseen(command) else { return self.foresee_program(command, on) };
        let pass = match self.judge_subject(&subject, on) {
            // What the endpoint offers is known when the command is sent.
            Err(Denial { reason: Reason::EndpointNotKnown { .. }, .. }) => return Ok(()),
            judged => judged?,
        };
        if pass.terms.approval && !subject.is_written_out() {
            return Err(not_written_out(pass.rule, subject.name));
        }
        Ok(())
    }

    /// A program by its name and the constant words behind it, up to the first that is computed.
    fn foresee_program(&self, command: &HostCommand<'_>, on: &Occasion<'_>) -> Result<(), Denial> {
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
        let (_, grant) = self.judge_program_name(&asked, on)?;
        if grant.terms.approval && open_ended {
            return Err(not_written_out(grant.rule, command.name.to_owned()));
        }
        Ok(())
    }
}

/// Who approves must see what runs, and once for all of it.
fn not_written_out(rule: String, name: String) -> Denial {
    Denial::new(rule, Reason::NotWrittenOut { name })
        .instead("write the values themselves, without variables and pipelines")
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
