use crate::parse;

use super::{Argument, CommandName, Literal, Location, Number, ParameterName, Reason, StaticCommand};

fn string(value: &str) -> Literal {
    Literal::String(value.to_owned())
}

fn number(word: &str) -> Literal {
    Literal::Number(Number::new(word).expect("a number"))
}

fn parameter(name: &str, value: Option<Literal>) -> Argument {
    Argument::Parameter { name: ParameterName::new(name).expect("a parameter name"), value }
}

#[test]
fn literals_become_data_and_are_written_anew() {
    let cases: Vec<(&str, Vec<Argument>, &str)> = vec![
        ("Get-Service", vec![], "Get-Service"),
        ("\n Get-Service \t\r\n ; \n", vec![], "Get-Service"),
        (
            "Get-Service -Name w*",
            vec![parameter("Name", None), Argument::Value(string("w*"))],
            "Get-Service -Name 'w*'",
        ),
        (
            "Stop-Service x -Confirm:$False -Force",
            vec![
                Argument::Value(string("x")),
                parameter("Confirm", Some(Literal::Boolean(false))),
                parameter("Force", None),
            ],
            "Stop-Service 'x' -Confirm:$false -Force",
        ),
        (
            "Get-Item 'it''s', \u{2018}a\u{2019}\u{2018}b\u{2019}, \"say \"\"x\"\"\"",
            vec![Argument::Value(Literal::Array(vec![
                string("it's"),
                string("a\u{2018}b"),
                string("say \"x\""),
            ]))],
            "Get-Item @('it''s', 'a\u{2018}\u{2018}b', 'say \"x\"')",
        ),
        (
            "Get-X 007 1kb 0x1F 1.5 -1 1e3 1.2.3 7z $null",
            vec![
                Argument::Value(number("007")),
                Argument::Value(number("1kb")),
                Argument::Value(number("0x1F")),
                Argument::Value(number("1.5")),
                Argument::Value(string("-1")),
                Argument::Value(number("1e3")),
                Argument::Value(string("1.2.3")),
                Argument::Value(string("7z")),
                Argument::Value(Literal::Null),
            ],
            "Get-X 007 1kb 0x1F 1.5 '-1' 1e3 '1.2.3' '7z' $null",
        ),
        (
            "Get-Disk -Number:@(1, 2)",
            vec![parameter("Number", Some(Literal::Array(vec![number("1"), number("2")])))],
            "Get-Disk -Number:@(1, 2)",
        ),
        ("Get-Disk @()", vec![Argument::Value(Literal::Array(vec![]))], "Get-Disk @()"),
        (
            "Get-Item a`;b @'\n$x\n'@",
            vec![Argument::Value(string("a;b")), Argument::Value(string("$x"))],
            "Get-Item 'a;b' '$x'",
        ),
        (
            "Get-Item `\n \u{2013}Name [a]b#c # d",
            vec![parameter("Name", None), Argument::Value(string("[a]b#c"))],
            "Get-Item -Name '[a]b#c'",
        ),
        (
            "Get-Item a,\nb",
            vec![Argument::Value(Literal::Array(vec![string("a"), string("b")]))],
            "Get-Item @('a', 'b')",
        ),
        ("ipconfig.exe /all", vec![Argument::Value(string("/all"))], "ipconfig.exe '/all'"),
    ];
    for (text, arguments, rendered) in cases {
        let command = StaticCommand::parse(text).unwrap_or_else(|refusal| panic!("{text:?}: {refusal}"));
        assert_eq!(command.arguments(), arguments, "{text:?}");
        assert_eq!(command.render(), rendered, "{text:?}");
        assert_eq!(StaticCommand::parse(rendered), Ok(command), "{text:?}");
    }
}

