//! CLIXML that wants to hurt its reader.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use winrm_proto::clixml::{DecodeError, Decoder, EncodeError, Limits, Value, encode};
use winrm_proto::xml;

fn read(document: &str) -> Result<Value, DecodeError> {
    Decoder::default().value(document.as_bytes())
}

#[test]
fn nesting_has_an_end() {
    let nested =
        |depth: usize| format!("{}<Nil/>{}", "<Obj><LST>".repeat(depth), "</LST></Obj>".repeat(depth));
    // As deep as PowerShell's own reader goes.
    assert!(read(&nested(48)).is_ok());
    assert_eq!(read(&nested(49)), Err(DecodeError::TooDeep { limit: 49 }));
    assert!(read(&nested(200_000)).is_err());
    let sets = format!("<Obj><MS>{}{}</MS></Obj>", "<MS N=\"a\">".repeat(101), "</MS>".repeat(101));
    assert_eq!(read(&sets), Err(DecodeError::TooDeep { limit: 100 }));
}

#[test]
fn references_count_as_what_they_bring_in() {
    // Each list holds the one before it ten times: ten levels would be ten thousand million values.
    let mut document = String::from("<Obj RefId=\"x\"><LST>");
    document.push_str("<Obj RefId=\"0\"><LST><S>boom</S></LST></Obj>");
    for level in 1..=10 {
        let references = format!("<Ref RefId=\"{}\"/>", level - 1).repeat(10);
        write!(document, "<Obj RefId=\"{level}\"><LST>{references}</LST></Obj>").unwrap();
    }
    document.push_str("</LST></Obj>");
    assert_eq!(read(&document), Err(DecodeError::TooManyReferences { limit: 16_000_000 }));
}

#[test]
fn references_do_not_get_round_the_depth() {
    let mut document = String::from("<Obj><LST><Obj RefId=\"0\"><LST/></Obj>");
    for level in 1..=120 {
        write!(document, "<Obj RefId=\"{level}\"><LST><Ref RefId=\"{}\"/></LST></Obj>", level - 1).unwrap();
    }
    document.push_str("</LST></Obj>");
    assert_eq!(read(&document), Err(DecodeError::TooDeep { limit: 100 }));
}

#[test]
fn a_cycle_is_read_shown_compared_and_written() {
    let document = "<Obj RefId=\"0\"><MS><S N=\"Name\">x</S><Ref N=\"Me\" RefId=\"0\"/></MS></Obj>";
    let value = read(document).unwrap();
    let me = value.property("me").unwrap().as_object().unwrap();
    assert_eq!(me.property("Name"), Some(&Value::from("x")));
    assert_eq!(value.to_string(), "@{Name=x; Me=}");
    assert_eq!(value, read(document).unwrap());
    let written = encode(&value).unwrap();
    assert_eq!(Decoder::default().value(&written).unwrap(), value);
    // The part alone has lost the whole.
    let part = value.property("Me").unwrap().clone();
    drop((value, me));
    assert_eq!(part.as_object(), None);
    assert_eq!(encode(&part).unwrap(), b"<Nil/>");
}

