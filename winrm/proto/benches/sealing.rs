//! How fast messages are sealed and opened: `cargo bench -p winrm-proto --bench sealing`.

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use secrecy::SecretString;
use winrm_proto::auth::ntlm::{
    AcceptPolicy, Acceptor, ChannelBindingPolicy, Client, FileTime, MachineNames, Nonces, ServerNonces,
    Session,
};
use winrm_proto::auth::seal::{CONTENT_TYPE, Reader, Writer};
use winrm_proto::auth::{Credential, Protection, ServiceName, UserName};

fn main() {
    divan::main();
}

#[divan::bench(args = [1024, 1024 * 1024])]
fn seal(bencher: Bencher<'_, '_>, length: usize) {
    let Some((client, _)) = sessions() else { return };
    let Some(mut writer) = Writer::new(&client) else { return };
    let envelope = vec![b'x'; length];
    bencher.counter(BytesCount::new(length)).bench_local(|| writer.write(black_box(&envelope)));
}

#[divan::bench(args = [1024, 1024 * 1024])]
fn open(bencher: Bencher<'_, '_>, length: usize) {
    let Some((client, server)) = sessions() else { return };
    let Some(mut writer) = Writer::new(&client) else { return };
    let sealed = writer.write(&vec![b'x'; length]);
    bencher
        .counter(BytesCount::new(length))
        .with_inputs(|| (Reader::new(&server), Bytes::copy_from_slice(&sealed)))
        .bench_local_values(|(reader, body)| reader.map(|mut reader| reader.read(CONTENT_TYPE, body)));
}

/// Both ends of one session.
fn sessions() -> Option<(Session, Session)> {
    let user = UserName::parse("vagrant").ok()?;
    let credential = Credential::new(user, SecretString::from("vagrant"));
    let name = || "rig01".to_owned();
    let policy = AcceptPolicy {
        accounts: vec![credential.clone()],
        machine: MachineNames { computer: name(), domain: name(), dns_computer: name(), dns_domain: name() },
        protection: Protection::Seal,
        channel_binding: ChannelBindingPolicy::None,
    };
    let now = FileTime::from_le_bytes([0; 8]);
    let client = Client::new(credential, ServiceName::http("rig01").ok()?, Protection::Seal);
    let nonces = ServerNonces { challenge: *b"serverch", now };
    let (challenged, challenge) =
        Acceptor::new(&policy).challenge(client.negotiate_message(), nonces).ok()?;
    let proof =
        client.authenticate(&challenge, &Nonces::new(*b"clientch", *b"0123456789abcdef", now)).ok()?;
    let accepted = challenged.authenticate(&proof.message, &policy).ok()?;
    Some((proof.session, accepted.session))
}
