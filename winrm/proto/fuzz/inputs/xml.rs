//! Bytes as an XML document.

use winrm_proto::xml::{Error, Event, Limits, Namespace, Reader};

/// Reads the document to its end or its first mistake.
pub(crate) fn run(data: &[u8]) {
    let limits = Limits {
        size: 1 << 20,
        depth: 16,
        nodes: 10_000,
        attribute_bytes: 512,
        attributes: 8,
        namespaces: 8,
    };
    let outcome = read(data, &limits);
    assert!(data.len() <= limits.size || outcome == Err(Error::TooLarge { limit: limits.size }));
}

fn read(data: &[u8], limits: &Limits) -> Result<(), Error> {
    let mut reader = Reader::new(data, limits)?;
    let mut depth = 0_usize;
    loop {
        match reader.read()? {
            Event::Start(element) => {
                depth += 1;
                assert!(depth <= limits.depth && depth == reader.depth());
                for name in ["Name", "a", "lang"] {
                    for namespace in [Namespace::None, Namespace::Xml, Namespace::Other] {
                        if let Some(value) = element.attribute(namespace, name)? {
                            assert!(value.chars().all(is_allowed));
                        }
                    }
                }
            }
            Event::Text(text) => assert!(depth > 0 && text.chars().all(is_allowed)),
            Event::End => depth -= 1,
            Event::Eof => {
                assert_eq!(depth, 0);
                return Ok(());
            }
        }
    }
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
