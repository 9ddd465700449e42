//! The XML reader and writer: what they accept, what they refuse, and that nothing is lost between them.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use winrm_proto::xml::{Error, Event, Limits, Namespace, Reader, WriteError, Writer};

#[test]
fn accepted() {
    for (document, expected) in [
        ("<a/>", "(a)"),
        ("<a></a>", "(a)"),
        ("\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<a>x</a>\n<!-- end -->", "(a x)"),
        ("<?xml version='1.0' encoding='UTF-8' standalone='yes'?><a/>", "(a)"),
        ("<a>one<!-- - -->two</a>", "(a one two)"),
        ("<a>&lt;&gt;&amp;&quot;&apos;</a>", "(a < > & \" ')"),
        ("<a>&#65;&#x42;&#x1F600;&#9;</a>", "(a A B \u{1F600} \t)"),
        ("<a><![CDATA[<b>&amp;]]></a>", "(a <b>&amp;)"),
        ("<a>1\r\n2\r3\n</a>", "(a 1\n2\n3\n)"),
        ("<a>&#xD;</a>", "(a \r)"),
        ("<a><b/><c>d</c></a>", "(a(b)(c d))"),
        ("<a>\u{E000}\u{FFFD}\u{D7FF}\u{10FFFF}</a>", "(a \u{E000}\u{FFFD}\u{D7FF}\u{10FFFF})"),
    ] {
        assert_eq!(tree(document.as_bytes()).as_deref(), Ok(expected), "{document}");
    }
}

#[test]
fn refused() {
    let entities = "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>";
    for (document, expected) in [
        ("", Error::NoRoot),
        ("   \n", Error::NoRoot),
        ("<!-- nothing -->", Error::NoRoot),
        ("text", Error::ContentOutsideRoot),
        ("text<a/>", Error::ContentOutsideRoot),
        ("<a/>text", Error::ContentOutsideRoot),
        ("<a/>&#32;", Error::ContentOutsideRoot),
        ("<a/><![CDATA[]]>", Error::ContentOutsideRoot),
        ("<a/><b/>", Error::ContentOutsideRoot),
        ("<a>", Error::Truncated),
        ("<a><b></b>", Error::Truncated),
        ("<a", Error::Truncated),
        ("<a b='", Error::Truncated),
        ("<a><![CDATA[", Error::Truncated),
        ("<a><!-- ", Error::Truncated),
        ("<a></b>", Error::MismatchedTag),
        ("</a>", Error::MismatchedTag),
        ("<a/></a>", Error::MismatchedTag),
        ("<!DOCTYPE a><a/>", Error::DocumentType),
        ("<!doctype a><a/>", Error::DocumentType),
        (entities, Error::DocumentType),
        ("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", Error::DocumentType),
        ("<?xml-stylesheet href='x'?><a/>", Error::ProcessingInstruction),
        ("<a><?php x ?></a>", Error::ProcessingInstruction),
        ("<a/><?xml version='1.0'?>", Error::ProcessingInstruction),
        (" <?xml version='1.0'?><a/>", Error::ProcessingInstruction),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>", Error::Encoding),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", Error::Encoding),
        ("<a>&x;</a>", Error::UnknownEntity),
        ("<a>&nbsp;</a>", Error::UnknownEntity),
        ("<a>&#;</a>", Error::UnknownEntity),
        ("<a>&#x;</a>", Error::UnknownEntity),
        ("<a>&#+65;</a>", Error::UnknownEntity),
        ("<a>&#0;</a>", Error::ForbiddenCharacter),
        ("<a>&#x1F;</a>", Error::ForbiddenCharacter),
        ("<a>&#xD800;</a>", Error::ForbiddenCharacter),
        ("<a>&#xFFFE;</a>", Error::ForbiddenCharacter),
        ("<a>&#x110000;</a>", Error::ForbiddenCharacter),
        ("<a>&#99999999999999999999;</a>", Error::ForbiddenCharacter),
        ("<a>\u{0}</a>", Error::ForbiddenCharacter),
        ("<a>\u{1B}</a>", Error::ForbiddenCharacter),
        ("<a>\u{FFFF}</a>", Error::ForbiddenCharacter),
        ("<p:a/>", Error::UnboundPrefix),
        ("<a p:b='c'/>", Error::UnboundPrefix),
        ("<a xmlns:p=''><p:b/></a>", Error::UnboundPrefix),
        ("<a b='1' b='2'/>", Error::DuplicateAttribute),
    ] {
        assert_eq!(tree(document.as_bytes()), Err(expected), "{document}");
    }
    assert_eq!(tree(b"<a>\xFF</a>"), Err(Error::NotUtf8));
    assert_eq!(tree(b"<a b='\xC3'/>"), Err(Error::NotUtf8));
    for document in ["<a b/>", "<a b=c/>", "<a &amp;/>", "<a>&amp</a>", "<a>& </a>"] {
        let error = tree(document.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. } | Error::UnknownEntity), "{document}: {error:?}");
    }
}

