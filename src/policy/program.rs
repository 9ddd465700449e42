//! Native programs.

use winrm_proto::winrs::command_line;
use winrm_script::static_command::{Argument, Literal, StaticCommand};

use super::{
    Policy,
    authorized::{Judged, JudgedProgram, Risk},
    denial::{Denial, Pass, Place, Reason, Verdict},
    interpreters,
    lists::Selection,
    occasion::Occasion,
    path::{PathFault, WindowsPath},
    profile::ProfileName,
    rule::{Effect, ProgramSettings, Rule, Terms},
};

/// What somebody wants to run.
pub(super) struct Asked<'a> {
    pub(super) executable: &'a str,
    pub(super) arguments: &'a [String],
    /// More arguments may follow, which are known when the script runs.
    pub(super) open_ended: bool,
    pub(super) stdin: Option<&'a [u8]>,
    pub(super) working_directory: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// A program and its arguments alone.
    pub(super) fn line(executable: &'a str, arguments: &'a [String]) -> Self {
        Self { executable, arguments, open_ended: false, stdin: None, working_directory: None }
    }
}

/// What lets a program through.
pub(super) struct Grant {
    pub(super) rule: String,
    risk: Risk,
    pub(super) terms: Terms,
}

impl Grant {
    fn new(rule: String, risk: Risk, terms: &Terms) -> Self {
        Self { rule, risk, terms: terms.clone() }
    }

    fn by(rule: &Rule, profile: Option<ProfileName>) -> Self {
        let (name, risk) = granted_by(rule, profile);
        Self::new(name, risk, &rule.terms)
    }
}

/// A program by file name or by full path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    /// In small letters and without `.exe`.
    stem: String,
    file_name: String,
    path: Option<WindowsPath>,
}

impl Program {
    /// Takes a file name, or a full path with its extension.
    pub(super) fn parse(text: &str) -> Result<Self, Reason> {
        let path = match text.contains(['\\', '/', ':']) {
            true => Some(WindowsPath::parse(text).map_err(Reason::ProgramPath)?),
            false => None,
        };
        let file_name = path.as_ref().map_or(text, WindowsPath::file_name);
        let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '+' | ' ');
        if let Some(bad) = file_name.chars().find(|&letter| !plain(letter)) {
            return Err(Reason::ProgramPath(PathFault::Character(bad)));
        }
        if file_name.is_empty() || file_name.starts_with(['.', ' ']) || file_name.ends_with(['.', ' ']) {
            return Err(Reason::ProgramPath(PathFault::Trailing));
        }
        let lower = file_name.to_lowercase();
        let runs = [".exe", ".com"].iter().any(|extension| lower.ends_with(extension));
        let file_name = match (runs, file_name.contains('.'), &path) {
            // A bare name goes as it was written: cmd.exe finds it as a person at its prompt would. What is part of
            // cmd.exe itself is an interpreter's, and denied as such.
            (true, _, _) | (false, false, None) => file_name.to_owned(),
            _ => return Err(Reason::ProgramExtension),
        };
        Ok(Self { stem: interpreters::stem(&file_name), file_name, path })
    }

    pub(super) fn path(&self) -> Option<&WindowsPath> {
        self.path.as_ref()
    }

    /// Whether it is the program of this stem where Windows keeps its own: by file name alone, or in System32.
    pub(super) fn is_installed_as(&self, stem: &str) -> bool {
        let in_system = self.path.as_ref().is_none_or(|path| {
            path.as_str().eq_ignore_ascii_case(&format!("c:\\windows\\system32\\{}", self.file_name))
        });
        // To Windows the Kelvin sign is no `k`.
        let is_spelled_alike = self.file_name.is_ascii() == stem.is_ascii();
        in_system && is_spelled_alike && self.stem == interpreters::stem(stem)
    }

    pub(super) fn as_text(&self) -> &str {
        self.path.as_ref().map_or(&self.file_name, WindowsPath::as_str)
    }
}

impl Policy {
    /// Judges a program by its name or path and its arguments.
    pub(super) fn judge_program(&self, asked: &Asked<'_>, on: &Occasion<'_>) -> Verdict {
        let (program, Grant { rule, risk, terms }) = self.judge_program_name(asked, on)?;
        if let Some(folder) = asked.working_directory {
            WindowsPath::parse(folder).map_err(|fault| {
                Denial::new("programs", Reason::ProgramPath(fault)).at(Place::WorkingDirectory)
            })?;
            if program.path.is_none() && !self.profile.is_unrestricted() {
                return Err(Denial::new("programs", Reason::WorkingDirectory)
                    .at(Place::WorkingDirectory)
                    .instead("name the program by its full path, or leave the working directory out"));
            }
        }
        Ok(Pass::new(rule, risk, Judged::Program(quoted(&program, asked)?)).on(&terms))
    }

