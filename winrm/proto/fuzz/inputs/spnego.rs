//! SPNEGO messages, at both halves.

use winrm_proto::auth::negotiate::{Acceptor, Answered, Client, Outcome, Token};

use super::exchange::{client, nonces, policy, server_nonces};

/// No bytes are ever a proof.
pub(crate) fn run(data: &[u8]) {
    let policy = policy();
    drop(Token::parse(data));
    drop(Client::new(client()).respond(data, &nonces()));
    drop(Acceptor::begin(data, &policy, server_nonces()));
    let hello = Client::new(client()).initial_token();
    let Answered { outcome: Outcome::Continue(acceptor), .. } =
        Acceptor::begin(&hello, &policy, server_nonces()).unwrap()
    else {
        unreachable!("a challenge comes first")
    };
    assert!(acceptor.proceed(data, &policy, server_nonces()).is_err());
}