#[test]
fn utf_16_is_refused() {
    let document: Vec<u8> = "\u{FEFF}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(tree(&document).is_err());
}

#[test]
fn limits() {
    let limits = Limits { size: 100, depth: 3, nodes: 10, attribute_bytes: 40, attributes: 3, namespaces: 2 };
    let long = format!("<a>{}</a>", " ".repeat(94));
    for (document, expected) in [
        ("<a><b><c/></b></a>", None),
        ("<a><b><c><d/></c></b></a>", Some(Error::TooDeep { limit: 3 })),
        ("<a>1<b/>2<b/>3</a>", None),
        ("<a>1<b/>2<b/>3<b/>4</a>", Some(Error::TooManyNodes { limit: 10 })),
        ("<a>1<b/>2<b/>3<!-- --></a>", Some(Error::TooManyNodes { limit: 10 })),
        ("<a b='1' c='2' d='3'/>", None),
        ("<a b='1' c='2' d='3' e='4'/>", Some(Error::TooManyAttributes { limit: 3 })),
        ("<a b='                                 '/>", None),
        ("<a b='                                     '/>", Some(Error::AttributesTooLarge { limit: 40 })),
        ("<a xmlns:b='c' xmlns:d='e'/>", None),
        ("<a xmlns:b='c'><a xmlns:d='e' xmlns:f='g'/></a>", Some(Error::TooManyNamespaces { limit: 2 })),
        (&long, Some(Error::TooLarge { limit: 100 })),
    ] {
        let outcome = Reader::new(document.as_bytes(), &limits).and_then(Reader::finish);
        assert_eq!(outcome.err(), expected, "{document}");
    }
}

#[test]
fn namespaces() {
    let document = "<a xmlns='http://www.w3.org/2003/05/soap-envelope' xmlns:f='urn:x' f:b='1' b='2' xml:lang='de'>\
         <f:c/><c xmlns=''/><f:c xmlns:f='http://schemas.microsoft.com/wbem/wsman/1/windows/shell'/><f:c/></a>";
    let mut reader = Reader::new(document.as_bytes(), &Limits::default()).unwrap();
    let root = reader.child().unwrap().unwrap();
    assert_eq!(root.name(), (Namespace::Soap, "a"));
    assert_eq!(root.attribute(Namespace::None, "b").unwrap().as_deref(), Some("2"));
    assert_eq!(root.attribute(Namespace::Other, "b").unwrap().as_deref(), Some("1"));
    assert_eq!(root.attribute(Namespace::Xml, "lang").unwrap().as_deref(), Some("de"));
    assert_eq!(root.attribute(Namespace::Soap, "b").unwrap(), None);
    let mut names = Vec::new();
    while let Some(child) = reader.child().unwrap() {
        names.push(child.name().0);
        reader.skip().unwrap();
    }
    assert_eq!(names, [Namespace::Other, Namespace::None, Namespace::Shell, Namespace::Other]);
    reader.finish().unwrap();
}

#[test]
fn attribute_values() {
    for (written, expected) in [
        ("plain", Ok("plain")),
        ("&lt;&amp;&#65;&quot;", Ok("<&A\"")),
        ("a\tb\nc\r\nd\re", Ok("a b c d e")),
        ("&#9;&#10;&#13;", Ok("\t\n\r")),
        ("&x;", Err(Error::UnknownEntity)),
        ("&amp", Err(Error::UnknownEntity)),
        ("<", Err(Error::ForbiddenCharacter)),
        ("&#1;", Err(Error::ForbiddenCharacter)),
        ("\u{1}", Err(Error::ForbiddenCharacter)),
    ] {
        let document = format!("<a b=\"{written}\"/>");
        let mut reader = Reader::new(document.as_bytes(), &Limits::default()).unwrap();
        let root = reader.child().unwrap().unwrap();
        let value = root.attribute(Namespace::None, "b").map(|value| value.unwrap().into_owned());
        assert_eq!(value, expected.map(str::to_owned), "{written:?}");
    }
}

