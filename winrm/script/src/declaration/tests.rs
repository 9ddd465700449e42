use super::{Check, Declaration, Takes};
use crate::parse::Reason;
use crate::tree::Case;

fn read(text: &str) -> Declaration {
    Declaration::read(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"))
}

/// Name, type, whether it is required, for each parameter.
fn shown(text: &str) -> Vec<String> {
    let declaration = read(text);
    let shown = declaration.parameters.iter().map(|own| {
        let takes = match &own.takes {
            Takes::Anything => "anything".to_owned(),
            Takes::Values(known) => known.shown(),
            Takes::Other(name) => format!("other {name}"),
        };
        format!("{} {takes}{}", own.name, if own.required { " required" } else { "" })
    });
    shown.collect()
}

#[test]
fn the_block_is_found_behind_whatever_may_stand_before_it() {
    let head = "\u{23} a comment\r\n<# a [block] param($no) #>\r\n#Requires -Version 5.1\r\nusing namespace System.IO\r\n\
                using module Foo; \r\n[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]\r\n\
                [OutputType([string], [int])]\r\n";
    let body = "\r\nclass A { }; trap { }; & $x | % { $_::Foo() } && 'whatever'";
    assert_eq!(shown(&format!("{head}Param\r\n(\r\n$Name\r\n){body}")), ["Name anything"]);
    for none in ["", "Get-Service", "param", "parameter (1)", "[int]$x = 5", "param()", "[A()]param ( )"] {
        assert_eq!(shown(none), [""; 0], "{none}");
    }
}

#[test]
fn types_and_attributes_say_what_a_parameter_takes() {
    let text = "param(
        [Parameter(Mandatory)] [string] $A,
        [Parameter(Mandatory = $true, Position=0, HelpMessage = 'say ''b'', please')][ValidateNotNullOrEmpty()]
        [string[]]$B = @('x', ')'),   # ) a comment (
        [Parameter(Mandatory=$false)][int]$C = 1,
        [Parameter(Mandatory, ParameterSetName = 'one')] [Alias('dd', \"d\")] $D,
        [Parameter(ParameterSetName='two')] [switch]$E,
        [Nullable[int]] $F = $null,
        [System.Collections.Generic.List[string]]$G,
        [ Microsoft.Win32.RegistryKey ] ${H},
        [ValidateScript({ Test-Path $_ -and ')' -ne '}' })] [datetime]$I = (Get-Date \"2026-$(1 + 1)-01\").AddDays(-1),
        $J = { foo#bar }, $K = @'
it's ) here
'@
    )";
    assert_eq!(
        shown(text),
        [
            "A string required",
            "B string[] required",
            "C int",
            "D anything",
            "E switch",
            "F int",
            "G string[]",
            "H other Microsoft.Win32.RegistryKey",
            "I datetime",
            "J anything",
            "K anything",
        ]
    );
    assert_eq!(read(text).parameters[1].help.as_deref(), Some("say 'b', please"));
}

#[test]
fn checks_are_read_where_they_are_constant() {
    let text = "param(
        [ValidateSet('Fast', \"Slow\", 3)]$A,
        [ValidateSet('x', IgnoreCase = $false)]$B,
        [ValidateRange(-5, 1kb)]$C,
        [System.Management.Automation.ValidateLengthAttribute(1, 3)]$D,
        [ValidateCount(0, 2)]$E,
        [ValidateSet([Names])][ValidateRange('Positive')][ValidateRange([int]::MinValue, 5)]$F)";
    let checks: Vec<_> = read(text).parameters.into_iter().map(|own| own.checks).collect();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(
        checks,
        [
            vec![Check::Set(texts(&["Fast", "Slow", "3"]), Case::Insensitive)],
            vec![Check::Set(texts(&["x"]), Case::Sensitive)],
            vec![Check::Range(-5.0, 1024.0)],
            vec![Check::Length(1, 3)],
            vec![Check::Count(0, 2)],
            vec![],
        ]
    );
}

#[test]
fn values_are_checked_as_powershell_does() {
    use crate::value::Value;
    let declaration = read(
        "param([ValidateSet('Fast')]$Set, [ValidateSet('Fast', IgnoreCase=$false)]$Case, [ValidateRange(1, 3)]$Range, \
         [ValidateLength(1, 2)]$Length, [ValidateCount(1, 2)]$Count, [ValidateNotNullOrEmpty()]$Some)",
    );
    let many = |items: &[&str]| Value::array(items.iter().map(|item| Value::string(*item)).collect());
    let cases = [
        ("Set", Value::string("fast"), true),
        ("Set", many(&["fast", "slow"]), false),
        ("Case", Value::string("fast"), false),
        ("Range", Value::Int32(3), true),
        ("Range", Value::Double(3.5), false),
        ("Range", Value::string("x"), false),
        ("Length", Value::string("abc"), false),
        ("Length", Value::string("\u{1F600}"), true),
        ("Count", many(&[]), false),
        ("Count", Value::string("one"), true),
        ("Some", Value::string(""), false),
        ("Some", Value::Null, false),
        ("Some", many(&["a", ""]), false),
        ("some", many(&["a"]), true),
    ];
    for (name, value, holds) in cases {
        let parameter = declaration.parameter(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(parameter.failed(&value).is_none(), holds, "{name} {value:?}");
    }
}

#[test]
fn help_stands_in_comments_before_the_block() {
    let text = "<#\n.SYNOPSIS\n  Restarts a service\n  gently.\n.PARAMETER Name\n  Which.\n\n.EXAMPLE\n  x\n#>\n\
                #.PARAMETER Wait\n# How long.\nparam($name, [Parameter(HelpMessage='no')]$Wait, $Other)";
    let declaration = read(text);
    assert_eq!(declaration.synopsis.as_deref(), Some("Restarts a service gently."));
    let help: Vec<_> = declaration.parameters.iter().map(|own| own.help.as_deref()).collect();
    assert_eq!(help, [Some("Which."), Some("How long."), None]);
}

#[test]
fn what_cannot_be_read_is_refused_where_it_stands() {
    for (text, reason, at) in [
        ("param($a", Reason::MissingParenthesis, 8),
        ("param($a, $A)", Reason::DuplicateParameter, 10),
        ("param($a = 'x)", Reason::UnterminatedString, 11),
    ] {
        let refusal = Declaration::read(text).map(|_| ()).expect_err(text);
        assert_eq!((refusal.reason(), refusal.position().offset), (reason, at), "{text}");
    }
}
