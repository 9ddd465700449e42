//! CLIXML against what real PowerShell writes and reads.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of tests may fail as tests do"
)]

use std::path::Path;

use serde_json::Value as Json;
use winrm_proto::clixml::{
    Content, DateTimeKind, Decoder, Encoder, Item, Object, Piece, Properties, PsString, Stream, TextDecoder,
    Value,
};

use crate::measured;

/// Files of the measured set, or of the few that are part of the project.
fn documents(test: impl Fn(&Path)) {
    test(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clixml"));
    if let Some(folder) = measured::powershell("clixml") {
        test(&folder);
    }
}

fn json(path: &Path) -> serde_json::Map<String, Json> {
    serde_json::from_str(&without_lone_surrogates(&std::fs::read_to_string(path).unwrap())).unwrap()
}

/// The JSON with U+FFFD for escapes of surrogates that stand alone, which the parser refuses.
fn without_lone_surrogates(json: &str) -> String {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let mut out = String::new();
    let mut rest = json;
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            _ => 6,
        };
        let lone = length == 6 && matches!(unit(escape), Some(0xD800..=0xDFFF));
        out.push_str(if lone { "\\ufffd" } else { &escape[..length] });
        rest = &escape[length..];
    }
    out + rest
}

fn single(document: &[u8]) -> Value {
    let mut items = Decoder::default().document(document).unwrap();
    assert_eq!(items.len(), 1);
    items.remove(0).value
}

#[test]
fn what_powershell_writes_is_read_as_it_reads_it() {
    documents(|folder| {
        let index = json(&folder.join("index.json"));
        let mut read = 0;
        for (name, facts) in &index {
            let Ok(document) = std::fs::read(folder.join(format!("{name}.xml"))) else {
                assert!(facts.get("error").is_some(), "{name} has no file");
                continue;
            };
            check_facts(name, &single(&document), facts);
            read += 1;
        }
        eprintln!("{}: {read} of {} documents read", folder.display(), index.len());
        assert!(read > 0);
    });
}

fn check_facts(name: &str, value: &Value, facts: &Json) {
    let types: Vec<&str> =
        facts["types"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    match value {
        Value::Null => assert!(types.is_empty(), "{name}"),
        // A receiver gets a script block as a string.
        Value::ScriptBlock(_) => assert_eq!(types[0], "System.String", "{name}"),
        Value::Object(object) if !object.type_names.is_empty() => {
            let own: Vec<&str> = object.type_names.as_slice().iter().map(PsString::as_str).collect();
            let original: Vec<&str> =
                types.iter().map(|name| name.strip_prefix("Deserialized.").unwrap_or(name)).collect();
            assert_eq!(own, original, "{name}");
        }
        _ => assert_eq!(value.type_name(), types[0], "{name}"),
    }
    if let Some(units) = facts.get("utf16").and_then(Json::as_array) {
        let units: Vec<u16> = units.iter().map(|unit| unit.as_u64().unwrap().try_into().unwrap()).collect();
        assert_eq!(value.as_string().unwrap().to_utf16(), units, "{name}");
    }
    if let Some(text) = facts.get("text").and_then(Json::as_str) {
        check_text(name, value.base(), text);
    }
    for property in facts.get("properties").and_then(Json::as_array).into_iter().flatten() {
        let property = property.as_str().unwrap();
        assert!(value.property(property).is_some(), "{name} lacks {property}");
    }
}

fn check_text(name: &str, value: &Value, text: &str) {
    match value {
        // The measured text of a date is its round-trip format, which has all seven decimals.
        Value::DateTime(time) => {
            let shown = String::from_utf8(Encoder::new().value(value).unwrap()).unwrap();
            let shown = shown.trim_start_matches("<DT>").trim_end_matches("</DT>");
            let ticks = format!("{:07}", time.ticks() % 10_000_000);
            let (date, zone) = shown.split_at(19);
            let zone = zone.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
            assert_eq!(format!("{date}.{ticks}{zone}"), text, "{name}");
        }
        // JSON cannot say what a lone surrogate is.
        Value::Char(0xD800..=0xDFFF) => {}
        _ => assert_eq!(value.to_string(), text, "{name}"),
    }
}

#[test]
fn what_is_read_is_written_as_the_same_value() {
    documents(|folder| {
        for path in measured::files(folder, "xml") {
            let value = single(&std::fs::read(&path).unwrap());
            let written = Encoder::new().document([(None, &value)]).unwrap();
            assert_eq!(single(&written), value, "{}", path.display());
        }
    });
}

/// Documents that PowerShell reads and we refuse, with the reason.
const STRICTER: &[(&str, &str)] = &[];

#[test]
fn odd_documents_mean_the_same_or_are_refused() {
    documents(|folder| {
        let cases = json(&folder.join("odd-documents.json"));
        // Those that were worked out are ours alone.
        let derived = folder.join("derived-documents.json");
        let derived = if derived.exists() { json(&derived) } else { serde_json::Map::new() };
        for (name, case) in cases.into_iter().chain(derived) {
            let document = wrap(case["document"].as_str().unwrap());
            let read = Decoder::default().document(document.as_bytes());
            if case.get("error").is_some() {
                assert!(read.is_err(), "{name} should be refused, not {read:?}");
                continue;
            }
            if STRICTER.iter().any(|(stricter, _)| *stricter == name) {
                assert!(read.is_err(), "{name} is no longer refused: take it off the list");
                continue;
            }
            let ours: Vec<Value> = read
                .unwrap_or_else(|error| panic!("{name}: {error}"))
                .into_iter()
                .map(|item: Item| item.value)
                .collect();
            let theirs = written_again(&case["written_again"]);
            assert!(
                same_all(&ours, &theirs) || same_all(&enumerated(&ours), &theirs),
                "{name}: {ours:?} {theirs:?}"
            );
        }
    });
}

fn same_all(ours: &[Value], theirs: &[Value]) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
}

