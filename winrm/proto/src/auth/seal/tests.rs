use super::*;
use crate::auth::ntlm::tests::sessions;

const ENVELOPE: &[u8] = b"<s:Envelope>\xc3\xa9</s:Envelope>";

/// One sealed body and a reader that is due for it.
fn sealed() -> (Vec<u8>, Reader) {
    let (client, server) = sessions();
    (Writer::new(&client).unwrap().write(ENVELOPE).to_vec(), Reader::new(&server).unwrap())
}

fn replaced(body: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = body.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    [&body[..at], to.as_bytes(), &body[at + from.len()..]].concat()
}

/// Changes the text that stands before or behind the sealed bytes and reads the result.
fn read_with(changes: &[(&str, &str)]) -> Result<Bytes, Error> {
    let (mut body, mut reader) = sealed();
    for (from, to) in changes {
        body = replaced(&body, from, to);
    }
    reader.read(CONTENT_TYPE, body.into())
}

#[test]
fn the_layout_is_that_of_windows() {
    let (body, mut reader) = sealed();
    let head = b"--Encrypted Boundary\r\n\
        \tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\
        \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=27\r\n\
        --Encrypted Boundary\r\n\
        \tContent-Type: application/octet-stream\r\n\
        \x10\0\0\0\x01\0\0\0";
    assert!(body.starts_with(head), "{}", body.escape_ascii());
    assert_eq!(body.len(), head.len() + 12 + ENVELOPE.len() + b"--Encrypted Boundary--\r\n".len());
    assert!(body.ends_with(b"--Encrypted Boundary--\r\n"));
    assert_eq!(reader.read(CONTENT_TYPE, body.into()), Ok(Bytes::from_static(ENVELOPE)));
}

#[test]
fn one_after_the_other() {
    let (client, server) = sessions();
    let (mut writer, mut reader) = (Writer::new(&client).unwrap(), Reader::new(&server).unwrap());
    for length in [0, 1, 1000, 70_000] {
        let envelope = vec![b'x'; length];
        assert_eq!(reader.read(CONTENT_TYPE, writer.write(&envelope)), Ok(Bytes::from(envelope)));
    }
}

#[test]
fn what_is_tolerated() {
    let cases: &[&[(&str, &str)]] = &[
        &[("--Encrypted Boundary\r\n\tC", "-- Encrypted Boundary\r\n\tC")],
        &[("--Encrypted Boundary--", "-- Encrypted Boundary--")],
        &[("--Encrypted Boundary--", "\r\n--Encrypted Boundary--")],
        &[("--Encrypted Boundary--\r\n", "--Encrypted Boundary--")],
        &[("--Encrypted Boundary\r\n\tC", "--encrypted boundary\r\nC")],
        &[("\tContent-Type: application/HTTP", "content-type:APPLICATION/http")],
        &[("\tOriginalContent: type=", "originalcontent:Type=")],
        &[("charset=UTF-8;Length=", "length = ")],
        &[("\tContent-Type: application/octet", " CONTENT-TYPE: Application/Octet")],
        &[("\tOriginalContent", "\tX-Other: 1\r\n\tOriginalContent")],
    ];
    for changes in cases {
        assert_eq!(read_with(changes), Ok(Bytes::from_static(ENVELOPE)), "{changes:?}");
    }
}

