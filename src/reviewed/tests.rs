use serde_json::json;
use winrm_script::{static_command::CommandName, typed::TypedCommand};

use super::*;
use crate::policy::{Risk, ScriptDigest, ScriptName};

const TEXT: &str = "param([Parameter(Mandatory)][string]$Name, [int]$Tries = 3, [ValidateSet('Fast','Slow')]$Mode, [switch]$Force, \
                    [bool]$Wait, [datetime]$Since, [string[]]$Tags, [ValidateRange(0, 1)][double]$Part, [pscredential]$Credential)\n\
                    class Anything { }";

/// The form of what a script is given, or what is wrong with that.
fn form(arguments: impl FnOnce(Script<'_>) -> Result<Work, ArgumentFault>) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.ps1");
    fs::write(&file, TEXT).unwrap();
    let settings = ScriptSettings {
        name: ScriptName::parse("restart_it").unwrap(),
        file,
        sha256: ScriptDigest::of(TEXT.as_bytes()),
        risk: Risk::Change,
        hosts: Vec::new(),
        description: "Restarts it.".to_owned(),
    };
    match arguments(Script::read(&settings)).map_err(|fault| fault.to_string())? {
        Work::Reviewed { script, arguments: Some(arguments), .. } => {
            Ok(TypedCommand::new(CommandName::new(&script).unwrap(), arguments).unwrap().render())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn json_values_become_values_of_the_parameters_types() {
    let all = json!({
        "Name": "W3SVC", "tries": 5, "Mode": "Fast", "Force": true, "Wait": false, "Since": "2026-11-21T18:00:00",
        "Tags": ["a", "b"], "Part": 0.5
    });
    for (arguments, expected) in [
        (
            all,
            Ok("restart_it -Name:'W3SVC' -Tries:5 -Mode:'Fast' -Force:$true -Wait:$false \
                 -Since:([datetime]'2026-11-21T18:00:00.0000000') -Tags:@('a', 'b') -Part:0.5"),
        ),
        (json!({ "Name": "x", "Tags": "one" }), Ok("restart_it -Name:'x' -Tags:'one'")),
        (json!({}), Err("the parameter Name is missing")),
        (json!({ "Name": 5 }), Err("the parameter Name takes string")),
        (json!({ "Name": "x", "Tries": 1.5 }), Err("the parameter Tries takes int")),
        (json!({ "Name": "x", "Tries": 4_000_000_000_u64 }), Err("the parameter Tries takes int")),
        (json!({ "Name": "x", "Mode": "odd" }), Err("the parameter Mode takes string, one of Fast, Slow")),
        (json!({ "Name": "x", "Part": 2 }), Err("the parameter Part takes double, a number from 0 to 1")),
        (json!({ "Name": "x", "Since": "soon" }), Err("the parameter Since takes datetime")),
        (json!({ "Name": "x", "Force": "yes" }), Err("the parameter Force takes switch")),
        (json!({ "Name": "x", "Credential": "y" }), Err("there is no parameter Credential; known: Name, ")),
        (json!({ "Name": "x", "name": "y" }), Err("the parameter Name takes a value once")),
    ] {
        let found = form(|script| script.given(arguments.as_object().unwrap()));
        match (&found, expected) {
            (Err(found), Err(expected)) => assert!(found.starts_with(expected), "{arguments}: {found}"),
            (found, expected) => {
                assert_eq!(found.as_deref().map_err(String::as_str), expected, "{arguments}");
            }
        }
    }
}

#[test]
fn words_become_the_same_values() {
    for (words, expected) in [
        ("-Name W3SVC -Tries -5 -Force", Ok("restart_it -Name:'W3SVC' -Tries:(-5) -Force:$true")),
        ("-Wait true -name:-x -Tags a b", Ok("restart_it -Name:'-x' -Wait:$true -Tags:@('a', 'b')")),
        ("-Name x -Force:$false", Ok("restart_it -Name:'x' -Force:$false")),
        ("W3SVC", Err("word 1 belongs to no parameter")),
        ("-Name x y", Err("word 3 belongs to no parameter")),
        ("-Name", Err("the parameter Name takes string")),
        ("-Nam x", Err("there is no parameter Nam; known: Name, ")),
        ("-Name x -Tries many", Err("the parameter Tries takes int")),
    ] {
        let split: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let found = form(|script| script.given_words(&split));
        match (&found, expected) {
            (Err(found), Err(expected)) => assert!(found.starts_with(expected), "{words}: {found}"),
            (found, expected) => assert_eq!(found.as_deref().map_err(String::as_str), expected, "{words}"),
        }
    }
}

#[test]
fn what_cannot_be_given_is_left_out_or_said() {
    let of = |text: &str| Interface::of(text, Path::new("a.ps1"));
    let interface = of(TEXT).unwrap();
    assert_eq!(interface.parameters.len(), 8);
    assert_eq!(interface.left_out[0].0, "Credential");
    for (text, expected) in [
        (
            "param([Parameter(Mandatory)][scriptblock]$Do)",
            "a.ps1 needs -Do, which a tool cannot give: its type",
        ),
        (
            "param([Parameter(Mandatory)]$user_name)",
            "a.ps1 needs -user_name, which a tool cannot give: its name",
        ),
        ("param([Parameter(Mandatory)]$Host)", "a.ps1 needs -Host, which a tool cannot give: every tool"),
        ("param($a", "the parameters of a.ps1 cannot be read: line 1, column 9: "),
    ] {
        let fault = of(text).unwrap_err().to_string();
        assert!(fault.starts_with(expected), "{fault}");
    }
}
