//! Sealed bodies: as they come, and as a sealed message with one stretch replaced.

use std::sync::LazyLock;

use bytes::Bytes;
use winrm_proto::auth::ntlm::{Acceptor, Session};
use winrm_proto::auth::seal::{CONTENT_TYPE, Reader, Writer};

use super::exchange::{client, nonces, policy, server_nonces};

static SESSIONS: LazyLock<(Session, Session)> = LazyLock::new(|| {
    let policy = policy();
    let client = client();
    let (challenged, challenge) =
        Acceptor::new(&policy).challenge(client.negotiate_message(), server_nonces()).unwrap();
    let proof = client.authenticate(&challenge, &nonces()).unwrap();
    let accepted = challenged.authenticate(&proof.message, &policy).unwrap();
    (proof.session, accepted.session)
});

const ENVELOPE: &[u8] = b"<s:Envelope/>";

/// Only the message itself opens, and only to what was sealed.
pub(crate) fn run(data: &[u8]) {
    let (client, server) = &*SESSIONS;
    let read = |body: Vec<u8>| Reader::new(server).unwrap().read(CONTENT_TYPE, Bytes::from(body));
    assert!(read(data.to_vec()).is_err());

    let body = Writer::new(client).unwrap().write(ENVELOPE);
    let Some(([from, to], replacement)) = data.split_first_chunk::<2>() else { return };
    let from = usize::from(*from).min(body.len());
    let to = usize::from(*to).clamp(from, body.len());
    if let Ok(envelope) = read([&body[..from], replacement, &body[to..]].concat()) {
        assert_eq!(envelope, ENVELOPE);
    }
}
