use super::token::ntlm_alone;
use super::*;

#[test]
fn recorded_tokens_read() {
    let Token::Init { mechanisms, token, .. } =
        Token::parse(include_bytes!("../../../fixtures/auth/pyspnego/initial_context_token_neg_token_init"))
            .unwrap()
    else {
        panic!("an initial message")
    };
    assert_eq!(mechanisms, [Mechanism::Kerberos, Mechanism::Ntlm]);
    assert_eq!(token.map(|token| token.len()), Some(0x562));

    let Token::Init { mechanisms, token, .. } =
        Token::parse(include_bytes!("../../../fixtures/auth/pyspnego/initial_context_token_neg_token_init2"))
            .unwrap()
    else {
        panic!("an initial message with hints")
    };
    let expected =
        [Mechanism::NegoEx, Mechanism::Kerberos, Mechanism::Kerberos, Mechanism::Other, Mechanism::Ntlm];
    assert_eq!((mechanisms.as_slice(), token), (expected.as_slice(), None));

    let Token::Response { state, mechanism, token, mech_list_mic } =
        Token::parse(include_bytes!("../../../fixtures/auth/pyspnego/neg_token_resp")).unwrap()
    else {
        panic!("a response")
    };
    assert_eq!(state, Some(NegState::AcceptCompleted));
    assert_eq!(mechanism, Some(Mechanism::Kerberos));
    assert_eq!((token.map(|token| token.len()), mech_list_mic), (Some(0x9c), None));
}

#[test]
fn written_and_read_again() {
    let parsed = Token::parse(&Token::init_with_ntlm(b"one"));
    let expected = Token::Init {
        mechanisms: vec![Mechanism::Ntlm],
        mechanism_list: ntlm_alone(),
        token: Some(b"one".to_vec()),
    };
    assert_eq!(parsed, Ok(expected));
    for state in
        [NegState::AcceptCompleted, NegState::AcceptIncomplete, NegState::Reject, NegState::RequestMic]
    {
        let bytes = Token::response(state, Some(Mechanism::Ntlm), Some(b"two"), Some(b"mic"));
        let expected = Token::Response {
            state: Some(state),
            mechanism: Some(Mechanism::Ntlm),
            token: Some(b"two".to_vec()),
            mech_list_mic: Some(b"mic".to_vec()),
        };
        assert_eq!(Token::parse(&bytes), Ok(expected));
    }
}

#[test]
fn truncated_or_continued_anywhere() {
    let init = Token::init_with_ntlm(b"one");
    let response = Token::response(NegState::RequestMic, Some(Mechanism::Ntlm), Some(b"two"), Some(b"mic"));
    for message in [init, response] {
        for length in 0..message.len() {
            assert_eq!(Token::parse(&message[..length]), Err(Error::Malformed), "cut at {length}");
        }
        assert_eq!(Token::parse(&[message.as_slice(), &[0]].concat()), Err(Error::Malformed));
    }
}

#[test]
fn bounds() {
    let mut many = Vec::new();
    for _ in 0..17 {
        many.extend(der::value(der::OBJECT_IDENTIFIER, &[0x2a]));
    }
    let list = der::value(der::context(0), &der::value(der::SEQUENCE, &many));
    let spnego = der::value(der::OBJECT_IDENTIFIER, &[0x2b, 6, 1, 5, 5, 2]);
    let inner = der::value(der::context(0), &der::value(der::SEQUENCE, &list));
    let message = der::value(der::APPLICATION_0, &[spnego, inner].concat());
    assert_eq!(Token::parse(&message), Err(Error::Malformed));
    assert_eq!(Token::parse(&Token::init_with_ntlm(&vec![0; 65_536])), Err(Error::Malformed));
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        drop(Token::parse(&bytes));
    }

    #[test]
    fn never_panics_near_the_grammar(at in 0..200_usize, to in proptest::num::u8::ANY) {
        let mut message = Token::response(NegState::RequestMic, Some(Mechanism::Ntlm), Some(&[7; 200]), Some(b"mic"));
        let at = at % message.len();
        message[at] = to;
        drop(Token::parse(&message));
    }
}