    /// Judges a program by what is known of its line.
    pub(super) fn judge_program_name(
        &self,
        asked: &Asked<'_>,
        on: &Occasion<'_>,
    ) -> Result<(Program, Grant), Denial> {
        let program = Program::parse(asked.executable)
            .map_err(|reason| Denial::new("programs", reason).at(Place::Executable))?;
        if let Some(pattern) = self.lists.excluded(program.as_text()) {
            let reason = Reason::Excluded { name: asked.executable.to_owned(), pattern: pattern.to_owned() };
            return Err(Denial::new("exclude", reason).at(Place::Executable));
        }
        let grant = self.program_rule(&program, asked, on)?;
        Ok((program, grant))
    }

    fn program_rule(&self, program: &Program, asked: &Asked<'_>, on: &Occasion<'_>) -> Result<Grant, Denial> {
        let name = asked.executable.to_owned();
        let mut miss = None;
        let denying = self.rules.iter().chain(self.profile.rules());
        let denying = denying.filter(|rule| rule.effect == Effect::Deny && rule.counts(on));
        for rule in denying {
            if let Some(Ok(())) = by_rule(rule, program, asked) {
                return Err(
                    Denial::new(rule.name.clone(), Reason::DeniedByRule { name }).at(Place::Executable)
                );
            }
        }
        for rule in self.rules.iter().filter(|rule| rule.effect == Effect::Allow && rule.counts(on)) {
            match by_rule(rule, program, asked) {
                Some(Ok(())) => return Ok(Grant::by(rule, None)),
                Some(Err(reason)) => miss = miss.or(Some(Denial::new(rule.name.clone(), reason))),
                None => {}
            }
        }
        match self.lists.program(program) {
            Selection::Selected => {
                return Ok(Grant::new("allow".to_owned(), Risk::Change, &Terms::default()));
            }
            Selection::Missing | Selection::ByWildcardOnly => {
                return Err(miss.unwrap_or_else(|| self.refuse_program(program, &name, "allow")));
            }
            Selection::Unlisted => {}
        }
        if self.profile.is_unrestricted() {
            if self.runs_anything(program) {
                return Err(self.refuse_program(program, &name, "interpreters"));
            }
            return Ok(Grant::new("unrestricted".to_owned(), Risk::Change, &Terms::default()));
        }
        let profile = self.profile.name();
        for rule in self.profile.rules().iter().filter(|rule| rule.effect == Effect::Allow && rule.counts(on))
        {
            match by_rule(rule, program, asked) {
                Some(Ok(())) => return Ok(Grant::by(rule, Some(profile))),
                Some(Err(reason)) => {
                    miss = miss.or(Some(Denial::new(format!("{profile}: {}", rule.name), reason)));
                }
                None => {}
            }
        }
        Err(miss.unwrap_or_else(|| self.refuse_program(program, &name, profile.as_str())))
    }

    pub(super) fn runs_anything(&self, program: &Program) -> bool {
        self.interpreters.is_program(&program.file_name) || self.interpreters.is_builtin(&program.stem)
    }

    fn refuse_program(&self, program: &Program, name: &str, rule: &str) -> Denial {
        let name = name.to_owned();
        if self.interpreters.is_program(&program.file_name) {
            return Denial::new("interpreters", Reason::Interpreter { name })
                .at(Place::Executable)
                .instead("send the PowerShell command itself to execute_command")
                .for_operator(format!(
                    "name {:?} exactly in allow, knowing that it can run anything",
                    program.as_text()
                ));
        }
        if self.interpreters.is_builtin(&program.stem) {
            return Denial::new("interpreters", Reason::ShellBuiltin { name })
                .at(Place::Executable)
                .instead("use the PowerShell command for it");
        }
        Denial::new(rule, Reason::ProgramNotListed { name })
            .at(Place::Executable)
            .for_operator(format!("add {:?} to allow, beside what is allowed now", program.as_text()))
    }
}

/// Whether a rule names a program with these arguments; `None` where it does not name it at all.
///
/// What is allowed is the program where Windows keeps it; what is denied is denied in every folder. Of several entries
/// for one program each counts.
fn by_rule(rule: &Rule, program: &Program, asked: &Asked<'_>) -> Option<Result<(), Reason>> {
    let mut miss = None;
    for known in named(rule, program) {
        match by_entry(known, rule.effect, asked) {
            Some(Ok(())) => return Some(Ok(())),
            Some(Err(reason)) => miss = Some(both(miss, reason)),
            None => {}
        }
    }
    miss.map(Err)
}

