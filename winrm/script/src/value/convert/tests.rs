use super::*;

fn cast(text: &str, to: &str) -> String {
    match convert(&Value::from(text), Type::named(to).unwrap()) {
        Ok(value) => value.to_text().as_str().to_owned(),
        Err(Fault::Thrown(thrown)) => thrown.id.into_owned(),
        Err(Fault::Unsupported(_)) => "refused".to_owned(),
    }
}

#[test]
fn strings_convert_as_in_powershell() {
    for (text, to, expected) in [
        ("1.5", "int", "2"),
        ("2.5", "int", "2"),
        (" 7 ", "long", "7"),
        ("0x10", "int", "16"),
        ("abc", "int", "InvalidCastFromStringToInteger"),
        ("1kb", "int", "refused"),
        ("1,234.5", "double", "1234.5"),
        ("true", "double", "InvalidCastFromStringToDoubleOrSingle"),
        ("x", "char", "x"),
        ("xy", "char", "InvalidCastParseTargetInvocation"),
        ("1.2.3", "version", "1.2.3"),
        ("friday", "DayOfWeek", "Friday"),
        ("1.02:03:04", "timespan", "1.02:03:04"),
        ("A", "int[]", "InvalidCastExceptionScalarToArray"),
    ] {
        assert_eq!(cast(text, to), expected, "[{to}]'{text}'");
    }
}
