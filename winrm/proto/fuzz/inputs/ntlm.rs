//! Every NTLM message, at the half that reads it, and the header that carries them.

use winrm_proto::auth::challenge;
use winrm_proto::auth::ntlm::Acceptor;

use super::exchange::{client, nonces, policy, server_nonces};

/// No bytes are ever a proof.
pub(crate) fn run(data: &[u8]) {
    let policy = policy();
    drop(client().authenticate(data, &nonces()));
    drop(Acceptor::new(&policy).challenge(data, server_nonces()));
    let hello = client().negotiate_message().to_vec();
    let (challenged, _) = Acceptor::new(&policy).challenge(&hello, server_nonces()).unwrap();
    assert!(challenged.authenticate(data, &policy).is_err());
    let headers: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    drop(challenge::parse(&headers));
    drop(challenge::parse_authorization(data));
}