#[test]
fn many_properties_and_names_take_linear_time() {
    let start = Instant::now();
    let mut document = String::from("<Obj><MS>");
    for property in 0..100_000 {
        write!(document, "<Nil N=\"P{property}\"/>").unwrap();
    }
    document.push_str("</MS></Obj>");
    assert_eq!(read(&document).unwrap().as_object().unwrap().extended.len(), 100_000);
    // Quadratic time would be minutes; a machine that is busy with something else takes a few seconds.
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn refusals_say_what_is_wrong() {
    let cases: &[(&str, DecodeError)] = &[
        ("<Ref RefId=\"0\"/>", DecodeError::UnknownReference("0".into())),
        ("<Obj><TNRef RefId=\"7\"/></Obj>", DecodeError::UnknownReference("7".into())),
        ("<Obj><TN><S>x</S></TN></Obj>", DecodeError::UnexpectedElement("S".into())),
        ("<Obj>text</Obj>", DecodeError::UnexpectedText),
        ("<Obj><MS><S>x</S></MS></Obj>", DecodeError::MissingAttribute("N")),
        ("<Obj><DCT><En><S N=\"Key\">k</S></En></DCT></Obj>", DecodeError::MissingEntryPart("Value")),
        ("<Obj><DCT><En><S N=\"Value\">k</S></En></DCT></Obj>", DecodeError::MissingEntryPart("Key")),
        ("<Obj><DCT><En><Nil N=\"Key\"/><Nil N=\"Value\"/></En></DCT></Obj>", DecodeError::NullKey),
        ("<I32>x</I32>", DecodeError::Primitive { element: "I32" }),
        ("<S><B>true</B></S>", DecodeError::Xml(xml::Error::UnexpectedElement)),
        ("<S>&#x110000;</S>", DecodeError::Xml(xml::Error::ForbiddenCharacter)),
        ("<S>\u{1}</S>", DecodeError::Xml(xml::Error::ForbiddenCharacter)),
        ("<S>x", DecodeError::Xml(xml::Error::Truncated)),
        ("<S>x</S><S>y</S>", DecodeError::Xml(xml::Error::ContentOutsideRoot)),
        ("", DecodeError::Xml(xml::Error::NoRoot)),
        ("<!DOCTYPE S><S/>", DecodeError::Xml(xml::Error::DocumentType)),
        ("<PR><AV>a</AV><AI>x</AI></PR>", DecodeError::Primitive { element: "AI" }),
        ("<PR><AV><S/></AV></PR>", DecodeError::Xml(xml::Error::UnexpectedElement)),
        ("<PR><AI>1</AI></PR>", DecodeError::UnexpectedElement("AI".into())),
        ("<PR><AV>a</AV></PR>", DecodeError::MissingElement("AI")),
    ];
    for (document, error) in cases {
        assert_eq!(read(document).as_ref(), Err(error), "{document}");
    }
    let other = Decoder::default().document(b"<Objs Version=\"2.0\"><S/></Objs>");
    assert_eq!(other, Err(DecodeError::Version("2.0".into())));
}

#[test]
fn references_name_any_code_unit_and_instructions_are_passed_over() {
    for (document, units) in [
        ("<?xml version=\"1.0\"?><?pi x?><S>a<?pi y?>b</S>", &[0x61, 0x62][..]),
        ("<S>&#0;&#x1F;</S>", &[0, 0x1F]),
        ("<S>&#xD83D;&#xDE00;&#xD83D;</S>", &[0xD83D, 0xDE00, 0xD83D]),
        ("<S>&#xFFFE;&#128512;</S>", &[0xFFFE, 0xD83D, 0xDE00]),
    ] {
        let value = read(document).unwrap();
        assert_eq!(value.as_string().unwrap().to_utf16(), units, "{document}");
    }
    let named = read("<Obj><MS><Nil N=\"&#xD800;\"/></MS></Obj>").unwrap();
    assert_eq!(named.as_object().unwrap().extended.iter().next().unwrap().name.to_utf16(), [0xD800]);
}

#[test]
fn size_and_number_are_limited() {
    let mut decoder = Decoder::new(Limits { values: 3, ..Limits::default() });
    assert!(decoder.value(b"<Obj><LST><Nil/><Nil/></LST></Obj>").is_ok());
    let many = decoder.value(b"<Obj><LST><Nil/><Nil/><Nil/></LST></Obj>");
    assert_eq!(many, Err(DecodeError::TooManyValues { limit: 3 }));

    let mut decoder = Decoder::new(Limits { size: 10, ..Limits::default() });
    assert_eq!(decoder.value(b"<S>12345</S>"), Err(DecodeError::Xml(xml::Error::TooLarge { limit: 10 })));
}

#[test]
fn writing_without_end_is_refused() {
    let mut value = Value::Null;
    for _ in 0..300 {
        value = Value::array(vec![value]);
    }
    assert_eq!(encode(&value), Err(EncodeError::TooDeep));
}
