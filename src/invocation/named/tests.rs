use std::time::Duration;

use winrm_script::{
    evaluate::{Evaluator, Step},
    parse,
};

use super::*;

/// What a script leaves in a session.
fn left(script: &str, before: evaluate::Session) -> evaluate::Session {
    let setup = evaluate::Setup { session: before, ..evaluate::Setup::default() };
    let mut evaluator = Evaluator::with_setup(script, parse::script(script).unwrap(), setup);
    while !matches!(evaluator.step(Duration::ZERO), Step::Done(_)) {}
    evaluator.into_session()
}

fn name(name: &str) -> SessionName {
    SessionName::parse(name).unwrap()
}

#[test]
fn a_session_keeps_what_a_script_left_and_belongs_to_one_host() {
    let (sessions, me) = (NamedSessions::default(), Principal::local());
    let (one, two) = (HostName::new("web-01"), HostName::new("web-02"));
    let borrowed = sessions.borrow(&me, &one, &name("a")).unwrap();
    let after = left("$x = 1; function Get-It { $x }", borrowed.session());
    borrowed.give_back(after).unwrap();

    let again = sessions.borrow(&me, &one, &name("a")).unwrap();
    assert_eq!(again.session().variables().map(|(name, _)| name).collect::<Vec<_>>(), ["x"]);
    let other = sessions.borrow(&me, &two, &name("a")).unwrap();
    assert_eq!(other.session().variables().count(), 0);
    drop((again, other));

    let listed = sessions.list(&me);
    assert_eq!(listed.iter().map(|own| own.host.as_str()).collect::<Vec<_>>(), ["web-01", "web-02"]);
    assert_eq!(
        (&listed[0].variables[..], &listed[0].functions[..]),
        (&["x".to_owned()][..], &["get-it".to_owned()][..])
    );
}

#[test]
fn a_script_that_fails_leaves_the_session_as_it_was() {
    let (sessions, me, host) = (NamedSessions::default(), Principal::local(), HostName::new("web-01"));
    let borrowed = sessions.borrow(&me, &host, &name("a")).unwrap();
    let after = left("$x = 1", borrowed.session());
    borrowed.give_back(after).unwrap();
    drop(sessions.borrow(&me, &host, &name("a")).unwrap());
    assert_eq!(sessions.list(&me)[0].variables, ["x"]);
}

#[test]
fn what_a_script_changes_in_place_is_lost_with_it() {
    let (sessions, me, host) = (NamedSessions::default(), Principal::local(), HostName::new("web-01"));
    let borrowed = sessions.borrow(&me, &host, &name("a")).unwrap();
    let made = "$h = @{ a = 1 }; $l = @(1, 2); $o = [pscustomobject]@{ t = $h }";
    let after = left(made, borrowed.session());
    borrowed.give_back(after).unwrap();

    let told = |script: &str, before: evaluate::Session| {
        let after = left(script, before);
        let (_, told) = after.variables().find(|(name, _)| *name == "told").unwrap();
        told.to_text().to_string()
    };
    let look = "$told = \"$($h.a) $($l[0]) $($o.t.a)\"";
    let borrowed = sessions.borrow(&me, &host, &name("a")).unwrap();
    let changed = format!("$h.a = 2; $l[0] = 99; $o | Add-Member x 1; {look}");
    assert_eq!(told(&changed, borrowed.session()), "2 99 2", "what was shared is shared by the copies");
    drop(borrowed);
    let borrowed = sessions.borrow(&me, &host, &name("a")).unwrap();
    assert_eq!(told(look, borrowed.session()), "1 1 1");

    // One that holds itself is copied once.
    let made = format!("{made}; $h.me = $o");
    let session = left(&made, evaluate::Session::default()).deep_clone();
    assert_eq!(told("$told = $o.t.me.t.me.t.a", session), "1");
}

#[test]
fn a_busy_session_says_so_and_cannot_be_closed() {
    let (sessions, me, host) = (NamedSessions::default(), Principal::local(), HostName::new("web-01"));
    let busy = SessionsError::Busy { name: "a".to_owned() };
    let borrowed = sessions.borrow(&me, &host, &name("a")).unwrap();
    assert_eq!(sessions.borrow(&me, &host, &name("a")).unwrap_err(), busy);
    assert_eq!(sessions.close(&me, &host, &name("a")), Err(busy));
    assert!(sessions.list(&me)[0].busy);
    drop(borrowed);
    assert_eq!(sessions.close(&me, &host, &name("a")), Ok(()));
    let unknown = SessionsError::Unknown { name: "a".to_owned(), host: host.clone() };
    assert_eq!(sessions.close(&me, &host, &name("a")), Err(unknown));
}

#[test]
fn there_are_only_so_many_and_each_holds_only_so_much() {
    let (sessions, me, host) = (NamedSessions::default(), Principal::local(), HostName::new("web-01"));
    for number in 0..MOST {
        drop(sessions.borrow(&me, &host, &name(&format!("s{number}"))).unwrap());
    }
    assert_eq!(sessions.borrow(&me, &host, &name("one-more")).unwrap_err(), SessionsError::TooMany);

    let borrowed = sessions.borrow(&me, &host, &name("s0")).unwrap();
    let after = left("$x = @('x' * 1mb) * 70", borrowed.session());
    assert_eq!(borrowed.give_back(after), Err(SessionsError::TooLarge { name: "s0".to_owned() }));
    assert!(sessions.list(&me).iter().all(|own| own.variables.is_empty() && !own.busy));
}

#[test]
fn names_are_plain() {
    for bad in ["", "a b", "a/b", "\u{e4}", "a\n", &"x".repeat(65)] {
        assert_eq!(SessionName::parse(bad), Err(SessionsError::Name), "{bad:?}");
    }
    assert_eq!(name("web_1.a-b").to_string(), "web_1.a-b");
}