#[test]
fn peeking_changes_nothing() {
    let document = b"<a> <b><c/></b> x <d/></a>";
    let mut reader = Reader::new(document, &Limits::default()).unwrap();
    assert_eq!(reader.peek_child().unwrap(), Some((Namespace::None, "a")));
    assert_eq!(reader.depth(), 0);
    reader.child().unwrap().unwrap();
    assert_eq!(reader.peek_child().unwrap(), Some((Namespace::None, "b")));
    assert_eq!(reader.peek_child().unwrap(), Some((Namespace::None, "b")));
    assert_eq!(reader.depth(), 1);
    reader.child().unwrap().unwrap();
    assert_eq!(reader.peek_child().unwrap(), Some((Namespace::None, "c")));
    // The element that is skipped is `b`, though `c` was peeked at.
    reader.skip().unwrap();
    assert_eq!(reader.child().unwrap().unwrap().local(), "d");
    assert_eq!(reader.peek_child().unwrap(), None);
    assert!(reader.child().unwrap().is_none());
    assert_eq!(reader.peek_child().unwrap(), None);
    reader.finish().unwrap();
}

#[test]
fn base64() {
    for (written, expected) in [
        ("", Ok(&b""[..])),
        ("aGk=", Ok(b"hi")),
        (" aG\r\n\tk= \n", Ok(b"hi")),
        ("aG<!-- -->k=", Ok(b"hi")),
        ("aGk", Err(Error::NotBase64)),
        ("aG=k", Err(Error::NotBase64)),
        ("aG-_", Err(Error::NotBase64)),
        ("aGk=<b/>", Err(Error::UnexpectedElement)),
    ] {
        let document = format!("<a>{written}</a>");
        let mut reader = Reader::new(document.as_bytes(), &Limits::default()).unwrap();
        reader.child().unwrap().unwrap();
        assert_eq!(reader.base64_content(), expected.map(<[u8]>::to_vec), "{written:?}");
    }
}

/// Each of these is small to send and would be large to hold, or slow to read, for a careless reader.
#[test]
fn hostile_documents_are_refused_quickly() {
    let many = 500_000;
    let nested = "<a>".repeat(many);
    let attributes: String = (0..many).map(|number| format!(" a{number}=''")).collect();
    let namespaces: String = (0..many).map(|number| format!(" xmlns:a{number}='b'")).collect();
    let redeclared = "<a xmlns:b='c'>".repeat(many);
    let bindings = "<a xmlns:b='c' xmlns:d='e' xmlns:f='g' xmlns:h='i'><j/></a>".repeat(100_000);
    for (name, document, expected) in [
        ("nested", nested, Error::TooDeep { limit: 64 }),
        ("attributes", format!("<a{attributes}/>"), Error::AttributesTooLarge { limit: 65_536 }),
        ("short attributes", format!("<a{}/>", " b=''".repeat(5_000)), Error::DuplicateAttribute),
        ("namespaces", format!("<a{namespaces}/>"), Error::TooManyNamespaces { limit: 64 }),
        (
            "huge attribute",
            format!("<a b='{}'/>", "x".repeat(10_000_000)),
            Error::AttributesTooLarge { limit: 65_536 },
        ),
        ("huge name", format!("<{}", "x".repeat(10_000_000)), Error::Truncated),
        ("nodes", format!("<a>{}", "<b/>".repeat(2_000_000)), Error::TooManyNodes { limit: 1_000_000 }),
        (
            "references",
            format!("<a>{}</a>", "&amp;".repeat(1_500_000)),
            Error::TooManyNodes { limit: 1_000_000 },
        ),
        (
            "comments",
            format!("<a>{}</a>", "<!---->".repeat(1_500_000)),
            Error::TooManyNodes { limit: 1_000_000 },
        ),
        ("redeclared", redeclared, Error::TooManyNamespaces { limit: 64 }),
        ("rebound", format!("<r>{bindings}"), Error::Truncated),
        ("unclosed comment", format!("<a><!--{}", "-".repeat(10_000_000)), Error::Truncated),
        ("unclosed section", format!("<a><![CDATA[{}", "]]".repeat(5_000_000)), Error::Truncated),
        ("less-than signs", format!("<a>{}", "<".repeat(10_000_000)), Error::Truncated),
        ("ampersands", format!("<a>{}", "&".repeat(10_000_000)), Error::Malformed { offset: 3 }),
        ("size", " ".repeat(20_000_000), Error::TooLarge { limit: 16_777_216 }),
    ] {
        let begin = Instant::now();
        let outcome = Reader::new(document.as_bytes(), &Limits::default()).and_then(Reader::finish);
        let spent = begin.elapsed();
        assert_eq!(outcome, Err(expected), "{name}");
        assert!(spent < Duration::from_secs(10), "{name} took {spent:?}");
    }
}

