//! Who is let in, and what the record says about it.

use winrm_host::{Event, HardeningLevel, Host, Scheme as Offered};
use winrm_proto::auth::Scheme;

use crate::peer::{Binding, Manner, Peer};

/// Why the host refused, if it did; and whether the client got in.
async fn attempt(host: &Host, manner: Manner) -> (bool, Option<String>) {
    let mark = host.record().mark();
    let mut peer = Peer::with(host, manner).await;
    let envelope = winrm_proto::wsman::Identify::envelope().unwrap();
    let accepted = peer.post(envelope).await.is_ok();
    let refused = host.record().since(mark).into_iter().find_map(|entry| match entry.event {
        Event::Refused { reason, .. } => Some(reason),
        _ => None,
    });
    (accepted, refused)
}

#[tokio::test]
async fn each_scheme_lets_the_right_password_in() {
    let offers = [Offered::Negotiate, Offered::Ntlm, Offered::Basic];
    let host = Host::builder().offer(offers).start().await.unwrap();
    for scheme in [Scheme::Negotiate, Scheme::Spnego, Scheme::Ntlm, Scheme::Basic] {
        let manner = Manner { schemes: vec![scheme], ..Manner::default() };
        assert_eq!(attempt(&host, manner).await, (true, None), "{scheme:?}");
        let manner = Manner { schemes: vec![scheme], password: Some("wrong"), ..Manner::default() };
        let (accepted, refused) = attempt(&host, manner).await;
        assert!(!accepted && refused.is_some(), "{scheme:?}");
    }
}

#[tokio::test]
async fn channel_bindings_are_judged_by_the_hardening_level() {
    use Binding::{Absent, Right, Wrong};
    use HardeningLevel::{None, Relaxed, Strict};
    for (level, binding, lets_in) in [
        (None, Right, true),
        (None, Absent, true),
        (None, Wrong, true),
        (Relaxed, Right, true),
        (Relaxed, Absent, true),
        (Relaxed, Wrong, false),
        (Strict, Right, true),
        (Strict, Absent, false),
        (Strict, Wrong, false),
    ] {
        let host = Host::builder().hardening_level(level).start().await.unwrap();
        let (accepted, refused) = attempt(&host, Manner { binding, ..Manner::default() }).await;
        assert_eq!(accepted, lets_in, "{level:?}: {refused:?}");
        assert_eq!(refused.is_none(), lets_in, "{level:?}");
    }
}

#[tokio::test]
async fn the_record_names_the_user_and_never_the_password() {
    let host = Host::builder().account("deploy", "canary-4711").start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let shell = peer.shell().await;
    peer.run(&shell, "hostname").await;
    let record = host.record().entries();
    let named = |event: &Event| matches!(event, Event::Authenticated { user, .. } if user == "deploy");
    assert_eq!(record.iter().filter(|entry| named(&entry.event)).count(), 1);
    assert!(!format!("{record:?} {host:?}").contains("canary-4711"));
}

#[tokio::test]
async fn nobody_may_use_the_shell_of_another() {
    let host = Host::builder().account("first", "one").account("second", "two").start().await.unwrap();
    let mut first = Peer::of(&host).await;
    let shell = first.shell().await;
    let mut second = Peer::as_user(&host, "second", "two").await;
    let command = winrm_proto::winrs::Command { command: "hostname".into(), ..Default::default() };
    let answer = second.call(&shell.target(), &command).await;
    assert_eq!(crate::peer::code(answer), 5);
}
