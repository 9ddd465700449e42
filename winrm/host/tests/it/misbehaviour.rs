//! The host does the wrong thing when it is told to, and only then.

use std::time::{Duration, Instant};

use bytes::Bytes;
use winrm_host::{Act, Host, Misbehaviour, Operation, Trigger};
use winrm_proto::wsman::Identify;

use crate::peer::Peer;

/// What a client sees when the host does this to its Identify.
async fn seen(act: Act) -> Result<(u16, Bytes), String> {
    let host = Host::builder().start().await.unwrap();
    host.misbehave(Misbehaviour::always(Trigger::On(Operation::Identify), act));
    let mut peer = Peer::of(&host).await;
    let post = peer.post(Identify::envelope().unwrap());
    tokio::time::timeout(Duration::from_millis(500), post).await.unwrap_or(Err("timeout".to_owned()))
}

#[tokio::test]
async fn acts_in_place_of_an_answer() {
    assert!(seen(Act::Close).await.unwrap_err().contains("connection closed"));
    assert!(seen(Act::PerformAndClose).await.unwrap_err().contains("connection closed"));
    assert_eq!(seen(Act::Hang).await, Err("timeout".to_owned()));
    assert_eq!(seen(Act::EndlessBody).await, Err("timeout".to_owned()));
    assert!(seen(Act::EndlessHeader).await.is_err());
    assert!(seen(Act::CloseMidBody).await.is_err());
    let garbage = Act::Raw(Bytes::from_static(b"SSH-2.0-OpenSSH_9.6\r\n"));
    assert!(seen(garbage).await.unwrap_err().contains("invalid HTTP version"));
    let envelope = Bytes::from_static(b"<!DOCTYPE x><x/>");
    assert_eq!(seen(Act::Envelope(envelope.clone())).await, Ok((200, envelope)));
    let (status, body) = seen(Act::Fault(0x8033_81A8)).await.unwrap();
    assert_eq!(status, 500);
    assert!(String::from_utf8_lossy(&body).contains("Code=\"2150859176\""));
    assert!(seen(Act::HtmlUnavailable).await.is_err());
    assert!(seen(Act::Redirect("https://elsewhere.example/wsman".to_owned())).await.is_err());
    assert!(seen(Act::Refuse).await.is_err());
}

#[tokio::test]
async fn answers_can_be_corrupted_replayed_and_made_up() {
    let host = Host::builder().start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let identify = || Identify::envelope().unwrap();
    let (_, whole) = peer.post(identify()).await.unwrap();
    host.misbehave(Misbehaviour::once(Trigger::Request, Act::Corrupt));
    let (_, corrupt) = peer.post(identify()).await.unwrap();
    assert_eq!(corrupt.len(), whole.len());
    assert_ne!(corrupt.last(), whole.last());
    host.misbehave(Misbehaviour::once(Trigger::Request, Act::Replay));
    assert_eq!(peer.post(identify()).await.unwrap().1, corrupt);
    let headers = vec![("Content-Type".to_owned(), "application/soap+xml".to_owned())];
    let body = Bytes::from_static(b"made up");
    let reply = Act::Reply { status: 500, headers, body: body.clone() };
    host.misbehave(Misbehaviour::once(Trigger::Request, reply));
    assert_eq!(peer.post(identify()).await, Ok((500, body)));
}

#[tokio::test]
async fn a_dripping_answer_is_whole_and_late() {
    let host = Host::builder().start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let (_, whole) = peer.post(Identify::envelope().unwrap()).await.unwrap();
    host.misbehave(Misbehaviour::once(Trigger::Request, Act::Drip(Duration::from_micros(200))));
    let began = Instant::now();
    let (_, dripped) = peer.post(Identify::envelope().unwrap()).await.unwrap();
    assert_eq!(dripped.len(), whole.len());
    assert!(began.elapsed() > Duration::from_millis(50));
}

#[tokio::test]
async fn a_stray_exit_code_comes_before_the_true_one() {
    let host = Host::builder().start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let shell = peer.shell().await;
    host.misbehave(Misbehaviour::once(Trigger::On(Operation::Receive), Act::StrayExitCode(7)));
    let command = peer.start(&shell, "simulate exit 3").await;
    let first = peer.receive(&shell, &command).await.unwrap();
    assert_eq!(first.state.as_ref().unwrap().exit_code, Some(7));
    assert!(first.done().is_none());
    assert_eq!(peer.collect(&shell, &command).await.exit_code, 3);
}

#[tokio::test]
async fn made_up_output_comes_before_the_true_one() {
    let host = Host::builder().start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let shell = peer.shell().await;
    let pieces = vec![Bytes::from_static(b"\xFF\xFF"), Bytes::from_static(b"made up")];
    host.misbehave(Misbehaviour::once(Trigger::On(Operation::Receive), Act::Output(pieces.clone())));
    let command = peer.start(&shell, "hostname").await;
    let first = peer.receive(&shell, &command).await.unwrap();
    assert_eq!(first.streams.iter().map(|stream| stream.data.clone()).collect::<Vec<_>>(), pieces);
    assert_eq!(peer.collect(&shell, &command).await.stdout, "WEB-01\r\n");
}
