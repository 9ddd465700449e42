//! One PowerShell command with values.

use std::sync::Arc;

use winrm_script::{
    commands,
    static_command::StaticCommand,
    typed::{TypedCommand, TypedPipeline},
};

use super::{
    Policy,
    denial::{Denial, Pass, Reason, Verdict},
    lists::Selection,
    names::CmdletName,
    occasion::Occasion,
    parameters,
    profile::ProfileName,
    program,
    rule::{Effect, Naming, Origin, Rule},
    subject::Subject,
};

impl Policy {
    /// Judges what somebody wrote: a command, or a program by its name.
    pub(super) fn judge_static(&self, command: StaticCommand, on: &Occasion<'_>) -> Verdict {
        if commands::find(command.name()).is_some() || CmdletName::is_full(command.name()) {
            return self.judge_command(&TypedCommand::from(command), on);
        }
        self.judge_other_name(&command, on)
    }

    /// Judges a command and the filters behind it.
    pub(super) fn judge_pipeline(&self, pipeline: &TypedPipeline, on: &Occasion<'_>) -> Verdict {
        let mut pass = self.judge_command(pipeline.first(), on)?;
        for filter in pipeline.filters() {
            let Some(filter) = Subject::new(filter) else {
                let name = filter.qualified_name().to_owned();
                return Err(Denial::new("command-names", Reason::NotACommandName { name }));
            };
            let next = self.judge_filter(&filter, on)?;
            pass = pass.then(next);
        }
        Ok(pass)
    }

    /// Judges a command: what denies first, then what allows it, with its arguments.
    fn judge_command(&self, command: &TypedCommand, on: &Occasion<'_>) -> Verdict {
        let Some(subject) = Subject::new(command) else {
            let name = command.qualified_name().to_owned();
            return Err(Denial::new("command-names", Reason::NotACommandName { name }));
        };
        self.judge_subject(&subject, on)
    }

    /// Judges a command that was looked up.
    pub(super) fn judge_subject(&self, subject: &Subject<'_>, on: &Occasion<'_>) -> Verdict {
        self.denied(subject, on)?;
        self.keeps_runspace(subject)?;
        parameters::patterns(subject)?;
        let mut nearest_miss = None;
        for rule in self.rules.iter().filter(|rule| rule.effect == Effect::Allow) {
            match self.by_rule(subject, rule, None, on) {
                Some(Ok(pass)) => return Ok(pass),
                Some(Err(denial)) => nearest_miss = Some(nearer(nearest_miss, denial)),
                None => {}
            }
        }
        let verdict = match self.lists.command(&subject.name, || self.exact_only(subject)) {
            Selection::Selected => self.by_list(subject),
            Selection::Missing => Err(self.command_not_listed(&subject.name, "allow", &self.offered)),
            Selection::ByWildcardOnly => Err(self.not_by_pattern(subject)),
            Selection::Unlisted => self.by_profile(subject, on),
        };
        match (verdict, nearest_miss) {
            (Err(_), Some(miss)) => Err(miss),
            (verdict, _) => verdict,
        }
    }

    pub(super) fn denied(&self, subject: &Subject<'_>, on: &Occasion<'_>) -> Result<(), Denial> {
        let names = [subject.name.as_str(), subject.written.qualified_name()];
        if let Some(pattern) = names.into_iter().find_map(|name| self.lists.excluded(name)) {
            let reason = Reason::Excluded { name: subject.name.clone(), pattern: pattern.to_owned() };
            return Err(Denial::new("exclude", reason));
        }
        for rule in self.rules.iter().chain(self.profile.rules()) {
            if rule.effect == Effect::Deny
                && rule.counts(on)
                && rule.names(&subject.name).is_some()
                && rule.parameters.as_ref().is_none_or(|listed| parameters::denies(subject, listed))
            {
                return Err(Denial::new(
                    rule.name.clone(),
                    Reason::DeniedByRule { name: subject.name.clone() },
                ));
            }
        }
        Ok(())
    }

    /// A runspace serves many calls, and each finds it as the first did.
    fn keeps_runspace(&self, subject: &Subject<'_>) -> Result<(), Denial> {
        if !self.interpreters.changes_runspace(&subject.name) && !parameters::change_names(subject) {
            return Ok(());
        }
        Err(Denial::new("runspace", Reason::ChangesRunspace { name: subject.name.clone() })
            .instead("write paths in full, and keep variables, functions and aliases in the script"))
    }

    /// What a rule says that allows commands; `None` where it says nothing about this one.
    fn by_rule(
        &self,
        subject: &Subject<'_>,
        rule: &Rule,
        profile: Option<ProfileName>,
        on: &Occasion<'_>,
    ) -> Option<Verdict> {
        // Of thousands of rules few name the command, so this comes first.
        let naming = rule.names(&subject.name).filter(|_| rule.counts(on))?;
        let name = match profile {
            Some(profile) => format!("{profile}: {}", rule.name),
            None => rule.name.clone(),
        };
        match naming {
            Naming::ByPattern if self.exact_only(subject) => return Some(Err(self.not_by_pattern(subject))),
            Naming::ByPattern | Naming::Exactly => {}
        }
        Some(match &rule.parameters {
            Some(listed) => parameters::closed(subject, listed, &name).and_then(|filled| {
                let command = subject.rebuilt(&filled)?;
                Ok(Pass::command(name, subject.risk(), command).on(&rule.terms))
            }),
            None => self.by_open_rule(subject, rule, name),
        })
    }

