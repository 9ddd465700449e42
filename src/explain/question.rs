//! What a script uses of its host beside commands: asked for by ordinary commands, which are judged and recorded like the
//! script's own, and only where the script uses it.

use std::collections::BTreeMap;

use winrm_script::{
    evaluate::{Facts, Needs},
    static_command::{CommandName, ParameterName},
    typed::{Argument, TypedCommand, TypedPipeline},
    value::{Object, Value},
};

/// A command that tells something of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Its name and folders.
    System,
    /// Its time and time zone.
    Time,
}

impl Question {
    /// What has to be asked.
    pub fn of(needs: &Needs) -> impl Iterator<Item = Self> {
        let system = needs.environment.iter().any(|name| is_of_system(name));
        [(system, Self::System), (needs.now, Self::Time)]
            .into_iter()
            .filter_map(|(needed, question)| needed.then_some(question))
    }

    /// The command that asks.
    pub fn pipeline(self) -> Option<TypedPipeline> {
        let (name, class) = match self {
            Self::System => ("Get-CimInstance", Some("Win32_OperatingSystem")),
            Self::Time => ("Get-Date", None),
        };
        let parameter = |class| {
            let name = ParameterName::new("ClassName").ok()?;
            Some(Argument::Parameter { name, value: Some(Value::string(class)) })
        };
        let arguments = class.and_then(parameter).into_iter().collect();
        TypedCommand::new(CommandName::new(name).ok()?, arguments).ok().map(TypedPipeline::from)
    }

    /// What it tells, for people.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::System => "the host's name or folders",
            Self::Time => "the host's time",
        }
    }

    /// Takes the answer. What it lacks stays unknown, and the script is refused where it uses it.
    pub fn learn(self, output: &[Value], facts: &mut Facts) {
        let [answer] = output else { return };
        match (self, answer.base(), answer) {
            (Self::Time, Value::DateTime(now), _) => facts.now = Some(now),
            (Self::System, _, Value::Object(system)) => learn_system(system, &mut facts.environment),
            _ => {}
        }
    }
}

/// Windows puts its folders on the system drive, and does not support moving them.
fn learn_system(system: &Object, environment: &mut BTreeMap<String, String>) {
    let text = |name| system.property(name).and_then(|value| value.as_str().map(str::to_owned));
    if let Some(windows) = text("WindowsDirectory") {
        environment.insert("windir".to_owned(), windows.clone());
        environment.insert("SystemRoot".to_owned(), windows);
    }
    if let Some(drive) = text("SystemDrive") {
        for (name, folder) in FOLDERS {
            environment.insert(name.to_owned(), format!("{drive}{folder}"));
        }
    }
    if let Some(computer) = text("CSName") {
        // The domain of an account of the host's own is the host.
        if environment.contains_key("USERNAME") {
            environment.entry("USERDOMAIN".to_owned()).or_insert_with(|| computer.clone());
        }
        environment.insert("COMPUTERNAME".to_owned(), computer);
    }
}

/// Whether a name, in capitals, is one that [`learn_system`] learns.
fn is_of_system(name: &str) -> bool {
    ["COMPUTERNAME", "USERDOMAIN", "WINDIR", "SYSTEMROOT"].contains(&name)
        || FOLDERS.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
}

const FOLDERS: [(&str, &str); 9] = [
    ("SystemDrive", ""),
    ("HOMEDRIVE", ""),
    ("ProgramFiles", r"\Program Files"),
    ("ProgramW6432", r"\Program Files"),
    ("ProgramFiles(x86)", r"\Program Files (x86)"),
    ("CommonProgramFiles", r"\Program Files\Common Files"),
    ("ProgramData", r"\ProgramData"),
    ("ALLUSERSPROFILE", r"\ProgramData"),
    ("PUBLIC", r"\Users\Public"),
];

#[cfg(test)]
mod tests {
    use winrm_script::value::Members;

    use super::*;

    #[test]
    fn only_what_a_script_uses_is_asked_for() {
        for (text, expected) in [
            ("Get-Service | Where-Object { $_.Status -eq 'Running' }", &[][..]),
            ("\"on $env:computername\"", &[Question::System]),
            ("$env:OS; $env:USERNAME", &[]),
            ("${env:ProgramFiles(x86)}", &[Question::System]),
            ("Get-WinEvent -MaxEvents ([datetime]::Now).Day", &[Question::Time]),
            ("\"$([DateTime]::today) $env:windir\"", &[Question::System, Question::Time]),
            ("Get-Date", &[]),
        ] {
            let needs = Needs::of(&winrm_script::parse::script(text).unwrap());
            assert_eq!(Question::of(&needs).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn an_answer_of_another_kind_teaches_nothing() {
        let odd = [
            vec![],
            vec![Value::Null],
            vec![Value::string("21.11.2026")],
            vec![Value::Int32(1), Value::Int32(2)],
            vec![Value::array(vec![Value::Null])],
            vec![Value::Object(Object::custom(
                Members::new().with("CSName", 7).with("SystemDrive", Value::Null),
            ))],
        ];
        for answer in odd {
            for question in [Question::System, Question::Time] {
                let mut facts = Facts::default();
                question.learn(&answer, &mut facts);
                assert!(facts.environment.is_empty() && facts.now.is_none(), "{question:?}: {answer:?}");
            }
        }
    }

    #[test]
    fn what_is_asked_is_a_command_of_the_table() {
        for question in [Question::System, Question::Time] {
            let pipeline = question.pipeline().unwrap();
            assert!(winrm_script::commands::find(pipeline.first().name()).is_some());
        }
    }
}