/// PowerShell's pipeline may have enumerated the value before it was written again.
fn enumerated(values: &[Value]) -> Vec<Value> {
    values.iter().flat_map(|value| value.items().unwrap_or_default()).cloned().collect()
}

fn wrap(document: &str) -> String {
    format!(
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">{document}</Objs>"
    )
}

fn written_again(again: &Json) -> Vec<Value> {
    let documents = again.as_array().cloned().unwrap_or_else(|| vec![again.clone()]);
    documents.iter().map(|document| single(document.as_str().unwrap().as_bytes())).collect()
}

/// Whether two values are the same but for what PowerShell's reader changes: it adds type names where there were none and
/// a prefix where there were some, has its own time zone, takes a script block for text, and an object that is nothing but
/// its base for that.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(whole), base) if !matches!(base, Value::Object(_)) => {
            let bare = whole.type_names.is_empty() && whole.extended.is_empty() && whole.to_string.is_none();
            matches!(&whole.content, Content::Primitive(own) if bare && same(own, base))
        }
        (Value::ScriptBlock(ours), Value::String(theirs)) => ours == theirs,
        (Value::Object(ours), Value::Object(theirs)) => same_object(ours, theirs),
        // PowerShell wrote one more turn of the circle.
        (Value::Enclosing(ours), Value::Object(theirs)) => same_object(&ours.upgrade().unwrap(), theirs),
        (Value::DateTime(ours), Value::DateTime(theirs))
            if matches!(ours.kind(), DateTimeKind::Offset(_)) =>
        {
            ours.to_utc() == theirs.to_utc()
        }
        _ => ours == theirs,
    }
}

fn same_object(ours: &Object, theirs: &Object) -> bool {
    let (own, written) = (original_names(ours), original_names(theirs));
    written.starts_with(&own)
        && same_members(&ours.adapted, &theirs.adapted)
        && same_members(&ours.extended, &theirs.extended)
        && ours.to_string == theirs.to_string
        && same_content(&ours.content, &theirs.content)
}

fn original_names(object: &Object) -> Vec<&str> {
    let names = object.type_names.as_slice().iter().map(PsString::as_str);
    names.map(|name| name.strip_prefix("Deserialized.").unwrap_or(name)).collect()
}

