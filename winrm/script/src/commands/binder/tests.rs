use super::{BoundValue, Element, Refusal};
use crate::commands::find;
use crate::parse;
use crate::tree::Expression;

/// `Name=value` for each argument, in the order of binding.
fn bind(call: &str) -> Result<String, Refusal> {
    let tree = parse::script(call).expect("it parses");
    let (command, _) = tree.commands().next().expect("there is a command");
    let known = command.name.as_string().and_then(find).expect("it is in the table");
    let elements: Vec<Element<'_, &Expression>> = command.elements.iter().map(Element::from).collect();
    let bound = known.bind(&elements)?;
    let shown = bound.arguments.iter().map(|argument| {
        let name = argument.parameter.name();
        match &argument.value {
            BoundValue::Switch => name.to_owned(),
            BoundValue::Given(value) => format!("{name}={}", value.span.text(call)),
            BoundValue::Remaining(values) => {
                let values: Vec<&str> = values.iter().map(|value| value.span.text(call)).collect();
                format!("{name}={}", values.join("+"))
            }
        }
    });
    Ok(shown.collect::<Vec<_>>().join(" "))
}

#[test]
fn names_positions_and_switches() {
    for (call, bound) in [
        ("Get-Service w*", "Name=w*"),
        ("Get-Service -DisplayN x -Dep", "DisplayName=x DependentServices"),
        ("Get-ChildItem C:\\ *.log -r -ea Stop", "Recurse ErrorAction=Stop Path=C:\\ Filter=*.log"),
        ("Get-ChildItem -Recurse:$false C:\\", "Recurse=$false Path=C:\\"),
        ("Stop-Process 4", "Id=4"),
        ("Stop-Service x -Conf:$false", "Confirm=$false Name=x"),
        ("Get-WinEvent System -MaxE 5", "MaxEvents=5 LogName=System"),
        ("Get-Item -PSPath x", "LiteralPath=x"),
        ("Write-Host a b -NoNewline c", "NoNewline Object=a+b+c"),
        ("Select-Object Name, Id -First 3", "First=3 Property=Name, Id"),
        ("Where-Object Status -EQ Running", "EQ Property=Status Value=Running"),
        ("Where-Object { $_.Id }", "FilterScript={ $_.Id }"),
        // Only Windows PowerShell has this parameter, and it is written out.
        ("Get-Process -ComputerName x", "ComputerName=x"),
    ] {
        assert_eq!(bind(call).as_deref(), Ok(bound), "{call}");
    }
}

#[test]
fn what_is_not_certain_is_refused() {
    let ambiguous = |name: &str, candidates: &[&str]| Refusal::AmbiguousParameter {
        name: name.to_owned(),
        candidates: candidates.iter().map(|&candidate| candidate.to_owned()).collect(),
    };
    for (call, refusal) in [
        ("Get-Service -D x", ambiguous("D", &["`-DependentServices`", "`-DisplayName`", "`-Debug`"])),
        (
            "Get-Item -Nothing x",
            Refusal::UnknownParameter { command: "Get-Item", name: "Nothing".to_owned() },
        ),
        // A shortened name is not looked for in another version.
        (
            "Get-Process -Computer x",
            Refusal::UnknownParameter { command: "Get-Process", name: "Computer".to_owned() },
        ),
        ("Get-Item a -Path b", Refusal::TooManyValues("Get-Item")),
        ("Get-Item -Path b -Pat c", Refusal::Duplicate("Path")),
        ("Get-Item -Path", Refusal::MissingValue("Path")),
        ("Get-Item -Path -Force", Refusal::MissingValue("Path")),
        ("Get-Item -Path a -LiteralPath b", Refusal::ParameterSet("Get-Item")),
        ("Stop-Process -Id 4 -Name x", Refusal::ParameterSet("Stop-Process")),
        (
            "Start-Sleep a, b",
            Refusal::AmbiguousValue { candidates: vec!["`-Duration`".to_owned(), "`-Seconds`".to_owned()] },
        ),
    ] {
        assert_eq!(bind(call), Err(refusal), "{call}");
    }
}