#[test]
fn the_writer_escapes() {
    let mut writer = Writer::new();
    writer
        .start("a")
        .attribute("b", "<\">&\t\r\n'")
        .text("<\">&\t\r\n'")
        .element("c", "")
        .start("d")
        .text("")
        .end();
    writer.start("e").base64(b"hi").end().end();
    let document = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert_eq!(
        document,
        "<a b=\"&lt;&quot;&gt;&amp;&#x9;&#xD;&#xA;'\">&lt;\"&gt;&amp;\t&#xD;\n'<c/><d/><e>aGk=</e></a>"
    );
}

#[test]
fn the_writer_refuses_what_xml_cannot_carry() {
    for character in ['\0', '\u{1}', '\u{8}', '\u{B}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
        let text = format!("fine {character} fine");
        let error = Err(WriteError::ForbiddenCharacter { character, element: "b" });
        let mut writer = Writer::new();
        writer.start("a").element("b", &text).end();
        assert_eq!(writer.finish(), error);
        let mut writer = Writer::new();
        writer.start("a").start("b").attribute("c", &text).end().end();
        assert_eq!(writer.finish(), error);
    }
}

#[test]
fn the_writer_notices_tags_that_do_not_balance() {
    let mut open = Writer::new();
    open.start("a");
    let mut closed = Writer::new();
    closed.start("a").end().end();
    let mut late = Writer::new();
    late.start("a").text("x").attribute("b", "c").end();
    for writer in [open, closed, late] {
        assert_eq!(writer.finish(), Err(WriteError::Unbalanced));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        drop(tree(&bytes));
    }

    #[test]
    fn no_markup_panics(pieces in proptest::collection::vec(piece(), 0..60)) {
        drop(tree(pieces.concat().as_bytes()));
    }

    #[test]
    fn what_is_written_is_read(text in any::<String>(), value in any::<String>(), bytes in any::<Vec<u8>>()) {
        let mut writer = Writer::new();
        writer.start("a").attribute("b", &value).start("c").text(&text).end().start("d").base64(&bytes).end().end();
        let allowed = |text: &str| !text.contains(|character: char| {
            (character < ' ' && !"\t\r\n".contains(character)) || "\u{FFFE}\u{FFFF}".contains(character)
        });
        match writer.finish() {
            Err(error) => prop_assert!(!allowed(&text) || !allowed(&value), "{}", error),
            Ok(document) => {
                prop_assert!(allowed(&text) && allowed(&value));
                let mut reader = Reader::new(&document, &Limits::default()).unwrap();
                let root = reader.child().unwrap().unwrap();
                prop_assert_eq!(root.attribute(Namespace::None, "b").unwrap().unwrap(), value);
                reader.child().unwrap().unwrap();
                prop_assert_eq!(reader.text_content().unwrap(), text);
                reader.child().unwrap().unwrap();
                prop_assert_eq!(reader.base64_content().unwrap(), bytes);
                reader.finish().unwrap();
            }
        }
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "<",
        ">",
        "/",
        "</",
        "/>",
        "<a",
        "<a>",
        "</a>",
        "<a/>",
        " b='c'",
        "=",
        "\"",
        "'",
        "&",
        ";",
        "&amp;",
        "&#",
        "&#x41;",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE",
        "xmlns:p='q'",
        " p:b=''",
        "<p:a>",
        "\u{0}",
        "é",
        "\u{FEFF}",
        " ",
        "\r\n",
        "x",
    ])
}

/// The document as nested lists, with a space before each piece of text.
fn tree(document: &[u8]) -> Result<String, Error> {
    let mut reader = Reader::new(document, &Limits::default())?;
    let mut tree = String::new();
    loop {
        match reader.read()? {
            Event::Start(element) => {
                tree.push('(');
                tree.push_str(element.local());
            }
            Event::Text(text) => {
                tree.push(' ');
                tree.push_str(&text);
            }
            Event::End => tree.push(')'),
            Event::Eof => return Ok(tree),
        }
    }
}
