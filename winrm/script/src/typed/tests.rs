use std::time::Duration as Elapsed;

use winrm_proto::clixml::{DateTime, DateTimeKind, Decimal, Duration, PsString, Version};

use super::*;
use crate::evaluate::{Call, Evaluator, Facts, Known, Limits, Step};
use crate::static_command::StaticCommand;
use crate::value::{Array, Enumeration, Shape, Table};

/// The first call that a script makes.
fn first_call(text: &str) -> Call {
    let tree = crate::parse::script(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
    let mut evaluator = Evaluator::new(text, tree, Facts::default(), Limits::default());
    loop {
        match evaluator.step(Elapsed::ZERO) {
            Step::Call(call) => return *call,
            Step::Working => {}
            other => panic!("{text}: {other:?}"),
        }
    }
}

fn of_script(text: &str) -> Result<TypedCommand, Reason> {
    TypedCommand::from_call(&first_call(text))
}

fn with(value: Value) -> Result<TypedCommand, Reason> {
    let name = ParameterName::new("X").expect("a name");
    let arguments = vec![Argument::Parameter { name, value: Some(value) }];
    TypedCommand::new(CommandName::new("Test-Thing").expect("a name"), arguments)
}

fn hashtable(shape: Shape, entries: &[(&str, Value)]) -> Value {
    let table = Table::new(shape);
    for (key, value) in entries {
        table.set(Value::string(*key), value.clone()).expect("a key");
    }
    Value::Table(table)
}

fn date(kind: DateTimeKind) -> Value {
    Value::DateTime(DateTime::from_ticks(638_994_528_001_234_567, kind).expect("a date"))
}

/// What is written is evaluated again, and is the same command with the same values.
#[test]
fn a_rendering_means_the_command_that_was_rendered() {
    let values = [
        (Value::Null, "$null"),
        (Value::Boolean(true), "$true"),
        (Value::string("it's ‘quoted’ $x `n\n"), "'it''s ‘‘quoted’’ $x `n\n'"),
        (Value::string(""), "''"),
        (Value::string("-Recurse"), "'-Recurse'"),
        (Value::Int32(7), "7"),
        (Value::Int32(-7), "(-7)"),
        (Value::Int32(i32::MIN), "(-2147483648)"),
        (Value::Int64(7), "([long]'7')"),
        (Value::Int64(4_294_967_296), "4294967296"),
        (Value::Byte(7), "([byte]'7')"),
        (Value::UInt64(u64::MAX), "([uint64]'18446744073709551615')"),
        (Value::Double(1.5), "1.5"),
        (Value::Double(-1.5), "([double]'-1.5')"),
        (Value::Double(2.0), "([double]'2')"),
        (Value::Double(1e300), "([double]'1E+300')"),
        (Value::Double(f64::INFINITY), "([double]'Infinity')"),
        (Value::Decimal(Decimal::new(true, 150, 2).expect("a decimal")), "([decimal]'-1.50')"),
        (Value::Char(39), "([char]39)"),
        (Value::TimeSpan(Duration::from_ticks(-36_000_000_001)), "([timespan]'-01:00:00.0000001')"),
        (Value::Version(Version::new(10, 0)), "([version]'10.0')"),
        (Value::Guid(uuid::Uuid::from_u128(7)), "([guid]'00000000-0000-0000-0000-000000000007')"),
        (date(DateTimeKind::Unspecified), "([datetime]'2025-11-23T00:00:00.1234567')"),
        (Value::array(vec![]), "@()"),
        (Value::array(vec![Value::Null]), "@($null)"),
        (Value::array(vec![Value::Int32(-1), Value::string("a,b")]), "@((-1), 'a,b')"),
        (Value::array(vec![Value::array(vec![Value::Int32(1), Value::Int32(2)])]), "@(, @(1, 2))"),
        (
            hashtable(Shape::Hashtable, &[("LogName", Value::string("System")), ("Id", Value::Int32(-5))]),
            "@{'LogName' = 'System'; 'Id' = (-5)}",
        ),
        (hashtable(Shape::Ordered, &[("a b", Value::array(vec![]))]), "([ordered]@{'a b' = @()})"),
    ];
    for (value, written) in values {
        let command = with(value).expect("it travels");
        let text = command.render();
        assert_eq!(text, format!("Test-Thing -X:{written}"));
        let again = of_script(&text).unwrap_or_else(|reason| panic!("{text}: {reason}"));
        assert_eq!(again, command);
        let (Argument::Parameter { value: Some(one), .. }, Argument::Parameter { value: Some(other), .. }) =
            (&command.arguments()[0], &again.arguments()[0])
        else {
            panic!("{text} has no value");
        };
        assert_eq!(one.type_name(), other.type_name(), "{text}");
    }
}

#[test]
fn a_value_that_the_script_changes_later_stays_as_it_was_judged() {
    let list = Array::list(vec![Value::string("a")]);
    let table = Table::new(Shape::Hashtable);
    table.set(Value::string("k"), Value::Array(list.clone())).expect("a key");
    let command = with(Value::Table(table.clone())).expect("it travels");
    list.change(|items| items.push(Value::string("b")));
    table.set(Value::string("more"), Value::Int32(1)).expect("a key");
    assert_eq!(command.render(), "Test-Thing -X:@{'k' = @('a')}");
}

#[test]
fn what_is_no_data_is_refused() {
    let own = Array::list(vec![]);
    own.change(|items| items.push(Value::Array(own.clone())));
    assert_eq!(with(Value::Array(own)), Err(Reason::Depth(8)));
    assert_eq!(with(Value::string("a\0b")), Err(Reason::Text));
    assert_eq!(with(Value::String(PsString::from_utf16(&[0xD83D]))), Err(Reason::Text));
    let many = Value::array(vec![Value::Int32(0); 20_000]);
    assert_eq!(with(many), Err(Reason::TooLarge));
    let long = Value::array(vec![Value::string("x".repeat(1024 * 1024)); 5]);
    assert_eq!(with(long), Err(Reason::TooLarge));
    let keys = Table::new(Shape::Hashtable);
    keys.set(Value::Double(1.5), Value::Null).expect("a key");
    assert_eq!(with(Value::Table(keys)), Err(Reason::Key));
    let object =
        of_script("$o = [pscustomobject]@{ a = 1 }; Get-Service -Name W32Time -ErrorAction Stop; $o");
    assert!(object.is_ok());
    let object = of_script("$o = [pscustomobject]@{ a = 1 }; Test-Thing -X $o");
    assert!(matches!(object, Err(Reason::Object(_))), "{object:?}");
    assert_eq!(of_script("ipconfig /all"), Err(Reason::Program("ipconfig".to_owned())));
}

#[test]
fn an_enum_travels_by_its_name_and_a_value_with_properties_as_itself() {
    let day = Enumeration::known("System.DayOfWeek", 1).expect("it is known");
    assert_eq!(
        with(Value::Enum(day.into())).map(|own| own.render()),
        Ok("Test-Thing -X:'Monday'".to_owned())
    );
}

/// What is judged, and approved, of a script's text is what is sent when it runs.
#[test]
fn what_the_text_gives_away_is_what_runs() {
    for script in [
        "Restart-Service Spooler -Force:$true",
        "Stop-Service -Name 'Spooler', 'BITS' -Force:$false -ea SilentlyContinue",
        "Get-NetFirewallPortFilter -All; New-NetFirewallRule -LocalPort 80, 443 -Name 007",
        "Set-LocalUser -Name a -PasswordNeverExpires 1",
        "Get-EventLog -LogName System -Newest 1kb",
        "ipconfig.exe /all 1, 2 -x:3",
        "Get-Thing 1 -Name a, b -Force -Count 2",
    ] {
        let tree = crate::parse::script(script).expect("a script");
        let commands = crate::check::script(script, &tree, &Known).expect("it is accepted");
        let foreseen = Call::of_constants(commands.first().expect("a command")).expect("nothing is computed");
        let run = first_call(script);
        assert_eq!((&foreseen.name, foreseen.kind), (&run.name, run.kind), "{script}");
        assert_eq!(format!("{:?}", foreseen.parameters), format!("{:?}", run.parameters), "{script}");
        assert_eq!(format!("{:?}", foreseen.arguments), format!("{:?}", run.arguments), "{script}");
    }
    for script in ["$n = 'a'; Get-Service -Name $n", "'a' | Get-Service", "$a = @{}; Get-Service @a"] {
        let tree = crate::parse::script(script).expect("a script");
        let commands = crate::check::script(script, &tree, &Known).expect("it is accepted");
        let command = commands.first().expect("a command");
        assert!(Call::of_constants(command).is_none(), "{script}");
    }
}

#[test]
fn calls_of_scripts_become_commands() {
    let cases = [
        ("Get-Service -Name W32Time", "Get-Service -Name @('W32Time')"),
        ("gsv w32time -ea Stop", "Get-Service -ErrorAction 'Stop' -Name @('w32time')"),
        // Errors that the script hides are hidden here: it may ask whether there were any.
        ("gsv w32time -ea SilentlyContinue", "Get-Service -Name @('w32time')"),
        ("gsv w32time -ErrorAction 4", "Get-Service -Name @('w32time')"),
        // The variable is the script's own.
        ("Get-Service -ErrorVariable e -OutVariable +o", "Get-Service"),
        (
            "Get-ChildItem -LiteralPath C:\\x -Recurse -Depth 2",
            "Get-ChildItem -LiteralPath @('C:\\x') -Recurse -Depth ([uint32]'2')",
        ),
        ("Stop-Service x -Confirm:$false", "Stop-Service -Confirm:$false -Name @('x')"),
        ("$n = 'a'; $n += 'b'; Get-Process -Name $n", "Get-Process -Name @('ab')"),
        (
            "'one', 'two' | Set-Content -LiteralPath C:\\x",
            "Set-Content -LiteralPath @('C:\\x') -Value @('one', 'two')",
        ),
    ];
    for (script, written) in cases {
        assert_eq!(of_script(script).map(|own| own.render()), Ok(written.to_owned()), "{script}");
    }
}

#[test]
fn a_static_command_keeps_its_values() {
    let cases = [
        // For a string it is a word, for a number it is one.
        ("Get-Process -Name 007", "Get-Process -Name '007'"),
        ("Get-Process -Id 007", "Get-Process -Id 7"),
        ("Get-Process -Name 1, 2", "Get-Process -Name @(1, 2)"),
        ("Get-WinEvent -LogName System -MaxEvents 1kb", "Get-WinEvent -LogName 'System' -MaxEvents 1024"),
        ("Test-Thing 007 7 -X 1.5", "Test-Thing '007' 7 -X 1.5"),
        ("Get-ChildItem -Recurse:$false C:\\", "Get-ChildItem -Recurse:$false 'C:\\'"),
    ];
    for (script, written) in cases {
        let typed = TypedCommand::from(StaticCommand::parse(script).expect("one static command"));
        assert_eq!(typed.render(), written, "{script}");
    }
}

#[test]
fn names_have_modules() {
    let command = StaticCommand::parse("Microsoft.PowerShell.Management\\Get-Service a").expect("a command");
    let command = TypedCommand::from(command);
    assert_eq!((command.name(), command.module()), ("Get-Service", Some("Microsoft.PowerShell.Management")));
    let pipeline = TypedPipeline::one(command.clone()).then(command.into());
    let one = "Microsoft.PowerShell.Management\\Get-Service 'a'";
    assert_eq!(pipeline.render(), format!("{one} | {one}"));
}
