use super::{COMMANDS, Command, Risk, alias, find};

#[test]
fn every_line_is_found_and_read() {
    for line in COMMANDS.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let command = find(fields[0]).unwrap_or_else(|| panic!("{} is not found", fields[0]));
        let variant = command
            .variants()
            .find(|variant| variant.facts.text == fields[6] && variant.module() == fields[1])
            .unwrap_or_else(|| panic!("{line} is not read"));
        let own = fields[6].split(' ').filter(|text| !text.is_empty()).count();
        assert!(variant.parameters().count() >= own + 11, "{}", fields[0]);
        assert!(variant.sets() <= 64, "{} has too many sets", fields[0]);
        for parameter in variant.parameters() {
            assert!(parameter.sets().count() > 0, "{} -{}", fields[0], parameter.name());
            assert!(!parameter.type_name().is_empty(), "{} -{}", fields[0], parameter.name());
        }
    }
}

#[test]
fn names_aliases_and_modules_are_looked_up() {
    let name = |text| find(text).map(Command::name);
    assert_eq!(name("get-ITEM"), Some("Get-Item"));
    assert_eq!(name("gsv"), Some("Get-Service"));
    assert_eq!(name("?"), Some("Where-Object"));
    assert_eq!(name("Microsoft.PowerShell.Management\\Get-Item"), Some("Get-Item"));
    assert_eq!(name("Elsewhere\\Get-Item"), None);
    assert_eq!(name("Item"), None);
    assert_eq!(name("Get\u{2013}Item"), None);
    assert_eq!(name(""), None);
    assert_eq!(alias("%"), Some("ForEach-Object"));
}

#[test]
fn risk_is_change_unless_it_is_known() {
    for (name, risk) in [
        ("Get-Service", Risk::Read),
        ("Stop-Service", Risk::Change),
        ("Get-Certificate", Risk::Change),
        ("Format-Volume", Risk::Change),
        ("Format-Table", Risk::Read),
        ("ForEach-Object", Risk::Change),
    ] {
        assert_eq!(find(name).map(Command::risk), Some(risk), "{name}");
    }
}

#[test]
fn parameters_say_what_they_are() {
    let item = find("Get-ChildItem").expect("it is there");
    let path = item.parameter("path").expect("it is there");
    assert!(path.is_path() && path.type_name() == "string[]" && !path.is_common());
    let literal = item.parameter("PSPath").expect("an alias");
    assert_eq!(literal.name(), "LiteralPath");
    assert!(literal.sets().all(|set| set.by_property_name && set.mandatory));
    assert!(item.parameter("ErrorAction").is_some_and(super::Parameter::is_common));
    assert!(item.parameter("Path2").is_none());
}