    fn by_open_rule(&self, subject: &Subject<'_>, rule: &Rule, name: String) -> Verdict {
        if self.profile.is_unrestricted() {
            return Ok(Pass::command(name, subject.risk(), subject.in_full()?).on(&rule.terms));
        }
        parameters::open(&self.profile, subject, &rule.paths)?;
        Ok(Pass::command(name, subject.risk(), subject.rebuilt(&[])?).on(&rule.terms))
    }

    fn by_list(&self, subject: &Subject<'_>) -> Verdict {
        if self.profile.is_unrestricted() {
            return Ok(Pass::command("allow", subject.risk(), subject.in_full()?));
        }
        parameters::open(&self.profile, subject, &[])?;
        Ok(Pass::command("allow", subject.risk(), subject.rebuilt(&[])?))
    }

    fn by_profile(&self, subject: &Subject<'_>, on: &Occasion<'_>) -> Verdict {
        if self.profile.is_endpoint() {
            return self.by_endpoint(subject, on.offered);
        }
        if self.profile.is_unrestricted() {
            if self.exact_only(subject) {
                return Err(self.not_by_pattern(subject));
            }
            return Ok(Pass::command("unrestricted", subject.risk(), subject.in_full()?));
        }
        let mut nearest_miss = None;
        for rule in self.profile.rules().iter().filter(|rule| rule.effect == Effect::Allow && rule.counts(on))
        {
            match self.by_rule(subject, rule, Some(self.profile.name()), on) {
                Some(Ok(pass)) => return Ok(pass),
                Some(Err(denial)) => nearest_miss = Some(nearer(nearest_miss, denial)),
                None => {}
            }
        }
        Err(nearest_miss.unwrap_or_else(|| {
            self.command_not_listed(&subject.name, self.profile.name().as_str(), &self.offered)
        }))
    }

    /// What runs whatever it is given, and what the table lacks, counts only where it is named exactly.
    pub(super) fn exact_only(&self, subject: &Subject<'_>) -> bool {
        // A machine's policy bounds what a user's has named exactly by its lists and rules alone.
        let bounds_all = self.origin == Origin::Machine && self.profile.is_unrestricted();
        self.exact_only_by_nature(subject) || (!subject.is_known() && !bounds_all)
    }

    /// Whether it runs whatever it is given.
    pub(super) fn exact_only_by_nature(&self, subject: &Subject<'_>) -> bool {
        !CmdletName::is_full(&subject.name) || self.interpreters.is_command(&subject.name)
    }

    pub(super) fn not_by_pattern(&self, subject: &Subject<'_>) -> Denial {
        let name = subject.name.clone();
        if self.interpreters.is_command(&name) {
            return Denial::new("interpreters", Reason::Interpreter { name: name.clone() })
                .for_operator(format!("name {name} exactly in allow, knowing that it can run anything"));
        }
        Denial::new("unknown-commands", Reason::NotInTable { name: name.clone() })
            .for_operator(format!("name {name} exactly in allow, or in a rule"))
    }

    /// A name that is neither in the table nor a command's full name is a program, or nothing.
    fn judge_other_name(&self, command: &StaticCommand, on: &Occasion<'_>) -> Verdict {
        let name = command.name();
        if let Some((_, base)) = name.rsplit_once('\\')
            && CmdletName::is_full(base)
        {
            return Err(
                Denial::new("command-names", Reason::ModuleQualified).instead(format!("write {base}"))
            );
        }
        let arguments = program::arguments_of(command)?;
        let asked = program::Asked::line(name, &arguments);
        self.judge_program(&asked, on).map_err(|denial| match denial.reason {
            Reason::ProgramNotListed { .. } => {
                let noun = format!("Get-{name}");
                let offered = self.offered();
                let known = offered.iter().find(|known| known.eq_ignore_ascii_case(&noun));
                let alternative = known.map(|known| format!("write {known}")).or(denial.alternative);
                let reason = Reason::NotACommandName { name: name.to_owned() };
                Denial { rule: "command-names".to_owned(), reason, position: None, alternative, ..denial }
            }
            _ => denial,
        })
    }

    pub(super) fn command_not_listed(&self, name: &str, rule: &str, offered: &Arc<[String]>) -> Denial {
        Denial::new(rule, Reason::CommandNotListed { name: name.to_owned() })
            .offering(offered)
            .for_operator(format!("add {name:?} to allow, beside what is allowed now"))
    }
}

/// Of two rules that do not let a command through, the first that lists all it is given, else the first: it says best
/// what is amiss.
fn nearer(first: Option<Denial>, next: Denial) -> Denial {
    let is_of_another_form = |denial: &Denial| matches!(denial.reason, Reason::ParameterNotListed { .. });
    match first {
        Some(first) if !is_of_another_form(&first) || is_of_another_form(&next) => first,
        _ => next,
    }
}
