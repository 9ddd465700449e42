use super::*;

/// Writes challenges in one line each, so that a table can hold them.
fn summary(headers: &[&str]) -> String {
    let shown: Vec<String> = parse(headers)
        .unwrap()
        .iter()
        .map(|challenge| match &challenge.argument {
            Argument::None => challenge.scheme.to_string(),
            Argument::Token(token) => format!("{} <{}>", challenge.scheme, token.escape_ascii()),
            Argument::Parameters(parameters) => {
                let pairs: Vec<String> =
                    parameters.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                format!("{} {{{}}}", challenge.scheme, pairs.join(";"))
            }
            Argument::Malformed => format!("{} ?", challenge.scheme),
        })
        .collect();
    shown.join(" | ")
}

#[test]
fn what_servers_write() {
    let cases: &[(&[&str], &str)] = &[
        (
            &["Negotiate", "Kerberos", "CredSSP", "Basic realm=\"WSMAN\""],
            "Negotiate | Kerberos | CredSSP | Basic {realm:WSMAN}",
        ),
        (
            &["Negotiate, NTLM, Basic realm=\"a, b\", charset=UTF-8"],
            "Negotiate | NTLM | Basic {realm:a, b;charset:UTF-8}",
        ),
        (&["nEGOTIATE", "ntlm", "BASIC"], "Negotiate | NTLM | Basic"),
        (&["NTLM TlRMTVNTUAA="], "NTLM <NTLMSSP\\x00>"),
        (&["NTLM TlRMTVNTUAA"], "NTLM <NTLMSSP\\x00>"),
        (&["NTLM   TlRMTVNTUAA=  "], "NTLM <NTLMSSP\\x00>"),
        (&["Negotiate YQ==, NTLM Yg=="], "Negotiate <a> | NTLM <b>"),
        (&["Negotiate YQ==,Basic realm=\"x\""], "Negotiate <a> | Basic {realm:x}"),
        (&["Basic realm = \"x\" , charset = \"UTF-8\""], "Basic {realm:x;charset:UTF-8}"),
        (&["Basic realm=\"say \\\"hi\\\", ok\""], "Basic {realm:say \"hi\", ok}"),
        (&["Basic realm=\"never closed, NTLM"], "Basic {realm:never closed, NTLM}"),
        (&[",, NTLM ,,"], "NTLM"),
        (&["Digest realm=\"x\", nonce=abc, NTLM"], "Digest {realm:x;nonce:abc} | NTLM"),
        (&["NTLM !!!!"], "NTLM ?"),
        (&["NTLM YQ==, realm=x"], "NTLM ?"),
        (&["realm=x", "NTLM"], "NTLM"),
        (&["NTLM", "realm=x"], "NTLM"),
        (&["", "   ", "\u{e9}", "\"NTLM\""], ""),
    ];
    for (headers, expected) in cases {
        assert_eq!(summary(headers), *expected, "{headers:?}");
    }
}

#[test]
fn too_much_is_refused() {
    assert_eq!(parse(&["x,".repeat(33)]), Err(TooMuch));
    assert_eq!(parse(&["x".repeat(MAX_BYTES + 1)]), Err(TooMuch));
    assert_eq!(parse(&vec!["x".repeat(1024); 129]), Err(TooMuch));
}

#[test]
fn authorization() {
    assert_eq!(parse_authorization(b"NTLM YQ=="), Some((Offer::Known(Scheme::Ntlm), b"a".to_vec())));
    assert_eq!(
        parse_authorization(b"negotiate YQ=="),
        Some((Offer::Known(Scheme::Negotiate), b"a".to_vec()))
    );
    for header in ["", "NTLM", "NTLM a b", "Basic realm=x", "NTLM YQ==, NTLM YQ=="] {
        assert_eq!(parse_authorization(header.as_bytes()), None, "{header}");
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(headers in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..200), 0..4)) {
        let parsed = parse(&headers);
        proptest::prop_assert!(parsed.is_ok() || parsed == Err(TooMuch));
    }

    #[test]
    fn never_panics_near_the_grammar(header in "(NTLM|Basic|Negotiate|a|=|,|\"|\\\\| |YQ==){0,40}") {
        for challenge in parse(&[header]).unwrap() {
            proptest::prop_assert!(!challenge.scheme.to_string().is_empty());
        }
    }
}