#[test]
fn what_is_refused() {
    let cases: &[(&[(&str, &str)], Error)] = &[
        (&[("--Encrypted Boundary\r\n\tC", "--Encrypted Boundary\n\tC")], Error::Boundary),
        (&[("--Encrypted Boundary\r\n\tC", "--Other Boundary\r\n\tC")], Error::Boundary),
        (&[("SPNEGO", "Kerberos")], Error::Headers),
        (&[("type=application/soap+xml", "type=text/html")], Error::Headers),
        (&[("Length=27", "Length=+27")], Error::Headers),
        (&[("Length=27", "Length=")], Error::Headers),
        (&[("Length=27", "Length=99999999999999999999999")], Error::Headers),
        (&[("Length=27", "Length=18446744073709551615")], Error::Length),
        (&[("Length=27", "Length=26")], Error::Length),
        (&[("Length=27", "Length=28")], Error::Length),
        (&[("Length=27", "Length=0")], Error::Length),
        (&[("\tOriginalContent", "\tX-Other")], Error::Headers),
        (&[("octet-stream", "soap+xml")], Error::Headers),
        (&[("\tContent-Type: application/octet-stream\r\n", "")], Error::Headers),
        (&[("\x10\0\0\0", "\x0f\0\0\0")], Error::Seal(SealError::MalformedSignature)),
        (&[("\x10\0\0\0", "\0\0\0\0")], Error::Seal(SealError::MalformedSignature)),
        (&[("--Encrypted Boundary--", "--Encrypted Boundary")], Error::Boundary),
        (&[("--Encrypted Boundary--\r\n", "--Encrypted Boundary--\r\nmore")], Error::Boundary),
        (&[("--Encrypted Boundary--\r\n", "")], Error::Length),
    ];
    for (changes, error) in cases {
        assert_eq!(read_with(changes), Err(*error), "{changes:?}");
    }
    let many = "\tX: 1\r\n".repeat(8) + "\tOriginalContent";
    assert_eq!(read_with(&[("\tOriginalContent", &many)]), Err(Error::Headers));
    let long = "\tX: ".to_owned() + &"x".repeat(600) + "\r\n\tOriginalContent";
    assert_eq!(read_with(&[("\tOriginalContent", &long)]), Err(Error::Headers));
}

#[test]
fn content_types() {
    let spnego = "protocol=\"application/HTTP-SPNEGO-session-encrypted\"";
    for (content_type, expected) in [
        (format!("Multipart/Encrypted; boundary=\"encrypted boundary\"; {spnego}"), None),
        (format!("multipart/encrypted;{spnego};boundary=Encrypted Boundary"), None),
        (format!("multipart/mixed;{spnego};boundary=\"Encrypted Boundary\""), Some(Error::ContentType)),
        (format!("multipart/encrypted;{spnego};boundary=\"x\""), Some(Error::ContentType)),
        (format!("multipart/encrypted;{spnego}"), Some(Error::ContentType)),
        (CONTENT_TYPE.replace("SPNEGO", "CredSSP"), Some(Error::ContentType)),
        (String::new(), Some(Error::ContentType)),
    ] {
        let (body, mut reader) = sealed();
        assert_eq!(reader.read(&content_type, body.into()).err(), expected, "{content_type}");
    }
}

#[test]
fn truncated_anywhere() {
    let (body, _) = sealed();
    // Only the last line end may be missing.
    for length in 0..body.len() - 2 {
        let (_, mut reader) = sealed();
        assert!(
            reader.read(CONTENT_TYPE, Bytes::copy_from_slice(&body[..length])).is_err(),
            "cut at {length}"
        );
    }
}

#[test]
fn an_error_poisons() {
    let (body, mut reader) = sealed();
    assert_eq!(reader.read("text/html", body.clone().into()), Err(Error::ContentType));
    assert_eq!(reader.read(CONTENT_TYPE, body.into()), Err(Error::Poisoned));
}

#[test]
fn a_replay_is_refused() {
    let (body, mut reader) = sealed();
    assert!(reader.read(CONTENT_TYPE, body.clone().into()).is_ok());
    let replayed = reader.read(CONTENT_TYPE, body.into());
    assert_eq!(replayed, Err(Error::Seal(SealError::WrongSequence { expected: 1, found: 0 })));
}

proptest::proptest! {
    #[test]
    fn any_change_of_one_byte_is_survived_and_opens_nothing_else(at in 0..400_usize, to in proptest::num::u8::ANY) {
        let (mut body, mut reader) = sealed();
        let at = at % body.len();
        body[at] = to;
        if let Ok(envelope) = reader.read(CONTENT_TYPE, body.into()) {
            proptest::prop_assert_eq!(&*envelope, ENVELOPE);
        }
    }
}