fn by_entry(known: &ProgramSettings, effect: Effect, asked: &Asked<'_>) -> Option<Result<(), Reason>> {
    let Some(forms) = &known.arguments else { return Some(Ok(())) };
    if asked.open_ended && effect == Effect::Deny {
        // What it denies is not certain yet.
        return None;
    }
    let same = |form: &Vec<String>| {
        let enough = if asked.open_ended {
            form.len() >= asked.arguments.len()
        } else {
            form.len() == asked.arguments.len()
        };
        enough && form.iter().zip(asked.arguments).all(|(known, asked)| known.eq_ignore_ascii_case(asked))
    };
    if forms.iter().any(same) {
        // What a program reads can tell it more than its arguments do.
        let is_told = asked.stdin.is_some_and(|stdin| !stdin.is_empty());
        return Some(if is_told && !known.stdin && effect == Effect::Allow {
            Err(Reason::ProgramInput { name: asked.executable.to_owned() })
        } else {
            Ok(())
        });
    }
    let line = |form: &Vec<String>| {
        std::iter::once(&known.name).chain(form).map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let name = asked.executable.to_owned();
    Some(Err(Reason::ProgramForm { name, forms: forms.iter().map(line).collect() }))
}

/// What a rule, perhaps one of a profile, is called where it allows a program, and what that can do.
pub(super) fn granted_by(rule: &Rule, profile: Option<ProfileName>) -> (String, Risk) {
    match profile {
        // The programs of the profiles are in forms that only look, unless somebody has to approve.
        Some(profile) if !rule.terms.approval => (format!("{profile}: {}", rule.name), Risk::Read),
        Some(profile) => (format!("{profile}: {}", rule.name), Risk::Change),
        None => (rule.name.clone(), Risk::Change),
    }
}

/// Why two entries for one program do not fit: the forms of both, unless one form fits but for the input.
fn both(first: Option<Reason>, next: Reason) -> Reason {
    match (first, next) {
        (Some(Reason::ProgramForm { name, mut forms }), Reason::ProgramForm { forms: more, .. }) => {
            forms.extend(more);
            Reason::ProgramForm { name, forms }
        }
        (Some(first @ Reason::ProgramInput { .. }), _) => first,
        (_, next) => next,
    }
}

/// The entries of a rule for this program.
pub(super) fn named<'r>(rule: &'r Rule, program: &Program) -> impl Iterator<Item = &'r ProgramSettings> {
    rule.programs.iter().filter(|known| match (WindowsPath::parse(&known.name), rule.effect) {
        (Ok(path), Effect::Allow) => program.path().is_some_and(|asked| asked.is(&path)),
        (Ok(path), Effect::Deny) => program.stem == interpreters::stem(path.file_name()),
        (Err(_), Effect::Allow) => program.is_installed_as(&known.name),
        (Err(_), Effect::Deny) => program.stem == interpreters::stem(&known.name),
    })
}

/// The arguments of a command, as a program that PowerShell starts would get them.
pub(super) fn arguments_of(command: &StaticCommand) -> Result<Vec<String>, Denial> {
    let refuse = |number: usize| Denial::new("programs", Reason::ProgramArgument).at(Place::Argument(number));
    let mut arguments = Vec::new();
    for (argument, number) in command.arguments().iter().zip(1..) {
        arguments.push(match argument {
            Argument::Parameter { name, value: None } => format!("-{}", name.as_str()),
            Argument::Parameter { name, value: Some(value) } => {
                format!("-{}:{}", name.as_str(), plain(value).ok_or_else(|| refuse(number))?)
            }
            Argument::Value(value) => plain(value).ok_or_else(|| refuse(number))?.to_owned(),
        });
    }
    Ok(arguments)
}

fn plain(value: &Literal) -> Option<&str> {
    match value {
        Literal::String(text) => Some(text),
        Literal::Number(number) => Some(number.as_str()),
        Literal::Boolean(_) | Literal::Null | Literal::Array(_) => None,
    }
}

fn quoted(program: &Program, asked: &Asked<'_>) -> Result<JudgedProgram, Denial> {
    let refuse = |place: Place| move |fault| Denial::new("command-line", Reason::Unquotable(fault)).at(place);
    let command = command_line::executable(program.as_text()).map_err(refuse(Place::Executable))?;
    let mut arguments = Vec::with_capacity(asked.arguments.len());
    for (argument, number) in asked.arguments.iter().zip(1..) {
        arguments.push(command_line::argument(argument).map_err(refuse(Place::Argument(number)))?);
    }
    let judged = JudgedProgram {
        command,
        arguments,
        stdin: asked.stdin.map(<[u8]>::to_vec),
        working_directory: asked.working_directory.map(str::to_owned),
    };
    command_line::measure(&judged.line())
        .map_err(|fault| Denial::new("command-line", Reason::Unquotable(fault)))?;
    Ok(judged)
}
