//! Which scheme is tried, and when another.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use winrm_proto::auth::negotiate::{Mechanism, NegState, Token};
use winrm_proto::auth::{Protection, Scheme, basic};
use winrm_proto::connection::{Connection, Error, Learned, Reply, Response, Settings, Step};

use super::{ANSWER, ENVELOPE, Listener, connection, response, settings};
use crate::ntlm::{PASSWORD, nonces};

#[test]
fn basic_sends_the_envelope_at_once_and_the_password_each_time() {
    let mut listener = Listener::new(&[Scheme::Basic]);
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Basic]));
    listener.exchange(&mut connection).unwrap();
    listener.exchange(&mut connection).unwrap();
    assert_eq!(listener.requests, [(Some("password"), 13), (Some("password"), 13)]);
}

#[test]
fn the_next_scheme_that_is_offered() {
    let all = [Scheme::Negotiate, Scheme::Ntlm, Scheme::Basic];
    for (offered, expected) in [
        (
            vec![Scheme::Ntlm, Scheme::Basic],
            vec![(Some("hello"), 0), (Some("hello"), 0), (Some("proof"), 13)],
        ),
        (vec![Scheme::Basic], vec![(Some("hello"), 0), (Some("password"), 13)]),
    ] {
        let mut listener = Listener::new(&offered);
        let mut connection = connection(settings("vagrant", PASSWORD, &all));
        listener.exchange(&mut connection).unwrap();
        assert_eq!(listener.requests, expected);
    }
}

#[test]
fn a_server_that_closes_gets_the_next_scheme_on_a_new_connection() {
    let all = [Scheme::Negotiate, Scheme::Basic];
    let mut first = connection(settings("vagrant", PASSWORD, &all));
    drop(first.send(ENVELOPE).unwrap());
    let closing =
        response(401, &[("WWW-Authenticate", "Basic realm=\"WSMAN\""), ("Connection", "close")], "");
    let Ok(Step::Reconnect(learned)) = first.receive(closing) else { panic!("a reconnection is due") };
    let mut listener = Listener::new(&[Scheme::Basic]);
    let mut second = connection(Settings { learned, ..settings("vagrant", PASSWORD, &all) });
    listener.exchange(&mut second).unwrap();
    assert_eq!(listener.requests, [(Some("password"), 13)]);
}

#[test]
fn what_was_learned_is_tried_first_and_need_not_hold_for_ever() {
    let all = [Scheme::Negotiate, Scheme::Ntlm, Scheme::Basic];
    let requests = |offered, learned: &Learned| {
        let learned = learned.clone();
        let mut connection = connection(Settings { learned, ..settings("vagrant", PASSWORD, &all) });
        let mut listener = Listener::new(&[offered]);
        listener.exchange(&mut connection).unwrap();
        assert_eq!(connection.scheme(), Some(offered));
        (listener.requests.len(), connection.learned().clone())
    };
    let (count, learned) = requests(Scheme::Ntlm, &Learned::default());
    assert_eq!((count, learned.scheme()), (3, Some(Scheme::Ntlm)));
    let (count, learned) = requests(Scheme::Ntlm, &learned);
    assert_eq!((count, learned.scheme()), (2, Some(Scheme::Ntlm)));
    let (count, learned) = requests(Scheme::Negotiate, &learned);
    assert_eq!((count, learned.scheme()), (3, Some(Scheme::Negotiate)));
    let (count, learned) = requests(Scheme::Basic, &learned);
    assert_eq!(
        (count, learned.scheme()),
        (2, None),
        "Basic is not tried first because it once was all there was"
    );
}

#[test]
fn basic_is_not_followed_by_another_proof() {
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Basic, Scheme::Negotiate]));
    drop(connection.send(ENVELOPE).unwrap());
    let answer = response(401, &[("WWW-Authenticate", "Negotiate, CredSSP")], "");
    let offered = vec!["Negotiate".to_owned(), "CredSSP".to_owned()];
    assert_eq!(connection.receive(answer), Err(Error::NotOffered { offered }));
}

