use winrm_proto::clixml::{Content, Properties, Value};

/// About how many bytes a value of a host takes in memory. Who read it has bounded its depth.
#[must_use]
pub fn weight(value: &Value) -> usize {
    let inside = match value {
        Value::String(text) | Value::Uri(text) | Value::Xml(text) | Value::ScriptBlock(text) => {
            text.as_str().len()
        }
        Value::Bytes(bytes) => bytes.len(),
        Value::Progress(_) | Value::SecureString(_) => 256,
        Value::Object(object) => {
            let text = object.to_string.as_ref().map_or(0, |text| text.as_str().len());
            let content = match &object.content {
                Content::None | Content::MemberSet => 0,
                Content::Primitive(value) => weight(value),
                Content::List(items)
                | Content::Stack(items)
                | Content::Queue(items)
                | Content::Enumerable(items) => items.iter().map(weight).sum(),
                Content::Dictionary(entries) => {
                    entries.iter().map(|(key, value)| weight(key) + weight(value)).sum()
                }
            };
            let properties = |properties: &Properties| -> usize {
                properties.iter().map(|property| PROPERTY + weight(&property.value)).sum()
            };
            OBJECT + text + content + properties(&object.adapted) + properties(&object.extended)
        }
        _ => 0,
    };
    size_of::<Value>() + inside
}

/// An object's own fields.
const OBJECT: usize = 200;
/// A property's name, which is shared or short, and its place in the index.
const PROPERTY: usize = 64;