#[test]
fn what_is_not_literal_is_refused_at_its_place() {
    use Reason::*;
    use parse::Reason as Parse;
    let cases = [
        ("", 0, NoCommand),
        (" \n#x", 4, NoCommand),
        ("Get-Process | Stop-Process", 12, Pipeline),
        ("Get-Process|Stop-Process", 11, Pipeline),
        ("Get-Process; Stop-Process", 13, Statement),
        ("Get-Process\nStop-Process", 12, Statement),
        ("Get-Process &", 12, Script(Parse::Background)),
        ("& Get-Process", 0, Operator),
        (". .\\x.ps1", 0, Script(Parse::DotSource)),
        ("'Get-Process'", 0, NotCommand),
        ("Get\u{2013}Process", 0, CommandName),
        ("Get-Pr\u{43E}cess", 0, CommandName),
        ("\"Get\"-Process", 5, Script(Parse::UnknownOperator)),
        ("G'et'-Process", 0, CommandName),
        ("Get-Pro`cess", 0, CommandName),
        ("%{iex 1}", 0, CommandName),
        ("$x = 1", 0, NotCommand),
        ("1 + 1", 0, NotCommand),
        ("\n if (1) { }", 2, Keyword),
        ("param($a) Get-Item", 0, Keyword),
        ("foreach a", 0, Keyword),
        ("else", 0, Keyword),
        ("Get-Item $x", 9, Variable),
        ("Get-Item @x", 9, Variable),
        ("Get-Item $true.x", 9, Computed),
        ("Get-Item $trueish", 9, Variable),
        ("Get-Item \"a$x\"", 9, Variable),
        ("Get-Item a$x", 9, Variable),
        ("Get-Item (iex 1)", 9, Computed),
        ("Get-Item a,(iex 1)", 11, Computed),
        ("Get-Item @(iex 1)", 11, Computed),
        ("Get-Item @('a' ; 'b')", 17, Statement),
        ("Get-Item @(@('a'))", 11, NestedArray),
        ("Get-Item @(-1)", 11, Number),
        ("Get-Item 007,008", 9, ArrayNumber),
        ("Get-Item {iex 1}", 9, ScriptBlock),
        ("Get-Item @{a=1}", 9, Hashtable),
        ("Get-Item > x", 9, Redirection),
        ("Get-Item 2>&1", 9, Redirection),
        ("Get-Item --% x", 9, Script(Parse::StopParsing)),
        ("Get-Item '--%' x", 9, Script(Parse::StopParsing)),
        ("Get-Item -- x", 9, ParameterName),
        ("Get-Item -$x", 9, Variable),
        ("Get-Item -?", 9, ParameterName),
        ("Get-Item -Na`me x", 9, ParameterName),
        ("Get-Item -Name:", 9, Script(Parse::MissingParameterValue)),
        ("Get-Item 'a", 9, Script(Parse::UnterminatedString)),
        ("Get-Item a,", 10, Script(Parse::MissingValue)),
        ("Get-Item ,a", 9, Script(Parse::MissingArgument)),
        ("Get-Item 1u", 9, Script(Parse::NumberForm)),
        ("Get-Item 0b101", 9, Script(Parse::NumberForm)),
        ("Get-Item 0x", 9, Script(Parse::NumberForm)),
        ("Get-Item 1e400", 9, Number),
        ("Get-Item 'a\0b'", 11, Script(Parse::Nul)),
    ];
    for (text, offset, reason) in cases {
        let refusal = StaticCommand::parse(text).expect_err(text);
        let Location::Text(position) = refusal.location() else { panic!("{text:?} has no place") };
        assert_eq!((position.offset, refusal.reason()), (offset, reason), "{text:?}");
    }
}

#[test]
fn words_are_data() {
    let words = |words: &[&str]| {
        StaticCommand::from_words(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    };
    let command =
        words(&["Get-Item", "-Path", "$x; iex 1", "|", "42", "-Confirm:$FALSE", "-A:$x", "-", "-1", "--"])
            .expect("all of it is data");
    assert_eq!(command.render(), "Get-Item -Path '$x; iex 1' '|' '42' -Confirm:$false -A:'$x' '-' '-1' '--'");
    for (bad, number, reason) in [
        (&[][..], 1, Reason::NoCommand),
        (&["foreach"], 1, Reason::Keyword),
        (&["iex", "--%"], 2, Reason::Script(parse::Reason::StopParsing)),
        (&["Get-Item; x"], 1, Reason::CommandName),
        (&["iex", "\u{2013}Name"], 2, Reason::Dash),
        (&["iex", "x", "-Na me"], 3, Reason::ParameterName),
        (&["iex", "a\0b"], 2, Reason::Nul),
    ] {
        let refusal = words(bad).expect_err("this is no command");
        assert_eq!((refusal.location(), refusal.reason()), (Location::Word(number), reason), "{bad:?}");
    }
}

#[test]
fn names_need_no_quotes() {
    for good in
        ["Get-Service", "ipconfig", "Microsoft.PowerShell.Management\\Get-Service", "C:\\Windows\\x.exe"]
    {
        assert_eq!(CommandName::new(good).as_ref().map(CommandName::as_str), Ok(good));
    }
    for bad in ["", "\\\\h\\x.ps1", ".\\x.ps1", "7z", "C:x", "a b", "if", "Get-It?m", "a/b", "x:y", "_x"] {
        assert!(CommandName::new(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_refusal_is_one_sentence() {
    let refusal = StaticCommand::parse("Get-Item\n$x").expect_err("two lines");
    assert_eq!(
        refusal.to_string(),
        "line 2, column 1: there is more than one statement; send one command in a call"
    );
}

#[test]
fn limits_hold() {
    let long = format!("Get-Item '{}'", "x".repeat(300_000));
    assert_eq!(StaticCommand::parse(&long).map_err(|refusal| refusal.reason()), Err(Reason::TooLong));
    let many = format!("Get-Item{}", " a".repeat(2000));
    assert_eq!(StaticCommand::parse(&many).map_err(|refusal| refusal.reason()), Err(Reason::TooLong));
}