#[test]
fn schemes_that_do_not_meet() {
    let offered =
        |names: &[&str]| Error::NotOffered { offered: names.iter().map(|name| (*name).to_owned()).collect() };
    let cases: &[(&str, &[Scheme], &[&str], Error)] = &[
        ("vagrant", &[Scheme::Negotiate], &["Kerberos"], Error::OnlyKerberos),
        ("vagrant", &[Scheme::Negotiate], &["Negotiate", "Kerberos"], Error::OnlyKerberos),
        ("vagrant", &[Scheme::Ntlm], &["Negotiate", "Kerberos"], offered(&["Negotiate", "Kerberos"])),
        ("vagrant", &[Scheme::Negotiate], &[], offered(&[])),
        ("vagrant", &[Scheme::Negotiate], &["Kerberos, CredSSP"], offered(&["Kerberos", "CredSSP"])),
        ("vagrant", &[Scheme::Negotiate], &["Basic realm=x"], offered(&["Basic"])),
        (
            "CORP\\svc",
            &[Scheme::Negotiate, Scheme::Basic],
            &["Basic realm=x"],
            Error::Basic(basic::Error::DomainAccount),
        ),
    ];
    for (user, schemes, headers, error) in cases {
        let mut connection = connection(settings(user, PASSWORD, schemes));
        drop(connection.send(ENVELOPE).unwrap());
        let headers = headers.iter().map(|value| ("WWW-Authenticate", *value));
        let answer = Response::new(401, headers, Bytes::new());
        assert_eq!(connection.receive(answer), Err(error.clone()), "{schemes:?}");
    }
}

#[test]
fn settings_that_leave_nothing() {
    let refused = |settings| Connection::new(settings, nonces()).map(drop);
    assert_eq!(refused(settings("vagrant", PASSWORD, &[])), Err(Error::NoScheme));
    for user in ["CORP\\svc", "svc@corp.example"] {
        assert_eq!(
            refused(settings(user, PASSWORD, &[Scheme::Basic])),
            Err(Error::Basic(basic::Error::DomainAccount))
        );
    }
    let sealed = Settings { protection: Protection::Seal, ..settings("vagrant", PASSWORD, &[Scheme::Basic]) };
    assert_eq!(refused(sealed), Err(Error::BasicWithoutTls));
}

#[test]
fn spnego_where_a_bare_token_is_not_taken() {
    // The server answers the bare token with its offer, and the wrapped one with a challenge.
    let mut listener = Listener::new(&[Scheme::Negotiate]);
    let mut connection =
        connection(settings("vagrant", PASSWORD, &[Scheme::Negotiate, Scheme::Spnego, Scheme::Basic]));
    drop(connection.send(ENVELOPE).unwrap());
    let offer = response(401, &[("WWW-Authenticate", "Negotiate")], "");
    let Ok(Step::Send(wrapped)) = connection.receive(offer) else { panic!("another token is due") };
    let Ok(Step::Send(proof)) = connection.receive(listener.answer(&wrapped)) else {
        panic!("a proof is due")
    };
    let step = connection.receive(listener.answer(&proof)).unwrap();
    assert_eq!(step, Step::Reply(Reply { status: 200, body: ANSWER }));
    assert_eq!(connection.learned().scheme(), Some(Scheme::Spnego));
}

#[test]
fn a_server_that_rejects_ntlm_inside_spnego() {
    let reject = Token::response(NegState::Reject, None, None, None);
    let kerberos = Token::response(NegState::AcceptIncomplete, Some(Mechanism::Kerberos), None, None);
    for token in [reject, kerberos] {
        let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Negotiate, Scheme::Spnego]));
        drop(connection.send(ENVELOPE).unwrap());
        let offer = response(401, &[("WWW-Authenticate", "Negotiate")], "");
        drop(connection.receive(offer).unwrap());
        let value = format!("Negotiate {}", BASE64_STANDARD.encode(token));
        let answer = Response::new(401, [("WWW-Authenticate", value)], Bytes::new());
        assert_eq!(connection.receive(answer), Err(Error::OnlyKerberos));
    }
}