fn same_members(ours: &Properties, theirs: &Properties) -> bool {
    let mut pairs = ours.iter().zip(theirs);
    ours.len() == theirs.len()
        && pairs.all(|(ours, theirs)| ours.name == theirs.name && same(&ours.value, &theirs.value))
}

fn same_content(ours: &Content, theirs: &Content) -> bool {
    match (ours, theirs) {
        (Content::List(ours), Content::List(theirs)) => same_all(ours, theirs),
        // A hashtable has no order.
        (Content::Dictionary(ours), Content::Dictionary(theirs)) => {
            ours.len() == theirs.len() && ours.iter().all(|entry| theirs.contains(entry))
        }
        _ => ours == theirs,
    }
}

#[test]
fn the_streams_of_a_process_are_told_apart() {
    documents(|folder| {
        for path in measured::files(folder, "clixml") {
            let mut decoder = TextDecoder::default();
            let bytes = std::fs::read(&path).unwrap();
            let mut pieces: Vec<Piece> = bytes.chunks(97).flat_map(|chunk| decoder.push(chunk)).collect();
            pieces.extend(decoder.finish());
            let values = pieces.iter().filter(|piece| matches!(piece, Piece::Value { .. })).count();
            assert!(values > 0, "{}", path.display());
            let plain: String =
                pieces.iter().filter(|piece| matches!(piece, Piece::Text(_))).map(Piece::text).collect();
            assert_eq!(plain.trim(), "", "{}", path.display());
        }
    });
}

#[test]
fn an_error_on_standard_error_keeps_its_record() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clixml");
    let mut decoder = TextDecoder::default();
    let pieces = decoder.push(&std::fs::read(folder.join("stream-throw.stderr.clixml")).unwrap());
    let [Piece::Value { stream: Stream::Error, value }, ..] = pieces.as_slice() else {
        panic!("{pieces:?}");
    };
    let record = winrm_proto::clixml::ErrorRecord::from_value(value);
    assert_eq!(record.message, "boom");
    assert_eq!(record.exception_type, "System.Management.Automation.RuntimeException");
    assert_eq!(record.fully_qualified_error_id, "boom");
    assert_eq!(record.category.name(), "OperationStopped");
    assert!(record.position_message.unwrap().as_str().starts_with("At line:1 char:1"));
}

#[test]
fn every_value_in_the_measured_runs_is_written_again_as_it_was() {
    let Some(folder) = measured::powershell("") else { return };
    let (mut values, mut literally) = (0, 0);
    for path in measured::files(&folder, "jsonl") {
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let entry: Json = serde_json::from_str(&without_lone_surrogates(line)).unwrap();
            each_clixml(&entry, &mut |document| {
                let value = Decoder::default().value(document.as_bytes()).unwrap_or_else(|error| {
                    panic!("{}: {error}: {document}", path.display());
                });
                let written = Encoder::new().value(&value).unwrap();
                assert_eq!(Decoder::default().value(&written).unwrap(), value);
                values += 1;
                literally += usize::from(written == document.as_bytes());
            });
        }
    }
    eprintln!("{values} values, {literally} of them written to the letter");
    assert!(values > 0);
}

/// Calls back with every string that is a value in CLIXML.
fn each_clixml(json: &Json, found: &mut impl FnMut(&str)) {
    match json {
        Json::String(text) if is_clixml(text) => found(text),
        Json::Array(items) => items.iter().for_each(|item| each_clixml(item, found)),
        Json::Object(entries) => entries.values().for_each(|item| each_clixml(item, found)),
        _ => {}
    }
}

fn is_clixml(text: &str) -> bool {
    let name = text.strip_prefix('<').unwrap_or_default();
    let name = name.split(['>', ' ', '/']).next().unwrap_or_default();
    ["Obj", "S", "I32", "Nil", "B", "I64", "Db", "DT", "C", "D", "G", "TS", "Version"].contains(&name)
        && text.ends_with('>')
}
