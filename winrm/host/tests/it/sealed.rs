//! Plain HTTP, where every message is sealed.

use winrm_host::{Act, Event, Host, Misbehaviour, Operation, Transport, Trigger};
use winrm_proto::auth::Scheme;
use winrm_proto::wsman::Identify;

use crate::peer::{Binding, Manner, Peer, code};

async fn start(scheme: Scheme) -> (Host, Peer) {
    let host = Host::builder().transport(Transport::Http).start().await.unwrap();
    let manner = Manner { schemes: vec![scheme], binding: Binding::Sealed, ..Manner::default() };
    let peer = Peer::with(&host, manner).await;
    (host, peer)
}

#[tokio::test]
async fn commands_and_faults_travel_sealed() {
    for scheme in [Scheme::Negotiate, Scheme::Spnego, Scheme::Ntlm] {
        let (host, mut peer) = start(scheme).await;
        let shell = peer.shell().await;
        assert_eq!(peer.run(&shell, "hostname").await.stdout, "WEB-01\r\n", "{scheme:?}");
        assert_eq!(peer.run(&shell, "simulate flood 300000").await.stdout.len(), 300_000, "{scheme:?}");
        peer.delete(&shell).await;
        let command = winrm_proto::winrs::Command { command: "hostname".into(), ..Default::default() };
        assert_eq!(code(peer.call(&shell.target(), &command).await), 0x8033_805B, "{scheme:?}");
        let plain = host.record().entries().into_iter().any(|entry| {
            matches!(entry.event, Event::Request(request) if request.operation == Operation::Unreadable)
        });
        assert!(!plain, "{scheme:?}");
    }
}

#[tokio::test]
async fn a_changed_or_repeated_message_is_noticed() {
    for act in [Act::Corrupt, Act::Replay] {
        let (host, mut peer) = start(Scheme::Negotiate).await;
        peer.post(Identify::envelope().unwrap()).await.unwrap();
        host.misbehave(Misbehaviour::once(Trigger::Request, act.clone()));
        peer.post(Identify::envelope().unwrap()).await.expect_err(&format!("{act:?}"));
    }
}

#[tokio::test]
async fn an_unsealed_message_is_refused_like_a_wrong_password() {
    let (host, _) = start(Scheme::Negotiate).await;
    // A client that believes in TLS where there is none sends its envelopes as they are.
    let manner = Manner { binding: Binding::Bare, ..Manner::default() };
    let mut peer = Peer::with(&host, manner).await;
    peer.post(Identify::envelope().unwrap()).await.unwrap_err();
    let refused = host.record().entries().into_iter().any(
        |entry| matches!(entry.event, Event::Refused { reason, .. } if reason == "the message is not sealed"),
    );
    assert!(refused);
}
