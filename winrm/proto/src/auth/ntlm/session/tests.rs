use super::*;
use crate::auth::ntlm::tests::{array, vector};

fn session(role: Role) -> Session {
    Session::new(Key::new(array("/random_session_key")), role, Sealing::Agreed)
}

#[test]
fn the_sealed_message_of_ms_nlmp_4_2_4() {
    let client = session(Role::Client);
    assert_eq!(*client.outgoing().signing_key, array("/seal/sign_key"));
    let mut message = vector("/seal/plaintext");
    let signature = client.sealer().unwrap().seal(&mut message);
    assert_eq!(message, vector("/seal/ciphertext"));
    assert_eq!(signature.to_vec(), vector("/seal/signature"));

    session(Role::Server).opener().unwrap().open(&signature, &mut message).unwrap();
    assert_eq!(message, vector("/seal/plaintext"));
}

#[test]
fn directions_do_not_mix() {
    let mut message = *b"hello";
    let signature = session(Role::Client).sealer().unwrap().seal(&mut message);
    let opened = session(Role::Client).opener().unwrap().open(&signature, &mut message);
    assert_eq!(opened, Err(SealError::WrongSignature));
}

/// Two sealed messages and an opener that is due for the first.
fn two_messages() -> (Opener, Vec<(Signature, Vec<u8>)>) {
    let mut sealer = session(Role::Server).sealer().unwrap();
    let sealed = [b"first".to_vec(), b"second".to_vec()].map(|mut message| {
        let signature = sealer.seal(&mut message);
        (signature, message)
    });
    (session(Role::Client).opener().unwrap(), sealed.to_vec())
}

#[test]
fn an_error_poisons() {
    type Case = (&'static str, fn(&mut Vec<(Signature, Vec<u8>)>), SealError);
    let cases: [Case; 7] = [
        ("message changed", |m| m[0].1[2] ^= 1, SealError::WrongSignature),
        ("checksum changed", |m| m[0].0[5] ^= 1, SealError::WrongSignature),
        ("message cut", |m| m[0].1.truncate(4), SealError::WrongSignature),
        ("message longer", |m| m[0].1.push(0), SealError::WrongSignature),
        ("version changed", |m| m[0].0[0] = 2, SealError::MalformedSignature),
        ("order changed", |m| m.swap(0, 1), SealError::WrongSequence { expected: 0, found: 1 }),
        ("sequence changed", |m| m[0].0[15] = 1, SealError::WrongSequence { expected: 0, found: 1 << 24 }),
    ];
    for (name, change, error) in cases {
        let (mut opener, mut messages) = two_messages();
        change(&mut messages);
        let mut results = messages.iter_mut().map(|(signature, message)| opener.open(signature, message));
        assert_eq!(results.next(), Some(Err(error)), "{name}");
        assert_eq!(results.next(), Some(Err(SealError::Poisoned)), "{name}");
    }
}

#[test]
fn a_replay_is_refused() {
    let (mut opener, messages) = two_messages();
    let (signature, mut message) = messages[0].clone();
    assert_eq!(opener.open(&signature, &mut message), Ok(()));
    assert_eq!(message, b"first");
    let (signature, mut message) = messages[0].clone();
    let replayed = opener.open(&signature, &mut message);
    assert_eq!(replayed, Err(SealError::WrongSequence { expected: 1, found: 0 }));
}

#[test]
fn a_signature_of_another_length() {
    for length in [0, 15, 17] {
        let opened = session(Role::Client).opener().unwrap().open(&vec![0; length], &mut []);
        assert_eq!(opened, Err(SealError::MalformedSignature));
    }
}

#[test]
fn a_signed_message_counts_but_leaves_the_cipher_alone() {
    let (mut client, mut server) = (session(Role::Client), session(Role::Server));
    let mic = client.sign(b"list");
    assert_eq!(server.clone().verify(b"tsil", &mic), Err(SealError::WrongSignature));
    assert_eq!(server.verify(b"list", &mic), Ok(()));
    let mut message = vector("/seal/plaintext");
    let signature = client.sealer().unwrap().seal(&mut message);
    assert_eq!(message, vector("/seal/ciphertext"));
    assert_eq!(signature[12..], [1, 0, 0, 0]);
    assert_eq!(server.opener().unwrap().open(&signature, &mut message), Ok(()));
    assert_eq!(client.verify(b"list", &[0; 3]), Err(SealError::MalformedSignature));
}
